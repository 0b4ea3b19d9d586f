#include <math.h>
#include <time.h>

#include "gw/spam/markup_int.h"
#include "gw/spam/message_int.h"
#include "gw/spam/tags.h"

enum {
	SUMMARY_COLUMNS = 75, /* a line has fewer */
	HEADER_COLUMNS = 77,  /* the same, in a header field; a tab is one */
	SUMMARY_NAME = 22,
	PREVIEW_COLUMNS = 77,
	PREVIEW_BYTES = 200,
	STARS_MAX = 50,
	EACH_MAX = 100, /* times that one rule is named */
};

double markup_score(const struct spam_result *r)
{
	double shown;
	char text[64];

	/* As printf() rounds, which is not as round() does: 6.85 gives 6.8. */
	snprintf(text, sizeof(text), "%.1f", r->score);
	shown = strtod(text, NULL);
	return r->score < r->required && shown >= r->required ? r->required - 0.1 : shown;
}

static bool is_spam(const struct spam_result *r)
{
	return r->score >= r->required;
}

/* Length of the blanks that `s` begins with. */
static size_t blanks(struct str s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_blank(s.p[n]))
		n++;
	return n;
}

void markup_wrap(struct buf *b, struct str text, size_t column, size_t width, struct str indent)
{
	while (text.n) {
		size_t n = blanks(text), shown = n > 0;

		if (n == 0)
			while (n < text.n && !ascii_is_blank(text.p[n]))
				n++;
		if (!shown)
			shown = n;
		if (column + shown >= width && column > indent.n) {
			buf_addc(b, '\n');
			buf_add(b, indent);
			column = indent.n;
		}
		buf_add(b, shown == n ? str_sub(text, 0, n) : STR(" "));
		column += shown;
		text = str_from(text, n);
	}
}

static void trim_line_ends(struct buf *b, size_t from)
{
	size_t to = from;

	for (size_t i = from; i < b->n; i++) {
		if (b->p[i] == '\n')
			while (to > from && b->p[to - 1] == ' ')
				to--;
		b->p[to++] = b->p[i];
	}
	while (to > from && b->p[to - 1] == ' ')
		to--;
	b->n = to;
}

static const char *area_of(const struct rule *r)
{
	if (r->eval && r->eval->area)
		return r->eval->area;
	switch (r->type) {
	case RULE_BODY:
	case RULE_BODY_EVAL:
		return "BODY: ";
	case RULE_RAWBODY:
	case RULE_RAWBODY_EVAL:
		return "RAW: ";
	case RULE_URI:
		return "URI: ";
	case RULE_FULL:
	case RULE_FULL_EVAL:
		return "FULL: ";
	case RULE_EVAL_NET:
		return "RBL: ";
	default:
		return "";
	}
}

static const char *area(const struct spam_rules *rules, struct str name)
{
	for (size_t i = 0; i < rules->n; i++)
		if (str_eq(rules->rules[i].name, name))
			return area_of(&rules->rules[i]);
	return "";
}

/* An address is not to be found by those who look for addresses. */
static void add_found(struct buf *b, struct str found, bool header)
{
	struct str rest = found, name = str_cut(&rest, '@');

	buf_addz(b, header ? "\n\t*      [" : "\n                            [");
	buf_add(b, name);
	if (name.n < found.n)
		buf_addf(b, "(at)%.*s", STR_ARG(rest));
	buf_addc(b, ']');
}

static void summary_line(struct buf *b, const struct spam_checked *c, const struct spam_hit *h,
			 bool header)
{
	struct str text = str_fmt(b->a, "%s%.*s", area(c->rules, h->name), STR_ARG(h->description));
	bool wide = fabs(h->score) >= 10;
	size_t from = b->n;

	buf_addf(b, wide ? "%s%4.0f " : "%s%4.1f ", header ? "\t* " : "", h->score);
	if (header) {
		buf_addf(b, "%.*s ", STR_ARG(h->name));
		markup_wrap(b, text, b->n - from, HEADER_COLUMNS, STR("\t*      "));
	} else {
		/* However many blanks follow a short name, they count as one. */
		buf_addf(b, "%-*.*s ", SUMMARY_NAME, STR_ARG(h->name));
		markup_wrap(b, text, strlen(" 1.0 ") + h->name.n + 1, SUMMARY_COLUMNS,
			    STR("                            "));
	}
	trim_line_ends(b, from);
	if (h->found.n)
		add_found(b, h->found, header);
	buf_addc(b, '\n');
}

void markup_summary(struct buf *b, const struct spam_checked *c, bool header)
{
	for (size_t i = 0; i < c->result->n_hits; i++)
		summary_line(b, c, &c->result->hits[i], header);
}

/* A tag in a template: `_NAME_` or `_NAME(argument)_`. */
struct tag {
	struct buf *b;
	const struct spam_checked *c;
	struct str argument;
	bool has_argument;
};

static struct str argument_or(const struct tag *t, struct str otherwise)
{
	return t->has_argument ? t->argument : otherwise;
}

static void tag_yesno(struct tag *t)
{
	struct str rest = argument_or(t, STR("Yes,No")), yes = str_cut(&rest, ',');

	if (!rest.p)
		rest = STR("No");
	buf_add(t->b, is_spam(t->c->result) ? yes : rest);
}

static void tag_yesnocaps(struct tag *t)
{
	size_t from = t->b->n;

	tag_yesno(t);
	for (size_t i = from; i < t->b->n; i++)
		if (t->b->p[i] >= 'a' && t->b->p[i] <= 'z')
			t->b->p[i] = (char)(t->b->p[i] - 'a' + 'A');
}

static void tag_score(struct tag *t)
{
	struct str text = str_fmt(t->b->a, "%.1f", markup_score(t->c->result));

	for (size_t i = text.n; i < t->argument.n + 3 && t->has_argument; i++)
		buf_addc(t->b, t->argument.p[0]);
	buf_add(t->b, text);
}

static void tag_required(struct tag *t)
{
	buf_addf(t->b, "%.1f", t->c->result->required);
}

static int hit_cmp(const void *x, const void *y)
{
	const struct spam_hit *a = x, *b = y;

	return str_cmp(a->name, b->name);
}

/* How a list of rules shows each of them. */
static void add_name(struct buf *b, const struct spam_hit *h, struct str separator)
{
	(void)separator;
	buf_add(b, h->name);
}

static void add_score(struct buf *b, const struct spam_hit *h, struct str separator)
{
	(void)separator;
	buf_add(b, h->name);
	buf_addf(b, h->own_score ? "=%.3f" : "=%.10g", h->score);
}

/* Once for each hit. */
static void add_each(struct buf *b, const struct spam_hit *h, struct str separator)
{
	for (unsigned i = 0; i < h->count && i < EACH_MAX; i++) {
		if (i)
			buf_add(b, separator);
		buf_add(b, h->name);
	}
}

static void add_count(struct buf *b, const struct spam_hit *h, struct str separator)
{
	(void)separator;
	buf_add(b, h->name);
	if (h->count > 1)
		buf_addf(b, "(%u)", h->count);
}

static void add_tests(struct tag *t, const struct spam_hit *hits, size_t n, struct str separator,
		      void (*add)(struct buf *b, const struct spam_hit *h, struct str separator))
{
	struct spam_hit *sorted = NEW_N(t->b->a, struct spam_hit, n);

	if (n == 0)
		buf_addz(t->b, "none");
	for (size_t i = 0; i < n; i++)
		sorted[i] = hits[i];
	qsort(sorted, n, sizeof(*sorted), hit_cmp);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add(t->b, separator);
		add(t->b, &sorted[i], separator);
	}
}

static void tag_tests(struct tag *t)
{
	add_tests(t, t->c->result->hits, t->c->result->n_hits, argument_or(t, STR(",")), add_name);
}

static void tag_tests_scores(struct tag *t)
{
	add_tests(t, t->c->result->hits, t->c->result->n_hits, argument_or(t, STR(",")),
		  add_score);
}

static void tag_subtests(struct tag *t)
{
	add_tests(t, t->c->result->subtests, t->c->result->n_subtests,
		  argument_or(t, STR(",")), add_each);
}

/* The separator is what it is, whatever the argument says. */
static void tag_subtests_collapsed(struct tag *t)
{
	add_tests(t, t->c->result->subtests, t->c->result->n_subtests, STR(","), add_count);
}

static void tag_shortcircuit(struct tag *t)
{
	const struct spam_result *r = t->c->result;

	if (r->shortcircuit_rule.n)
		buf_addf(t->b, "%.*s (%s)", STR_ARG(r->shortcircuit_rule),
			 shortcircuit_name(r->shortcircuit));
	else
		buf_addz(t->b, "no");
}

static void tag_shortcircuit_rule(struct tag *t)
{
	struct str rule = t->c->result->shortcircuit_rule;

	buf_add(t->b, rule.n ? rule : STR("none"));
}

static void tag_shortcircuit_type(struct tag *t)
{
	buf_addz(t->b, shortcircuit_name(t->c->result->shortcircuit));
}

static void tag_autolearn(struct tag *t)
{
	buf_addz(t->b, t->c->result->autolearn);
}

static void tag_bayes(struct tag *t)
{
	double p = t->c->result->bayes;

	if (p < 0)
		buf_addz(t->b, "0.5");
	else
		buf_addf(t->b, "%.4f", p);
}

static void tag_stars(struct tag *t)
{
	double score = t->c->result->score;
	struct str star = argument_or(t, STR("*"));

	for (int i = 0; i < STARS_MAX && i + 1 <= score; i++)
		buf_add(t->b, star);
}

static void tag_version(struct tag *t)
{
	buf_addz(t->b, SPAM_ENGINE_VERSION);
}

static void tag_subversion(struct tag *t)
{
	buf_addz(t->b, SPAM_ENGINE_DATE);
}

static void tag_hostname(struct tag *t)
{
	const struct markup_conf *m = markup_conf(t->c->rules);

	buf_add(t->b, m->hostname.n ? m->hostname : t->c->hostname);
}

static void tag_contact(struct tag *t)
{
	buf_add(t->b, markup_conf(t->c->rules)->contact);
}

static void tag_date(struct tag *t)
{
	char text[64];
	time_t now = (time_t)t->c->now;
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S %z", &tm);
	buf_addz(t->b, text);
}

/* The first lines of what a reader sees. */
static void tag_preview(struct tag *t)
{
	struct spam_texts body = spam_body_visible(t->c->result->message);
	struct buf text;
	bool more = false;

	buf_init(&text, t->b->a, PREVIEW_BYTES + SPAM_LINE_MAX + 16);
	for (size_t i = 1; i < body.n && !more; i++) {
		buf_add(&text, str_trim(body.v[i]));
		buf_addc(&text, ' ');
		more = text.n > PREVIEW_BYTES;
	}
	if (more) {
		text.n = PREVIEW_BYTES;
		while (text.n && (text.p[text.n] & 0xc0) == 0x80)
			text.n--;
		buf_addz(&text, " [...] ");
	}
	markup_wrap(t->b, buf_str(&text), strlen("Content preview:  "), PREVIEW_COLUMNS, STR("  "));
}

static void tag_summary(struct tag *t)
{
	markup_summary(t->b, t->c, false);
}

static void tag_report(struct tag *t)
{
	buf_addc(t->b, '\n');
	markup_summary(t->b, t->c, true);
}

static void tag_header(struct tag *t)
{
	const struct spam_header_query q = spam_header_query_parse(t->argument);
	struct str text;

	if (spam_header_text(t->c->result->message, &q, &text))
		buf_add(t->b, str_trim(text));
}

static void add_relays(struct tag *t, enum spam_relay_list which)
{
	buf_add(t->b, spam_relays(t->c->result->message, which)->text);
}

static void tag_relays_trusted(struct tag *t)
{
	add_relays(t, SPAM_RELAYS_TRUSTED);
}

static void tag_relays_untrusted(struct tag *t)
{
	add_relays(t, SPAM_RELAYS_UNTRUSTED);
}

static void tag_relays_internal(struct tag *t)
{
	add_relays(t, SPAM_RELAYS_INTERNAL);
}

static void tag_relays_external(struct tag *t)
{
	add_relays(t, SPAM_RELAYS_EXTERNAL);
}

/* What TextCat takes the text for. */
static void tag_languages(struct tag *t)
{
	const struct spam_header_query q = { .name = STR("X-Languages") };
	struct str text;

	if (spam_header_text(t->c->result->message, &q, &text))
		buf_add(t->b, str_trim(text));
}

static const struct {
	const char *name;
	void (*add)(struct tag *t);
} tags[] = {
	{ "YESNO", tag_yesno },
	{ "YESNOCAPS", tag_yesnocaps },
	{ "SCORE", tag_score },
	{ "HITS", tag_score },
	{ "REQD", tag_required },
	{ "TESTS", tag_tests },
	{ "TESTSSCORES", tag_tests_scores },
	{ "SC", tag_shortcircuit },
	{ "SCRULE", tag_shortcircuit_rule },
	{ "SCTYPE", tag_shortcircuit_type },
	{ "SUBTESTS", tag_subtests },
	{ "SUBTESTSCOLLAPSED", tag_subtests_collapsed },
	{ "REPORT", tag_report },
	{ "AUTOLEARN", tag_autolearn },
	{ "BAYES", tag_bayes },
	{ "STARS", tag_stars },
	{ "VERSION", tag_version },
	{ "SUBVERSION", tag_subversion },
	{ "HOSTNAME", tag_hostname },
	{ "CONTACTADDRESS", tag_contact },
	{ "DATE", tag_date },
	{ "PREVIEW", tag_preview },
	{ "SUMMARY", tag_summary },
	{ "HEADER", tag_header },
	{ "LANGUAGES", tag_languages },
	{ "RELAYSTRUSTED", tag_relays_trusted },
	{ "RELAYSUNTRUSTED", tag_relays_untrusted },
	{ "RELAYSINTERNAL", tag_relays_internal },
	{ "RELAYSEXTERNAL", tag_relays_external },
};

/* What a tag stands for while nobody has told its value. */
static const struct {
	const char *name, *text;
} defaults[] = {
	{ "AUTOLEARNSCORE", "0" }, { "REMOTEHOSTNAME", "localhost" },
	{ "REMOTEHOSTADDR", "127.0.0.1" }, { "RULESVERSION", "" }, { "SUBJPREFIX", "" },
	{ "TOKENSUMMARY", "" }, { "BAYESTC", "" }, { "BAYESTCLEARNED", "" },
	{ "BAYESTCSPAMMY", "" }, { "BAYESTCHAMMY", "" }, { "HAMMYTOKENS", "" },
	{ "SPAMMYTOKENS", "" }, { "RBL", "" }, { "PYZOR", "" }, { "DCCB", "" }, { "DCCR", "" },
	{ "DCCREP", "" }, { "DKIMDOMAIN", "" }, { "DKIMIDENTITY", "" }, { "DKIMSELECTOR", "" },
	{ "AWL", "" }, { "AWLMEAN", "" }, { "AWLCOUNT", "" }, { "AWLPRESCORE", "" },
};

/* Length of the tag that `text` begins with, underscores included; 0 if it is none. */
static size_t tag_parse(struct str text, struct str *name, struct tag *t)
{
	size_t n = 1, end;
	ptrdiff_t close;

	while (n < text.n && ((text.p[n] >= 'A' && text.p[n] <= 'Z') || ascii_is_digit(text.p[n])))
		n++;
	*name = str_sub(text, 1, n - 1);
	t->has_argument = n < text.n && text.p[n] == '(';
	t->argument = STR_NONE;
	if (t->has_argument) {
		close = str_find(str_from(text, n), STR(")_"));
		if (close < 0)
			return 0;
		t->argument = str_sub(text, n + 1, (size_t)close - 1);
		return n + (size_t)close + 2;
	}
	end = n < text.n && text.p[n] == '_' ? n + 1 : 0;
	return name->n ? end : 0;
}

/* EXTRACTTEXTWORDS is what a plugin has added as header X-ExtractText-Words. */
static bool is_tag_of(struct str tag, struct str header)
{
	size_t n = 0;

	for (size_t i = strlen("X-"); i < header.n; i++) {
		if (header.p[i] == '-')
			continue;
		if (n == tag.n || ascii_lower(tag.p[n]) != ascii_lower(header.p[i]))
			return false;
		n++;
	}
	return n == tag.n;
}

static bool add_metadata(struct tag *t, struct str name)
{
	const struct spam_message *m = t->c->result->message;

	for (size_t i = 0; i < m->metadata.n; i++)
		if (is_tag_of(name, m->metadata.p[i].name)) {
			buf_add(t->b, m->metadata.p[i].value);
			return true;
		}
	return false;
}

static bool add_told(struct tag *t, struct str name)
{
	struct eval_run r = eval_run_of(t->c->result->check);
	struct spam_texts values;

	if (!tag_values(&r, name, &values))
		return false;
	for (size_t i = 0; i < values.n; i++) {
		if (i)
			buf_addc(t->b, ' ');
		buf_add(t->b, values.v[i]);
	}
	return true;
}

static bool add_default(struct tag *t, struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (str_eq(name, str_of(defaults[i].name))) {
			buf_addz(t->b, defaults[i].text);
			return true;
		}
	return false;
}

static bool tag_expand(struct tag *t, struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(tags); i++)
		if (str_eq(name, str_of(tags[i].name))) {
			tags[i].add(t);
			return true;
		}
	return add_metadata(t, name) || add_told(t, name) || add_default(t, name);
}

void markup_expand(struct buf *b, const struct spam_checked *c, struct str text)
{
	struct tag t = { .b = b, .c = c };
	struct str name;

	while (text.n) {
		ptrdiff_t at = str_chr(text, '_');
		size_t n;

		buf_add(b, at < 0 ? text : str_sub(text, 0, (size_t)at));
		if (at < 0)
			return;
		text = str_from(text, (size_t)at);
		n = tag_parse(text, &name, &t);
		if (n == 0 || !tag_expand(&t, name)) {
			buf_addc(b, '_');
			n = 1;
		}
		text = str_from(text, n);
	}
}
