#include "gw/rules/disclaimer.h"

#include "base/enc.h"
#include "base/utf8.h"
#include "lib/charset/charset.h"

/* Which byte of a character comes first: what UTF-16 begins with. */
#define UTF16_BE_MARK "\xfe\xff"
#define UTF16_LE_MARK "\xff\xfe"

enum { BODY_MAX = 64 << 20, LINE_MAX_BYTES = 900, PGP_START_MAX = 1 << 20 };

static bool is_kind(const struct mime *part, const char *type)
{
	return str_eq(part->type, str_of(type));
}

static bool is_place(const struct mime *part)
{
	return (is_kind(part, "text/html") || is_kind(part, "text/plain")) &&
	       str_ifind(part->disposition, STR("attachment")) < 0;
}

/* Signed or encrypted within the text itself (RFC 4880, 6.2 and 7). */
static bool has_pgp(struct act *x, const struct mime *part)
{
	struct str rest = mime_body_start(x->a, part, PGP_START_MAX), line;

	while (str_line(&rest, &line)) {
		line = str_rtrim(line);
		if (str_eq(line, STR("-----BEGIN PGP SIGNED MESSAGE-----")) ||
		    str_eq(line, STR("-----BEGIN PGP MESSAGE-----")))
			return true;
	}
	return false;
}

/* A change would break it, or nobody could read the result. */
static bool is_sealed(struct act *x, const struct mime *part)
{
	return is_kind(part, "multipart/signed") || is_kind(part, "multipart/encrypted") ||
	       is_kind(part, "application/pkcs7-mime") ||
	       is_kind(part, "application/x-pkcs7-mime") ||
	       (is_kind(part, "text/plain") && is_place(part) && has_pgp(x, part));
}

/* Lines that are too long for mail are cut at a blank. */
static struct str short_lines(struct arena *a, struct str text)
{
	char *p = NEW_N(a, char, text.n + 1);
	size_t line = 0, blank = 0;

	memcpy(p, text.p ? text.p : "", text.n);
	for (size_t i = 0; i < text.n; i++) {
		if (p[i] == '\n') {
			line = i + 1;
			blank = 0;
		} else if (p[i] == ' ') {
			blank = i;
		}
		if (i - line >= LINE_MAX_BYTES && blank) {
			p[blank] = '\n';
			line = blank + 1;
			blank = 0;
		}
	}
	return (struct str){ p, text.n };
}

/* With the line ends of the mail. */
static struct str with_eol(struct arena *a, struct str text, struct str eol)
{
	struct str rest = text, line;
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	while (str_line(&rest, &line)) {
		buf_add(&b, line);
		buf_add(&b, eol);
	}
	return buf_str(&b);
}

/* What parts the head from a text at `at`: a mail may end with its head, without an empty line. */
static struct str separator(struct act *x, const struct mime *part, size_t at)
{
	struct str eol = part->mail->eol;

	if (!part->head_open || at > 0)
		return STR("");
	if (!part->head.n || str_ends(part->head, STR("\n")))
		return eol;
	return str_cat(x->a, eol, eol);
}

/* Of UTF-16 the text says which way round it is; as it is read without that (charset.h). */
static struct str charset_of(const struct mime *part, struct str body)
{
	struct str charset = mime_charset(part);

	if (!charset.n)
		return STR("us-ascii");
	if (str_ieq(charset, STR("utf-16")))
		return str_starts(body, STR(UTF16_BE_MARK)) ? STR("utf-16be") : STR("utf-16le");
	return charset;
}

/* How much of a text's beginning stays in front of all: the mark of UTF-16. */
static size_t mark_size(struct str body)
{
	return str_starts(body, STR(UTF16_BE_MARK)) || str_starts(body, STR(UTF16_LE_MARK)) ? 2 : 0;
}

/* Not in a charset that marks the beginning: there is one already, or there should be none. */
static bool convert(struct act *x, struct str charset, struct str text, struct str *out)
{
	struct err ignored;

	return charset_from_utf8(x->a, charset, text, RULES_TEXT_MAX, out, &ignored) == 0 &&
	       !mark_size(*out);
}

/* HTML can say every character in ASCII. */
static struct str as_entities(struct arena *a, struct str html)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	while (html.n) {
		struct str from = html;
		int32_t c = utf8_next(&html);

		if (c < 0x80)
			buf_add(&b, str_sub(from, 0, from.n - html.n));
		else
			buf_addf(&b, "&#%d;", (int)c);
	}
	return buf_str(&b);
}

/* In the charset of a part; HTML that has no room in it, without the characters it lacks. */
static bool convert_for(struct act *x, const struct mime *part, struct str charset,
			struct str text, struct str *out)
{
	return convert(x, charset, text, out) ||
	       (is_kind(part, "text/html") &&
		convert(x, charset, as_entities(x->a, text), out));
}

/* Line ends are one byte, and can stand in a message as they are. */
static bool has_plain_lines(struct act *x, struct str charset)
{
	struct str eol;

	return convert(x, charset, STR("\n"), &eol) && str_eq(eol, STR("\n"));
}

/* Base64 cannot be continued in the middle: the whole body is written anew. */
static bool add_base64(struct act *x, const struct mime *part, struct str text, bool top,
		       struct mime_edit *ed)
{
	struct str body, eol = part->mail->eol;
	struct err ignored;
	struct buf plain, out;
	size_t at;

	if (enc_base64_decode(x->a, mime_edit_find_body(ed, part), BODY_MAX, &body, &ignored) < 0 ||
	    !convert_for(x, part, charset_of(part, body), text, &text))
		return false;
	at = top ? mark_size(body) : body.n;
	buf_init(&plain, x->a, SIZE_MAX);
	buf_add(&plain, str_sub(body, 0, at));
	buf_add(&plain, text);
	buf_add(&plain, str_from(body, at));
	buf_init(&out, x->a, SIZE_MAX);
	buf_add(&out, separator(x, part, 0));
	enc_base64_add(&out, buf_str(&plain), eol);
	mime_edit_whole_body(ed, part, buf_str(&out));
	return true;
}

static bool is_seven_bit(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static void insert(struct act *x, const struct mime *part, struct str text, bool top,
		   struct mime_edit *ed)
{
	size_t at = top ? 0 : part->body.n;
	struct str now = top ? mime_edit_find_body(ed, part) : part->body;

	/* above what another disclaimer has put there */
	if (now.p != part->body.p && !part->head_open)
		mime_edit_whole_body(ed, part, str_cat(x->a, text, now));
	else
		mime_edit_body(ed, part, at, at, str_cat(x->a, separator(x, part, at), text));
}

/* A soft line end would swallow ours. */
static bool ends_softly(struct str body)
{
	while (body.n && ascii_is_blank(body.p[body.n - 1]) && body.p[body.n - 1] != '\n')
		body.n--;
	return str_ends(body, STR("="));
}

static void add_qp(struct act *x, const struct mime *part, struct str text, bool top,
		   struct mime_edit *ed)
{
	struct buf b;

	buf_init(&b, x->a, SIZE_MAX);
	if (!top && ends_softly(part->body))
		buf_add(&b, part->mail->eol);
	enc_qp_add(&b, text, part->mail->eol);
	insert(x, part, buf_str(&b), top, ed);
}

/* What holds 8-bit text must not be declared 7bit, nor may what is around it (RFC 2045, 6.4). */
static void declare_8bit(struct mime_edit *ed, const struct mime *part)
{
	const struct str field = STR("Content-Transfer-Encoding");
	struct str encoding;

	mime_edit_set(ed, part, field, STR("8bit"));
	for (part = part->parent; part; part = part->parent)
		if (mime_edit_find(ed, part, field, &encoding) &&
		    str_ieq(str_trim(encoding), STR("7bit")))
			mime_edit_set(ed, part, field, STR("8bit"));
}

static bool add_to_part(struct act *x, const struct disclaimer *d, const struct mime *part,
			struct mime_edit *ed)
{
	struct str text = is_kind(part, "text/html") ? d->html : d->plain, charset;

	text = with_eol(x->a, short_lines(x->a, text), part->mail->eol);
	if (!d->top)
		text = str_cat(x->a, part->mail->eol, text);
	if (part->encoding == MIME_BASE64)
		return add_base64(x, part, text, d->top, ed);
	charset = charset_of(part, part->body);
	if (!has_plain_lines(x, charset) || !convert_for(x, part, charset, text, &text))
		return false;
	if (part->encoding == MIME_QP) {
		add_qp(x, part, text, d->top, ed);
		return true;
	}
	if (!is_seven_bit(text) && is_seven_bit(part->body))
		declare_8bit(ed, part);
	insert(x, part, text, d->top, ed);
	return true;
}

static enum disclaimer_result add_below(struct act *x, const struct disclaimer *d,
					const struct mime *part, struct version *v);

static enum disclaimer_result add_to_children(struct act *x, const struct disclaimer *d,
					      const struct mime *part, struct version *v)
{
	bool every = is_kind(part, "multipart/alternative");
	enum disclaimer_result all = DISCLAIMER_NO_PLACE, one;

	for (const struct mime *c = part->child; c; c = c->next) {
		one = add_below(x, d, c, v);
		if (one == DISCLAIMER_ADDED || all == DISCLAIMER_NO_PLACE)
			all = one;
		if (one != DISCLAIMER_NO_PLACE && !every)
			break;
	}
	return all;
}

static enum disclaimer_result add_below(struct act *x, const struct disclaimer *d,
					const struct mime *part, struct version *v)
{
	if (marks_has(&v->gone, part->aid))
		return DISCLAIMER_NO_PLACE;
	if (is_sealed(x, part)) {
		if (!v->sealed)
			v->sealed = part->aid;
		return DISCLAIMER_NO_PLACE;
	}
	if (mime_is_multipart(part))
		return add_to_children(x, d, part, v);
	if (!is_place(part))
		return DISCLAIMER_NO_PLACE;
	if (add_to_part(x, d, part, &v->edit))
		return DISCLAIMER_ADDED;
	v->undisclaimed = true;
	return DISCLAIMER_FAILED;
}

enum disclaimer_result disclaimer_add(struct act *x, const struct disclaimer *d, struct version *v)
{
	return add_below(x, d, x->s->mime, v);
}
