#include "gw/rules/types.h"
#include "gw/rules/what.h"
#include "lib/re/re.h"

enum { FLAGS = RE_FULL | RE_ICASE | RE_ASCII_CASE | RE_DOTALL };

const struct prop type_props_filename[] = {
	P_TEXT_AS(struct type_pattern, text, "filename", 1024, NULL,
		  "Regular expression for the whole file name."),
	P_END
};

int type_decode_filename(const struct rule_source *src, void *o, struct err *e)
{
	(void)e;
	((struct type_pattern *)o)->text = src->value;
	return 0;
}

/* A line end hidden in a name is no way around a rule: a dot matches it, too. */
int type_compile_filename(struct arena *a, void *o, struct err *e)
{
	struct type_pattern *p = o;

	return rule_re_compile(a, p->text, FLAGS, &p->re, e);
}

struct str type_describe_filename(struct arena *a, const void *o)
{
	const struct type_pattern *x = o;

	return str_fmt(a, "filename=%.*s", STR_ARG(x->text));
}

enum what_seen type_filename_matches(const struct type_pattern *p, struct what *w, uint32_t aid)
{
	const struct what_names *names = what_names(w, aid);
	struct what_tally tally = { .no = names->nameless };

	for (size_t i = 0; i < names->list.n; i++)
		if (what_tally_add(w, &tally,
				   what_matches(w, p->re, aid, "name", names->list.p[i])))
			break;
	return what_tally_sum(w, &tally);
}

static int matches(const void *o, struct what *w, struct verdict *v, struct err *e)
{
	(void)e;
	for (uint32_t aid = 1; aid <= w->s->n_parts; aid++)
		what_mark(w, v, aid, type_filename_matches(o, w, aid));
	return 0;
}

void type_regex_filename(const void *o, struct rule_regex *out)
{
	const struct type_pattern *x = o;

	*out = (struct rule_regex){ x->text, FLAGS, x->re, RULE_NAME_USUAL };
}

const struct rule_type type_filename = {
	.otype = 3004,
	.class = CLASS_WHAT,
	.name = "Match Filename",
	.slug = "filenamefilter",
	.props = type_props_filename,
	.size = sizeof(struct type_pattern),
	.decode = type_decode_filename,
	.encode = type_encode_value,
	.compile = type_compile_filename,
	.describe = type_describe_filename,
	.regex = type_regex_filename,
	.what = matches,
};
