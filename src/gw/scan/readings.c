#define _GNU_SOURCE /* memfd_create */
#include <sys/mman.h>

#include "base/enc.h"
#include "base/file.h"
#include "gw/scan/scan_int.h"

enum { SCANNED_DEPTH = 5 /* parts in parts that every scanner goes into */ };

/* Dashes and an equals sign begin no line of base64. */
#define BOUNDARY "=_reading"

static const struct str head =
	STR_INIT("From: mailer-daemon\nTo: scanner\nSubject: readings\nMIME-Version: 1.0\n"
		 "Content-Type: multipart/mixed; boundary=\"" BOUNDARY "\"\n\n");
static const struct str part_head =
	STR_INIT("--" BOUNDARY "\nContent-Type: application/octet-stream\n"
		 "Content-Disposition: attachment; filename=\"reading\"\n"
		 "Content-Transfer-Encoding: base64\n\n");
static const struct str tail = STR_INIT("--" BOUNDARY "--\n");

struct writer {
	struct scan *s;
	const struct sink *to;
	size_t room; /* bytes of content that may still be added */
	bool complete;
};

/* Scanners stop at some depth, which is not ours to know. */
static bool is_deep(const struct scan *s)
{
	for (uint32_t i = 0; i < s->n_parts; i++)
		if (s->parts[i]->depth > SCANNED_DEPTH)
			return true;
	return false;
}

bool readings_wanted(const struct scan *s)
{
	return s->anomalies || is_deep(s) || s->readings.n || s->readings.cut ||
	       s->mime->mail->truncated;
}

static int add_content(struct writer *w, const struct mime *m, struct err *e)
{
	const size_t piece = (size_t)ENC_LINE / 4 * 3 * 1024;
	struct arena_mark mark = arena_mark(w->s->a);
	struct str content;

	if (mime_body(w->s->a, m, m->body.n, &content, e) < 0 ||
	    sink_write(w->to, part_head, e) < 0)
		return -1;
	w->room -= content.n < w->room ? content.n : w->room;
	for (; content.n; content = str_from(content, piece)) {
		struct buf b;

		buf_init(&b, w->s->a, SIZE_MAX);
		enc_base64_add(&b, str_sub(content, 0, piece), STR("\n"));
		if (sink_write(w->to, buf_str(&b), e) < 0)
			return -1;
	}
	arena_rewind(w->s->a, mark);
	return 0;
}

static int add_leaf(struct writer *w, const struct mime *m, struct err *e)
{
	if (m->child || !m->body.n)
		return 0;
	if (m->body.n > w->room) {
		w->complete = false;
		return 0;
	}
	return add_content(w, m, e);
}

/* Another name or type for the same bytes. */
static bool is_same_content(const struct mime *one, const struct mime *two)
{
	return one->body.p == two->body.p && one->body.n == two->body.n &&
	       one->encoding == two->encoding && !one->child;
}

static int add_all(struct writer *w, struct err *e)
{
	struct scan *s = w->s;

	for (uint32_t i = 0; i < s->n_parts; i++)
		if (add_leaf(w, s->parts[i], e) < 0)
			return -1;
	for (size_t i = 0; i < s->readings.n; i++) {
		const struct mime_reading *r = &s->readings.p[i];

		if (!is_same_content(s->parts[r->aid - 1], r->part) && add_leaf(w, r->part, e) < 0)
			return -1;
	}
	return 0;
}

int readings_write(struct scan *s, const struct sink *to, bool *complete, struct err *e)
{
	struct writer w = { s, to, SCAN_READINGS_BYTES_MAX, !s->readings.cut };

	if (sink_write(to, head, e) < 0 || add_all(&w, e) < 0 || sink_write(to, tail, e) < 0)
		return -1;
	*complete = w.complete;
	return 0;
}

static int write_to_file(void *ctx, struct str bytes, struct err *e)
{
	return file_write_all(*(int *)ctx, bytes, e);
}

int readings_file(struct scan *s, int *fd, bool *complete, struct err *e)
{
	struct sink to = { write_to_file, fd };

	*fd = memfd_create("readings", MFD_CLOEXEC);
	if (*fd < 0)
		return err_sys(e, "memfd_create");
	return readings_write(s, &to, complete, e);
}
