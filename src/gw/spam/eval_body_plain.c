/* What the functions of BodyEval that look at the first part of plain text want to know. */
#include "gw/spam/eval_body.h"

enum { LABEL_MIN = 3, LABEL_MAX = 30, LABELS_MAX = 100 };

static struct spam_node *first_plain(struct spam_message *m)
{
	for (size_t i = 0; i < m->parts.n; i++)
		if (m->parts.p[i]->leaf && str_eq(m->parts.p[i]->type, STR("text/plain")))
			return (struct spam_node *)m->parts.p[i];
	return NULL;
}

/* Length of the `--` or `-- ` that is all of the line at the front of `s`, 0 if it is not. */
static size_t sig_mark(struct str s)
{
	size_t n = str_starts(s, STR("-- ")) ? 3 : 2;

	if (!str_starts(s, STR("--")))
		return 0;
	if (n < s.n && s.p[n] == '\r')
		n++;
	return n < s.n && s.p[n] == '\n' ? n : 0;
}

/* A signature begins below the last such line that has something below it. */
void plain_measure(struct spam_message *m, struct plain_text *out)
{
	struct spam_node *node = first_plain(m);
	struct str s;

	*out = (struct plain_text){ .present = node != NULL };
	if (!node)
		return;
	s = spam_node_decoded(m, node);
	out->body = s.n;
	for (size_t at = 0; at < s.n;) {
		struct str rest = str_from(s, at);
		size_t mark = sig_mark(rest);
		ptrdiff_t end = str_chr(rest, '\n');

		if (mark && mark + 1 < rest.n) {
			out->body = at;
			out->signature = rest.n - mark;
		}
		at = end < 0 ? s.n : at + (size_t)end + 1;
	}
}

/*
 * Ends of the labels of a tip for shares, in small letters without blanks; `.` stands for a letter
 * that may be there.
 */
static const char *const stock_words[] = {
	"companyname",
	"company",
	"s.t.o.c.k",
	"s.y.m.b.o.l",
	"s.y.m",
	"target",
	"ticker",
	"openingprice",
	"openingp",
	"currentprice",
	"currentp",
	"projected",
	"position",
	"expectations",
	"weekshigh",
	"weekhigh",
	"marketperformance",
	"yeartarget",
	"weektarget",
	"monthtarget",
	"daytarget",
	"pricetarget",
	"yearestimate",
	"weekestimate",
	"monthestimate",
	"dayestimate",
	"priceestimate",
	"yearestimates",
	"weekestimates",
	"monthestimates",
	"dayestimates",
	"priceestimates",
	"sector",
	"recommendation",
	"rating",
};

static bool is_word_spelt(const char *word, struct str s)
{
	size_t i = 0;

	for (; *word; word++) {
		if (*word == '.') {
			/* Left out where the next letter follows at once. */
			i += i + 1 < s.n && s.p[i] != word[1];
		} else if (i < s.n && s.p[i] == *word) {
			i++;
		} else {
			return false;
		}
	}
	return i == s.n;
}

/* The longest end of `label` that is such a word. */
static struct str stock_word(struct str label)
{
	if (str_eq(label, STR("tradedate")) || str_eq(label, STR("tradingdate")))
		return label;
	for (; label.n; label = str_from(label, 1))
		for (size_t i = 0; i < ARRAY_LEN(stock_words); i++)
			if (is_word_spelt(stock_words[i], label))
				return label;
	return STR_NONE;
}

static struct str letters_of(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_alpha(s.p[i]))
			p[n++] = ascii_lower(s.p[i]);
	return (struct str){ p, n };
}

/* The label if the line at the front of `s` is `Label: value`; the value may be further below. */
static struct str label_of(struct str s)
{
	ptrdiff_t end = str_chr(s, '\n'), colon = str_chr(s, ':');
	struct str label;

	if (colon < 0 || !str_trim(str_from(s, (size_t)colon + 1)).n)
		return STR_NONE;
	/* Only white space may stand between label and colon, line ends included. */
	if (end >= 0 && end < colon && str_trim(str_sub(s, (size_t)end, (size_t)(colon - end))).n)
		return STR_NONE;
	label = str_trim(str_sub(s, 0, (size_t)colon));
	return label.n >= LABEL_MIN && label.n <= LABEL_MAX ? label : STR_NONE;
}

unsigned plain_stock_labels(struct spam_message *m)
{
	struct spam_node *node = first_plain(m);
	struct spam_text t;
	struct map found;

	if (!node || !spam_node_text(m, node, SPAM_VIEW_ALL, &t))
		return 0;
	map_init(&found, m->a);
	while (t.s.n && found.n < LABELS_MAX) {
		struct str label = label_of(t.s), word;
		ptrdiff_t end = str_chr(t.s, '\n');

		word = label.n ? stock_word(letters_of(m->a, label)) : STR_NONE;
		if (word.n)
			map_set(&found, word, node);
		t.s = end < 0 ? STR_NONE : str_from(t.s, (size_t)end + 1);
	}
	return (unsigned)found.n;
}
