#define _GNU_SOURCE /* O_PATH */
#include "gw/quar/purge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/log.h"
#include "gw/quar/file.h"

enum { BATCH = 1000, DAY = 86400, PATH_SIZE = 1024 };

static int64_t limit(const struct quar_purge *p, int64_t days)
{
	return days > p->midnight / DAY ? 0 : p->midnight - days * DAY;
}

/* Rows of a batch whose file is gone. */
struct gone {
	int64_t cid[BATCH], rid[BATCH];
	size_t n;
};

static int next_batch(struct arena *a, struct db *db, const struct quar_purge *p, int64_t cid,
		      int64_t rid, const struct db_rows **out, struct err *e)
{
	static const struct db_statement old = {
		"quar_old", "SELECT CID, RID, File FROM CMailStore "
			    "WHERE Time < CASE QType WHEN 'V' THEN $1::int8 ELSE $2::int8 END "
			    "AND (CID, RID) > ($3::int4, $4::int4) ORDER BY CID, RID LIMIT $5"
	};
	const struct db_param values[] = { DB_INT(limit(p, p->virus_days)),
					   DB_INT(limit(p, p->spam_days)), DB_INT(cid), DB_INT(rid),
					   DB_INT(BATCH) };

	return db_run(db, a, &old, values, ARRAY_LEN(values), out, e);
}

/* A name that cannot be a file's stands for none. */
static bool remove_file(const struct quar_purge *p, struct str file)
{
	struct err e;

	if (quar_file_remove(p->spool, file, &e) == 0)
		return true;
	log_warn("%s", e.msg);
	return !quar_file_is_name(file);
}

static int delete_rows(struct arena *a, struct db *db, const struct gone *gone, struct err *e)
{
	static const struct db_statement delete = { "quar_purge",
						    "DELETE FROM CMailStore m USING "
						    "unnest($1::int8[], $2::int8[]) AS g(cid, rid) "
						    "WHERE m.CID = g.cid AND m.RID = g.rid" };
	const struct db_param values[] = { db_int_array(a, gone->cid, gone->n),
					   db_int_array(a, gone->rid, gone->n) };

	return db_run(db, a, &delete, values, ARRAY_LEN(values), NULL, e);
}

static int purge_batch(struct arena *a, struct db *db, const struct quar_purge *p,
		       const struct db_rows *rows, int64_t *mails, struct err *e)
{
	struct gone *gone = NEW(a, struct gone);

	for (size_t i = 0; i < db_rows_count(rows); i++) {
		if (!remove_file(p, db_str(rows, i, 2)))
			continue;
		gone->cid[gone->n] = db_int(rows, i, 0);
		gone->rid[gone->n++] = db_int(rows, i, 1);
	}
	*mails += (int64_t)gone->n;
	return gone->n ? delete_rows(a, db, gone, e) : 0;
}

static int purge_mails(struct db *db, const struct quar_purge *p, int64_t *mails, struct err *e)
{
	int64_t cid = -1, rid = -1;
	size_t n;

	do {
		CLEAN_ARENA struct arena *own = arena_open("purge", DB_RESULT_MAX);
		const struct db_rows *rows;

		if (next_batch(own, db, p, cid, rid, &rows, e) < 0)
			return -1;
		n = db_rows_count(rows);
		if (!n)
			break;
		cid = db_int(rows, n - 1, 0);
		rid = db_int(rows, n - 1, 1);
		if (purge_batch(own, db, p, rows, mails, e) < 0)
			return -1;
	} while (n == BATCH);
	return 0;
}

static int purge_receivers(struct arena *a, struct db *db, int64_t *n, struct err *e)
{
	static const struct db_statement orphans = {
		"quar_orphans", "DELETE FROM CMSReceivers r WHERE NOT EXISTS (SELECT 1 FROM "
				"CMailStore m WHERE m.CID = r.CMailStore_CID "
				"AND m.RID = r.CMailStore_RID)"
	};
	const struct db_rows *rows;

	if (db_run(db, a, &orphans, NULL, 0, &rows, e) < 0)
		return -1;
	*n = (int64_t)db_rows_affected(rows);
	return 0;
}

/* Looking through the stores. */
struct search {
	const struct quar_purge *p;
	int64_t *files;
};

/* A directory below an open one; NULL if it is not there or a link. */
static DIR *open_directory(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	if (!dir && errno != ENOENT)
		log_warn("open directory %s: %s", name, strerror(errno));
	return dir;
}

/* Next entry that is not "." or the like. */
static const char *next_name(DIR *dir)
{
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			return entry->d_name;
	return NULL;
}

static void take_stale(const struct search *s, int dir, const char *path, const char *name)
{
	char whole[PATH_SIZE];

	if (!s->p->check && unlinkat(dir, name, 0) < 0) {
		log_warn("remove %s/%s: %s", path, name, strerror(errno));
		return;
	}
	++*s->files;
	snprintf(whole, sizeof(whole), "%s/%s", path, name);
	if (s->p->stale)
		s->p->stale(s->p->arg, whole);
}

/* One directory of a store; `below` is how deep those in it are looked through. */
static void search_directory(const struct search *s, int at, const char *path, int64_t before,
			     int below)
{
	CLEAN_DIR DIR *dir = open_directory(at, strrchr(path, '/') + 1);
	const char *name;

	while (dir && (name = next_name(dir))) {
		char inside[PATH_SIZE];
		struct stat st;

		if (fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode) && st.st_mtime < before)
			take_stale(s, dirfd(dir), path, name);
		if (!S_ISDIR(st.st_mode) || !below)
			continue;
		snprintf(inside, sizeof(inside), "%s/%s", path, name);
		search_directory(s, dirfd(dir), inside, before, below - 1);
	}
}

/* The three stores that lie in the directory `path`. */
static void search_stores(const struct search *s, int at, const char *path)
{
	static const char *const stores[] = { "spam", "attachment", "virus" };

	for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
		bool virus = stores[i][0] == 'v';
		char inside[PATH_SIZE];
		int n = snprintf(inside, sizeof(inside), "%s/%s", path, stores[i]);

		if (n < 0 || (size_t)n >= sizeof(inside))
			continue; /* no quarantine lies that deep */
		search_directory(s, at, inside,
				 limit(s->p, virus ? s->p->virus_days : s->p->spam_days), 1);
	}
}

static void search_cluster(const struct search *s, int spool)
{
	CLEAN_DIR DIR *dir = open_directory(spool, "cluster");
	const char *name;

	while (dir && (name = next_name(dir))) {
		CLEAN_FD int node =
			openat(dirfd(dir), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		char path[PATH_SIZE];

		snprintf(path, sizeof(path), "%s/cluster/%s", s->p->spool, name);
		if (node >= 0)
			search_stores(s, node, path);
	}
}

static int purge_files(const struct quar_purge *p, int64_t *files, struct err *e)
{
	CLEAN_FD int spool = open(p->spool, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct search search = { p, files };

	if (spool < 0)
		return err_sys(e, "open %s", p->spool);
	search_stores(&search, spool, p->spool);
	search_cluster(&search, spool);
	return 0;
}

int quar_purge(struct arena *a, struct db *db, const struct quar_purge *p, struct quar_purged *out,
	       struct err *e)
{
	*out = (struct quar_purged){ 0 };
	if (!p->check && (purge_mails(db, p, &out->mails, e) < 0 ||
			  purge_receivers(a, db, &out->receivers, e) < 0))
		return -1;
	return purge_files(p, &out->files, e);
}
