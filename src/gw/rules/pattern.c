/* A regular expression as a tree, as far as that is needed to judge it. */
#include "gw/rules/pattern_int.h"

#include "lib/re/re.h"

struct reader {
	struct arena *a;
	struct str text;
	size_t at;
	unsigned flags;
	unsigned nodes, depth;
	bool lost; /* something is not understood */
};

static bool more(const struct reader *r)
{
	return !r->lost && r->at < r->text.n;
}

static bool next_is(const struct reader *r, const char *what)
{
	return str_starts(str_from(r->text, r->at), str_of(what));
}

static bool skip(struct reader *r, const char *what)
{
	if (!next_is(r, what))
		return false;
	r->at += strlen(what);
	return true;
}

/* Bytes that make telling examples, first. */
static const char examples[] = "0ax .-_@/A!";

/* Which single bytes the atom matches, found out by trying. */
static void try_bytes(struct reader *r, struct pattern_node *n, struct str atom)
{
	struct re *re;
	struct err ignored;
	bool any = false;

	if (rule_re_compile(r->a, atom, r->flags | RE_FULL | RE_ONCE, &re, &ignored) < 0) {
		r->lost = true;
		return;
	}
	for (size_t i = 0; i < sizeof(examples) - 1 + 256; i++) {
		char c = i < sizeof(examples) - 1 ? examples[i]
						   : (char)(i - (sizeof(examples) - 1));

		if (re_match(re, (struct str){ &c, 1 }) != RE_MATCH)
			continue;
		if (!any)
			n->sample = c;
		any = true;
		n->line_end |= c == '\n';
	}
	if (any)
		n->kind = NODE_BYTE;
	else
		n->kind = atom.p[0] == '[' ? NODE_NOTHING : NODE_EMPTY;
}

/* The end of a class that starts at r->at. */
static void skip_class(struct reader *r)
{
	r->at++;
	skip(r, "^");
	skip(r, "]");
	while (more(r) && r->text.p[r->at] != ']') {
		if (next_is(r, "[:")) {
			while (more(r) && !next_is(r, ":]"))
				r->at++;
			r->at++;
		} else if (r->text.p[r->at] == '\\') {
			r->at++;
		}
		r->at++;
	}
	if (!skip(r, "]"))
		r->lost = true;
}

static void skip_escape(struct reader *r)
{
	char c;

	r->at++;
	if (r->at >= r->text.n) {
		r->lost = true;
		return;
	}
	c = r->text.p[r->at++];
	if (strchr("xpPog", c) && skip(r, "{"))
		while (more(r) && r->text.p[r->at++] != '}')
			;
	else if (c == 'x')
		for (int i = 0; i < 2 && more(r) && strchr("0123456789abcdefABCDEF",
							   r->text.p[r->at]); i++)
			r->at++;
	else if (strchr("pPc", c))
		r->at++;
	else if (ascii_is_digit(c) || strchr("gkKQEX", c))
		r->lost = true; /* references and what is rare */
}

static void read_atom(struct reader *r, struct pattern_node *n)
{
	size_t from = r->at;
	char c = r->text.p[from];

	if (skip(r, "^") || skip(r, "\\A")) {
		n->kind = NODE_START;
	} else if (skip(r, "$") || skip(r, "\\z") || skip(r, "\\Z")) {
		n->kind = NODE_END;
	} else if (skip(r, "\\b") || skip(r, "\\B") || skip(r, "\\G")) {
		n->kind = NODE_EMPTY;
	} else if (c == '[' || c == '\\' || c == '.') {
		if (c == '[')
			skip_class(r);
		else if (c == '\\')
			skip_escape(r);
		else
			r->at++;
		if (!r->lost)
			try_bytes(r, n, str_sub(r->text, from, r->at - from));
	} else {
		r->at++;
		n->kind = NODE_BYTE;
		n->sample = c;
		n->line_end = c == '\n';
	}
}

/* What stands between "(?" and the group's content; false if the group is no simple one. */
static bool skip_group_start(struct reader *r)
{
	static const char *const names[] = { "P<", "<", "'" };

	if (skip(r, ":") || skip(r, ">") || skip(r, "|"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!skip(r, names[i]))
			continue;
		while (more(r) && r->text.p[r->at] != '>' && r->text.p[r->at] != '\'')
			r->at++;
		r->at++;
		return true;
	}
	return false;
}

static void read_alternatives(struct reader *r, struct pattern_node *n);

static void read_group(struct reader *r, struct pattern_node *n)
{
	bool looks = false;

	r->at++;
	if (skip(r, "?")) {
		looks = skip(r, "=") || skip(r, "!") || skip(r, "<=") || skip(r, "<!");
		if (!looks && !skip_group_start(r))
			r->lost = true;
	} else if (next_is(r, "*")) {
		r->lost = true;
	}
	if (++r->depth > PATTERN_DEPTH_MAX)
		r->lost = true;
	if (!r->lost)
		read_alternatives(r, n);
	r->depth--;
	if (!skip(r, ")"))
		r->lost = true;
	n->kind = looks ? NODE_EMPTY : NODE_GROUP;
}

static bool read_number(struct reader *r, size_t *out)
{
	size_t from = r->at;

	*out = 0;
	while (more(r) && ascii_is_digit(r->text.p[r->at]) && r->at - from < 6)
		*out = *out * 10 + (size_t)(r->text.p[r->at++] - '0');
	return r->at > from;
}

/* {n}, {n,} and {n,m}; anything else in braces is text. */
static bool read_braces(struct reader *r, struct pattern_node *n)
{
	size_t from = r->at;

	if (skip(r, "{") && read_number(r, &n->min)) {
		n->max = n->min;
		if (skip(r, ",") && !read_number(r, &n->max))
			n->max = PATTERN_ANY;
		if (skip(r, "}"))
			return true;
	}
	n->min = n->max = 1;
	r->at = from;
	return false;
}

static void read_quantifier(struct reader *r, struct pattern_node *n)
{
	n->min = n->max = 1;
	if (skip(r, "*")) {
		n->min = 0;
		n->max = PATTERN_ANY;
	} else if (skip(r, "+")) {
		n->max = PATTERN_ANY;
	} else if (skip(r, "?")) {
		n->min = 0;
	} else if (!read_braces(r, n)) {
		return;
	}
	if (!skip(r, "?"))
		skip(r, "+");
}

static void read_sequence(struct reader *r, struct pattern_sequence *s)
{
	while (more(r) && r->text.p[r->at] != '|' && r->text.p[r->at] != ')') {
		struct pattern_node *n;

		if (++r->nodes > PATTERN_NODES_MAX)
			r->lost = true;
		if (skip(r, "(?i)"))
			continue;
		if (skip(r, "(?#")) {
			while (more(r) && r->text.p[r->at++] != ')')
				;
			continue;
		}
		n = vec_push(r->a, s);
		if (r->text.p[r->at] == '(')
			read_group(r, n);
		else
			read_atom(r, n);
		read_quantifier(r, n);
	}
}

static void read_alternatives(struct reader *r, struct pattern_node *n)
{
	n->kind = NODE_GROUP;
	n->min = n->max = 1;
	do
		read_sequence(r, vec_push(r->a, &n->alternatives));
	while (more(r) && skip(r, "|"));
}

struct pattern *pattern_read(struct arena *a, const struct rule_regex *regex)
{
	struct pattern *p = NEW(a, struct pattern);
	struct reader r = { .a = a, .text = regex->text, .flags = regex->flags };

	p->a = a;
	p->regex = *regex;
	read_alternatives(&r, &p->root);
	return r.lost || r.at < r.text.n ? NULL : p;
}
