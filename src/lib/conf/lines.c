#include "lib/conf/lines.h"

#include "base/buf.h"
#include "base/map.h"

struct reader {
	struct arena *a;
	const struct conf_lines *kind;
	struct conf_entries *out;
	struct map seen;
	struct str comment; /* of the next entry */
	size_t line;
};

static void complain(struct reader *r, struct str text, struct str reason)
{
	if (r->out->problems.n >= CONF_PROBLEMS_MAX)
		return;
	vec_add(r->a, &r->out->problems,
		((struct conf_problem){ r->line, str_sub(text, 0, 200), reason }));
}

/* "KEY VALUE" or "KEY #comment" into an entry. */
static void split(const struct reader *r, struct str text, struct conf_entry *entry)
{
	struct str rest = text;

	str_word(&rest, &entry->key);
	rest = str_trim(rest);
	entry->line = r->line;
	if (r->kind->shape == CONF_TABLE) {
		entry->value = rest;
		entry->comment = r->comment;
	} else if (str_starts(rest, STR("#")) && !str_eq(rest, STR("#*"))) {
		entry->comment = str_trim(str_from(rest, 1));
	} else if (!str_starts(rest, STR("#"))) {
		entry->value = rest;
	}
}

static int check(const struct conf_lines *kind, const struct conf_entry *entry, struct err *e)
{
	if (kind->check_key(entry->key, e) < 0)
		return -1;
	if (kind->shape == CONF_LIST)
		return entry->value.n == 0 ?
			       0 :
			       err_set(e, ERR_INVALID, "something besides a comment follows");
	if (entry->value.n == 0)
		return err_set(e, ERR_INVALID, "no value after '%.*s'",
			       STR_ARG(str_sub(entry->key, 0, 100)));
	return kind->check_value(entry->value, e);
}

static void read_entry(struct reader *r, struct str text)
{
	struct conf_entry entry = { 0 };
	struct str folded;
	struct err e;

	split(r, text, &entry);
	if (check(r->kind, &entry, &e) < 0) {
		complain(r, text, str_copy(r->a, str_of(e.msg)));
		return;
	}
	folded = str_lower(r->a, entry.key);
	if (map_get(&r->seen, folded)) {
		complain(r, text, STR("given twice; the first one counts"));
		return;
	}
	map_set(&r->seen, folded, r->out);
	vec_add(r->a, &r->out->list, entry);
}

static void read_line(struct reader *r, struct str line)
{
	struct str text = str_trim(line);

	if (str_chr(text, '\0') >= 0) {
		complain(r, text, STR("has a NUL byte"));
		return;
	}
	/* Postfix would take it for a part of the value. */
	if (r->kind->shape == CONF_TABLE && str_chr(line, '\r') >= 0) {
		complain(r, text, STR("has a carriage return"));
		return;
	}
	if (text.n && text.p[0] == '#') {
		r->comment = str_trim(str_from(text, 1));
		return;
	}
	/* Postfix reads an indented line as the continuation of the one before. */
	if (text.n && ascii_is_blank(line.p[0]) && r->kind->shape == CONF_TABLE)
		complain(r, text, STR("starts with a blank, so it would continue the line before"));
	else if (text.n)
		read_entry(r, text);
	r->comment = STR_NONE;
}

void conf_lines_parse(struct arena *a, const struct conf_lines *kind, struct str text,
		      struct conf_entries *out)
{
	struct reader r = { .a = a, .kind = kind, .out = out };
	struct str line;

	*out = (struct conf_entries){ 0 };
	map_init(&r.seen, a);
	while (text.n) {
		line = str_cut(&text, '\n');
		r.line++;
		if (out->list.n >= CONF_ENTRIES_MAX) {
			complain(&r, STR_NONE, STR("more than 50000 entries; the rest is ignored"));
			return;
		}
		read_line(&r, line);
	}
}

struct str conf_lines_print(struct arena *a, const struct conf_lines *kind,
			    const struct conf_entry *entries, size_t n)
{
	struct buf b;

	buf_init(&b, a, 64u << 20);
	for (size_t i = 0; i < n; i++) {
		const struct conf_entry *entry = &entries[i];

		if (kind->shape == CONF_LIST) {
			buf_addf(&b, "%.*s #%.*s\n", STR_ARG(entry->key),
				 STR_ARG(entry->comment.n ? entry->comment : STR("*")));
			continue;
		}
		if (entry->comment.n)
			buf_addf(&b, "#%.*s\n", STR_ARG(entry->comment));
		buf_addf(&b, "%.*s %.*s\n", STR_ARG(entry->key), STR_ARG(entry->value));
	}
	ASSERT(!b.failed);
	return buf_str(&b);
}
