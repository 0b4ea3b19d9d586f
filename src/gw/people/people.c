#define _GNU_SOURCE
#include "gw/people/people.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clean.h"
#include "base/log.h"
#include "gw/people/people_int.h"

struct profile {
	char name[PEOPLE_PROFILE_NAME_MAX + 1];
	struct stat file; /* as it was when it was tried */
	bool seen;	  /* in this round */
	MDB_env *env;	  /* NULL: it cannot be used */
	MDB_txn *txn;	  /* one view for good: the file does not change */
	MDB_dbi mails, accounts, users;
};

struct people {
	const char *dir;
	struct profile profiles[PEOPLE_PROFILES_MAX]; /* by name */
	size_t n;
	bool told; /* that the directory cannot be read */
};

static void profile_close(struct profile *f)
{
	if (f->txn)
		mdb_txn_abort(f->txn);
	if (f->env)
		mdb_env_close(f->env);
	f->txn = NULL;
	f->env = NULL;
}

static void close_all(void *ptr)
{
	struct people *p = ptr;

	for (size_t i = 0; i < p->n; i++)
		profile_close(&p->profiles[i]);
}

struct people *people_open(struct arena *a, const char *dir)
{
	struct people *p = NEW(a, struct people);

	p->dir = str_z(a, str_of(dir));
	arena_on_free(a, close_all, p);
	return p;
}

static int mdb_error(int code, const char *what, struct err *e)
{
	return code ? err_set(e, ERR_INVALID, "%s: %s", what, mdb_strerror(code)) : 0;
}

/* Nothing in the file is followed before this. */
static int verify(int fd, size_t size, struct err *e)
{
	unsigned char hash[PEOPLE_HASH];
	char end[PEOPLE_END];
	size_t content = size - PEOPLE_END;

	if (size < PEOPLE_END || size > PEOPLE_FILE_MAX)
		return err_set(e, ERR_INVALID, "%zu bytes cannot be a file of people", size);
	if (pread(fd, end, PEOPLE_END, (off_t)content) != PEOPLE_END)
		return err_sys(e, "read");
	if (memcmp(end, PEOPLE_MAGIC, 8) != 0)
		return err_set(e, ERR_INVALID, "not complete, or something else");
	if (people_hash(fd, content, hash, e) < 0)
		return -1;
	if (memcmp(end + 8, hash, PEOPLE_HASH) != 0)
		return err_set(e, ERR_INVALID, "damaged: its check sum is wrong");
	return 0;
}

static int open_tables(struct profile *f, struct err *e)
{
	if (mdb_error(mdb_txn_begin(f->env, NULL, MDB_RDONLY, &f->txn), "open", e) < 0 ||
	    mdb_error(mdb_dbi_open(f->txn, PEOPLE_TABLE_MAILS, 0, &f->mails), "mails", e) < 0 ||
	    mdb_error(mdb_dbi_open(f->txn, PEOPLE_TABLE_ACCOUNTS, 0, &f->accounts), "accounts",
		      e) < 0)
		return -1;
	return mdb_error(mdb_dbi_open(f->txn, PEOPLE_TABLE_USERS, 0, &f->users), "users", e);
}

/* By its descriptor: what was verified is what is mapped, whatever the name stands for by now. */
static int map(struct profile *f, int fd, size_t size, struct err *e)
{
	const unsigned flags = MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (mdb_error(mdb_env_create(&f->env), "open", e) < 0 ||
	    mdb_error(mdb_env_set_maxdbs(f->env, PEOPLE_TABLES), "open", e) < 0 ||
	    mdb_error(mdb_env_set_mapsize(f->env, size), "open", e) < 0 ||
	    mdb_error(mdb_env_open(f->env, path, flags, 0), "open", e) < 0)
		return -1;
	return open_tables(f, e);
}

static int profile_open(struct profile *f, int dir, const char *file, struct err *e)
{
	CLEAN_FD int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &f->file) < 0)
		return err_sys(e, "open");
	if (!S_ISREG(f->file.st_mode))
		return err_set(e, ERR_INVALID, "not a file");
	if (verify(fd, (size_t)f->file.st_size, e) < 0)
		return -1;
	return map(f, fd, (size_t)f->file.st_size, e);
}

static bool is_same_file(const struct stat *x, const struct stat *y)
{
	return x->st_dev == y->st_dev && x->st_ino == y->st_ino && x->st_size == y->st_size &&
	       x->st_mtim.tv_sec == y->st_mtim.tv_sec && x->st_mtim.tv_nsec == y->st_mtim.tv_nsec;
}

static void try_profile(const struct people *p, struct profile *f, int dir, const char *file)
{
	struct err e;

	if (profile_open(f, dir, file, &e) == 0)
		return;
	profile_close(f);
	log_err("LDAP profile '%s': %s/%s: %s; its users and groups are unknown until it is "
		"synchronised again",
		f->name, p->dir, file, e.msg);
}

static struct profile *find_profile(struct people *p, struct str name)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(str_of(p->profiles[i].name), name))
			return &p->profiles[i];
	return NULL;
}

static struct profile *add_profile(struct people *p, struct str name)
{
	struct profile *f;

	if (p->n == PEOPLE_PROFILES_MAX)
		return NULL;
	f = &p->profiles[p->n++];
	*f = (struct profile){ .seen = false };
	memcpy(f->name, name.p, name.n);
	return f;
}

/* A file that is the same as before is not read again, whether it could be used or not. */
static void see_file(struct people *p, int dir, const char *file)
{
	struct str name = str_of(file);
	struct profile *f;
	struct stat now;

	if (!str_ends(name, STR(".mdb")))
		return;
	name.n -= 4;
	if (!people_is_profile(name) || fstatat(dir, file, &now, 0) < 0)
		return;
	f = find_profile(p, name);
	if (!f)
		f = add_profile(p, name);
	if (!f)
		return;
	f->seen = true;
	if (is_same_file(&f->file, &now))
		return;
	profile_close(f);
	f->file = now;
	try_profile(p, f, dir, file);
}

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct profile *)x)->name, ((const struct profile *)y)->name);
}

static void drop_unseen(struct people *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->profiles[i].seen)
			p->profiles[kept++] = p->profiles[i];
		else
			profile_close(&p->profiles[i]);
	p->n = kept;
	qsort(p->profiles, p->n, sizeof(*p->profiles), by_name);
}

/* Without a directory there is no LDAP. */
static DIR *open_directory(struct people *p)
{
	DIR *dir = opendir(p->dir);
	bool failed = !dir && errno != ENOENT;

	if (failed && !p->told)
		log_err("LDAP profiles: %s: %m", p->dir);
	p->told = failed;
	return dir;
}

void people_refresh(struct people *p)
{
	CLEAN_DIR DIR *dir = open_directory(p);
	const struct dirent *d;

	for (size_t i = 0; i < p->n; i++)
		p->profiles[i].seen = false;
	while (dir && (d = readdir(dir)))
		see_file(p, dirfd(dir), d->d_name);
	drop_unseen(p);
}

/* In lower case in a buffer of PEOPLE_KEY_MAX bytes; false: so long that nobody has it. */
static bool make_key(struct str s, char *to, MDB_val *key)
{
	if (!s.n || s.n > PEOPLE_KEY_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		to[i] = ascii_lower(s.p[i]);
	*key = (MDB_val){ s.n, to };
	return true;
}

/* The number of the user with that address or account, as it is stored. */
static bool find_number(const struct profile *f, MDB_dbi table, struct str s, MDB_val *out)
{
	char text[PEOPLE_KEY_MAX];
	MDB_val key;

	return make_key(s, text, &key) && mdb_get(f->txn, table, &key, out) == 0 &&
	       out->mv_size == PEOPLE_NUMBER;
}

static bool find_user(const struct profile *f, struct arena *a, struct str address,
		      struct people_user *out)
{
	MDB_val number, record;
	struct err ignored;

	return find_number(f, f->mails, address, &number) &&
	       mdb_get(f->txn, f->users, &number, &record) == 0 &&
	       people_record_read(a, people_str(record), out, &ignored) == 0;
}

static enum people_answer has(const struct profile *f, struct str address)
{
	MDB_val number;

	if (!f->env)
		return PEOPLE_BROKEN;
	return find_number(f, f->mails, address, &number) ? PEOPLE_YES : PEOPLE_NO;
}

static enum people_answer any_has(const struct people *p, struct str address)
{
	enum people_answer all = p->n ? PEOPLE_NO : PEOPLE_ABSENT;

	for (size_t i = 0; i < p->n; i++) {
		enum people_answer one = has(&p->profiles[i], address);

		if (one == PEOPLE_YES)
			return one;
		if (one != PEOPLE_NO)
			all = one;
	}
	return all;
}

/* Of a profile that is there and can be used, else NULL and why not. */
static const struct profile *usable(const struct people *p, struct str name,
				    enum people_answer *why)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!str_eq(str_of(p->profiles[i].name), name))
			continue;
		*why = PEOPLE_BROKEN;
		return p->profiles[i].env ? &p->profiles[i] : NULL;
	}
	*why = PEOPLE_ABSENT;
	return NULL;
}

enum people_answer people_has(const struct people *p, struct str profile, struct str address)
{
	enum people_answer why;
	const struct profile *f;

	if (!profile.n)
		return any_has(p, address);
	f = usable(p, profile, &why);
	return f ? has(f, address) : why;
}

enum people_answer people_in_group(const struct people *p, struct str profile, struct str group,
				   struct str address)
{
	CLEAN_ARENA struct arena *a = arena_open("LDAP user", 2 * PEOPLE_RECORD_MAX);
	enum people_answer why;
	const struct profile *f = usable(p, profile, &why);
	struct people_user u;

	if (!f)
		return why;
	if (!find_user(f, a, address, &u))
		return PEOPLE_NO;
	for (size_t i = 0; i < u.groups.n; i++)
		if (str_eq(u.groups.p[i], group))
			return PEOPLE_YES;
	return PEOPLE_NO;
}

enum people_answer people_has_account(const struct people *p, struct str profile,
				      struct str account, struct str address)
{
	enum people_answer why;
	const struct profile *f = usable(p, profile, &why);
	MDB_val one, other;

	if (!f)
		return why;
	return find_number(f, f->mails, address, &one) &&
			       find_number(f, f->accounts, account, &other) &&
			       memcmp(one.mv_data, other.mv_data, PEOPLE_NUMBER) == 0
		       ? PEOPLE_YES
		       : PEOPLE_NO;
}

static void copy_list(struct arena *a, struct people_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		l->p[i] = str_copy(a, l->p[i]);
}

/* The file may go before the arena does. */
static void copy_user(struct arena *a, struct people_user *u)
{
	u->account = str_copy(a, u->account);
	u->dn = str_copy(a, u->dn);
	copy_list(a, &u->addresses);
	copy_list(a, &u->accounts);
	copy_list(a, &u->groups);
}

bool people_find(const struct people *p, struct arena *a, struct str address, struct str *profile,
		 struct people_user *out)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct profile *f = &p->profiles[i];

		if (!f->env || !find_user(f, a, address, out))
			continue;
		copy_user(a, out);
		*profile = str_copy(a, str_of(f->name));
		return true;
	}
	return false;
}

struct str people_primary(const struct people *p, struct arena *a, struct str address)
{
	struct people_user u;
	struct str profile;

	if (people_find(p, a, address, &profile, &u))
		return u.addresses.p[0];
	return str_lower(a, address);
}
