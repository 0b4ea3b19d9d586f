#include <openssl/evp.h>

#include "base/buf.h"
#include "base/enc.h"
#include "base/utf8.h"
#include "lib/charset/charset.h"
#include "lib/html/html.h"
#include "lib/pyzor/pyzor.h"

enum {
	WORD_MAX = 9, /* characters; what is longer may be different in each copy */
	LINE_MIN = 8,
	WHOLE_MAX = 4, /* lines: a text of no more is taken as a whole */
	PIECE = 3,     /* else so many lines each, from 20 and 60 percent on */
};

/* White space and line ends, as Unicode has them. */
static bool is_space(int32_t c)
{
	return (c >= 9 && c <= 13) || (c >= 0x1c && c <= ' ') || c == 0x85 || c == 0xa0 ||
	       c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	       c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool is_line_end(int32_t c)
{
	return (c >= 10 && c <= 13) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 ||
	       c == 0x2029;
}

static size_t characters(struct str s)
{
	size_t n = 0;

	for (; s.n; n++)
		utf8_next(&s);
	return n;
}

/* What of a word counts: no address, and nothing from where a URI begins. */
static struct str kept(struct str word)
{
	if (characters(word) > WORD_MAX)
		return STR("");
	for (size_t i = 1; i + 1 < word.n; i++)
		if (word.p[i] == '@')
			return STR("");
	for (size_t i = 1; i + 1 < word.n; i++) {
		size_t from = i;

		if (word.p[i] != ':' || !ascii_is_alpha(word.p[i - 1]))
			continue;
		while (from > 0 && ascii_is_alpha(word.p[from - 1]))
			from--;
		return str_sub(word, 0, from);
	}
	return word;
}

static void line_end(struct pyzor_text *t, struct buf *line)
{
	struct str s = buf_str(line);

	if (characters(s) >= LINE_MIN && t->lines.n < PYZOR_LINES_MAX)
		vec_add(t->a, &t->lines, str_copy(t->a, s));
	line->n = 0;
}

static void add_text(struct pyzor_text *t, struct str text)
{
	struct str rest = text, word = { text.p, 0 };
	struct buf line;

	buf_init(&line, t->a, text.n + 1);
	while (rest.n) {
		const char *at = rest.p;
		int32_t c = utf8_next(&rest);

		if (!is_space(c)) {
			word.n = (size_t)(rest.p - word.p);
			continue;
		}
		word.n = (size_t)(at - word.p);
		buf_add(&line, kept(word));
		word = (struct str){ rest.p, 0 };
		if (is_line_end(c))
			line_end(t, &line);
	}
	buf_add(&line, kept(word));
	line_end(t, &line);
}

/* Only what is ASCII, only what is UTF-8. */
static struct str valid_only(struct arena *a, struct str text, bool ascii)
{
	struct buf b;

	buf_init(&b, a, text.n + 1);
	while (text.n) {
		const char *at = text.p;
		int32_t c = utf8_next(&text);

		if (c >= 0 && c != UTF8_REPLACEMENT && (c < 0x80 || !ascii))
			buf_add(&b, (struct str){ at, (size_t)(text.p - at) });
	}
	return buf_str(&b);
}

static struct str decoded(struct arena *a, struct str text, struct str charset)
{
	bool ascii = charset.n == 0 || str_ieq(charset, STR("us-ascii")) ||
		     str_ieq(charset, STR("ascii"));
	struct str out;

	if (ascii)
		return valid_only(a, text, true);
	if (str_ieq(charset, STR("utf-8")) || str_ieq(charset, STR("utf8")))
		return valid_only(a, text, false);
	if (charset.n > CHARSET_NAME_MAX ||
	    !charset_decode(a, str_z(a, charset), text, false, &out))
		return valid_only(a, text, true);
	return valid_only(a, out, false);
}

/* The text between two tags, and all of them with a blank between. */
struct strip {
	struct buf all, piece;
	bool hidden; /* in a script or a style sheet */
};

static void piece_end(struct strip *s)
{
	struct str piece = str_trim(buf_str(&s->piece));

	if (piece.n && s->all.n)
		buf_addc(&s->all, ' ');
	buf_add(&s->all, piece);
	s->piece.n = 0;
}

static void on_event(void *ctx, const struct html_event *ev)
{
	struct strip *s = ctx;
	bool hides = str_eq(ev->name, STR("script")) || str_eq(ev->name, STR("style"));

	if (ev->kind == HTML_TEXT) {
		if (!s->hidden)
			buf_add(&s->piece, ev->text);
		return;
	}
	piece_end(s);
	if (hides)
		s->hidden = ev->kind == HTML_START;
}

static struct str without_tags(struct arena *a, struct str text)
{
	struct html_parser p;
	struct strip s = { .hidden = false };

	/* A reference is never shorter than what it stands for. */
	buf_init(&s.all, a, 2 * text.n + 16);
	buf_init(&s.piece, a, 2 * text.n + 16);
	html_init(&p, a, on_event, &s);
	html_feed(&p, text);
	html_end(&p);
	piece_end(&s);
	return buf_str(&s.all);
}

void pyzor_add(struct pyzor_text *t, struct str text, struct str charset, bool is_html)
{
	text = decoded(t->a, text, charset);
	add_text(t, is_html ? without_tags(t->a, text) : text);
}

struct str pyzor_digest(const struct pyzor_text *t)
{
	static const unsigned percent[] = { 20, 60 };
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf b;
	size_t n = t->lines.n, size = 0;
	unsigned length;
	bool ok;

	for (size_t i = 0; i < n; i++)
		size += t->lines.p[i].n;
	buf_init(&b, t->a, 2 * size + 1);
	for (size_t i = 0; n <= WHOLE_MAX && i < n; i++)
		buf_add(&b, t->lines.p[i]);
	for (size_t k = 0; n > WHOLE_MAX && k < ARRAY_LEN(percent); k++)
		for (size_t i = percent[k] * n / 100, end = i + PIECE; i < end && i < n; i++)
			buf_add(&b, t->lines.p[i]);
	ok = EVP_Digest(b.p ? b.p : "", b.n, digest, &length, EVP_sha1(), NULL) == 1;
	ASSERT(ok);
	return enc_hex(t->a, (struct str){ (char *)digest, length });
}
