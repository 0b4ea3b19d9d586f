#include "gw/spam/textcat.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/vec.h"
#include "lib/re/re.h"

enum {
	GRAM_MAX = 5,   /* octets */
	WORD_LOWER = 4, /* letters in a row; other words keep their capitals */
};

/* URLs and addresses say nothing about the language of the text around them. */
enum { LINK_URL, LINK_ADDRESS, LINK_WWW, LINKS };

static const char *const link_patterns[LINKS] = {
	[LINK_URL] = "https?(?:://|:&#x2F;&#x2F;|%3A%2F%2F)\\S{1,1024}",
	[LINK_ADDRESS] = "\\S{1,64}?@[a-zA-Z]\\S{1,128}",
	[LINK_WWW] = "\\bwww\\.\\S{1,128}",
};

/* "Re: ", "Fwd: " and what other languages make of them. */
static const char subject_prefix[] = "(?i)^(?:[a-z]{2,12}:\\s*){1,10}";

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
	struct re *links[LINKS], *subject_prefix;
};

static int compile_patterns(struct arena *a, struct textcat *t, struct err *e)
{
	for (size_t i = 0; i < LINKS; i++)
		if (re_compile_perl(a, str_of(link_patterns[i]), 0, &t->links[i], e) < 0)
			return -1;
	return re_compile_perl(a, str_of(subject_prefix), 0, &t->subject_prefix, e);
}

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
	return compile_patterns(a, t, e);
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

/* The language of a profile: what is in Chinese is in it in any charset. */
static struct str plain_name(struct str name)
{
	return str_cut(&name, '.');
}

bool textcat_listed(struct str list, struct str language)
{
	struct str word;

	while (str_word(&list, &word))
		if (str_eq(word, language))
			return true;
	return false;
}

static bool is_letter(char c)
{
	return !ascii_is_digit(c) && !ascii_is_blank(c) &&
	       !(c && strchr("-!\"#$%&()*+,./:;<=>?@[\\]^_`{|}~", c));
}

static struct str replace_all(struct arena *a, const struct re *re, struct str s)
{
	struct re_caps caps;
	struct re_walk walk = { .caps = &caps };
	struct buf b;
	size_t at = 0;

	buf_init(&b, a, s.n);
	while (re_next(re, s, &walk) == RE_MATCH) {
		buf_add(&b, str_sub(s, at, caps.group[0].from - at));
		buf_addc(&b, ' ');
		at = caps.group[0].to;
	}
	buf_add(&b, str_from(s, at));
	return buf_str(&b);
}

/* The text without what is no language; ends early. */
static struct str plain_text(struct arena *a, const struct textcat *t, struct spam_texts lines)
{
	struct re_caps prefix;
	struct buf b;
	struct str s;

	buf_init(&b, a, TEXTCAT_INPUT_MAX + SPAM_LINE_MAX + 1);
	for (size_t i = 0; i < lines.n && b.n < TEXTCAT_INPUT_MAX; i++) {
		if (i)
			buf_addc(&b, '\n');
		buf_add(&b, str_sub(lines.v[i], 0, SPAM_LINE_MAX));
	}
	s = buf_str(&b);
	if (re_search(t->subject_prefix, s, 0, &prefix) == RE_MATCH)
		s = str_from(s, prefix.group[0].to);
	for (size_t i = 0; i < LINKS; i++)
		s = replace_all(a, t->links[i], s);
	return str_sub(s, 0, TEXTCAT_TEXT_MAX);
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

static bool is_latin_upper(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
}

static bool is_latin_letter(unsigned char c)
{
	return ascii_is_alpha((char)c) || (c >= 0xc0 && c != 0xd7 && c != 0xf7 && c != 0xff);
}

/* A word with a capital loses all of them if it has letters enough in a row. */
static bool is_lowered(struct str word)
{
	bool capital = false, enough = false;
	int run = 0;

	for (size_t i = 0; i < word.n; i++) {
		capital |= word.p[i] >= 'A' && word.p[i] <= 'Z';
		run = is_latin_letter((unsigned char)word.p[i]) ? run + 1 : 0;
		enough |= run == WORD_LOWER;
	}
	return capital && enough;
}

/* The word stands between two NULs, which count too. */
static void count_word(struct counts *c, struct str word)
{
	char p[TEXTCAT_TEXT_MAX + 2];
	size_t n = word.n + 2;
	bool lower = is_lowered(word);

	p[0] = p[n - 1] = '\0';
	for (size_t i = 0; i < word.n; i++)
		p[i + 1] = lower && is_latin_upper((unsigned char)word.p[i])
				   ? (char)((unsigned char)word.p[i] | 0x20)
				   : word.p[i];
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

/* How far the text is from each profile; a sequence that is missing there is as far as can be. */
static void distances(const struct textcat *t, const struct textcat_options *o,
		      const struct count *grams, size_t n, long *out)
{
	long missing = (long)o->max_ranks;

	for (size_t i = 0; i < t->n; i++)
		out[i] = (long)n * missing;
	for (size_t i = 0; i < n; i++) {
		struct rank wanted = { .gram = grams[i].gram };
		const struct rank *r = bsearch(&wanted, t->ranks, t->n_ranks, sizeof(*r), by_gram);

		while (r && r > t->ranks && r[-1].gram == wanted.gram)
			r--;
		for (; r && r < t->ranks + t->n_ranks && r->gram == wanted.gram; r++)
			out[r->language] += labs((long)r->rank - (long)i) - missing;
	}
}

struct guess {
	long distance;
	struct str language;
};

static int by_distance(const void *x, const void *y)
{
	const struct guess *a = x, *b = y;

	if (a->distance != b->distance)
		return a->distance < b->distance ? -1 : 1;
	return str_cmp(a->language, b->language);
}

/* Profiles of a language in UTF-8 and in another charset are one candidate: the better one. */
static void add_candidate(struct guess *guesses, size_t *n, struct guess g)
{
	if (str_find(g.language, STR(".utf8")) > 0)
		g.language = plain_name(g.language);
	for (size_t i = 0; i < *n; i++)
		if (str_eq(guesses[i].language, g.language)) {
			if (guesses[i].distance > g.distance)
				guesses[i].distance = g.distance;
			return;
		}
	guesses[(*n)++] = g;
}

static size_t candidates(const struct textcat *t, const struct textcat_options *o,
			 const long *distance, struct guess *out)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct str name = plain_name(t->names[i]);

		if (!textcat_listed(o->inactive, name) || textcat_listed(o->wanted, name))
			add_candidate(out, &n, (struct guess){ distance[i], t->names[i] });
	}
	qsort(out, n, sizeof(*out), by_distance);
	return n;
}

void textcat_guess(struct arena *a, const struct textcat *t, const struct textcat_options *o,
		   struct spam_texts lines, struct textcat_guesses *out)
{
	long distance[TEXTCAT_PROFILES_MAX];
	struct guess guesses[TEXTCAT_PROFILES_MAX];
	struct str text = plain_text(a, t, lines);
	const struct count *grams;
	size_t n, good = 1;

	*out = (struct textcat_guesses){ .octets = text.n };
	if (text.n < TEXTCAT_TEXT_MIN)
		return;
	grams = ranked(a, text, o, &n);
	distances(t, o, grams, n, distance);
	n = candidates(t, o, distance, guesses);
	while (good < n &&
	       (double)guesses[good].distance < (double)guesses[0].distance * o->acceptable)
		good++;
	if (n == 0 || good > o->max_guesses || good > TEXTCAT_GUESSES_MAX)
		return;
	out->n = good;
	for (size_t i = 0; i < good; i++)
		out->v[i] = guesses[i].language;
}
