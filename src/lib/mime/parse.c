#include "lib/mime/mime_int.h"

enum { UNWRAP_BYTES = 16 /* that are decoded while a line is looked at */ };

void mime_truncate(struct parser *ps, const char *reason)
{
	if (!ps->mail->truncated)
		ps->mail->truncated = reason;
	ps->full = true;
}

static struct mime *part_add(struct parser *ps, struct mime *parent)
{
	struct mime *m;

	if (ps->parts.n >= ps->lim.parts) {
		mime_truncate(ps, "parts");
		return NULL;
	}
	m = NEW(ps->a, struct mime);
	vec_add(ps->a, &ps->parts, m);
	m->mail = ps->mail;
	m->parent = parent;
	m->aid = (uint32_t)ps->parts.n;
	m->depth = parent ? parent->depth + 1 : 1;
	m->raw.p = ps->p;
	return m;
}

static void stop_at_end(struct parser *ps)
{
	ps->p = ps->end;
	ps->stop = (struct stop){ NULL, false, false, ps->end };
}

static void part_parse(struct parser *ps, struct mime *m);
static void unwrap(struct parser *ps, struct mime *m, struct str boundary);

static bool is_message(const struct parser *ps, const struct mime *m)
{
	if (m->anomalies & MIME_ELSEWHERE && has_habit(ps, HABIT_MESSAGES))
		return true;
	return str_eq(m->type, STR("message/rfc822")) || str_eq(m->type, STR("message/global")) ||
	       str_eq(m->type, STR("message/news"));
}

/* A clash with "x--" is one as well: the end of one multipart is then a part of the other. */
static bool is_reused(const struct parser *ps, struct str boundary)
{
	for (const struct delimiter *d = ps->top; d; d = d->outer) {
		struct str a = d->text, b = boundary;

		if (d->closed)
			continue;
		if (str_starts(a, b) && (a.n == b.n || str_eq(str_from(a, b.n), STR("--"))))
			return true;
		if (str_starts(b, a) && str_eq(str_from(b, a.n), STR("--")))
			return true;
	}
	return false;
}

static void epilogue_parse(struct parser *ps, struct delimiter *d)
{
	const char *from = ps->p;

	d->closed = true;
	mime_boundary_find(ps);
	if (ps->stop.content_end > from)
		d->m->epilogue = (struct str){ from, (size_t)(ps->stop.content_end - from) };
}

static void multipart_parse(struct parser *ps, struct mime *m, struct str boundary)
{
	struct delimiter d = { ps->top, boundary, m, false };
	struct mime **link = &m->child;
	const char *from = ps->p;

	if (is_reused(ps, boundary))
		m->anomalies |= MIME_BOUNDARY_REUSED;
	ps->top = &d;
	if (has_habit(ps, HABIT_PREAMBLE)) {
		ps->stop = (struct stop){ &d, false, false, from };
	} else {
		mime_boundary_find(ps);
		m->preamble = (struct str){ from, (size_t)(ps->stop.content_end - from) };
	}
	while (ps->stop.at == &d && !ps->stop.close && !ps->full) {
		*link = part_add(ps, m);
		if (!*link)
			break;
		part_parse(ps, *link);
		link = &(*link)->next;
	}
	if (ps->full)
		stop_at_end(ps);
	else if (!m->child)
		m->anomalies |= MIME_PARTS_MISSING;
	else if (ps->stop.at != &d)
		m->anomalies |= MIME_CLOSE_MISSING;
	if (ps->stop.at == &d)
		epilogue_parse(ps, &d);
	ps->top = d.outer;
}

static void message_parse(struct parser *ps, struct mime *m)
{
	m->child = part_add(ps, m);
	if (m->child)
		part_parse(ps, m->child);
	else
		stop_at_end(ps);
}

static bool may_go_deeper(struct parser *ps, const struct mime *m)
{
	if (m->depth < ps->lim.depth)
		return true;
	if (!ps->mail->truncated)
		ps->mail->truncated = "depth";
	return false;
}

static void body_parse(struct parser *ps, struct mime *m, struct str boundary)
{
	bool encoded = m->encoding != MIME_IDENTITY;

	if (boundary.p && has_habit(ps, HABIT_GUESS))
		boundary = mime_boundary_guess(ps, boundary);
	if (encoded && (boundary.p || is_message(ps, m)))
		m->anomalies |= MIME_MULTIPART_ENCODED;
	if (ps->full)
		stop_at_end(ps);
	else if (encoded && has_habit(ps, HABIT_UNWRAP) && m->anomalies & MIME_MULTIPART_ENCODED)
		unwrap(ps, m, boundary);
	else if (boundary.p && may_go_deeper(ps, m))
		multipart_parse(ps, m, boundary);
	else if (is_message(ps, m) && !encoded && may_go_deeper(ps, m))
		message_parse(ps, m);
	else
		mime_boundary_find(ps);
}

/*
 * The decoded body, read as if it stood there. What is in it are views of it, not of the message;
 * the parse of the message goes on behind the body.
 */
static void unwrap(struct parser *ps, struct mime *m, struct str boundary)
{
	struct parser outside;
	struct str body;
	struct err e;

	mime_boundary_find(ps);
	if (ps->unwrapped >= MIME_UNWRAP_MAX || m->depth >= ps->lim.depth)
		return;
	m->body.n = (size_t)(ps->stop.content_end - m->body.p);
	ps->work -= (int64_t)(m->body.n / UNWRAP_BYTES);
	if (mime_body(ps->a, m, m->body.n, &body, &e) < 0)
		return;
	outside = *ps;
	ps->p = body.p;
	ps->end = body.p + body.n;
	ps->top = NULL;
	ps->field_ahead = NULL;
	ps->unwrapped++;
	if (boundary.p)
		multipart_parse(ps, m, boundary);
	else
		message_parse(ps, m);
	ps->p = outside.p;
	ps->end = outside.end;
	ps->top = outside.top;
	ps->stop = outside.stop;
	ps->field_ahead = outside.field_ahead;
	ps->unwrapped--;
}

static void part_parse(struct parser *ps, struct mime *m)
{
	bool has_body = mime_head_parse(ps, m);
	struct str boundary;

	mime_fields_read(ps, m, &boundary);
	if (has_body)
		body_parse(ps, m, boundary);
	else if (boundary.p)
		m->anomalies |= MIME_PARTS_MISSING;
	m->glued = ps->stop.glued;
	m->raw.n = (size_t)(ps->stop.content_end - m->raw.p);
	if (ps->stop.content_end > m->body.p)
		m->body.n = (size_t)(ps->stop.content_end - m->body.p);
}

/* Whichever ends the first line. */
static struct str eol_of(struct str raw)
{
	ptrdiff_t nl = str_chr(raw, '\n');

	return nl > 0 && raw.p[nl - 1] == '\r' ? STR("\r\n") : STR("\n");
}

static uint32_t limit(uint32_t wanted, uint32_t cap)
{
	return wanted && wanted < cap ? wanted : cap;
}

static struct mime_limits limits(const struct mime_limits *lim)
{
	struct mime_limits all = lim ? *lim : (struct mime_limits){ 0 };

	if (!all.header_bytes || all.header_bytes > MIME_HEADER_BYTES_MAX)
		all.header_bytes = MIME_HEADER_BYTES_MAX;
	all.parts = limit(all.parts, MIME_PARTS_MAX);
	all.depth = limit(all.depth, MIME_DEPTH_MAX);
	all.fields = limit(all.fields, MIME_FIELDS_MAX);
	all.params = limit(all.params, MIME_PARAMS_MAX);
	return all;
}

struct mime *mime_parse_as(struct arena *a, struct str raw, const struct mime_limits *lim,
			   uint32_t habits, int64_t *work)
{
	struct mime_mail *mail = NEW(a, struct mime_mail);
	struct parser ps = {
		.a = a, .mail = mail, .lim = limits(lim), .habits = habits, .work = *work
	};

	if (!raw.p)
		raw = STR("");
	ps.p = raw.p;
	ps.end = raw.p + raw.n;
	mail->raw = raw;
	mail->eol = eol_of(raw);
	mail->root = part_add(&ps, NULL);
	part_parse(&ps, mail->root);
	mail->parts = ps.parts.p;
	mail->part_count = (uint32_t)ps.parts.n;
	for (uint32_t i = 0; i < mail->part_count; i++)
		mail->anomalies |= mail->parts[i]->anomalies;
	*work = ps.work;
	return mail->root;
}

int mime_parse(struct arena *a, struct str raw, const struct mime_limits *lim, struct mime **out,
	       struct err *e)
{
	int64_t work = MIME_WORK_MAX;

	(void)e;
	*out = mime_parse_as(a, raw, lim, 0, &work);
	return 0;
}
