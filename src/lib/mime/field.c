#include <limits.h>

#include "base/buf.h"
#include "lib/mime/mime_int.h"

struct str mime_lower(struct arena *a, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return str_lower(a, s);
	return s;
}

bool mime_is_multipart(const struct mime *m)
{
	return str_starts(m->type, STR("multipart/"));
}

/* The fields that decide what a part is. */
struct content_fields {
	struct content_field {
		const struct mime_header *h;
		unsigned seen;
	} type, encoding, disposition, id;
};

/* Which of several fields, which of several boundaries counts, from 0. */
static unsigned field_wanted(const struct parser *ps)
{
	return has_habit(ps, HABIT_FIELD_LAST) ? UINT_MAX : has_habit(ps, HABIT_FIELD_2);
}

static unsigned param_wanted(const struct parser *ps)
{
	return has_habit(ps, HABIT_PARAM_LAST) ? UINT_MAX : has_habit(ps, HABIT_PARAM_2);
}

static void remember(const struct parser *ps, struct mime *m, struct content_field *f,
		     const struct mime_header *h, enum mime_anomaly twice)
{
	/* Not a field to clients that want the colon right behind the name. */
	if (h->whole.p[h->name.n] != ':') {
		m->anomalies |= MIME_FIELD_ODD;
		if (has_habit(ps, HABIT_COLON))
			return;
	}
	if (f->seen)
		m->anomalies |= twice;
	if (f->seen <= field_wanted(ps))
		f->h = h;
	f->seen++;
}

static void find_content_fields(const struct parser *ps, struct mime *m, struct content_fields *f)
{
	for (uint32_t i = 0; i < m->header_count; i++) {
		const struct mime_header *h = &m->headers[i];

		if (h->name.n < 10 || !str_istarts(h->name, STR("content-")))
			continue;
		if (str_ieq(h->name, STR("content-type")))
			remember(ps, m, &f->type, h, MIME_DUP_TYPE);
		else if (str_ieq(h->name, STR("content-transfer-encoding")))
			remember(ps, m, &f->encoding, h, MIME_DUP_ENCODING);
		else if (str_ieq(h->name, STR("content-disposition")))
			remember(ps, m, &f->disposition, h, MIME_DUP_DISPOSITION);
		else if (str_ieq(h->name, STR("content-id")))
			remember(ps, m, &f->id, h, MIME_DUP_ID);
	}
}

/* type/subtype as written, blanks and comments between left out; empty if it is not of that form.
 */
static struct str lex_type(struct lex *lx)
{
	struct str type, sub;

	if (!mime_lex_skip(lx))
		return STR("");
	type = mime_lex_word(lx, ";/");
	if (!mime_lex_skip(lx) || *lx->p != '/')
		return STR("");
	lx->p++;
	if (!mime_lex_skip(lx))
		return STR("");
	sub = mime_lex_word(lx, ";/");
	if (!type.n || !sub.n)
		return STR("");
	lx->anomalies |= type.p + type.n + 1 == sub.p ? 0 : MIME_SYNTAX_RARE;
	if (type.p + type.n + 1 == sub.p)
		return (struct str){ type.p, type.n + 1 + sub.n };
	return str_fmt(lx->ps->a, "%.*s/%.*s", STR_ARG(type), STR_ARG(sub));
}

static struct str boundary_text(struct parser *ps, const struct mime *m, uint32_t anomalies)
{
	const struct mime_params *params = &m->type_params;
	bool extended = anomalies & MIME_BOUNDARY_EXTENDED;
	struct str found = STR_NONE;
	unsigned seen = 0;

	if (extended && has_habit(ps, HABIT_EXTENDED))
		return mime_param_text(ps->a, *params, STR("boundary"));
	for (uint32_t i = 0; i < params->n; i++)
		if (str_ieq(params->p[i].name, STR("boundary")) && seen++ <= param_wanted(ps))
			found = params->p[i].value;
	if (!found.p && extended)
		found = mime_param_text(ps->a, *params, STR("boundary"));
	return found;
}

/* What a part is if it does not say (RFC 2045, 5.2 and RFC 2046, 5.1.5). */
static struct str default_type(const struct mime *m)
{
	if (m->parent && str_eq(m->parent->type, STR("multipart/digest")))
		return STR("message/rfc822");
	return STR("text/plain");
}

static struct str find_boundary(struct parser *ps, struct mime *m, const struct lex *lx)
{
	struct str boundary = boundary_text(ps, m, lx->boundary_anomalies);

	m->anomalies |= lx->boundary_anomalies;
	if (boundary.n > MIME_BOUNDARY_MAX) {
		if (!ps->mail->truncated)
			ps->mail->truncated = "boundary length";
		boundary = STR_NONE;
	}
	if (!boundary.n && has_habit(ps, HABIT_GUESS))
		return STR("");
	if (!boundary.n) {
		boundary = STR_NONE;
		m->anomalies |= lx->boundary_anomalies ? 0 : MIME_BOUNDARY_MISSING;
		m->type = STR("application/x-unparseable-multipart");
		/* The root is to be matched as that, too (filter.md 4.2). */
		if (!m->parent)
			m->header_type = m->type;
	}
	return boundary;
}

/* What is no multipart by its type may be one to a client that looks at less of it. */
static struct str find_stray_boundary(struct parser *ps, struct mime *m, const struct lex *lx)
{
	struct str boundary = boundary_text(ps, m, lx->boundary_anomalies);

	if (boundary.p)
		m->anomalies |= MIME_BOUNDARY_STRAY;
	if (!has_habit(ps, HABIT_GUESS) || boundary.n > MIME_BOUNDARY_MAX)
		return STR_NONE;
	if (!boundary.n && str_istarts(m->header_type, STR("multipart")))
		return STR("");
	return boundary;
}

static void read_type(struct parser *ps, struct mime *m, struct str value, struct str *boundary)
{
	struct lex lx;

	mime_lex_init(&lx, ps, value);
	m->header_type = lex_type(&lx);
	if (!m->header_type.n) {
		m->anomalies |= MIME_TYPE_INVALID;
		m->header_type = str_trim(str_cut(&value, ';'));
	} else {
		m->type = mime_lower(ps->a, m->header_type);
	}
	m->type_params = mime_lex_params(&lx);
	m->anomalies |= lx.anomalies;
	if (mime_is_multipart(m))
		*boundary = find_boundary(ps, m, &lx);
	else
		*boundary = find_stray_boundary(ps, m, &lx);
	if (str_eq(m->type, STR("message/partial")) ||
	    str_eq(m->type, STR("message/external-body")))
		m->anomalies |= MIME_ELSEWHERE;
}

static void read_disposition(struct parser *ps, struct mime *m, struct str value)
{
	struct lex lx;

	mime_lex_init(&lx, ps, value);
	if (mime_lex_skip(&lx))
		m->disposition = mime_lower(ps->a, mime_lex_word(&lx, ";="));
	/* Only parameters: the disposition was forgotten. */
	if (mime_lex_skip(&lx) && *lx.p == '=') {
		m->disposition = STR("");
		m->anomalies |= MIME_PARAM_INVALID;
		mime_lex_init(&lx, ps, value);
	}
	m->disposition_params = mime_lex_params(&lx);
	m->anomalies |= lx.anomalies;
}

static void read_encoding(struct parser *ps, struct mime *m, const struct mime_header *h)
{
	static const struct str identity[] = { STR_INIT(""),      STR_INIT("7bit"),
					       STR_INIT("8bit"),  STR_INIT("binary"),
					       STR_INIT("7-bit"), STR_INIT("8-bit") };
	struct str word = STR(""), value = h->value;
	bool folded = memchr(h->whole.p, '\n', (size_t)(value.p - h->whole.p));
	struct lex lx;

	mime_lex_init(&lx, ps, value);
	if (mime_lex_skip(&lx))
		word = mime_lex_word(&lx, ";,");
	if (mime_lex_skip(&lx) && !str_eq(str_trim((struct str){ lx.p, (size_t)(lx.end - lx.p) }),
					  STR(";")))
		m->anomalies |= MIME_ENCODING_UNKNOWN;
	m->anomalies |= lx.anomalies;
	if (word.n != value.n || folded)
		m->anomalies |= MIME_SYNTAX_RARE;
	if (str_ieq(word, STR("base64")))
		m->encoding = MIME_BASE64;
	else if (str_ieq(word, STR("quoted-printable")))
		m->encoding = MIME_QP;
	if (m->encoding != MIME_IDENTITY)
		return;
	for (size_t i = 0; i < ARRAY_LEN(identity); i++)
		if (str_ieq(word, identity[i]))
			return;
	m->anomalies |= MIME_ENCODING_UNKNOWN;
}

static struct str without_angles(struct str value)
{
	if (str_starts(value, STR("<")) && str_ends(value, STR(">")) && value.n >= 2)
		return str_trim(str_sub(value, 1, value.n - 2));
	return value;
}

void mime_fields_read(struct parser *ps, struct mime *m, struct str *boundary)
{
	struct content_fields f = { 0 };

	*boundary = STR_NONE;
	m->type = default_type(m);
	find_content_fields(ps, m, &f);
	if (f.type.h)
		read_type(ps, m, f.type.h->value, boundary);
	if (f.disposition.h)
		read_disposition(ps, m, f.disposition.h->value);
	if (f.encoding.h)
		read_encoding(ps, m, f.encoding.h);
	if (f.id.h)
		m->content_id = without_angles(f.id.h->value);
}
