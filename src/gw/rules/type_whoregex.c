#include "gw/rules/types.h"
#include "lib/re/re.h"

enum { FLAGS = RE_FULL | RE_ICASE | RE_ASCII_CASE };

struct whoregex {
	struct str text;
	struct re *re;
};

static int decode(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	struct whoregex *o = NEW(a, struct whoregex);

	o->text = src->value;
	*out = o;
	return rule_re_compile(a, o->text, FLAGS, &o->re, e);
}

static struct str describe(struct arena *a, const void *o)
{
	const struct whoregex *w = o;

	(void)a;
	return w->text;
}

static bool matches(const void *o, const struct who *w)
{
	const struct whoregex *x = o;

	return rule_re_match(x->re, w->address, &w->said->gave_up);
}

static void regex(const void *o, struct rule_regex *out)
{
	const struct whoregex *x = o;

	*out = (struct rule_regex){ x->text, FLAGS, x->re, RULE_ADDRESS_USUAL };
}

const struct rule_type type_whoregex = {
	.otype = 1000,
	.class = CLASS_WHO,
	.name = "Regular Expression",
	.decode = decode,
	.describe = describe,
	.who = matches,
	.regex = regex,
};
