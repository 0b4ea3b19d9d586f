#include <time.h>

#include "base/enc.h"
#include "gw/spam/markup_int.h"

enum { FOLD_COLUMNS = 79, TAB = 8, ADDED_MAX = 4 << 20 };

static const char *const rewritten[REWRITES] = { "Subject", "From", "To" };

static bool is_spam(const struct spam_checked *c)
{
	return c->result->score >= c->result->required;
}

/* One header field of a mail as it stands there, with its continuation lines and line ends. */
static bool field_next(struct str *rest, struct str *field)
{
	size_t n = 0;

	if (rest->n == 0 || rest->p[0] == '\n' || str_starts(*rest, STR("\r\n")))
		return false;
	do {
		ptrdiff_t end = str_chr(str_from(*rest, n), '\n');

		n = end < 0 ? rest->n : n + (size_t)end + 1;
	} while (n < rest->n && (rest->p[n] == ' ' || rest->p[n] == '\t'));
	*field = str_sub(*rest, 0, n);
	*rest = str_from(*rest, n);
	return true;
}

static bool field_is(struct str field, const char *name)
{
	size_t n = strlen(name);

	return field.n > n && str_ieq(str_sub(field, 0, n), str_of(name)) &&
	       (field.p[n] == ':' || ascii_is_blank(field.p[n]));
}

/* The separator line of a mailbox file is not a field, but may stand before the first. */
static struct str separator(struct str *rest)
{
	struct str line = STR_NONE, all = *rest;

	if (str_starts(*rest, STR("From ")) && str_line(rest, &line))
		return str_sub(all, 0, all.n - rest->n);
	return STR_NONE;
}

static const char *line_end(struct str raw)
{
	ptrdiff_t at = str_chr(raw, '\n');

	return at > 0 && raw.p[at - 1] == '\r' ? "\r\n" : "\n";
}

/* Text of ours, with the line ends of the mail. */
static void add_lines(struct buf *b, struct str text, const char *end)
{
	struct str line;
	bool last;

	while (text.n) {
		last = str_chr(text, '\n') < 0;
		str_line(&text, &line);
		buf_add(b, line);
		if (!last)
			buf_addz(b, end);
	}
}

/* Tokens, each with the blank or comma behind it, in lines of 79 columns; later ones are tabbed. */
static void fold(struct buf *b, struct str text, size_t column)
{
	while (text.n) {
		size_t n = 0;

		while (n < text.n && !ascii_is_blank(text.p[n]) && text.p[n] != ',')
			n++;
		n += n < text.n;
		if (column + n > FOLD_COLUMNS && column > TAB) {
			while (b->n && b->p[b->n - 1] == ' ')
				b->n--;
			buf_addz(b, "\n\t");
			column = TAB;
		}
		buf_add(b, str_sub(text, 0, n));
		column += n;
		text = str_from(text, n);
	}
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* 8-bit values go into one encoded word a line (RFC 2047). */
static struct str encoded(struct arena *a, struct str value)
{
	struct buf b;

	if (is_ascii(value))
		return value;
	buf_init(&b, a, 4 * value.n + 64);
	buf_addz(&b, "=?UTF-8?Q?");
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c >= 0x80 || c < 0x20 || strchr("=?_", c))
			buf_addf(&b, "=%02X", c);
		else
			buf_addc(&b, c == ' ' ? '_' : (char)c);
	}
	buf_addz(&b, "?=");
	return buf_str(&b);
}

static void add_field(struct buf *b, const struct spam_checked *c, const struct markup_field *f)
{
	bool folded = !markup_conf(c->rules)->unfolded;
	size_t column = strlen("X-Spam-: ") + f->name.n;
	struct str text, line;
	struct buf value;

	buf_init(&value, b->a, SPAM_REPORT_MAX);
	markup_expand(&value, c, f->value);
	text = buf_str(&value);
	buf_addf(b, "X-Spam-%.*s: ", STR_ARG(f->name));
	for (bool first = true; str_line(&text, &line); first = false) {
		line = encoded(b->a, line);
		if (!first) {
			buf_addz(b, line.n && ascii_is_blank(line.p[0]) ? "\n" : "\n\t");
			column = TAB;
		}
		if (folded)
			fold(b, line, column);
		else
			buf_add(b, line);
	}
	buf_addc(b, '\n');
}

static struct str added_fields(struct arena *a, const struct spam_checked *c)
{
	const struct markup_conf *m = markup_conf(c->rules);
	struct buf b;

	buf_init(&b, a, ADDED_MAX);
	for (size_t i = 0; i < m->n_fields; i++)
		if (is_spam(c) ? m->fields[i].spam : m->fields[i].ham)
			add_field(&b, c, &m->fields[i]);
	if (is_spam(c) && m->safe == 0) {
		buf_addz(&b, "X-Spam-Report: \n");
		markup_summary(&b, c, true);
	}
	return buf_str(&b);
}

static int make_report(struct arena *a, const struct spam_checked *c, struct str *out,
		       struct err *e)
{
	struct buf b;

	buf_init(&b, a, SPAM_REPORT_MAX);
	markup_expand(&b, c, buf_str(&markup_conf(c->rules)->report));
	return buf_done(&b, out, e);
}

int spam_report(struct arena *a, const struct spam_checked *c, struct str *out, struct err *e)
{
	return make_report(a, c, out, e);
}

int spam_expand(struct arena *a, const struct spam_checked *c, struct str text, struct str *out,
		struct err *e)
{
	struct buf b;

	buf_init(&b, a, SPAM_REPORT_MAX);
	markup_expand(&b, c, text);
	return buf_done(&b, out, e);
}

struct str spam_mail_header(struct str raw)
{
	struct str rest = raw, line;

	while (str_line(&rest, &line))
		if (line.n == 0 || str_eq(line, STR("\r")))
			break;
	return str_sub(raw, 0, raw.n - rest.n);
}

/* A comment must not end early. */
static struct str bracketed(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] == '(' ? '[' : s.p[i] == ')' ? ']' : s.p[i];
	return (struct str){ p, s.n };
}

/* The value of a field with the text of rewrite_header in it; From and To get it as a comment. */
static void add_rewritten(struct buf *b, const struct spam_checked *c, struct str field,
			  enum markup_rewrite which)
{
	size_t name = strlen(rewritten[which]);
	struct str value = str_from(field, (size_t)str_chr(field, ':') + 1), mark;
	struct buf text;

	buf_init(&text, b->a, SPAM_REPORT_MAX);
	markup_expand(&text, c, markup_conf(c->rules)->rewrite[which]);
	mark = buf_str(&text);
	buf_add(b, str_sub(field, 0, name));
	if (which == REWRITE_SUBJECT)
		buf_addf(b, ": %.*s ", STR_ARG(mark));
	else
		buf_addf(b, ": (%.*s) ", STR_ARG(bracketed(b->a, mark)));
	buf_add(b, str_ltrim(value));
}

/* The fields that stay, rewritten where that is asked for; `prev` gets those of before. */
static void add_kept_fields(struct buf *b, const struct spam_checked *c, struct str *rest,
			    struct buf *prev)
{
	const struct markup_conf *m = markup_conf(c->rules);
	struct str field;

	while (field_next(rest, &field)) {
		size_t which = 0;

		if (str_istarts(field, STR("X-Spam-")))
			continue;
		while (which < REWRITES && !(is_spam(c) && m->rewrite[which].n &&
					     field_is(field, rewritten[which])))
			which++;
		if (which == REWRITES) {
			buf_add(b, field);
			continue;
		}
		add_rewritten(b, c, field, (enum markup_rewrite)which);
		buf_addz(prev, "X-Spam-Prev-");
		buf_add(prev, field);
	}
}

static void mark_header(struct buf *b, const struct spam_checked *c)
{
	const char *end = line_end(c->raw);
	struct str rest = c->raw, field, ahead;
	struct buf prev;

	buf_init(&prev, b->a, ADDED_MAX);
	buf_add(b, separator(&rest));
	for (ahead = rest; field_next(&ahead, &field) && field_is(field, "Return-Path");
	     rest = ahead)
		buf_add(b, field);
	add_lines(b, added_fields(b->a, c), end);
	add_kept_fields(b, c, &rest, &prev);
	buf_add(b, buf_str(&prev));
	buf_add(b, rest);
}

static void add_copied(struct buf *b, const struct spam_checked *c)
{
	static const char *const names[] = { "From", "To", "Cc", "Subject", "Date", "Message-Id" };
	struct str rest, field;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		rest = c->raw;
		separator(&rest);
		while (field_next(&rest, &field))
			if (field_is(field, names[i])) {
				buf_addz(b, names[i]);
				buf_add(b, str_from(field, strlen(names[i])));
				break;
			}
	}
}

/* What a mail program does with it is not certain to be harmless. */
static bool is_unsafe(const struct spam_checked *c)
{
	const struct spam_part *const *parts;
	size_t n;

	parts = spam_parts(c->result->message, &n);
	for (size_t i = 0; i < n; i++)
		if (!str_eq(parts[i]->type, STR("text/plain")))
			return true;
	return false;
}

static int wrap(struct buf *b, const struct spam_checked *c, struct err *e)
{
	const char *end = line_end(c->raw);
	struct str report, boundary, text, rest = c->raw;
	struct buf date;

	if (make_report(b->a, c, &report, e) < 0)
		return -1;
	buf_init(&date, b->a, SPAM_REPORT_MAX);
	markup_expand(&date, c, STR("_DATE_"));
	boundary = str_fmt(b->a, "----------=_%08X.%08X", (unsigned)c->now, (unsigned)c->unique);
	buf_add(b, separator(&rest));
	text = str_fmt(b->a, "Received: from localhost by %.*s\n\twith SpamAssassin (version %s);\n"
			     "\t%.*s\n",
		       STR_ARG(c->hostname), SPAM_ENGINE_VERSION, STR_ARG(buf_str(&date)));
	add_lines(b, text, end);
	add_copied(b, c);
	add_lines(b, added_fields(b->a, c), end);
	text = str_fmt(b->a,
		       "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"%.*s\"\n\n"
		       "This is a multi-part message in MIME format.\n\n--%.*s\n"
		       "Content-Type: text/plain; charset=UTF-8\nContent-Disposition: inline\n"
		       "Content-Transfer-Encoding: 8bit\n\n",
		       STR_ARG(boundary), STR_ARG(boundary));
	add_lines(b, text, end);
	add_lines(b, report, end);
	if (is_unsafe(c))
		add_lines(b, buf_str(&markup_conf(c->rules)->unsafe), end);
	text = str_fmt(b->a,
		       "\n\n--%.*s\nContent-Type: %s; x-spam-type=original\n"
		       "Content-Description: original message before SpamAssassin\n"
		       "Content-Disposition: %s\nContent-Transfer-Encoding: 8bit\n\n",
		       STR_ARG(boundary),
		       markup_conf(c->rules)->safe == 2 ? "text/plain" : "message/rfc822",
		       is_unsafe(c) ? "attachment" : "inline");
	add_lines(b, text, end);
	buf_add(b, rest);
	add_lines(b, str_fmt(b->a, "\n--%.*s--\n\n", STR_ARG(boundary)), end);
	return 0;
}

int spam_markup(struct arena *a, const struct spam_checked *c, bool append, struct str *out,
		struct err *e)
{
	struct str report;
	struct buf b;

	buf_init(&b, a, c->raw.n + 2 * ADDED_MAX);
	if (!is_spam(c) || markup_conf(c->rules)->safe == 0)
		mark_header(&b, c);
	else if (wrap(&b, c, e) < 0)
		return -1;
	if (append) {
		if (make_report(a, c, &report, e) < 0)
			return -1;
		buf_add(&b, report);
	}
	return buf_done(&b, out, e);
}

/* The mail inside one that wrap() made, or false. */
static bool unwrap(struct arena *a, struct str raw, struct str *out)
{
	static const struct str mark = STR_INIT("boundary=\"----------=_");
	static const struct str type = STR_INIT("x-spam-type=original");
	struct str rest = raw, first, head, field, boundary, inner, look;
	ptrdiff_t at, end;

	first = separator(&rest);
	head = rest;
	while (field_next(&rest, &field))
		;
	head = str_sub(head, 0, head.n - rest.n);
	at = str_find(head, mark);
	if (at < 0)
		return false;
	boundary = str_from(head, (size_t)at + strlen("boundary=\""));
	boundary = str_cut(&boundary, '"');
	at = str_find(rest, type);
	if (at < 0)
		return false;
	inner = str_from(rest, (size_t)at + type.n);
	str_line(&inner, &field);
	while (field_next(&inner, &field))
		;
	str_line(&inner, &field);
	boundary = str_fmt(a, "%s--%.*s--", line_end(raw), STR_ARG(boundary));
	/* The last one: what is inside may be such a mail itself. */
	for (end = -1, look = inner; (at = str_find(look, boundary)) >= 0;) {
		look = str_from(look, (size_t)at + 1);
		end = (ptrdiff_t)(inner.n - look.n) - 1;
	}
	if (end < 0)
		return false;
	*out = str_cat(a, first, str_sub(inner, 0, (size_t)end));
	return true;
}

/* Without our fields, and with those back that were rewritten. */
static void remove_fields(struct buf *b, struct str raw)
{
	static const struct str prev = STR_INIT("X-Spam-Prev-");
	struct str rest = raw, field, back[REWRITES] = { 0 }, look;

	buf_add(b, separator(&rest));
	for (look = rest; field_next(&look, &field);)
		for (size_t i = 0; i < REWRITES; i++)
			if (str_istarts(field, prev) &&
			    field_is(str_from(field, prev.n), rewritten[i]))
				back[i] = str_from(field, prev.n);
	while (field_next(&rest, &field)) {
		if (str_istarts(field, STR("X-Spam-")))
			continue;
		for (size_t i = 0; i < REWRITES; i++)
			if (back[i].n && field_is(field, rewritten[i]))
				field = back[i];
		buf_add(b, field);
	}
	buf_add(b, rest);
}

int spam_markup_remove(struct arena *a, struct str raw, struct str *out, struct err *e)
{
	struct buf b;

	if (unwrap(a, raw, out))
		return 0;
	buf_init(&b, a, raw.n);
	remove_fields(&b, raw);
	return buf_done(&b, out, e);
}
