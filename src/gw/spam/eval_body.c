#include <math.h>

#include "base/utf8.h"
#include "gw/spam/eval_body.h"
#include "gw/spam/eval_number.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/html_text.h"
#include "gw/spam/text.h"

enum {
	WORDS_MAX = 20000,     /* different ones of a part that are compared */
	VERTICAL_LINE_MIN = 6, /* octets of a line that can be written vertically */
};

struct body_facts {
	bool have_difference, have_vertical, have_plain, have_stock;
	struct plain_text plain;
	unsigned stock_labels;
	double difference; /* highest, percent of the HTML words */
	size_t html_words, text_words;
	int vertical; /* highest percentage of blanks; -1: no line was long enough */
};

static double argument(const struct eval_args *args, size_t i)
{
	return i < args->n ? eval_number(args->v[i]) : 0;
}

/* Letters and digits beyond ASCII, as opposed to marks and symbols. */
static bool is_wide_word(int32_t c)
{
	if (c < 0xc0)
		return c == 0xaa || c == 0xb5 || c == 0xba;
	return c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x2bff) &&
	       !(c >= 0x3000 && c <= 0x3004) && !(c >= 0x3008 && c <= 0x3020) &&
	       !(c >= 0xfe00 && c <= 0xfe6f) && c != 0xfeff && !(c >= 0xff00 && c <= 0xff0f);
}

static bool has_word_character(struct str s, bool wide)
{
	for (size_t i = 0; i < s.n; i++) {
		struct str rest = str_from(s, i);

		if (is_word(s.p[i]))
			return true;
		if (wide && (s.p[i] & 0xc0) == 0xc0 && is_wide_word(utf8_next(&rest)))
			return true;
	}
	return false;
}

static void add_word(struct arena *a, struct map *words, struct str word)
{
	unsigned *n = map_get(words, word);

	if (!n && words->n < WORDS_MAX) {
		n = NEW(a, unsigned);
		map_set(words, word, n);
	}
	if (n)
		(*n)++;
}

static void add_words(struct arena *a, struct map *words, const struct spam_text *t)
{
	size_t start = 0, i = 0;

	while (i <= t->s.n) {
		size_t space = i < t->s.n ? spam_space_at(str_from(t->s, i), t->wide) : 1;
		struct str word = str_sub(t->s, start, i - start);

		if (!space) {
			i++;
			continue;
		}
		if (word.n && has_word_character(word, t->wide))
			add_word(a, words, word);
		i += space;
		start = i;
	}
}

static bool has_image(const struct spam_html *h)
{
	for (size_t i = 0; h && i < h->inside.n; i++)
		if (str_eq(h->inside.p[i].name, STR("img")))
			return true;
	return false;
}

/* Words of the text and HTML parts below an alternative. */
static void collect(struct eval_run *r, struct spam_node *node, struct map *html, struct map *text)
{
	for (; node; node = node->next) {
		bool is_html = str_eq(node->part.effective, STR("text/html"));
		struct spam_text t;

		collect(r, node->child, html, text);
		if (!node->part.leaf || !str_starts(node->part.type, STR("text")) ||
		    !spam_node_text(r->m, node, SPAM_VIEW_ALL, &t))
			continue;
		add_words(r->a, is_html ? html : text, &t);
		/* An image alone is something too, and no text has it. */
		if (is_html && !html->n && has_image(node->html))
			add_word(r->a, html, STR("\n"));
	}
}

/* Words of one alternative that HTML has more often than text. */
static void compare_alternative(struct eval_run *r, struct body_facts *f, struct spam_node *node)
{
	struct map html, text;
	size_t left = 0;
	double difference;

	map_init(&html, r->a);
	map_init(&text, r->a);
	collect(r, node->child, &html, &text);
	if (!html.n)
		return;
	for (size_t i = 0; i < html.n; i++) {
		const unsigned *there = map_get(&text, html.entries[i].key);

		left += !there || *(const unsigned *)html.entries[i].value > *there;
	}
	f->html_words = html.n;
	f->text_words = text.n;
	difference = (double)left / (double)html.n * 100;
	if (difference > f->difference)
		f->difference = difference;
}

/* A meeting request: an HTML part and a calendar, which says something else. */
static bool is_meeting(struct spam_message *m)
{
	static const char *const types[] = { "multipart/alternative", "text/html",
					     "text/calendar" };

	if (m->parts.n != ARRAY_LEN(types))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (!str_eq(m->parts.p[i]->type, str_of(types[i])))
			return false;
	return true;
}

static const struct body_facts *difference(struct eval_run *r)
{
	struct body_facts *f = r->mail;

	if (f->have_difference)
		return f;
	f->have_difference = true;
	spam_body(r->m);
	for (size_t i = 0; !is_meeting(r->m) && i < r->m->parts.n; i++)
		if (str_eq(r->m->parts.p[i]->type, STR("multipart/alternative")))
			compare_alternative(r, f, (struct spam_node *)r->m->parts.p[i]);
	return f;
}

static unsigned multipart_alternative_difference(struct eval_run *r, const struct eval_args *args)
{
	double min = argument(args, 0), found = difference(r)->difference;

	return (min == 0 || found > min) && found <= argument(args, 1);
}

static unsigned multipart_alternative_difference_count(struct eval_run *r,
						       const struct eval_args *args)
{
	const struct body_facts *f = difference(r);

	return (double)f->html_words > argument(args, 1) &&
	       (double)f->text_words / (double)f->html_words > argument(args, 0);
}

static bool is_blank(struct str s)
{
	return str_trim(s).n == 0;
}

static unsigned check_blank_line_ratio(struct eval_run *r, const struct eval_args *args)
{
	struct spam_texts raw = spam_rawbody(r->m);
	double min = argument(args, 0), max = argument(args, 1), least = argument(args, 2);
	double ratio = -1;
	size_t lines = 0, blank = 0;

	for (size_t i = 0; i < raw.n; i++) {
		struct str rest = raw.v[i], line;

		while (str_line(&rest, &line)) {
			lines++;
			blank += is_blank(line);
		}
	}
	if (lines > 0 && (double)lines >= (least < 1 ? 1 : least))
		ratio = 100 * (double)blank / (double)lines;
	return (min == 0 || ratio > min) && ratio <= max;
}

/* Percentage of blanks to what is not: letters one below the other stand apart. */
static int vertical(struct str line)
{
	size_t blanks = 0, others;

	for (size_t i = 0; i < line.n; i++)
		blanks += line.p[i] == ' ';
	others = line.n - blanks;
	return blanks > others || !others ? 100 : (int)(100 * blanks / others);
}

static unsigned tvd_vertical_words(struct eval_run *r, const struct eval_args *args)
{
	struct spam_texts body = spam_body(r->m);
	struct body_facts *f = r->mail;
	double max = argument(args, 1);

	if (!f->have_vertical) {
		f->have_vertical = true;
		f->vertical = -1;
		for (size_t i = 0; i < body.n; i++)
			if (body.v[i].n >= VERTICAL_LINE_MIN && vertical(body.v[i]) > f->vertical)
				f->vertical = vertical(body.v[i]);
	}
	return f->vertical >= argument(args, 0) && (max >= 100 || f->vertical < max);
}

static unsigned check_body_length(struct eval_run *r, const struct eval_args *args)
{
	return (double)spam_body_size(r->m) <= argument(args, 0);
}

static unsigned check_stock_info(struct eval_run *r, const struct eval_args *args)
{
	struct body_facts *f = r->mail;

	if (!f->have_stock)
		f->stock_labels = plain_stock_labels(r->m);
	f->have_stock = true;
	return f->stock_labels >= argument(args, 0);
}

static const struct plain_text *plain(struct eval_run *r)
{
	struct body_facts *f = r->mail;

	if (!f->have_plain)
		plain_measure(r->m, &f->plain);
	f->have_plain = true;
	return &f->plain;
}

static bool in_bounds(const struct eval_args *args, double value)
{
	return value >= argument(args, 0) && (args->n < 2 || value <= argument(args, 1));
}

static unsigned plaintext_body_length(struct eval_run *r, const struct eval_args *args)
{
	return plain(r)->present && in_bounds(args, (double)plain(r)->body);
}

static unsigned plaintext_sig_length(struct eval_run *r, const struct eval_args *args)
{
	return plain(r)->present && in_bounds(args, (double)plain(r)->signature);
}

static unsigned plaintext_body_sig_ratio(struct eval_run *r, const struct eval_args *args)
{
	const struct plain_text *p = plain(r);

	return p->signature > 0 && in_bounds(args, (double)p->body / (double)p->signature);
}

static const struct eval evals[] = {
	{ .name = "multipart_alternative_difference", .call = multipart_alternative_difference },
	{ .name = "multipart_alternative_difference_count",
	  .call = multipart_alternative_difference_count },
	{ .name = "check_blank_line_ratio", .call = check_blank_line_ratio },
	{ .name = "tvd_vertical_words", .call = tvd_vertical_words },
	{ .name = "check_body_length", .call = check_body_length },
	{ .name = "check_stock_info", .call = check_stock_info },
	{ .name = "plaintext_body_length", .call = plaintext_body_length },
	{ .name = "plaintext_sig_length", .call = plaintext_sig_length },
	{ .name = "plaintext_body_sig_ratio", .call = plaintext_body_sig_ratio },
	{ 0 },
};

const struct eval_family eval_body = {
	.plugin = "BodyEval",
	.evals = evals,
	.mail_size = sizeof(struct body_facts),
};
