#include "gw/quar/list.h"

/* Column numbers are those of read_row(). The header is cut at QUAR_HEADER_MAX. */
#define COLUMNS                                                                                    \
	"SELECT m.CID, m.RID, r.TicketID, m.QType::text, r.Status::text, r.Seen = 'S', m.Time, "   \
	"m.Bytes, m.Spamlevel, m.Info, m.Sender, left(m.Header, 65536), m.File, r.PMail, "         \
	"coalesce(r.Receiver, r.PMail) "
#define TABLES                                                                                     \
	"FROM CMailStore m "                                                                       \
	"JOIN CMSReceivers r ON r.CMailStore_CID = m.CID AND r.CMailStore_RID = m.RID "
#define BY_ID "WHERE m.CID = $1 AND m.RID = $2 AND r.TicketID = $3 "
#define BY_QUERY                                                                                   \
	"WHERE m.QType = $1 AND r.Status = $2 AND m.Time >= $3::int8 AND m.Time < $4::int8 "       \
	"AND ($5::text IS NULL OR r.PMail = $5) "

/* A letter and the decimal number behind it, which it takes from *rest. */
static bool take_number(struct str *rest, char letter, int64_t *out)
{
	size_t n = 1;

	if (!rest->n || rest->p[0] != letter)
		return false;
	while (n < rest->n && ascii_is_digit(rest->p[n]))
		n++;
	if (!str_int(str_sub(*rest, 1, n - 1), 0, INT32_MAX, out))
		return false;
	*rest = str_from(*rest, n);
	return true;
}

int quar_id_parse(struct str text, struct quar_id *out, struct err *e)
{
	struct str rest = text;
	struct quar_id id;

	if (text.n > QUAR_ID_MAX || !take_number(&rest, 'C', &id.cid) ||
	    !take_number(&rest, 'R', &id.rid) || !take_number(&rest, 'T', &id.ticket) || rest.n)
		return err_set(e, ERR_INVALID, "'%.*s' is not the id of a quarantined mail",
			       STR_ARG(str_sub(text, 0, QUAR_ID_MAX)));
	*out = id;
	return 0;
}

struct str quar_id_print(struct arena *a, struct quar_id id)
{
	return str_fmt(a, "C%lldR%lldT%lld", (long long)id.cid, (long long)id.rid,
		       (long long)id.ticket);
}

static int letter(const struct db_rows *rows, size_t row, unsigned column)
{
	struct str s = db_str(rows, row, column);

	return s.n ? (unsigned char)s.p[0] : 0;
}

static struct quar_row read_row(const struct db_rows *rows, size_t i)
{
	return (struct quar_row){
		.id = { db_int(rows, i, 0), db_int(rows, i, 1), db_int(rows, i, 2) },
		.type = (enum quar_type)letter(rows, i, 3),
		.status = (enum quar_status)letter(rows, i, 4),
		.seen = db_int(rows, i, 5),
		.time = db_int(rows, i, 6),
		.bytes = db_int(rows, i, 7),
		.spam_level = db_int(rows, i, 8),
		.info = db_str(rows, i, 9),
		.sender = db_str(rows, i, 10),
		.header = db_str(rows, i, 11),
		.file = db_str(rows, i, 12),
		.pmail = db_str(rows, i, 13),
		.receiver = db_str(rows, i, 14),
	};
}

/* Runs a statement with the parameters of BY_QUERY. */
static int run_query(struct arena *a, struct db *db, const struct db_statement *statement,
		     const struct quar_query *query, const struct db_rows **rows, struct err *e)
{
	const char type = (char)query->type, status = (char)query->status;
	const struct db_param values[] = {
		DB_TEXT(((struct str){ &type, 1 })),
		DB_TEXT(((struct str){ &status, 1 })),
		DB_INT(query->start),
		DB_INT(query->end),
		query->pmail.n ? DB_TEXT(query->pmail) : DB_NULL,
	};

	return db_run(db, a, statement, values, ARRAY_LEN(values), rows, e);
}

int quar_list(struct arena *a, struct db *db, const struct quar_query *query, struct quar_row **out,
	      size_t *n, struct err *e)
{
	static const struct db_statement list = { "quar_list", COLUMNS TABLES BY_QUERY
						  "ORDER BY m.Time, 15, m.CID, m.RID, r.TicketID" };
	const struct db_rows *rows;
	struct quar_row *found;

	if (run_query(a, db, &list, query, &rows, e) < 0)
		return -1;
	found = NEW_N(a, struct quar_row, db_rows_count(rows));
	for (size_t i = 0; i < db_rows_count(rows); i++)
		found[i] = read_row(rows, i);
	*out = found;
	*n = db_rows_count(rows);
	return 0;
}

int quar_users(struct arena *a, struct db *db, const struct quar_query *query,
	       struct quar_user **out, size_t *n, struct err *e)
{
	static const struct db_statement users = {
		"quar_users", "SELECT r.PMail, count(*), avg(m.Spamlevel)::float8 " TABLES BY_QUERY
			      "GROUP BY r.PMail ORDER BY r.PMail"
	};
	const struct db_rows *rows;
	struct quar_user *found;

	if (run_query(a, db, &users, query, &rows, e) < 0)
		return -1;
	found = NEW_N(a, struct quar_user, db_rows_count(rows));
	for (size_t i = 0; i < db_rows_count(rows); i++)
		found[i] = (struct quar_user){ db_str(rows, i, 0), db_int(rows, i, 1),
					       db_real(rows, i, 2) };
	*out = found;
	*n = db_rows_count(rows);
	return 0;
}

static int find(struct arena *a, struct db *db, const struct db_statement *how, struct quar_id id,
		struct quar_row *out, struct err *e)
{
	const struct db_param values[] = { DB_INT(id.cid), DB_INT(id.rid), DB_INT(id.ticket) };
	const struct db_rows *rows;

	if (db_run(db, a, how, values, ARRAY_LEN(values), &rows, e) < 0)
		return -1;
	if (db_rows_count(rows) == 0)
		return err_set(e, ERR_NOTFOUND, "there is no quarantined mail '%.*s'",
			       STR_ARG(quar_id_print(a, id)));
	*out = read_row(rows, 0);
	return 0;
}

int quar_find(struct arena *a, struct db *db, struct quar_id id, struct quar_row *out,
	      struct err *e)
{
	static const struct db_statement one = { "quar_find", COLUMNS TABLES BY_ID };

	return find(a, db, &one, id, out, e);
}

int quar_lock(struct arena *a, struct db *db, struct quar_id id, struct quar_row *out,
	      struct err *e)
{
	static const struct db_statement one = { "quar_lock",
						 COLUMNS TABLES BY_ID "FOR UPDATE OF r" };

	return find(a, db, &one, id, out, e);
}
