/* A line of text as tokens. */
#include "gw/spam/bayes_int.h"
#include "lib/re/re.h"

enum {
	TOKEN_MIN = 3,    /* octets */
	TOKEN_MAX = 8192, /* no line is longer (SPAM_URI_MAX, SPAM_HEADER_VALUE_MAX) */
	PREFIX_MAX = SPAM_HEADER_NAME_MAX + 8,
	CUT_CHARS = 7, /* characters that are kept of a long word */
	DOTS_MIN = 3,
	DASHES_MIN = 2,
	RUN_MAX = 6,
};

/* A line while it is taken apart. */
struct line {
	struct bayes_collector *bc;
	const struct bayes_style *style;
	struct str prefix;
	size_t *left;
};

static bool is_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_kept(char c)
{
	return is_word(c) || (c && strchr(",@*!'\"$.-", c));
}

/* Octets of the character at the front of `s`, judged by its bit patterns alone. */
static size_t char_length(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0xc0 || c > 0xf4 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (n > s.n)
		return 1;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

/* Copies words and what may stand in them; the rest becomes blanks, single octets 80 to 9F too. */
static void copy_kept(struct str text, char *p)
{
	size_t n;

	for (size_t i = 0; i < text.n; i += n) {
		unsigned char c = (unsigned char)text.p[i];

		n = char_length(str_from(text, i));
		if (n > 1)
			memcpy(p + i, text.p + i, n);
		else
			p[i] = c >= 0xa0 || is_kept(text.p[i]) ? text.p[i] : ' ';
	}
}

/*
 * "wait...What" is two words, and two sentences; so are those beside `least` to RUN_MAX dashes, in
 * one sentence.
 */
static void split_runs(char *p, size_t n, char mark, size_t least)
{
	size_t i = 0;

	while (i + 1 < n) {
		size_t k = i + 1;

		while (k < n && p[k] == mark)
			k++;
		if (is_word(p[i]) && k - i - 1 >= least && k - i - 1 <= RUN_MAX && k < n &&
		    is_word(p[k])) {
			memset(p + i + 1, ' ', k - i - 1);
			if (mark == '.')
				p[k - 2] = mark;
			i = k + 1;
		} else {
			i++;
		}
	}
}

/*
 * Where the sentence whose capital is at `at` ends: after the last blank before the next capital,
 * 0 if there is none.
 */
static size_t sentence_end(const char *p, size_t n, size_t at)
{
	size_t end = at + 1;

	while (end < n && !is_capital(p[end]))
		end++;
	if (end == n)
		return end > at + 1 ? n : 0;
	while (end > at + 2 && p[end - 1] != ' ')
		end--;
	return end > at + 2 ? end : 0;
}

/* The next capital that starts a sentence at or after `from`; n if there is none. */
static size_t sentence_start(const char *p, size_t n, size_t from)
{
	if (from == 0 && n && is_capital(p[0]))
		return 0;
	for (size_t i = from; i < n; i++) {
		size_t at = i + 1;

		if (p[i] != '.')
			continue;
		while (at < n && p[at] == ' ')
			at++;
		if (at > i + 1 && at < n && is_capital(p[at]))
			return at;
	}
	return n;
}

/* Exactly as far as SpamAssassin does: the end of one sentence does not start the next. */
static void lower_sentences(char *p, size_t n)
{
	size_t at, end, from = 0;

	while ((at = sentence_start(p, n, from)) < n) {
		end = sentence_end(p, n, at);
		if (end)
			p[at] = ascii_lower(p[at]);
		from = end ? end : at + 1;
	}
}

static void put(struct line *l, struct str prefix, const char *mark, struct str text)
{
	char room[PREFIX_MAX + TOKEN_MAX + 8];
	size_t mark_n = strlen(mark), n = prefix.n + mark_n + text.n;

	if (*l->left == 0 || n > sizeof(room))
		return;
	--*l->left;
	if (prefix.n)
		memcpy(room, prefix.p, prefix.n);
	memcpy(room + prefix.n, mark, mark_n);
	memcpy(room + prefix.n + mark_n, text.p, text.n);
	map_set(l->bc->out, (struct str){ room, n }, l->bc->out);
}

static void add(struct line *l, const char *mark, struct str text)
{
	put(l, l->prefix, mark, text);
}

/* `text` in small letters, if it has others. */
static void add_lower(struct line *l, const char *mark, struct str text)
{
	char room[TOKEN_MAX];
	bool differs = false;

	for (size_t i = 0; i < text.n; i++) {
		room[i] = ascii_lower(text.p[i]);
		differs |= room[i] != text.p[i];
	}
	if (differs)
		add(l, mark, (struct str){ room, text.n });
}

/* The word as it is, and what it shares with other ways of writing it. */
static void add_variants(struct line *l, const char *mark, struct str text)
{
	char room[TOKEN_MAX];
	struct str plain = { room, 0 };

	add(l, mark, text);
	if (!l->style->variants)
		return;
	add_lower(l, mark, text);
	for (size_t i = 0; i < text.n; i++)
		if (is_word(text.p[i]) || text.p[i] == '*')
			room[plain.n++] = text.p[i];
	if (plain.n == text.n || plain.n + strlen(mark) + l->prefix.n == 0)
		return;
	add(l, mark, plain);
	add_lower(l, mark, plain);
}

/* A domain and each of those above it. */
static void add_domains(struct line *l, const char *mark, struct str domain)
{
	ptrdiff_t dot;

	put(l, STR_NONE, mark, domain);
	while ((dot = str_chr(domain, '.')) > 0 && (size_t)dot + 1 < domain.n) {
		domain = str_from(domain, (size_t)dot + 1);
		put(l, STR_NONE, mark, domain);
	}
}

static bool has_dotted_letter(struct str s)
{
	for (size_t i = 1; i + 1 < s.n; i++)
		if (s.p[i] == '.' && ascii_is_alpha(s.p[i + 1]))
			return true;
	return false;
}

/* These are the same wherever they stand. */
static void add_address(struct line *l, struct str word)
{
	ptrdiff_t at = str_rchr(str_sub(word, 0, word.n - 1), '@');

	if (at > 0) {
		put(l, STR_NONE, "U*", str_sub(word, 0, (size_t)at));
		add_domains(l, "D*", str_from(word, (size_t)at + 1));
	} else if (has_dotted_letter(word)) {
		add_domains(l, "UD:", word);
	}
}

/* Each character of three or four octets: in such scripts blanks do not part words. */
static bool add_characters(struct line *l, struct str word)
{
	bool any = false;

	while (word.n) {
		size_t n = char_length(word);

		if (n >= 3) {
			add(l, "u8:", str_sub(word, 0, n));
			any = true;
		}
		word = str_from(word, n);
	}
	return any;
}

static void add_cut(struct line *l, struct str word)
{
	size_t n = 0;

	for (int i = 0; i < CUT_CHARS && n < word.n; i++)
		n += char_length(str_from(word, n));
	add_variants(l, "sk:", str_sub(word, 0, n));
}

static bool is_stopword(const struct bayes_conf *c, struct str word)
{
	for (size_t i = 0; i < c->n_stopwords; i++)
		if (re_match(c->stopwords[i].re, word) == RE_MATCH)
			return true;
	return false;
}

static struct str trimmed(struct str word)
{
	static const char marks[] = "-'\".,";

	while (word.n && strchr(marks, word.p[0]))
		word = str_from(word, 1);
	while (word.n && strchr(marks, word.p[word.n - 1]))
		word.n--;
	return word;
}

static void add_word(struct line *l, struct str word)
{
	const struct bayes_conf *c = l->bc->c;

	word = trimmed(word);
	if (word.n < TOKEN_MIN || word.n > TOKEN_MAX || is_stopword(c, word))
		return;
	if (l->style->addresses)
		add_address(l, word);
	if (word.n <= c->token_max || str_chr(word, '*') >= 0) {
		add_variants(l, "", word);
		return;
	}
	if (add_characters(l, word))
		return;
	if (l->style->whole)
		add_variants(l, "", word);
	else
		add_cut(l, word);
}

void bayes_line(struct bayes_collector *bc, struct str text, const struct bayes_style *style,
		struct str prefix, size_t *left)
{
	struct line l = { bc, style, prefix, left };
	struct str rest, word;
	char *p;

	if (text.n > bc->scratch_cap) {
		bc->scratch_cap = text.n * 2;
		bc->scratch = arena_alloc(bc->a, bc->scratch_cap);
	}
	p = bc->scratch;
	copy_kept(text, p);
	split_runs(p, text.n, '.', DOTS_MIN);
	split_runs(p, text.n, '-', DASHES_MIN);
	if (style->sentences)
		lower_sentences(p, text.n);
	rest = (struct str){ p, text.n };
	while (*left && str_word(&rest, &word))
		add_word(&l, word);
}
