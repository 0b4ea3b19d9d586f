#include "gw/rules/types.h"
#include "lib/re/re.h"

enum { FLAGS = RE_FULL | RE_ICASE | RE_ASCII_CASE };

struct whoregex {
	struct str text;
	struct re *re;
};

static const struct prop props[] = { P_TEXT_AS(struct whoregex, text, "regex", 1024, NULL,
					       "Regular expression for the whole mail address."),
				     P_END };

static int decode(const struct rule_source *src, void *o, struct err *e)
{
	(void)e;
	((struct whoregex *)o)->text = src->value;
	return 0;
}

static int compile(struct arena *a, void *o, struct err *e)
{
	struct whoregex *x = o;

	return rule_re_compile(a, x->text, FLAGS, &x->re, e);
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
	.slug = "regex",
	.props = props,
	.size = sizeof(struct whoregex),
	.decode = decode,
	.encode = type_encode_value,
	.compile = compile,
	.describe = type_describe_value,
	.who = matches,
	.regex = regex,
};
