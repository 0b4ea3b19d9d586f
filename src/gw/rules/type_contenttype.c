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

int type_decode_contenttype(struct arena *a, const struct rule_source *src, void **out,
			    struct err *e)
{
	struct type_pattern *o = NEW(a, struct type_pattern);
	struct str rest = src->value;

	if (!str_starts(rest, STR("content-type:")))
		return err_set(e, ERR_INVALID, "not content-type:REGEX");
	o->text = current_name(str_from(rest, sizeof("content-type:") - 1));
	o->only_content = str_eq(rule_attr(src, "only_content"), STR("1"));
	*out = o;
	return rule_re_compile(a, o->text, 0, &o->re, e);
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
	if (p->only_content)
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
	.decode = type_decode_contenttype,
	.describe = type_describe_contenttype,
	.regex = type_regex_contenttype,
	.what = matches,
};
