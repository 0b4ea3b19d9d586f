#include "gw/spam/textcat.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/vec.h"

enum {
	GRAM_MAX = 5,   /* octets */
	WORD_LOWER = 4, /* shorter words keep their capitals */
	MISSING = 400,  /* distance of a sequence that a profile does not have */
};

/* A sequence as a number that sorts as its octets do: they come first, then how many there are. */
struct rank {
	uint64_t gram;
	uint16_t language, rank; /* rank from 1 */
};

struct textcat {
	struct str names[TEXTCAT_PROFILES_MAX];
	size_t n;
	struct rank *ranks; /* by gram */
	size_t n_ranks;
};

static uint64_t gram_of(const char *p, size_t n)
{
	uint64_t gram = 0;

	for (size_t i = 0; i < GRAM_MAX; i++)
		gram = gram << 8 | (i < n ? (unsigned char)p[i] : 0);
	return gram << 8 | n;
}

static int by_gram(const void *x, const void *y)
{
	const struct rank *a = x, *b = y;

	return a->gram < b->gram ? -1 : a->gram > b->gram;
}

/* Lines of sequences in order of their rank, and then `0 name`. */
int textcat_parse(struct arena *a, struct str text, struct textcat **out, struct err *e)
{
	struct textcat *t = NEW(a, struct textcat);
	VEC(struct rank) ranks = { 0 };
	uint16_t rank = 0;

	while (text.n) {
		struct str line = str_cut(&text, '\n');

		if (str_starts(line, STR("0 "))) {
			if (t->n == TEXTCAT_PROFILES_MAX)
				return err_set(e, ERR_LIMIT, "more than %d languages",
					       TEXTCAT_PROFILES_MAX);
			t->names[t->n++] = str_copy(a, str_from(line, 2));
			rank = 0;
		} else if (++rank <= TEXTCAT_RANKS_MAX && line.n && line.n <= GRAM_MAX) {
			vec_add(a, &ranks,
				((struct rank){ gram_of(line.p, line.n), (uint16_t)t->n, rank }));
		}
	}
	while (ranks.n && ranks.p[ranks.n - 1].language == t->n)
		ranks.n--; /* of a profile without a name */
	if (t->n == 0 || ranks.n == 0)
		return err_set(e, ERR_INVALID, "there are no languages in it");
	qsort(ranks.p, ranks.n, sizeof(*ranks.p), by_gram);
	t->ranks = ranks.p;
	t->n_ranks = ranks.n;
	*out = t;
	return 0;
}

int textcat_load(struct arena *a, const char *path, struct textcat **out, struct err *e)
{
	struct str text;

	if (file_read(a, path, TEXTCAT_FILE_MAX, &text, e) < 0)
		return -1;
	return textcat_parse(a, text, out, e) < 0 ? err_wrap(e, "%s", path) : 0;
}

void textcat_options_init(struct textcat_options *o)
{
	*o = (struct textcat_options){
		.inactive = STR("bs cy eo et eu fy ga gd is la lt lv rm sa sco sl yi"),
		.max_guesses = 3,
		.max_ranks = TEXTCAT_RANKS_MAX,
		.acceptable = 1.02,
	};
}

bool textcat_listed(struct str list, struct str language)
{
	struct str rest = language, plain = str_cut(&rest, '.'), word;

	while (str_word(&list, &word))
		if (str_eq(word, language) || str_eq(word, plain))
			return true;
	return false;
}

static bool is_letter(char c)
{
	return ascii_is_alpha(c) || c == '\'' || (unsigned char)c >= 0x80;
}

/* A URL or an address says nothing about the language of the text around it. */
static bool is_link(struct str word)
{
	ptrdiff_t at = str_chr(word, '@');

	return (at > 0 && (size_t)at + 1 < word.n) || str_find(word, STR("http://")) >= 0 ||
	       str_find(word, STR("https://")) >= 0 || str_find(word, STR("www.")) >= 0;
}

/* The text without links; ends early. */
static struct str plain_text(struct arena *a, struct spam_texts lines)
{
	struct buf b;

	buf_init(&b, a, TEXTCAT_TEXT_MAX + SPAM_LINE_MAX + 1);
	for (size_t i = 0; i < lines.n && b.n < TEXTCAT_TEXT_MAX; i++) {
		struct str rest = lines.v[i], word;

		while (b.n < TEXTCAT_TEXT_MAX && str_word(&rest, &word)) {
			if (!is_link(word))
				buf_add(&b, str_sub(word, 0, SPAM_LINE_MAX));
			buf_addc(&b, ' ');
		}
	}
	return str_sub(buf_str(&b), 0, TEXTCAT_TEXT_MAX);
}

struct count {
	uint64_t gram; /* 0: free */
	uint32_t n;
};

/* An open hash table with room for every sequence of a text. */
struct counts {
	struct count *slots;
	size_t size, used;
};

static void count_gram(struct counts *c, uint64_t gram)
{
	size_t i = (gram * 0x9e3779b97f4a7c15u >> 40) & (c->size - 1);

	while (c->slots[i].gram && c->slots[i].gram != gram)
		i = (i + 1) & (c->size - 1);
	c->used += c->slots[i].gram == 0;
	c->slots[i].gram = gram;
	c->slots[i].n++;
}

/* The word stands between two NULs, which count too. */
static void count_word(struct counts *c, struct str word)
{
	char p[TEXTCAT_TEXT_MAX + 2];
	size_t n = word.n + 2;

	p[0] = p[n - 1] = '\0';
	for (size_t i = 0; i < word.n; i++)
		p[i + 1] = word.n < WORD_LOWER ? word.p[i] : ascii_lower(word.p[i]);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 1; k <= GRAM_MAX && i + k <= n; k++)
			count_gram(c, gram_of(p + i, k));
}

static int by_frequency(const void *x, const void *y)
{
	const struct count *a = x, *b = y;

	if (a->n != b->n)
		return a->n > b->n ? -1 : 1;
	return a->gram < b->gram ? -1 : a->gram > b->gram;
}

/* The sequences of the text, most frequent first: *n of them. */
static const struct count *ranked(struct arena *a, struct str text, const struct textcat_options *o,
				  size_t *n)
{
	struct counts c = { .size = 1 };
	size_t kept = 0;

	while (c.size < 2 * GRAM_MAX * (text.n + 2))
		c.size *= 2;
	c.slots = NEW_N(a, struct count, c.size);
	for (size_t i = 0, end; i < text.n; i = end) {
		end = i;
		while (end < text.n && is_letter(text.p[end]))
			end++;
		if (end > i)
			count_word(&c, str_sub(text, i, end - i));
		else
			end++;
	}
	for (size_t i = 0; i < c.size; i++)
		if (c.slots[i].gram && c.slots[i].n > o->rare)
			c.slots[kept++] = c.slots[i];
	qsort(c.slots, kept, sizeof(*c.slots), by_frequency);
	*n = kept < o->max_ranks ? kept : o->max_ranks;
	return c.slots;
}

/* How far the text is from each profile. */
static void distances(const struct textcat *t, const struct count *grams, size_t n, long *out)
{
	for (size_t i = 0; i < t->n; i++)
		out[i] = (long)n * MISSING;
	for (size_t i = 0; i < n; i++) {
		struct rank wanted = { .gram = grams[i].gram };
		const struct rank *r = bsearch(&wanted, t->ranks, t->n_ranks, sizeof(*r), by_gram);

		while (r && r > t->ranks && r[-1].gram == wanted.gram)
			r--;
		for (; r && r < t->ranks + t->n_ranks && r->gram == wanted.gram; r++)
			out[r->language] += labs((long)r->rank - (long)i) - MISSING;
	}
}

struct guess {
	long distance;
	size_t language;
};

static int by_distance(const void *x, const void *y)
{
	const struct guess *a = x, *b = y;

	if (a->distance != b->distance)
		return a->distance < b->distance ? -1 : 1;
	return a->language < b->language ? -1 : a->language > b->language;
}

size_t textcat_guess(struct arena *a, const struct textcat *t, const struct textcat_options *o,
		     struct spam_texts lines, struct str *out)
{
	long distance[TEXTCAT_PROFILES_MAX];
	struct guess guesses[TEXTCAT_PROFILES_MAX];
	struct str text = plain_text(a, lines);
	const struct count *grams;
	size_t n, candidates = 0, good = 0;

	if (text.n < TEXTCAT_TEXT_MIN)
		return 0;
	grams = ranked(a, text, o, &n);
	distances(t, grams, n, distance);
	for (size_t i = 0; i < t->n; i++)
		if (!textcat_listed(o->inactive, t->names[i]) ||
		    textcat_listed(o->wanted, t->names[i]))
			guesses[candidates++] = (struct guess){ distance[i], i };
	qsort(guesses, candidates, sizeof(*guesses), by_distance);
	while (good < candidates &&
	       (double)guesses[good].distance < (double)guesses[0].distance * o->acceptable)
		good++;
	if (good == 0 || good > o->max_guesses || good > TEXTCAT_GUESSES_MAX)
		return 0;
	for (size_t i = 0; i < good; i++)
		out[i] = t->names[guesses[i].language];
	return good;
}
