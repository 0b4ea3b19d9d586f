#include "gw/spam/learnt.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/net.h"

#define WRITER "-writer"

enum { FILE_MODE = 0660, LOCK_POLL_MS = 5 };

int learnt_err(struct err *e, int code)
{
	switch (code) {
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
	case MDB_READERS_FULL:
		return err_set(e, ERR_LIMIT, "%s", mdb_strerror(code));
	case MDB_NOTFOUND:
		return err_set(e, ERR_NOTFOUND, "%s", mdb_strerror(code));
	case MDB_INVALID:
	case MDB_CORRUPTED:
	case MDB_VERSION_MISMATCH:
	case MDB_PAGE_NOTFOUND:
	case MDB_INCOMPATIBLE:
		return err_set(e, ERR_INVALID, "%s", mdb_strerror(code));
	default:
		return err_set(e, ERR_SYS, "%s", mdb_strerror(code));
	}
}

static void learnt_close(void *p)
{
	struct learnt *l = p;

	if (l->env)
		mdb_env_close(l->env);
	if (l->lock >= 0)
		close(l->lock);
}

/* The file holds all pages that it says it has: reading past its end would be a SIGBUS. */
static int check_size(MDB_env *env, const char *path, struct err *e)
{
	MDB_envinfo info;
	struct stat st;
	MDB_stat stat_;
	size_t pages;

	if (stat(path, &st) < 0)
		return err_sys(e, "%s", path);
	mdb_env_info(env, &info);
	mdb_env_stat(env, &stat_);
	pages = (size_t)st.st_size / stat_.ms_psize;
	if (info.me_last_pgno >= pages)
		return err_set(e, ERR_INVALID, "%zu of %zu pages are missing",
			       info.me_last_pgno + 1 - pages, info.me_last_pgno + 1);
	return 0;
}

static int open_tables(struct learnt *l, const struct learnt_table *tables, size_t n, bool create)
{
	MDB_txn *txn;
	int code = mdb_txn_begin(l->env, NULL, create ? 0 : MDB_RDONLY, &txn);

	if (code)
		return code;
	l->n_tables = n;
	for (size_t i = 0; i < n && !code; i++)
		code = mdb_dbi_open(txn, tables[i].name,
				    tables[i].flags | (create ? MDB_CREATE : 0), &l->tables[i]);
	if (code) {
		mdb_txn_abort(txn);
		return code == MDB_NOTFOUND ? MDB_INVALID : code;
	}
	return mdb_txn_commit(txn);
}

static int open_env(struct learnt *l, const char *path, const struct learnt_table *tables, size_t n,
		    bool create, struct err *e)
{
	int code, dead;

	code = mdb_env_create(&l->env);
	if (!code)
		code = mdb_env_set_maxdbs(l->env, LEARNT_TABLES_MAX);
	if (!code)
		code = mdb_env_set_mapsize(l->env, LEARNT_SIZE_MAX);
	if (!code)
		code = mdb_env_set_maxreaders(l->env, LEARNT_READERS_MAX);
	if (!code)
		code = mdb_env_open(l->env, path, MDB_NOSUBDIR | MDB_NORDAHEAD, FILE_MODE);
	if (code)
		return learnt_err(e, code);
	if (check_size(l->env, path, e) < 0)
		return -1;
	mdb_reader_check(l->env, &dead);
	code = open_tables(l, tables, n, create);
	return code ? learnt_err(e, code) : 0;
}

/* Reads every entry of every table. */
static int read_all(struct learnt *l)
{
	unsigned sum = 0;
	MDB_txn *txn;
	int code = mdb_txn_begin(l->env, NULL, MDB_RDONLY, &txn);

	for (size_t i = 0; i < l->n_tables && !code; i++) {
		MDB_cursor *c;
		MDB_val key, value;

		code = mdb_cursor_open(txn, l->tables[i], &c);
		while (!code) {
			code = mdb_cursor_get(c, &key, &value, MDB_NEXT);
			for (size_t k = 0; !code && k < value.mv_size; k++)
				sum += ((const unsigned char *)value.mv_data)[k];
		}
		if (code == MDB_NOTFOUND)
			code = 0;
	}
	return code ? code : -(int)(sum & 0);
}

/* In a child, which a damaged file may kill. */
static NORETURN void check_child(const char *path, const struct learnt_table *tables, size_t n)
{
	struct learnt l = { .lock = -1 };
	struct err e;

	alarm(LEARNT_CHECK_SECONDS);
	if (open_env(&l, path, tables, n, false, &e) < 0 || read_all(&l) != 0)
		_exit(1);
	_exit(0);
}

static int check(const char *path, const struct learnt_table *tables, size_t n, struct err *e)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return err_sys(e, "fork");
	if (pid == 0)
		check_child(path, tables, n);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(e, ERR_INVALID, "the file is damaged");
}

static int open_lock(struct arena *a, const char *path, int *out, struct err *e)
{
	const char *name = str_z(a, str_fmt(a, "%s" WRITER, path));
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);

	if (fd < 0)
		return err_sys(e, "%s", name);
	*out = fd;
	return 0;
}

/* A file that root made could not be used by the daemon: root makes it as the directory's owner. */
static int become_owner(struct arena *a, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (geteuid() != 0 || !slash)
		return 0;
	if (stat(str_z(a, (struct str){ path, (size_t)(slash - path) }), &st) < 0)
		return err_sys(e, "the directory of %s", path);
	if (setegid(st.st_gid) < 0 || seteuid(st.st_uid) < 0)
		return err_sys(e, "become the owner of %s", path);
	return 0;
}

static int open_files(struct arena *a, struct learnt *l, const char *path,
		      const struct learnt_table *tables, size_t n, bool create, struct err *e)
{
	struct stat st;

	if (open_lock(a, path, &l->lock, e) < 0)
		return -1;
	if (stat(path, &st) == 0 && st.st_size > 0 && check(path, tables, n, e) < 0)
		return err_wrap(e, "%s", path);
	if (open_env(l, path, tables, n, create, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

int learnt_open(struct arena *a, const char *path, const struct learnt_table *tables, size_t n,
		bool create, struct learnt **out, struct err *e)
{
	struct learnt *l = NEW(a, struct learnt);
	struct stat st;
	int rc;

	ASSERT(n <= LEARNT_TABLES_MAX);
	l->lock = -1;
	arena_on_free(a, learnt_close, l);
	if (stat(path, &st) < 0 && (errno != ENOENT || !create))
		return errno == ENOENT ? err_set(e, ERR_NOTFOUND, "%s: no such file", path)
				       : err_sys(e, "%s", path);
	if (become_owner(a, path, e) < 0)
		return -1;
	rc = open_files(a, l, path, tables, n, create, e);
	if (seteuid(getuid()) < 0 || setegid(getgid()) < 0)
		return err_sys(e, "become the caller again");
	*out = l;
	return rc;
}

/*
 * The file itself last: who opens it in between finds one that goes anyhow, rather than a new one
 * with the locks of the old.
 */
int learnt_remove(struct arena *a, const char *path, struct err *e)
{
	static const char *const ends[] = { "-lock", WRITER, "" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		const char *name = str_z(a, str_fmt(a, "%s%s", path, ends[i]));

		if (unlink(name) < 0 && errno != ENOENT)
			return err_sys(e, "remove %s", name);
	}
	return 0;
}

int learnt_read(struct learnt *l, MDB_txn **out, struct err *e)
{
	int code = mdb_txn_begin(l->env, NULL, MDB_RDONLY, out);

	return code ? learnt_err(e, code) : 0;
}

/* LMDB itself would wait for another writer for ever. */
static int take_lock(struct learnt *l, int64_t deadline, struct err *e)
{
	const struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000 };

	while (flock(l->lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, "lock");
		if (net_now() >= deadline)
			return err_set(e, ERR_TEMP, "somebody else is writing");
		nanosleep(&pause, NULL);
	}
	return 0;
}

int learnt_write(struct learnt *l, int64_t deadline, MDB_txn **out, struct err *e)
{
	int code;

	if (take_lock(l, deadline, e) < 0)
		return -1;
	code = mdb_txn_begin(l->env, NULL, 0, out);
	if (!code)
		return 0;
	flock(l->lock, LOCK_UN);
	return learnt_err(e, code);
}

int learnt_commit(struct learnt *l, MDB_txn *txn, struct err *e)
{
	int code = mdb_txn_commit(txn);

	flock(l->lock, LOCK_UN);
	return code ? learnt_err(e, code) : 0;
}

void learnt_end(struct learnt *l, MDB_txn *txn)
{
	mdb_txn_abort(txn);
	flock(l->lock, LOCK_UN);
}
