#include "lib/conf/section.h"

#include <openssl/evp.h>

#include "base/buf.h"

struct reader {
	struct arena *a;
	struct conf_file *f;
	struct conf_section *open; /* settings go here; NULL outside of sections */
	bool skipping;		   /* after a bad header: its settings are not further problems */
	size_t line;
};

static void complain(struct reader *r, struct str text, const char *reason)
{
	if (r->f->problems.n >= CONF_PROBLEMS_MAX)
		return;
	vec_add(r->a, &r->f->problems,
		((struct conf_problem){ r->line, str_sub(text, 0, 200), str_of(reason) }));
}

static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) && s.p[i] != '-' &&
		    s.p[i] != '_' && s.p[i] != '.')
			return false;
	return s.n > 0;
}

static bool section_is_known(const struct conf_file *f, struct str type, struct str id)
{
	for (size_t i = 0; i < f->sections.n; i++)
		if (str_eq(f->sections.p[i].type, type) && str_eq(f->sections.p[i].id, id))
			return true;
	return false;
}

static void read_header(struct reader *r, struct str line)
{
	struct str id = line, type = str_cut(&id, ':');

	r->open = NULL;
	r->skipping = true;
	id = str_trim(id);
	if (!is_word(type) || !is_word(id)) {
		complain(r, line,
			 "neither a section header (\"section: NAME\") nor an indented setting");
		return;
	}
	if (section_is_known(r->f, type, id)) {
		complain(r, line, "this section stands in the file twice; the first one counts");
		return;
	}
	if (r->f->sections.n >= CONF_SECTIONS_MAX) {
		complain(r, line, "too many sections");
		return;
	}
	r->skipping = false;
	r->open = vec_push(r->a, &r->f->sections);
	r->open->type = type;
	r->open->id = id;
	r->open->line = r->line;
}

static void read_setting(struct reader *r, struct str line)
{
	struct str value = line, key;

	if (!r->open) {
		if (!r->skipping)
			complain(r, line, "a setting outside of a section");
		return;
	}
	str_word(&value, &key);
	if (!is_word(key)) {
		complain(r, line, "not the name of a setting");
		return;
	}
	if (r->open->settings.n >= CONF_SETTINGS_MAX) {
		complain(r, line, "too many settings in this section");
		return;
	}
	vec_add(r->a, &r->open->settings,
		((struct conf_setting){ key, str_trim(value), r->line }));
}

static void read_line(struct reader *r, struct str line)
{
	struct str text = str_trim(line);

	if (text.n == 0) {
		r->open = NULL;
		r->skipping = false;
	} else if (text.p[0] == '#') {
		return;
	} else if (str_chr(text, '\0') >= 0) {
		complain(r, text, "has a NUL byte");
	} else if (ascii_is_blank(line.p[0])) {
		read_setting(r, text);
	} else {
		read_header(r, text);
	}
}

void conf_parse(struct arena *a, struct str text, struct conf_file *out)
{
	struct reader r = { .a = a, .f = out };
	struct str line;

	*out = (struct conf_file){ 0 };
	while (str_line(&text, &line)) {
		if (++r.line > CONF_LINES_MAX) {
			complain(&r, STR_NONE,
				 "the file has more than 100000 lines; the rest is ignored");
			return;
		}
		read_line(&r, line);
	}
}

/* comment, disable, required ones, the others */
static int rank(struct str key, const char *const *required)
{
	if (str_eq(key, STR("comment")))
		return 0;
	if (str_eq(key, STR("disable")))
		return 1;
	for (size_t i = 0; required && required[i]; i++)
		if (str_eq(key, str_of(required[i])))
			return 2;
	return 3;
}

static bool comes_before(const struct conf_setting *x, const struct conf_setting *y,
			 const char *const *required)
{
	int rx = rank(x->key, required), ry = rank(y->key, required);

	return rx != ry ? rx < ry : str_cmp(x->key, y->key) < 0;
}

/* The settings of a section are few. */
static const struct conf_setting **sorted(struct arena *a, const struct conf_section *s,
					  const char *const *required)
{
	const struct conf_setting **list = NEW_N(a, const struct conf_setting *, s->settings.n);

	for (size_t i = 0; i < s->settings.n; i++) {
		const struct conf_setting *new = &s->settings.p[i];
		size_t at = i;

		for (; at > 0 && comes_before(new, list[at - 1], required); at--)
			list[at] = list[at - 1];
		list[at] = new;
	}
	return list;
}

static void print_section(struct buf *b, const struct conf_section *s, const char *const *required)
{
	const struct conf_setting **list = sorted(b->a, s, required);

	buf_addf(b, "%.*s: %.*s\n", STR_ARG(s->type), STR_ARG(s->id));
	for (size_t i = 0; i < s->settings.n; i++) {
		buf_addf(b, "\t%.*s", STR_ARG(list[i]->key));
		if (list[i]->value.n)
			buf_addf(b, " %.*s", STR_ARG(list[i]->value));
		buf_addc(b, '\n');
	}
	buf_addc(b, '\n');
}

struct str conf_print(struct arena *a, const struct conf_file *f, const char *const *required)
{
	struct buf b;

	buf_init(&b, a, 16u << 20);
	for (size_t i = 0; i < f->sections.n; i++)
		print_section(&b, &f->sections.p[i], required);
	ASSERT(!b.failed);
	return buf_str(&b);
}

struct str conf_digest(struct arena *a, struct str raw)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	struct buf b;

	ASSERT(EVP_Digest(raw.p ? raw.p : "", raw.n, hash, &n, EVP_sha1(), NULL) == 1);
	buf_init(&b, a, 2 * sizeof(hash));
	for (unsigned int i = 0; i < n; i++)
		buf_addf(&b, "%02x", hash[i]);
	return buf_str(&b);
}
