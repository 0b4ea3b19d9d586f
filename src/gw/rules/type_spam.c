#include "gw/rules/types.h"
#include "gw/rules/what.h"

struct spam {
	int64_t level;
};

static const struct prop props[] = { P_INT_AS(struct spam, level, "spamlevel", 0, INT32_MAX, NULL,
					      "Lowest level that matches."),
				     P_END };

static int decode(const struct rule_source *src, void *o, struct err *e)
{
	if (!str_int(src->value, 0, INT32_MAX, &((struct spam *)o)->level))
		return err_set(e, ERR_INVALID, "not a spam level");
	return 0;
}

static void encode(struct arena *a, const void *o, struct rule_stored *out)
{
	out->value = str_fmt(a, "%lld", (long long)((const struct spam *)o)->level);
}

static struct str describe(struct arena *a, const void *o)
{
	const struct spam *x = o;

	return str_fmt(a, "Level %lld", (long long)x->level);
}

static int matches(const void *o, struct what *w, struct verdict *v, struct err *e)
{
	const struct spam *x = o;
	const struct scan_spam *found;
	bool over;

	if (scan_spam(w->s, &found, e) < 0)
		return -1;
	over = found->level >= x->level;
	if (w->trace)
		what_saw(w, "level", str_fmt(w->a, "%lld", (long long)found->level));
	if (over ? w->listed & LISTED_WHITE : !(w->listed & LISTED_BLACK))
		return 0;
	what_mark_mail(v);
	if (!w->spam_matched)
		w->view = over ? SPAM_VIEW_MAIL : SPAM_VIEW_LISTED;
	w->spam_matched = true;
	return 0;
}

/* But for a sender whom a recipient has on both lists. */
static bool implies(const void *o, const struct rule_type *type, const void *other)
{
	const struct spam *x = o, *y = other;

	return type == &type_spam && y->level <= x->level;
}

const struct rule_type type_spam = {
	.otype = 3000,
	.class = CLASS_WHAT,
	.name = "Spam Filter",
	.slug = "spamfilter",
	.props = props,
	.size = sizeof(struct spam),
	.decode = decode,
	.encode = encode,
	.describe = describe,
	.what = matches,
	.implies = implies,
	.per_recipient = true,
};
