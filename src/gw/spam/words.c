#include "base/buf.h"
#include "gw/spam/message_int.h"
#include "gw/spam/text.h"
#include "gw/spam/transfer.h"

/* An RFC 2047 encoded word, or text between such. */
struct word {
	struct str charset; /* n = 0: text */
	struct str data;
	char coding;
};

static bool is_charset_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '*' || c == '_' || c == '-';
}

/* Length of the encoded word at the front of `s`, 0 if there is none. */
static size_t encoded_word(struct str s, struct word *w)
{
	size_t i = 2, data;

	if (!str_starts(s, STR("=?")))
		return 0;
	while (i < s.n && is_charset_char(s.p[i]))
		i++;
	if (i == 2 || i + 3 >= s.n || s.p[i] != '?' || s.p[i + 2] != '?')
		return 0;
	w->charset = str_sub(s, 2, i - 2);
	w->coding = ascii_lower(s.p[i + 1]);
	if (w->coding != 'b' && w->coding != 'q')
		return 0;
	data = i + 3;
	for (i = data; i < s.n && s.p[i] != '?';)
		i++;
	if (i + 1 >= s.n || s.p[i + 1] != '=')
		return 0;
	w->data = str_sub(s, data, i - data);
	return i + 2;
}

/* White space between two encoded words does not count. */
static size_t space_between(struct str s)
{
	struct word next;
	size_t i = 0;

	while (i < s.n && is_space(s.p[i]))
		i++;
	return i && encoded_word(str_from(s, i), &next) ? i : 0;
}

static struct str word_octets(struct arena *a, const struct word *w)
{
	char *p;

	if (!w->charset.n)
		return w->data;
	if (w->coding == 'b')
		return spam_base64_decode(a, w->data);
	p = (char *)str_copy(a, w->data).p;
	for (size_t i = 0; i < w->data.n; i++)
		if (p[i] == '_')
			p[i] = ' ';
	return spam_qp_decode(a, (struct str){ p, w->data.n });
}

static void add_section(struct arena *a, struct buf *out, struct str octets, struct str charset)
{
	struct str lang = charset;

	if (charset.n)
		spam_text_decode(a, octets, str_cut(&lang, '*'), SPAM_TEXT_INSIST, &octets);
	buf_add(out, octets);
}

/*
 * Words of the same charset are joined before they are decoded, so that a character that was split
 * between two survives.
 */
static struct str decode_words(struct arena *a, struct str s)
{
	struct str charset = STR_NONE;
	struct buf out, octets;

	/* A character of one octet becomes at most three: U+FFFD. */
	buf_init(&out, a, 3 * s.n + 16);
	buf_init(&octets, a, s.n + 16);
	while (s.n) {
		struct word w = { 0 };
		size_t n = encoded_word(s, &w);

		if (n) {
			n += space_between(str_from(s, n));
		} else {
			for (n = 1; *s.p != '=' && n < s.n && s.p[n] != '=';)
				n++;
			w = (struct word){ .data = str_sub(s, 0, n) };
		}
		if (!str_ieq(w.charset, charset)) {
			add_section(a, &out, str_copy(a, buf_str(&octets)), charset);
			octets.n = 0;
			charset = w.charset;
		}
		buf_add(&octets, word_octets(a, &w));
		s = str_from(s, n);
	}
	add_section(a, &out, buf_str(&octets), charset);
	return buf_str(&out);
}

static bool has_words(struct str name)
{
	static const char *const plain[] = {
		"Received",    "Message-ID",   "Resent-Message-ID", "Date",
		"Resent-Date", "MIME-Version", "References",        "In-Reply-To",
	};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (str_ieq(name, str_of(plain[i])))
			return false;
	return !str_istarts(name, STR("List-"));
}

struct str spam_words_decoded(struct arena *a, struct str name, struct str value)
{
	spam_text_decode(a, value, STR("UTF-8"), SPAM_TEXT_GUESS, &value);
	if (str_find(value, STR("=?")) < 0 || !has_words(name))
		return value;
	return decode_words(a, value);
}

/* A line end with the blanks after it is one blank; a line end without is nothing. */
static struct str unfolded(struct arena *a, struct str raw)
{
	char *out;
	size_t n = 0;

	if (str_chr(raw, '\n') < 0)
		return str_trim(raw);
	out = arena_alloc(a, raw.n);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] != '\n') {
			out[n++] = raw.p[i];
			continue;
		}
		if (i + 1 < raw.n && (raw.p[i + 1] == ' ' || raw.p[i + 1] == '\t')) {
			out[n++] = ' ';
			while (i + 1 < raw.n && (raw.p[i + 1] == ' ' || raw.p[i + 1] == '\t'))
				i++;
		} else {
			/* Marked, as blanks at the ends go first. */
			out[n++] = '\n';
		}
	}
	return str_trim((struct str){ out, n });
}

static struct str without_line_ends(struct arena *a, struct str s)
{
	char *out;
	size_t n = 0;

	if (str_chr(s, '\n') < 0)
		return s;
	out = arena_alloc(a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n')
			continue;
		if (s.p[i] != '\r' || i + 1 >= s.n || s.p[i + 1] != '\n')
			out[n++] = s.p[i];
	}
	return (struct str){ out, n };
}

struct str spam_header_decoded(struct arena *a, struct str name, struct str raw)
{
	return spam_words_decoded(a, name, without_line_ends(a, unfolded(a, raw)));
}
