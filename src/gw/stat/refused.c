#include "base/vec.h"
#include "gw/stat/stat.h"

/* PTime 0 tells these rows from those of mails that came; the level says why there is no mail. */
enum { TEXT_COLUMN = 255, LEVEL_SPF = 4, LEVEL_GREYLIST = 5 };

static const struct db_statement record = {
	"stat_record_refused",
	"WITH mail AS MATERIALIZED (SELECT nextval('cstatistic_id_seq') AS id, m.* FROM "
	"unnest($1::int8[], $2::int8[], $3::text[]) WITH ORDINALITY AS m(time, level, sender, n)), "
	"rows AS (INSERT INTO CStatistic (CID, RID, ID, Time, Bytes, Direction, Spamlevel, "
	"VirusInfo, PTime, Sender) SELECT 0, id, id, time, 0, true, level, NULL, 0, sender "
	"FROM mail) "
	"INSERT INTO CReceivers (CStatistic_CID, CStatistic_RID, Receiver, Blocked) "
	"SELECT 0, mail.id, r.address, true FROM unnest($4::int8[], $5::text[]) AS r(n, address) "
	"JOIN mail ON mail.n = r.n",
};

int stat_record_refused(struct arena *a, struct db *db, const struct stat_refused *mails, size_t n,
			struct err *e)
{
	int64_t *time = NEW_N(a, int64_t, n), *level = NEW_N(a, int64_t, n);
	struct str *sender = NEW_N(a, struct str, n);
	VEC(int64_t) mail = { 0 };
	VEC(struct str) address = { 0 };

	for (size_t i = 0; i < n; i++) {
		time[i] = mails[i].time;
		level[i] = mails[i].by_spf ? LEVEL_SPF : LEVEL_GREYLIST;
		sender[i] = db_fit(mails[i].sender, TEXT_COLUMN);
		for (size_t k = 0; k < mails[i].n_rcpt; k++) {
			vec_add(a, &mail, (int64_t)i + 1); /* ordinality counts from 1 */
			vec_add(a, &address, db_fit(mails[i].rcpt[k], TEXT_COLUMN));
		}
	}

	const struct db_param values[] = {
		db_int_array(a, time, n),
		db_int_array(a, level, n),
		db_text_array(a, sender, n),
		db_int_array(a, mail.p, mail.n),
		db_text_array(a, address.p, address.n),
	};

	return db_run(db, a, &record, values, ARRAY_LEN(values), NULL, e);
}
