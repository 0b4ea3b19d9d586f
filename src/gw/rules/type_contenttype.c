#include "gw/rules/types.h"
#include "gw/rules/what.h"
#include "lib/re/re.h"

struct contenttype {
	struct str text;
	struct re *re;
	bool only_content;
};

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

static int decode(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	struct contenttype *o = NEW(a, struct contenttype);
	struct str rest = src->value;

	if (!str_starts(rest, STR("content-type:")))
		return err_set(e, ERR_INVALID, "not content-type:REGEX");
	o->text = current_name(str_from(rest, sizeof("content-type:") - 1));
	o->only_content = str_eq(rule_attr(src, "only_content"), STR("1"));
	*out = o;
	return rule_re_compile(a, o->text, 0, &o->re, e);
}

static struct str describe(struct arena *a, const void *o)
{
	const struct contenttype *x = o;

	return str_fmt(a, "content-type=%.*s", STR_ARG(x->text));
}

static bool part_matches(const struct contenttype *x, struct what *w, uint32_t aid)
{
	const struct scan_types *t = scan_part_types(w->s, w->s->parts[aid - 1]);

	if (t->magic.n && what_matches(w, x->re, aid, "type by content", t->magic))
		return true;
	if (x->only_content)
		return false;
	return (t->header.n && what_matches(w, x->re, aid, "type in header", t->header)) ||
	       (t->glob.n && what_matches(w, x->re, aid, "type by name", t->glob));
}

static int matches(const void *o, struct what *w, struct marks *m, struct err *e)
{
	const struct contenttype *x = o;

	(void)e;
	for (uint32_t aid = 1; aid <= w->s->n_parts; aid++)
		if (part_matches(x, w, aid))
			marks_add(m, w->a, w->s->n_parts, aid);
	return 0;
}

const struct rule_type type_contenttype = {
	.otype = 3003,
	.class = CLASS_WHAT,
	.name = "ContentType Filter",
	.decode = decode,
	.describe = describe,
	.what = matches,
};


/* Looks into archives, which is not built. */
const struct rule_type type_archive = {
	.otype = 3005,
	.class = CLASS_WHAT,
	.name = "Archive Filter",
	.decode = decode,
	.describe = describe,
};
