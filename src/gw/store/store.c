#include "gw/store/store_int.h"

#include <stdarg.h>
#include <unistd.h>

/* Rights of the roles on what root has made and will make. */
static const char rights[] =
	"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO \"" STORE_READER "\";"
	"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES"
	" TO \"pmg-smtp-filter\", pmgpolicy;"
	"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES"
	" TO \"pmg-smtp-filter\", pmgpolicy;"
	"GRANT SELECT ON ALL TABLES IN SCHEMA public TO \"" STORE_READER "\";"
	"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
	" TO \"pmg-smtp-filter\", pmgpolicy;"
	"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO \"pmg-smtp-filter\", pmgpolicy";

void store_say(const struct store_job *job, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (!job->progress)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	job->progress->say(job->progress->arg, line);
}

struct db *store_open(struct arena *a, const struct store_at *at, const char *role)
{
	struct db_target target = {
		at->socket_dir,
		at->database ? at->database : STORE_DATABASE,
		role             ? role
		: geteuid() == 0 ? STORE_OWNER
				 : STORE_READER,
	};

	return db_open(a, &target);
}

int store_has(struct db *db, struct arena *a, const char *table, const char *column, bool *out,
	      struct err *e)
{
	static const struct db_statement query = {
		NULL, "SELECT 1 FROM information_schema.columns WHERE table_schema = 'public' "
		      "AND table_name = $1 AND ($2::text IS NULL OR column_name = $2)"
	};
	struct db_param values[] = { DB_TEXT(str_of(table)),
				     column ? DB_TEXT(str_of(column)) : DB_NULL };
	const struct db_rows *rows;

	if (db_run(db, a, &query, values, 2, &rows, e) < 0)
		return -1;
	*out = db_rows_count(rows) > 0;
	return 0;
}

static int create_tables(const struct store_job *job, struct err *e)
{
	for (const struct store_table *t = store_tables; t->name; t++)
		if (db_script(job->db, t->sql, e) < 0)
			return err_wrap(e, "create table %s", t->name);
	if (store_factory_first(job->db, job->a, e) < 0)
		return err_wrap(e, "factory rules");
	store_say(job, "created tables and factory rules");
	return 0;
}

static int fill(const struct store_job *job, struct err *e)
{
	bool there;

	if (store_has(job->db, job->a, store_tables[0].name, NULL, &there, e) < 0)
		return -1;
	if ((there ? store_upgrade(job, e) : create_tables(job, e)) < 0)
		return -1;
	return db_script(job->db, rights, e);
}

static int fill_at_once(const struct store_job *job, struct err *e)
{
	if (db_begin(job->db, e) < 0)
		return -1;
	if (fill(job, e) < 0 || db_commit(job->db, e) < 0) {
		db_rollback(job->db);
		return -1;
	}
	return db_script(job->db, "ANALYZE", e);
}

int store_init(struct arena *a, const struct store_at *at, const struct store_progress *progress,
	       struct err *e)
{
	struct store_job job = { store_open(a, at, STORE_OWNER), a, progress };
	int failed;

	if (store_admin_create(at, progress, e) < 0)
		return -1;
	failed = fill_at_once(&job, e);
	db_disconnect(job.db);
	return failed;
}

int store_delete(const struct store_at *at, struct err *e)
{
	return store_admin_drop(at, e);
}
