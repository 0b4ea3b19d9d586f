#include "gw/spam/eval_extract.h"

#include "base/log.h"
#include "base/net.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/message_int.h"
#include "lib/proc/spawn.h"

enum {
	LEAST_TOTAL_S = 10, /* for all programs, where no total is given */
	COMPLAINT_MAX = 200,
};

/* What was found in one mail. */
struct extraction {
	struct arena *a;
	struct spam_message *m;
	const struct extract_conf *conf;
	int64_t end; /* net_now(), of all programs */
	size_t left; /* bytes that they may still print */
	int64_t chars, words;
	VEC(struct str) tools, types, extensions, flags, uris; /* each once */
};

#define ADD_ONCE(a, list, value)                                                                   \
	do {                                                                                       \
		size_t at_ = 0;                                                                    \
		while (at_ < (list)->n && !str_eq((list)->p[at_], (value)))                        \
			at_++;                                                                     \
		if (at_ == (list)->n)                                                              \
			vec_add(a, list, value);                                                   \
	} while (0)

/* The first line of what it complained about, for people. */
static struct str complaint(struct arena *a, struct str errors)
{
	struct str line = STR_NONE;
	struct buf b;

	str_line(&errors, &line);
	buf_init(&b, a, COMPLAINT_MAX * 2);
	buf_add_visible(&b, line, COMPLAINT_MAX);
	return buf_str(&b);
}

/* The arguments, with the name of the file in them. */
static const char *const *arguments(struct arena *a, const struct extract_tool *tool)
{
	const char **argv = NEW_N(a, const char *, EXTRACT_ARGS_MAX + 1);

	for (size_t i = 0; tool->argv[i]; i++) {
		struct str arg = str_of(tool->argv[i]);
		ptrdiff_t at = str_find(arg, STR("{}"));

		argv[i] = tool->argv[i];
		if (at >= 0)
			argv[i] = str_z(a, str_fmt(a, "%.*s" SPAWN_INPUT "%.*s", (int)at, arg.p,
						   STR_ARG(str_from(arg, (size_t)at + 2))));
	}
	return argv;
}

/* What the tool prints, also of one that was too slow or printed too much. False: nothing at all.
 */
static bool tool_run(struct extraction *x, const struct extract_tool *tool, struct str document,
		     struct str *out)
{
	const struct spawn_cage cage = { .memory = EXTRACT_MEMORY_MAX,
					 .seconds = (int)x->conf->seconds + 1 };
	const int64_t end = net_now() + x->conf->seconds * 1000;
	const struct spawn s = {
		.argv = arguments(x->a, tool),
		.deadline = end < x->end ? end : x->end,
		.output_max = x->left < EXTRACT_TEXT_MAX ? x->left : EXTRACT_TEXT_MAX,
		.input = document,
		.env = tool->env,
		.cage = &cage,
	};
	struct spawn_result r;
	struct err e;

	if (spawn_run(x->a, &s, &r, &e) < 0) {
		log_notice("text of an attachment: %s", e.msg);
		if (e.code != ERR_TEMP && e.code != ERR_LIMIT)
			return false;
	} else if (r.status != 0) {
		log_info("text of an attachment: %s: exit status %d%s%.*s", tool->argv[0], r.status,
			 r.errors.n ? ": " : "", STR_ARG(complaint(x->a, r.errors)));
		return false;
	}
	x->left -= r.out.n < x->left ? r.out.n : x->left;
	*out = r.out;
	return true;
}

/* As SpamAssassin counts them: what stands between words, and one more if the text starts so. */
static int64_t count_words(struct str text)
{
	bool inside = false;
	int64_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		n += is_word(text.p[i]) && !inside;
		inside = is_word(text.p[i]);
	}
	return n > 0 && !is_word(text.p[0]) ? n : n - 1;
}

static bool is_blank(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_space(s.p[i]))
			return false;
	return true;
}

/* Notes about what is in the text. */
static void add_flags(struct extraction *x, struct str text)
{
	struct re_caps caps;

	if (re_match(x->conf->re[EXTRACT_RE_ANCHOR], text) == RE_MATCH) {
		ADD_ONCE(x->a, &x->flags, STR("ActionURI"));
		ADD_ONCE(x->a, &x->uris, STR(""));
	} else if (re_search(x->conf->re[EXTRACT_RE_CODE], text, 0, &caps) == RE_MATCH) {
		ADD_ONCE(x->a, &x->flags, STR("QR-Code"));
		ADD_ONCE(x->a, &x->uris, re_group(&caps, text, 1));
	}
	if (str_find(text, STR("NoText")) >= 0)
		ADD_ONCE(x->a, &x->flags, STR("NoText"));
}

/* What follows the last dot, unless that is part of a directory. */
static struct str extension(struct str name)
{
	size_t at = name.n;

	while (at > 0 && name.p[at - 1] != '.' && name.p[at - 1] != '/' && name.p[at - 1] != '\\')
		at--;
	return at > 0 && name.p[at - 1] == '.' ? str_from(name, at) : STR_NONE;
}

static void extract(struct extraction *x, struct spam_node *node, const struct extract_tool *tool)
{
	struct str text, ext = extension(node->part.name);

	if (!tool_run(x, tool, spam_node_decoded(x->m, node), &text))
		return;
	ADD_ONCE(x->a, &x->types, node->part.type);
	if (ext.n)
		ADD_ONCE(x->a, &x->extensions, ext);
	ADD_ONCE(x->a, &x->tools, tool->name);
	if (is_blank(text)) {
		ADD_ONCE(x->a, &x->flags, STR("NoText"));
		return;
	}
	add_flags(x, text);
	x->chars += (int64_t)text.n;
	x->words += count_words(text);
	spam_node_set_text(x->m, node, text);
}

static bool has_run(const struct extract_tool *const *done, size_t n,
		    const struct extract_tool *tool)
{
	for (size_t i = 0; i < n; i++)
		if (done[i] == tool)
			return true;
	return false;
}

/* Every tool for which one of its patterns matches, in the order of the patterns. */
static void extract_part(struct extraction *x, struct spam_node *node)
{
	const struct extract_tool *done[EXTRACT_TOOLS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < x->conf->uses.n; i++) {
		const struct extract_use *u = &x->conf->uses.p[i];
		struct str subject = u->of_type ? node->part.type : node->part.name;

		if (!subject.p || has_run(done, n, u->tool) || re_match(u->re, subject) != RE_MATCH)
			continue;
		if (net_now() >= x->end || x->left == 0)
			return;
		done[n++] = u->tool;
		extract(x, node, u->tool);
	}
}

static struct str joined(struct arena *a, const struct str *v, size_t n)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(&b, ' ');
		buf_add(&b, v[i]);
	}
	return b.n ? buf_str(&b) : STR("");
}

static void add_headers(struct extraction *x)
{
	struct spam_message *m = x->m;

	spam_add_metadata(m, STR("X-ExtractText-Words"),
			  str_fmt(x->a, "%lld", (long long)x->words));
	spam_add_metadata(m, STR("X-ExtractText-Chars"),
			  str_fmt(x->a, "%lld", (long long)x->chars));
	spam_add_metadata(m, STR("X-ExtractText-Tools"), joined(x->a, x->tools.p, x->tools.n));
	spam_add_metadata(m, STR("X-ExtractText-Types"), joined(x->a, x->types.p, x->types.n));
	spam_add_metadata(m, STR("X-ExtractText-Extensions"),
			  joined(x->a, x->extensions.p, x->extensions.n));
	spam_add_metadata(m, STR("X-ExtractText-Flags"), joined(x->a, x->flags.p, x->flags.n));
	spam_add_metadata(m, STR("X-ExtractText-Uris"), joined(x->a, x->uris.p, x->uris.n));
}

static int64_t total_ms(const struct extract_conf *c)
{
	if (c->total)
		return c->total * 1000;
	return (c->seconds > LEAST_TOTAL_S ? c->seconds : LEAST_TOTAL_S) * 1000;
}

static bool is_shown(const struct spam_part *part)
{
	return str_eq(part->effective, STR("text/plain")) ||
	       str_eq(part->effective, STR("text/html"));
}

void extract_run(struct arena *a, struct spam_message *m, const struct extract_conf *conf)
{
	struct extraction x = { .a = a, .m = m, .conf = conf, .left = EXTRACT_ALL_MAX };
	int64_t leaves = 0;

	x.end = net_now() + total_ms(conf);
	for (size_t i = 0; i < m->parts.n && conf->uses.n; i++) {
		struct spam_node *node = (struct spam_node *)m->parts.p[i];

		if (!node->part.leaf)
			continue;
		if (conf->parts && ++leaves > conf->parts)
			break;
		if (!is_shown(&node->part))
			extract_part(&x, node);
	}
	if (x.tools.n)
		add_headers(&x);
}

static void read_parts(struct eval_run *r)
{
	extract_run(r->a, r->m, r->conf);
}

static const struct eval evals[] = { { 0 } };

const struct eval_family eval_extract = {
	.plugin = "ExtractText",
	.evals = evals,
	.conf_size = sizeof(struct extract_conf),
	.conf_init = extract_conf_init,
	.conf_done = extract_conf_done,
	.setting = extract_setting,
	.read = read_parts,
};
