#include "gw/spam/ctype.h"
#include "gw/spam/eval_number.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/locale.h"
#include "gw/spam/message_int.h"

enum {
	QP_LINE_MAX = 79,         /* with its line end; longer ones are wrong */
	ENTITY_LENGTH = 8,        /* of `&#x12AB;` */
	UPPERCASE_TEXT_MIN = 200, /* shorter texts say nothing about capitals */
};

/* What one pass over the parts finds. */
struct mime_facts {
	bool made;
	unsigned html_count, text_count, base64_count, qp_count, qp_chars, attachments;
	bool base64_text, bad_iso_charset, faraway_charset, alternative, non_text;
	bool qp_long_line, ascii_illegal, has_text, looks_capital;
	size_t qp_bytes, base64_line; /* the longest, with its line end */
	size_t text_size, html_size;
	size_t plain_octets, hex_entities;

	bool have_uppercase;
	double uppercase; /* percent */
};

static bool is_type(const struct spam_part *part, const char *type)
{
	return str_eq(part->type, str_of(type));
}

static bool is_text(const struct spam_part *part)
{
	return str_starts(part->type, STR("text"));
}

/* The octets of a line that are not its line end, and whether there is more. */
static bool next_line(struct str *rest, struct str *line)
{
	const char *lf = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;

	*line = lf ? str_sub(*rest, 0, (size_t)(lf - rest->p) + 1) : *rest;
	*rest = str_from(*rest, line->n);
	return line->n > 0;
}

static bool is_upper_hex(char c)
{
	return ascii_is_digit(c) || (c >= 'A' && c <= 'F');
}

/* A line without the blanks at its end, which have to be escaped. */
static struct str without_last_blanks(struct str line)
{
	for (;;) {
		line = str_rtrim(line);
		if (!str_ends(line, STR("=20")) && !str_ends(line, STR("=09")))
			return line;
		line.n -= 3;
	}
}

/* `=41` for what could have stood there as it is. */
static bool is_needless_escape(struct str s)
{
	if (s.n < 3 || !is_upper_hex(s.p[1]) || !is_upper_hex(s.p[2]))
		return false;
	if (s.p[1] == '0')
		return s.p[2] == '9';
	if (s.p[1] == '3')
		return s.p[2] != 'D';
	if (s.p[1] == '7')
		return s.p[2] != 'F';
	return s.p[1] == '2' || (s.p[1] >= '4' && s.p[1] <= '6');
}

static unsigned needless_escapes(struct str line)
{
	unsigned n = 0;
	ptrdiff_t at;

	line = without_last_blanks(line);
	while ((at = str_chr(line, '=')) >= 0) {
		line = str_from(line, (size_t)at);
		n += is_needless_escape(line);
		line = str_from(line, 1);
	}
	return n;
}

static void scan_qp(struct mime_facts *f, struct str raw)
{
	struct str line;

	f->qp_bytes += raw.n;
	while (next_line(&raw, &line)) {
		f->qp_chars += needless_escapes(line);
		f->qp_long_line |= line.n > QP_LINE_MAX;
	}
}

static void scan_base64(struct mime_facts *f, struct str raw)
{
	struct str line;

	while (next_line(&raw, &line))
		f->base64_line = line.n > f->base64_line ? line.n : f->base64_line;
}

/* Octets that 7-bit text cannot have; line ends have no CR any more. */
static bool has_illegal(struct str raw)
{
	for (size_t i = 0; i < raw.n; i++)
		if (!raw.p[i] || raw.p[i] == '\r' || raw.p[i] & 0x80)
			return true;
	return false;
}

/* `&#x12AB;` in text, which shows it as it stands there. */
static bool is_hex_entity(struct str s)
{
	if (!str_starts(s, STR("&#x")) || s.n < ENTITY_LENGTH || s.p[ENTITY_LENGTH - 1] != ';')
		return false;
	for (size_t i = 3; i < ENTITY_LENGTH - 1; i++)
		if (!is_upper_hex(s.p[i]))
			return false;
	return true;
}

static void scan_entities(struct mime_facts *f, struct str raw)
{
	f->plain_octets += raw.n;
	for (size_t i = 0; i < raw.n; i++) {
		const char *p = memchr(raw.p + i, '&', raw.n - i);

		if (!p)
			break;
		i = (size_t)(p - raw.p);
		f->hex_entities += is_hex_entity(str_from(raw, i));
	}
}

static bool is_encoded(const struct spam_part *part)
{
	return str_find(part->encoding, STR("quoted-printable")) >= 0 ||
	       str_find(part->encoding, STR("base64")) >= 0;
}

/* The last text and the last HTML count, from the first alternative on. */
static void note_size(struct mime_facts *f, const struct spam_part *part, size_t n)
{
	if (is_type(part, "text/plain")) {
		f->has_text = true;
		f->text_size = f->alternative ? n : 0;
	} else if (is_type(part, "text/html")) {
		f->html_size = f->alternative ? n : 0;
	}
}

/* Text that was declared to be a multipart, without a boundary. */
static bool is_broken_multipart(struct spam_message *m, struct spam_node *node)
{
	return str_istarts(spam_field_text(m, node, "content-type"), STR("multipart/"));
}

static void scan_leaf(struct spam_message *m, struct mime_facts *f, struct spam_node *node,
		      const struct spam_node *parent, bool attached)
{
	const struct spam_part *part = &node->part;
	struct str raw = node->raw;

	if (str_eq(part->encoding, STR("quoted-printable")))
		scan_qp(f, raw);
	else if (str_eq(part->encoding, STR("base64")))
		scan_base64(f, raw);
	if (is_type(part, "text/plain") && !is_encoded(part))
		scan_entities(f, raw);
	if (is_type(part, "text/plain") && !f->ascii_illegal &&
	    (!part->charset.p || str_ieq(part->charset, STR("us-ascii"))))
		f->ascii_illegal = has_illegal(raw) && !is_broken_multipart(m, node);
	if (!attached)
		note_size(f, part, raw.n);
	if (parent && is_type(&parent->part, "multipart/alternative") && !is_text(part) &&
	    !is_type(part, "application/rtf"))
		f->non_text = true;
}

static bool is_known_iso(struct str rest)
{
	size_t n = 7;

	if (str_istarts(rest, STR("8859-"))) {
		for (n = 5; n < 7 && n < rest.n && ascii_is_digit(rest.p[n]);)
			n++;
		if (n == 5)
			return false;
	} else if (!str_istarts(rest, STR("2022-jp")) && !str_istarts(rest, STR("2022-kr"))) {
		return false;
	}
	return n >= rest.n || !is_word(rest.p[n]);
}

/* `iso-X-Y` that is neither ISO 8859 nor ISO 2022 for Japanese and Korean. */
static bool is_bad_iso(struct str charset)
{
	bool bad = false;
	ptrdiff_t at;

	while ((at = str_ifind(charset, STR("iso-"))) >= 0) {
		struct str rest = str_from(charset, (size_t)at + 4);
		ptrdiff_t dash = str_rchr(rest, '-');

		if (is_known_iso(rest))
			return false;
		bad |= dash > 0 && (size_t)dash + 1 < rest.n;
		charset = rest;
	}
	return bad;
}

/* Charsets whose octets look like capitals where they are not decoded. */
static bool looks_like_capitals(struct arena *a, struct str charset)
{
	static const char *const parts[] = {
		"koi",   "jp",     "jis",          "euc",        "gb",    "big5",
		"isoir", "cp1251", "windows-1251", "georgianps", "pt154", "tis",
	};

	charset = str_lower(a, charset);
	for (size_t i = 0; i < charset.n; i++)
		if (!is_word(charset.p[i]) && charset.p[i] != '-')
			return false;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (str_find(charset, str_of(parts[i])) >= 0)
			return true;
	return false;
}

static void note_headers(struct eval_run *r, struct mime_facts *f, const struct spam_part *part,
			 struct str disposition)
{
	bool base64 = str_find(part->encoding, STR("base64")) >= 0;

	f->html_count += is_type(part, "text/html");
	f->text_count += is_text(part) && !is_type(part, "text/html");
	f->alternative |= is_type(part, "multipart/alternative");
	f->base64_count += base64;
	f->qp_count += str_find(part->encoding, STR("quoted-printable")) >= 0;
	if (base64 && is_text(part) && !str_istarts(disposition, STR("attachment")) &&
	    !str_istarts(disposition, STR("inline")) &&
	    (!part->charset.n || str_ifind(part->charset, STR("ascii")) >= 0))
		f->base64_text = true;
	if (part->charset.n) {
		f->bad_iso_charset |= is_bad_iso(part->charset);
		f->faraway_charset |= !spam_charset_expected(r->a, part->charset, r->view->locales);
		f->looks_capital |= looks_like_capitals(r->a, part->charset);
	}
}

/* Not deeper than SPAM_LEVELS_MAX + 1. */
static void scan_parts(struct eval_run *r, struct mime_facts *f, struct spam_node *node,
		       const struct spam_node *parent)
{
	for (; node; node = node->next) {
		struct str disposition = spam_field_text(r->m, node, "content-disposition");
		bool attached = str_ifind(disposition, STR("attachment")) >= 0;

		f->attachments += attached;
		note_headers(r, f, &node->part, disposition);
		if (node->part.leaf)
			scan_leaf(r->m, f, node, parent, attached);
		scan_parts(r, f, node->child, node);
	}
}

static struct str declared_charset(struct eval_run *r)
{
	struct spam_field *f = spam_field_last(&r->m->root, STR("Content-Type"));
	struct spam_ctype type;

	if (!f)
		return STR_NONE;
	spam_ctype_parse(r->a, spam_field_value(r->m, f), &type);
	return type.charset;
}

static const struct mime_facts *facts(struct eval_run *r)
{
	struct mime_facts *f = r->mail;

	if (f->made)
		return f;
	f->made = true;
	scan_parts(r, f, &r->m->root, NULL);
	f->looks_capital |= looks_like_capitals(r->a, declared_charset(r));
	/* Where there was text to look at, needless escapes count, not parts. */
	if (f->qp_bytes)
		f->qp_count = f->qp_chars;
	return f;
}

static double multipart_ratio(const struct mime_facts *f)
{
	if (!f->has_text || !f->html_size)
		return 1;
	return (double)f->text_size / (double)f->html_size;
}

/* Entities to the octets that are none. */
static double unicode_ratio(const struct mime_facts *f)
{
	size_t others = f->plain_octets - ENTITY_LENGTH * f->hex_entities;

	return others ? (double)f->hex_entities / (double)others : 0;
}

static double qp_ratio(const struct mime_facts *f)
{
	return f->qp_bytes ? (double)f->qp_chars / (double)f->qp_bytes : 0;
}

static double named_fact(const struct mime_facts *f, struct str name)
{
	const struct {
		const char *name;
		double value;
	} all[] = {
		{ "mime_checked_attachments", 1 },
		{ "mime_base64_count", f->base64_count },
		{ "mime_base64_encoded_text", f->base64_text },
		{ "mime_body_html_count", f->html_count },
		{ "mime_body_text_count", f->text_count },
		{ "mime_faraway_charset", f->faraway_charset },
		{ "mime_multipart_alternative", f->alternative },
		{ "mime_multipart_ratio", multipart_ratio(f) },
		{ "mime_qp_count", f->qp_count },
		{ "mime_qp_long_line", f->qp_long_line },
		{ "mime_qp_ratio", qp_ratio(f) },
		{ "mime_ascii_text_illegal", f->ascii_illegal },
		{ "mime_text_unicode_ratio", unicode_ratio(f) },
		{ "mime_attachment", f->attachments },
		{ "mime_bad_iso_charset", f->bad_iso_charset },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (str_eq(name, str_of(all[i].name)))
			return all[i].value;
	return 0; /* mime_base64_blanks, mimepart_limit_exceeded: nothing sets them */
}

static unsigned check_for_mime(struct eval_run *r, const struct eval_args *args)
{
	return args->n && named_fact(facts(r), args->v[0]) != 0;
}

static unsigned check_for_mime_html(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return facts(r)->html_count > 0;
}

static unsigned check_for_mime_html_only(struct eval_run *r, const struct eval_args *args)
{
	const struct mime_facts *f = facts(r);

	(void)args;
	return f->html_count > 0 && f->text_count == 0;
}

static double argument(const struct eval_args *args, size_t i)
{
	return i < args->n ? eval_number(args->v[i]) : 0;
}

static unsigned check_mime_multipart_ratio(struct eval_run *r, const struct eval_args *args)
{
	double ratio = multipart_ratio(facts(r));

	return ratio >= argument(args, 0) && ratio < argument(args, 1);
}

static unsigned check_msg_parse_flags(struct eval_run *r, const struct eval_args *args)
{
	const struct spam_message_flags *f = spam_message_flags(r->m);
	const struct {
		const char *name;
		bool set;
	} all[] = {
		{ "missing_head_body_separator", f->missing_head_body_separator },
		{ "missing_mime_headers", f->missing_mime_headers },
		{ "missing_mime_head_body_separator", f->missing_mime_head_body_separator },
		{ "truncated_header", f->truncated_header },
		{ "mime_epilogue_exists", f->mime_epilogue_exists },
	};

	for (size_t i = 0; args->n && i < ARRAY_LEN(all); i++)
		if (str_eq(args->v[0], str_of(all[i].name)))
			return all[i].set;
	return 0;
}

static unsigned check_for_ascii_text_illegal(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return facts(r)->ascii_illegal;
}

static unsigned check_abundant_unicode_ratio(struct eval_run *r, const struct eval_args *args)
{
	double ratio = unicode_ratio(facts(r));

	return argument(args, 0) > 0 && ratio >= argument(args, 0);
}

static unsigned check_ma_non_text(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return facts(r)->non_text;
}

static unsigned check_base64_length(struct eval_run *r, const struct eval_args *args)
{
	double n = (double)facts(r)->base64_line;

	return n >= argument(args, 0) && (args->n < 2 || n <= argument(args, 1));
}

static unsigned check_qp_ratio(struct eval_run *r, const struct eval_args *args)
{
	return qp_ratio(facts(r)) >= argument(args, 0);
}

/* Texts that are mostly octets above 7F, and have some. */
static bool is_mostly_high(struct spam_texts t)
{
	size_t high = 0, all = t.n ? t.n - 1 : 0; /* joined by line ends */

	for (size_t i = 0; i < t.n; i++) {
		all += t.v[i].n;
		for (size_t k = 0; k < t.v[i].n; k++)
			high += (t.v[i].p[k] & 0x80) != 0;
	}
	return high > 3 && all - high <= high;
}

static unsigned check_for_faraway_charset(struct eval_run *r, const struct eval_args *args)
{
	struct str charset = declared_charset(r);

	(void)args;
	return charset.n && !spam_charset_expected(r->a, charset, r->view->locales) &&
	       is_mostly_high(spam_body(r->m));
}

/* White space between two words. */
static bool has_inner_space(struct str s)
{
	s = str_trim(s);
	for (size_t i = 0; i < s.n; i++)
		if (is_space(s.p[i]))
			return true;
	return false;
}

/* Two long words of base64, which a forwarded mail may show. */
static bool is_base64_line(struct str s)
{
	for (int words = 0; words < 2; words++) {
		size_t n = 0;

		while (n < s.n && (ascii_is_alpha(s.p[n]) || ascii_is_digit(s.p[n]) ||
				   memchr("+/=", s.p[n], 3)))
			n++;
		if (n < 60 || n > 76 || n == s.n || s.p[n] != ' ')
			return false;
		s = str_from(s, n + 1);
	}
	return true;
}

struct letters {
	size_t all, upper, lower;
};

/* Digits count as small letters. */
static void count_letters(struct letters *l, struct str s)
{
	ptrdiff_t kanji = str_find(s, STR("\x1b$B"));
	struct str tail = str_from(s, kanji < 0 ? s.n : (size_t)kanji);

	if (kanji >= 0) {
		ptrdiff_t end = -1, next;

		for (size_t at = 0; (next = str_find(str_from(tail, at), STR("\x1b(B"))) >= 0;)
			at = (size_t)(end = (ptrdiff_t)at + next + 3);
		if (end >= 0) {
			count_letters(l, str_sub(s, 0, (size_t)kanji));
			s = str_from(tail, (size_t)end);
		}
	}
	l->all += s.n;
	for (size_t i = 0; i < s.n; i++) {
		l->upper += s.p[i] >= 'A' && s.p[i] <= 'Z';
		l->lower += (s.p[i] >= 'a' && s.p[i] <= 'z') || ascii_is_digit(s.p[i]);
	}
}

static double uppercase(struct eval_run *r)
{
	struct spam_texts body = spam_body(r->m);
	struct letters l = { 0 };

	if (facts(r)->looks_capital)
		return 0;
	for (size_t i = 0; i < body.n; i++)
		if (has_inner_space(body.v[i]) && !is_base64_line(body.v[i]))
			count_letters(&l, body.v[i]);
	if (l.all < UPPERCASE_TEXT_MIN || l.upper + l.lower == 0)
		return 0;
	return (double)l.upper / (double)(l.upper + l.lower) * 100;
}

static unsigned check_for_uppercase(struct eval_run *r, const struct eval_args *args)
{
	struct mime_facts *f = r->mail;

	if (!f->have_uppercase)
		f->uppercase = uppercase(r);
	f->have_uppercase = true;
	return f->uppercase > argument(args, 0) && f->uppercase <= argument(args, 1);
}

static const struct eval evals[] = {
	{ .name = "check_for_mime", .call = check_for_mime },
	{ .name = "check_for_mime_html", .call = check_for_mime_html },
	{ .name = "check_for_mime_html_only", .call = check_for_mime_html_only },
	{ .name = "check_mime_multipart_ratio", .call = check_mime_multipart_ratio },
	{ .name = "check_msg_parse_flags", .call = check_msg_parse_flags },
	{ .name = "check_for_ascii_text_illegal", .call = check_for_ascii_text_illegal },
	{ .name = "check_abundant_unicode_ratio", .call = check_abundant_unicode_ratio },
	{ .name = "check_for_faraway_charset", .call = check_for_faraway_charset },
	{ .name = "check_ma_non_text", .call = check_ma_non_text },
	{ .name = "check_base64_length", .call = check_base64_length },
	{ .name = "check_qp_ratio", .call = check_qp_ratio },
	{ .name = "check_for_uppercase", .call = check_for_uppercase },
	{ 0 },
};

const struct eval_family eval_mime = {
	.plugin = "MIMEEval",
	.evals = evals,
	.mail_size = sizeof(struct mime_facts),
};
