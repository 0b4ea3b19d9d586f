#include "gw/rules/types.h"
#include "gw/rules/what.h"
#include "lib/re/re.h"

enum { FLAGS = RE_ICASE | RE_ASCII_CASE };

struct matchfield {
	struct str field, text;
	bool top_part_only;
	struct re *re;
};

#define T struct matchfield
static const struct prop props[] = {
	P_TEXT(T, field, 1024, NULL, "Name of the header field.", .fmt = &type_fmt_token),
	P_TEXT_AS(T, text, "value", 1024, NULL, "Regular expression for some of its value."),
	P_BOOL_AS(T, top_part_only, "top-part-only", "0",
		  "Only the header of the mail, not those of its parts."),
	P_END
};
#undef T

static int decode(const struct rule_source *src, void *o, struct err *e)
{
	struct matchfield *x = o;

	x->text = src->value;
	if (str_chr(x->text, ':') <= 0)
		return err_set(e, ERR_INVALID, "not FIELD:REGEX");
	x->field = str_cut(&x->text, ':');
	x->top_part_only = str_eq(rule_attr(src, "top_part_only"), STR("1"));
	return 0;
}

static void encode(struct arena *a, const void *o, struct rule_stored *out)
{
	const struct matchfield *x = o;

	out->value = str_cat(a, str_cat(a, x->field, STR(":")), x->text);
	if (x->top_part_only)
		type_store_attr(out, "top_part_only", STR("1"));
}

static int compile(struct arena *a, void *o, struct err *e)
{
	struct matchfield *x = o;

	return rule_re_compile(a, x->text, FLAGS, &x->re, e);
}

static struct str describe(struct arena *a, const void *o)
{
	const struct matchfield *x = o;

	return str_fmt(a, "%.*s=%.*s", STR_ARG(x->field), STR_ARG(x->text));
}

static bool header_matches(const struct matchfield *x, struct what *w, uint32_t aid,
			   const struct mime *part)
{
	const struct mime_header *h = mime_find(part, x->field);

	for (; h; h = mime_find_next(part, h, x->field))
		if (what_matches(w, x->re, aid, "value", mime_header_text(w->a, h)))
			return true;
	return false;
}

/* What has a header of its own: files in texts have none, and many readings share that of the part.
 */
static bool is_asked(const struct matchfield *x, const struct mime *reading,
		     const struct mime *part)
{
	if (!reading->header_count || reading->headers == part->headers)
		return false;
	return !x->top_part_only || reading->depth == 1;
}

static enum what_seen part_matches(const struct matchfield *x, struct what *w, uint32_t aid)
{
	const struct mime *part = w->s->parts[aid - 1];
	const struct mime_reading *r;
	struct what_tally tally = { 0 };
	size_t n;

	r = mime_readings_of(&w->s->readings, aid, &n);
	what_tally_add(w, &tally, header_matches(x, w, aid, part));
	for (size_t i = 0; i < n; i++)
		if (is_asked(x, r[i].part, part))
			what_tally_add(w, &tally, header_matches(x, w, aid, r[i].part));
	return what_tally_sum(w, &tally);
}

static int matches(const void *o, struct what *w, struct verdict *v, struct err *e)
{
	const struct matchfield *x = o;
	uint32_t n = x->top_part_only ? 1 : w->s->n_parts;

	(void)e;
	for (uint32_t aid = 1; aid <= n; aid++)
		what_mark(w, v, aid, part_matches(x, w, aid));
	return 0;
}

static void regex(const void *o, struct rule_regex *out)
{
	const struct matchfield *x = o;

	*out = (struct rule_regex){ x->text, FLAGS, x->re, RULE_FIELD_USUAL };
}

const struct rule_type type_matchfield = {
	.otype = 3002,
	.class = CLASS_WHAT,
	.name = "Match Field",
	.slug = "matchfield",
	.props = props,
	.size = sizeof(struct matchfield),
	.decode = decode,
	.encode = encode,
	.compile = compile,
	.describe = describe,
	.regex = regex,
	.what = matches,
};
