#include <math.h>

#include "gw/spam/eval_number.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/html_text.h"
#include "gw/spam/text.h"

enum { LIST_MAX = 10000 }; /* texts of one kind that a pattern is held against */

struct figure {
	bool known;
	double value;
};

/* A number that the walk over one HTML part found, by SpamAssassin's name for it. */
static struct figure figure_of(const struct spam_html *h, struct str name)
{
	const struct {
		const char *name;
		bool known;
		double value;
	} all[] = {
		{ "html", true, 1 },
		{ "image_area", true, (double)h->image_area },
		{ "length", true, (double)h->length },
		{ "html_length", true, (double)h->html_length },
		{ "non_space_len", true, (double)h->non_space_len },
		{ "min_size", true, (double)h->min_size },
		{ "max_size", true, (double)h->max_size },
		{ "ratio", true, h->ratio },
		{ "closed_extra_ratio", h->has_tags, h->closed_extra_ratio },
		{ "bad_tag_ratio", h->has_elements, h->bad_tag_ratio },
		{ "non_element_ratio", h->has_seen_elements, h->non_element_ratio },
		{ "obfuscation_ratio", h->has_obfuscation, h->obfuscation_ratio },
		{ "font_low_contrast", h->font_low_contrast, 1 },
		{ "font_invalid_color", h->font_invalid_color, 1 },
		{ "font_face_bad", h->font_face_bad, 1 },
		{ "form_action_mailto", h->form_action_mailto, 1 },
		{ "embeds", h->embeds, 1 },
		{ "uri_truncated", h->uri_truncated, 1 },
		{ "title", h->titles.n > 0, 1 },
		{ "anchor", h->anchors.n > 0, 1 },
		{ "comment", h->comments.n > 0, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (str_eq(name, str_of(all[i].name)))
			return (struct figure){ all[i].known, all[i].value };
	return (struct figure){ 0 };
}

/* How often a tag is open at the end; not known if it never occurred. */
static struct figure open_tags(const struct spam_html *h, struct str name)
{
	for (size_t i = 0; i < h->inside.n; i++)
		if (str_eq(h->inside.p[i].name, name))
			return (struct figure){ true, (double)h->inside.p[i].n };
	return (struct figure){ 0 };
}

/* A rule hits if one of the HTML parts is as it says. */
static unsigned any_part(struct eval_run *r, const struct eval_args *args,
			 bool (*is)(const struct spam_html *h, const struct eval_args *args))
{
	size_t n;
	const struct spam_html *const *h = spam_htmls(r->m, &n);

	for (size_t i = 0; i < n; i++)
		if (is(h[i], args))
			return 1;
	return 0;
}

static int need(const struct eval_args *args, size_t n, struct err *e)
{
	return args->n >= n ? 0 : err_set(e, ERR_INVALID, "%zu arguments are needed", n);
}

static int one_argument(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	(void)c;
	(void)conf;
	return need(args, 1, e);
}

static bool has_test(const struct spam_html *h, const struct eval_args *args)
{
	struct figure f = figure_of(h, args->v[0]);

	return f.known && f.value != 0;
}

static unsigned html_test(struct eval_run *r, const struct eval_args *args)
{
	return any_part(r, args, has_test);
}

static bool has_tag(const struct spam_html *h, const struct eval_args *args)
{
	return open_tags(h, args->v[0]).known;
}

static unsigned html_tag_exists(struct eval_run *r, const struct eval_args *args)
{
	return any_part(r, args, has_tag);
}

/* html_eval(NAME, '< 512'), html_tag_balance(TAG, '!= 0') */
static int comparison(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct eval_comparison *x = NEW(c->keep, struct eval_comparison);

	(void)conf;
	if (need(args, 2, e) < 0)
		return -1;
	if (!eval_comparison_parse(args->v[1], x))
		return err_set(e, ERR_INVALID, "'%.*s' is no comparison", STR_ARG(args->v[1]));
	args->prepared = x;
	return 0;
}

static bool figure_compares(const struct spam_html *h, const struct eval_args *args)
{
	struct figure f = figure_of(h, args->v[0]);

	return f.known && eval_compare(args->prepared, f.value);
}

static unsigned html_eval(struct eval_run *r, const struct eval_args *args)
{
	return any_part(r, args, figure_compares);
}

static bool balance_compares(const struct spam_html *h, const struct eval_args *args)
{
	struct figure f = open_tags(h, args->v[0]);

	return f.known && eval_compare(args->prepared, f.value);
}

static unsigned html_tag_balance(struct eval_run *r, const struct eval_args *args)
{
	return any_part(r, args, balance_compares);
}

/* Ranges do not include their lower end. */
static bool in_range(double value, const struct eval_range *range)
{
	return value > range->min && value <= range->max;
}

static int range_from(struct spam_conf *c, struct eval_args *args, size_t first, struct err *e)
{
	struct eval_range *range = NEW(c->keep, struct eval_range);

	if (need(args, first + 1, e) < 0)
		return -1;
	range->min = eval_number(args->v[first]);
	range->max = args->n > first + 1 ? eval_number(args->v[first + 1]) : INFINITY;
	args->prepared = range;
	return 0;
}

static int range_after_name(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	(void)conf;
	return range_from(c, args, 1, e);
}

static int range_only(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	(void)conf;
	return range_from(c, args, 0, e);
}

static bool figure_in_range(const struct spam_html *h, const struct eval_args *args)
{
	struct figure f = figure_of(h, args->v[0]);

	return f.known && in_range(f.value, args->prepared);
}

static unsigned html_range(struct eval_run *r, const struct eval_args *args)
{
	return any_part(r, args, figure_in_range);
}

static bool is_image_only(const struct spam_html *h, const struct eval_args *args)
{
	return open_tags(h, STR("img")).known && in_range((double)h->length, args->prepared);
}

static unsigned html_image_only(struct eval_run *r, const struct eval_args *args)
{
	return any_part(r, args, is_image_only);
}

static bool has_image_ratio(const struct spam_html *h, const struct eval_args *args)
{
	return h->image_area > 0 &&
	       in_range((double)h->non_space_len / (double)h->image_area, args->prepared);
}

static unsigned html_image_ratio(struct eval_run *r, const struct eval_args *args)
{
	return any_part(r, args, has_image_ratio);
}

/* html_text_match(KIND, PATTERN) */
static int text_pattern(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct re *re;

	(void)conf;
	if (need(args, 2, e) < 0 || re_compile_perl(c->keep, args->v[1], 0, &re, e) < 0)
		return -1;
	args->prepared = re;
	return 0;
}

static bool texts_give(struct buf *const *texts, size_t n, const struct re *re,
		       enum re_result wanted)
{
	for (size_t i = 0; i < n && i < LIST_MAX; i++)
		if (re_match(re, buf_str(texts[i])) == wanted)
			return true;
	return false;
}

static bool list_gives(const struct spam_html *h, const struct eval_args *args,
		       enum re_result wanted)
{
	if (str_eq(args->v[0], STR("title")))
		return texts_give(h->titles.p, h->titles.n, args->prepared, wanted);
	if (str_eq(args->v[0], STR("anchor")))
		return texts_give(h->anchors.p, h->anchors.n, args->prepared, wanted);
	if (!str_eq(args->v[0], STR("comment")))
		return false;
	for (size_t i = 0; i < h->comments.n && i < LIST_MAX; i++)
		if (re_match(args->prepared, h->comments.p[i]) == wanted)
			return true;
	return false;
}

static bool some_text_matches(const struct spam_html *h, const struct eval_args *args)
{
	return list_gives(h, args, RE_MATCH);
}

static bool some_text_fails(const struct spam_html *h, const struct eval_args *args)
{
	return list_gives(h, args, RE_NOMATCH);
}

static unsigned html_text_match(struct eval_run *r, const struct eval_args *args)
{
	return any_part(r, args, some_text_matches);
}

static unsigned html_text_not_match(struct eval_run *r, const struct eval_args *args)
{
	return any_part(r, args, some_text_fails);
}

/* Characters of a title to octets of the subject, line end included. */
static unsigned html_title_subject_ratio(struct eval_run *r, const struct eval_args *args)
{
	const struct spam_header_query q = { .name = STR("Subject") };
	const struct eval_range *range = args->prepared;
	const struct spam_html *const *h;
	struct str subject;
	size_t n;

	if (!spam_header_text(r->m, &q, &subject) || !subject.n)
		return 0;
	h = spam_htmls(r->m, &n);
	for (size_t i = 0; i < n; i++)
		if ((double)h[i]->title_chars / (double)subject.n > range->min)
			return 1;
	return 0;
}

/* SpamAssassin 4.0.1 keeps no charsets of HTML parts. */
static unsigned html_charset_faraway(struct eval_run *r, const struct eval_args *args)
{
	(void)r;
	(void)args;
	return 0;
}

static unsigned check_iframe_src(struct eval_run *r, const struct eval_args *args)
{
	size_t n;
	const struct spam_uri *uris = spam_uri_details(r->m, &n);

	(void)args;
	for (size_t i = 0; i < n; i++)
		if (uris[i].types & SPAM_URI_IFRAME)
			return 1;
	return 0;
}

static const struct eval evals[] = {
	{ .name = "html_tag_balance", .call = html_tag_balance, .prepare = comparison },
	{ .name = "html_tag_exists", .call = html_tag_exists, .prepare = one_argument },
	{ .name = "html_test", .call = html_test, .prepare = one_argument },
	{ .name = "html_eval", .call = html_eval, .prepare = comparison },
	{ .name = "html_range", .call = html_range, .prepare = range_after_name },
	{ .name = "html_image_only", .call = html_image_only, .prepare = range_only },
	{ .name = "html_image_ratio", .call = html_image_ratio, .prepare = range_only },
	{ .name = "html_text_match", .call = html_text_match, .prepare = text_pattern },
	{ .name = "html_text_not_match", .call = html_text_not_match, .prepare = text_pattern },
	{ .name = "html_title_subject_ratio",
	  .call = html_title_subject_ratio, .prepare = range_only },
	{ .name = "html_charset_faraway", .call = html_charset_faraway },
	{ .name = "check_iframe_src", .call = check_iframe_src },
	{ 0 },
};

const struct eval_family eval_html = {
	.plugin = "HTMLEval",
	.evals = evals,
};
