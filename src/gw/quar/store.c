#include "gw/quar/store_int.h"

#include <limits.h>
#include <sys/random.h>

#include "base/failpoint.h"
#include "gw/quar/spool.h"

enum {
	TEXT_COLUMN = 255,           /* varchar(255) */
	HEADER_COLUMN = 1024 * 1024, /* has no width of its own */
	TICKET_BITS = 28,
};

static const char *store_name(enum quar_type type)
{
	switch (type) {
	case QUAR_SPAM:
		return "spam";
	case QUAR_VIRUS:
		return "virus";
	case QUAR_ATTACHMENT:
		return "attachment";
	}
	ASSERT(!"a quarantine type");
	return NULL;
}

int64_t quar_ticket(uint32_t first, size_t n)
{
	return (int64_t)((first + (uint64_t)n) & ((1u << TICKET_BITS) - 1));
}

static int write_piece(void *ctx, struct str bytes, struct err *e)
{
	return spool_write(ctx, bytes, e);
}

static int write_file(const struct quar_source *source, struct spool_file *f, struct err *e)
{
	const struct sink to = { write_piece, f };

	if (source->write(source->ctx, &to, e) < 0)
		return -1;
	return spool_finish(f, true, e);
}

static struct db_param text(struct str s)
{
	return DB_TEXT(db_fit(s, TEXT_COLUMN));
}

static struct db_param number(int64_t n)
{
	return DB_INT(n > INT_MAX ? INT_MAX : n);
}

/* ID, RID and the sequence agree in the row's first life (database.md §2). */
static int insert_mail(struct arena *a, struct db *db, const struct quar_mail *mail,
		       struct str file, int64_t *rid, struct err *e)
{
	static const struct db_statement insert = {
		"quar_mail", "WITH n AS (SELECT nextval('cmailstore_id_seq') AS id) "
			     "INSERT INTO CMailStore (CID, RID, ID, Time, QType, Bytes, Spamlevel, "
			     "Info, Sender, "
			     "Header, File) SELECT 0, id, id, $1, $2, $3, $4, $5, $6, $7, $8 FROM "
			     "n RETURNING RID"
	};
	char type = (char)mail->type;
	struct db_param values[] = {
		number(mail->time),
		DB_TEXT(((struct str){ &type, 1 })),
		number((int64_t)mail->bytes),
		number(mail->spam_level),
		mail->info.n ? DB_TEXT(db_fit(mail->info, HEADER_COLUMN)) : DB_NULL,
		text(mail->sender),
		DB_TEXT(db_fit(mail->header, HEADER_COLUMN)),
		text(file),
	};
	const struct db_rows *rows;

	if (db_run(db, a, &insert, values, ARRAY_LEN(values), &rows, e) < 0)
		return -1;
	*rid = db_int(rows, 0, 0);
	return 0;
}

/* Receiver is NULL where it says the same as PMail; an empty one stands for that on the way. */
static int insert_receivers(struct arena *a, struct db *db, const struct quar_mail *mail,
			    int64_t rid, uint32_t ticket, struct err *e)
{
	static const struct db_statement insert = {
		"quar_receivers",
		"INSERT INTO CMSReceivers (CMailStore_CID, CMailStore_RID, PMail, Receiver, "
		"TicketID, "
		"Status, MTime) SELECT 0, $1, pmail, nullif(receiver, ''), ticket, 'N', "
		"least(extract(epoch FROM now()), 2147483647)::int "
		"FROM unnest($2::text[], $3::text[], $4::int8[]) AS r(pmail, receiver, ticket)"
	};
	struct str *pmail = NEW_N(a, struct str, mail->n_rcpt);
	struct str *receiver = NEW_N(a, struct str, mail->n_rcpt);
	int64_t *tickets = NEW_N(a, int64_t, mail->n_rcpt);

	for (size_t i = 0; i < mail->n_rcpt; i++) {
		const struct quar_rcpt *r = &mail->rcpt[i];

		pmail[i] = db_fit(r->pmail, TEXT_COLUMN);
		receiver[i] =
			str_ieq(r->address, r->pmail) ? STR_NONE : db_fit(r->address, TEXT_COLUMN);
		tickets[i] = quar_ticket(ticket, i);
	}
	return db_run(db, a, &insert,
		      (struct db_param[]){ DB_INT(rid), db_text_array(a, pmail, mail->n_rcpt),
					   db_text_array(a, receiver, mail->n_rcpt),
					   db_int_array(a, tickets, mail->n_rcpt) },
		      4, NULL, e);
}

static int insert_rows(struct arena *a, struct db *db, const struct quar_mail *mail,
		       struct str file, struct err *e)
{
	uint32_t ticket;
	int64_t rid;

	if (getrandom(&ticket, sizeof(ticket), 0) != sizeof(ticket))
		return err_sys(e, "random ticket");
	if (db_begin(db, e) < 0)
		return -1;
	if (insert_mail(a, db, mail, file, &rid, e) < 0 ||
	    insert_receivers(a, db, mail, rid, ticket, e) < 0) {
		db_rollback(db);
		return -1;
	}
	FAILPOINT("quarantine-row", mail->header);
	return db_commit(db, e);
}

/* A file whose rows may be there must stay: the row of a mail without its file helps nobody. */
static int store_file(struct arena *a, struct db *db, const char *spool,
		      const struct quar_mail *mail, const struct quar_source *source,
		      struct spool_file *f, struct err *e)
{
	if (write_file(source, f, e) < 0) {
		spool_remove(f);
		return -1;
	}
	FAILPOINT("quarantine-file", mail->header);
	if (insert_rows(a, db, mail, str_from(str_of(f->path), strlen(spool) + 1), e) < 0) {
		if (!db_commit_unknown(db))
			spool_remove(f);
		return -1;
	}
	FAILPOINT("quarantine-committed", mail->header);
	return 0;
}

int quar_store(struct arena *a, struct db *db, const char *spool, const struct quar_mail *mail,
	       const struct quar_source *source, struct str *id, struct err *e)
{
	struct spool_file f;
	int failed;

	/* without the database the file would be written and synced for nothing */
	if (db_ready(db, e) < 0 ||
	    spool_create_quarantine(spool, store_name(mail->type), &f, e) < 0)
		return -1;
	failed = store_file(a, db, spool, mail, source, &f, e);
	spool_keep(&f);
	if (!failed)
		*id = str_copy(a, str_of(f.id));
	return failed;
}
