#include "gw/quar/release.h"

#include "gw/quar/file.h"
#include "gw/track/lines.h"
#include "lib/mime/mime.h"

/* A mail in the hands of one of the functions below: what lines are logged about. */
struct subject {
	struct quar_row row;
	struct str id, path;
};

static void describe(struct arena *a, const struct quar_desk *desk, struct subject *s)
{
	s->id = quar_id_print(a, s->row.id);
	s->path = str_fmt(a, "%s/%.*s", desk->spool, STR_ARG(s->row.file));
}

/* The file in two pieces, between which were the fields that the recipient shall not see. */
struct pieces {
	struct str before, after;
};

static size_t line_length(struct str s)
{
	ptrdiff_t end = str_chr(s, '\n');

	return end < 0 ? s.n : (size_t)end + 1;
}

/*
 * Both fields have exactly one line: a blank at the start of the next one belongs to a mail that
 * began with it. A mail that began with a mailbox's "From " line has them below that.
 */
static struct pieces without_envelope(struct str raw)
{
	size_t at = 0, end;

	if (str_starts(raw, STR("From ")) || str_starts(raw, STR(">From ")))
		at = line_length(raw);
	end = at;
	if (str_istarts(str_from(raw, end), STR("Delivered-To:")))
		end += line_length(str_from(raw, end));
	if (end > at && str_istarts(str_from(raw, end), STR("Return-Path:")))
		end += line_length(str_from(raw, end));
	return (struct pieces){ str_sub(raw, 0, at), str_from(raw, end) };
}

static int write_pieces(void *ctx, const struct sink *to, struct err *e)
{
	const struct pieces *p = ctx;

	return sink_write(to, p->before, e) < 0 ? -1 : sink_write(to, p->after, e);
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 0x7e)
			return false;
	return true;
}

/*
 * SMTPUTF8 is asked for when the address needs it. A header with bytes above 127 does not: with it
 * the mail could not go on to a server that has none, which would have taken it without quarantine.
 */
static int send(struct arena *a, const struct quar_desk *desk, const struct subject *s,
		struct err *e)
{
	const struct smtp_rcpt rcpt = { .address = s->row.receiver };
	const struct smtp_send mail = {
		.helo = STR(QUAR_HELO),
		.sender = STR(QUAR_SENDER),
		.rcpt = &rcpt,
		.n_rcpt = 1,
		.smtputf8 = !is_ascii(s->row.receiver),
	};
	struct pieces pieces;
	const struct smtp_source source = { write_pieces, &pieces };
	struct smtp_outcome ignored;
	struct str raw;

	if (quar_file_map(a, desk->spool, s->row.file, &raw, e) < 0)
		return -1;
	pieces = without_envelope(raw);
	return desk->post.send(desk->post.ctx, a, &mail, &source, &ignored, e);
}

static int mark_done(struct arena *a, const struct quar_desk *desk, struct quar_id id,
		     struct err *e)
{
	static const struct db_statement mark = {
		"quar_done", "UPDATE CMSReceivers SET Status = 'D', MTime = $1 "
			     "WHERE CMailStore_CID = $2 AND CMailStore_RID = $3 AND TicketID = $4"
	};
	const struct db_param values[] = { DB_INT(desk->now), DB_INT(id.cid), DB_INT(id.rid),
					   DB_INT(id.ticket) };

	return db_run(desk->db, a, &mark, values, ARRAY_LEN(values), NULL, e);
}

static int deliver(struct arena *a, const struct quar_desk *desk, const struct subject *s,
		   struct err *e)
{
	if (send(a, desk, s, e) < 0) {
		line_quarantine_failed(s->id, s->path, s->row.receiver, e->msg);
		return -1;
	}
	line_quarantine_delivered(s->id, s->path, s->row.receiver);
	return 0;
}

enum deed { DEED_DELIVER, DEED_DELETE };

/* Within the transaction. *done tells that there is nothing left to do. */
static int act_locked(struct arena *a, const struct quar_desk *desk, struct quar_id id,
		      enum deed deed, struct subject *s, bool *done, struct err *e)
{
	if (quar_lock(a, desk->db, id, &s->row, e) < 0)
		return -1;
	describe(a, desk, s);
	*done = s->row.status != QUAR_NEW;
	if (*done)
		return 0;
	if (mark_done(a, desk, id, e) < 0)
		return -1;
	return deed == DEED_DELIVER ? deliver(a, desk, s, e) : 0;
}

static int act(struct arena *a, const struct quar_desk *desk, struct quar_id id, enum deed deed,
	       struct err *e)
{
	struct subject s;
	bool done;

	if (db_begin(desk->db, e) < 0)
		return -1;
	if (act_locked(a, desk, id, deed, &s, &done, e) < 0) {
		db_rollback(desk->db);
		return -1;
	}
	if (done) {
		db_rollback(desk->db);
		line_quarantine_done_before(s.id, s.path,
					    deed == DEED_DELIVER ? s.row.receiver : s.row.pmail);
		return 0;
	}
	if (db_commit(desk->db, e) < 0)
		return err_wrap(e, "%.*s", STR_ARG(s.id));
	if (deed == DEED_DELETE)
		line_quarantine_deleted(s.id, s.path, s.row.pmail);
	return 0;
}

int quar_deliver(struct arena *a, const struct quar_desk *desk, struct quar_id id, struct err *e)
{
	return act(a, desk, id, DEED_DELIVER, e);
}

int quar_delete(struct arena *a, const struct quar_desk *desk, struct quar_id id, struct err *e)
{
	return act(a, desk, id, DEED_DELETE, e);
}

int quar_mark_seen(struct arena *a, const struct quar_desk *desk, struct quar_id id, bool seen,
		   struct err *e)
{
	static const struct db_statement mark = {
		"quar_seen", "UPDATE CMSReceivers SET Seen = $1, SeenMTime = $2, MTime = $2 "
			     "WHERE CMailStore_CID = $3 AND CMailStore_RID = $4 AND TicketID = $5"
	};
	const struct db_param values[] = { DB_TEXT(seen ? STR("S") : STR("N")), DB_INT(desk->now),
					   DB_INT(id.cid), DB_INT(id.rid), DB_INT(id.ticket) };
	const struct db_rows *rows;

	if (db_run(desk->db, a, &mark, values, ARRAY_LEN(values), &rows, e) < 0)
		return -1;
	if (!db_rows_affected(rows))
		return err_set(e, ERR_NOTFOUND, "there is no quarantined mail '%.*s'",
			       STR_ARG(quar_id_print(a, id)));
	return 0;
}

struct str quar_real_sender(struct arena *a, const struct quar_row *row)
{
	static const struct str fields[] = { STR_INIT("Sender"), STR_INIT("From") };
	struct mime *m;
	struct err e;

	if (mime_parse(a, row->header, NULL, &m, &e) < 0)
		return row->sender;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const struct mime_header *h = mime_find(m, fields[i]);
		struct str address = h ? mime_address_first(a, h->value) : STR_NONE;

		if (address.n)
			return address;
	}
	return row->sender;
}

static bool has_wildcard(struct str s)
{
	return str_chr(s, '*') >= 0 || str_chr(s, '?') >= 0;
}

int quar_list_sender(struct arena *a, const struct quar_desk *desk, struct quar_id id,
		     enum userprefs_list list, struct err *e)
{
	struct quar_row row;
	struct str sender;

	if (quar_find(a, desk->db, id, &row, e) < 0)
		return -1;
	sender = quar_real_sender(a, &row);
	if (!sender.n)
		return err_set(e, ERR_INVALID, "the mail has no sender");
	if (has_wildcard(sender))
		return err_set(e, ERR_INVALID, "the sender '%.*s' has a wildcard in it",
			       STR_ARG(sender));
	if (userprefs_add(a, desk->db, row.pmail, list, sender, desk->now, e) < 0)
		return -1;
	return list == USERPREFS_WHITE ? quar_deliver(a, desk, id, e) : quar_delete(a, desk, id, e);
}
