/*
 * Encoded words (RFC 2047) as mail clients read them: also inside quoted strings, glued to other
 * text, with blanks or folds in them, with a language, or with a character split between two words
 * of the same charset.
 */
#include "base/enc.h"
#include "lib/charset/charset.h"
#include "lib/mime/mime_int.h"

enum { WORD_HEAD_MAX = 3 * CHARSET_NAME_MAX };

struct word {
	struct str charset, text;
	bool base64;
};

/* A decoding under way: words of one charset are collected and converted together. */
struct decoder {
	struct arena *a;
	struct buf out;
	struct buf bytes; /* of words not yet converted */
	struct str charset;
	unsigned words;
};

static bool needs_unfolding(struct str s)
{
	return s.n && (memchr(s.p, '\n', s.n) || memchr(s.p, '\r', s.n));
}

struct str mime_unfold(struct arena *a, struct str value)
{
	char *to;
	size_t i, n = 0;

	if (!needs_unfolding(value))
		return value;
	to = arena_alloc(a, value.n);
	for (i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\n' || (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n'))
			continue;
		to[n++] = c == '\r' ? ' ' : c;
	}
	return (struct str){ to, n };
}

/*
 * Takes "?charset*language?e?" from *s, which begins behind "=". A head that goes on for longer
 * than any charset name is none, so that many of them do not cost more than their length.
 */
static bool take_word_head(struct str *s, struct word *w)
{
	struct str rest = str_from(*s, 1), head = str_sub(rest, 0, WORD_HEAD_MAX), charset;
	ptrdiff_t end = str_chr(head, '?');
	char encoding;

	if (end < 1 || rest.n < (size_t)end + 3 || rest.p[end + 2] != '?')
		return false;
	charset = str_sub(rest, 0, (size_t)end);
	for (size_t i = 0; i < charset.n; i++)
		if (ascii_is_blank(charset.p[i]) || charset.p[i] == '=')
			return false;
	encoding = ascii_lower(rest.p[end + 1]);
	if (encoding != 'b' && encoding != 'q')
		return false;
	w->charset = str_cut(&charset, '*');
	w->base64 = encoding == 'b';
	*s = str_from(rest, (size_t)end + 3);
	return true;
}

/*
 * Takes the text and "?=". Another "=?" before the end means that this word has none; the bytes
 * looked at until then are not looked at again.
 */
static bool take_word_text(struct str *s, struct word *w)
{
	for (size_t i = 0; i + 1 < s->n; i++) {
		if (s->p[i] == '?' && s->p[i + 1] == '=') {
			w->text = str_sub(*s, 0, i);
			*s = str_from(*s, i + 2);
			return true;
		}
		if (s->p[i] == '=' && s->p[i + 1] == '?' && !(i + 2 < s->n && s->p[i + 2] == '='))
			return false;
	}
	return false;
}

static void decode_q(struct buf *to, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		int hi = i + 2 < text.n ? enc_hex_digit(text.p[i + 1]) : -1;
		int lo = i + 2 < text.n ? enc_hex_digit(text.p[i + 2]) : -1;

		if (text.p[i] == '=' && hi >= 0 && lo >= 0) {
			buf_addc(to, (char)(hi << 4 | lo));
			i += 2;
		} else if (text.p[i] != '\r' && text.p[i] != '\n') {
			buf_addc(to, text.p[i] == '_' ? ' ' : text.p[i]);
		}
	}
}

static void decode_b(struct buf *to, struct str text)
{
	while (text.n) {
		char *room = buf_room(to, text.n + ENC_READ_MIN);

		if (!room)
			return;
		to->n += enc_base64_read(&text, room, text.n + ENC_READ_MIN);
	}
}

static void flush_words(struct decoder *d)
{
	if (d->bytes.n)
		buf_add(&d->out,
			charset_to_utf8(d->a, d->charset, buf_str(&d->bytes), d->bytes.n * 4));
	d->bytes.n = 0;
}

static void add_word(struct decoder *d, const struct word *w)
{
	if (!str_ieq(d->charset, w->charset))
		flush_words(d);
	d->charset = w->charset;
	if (w->base64)
		decode_b(&d->bytes, w->text);
	else
		decode_q(&d->bytes, w->text);
	d->words++;
}

static void add_literal(struct decoder *d, struct str s)
{
	flush_words(d);
	s = mime_unfold(d->a, s);
	buf_add(&d->out, charset_to_utf8(d->a, STR(""), s, s.n * 4));
}

/* Blanks between two words are not part of the text (RFC 2047, 6.2). */
static bool is_joint(const struct decoder *d, struct str literal, bool after_word)
{
	return d->words > 0 && after_word && !str_trim(literal).n;
}

static struct str decode(struct arena *a, struct str value)
{
	struct decoder d = { .a = a };
	struct str rest = value, literal = { value.p, 0 };
	bool after_word = false;
	ptrdiff_t at;

	buf_init(&d.out, a, SIZE_MAX);
	buf_init(&d.bytes, a, SIZE_MAX);
	while (d.words < MIME_WORDS_MAX && (at = str_find(rest, STR("=?"))) >= 0) {
		struct str after = str_from(rest, (size_t)at + 1);
		struct word w;

		literal.n = (size_t)(rest.p + at - literal.p);
		rest = str_from(rest, (size_t)at + 2);
		if (!take_word_head(&after, &w) || !take_word_text(&after, &w))
			continue;
		if (!is_joint(&d, literal, after_word))
			add_literal(&d, literal);
		add_word(&d, &w);
		after_word = true;
		rest = after;
		literal = (struct str){ rest.p, 0 };
	}
	add_literal(&d, (struct str){ literal.p, (size_t)(value.p + value.n - literal.p) });
	return buf_str(&d.out);
}

struct str mime_text_decode(struct arena *a, struct str value)
{
	if (value.n && str_find(value, STR("=?")) >= 0)
		return str_trim(decode(a, value));
	value = mime_unfold(a, value);
	return str_trim(charset_to_utf8(a, STR(""), value, value.n * 4));
}

struct str mime_header_text(struct arena *a, const struct mime_header *h)
{
	return mime_text_decode(a, h->value);
}
