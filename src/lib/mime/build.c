#include "lib/mime/build.h"

#include "base/enc.h"
#include "base/utf8.h"
#include "lib/charset/charset.h"

enum {
	FOLD_AT = 76,        /* where lines with encoded words end */
	WORD_MAX = 75,       /* an encoded word (RFC 2047, 2) */
	WORD_HEAD = 12,      /* =?UTF-8?Q? and ?= */
	WORD_USEFUL = 24,    /* with less room than that, a new line is begun */
	NAME_ALLOWANCE = 20, /* what the name of a field may take of its first line */
	PLAIN_MAX = MIME_LINE_MAX - 100,
};

static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return s.n <= PLAIN_MAX && str_find(s, STR("=?")) < 0;
}

static bool q_is_literal(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == ' ' || c == '!' || c == '*' ||
	       c == '+' || c == '-' || c == '/' || c == '.' || c == ',' || c == ':';
}

static size_t q_length(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += q_is_literal(s.p[i]) ? 1 : 3;
	return n;
}

static void add_q(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (q_is_literal(s.p[i]))
			buf_addc(b, s.p[i] == ' ' ? '_' : s.p[i]);
		else
			buf_addf(b, "=%02X", (unsigned char)s.p[i]);
	}
}

/* A line of a header value that is being written. */
struct folder {
	struct buf *b;
	size_t col;
	bool base64;
};

static void fold(struct folder *f)
{
	buf_addz(f->b, "\n ");
	f->col = 1;
}

static size_t encoded_length(const struct folder *f, struct str s)
{
	return f->base64 ? (s.n + 2) / 3 * 4 : q_length(s);
}

/* As many characters from the front of *s as one encoded word has room for, at least one. */
static struct str take_word(const struct folder *f, struct str *s)
{
	size_t left = FOLD_AT - f->col, room = (left < WORD_MAX ? left : WORD_MAX) - WORD_HEAD;
	struct str rest = *s, word;

	do {
		word = (struct str){ s->p, (size_t)(rest.p - s->p) };
		if (!rest.n)
			break;
		utf8_next(&rest);
	} while (encoded_length(f, (struct str){ s->p, (size_t)(rest.p - s->p) }) <= room);
	*s = str_from(*s, word.n);
	return word;
}

static void add_words(struct folder *f, struct str s)
{
	size_t before;

	/* The Q encoding can be read and searched, as long as most of it is ASCII. */
	f->base64 = q_length(s) >= 2 * s.n;
	if (f->col + WORD_HEAD + WORD_USEFUL > FOLD_AT)
		fold(f);
	while (s.n) {
		struct str word = take_word(f, &s);

		before = f->b->n;
		buf_addz(f->b, f->base64 ? "=?UTF-8?B?" : "=?UTF-8?Q?");
		if (f->base64)
			enc_base64_add(f->b, word, STR_NONE);
		else
			add_q(f->b, word);
		buf_addz(f->b, "?=");
		f->col += f->b->n - before;
		if (s.n)
			fold(f);
	}
}

/* The part of a line from its first to its last word that is not plain. */
static struct str encoded_part(struct str line)
{
	struct str rest = line, word, first = STR_NONE, last = STR_NONE;

	if (line.n > PLAIN_MAX)
		return line;
	while (str_word(&rest, &word)) {
		if (is_plain(word))
			continue;
		first = first.p ? first : word;
		last = word;
	}
	return (struct str){ first.p, (size_t)(last.p + last.n - first.p) };
}

static void add_line(struct folder *f, struct str line)
{
	struct str part, before, after;

	if (is_plain(line)) {
		buf_add(f->b, line);
		return;
	}
	part = encoded_part(line);
	before = (struct str){ line.p, (size_t)(part.p - line.p) };
	buf_add(f->b, str_rtrim(before));
	f->col += before.n;
	/* The blank before an encoded word may be the one that begins a new line. */
	if (before.n && f->col + WORD_HEAD + WORD_USEFUL > FOLD_AT)
		fold(f);
	else if (before.n)
		buf_addc(f->b, ' ');
	add_words(f, part);
	after = str_from(line, before.n + part.n);
	if (f->col + after.n > FOLD_AT && after.n)
		buf_addc(f->b, '\n');
	buf_add(f->b, after);
}

static struct str without_controls(struct arena *a, struct str line)
{
	char *to = arena_alloc(a, line.n);

	for (size_t i = 0; i < line.n; i++)
		to[i] = (unsigned char)line.p[i] < ' ' || line.p[i] == 127 ? ' ' : line.p[i];
	return str_trim((struct str){ to, line.n });
}

static struct str take_line(struct str *text)
{
	size_t n = 0;
	struct str line;

	while (n < text->n && text->p[n] != '\n' && text->p[n] != '\r')
		n++;
	line = str_sub(*text, 0, n);
	*text = str_from(*text, n + 1);
	return line;
}

struct str mime_encode_text(struct arena *a, struct str text)
{
	struct folder f = { 0 };
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	f.b = &b;
	f.col = NAME_ALLOWANCE;
	text = charset_scrub(a, utf8_cut(text, MIME_TEXT_MAX));
	while (text.n) {
		struct str line = without_controls(a, take_line(&text));

		if (!line.n)
			continue;
		if (b.n) {
			buf_addz(&b, "\n\t");
			f.col = 1;
		}
		add_line(&f, line);
	}
	return buf_str(&b);
}

static void add_quoted(struct buf *b, struct str s)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, s.p[i] < ' ' || s.p[i] > '~' ? '_' : s.p[i]);
	}
	buf_addc(b, '"');
}

static void add_text_body(struct arena *a, struct buf *b, struct str text, struct str eol)
{
	buf_addz(b, "Content-Transfer-Encoding: quoted-printable");
	buf_add(b, eol);
	buf_add(b, eol);
	enc_qp_add(b, charset_scrub(a, utf8_cut(text, MIME_TEXT_MAX)), eol);
}

struct str mime_build_text_part(struct arena *a, struct str subtype, struct str text,
				struct str filename, struct str eol)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	buf_addf(&b, "Content-Type: text/%.*s; charset=\"UTF-8\"", STR_ARG(subtype));
	buf_add(&b, eol);
	buf_addz(&b, "Content-Disposition: attachment; filename=");
	add_quoted(&b, filename);
	buf_add(&b, eol);
	add_text_body(a, &b, text, eol);
	return buf_str(&b);
}

bool mime_boundary_is_free(struct str raw, struct str boundary)
{
	while (raw.n) {
		const char *nl = memchr(raw.p, '\n', raw.n);

		if (str_starts(raw, STR("--")) && str_starts(str_from(raw, 2), boundary))
			return false;
		raw = nl ? str_from(raw, (size_t)(nl + 1 - raw.p)) : STR("");
	}
	return true;
}

struct str mime_build_from(struct arena *a, struct str from, struct str domain)
{
	struct str name = STR_NONE, addr = from;
	ptrdiff_t lt = str_rchr(from, '<');

	if (lt >= 0) {
		name = str_trim(str_sub(from, 0, (size_t)lt));
		addr = str_from(from, (size_t)lt + 1);
		addr = str_cut(&addr, '>');
	}
	addr = str_trim(addr);
	if (str_chr(addr, '@') < 0)
		addr = str_fmt(a, "%.*s@%.*s", STR_ARG(addr), STR_ARG(domain));
	if (!name.n)
		return addr;
	name = mime_encode_text(a, name);
	return str_fmt(a, "%.*s <%.*s>", STR_ARG(name), STR_ARG(addr));
}

struct str mime_build_date(struct arena *a, time_t t)
{
	char text[64];
	struct tm local;

	localtime_r(&t, &local);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S %z", &local);
	return str_copy(a, str_of(text));
}

static void add_text(struct arena *a, struct buf *b, struct str text)
{
	buf_addz(b, "Content-Type: text/plain; charset=\"UTF-8\"\n");
	add_text_body(a, b, text, STR("\n"));
}

static void add_attachment_head(struct buf *b, const struct mime_draft *d)
{
	buf_addf(b, "\n--%.*s\n", STR_ARG(d->boundary));
	buf_addz(b, "Content-Type: message/rfc822; name=");
	add_quoted(b, d->attach_name);
	buf_addz(b, "\nContent-Disposition: attachment; filename=");
	add_quoted(b, d->attach_name);
	buf_addz(b, "\nContent-Transfer-Encoding: 8bit\n\n");
}

int mime_draft_write(struct arena *a, const struct mime_draft *d, const struct sink *to,
		     struct err *e)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	buf_add(&b, d->headers);
	if (!d->attach) {
		add_text(a, &b, d->text);
		return sink_write(to, buf_str(&b), e);
	}
	buf_addf(&b, "Content-Type: multipart/mixed; boundary=\"%.*s\"\n\n--%.*s\n",
		 STR_ARG(d->boundary), STR_ARG(d->boundary));
	add_text(a, &b, d->text);
	add_attachment_head(&b, d);
	if (sink_write(to, buf_str(&b), e) < 0 || sink_write(to, *d->attach, e) < 0)
		return -1;
	return sink_write(to, str_fmt(a, "\n--%.*s--\n", STR_ARG(d->boundary)), e);
}
