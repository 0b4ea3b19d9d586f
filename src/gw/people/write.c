/* A new file of people: LMDB writes it under another name, its check sum makes it complete. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clean.h"
#include "base/file.h"
#include "gw/people/people_int.h"

struct people_writer {
	struct arena *a;
	const char *path, *aside; /* aside: NULL once there is nothing to remove */
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi mails, accounts, users;
	uint32_t n;
};

static int mdb_error(int code, const char *what, struct err *e)
{
	return code ? err_set(e, ERR_SYS, "%s: %s", what, mdb_strerror(code)) : 0;
}

static void end_database(struct people_writer *w)
{
	if (w->txn)
		mdb_txn_abort(w->txn);
	if (w->env)
		mdb_env_close(w->env);
	w->txn = NULL;
	w->env = NULL;
}

static void forget(void *ptr)
{
	struct people_writer *w = ptr;

	end_database(w);
	if (w->aside)
		unlink(w->aside);
}

static int open_tables(struct people_writer *w, struct err *e)
{
	if (mdb_error(mdb_txn_begin(w->env, NULL, 0, &w->txn), w->aside, e) < 0 ||
	    mdb_error(mdb_dbi_open(w->txn, PEOPLE_TABLE_MAILS, MDB_CREATE, &w->mails), w->aside,
		      e) < 0 ||
	    mdb_error(mdb_dbi_open(w->txn, PEOPLE_TABLE_ACCOUNTS, MDB_CREATE, &w->accounts),
		      w->aside, e) < 0)
		return -1;
	return mdb_error(mdb_dbi_open(w->txn, PEOPLE_TABLE_USERS, MDB_CREATE, &w->users), w->aside,
			 e);
}

/* Nobody else has the file: no lock, and one fsync at the end. */
static int open_database(struct people_writer *w, struct err *e)
{
	const unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC;

	if (unlink(w->aside) < 0 && errno != ENOENT)
		return err_sys(e, "%s", w->aside);
	if (mdb_error(mdb_env_create(&w->env), w->aside, e) < 0 ||
	    mdb_error(mdb_env_set_maxdbs(w->env, PEOPLE_TABLES), w->aside, e) < 0 ||
	    mdb_error(mdb_env_set_mapsize(w->env, PEOPLE_FILE_MAX - PEOPLE_END), w->aside, e) < 0 ||
	    mdb_error(mdb_env_open(w->env, w->aside, flags, 0640), w->aside, e) < 0)
		return -1;
	return open_tables(w, e);
}

int people_write(struct arena *a, const char *dir, struct str profile, struct people_writer **out,
		 struct err *e)
{
	struct people_writer *w = NEW(a, struct people_writer);

	w->a = a;
	if (people_path(a, dir, profile, &w->path, e) < 0)
		return -1;
	w->aside = str_z(a, str_fmt(a, "%s.%d", w->path, (int)getpid()));
	arena_on_free(a, forget, w);
	if (open_database(w, e) < 0)
		return -1;
	*out = w;
	return 0;
}

static int check_list(const struct people_list *l, size_t max, const char *what, struct err *e)
{
	if (l->n > PEOPLE_LIST_MAX)
		return err_set(e, ERR_INVALID, "more than %d %s", PEOPLE_LIST_MAX, what);
	for (size_t i = 0; i < l->n; i++)
		if (!l->p[i].n || l->p[i].n > max)
			return err_set(e, ERR_INVALID, "one of its %s is empty or too long", what);
	return 0;
}

static int check_user(const struct people_user *u, struct err *e)
{
	if (!u->addresses.n)
		return err_set(e, ERR_INVALID, "a user without an address");
	if (u->account.n > PEOPLE_NAME_MAX || u->dn.n > PEOPLE_NAME_MAX)
		return err_set(e, ERR_INVALID, "its account or name is too long");
	if (check_list(&u->addresses, PEOPLE_KEY_MAX, "addresses", e) < 0 ||
	    check_list(&u->accounts, PEOPLE_KEY_MAX, "accounts", e) < 0)
		return -1;
	return check_list(&u->groups, PEOPLE_NAME_MAX, "groups", e);
}

static int put(struct people_writer *w, MDB_dbi table, struct str key, struct str value,
	       struct err *e)
{
	MDB_val k = people_val(key), v = people_val(value);
	int code = mdb_put(w->txn, table, &k, &v, MDB_NOOVERWRITE);

	return code == MDB_KEYEXIST ? 0 : mdb_error(code, w->aside, e);
}

static int put_keys(struct people_writer *w, MDB_dbi table, const struct people_list *l,
		    struct str number, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (put(w, table, l->p[i], number, e) < 0)
			return -1;
	return 0;
}

static struct people_list lower(struct arena *a, const struct people_list *l)
{
	struct people_list out = { NEW_N(a, struct str, l->n), l->n };

	for (size_t i = 0; i < l->n; i++)
		out.p[i] = str_lower(a, l->p[i]);
	return out;
}

int people_write_user(struct people_writer *w, const struct people_user *u, struct err *e)
{
	CLEAN_ARENA struct arena *a = arena_open("LDAP user", 4 * PEOPLE_RECORD_MAX);
	struct people_user stored = *u;
	char digits[PEOPLE_NUMBER];
	struct str number = { digits, PEOPLE_NUMBER }, record;
	struct buf b;

	if (check_user(u, e) < 0)
		return -1;
	stored.addresses = lower(a, &u->addresses);
	stored.accounts = lower(a, &u->accounts);
	buf_init(&b, a, PEOPLE_RECORD_MAX);
	people_record_add(&b, &stored);
	if (buf_done(&b, &record, e) < 0) {
		e->code = ERR_INVALID;
		return err_wrap(e, "a user");
	}
	for (int i = 0; i < PEOPLE_NUMBER; i++)
		digits[i] = (char)(w->n >> (24 - 8 * i) & 0xff);
	if (put(w, w->users, number, record, e) < 0 ||
	    put_keys(w, w->mails, &stored.addresses, number, e) < 0 ||
	    put_keys(w, w->accounts, &stored.accounts, number, e) < 0)
		return -1;
	w->n++;
	return 0;
}

/* After LMDB has let go of the file. */
static int complete(const char *path, struct err *e)
{
	CLEAN_FD int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	unsigned char hash[PEOPLE_HASH];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", path);
	if (people_hash(fd, (size_t)st.st_size, hash, e) < 0 ||
	    file_write_all(fd, STR(PEOPLE_MAGIC), e) < 0 ||
	    file_write_all(fd, (struct str){ (const char *)hash, PEOPLE_HASH }, e) < 0)
		return err_wrap(e, "%s", path);
	return fsync(fd) < 0 ? err_sys(e, "%s", path) : 0;
}

int people_write_end(struct people_writer *w, struct err *e)
{
	int code = mdb_txn_commit(w->txn);

	w->txn = NULL;
	if (mdb_error(code, w->aside, e) < 0)
		return -1;
	end_database(w);
	if (complete(w->aside, e) < 0)
		return -1;
	if (rename(w->aside, w->path) < 0)
		return err_sys(e, "%s", w->path);
	w->aside = NULL;
	return file_sync_dir_of(w->path, e);
}
