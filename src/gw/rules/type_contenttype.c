#include "gw/rules/types.h"
#include "gw/rules/what.h"
#include "lib/re/re.h"

/* Names that types had when the value was stored (filter.md §5.4). */
static const struct {
	struct str old, now;
} renamed[] = {
	{ STR_INIT("application/x-msdos-program"),
	  STR_INIT("application/vnd\\.microsoft\\.portable-executable") },
	{ STR_INIT("application/x-ms-dos-executable"),
	  STR_INIT("application/vnd\\.microsoft\\.portable-executable") },
	{ STR_INIT("application/java-vm"), STR_INIT("application/x-java") },
	{ STR_INIT("application/x-javascript"), STR_INIT("application/javascript") },
};

static struct str current_name(struct str type)
{
	for (size_t i = 0; i < ARRAY_LEN(renamed); i++)
		if (str_eq(type, renamed[i].old))
			return renamed[i].now;
	return type;
}

#define T struct type_pattern
const struct prop type_props_contenttype[] = {
	P_TEXT_AS(T, text, "contenttype", 1024, NULL, "Regular expression for content types.",
		  .fmt = &type_fmt_token),
	P_BOOL_AS(T, only_content, "only-content", "0",
		  "Only the type by content counts, neither header nor file name."),
	P_END
};
#undef T

#define PREFIX "content-type:"

int type_decode_contenttype(const struct rule_source *src, void *o, struct err *e)
{
	struct type_pattern *p = o;

	if (!str_starts(src->value, STR(PREFIX)))
		return err_set(e, ERR_INVALID, "not content-type:REGEX");
	p->text = current_name(str_from(src->value, sizeof(PREFIX) - 1));
	p->only_content = str_eq(rule_attr(src, "only_content"), STR("1"));
	return 0;
}

void type_encode_contenttype(struct arena *a, const void *o, struct rule_stored *out)
{
	const struct type_pattern *p = o;

	out->value = str_cat(a, STR(PREFIX), p->text);
	if (p->only_content)
		type_store_attr(out, "only_content", STR("1"));
}

int type_compile_contenttype(struct arena *a, void *o, struct err *e)
{
	struct type_pattern *p = o;

	return rule_re_compile(a, p->text, 0, &p->re, e);
}

static int compile(struct arena *a, void *o, struct err *e)
{
	struct type_pattern *p = o;

	p->by_content = p->only_content;
	return type_compile_contenttype(a, o, e);
}

struct str type_describe_contenttype(struct arena *a, const void *o)
{
	const struct type_pattern *x = o;

	return str_fmt(a, "content-type=%.*s", STR_ARG(x->text));
}

static bool types_match(const struct type_pattern *p, struct what *w, uint32_t aid,
			const struct scan_types *t)
{
	if (t->magic.n && what_matches(w, p->re, aid, "type by content", t->magic))
		return true;
	if (p->by_content)
		return false;
	return (t->header.n && what_matches(w, p->re, aid, "type in header", t->header)) ||
	       (t->glob.n && what_matches(w, p->re, aid, "type by name", t->glob));
}

enum what_seen type_contenttype_matches(const struct type_pattern *p, struct what *w, uint32_t aid)
{
	const struct scan_types *t = scan_part_types(w->s, w->s->parts[aid - 1]);
	struct what_tally tally = { 0 };

	for (; t; t = t->next)
		if (what_tally_add(w, &tally, types_match(p, w, aid, t)))
			break;
	return what_tally_sum(w, &tally);
}

static int matches(const void *o, struct what *w, struct verdict *v, struct err *e)
{
	(void)e;
	for (uint32_t aid = 1; aid <= w->s->n_parts; aid++)
		what_mark(w, v, aid, type_contenttype_matches(o, w, aid));
	return 0;
}

void type_regex_contenttype(const void *o, struct rule_regex *out)
{
	const struct type_pattern *x = o;

	*out = (struct rule_regex){ x->text, 0, x->re, RULE_NAME_USUAL };
}

const struct rule_type type_contenttype = {
	.otype = 3003,
	.class = CLASS_WHAT,
	.name = "ContentType Filter",
	.slug = "contenttype",
	.props = type_props_contenttype,
	.size = sizeof(struct type_pattern),
	.decode = type_decode_contenttype,
	.encode = type_encode_contenttype,
	.compile = compile,
	.describe = type_describe_contenttype,
	.regex = type_regex_contenttype,
	.what = matches,
};
