#include "gw/stat/stat.h"

#include <limits.h>

enum { TEXT_COLUMN = 255 };

/*
 * One statement is one transaction and one exchange with the server. set_config() holds for this
 * transaction only, and the first row asks for it, so it is evaluated. Rules are locked in the
 * order of their ids, because two mails that count the same rules in different orders would
 * deadlock.
 */
static const struct db_statement record = {
	"stat_record",
	"WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS "
	"mode), "
	"n AS (SELECT nextval('cstatistic_id_seq') AS id FROM quick WHERE mode = 'off'), "
	"mail AS (INSERT INTO CStatistic (CID, RID, ID, Time, Bytes, Direction, Spamlevel, "
	"VirusInfo, PTime, Sender) SELECT 0, id, id, $1, $2, $3, $4, $5, $6, $7 FROM n "
	"RETURNING RID), "
	"counted AS (SELECT ID FROM Rule WHERE ID = ANY ($8::int8[]) ORDER BY ID FOR UPDATE), "
	"rules AS (UPDATE Rule SET Count = Count + 1 FROM counted WHERE Rule.ID = counted.ID) "
	"INSERT INTO CReceivers (CStatistic_CID, CStatistic_RID, Receiver, Blocked) "
	"SELECT 0, mail.RID, r.address, r.blocked <> 0 "
	"FROM mail, unnest($9::text[], $10::int8[]) AS r(address, blocked)"
};

static struct db_param number(int64_t n, int64_t least)
{
	return DB_INT(n > INT_MAX ? INT_MAX : n < least ? least : n);
}

int stat_record(struct arena *a, struct db *db, const struct stat_mail *mail, struct err *e)
{
	struct str *address = NEW_N(a, struct str, mail->n_rcpt);
	int64_t *blocked = NEW_N(a, int64_t, mail->n_rcpt);

	for (size_t i = 0; i < mail->n_rcpt; i++) {
		address[i] = db_fit(mail->rcpt[i].address, TEXT_COLUMN);
		blocked[i] = mail->rcpt[i].blocked;
	}

	struct db_param values[] = {
		number(mail->time, 0),
		number((int64_t)mail->bytes, 0),
		DB_INT(mail->incoming),
		number(mail->spam_level, 0),
		mail->virus.n ? DB_TEXT(db_fit(mail->virus, TEXT_COLUMN)) : DB_NULL,
		number(mail->ms, 1),
		DB_TEXT(db_fit(mail->sender, TEXT_COLUMN)),
		db_int_array(a, mail->rules, mail->n_rules),
		db_text_array(a, address, mail->n_rcpt),
		db_int_array(a, blocked, mail->n_rcpt),
	};

	return db_run(db, a, &record, values, ARRAY_LEN(values), NULL, e);
}
