/* Virtual methods: what stands behind the dot when it is not the key of a hash. */
#include "base/buf.h"
#include "lib/re/re.h"
#include "lib/tmpl/eval.h"

struct call {
	struct run *r;
	size_t line;
	const struct tmpl_value *v;
	struct tmpl_value **args;
	size_t n;
};

static struct str arg_text(const struct call *c, size_t i, const char *without)
{
	return i < c->n ? tmpl_as_text(c->args[i]) : str_of(without);
}

static bool arg_int(const struct call *c, size_t i, int64_t *out)
{
	bool whole;

	if (i >= c->n)
		return false;
	tmpl_number(tmpl_as_text(c->args[i]), out, &whole);
	return true;
}

static struct tmpl_value *number(const struct call *c, size_t n)
{
	return tmpl_int(c->r->a, (int64_t)n);
}

static struct tmpl_value *text(const struct call *c, struct str s)
{
	return tmpl_text(c->r->a, s);
}

/* For every type. */

static int m_defined(struct call *c, struct tmpl_value **out)
{
	*out = number(c, 1);
	return 0;
}

/* For text. */

static int t_length(struct call *c, struct tmpl_value **out)
{
	*out = number(c, c->v->text.n);
	return 0;
}

static int t_size(struct call *c, struct tmpl_value **out)
{
	*out = number(c, 1);
	return 0;
}

static int t_self(struct call *c, struct tmpl_value **out)
{
	*out = text(c, c->v->text);
	return 0;
}

static int t_list(struct call *c, struct tmpl_value **out)
{
	*out = tmpl_list(c->r->a);
	tmpl_list_add(c->r->a, *out, text(c, c->v->text));
	return 0;
}

static int t_upper(struct call *c, struct tmpl_value **out)
{
	struct str s;

	if (tmpl_filter(c->r, c->line, STR("upper"), c->v->text, &s) < 0)
		return -1;
	*out = text(c, s);
	return 0;
}

static int t_lower(struct call *c, struct tmpl_value **out)
{
	*out = text(c, str_lower(c->r->a, c->v->text));
	return 0;
}

static int t_trim(struct call *c, struct tmpl_value **out)
{
	*out = text(c, str_trim(c->v->text));
	return 0;
}

/* Perl's substr without its fourth argument: a negative offset or length counts from the end. */
static int t_substr(struct call *c, struct tmpl_value **out)
{
	int64_t from = 0, n = 0, size = (int64_t)c->v->text.n, to = size;

	if (c->n > 2)
		return eval_fail(c->r, c->line, "substr with a replacement is not supported",
				 STR_NONE);
	arg_int(c, 0, &from);
	from = from < -size ? -size : from > size ? size : from;
	from += from < 0 ? size : 0;
	if (arg_int(c, 1, &n)) {
		n = n < -size ? -size : n > size ? size : n;
		to = n < 0 ? size + n : from + n;
	}
	to = to > size ? size : to;
	*out = text(c,
		    from < to ? str_sub(c->v->text, (size_t)from, (size_t)(to - from)) : STR(""));
	return 0;
}

static int compile(struct call *c, struct str pattern, struct re **re)
{
	if (pattern.n > 1000)
		return eval_fail(c->r, c->line, "a pattern of more than 1000 bytes", STR_NONE);
	if (tmpl_spend(c->r, c->line, 16384) < 0)
		return -1;
	if (re_compile_perl(c->r->a, pattern, 0, re, c->r->e) < 0)
		return eval_fail(c->r, c->line, "not a regular expression", pattern);
	return 0;
}

/* One match after the other; -1 when the pattern takes too long. */
static int next_match(struct call *c, const struct re *re, struct re_walk *walk)
{
	enum re_result result = re_next(re, c->v->text, walk);

	if (tmpl_spend(c->r, c->line, 64) < 0)
		return -1;
	if (result == RE_LIMIT)
		return eval_fail(c->r, c->line, "the regular expression takes too long", STR_NONE);
	return result == RE_MATCH;
}

/* Empty pieces at the end go, as in Perl; without a pattern the pieces are words. */
static int t_split(struct call *c, struct tmpl_value **out)
{
	struct re_caps caps;
	struct re_walk walk = { .caps = &caps };
	struct tmpl_value *list = tmpl_list(c->r->a);
	struct str in = c->v->text;
	size_t from = 0;
	struct re *re;
	int found;

	if (c->n == 0 || str_eq(arg_text(c, 0, ""), STR(" ")))
		in = str_ltrim(in);
	if (compile(c,
		    c->n == 0 || str_eq(arg_text(c, 0, ""), STR(" ")) ? STR("\\s+")
								      : arg_text(c, 0, ""),
		    &re) < 0)
		return -1;
	if (c->n > 1)
		return eval_fail(c->r, c->line, "split with a limit is not supported", STR_NONE);
	c = &(struct call){ c->r, c->line, text(c, in), NULL, 0 };
	while ((found = next_match(c, re, &walk)) > 0) {
		if (caps.n > 1)
			return eval_fail(c->r, c->line, "split with groups is not supported",
					 STR_NONE);
		if (caps.group[0].to == caps.group[0].from &&
		    (caps.group[0].to == 0 || caps.group[0].to == in.n))
			continue;
		tmpl_list_add(c->r->a, list, text(c, str_sub(in, from, caps.group[0].from - from)));
		from = caps.group[0].to;
	}
	tmpl_list_add(c->r->a, list, text(c, str_from(in, from)));
	while (list->list.n && list->list.p[list->list.n - 1]->text.n == 0)
		list->list.n--;
	*out = list;
	return found;
}

/* "\1" or "$1" in the replacement is a group. */
static void add_replacement(struct call *c, struct buf *to, struct str with,
			    const struct re_caps *caps)
{
	for (size_t i = 0; i < with.n; i++) {
		char next = i + 1 < with.n ? with.p[i + 1] : '\0';

		if (with.p[i] == '$' && ascii_is_digit(next)) {
			buf_add(to, re_group(caps, c->v->text, (size_t)(next - '0')));
			i++;
		} else if (with.p[i] == '\\' && (next == '\\' || next == '$')) {
			buf_addc(to, next);
			i++;
		} else {
			buf_addc(to, with.p[i]);
		}
	}
}

static int t_replace(struct call *c, struct tmpl_value **out)
{
	struct re_caps caps;
	struct re_walk walk = { .caps = &caps };
	struct str in = c->v->text, with = arg_text(c, 1, "");
	size_t from = 0;
	struct re *re;
	struct buf b;
	int found;

	if (c->n > 2)
		return eval_fail(c->r, c->line, "replace with a third argument is not supported",
				 STR_NONE);
	if (compile(c, arg_text(c, 0, ""), &re) < 0)
		return -1;
	buf_init(&b, c->r->a, TMPL_OUTPUT_MAX);
	while ((found = next_match(c, re, &walk)) > 0) {
		buf_add(&b, str_sub(in, from, caps.group[0].from - from));
		add_replacement(c, &b, with, &caps);
		from = caps.group[0].to;
		if (tmpl_spend(c->r, c->line, with.n) < 0)
			return -1;
	}
	buf_add(&b, str_from(in, from));
	if (found < 0 || tmpl_spend(c->r, c->line, b.n) < 0)
		return -1;
	if (b.failed)
		return eval_fail(c->r, c->line, "the result of replace is too long", STR_NONE);
	*out = text(c, buf_str(&b));
	return 0;
}

/* The groups, or 1 if the pattern has none; no match is undefined. */
static int t_match(struct call *c, struct tmpl_value **out)
{
	struct re_caps caps;
	struct re_walk walk = { .caps = &caps };
	struct tmpl_value *list = tmpl_list(c->r->a);
	struct re *re;
	int found;

	if (c->n > 1)
		return eval_fail(c->r, c->line, "match with a second argument is not supported",
				 STR_NONE);
	if (compile(c, arg_text(c, 0, ""), &re) < 0)
		return -1;
	found = next_match(c, re, &walk);
	if (found < 0)
		return -1;
	*out = NULL;
	if (!found)
		return 0;
	for (size_t i = 1; i < caps.n; i++)
		tmpl_list_add(c->r->a, list, text(c, re_group(&caps, c->v->text, i)));
	if (caps.n <= 1)
		tmpl_list_add(c->r->a, list, number(c, 1));
	*out = list;
	return 0;
}

/* For lists. */

static int l_size(struct call *c, struct tmpl_value **out)
{
	*out = number(c, c->v->list.n);
	return 0;
}

static int l_max(struct call *c, struct tmpl_value **out)
{
	*out = tmpl_int(c->r->a, (int64_t)c->v->list.n - 1);
	return 0;
}

static int l_self(struct call *c, struct tmpl_value **out)
{
	(void)out; /* which is the list already */
	(void)c;
	return 0;
}

static int l_first(struct call *c, struct tmpl_value **out)
{
	*out = c->v->list.n ? c->v->list.p[0] : NULL;
	return 0;
}

static int l_last(struct call *c, struct tmpl_value **out)
{
	*out = c->v->list.n ? c->v->list.p[c->v->list.n - 1] : NULL;
	return 0;
}

static int l_item(struct call *c, struct tmpl_value **out)
{
	int64_t i = 0, n = (int64_t)c->v->list.n;

	arg_int(c, 0, &i);
	i += i < 0 ? n : 0;
	*out = i >= 0 && i < n ? c->v->list.p[i] : NULL;
	return 0;
}

static int l_join(struct call *c, struct tmpl_value **out)
{
	struct str between = arg_text(c, 0, " "), item;
	struct buf b;

	buf_init(&b, c->r->a, TMPL_OUTPUT_MAX);
	for (size_t i = 0; i < c->v->list.n; i++) {
		if (eval_text(c->r, c->line, c->v->list.p[i], &item) < 0 ||
		    tmpl_spend(c->r, c->line, between.n + item.n) < 0)
			return -1;
		if (i > 0)
			buf_add(&b, between);
		buf_add(&b, item);
	}
	if (b.failed)
		return eval_fail(c->r, c->line, "the result of join is too long", STR_NONE);
	*out = text(c, buf_str(&b));
	return 0;
}

static int l_reverse(struct call *c, struct tmpl_value **out)
{
	struct tmpl_value *list = tmpl_list(c->r->a);

	if (tmpl_spend(c->r, c->line, 16 * c->v->list.n) < 0)
		return -1;
	for (size_t i = c->v->list.n; i > 0; i--)
		tmpl_list_add(c->r->a, list, c->v->list.p[i - 1]);
	*out = list;
	return 0;
}

static int by_text(const void *x, const void *y)
{
	const struct tmpl_value *const *left = x, *const *right = y;

	return str_cmp(tmpl_as_text(*left), tmpl_as_text(*right));
}

static int l_sort(struct call *c, struct tmpl_value **out)
{
	struct tmpl_value *list = tmpl_list(c->r->a);

	if (c->n > 0)
		return eval_fail(c->r, c->line, "sort by a key is not supported", STR_NONE);
	if (tmpl_spend(c->r, c->line, 16 * c->v->list.n) < 0)
		return -1;
	for (size_t i = 0; i < c->v->list.n; i++)
		tmpl_list_add(c->r->a, list, c->v->list.p[i]);
	if (list->list.n)
		qsort(list->list.p, list->list.n, sizeof(*list->list.p), by_text);
	*out = list;
	return 0;
}

/* For hashes. */

static int h_size(struct call *c, struct tmpl_value **out)
{
	*out = number(c, c->v->hash.n);
	return 0;
}

static int h_keys(struct call *c, struct tmpl_value **out)
{
	struct tmpl_value *list = tmpl_list(c->r->a);

	if (tmpl_spend(c->r, c->line, 64 * c->v->hash.n) < 0)
		return -1;
	for (size_t i = 0; i < c->v->hash.n; i++)
		tmpl_list_add(c->r->a, list, text(c, c->v->hash.entries[i].key));
	*out = list;
	return 0;
}

static int h_values(struct call *c, struct tmpl_value **out)
{
	struct tmpl_value *list = tmpl_list(c->r->a);

	if (tmpl_spend(c->r, c->line, 16 * c->v->hash.n) < 0)
		return -1;
	for (size_t i = 0; i < c->v->hash.n; i++)
		tmpl_list_add(c->r->a, list, c->v->hash.entries[i].value);
	*out = list;
	return 0;
}

static int h_item(struct call *c, struct tmpl_value **out)
{
	*out = tmpl_hash_get(c->v, arg_text(c, 0, ""));
	return 0;
}

static int h_exists(struct call *c, struct tmpl_value **out)
{
	*out = text(c, tmpl_hash_get(c->v, arg_text(c, 0, "")) ? STR("1") : STR(""));
	return 0;
}

static const struct {
	enum tmpl_type type;
	const char *name;
	int (*fn)(struct call *c, struct tmpl_value **out);
} methods[] = {
	{ TMPL_LIST, "defined", m_defined },  { TMPL_HASH, "defined", m_defined },
	{ TMPL_TEXT, "defined", m_defined },  { TMPL_TEXT, "first", t_self },
	{ TMPL_TEXT, "item", t_self },	      { TMPL_TEXT, "last", t_self },
	{ TMPL_TEXT, "length", t_length },    { TMPL_TEXT, "list", t_list },
	{ TMPL_TEXT, "lower", t_lower },      { TMPL_TEXT, "match", t_match },
	{ TMPL_TEXT, "replace", t_replace },  { TMPL_TEXT, "size", t_size },
	{ TMPL_TEXT, "split", t_split },      { TMPL_TEXT, "substr", t_substr },
	{ TMPL_TEXT, "trim", t_trim },	      { TMPL_TEXT, "upper", t_upper },
	{ TMPL_LIST, "first", l_first },      { TMPL_LIST, "item", l_item },
	{ TMPL_LIST, "join", l_join },	      { TMPL_LIST, "last", l_last },
	{ TMPL_LIST, "list", l_self },	      { TMPL_LIST, "max", l_max },
	{ TMPL_LIST, "reverse", l_reverse },  { TMPL_LIST, "size", l_size },
	{ TMPL_LIST, "sort", l_sort },	      { TMPL_HASH, "exists", h_exists },
	{ TMPL_HASH, "item", h_item },	      { TMPL_HASH, "keys", h_keys },
	{ TMPL_HASH, "size", h_size },	      { TMPL_HASH, "values", h_values },
};

/* Methods of Template Toolkit that are not built: silence would be a wrong answer. */
static const char *const missing[] = {
	"chunk", "collapse", "dquote", "format", "hash",    "html",  "lcfirst", "pairs",
	"nsort", "remove",   "repeat", "search", "squote",  "uri",   "url",	"ucfirst",
	"xml",	 "grep",     "import", "merge",	 "pop",	    "push",  "shift",	"slice",
	"splice", "unique",  "unshift", "each",	 "delete",  "items", "none",	"join",
	"sort",	 "list",     "max",	"reverse",
};

int tmpl_method(struct run *r, size_t line, const struct tmpl_value *v, struct str name,
		struct tmpl_value **args, size_t n, struct tmpl_value **out)
{
	struct call c = { r, line, v, args, n };

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (methods[i].type == v->type && str_eq(name, str_of(methods[i].name)))
			return methods[i].fn(&c, out);
	for (size_t i = 0; i < ARRAY_LEN(missing); i++)
		if (str_eq(name, str_of(missing[i])))
			return eval_fail(r, line, "this virtual method is not supported here",
					 name);
	*out = NULL;
	return 0;
}
