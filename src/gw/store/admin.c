/*
 * What the server's superuser must do: a child process becomes the system user postgres, whom peer
 * authentication lets in as the role postgres, and sends back one struct err.
 */
#define _GNU_SOURCE /* initgroups, pipe2 */
#include "gw/store/store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clean.h"

#define ADMIN_USER "postgres"

enum { ADMIN_ARENA_MAX = 16 << 20 };

struct admin {
	const struct store_at *at;
	struct store_job job; /* db: the maintenance database, as role postgres */
	int (*work)(const struct admin *admin, struct err *e);
};

static const char *database_of(const struct store_at *at)
{
	return at->database ? at->database : STORE_DATABASE;
}

static struct db *open_as_admin(const struct admin *admin, const char *database)
{
	struct db_target target = { admin->at->socket_dir, database, ADMIN_USER };

	return db_open(admin->job.a, &target);
}

static int become_admin(struct err *e)
{
	struct passwd *user = getpwnam(ADMIN_USER);

	if (!user)
		return err_set(e, ERR_NOTFOUND, "no system user %s: is PostgreSQL installed?",
			       ADMIN_USER);
	if (initgroups(ADMIN_USER, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0)
		return err_sys(e, "become user %s", ADMIN_USER);
	return 0;
}

NORETURN static void child(struct admin *admin, int fd)
{
	struct err e = { .code = ERR_NONE };

	admin->job.a = arena_open("store admin", ADMIN_ARENA_MAX);
	if (become_admin(&e) == 0) {
		admin->job.db = open_as_admin(admin, "postgres");
		if (admin->work(admin, &e) == 0)
			e.code = ERR_NONE;
		db_disconnect(admin->job.db);
	}
	_exit(write(fd, &e, sizeof(e)) == sizeof(e) ? 0 : 1);
}

static int outcome(int fd, pid_t pid, struct err *e)
{
	struct err sent;
	ssize_t n = read(fd, &sent, sizeof(sent));
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for child");
	if (n != sizeof(sent))
		return err_set(e, ERR_SYS, "database administration ended with status %d", status);
	if (sent.code == ERR_NONE)
		return 0;
	*e = sent;
	return -1;
}

/* What the child says goes to the same place, so what we have not written yet must not go twice. */
static int as_admin(struct admin *admin, struct err *e)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");

	CLEAN_FD int in = ends[0], out = ends[1];

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork");
	if (pid == 0)
		child(admin, out);
	close(take_fd(&out));
	return outcome(in, pid, e);
}

static int exists(struct db *db, struct arena *a, const char *query, const char *name, bool *out,
		  struct err *e)
{
	struct db_statement s = { NULL, query };
	struct db_param value = DB_TEXT(str_of(name));
	const struct db_rows *rows;

	if (db_run(db, a, &s, &value, 1, &rows, e) < 0)
		return -1;
	*out = db_rows_count(rows) > 0;
	return 0;
}

static int ensure_role(const struct store_job *job, const char *name, struct err *e)
{
	struct str role = db_identifier(job->a, str_of(name));
	bool there;

	if (exists(job->db, job->a, "SELECT 1 FROM pg_roles WHERE rolname = $1::text", name, &there,
		   e) < 0)
		return -1;
	if (there)
		return 0;
	if (db_script(job->db,
		      str_fmt(job->a, "CREATE ROLE %.*s LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE",
			      STR_ARG(role))
			      .p,
		      e) < 0)
		return err_wrap(e, "create role %s", name);
	store_say(job, "created role %s", name);
	return 0;
}

static int create_database(const struct admin *admin, const char *name, struct err *e)
{
	struct arena *a = admin->job.a;
	struct str sql = str_fmt(a,
				 "CREATE DATABASE %.*s OWNER " STORE_OWNER
				 " TEMPLATE template0 ENCODING 'SQL_ASCII'"
				 " LC_COLLATE 'C' LC_CTYPE 'C'",
				 STR_ARG(db_identifier(a, str_of(name))));

	if (db_script(admin->job.db, str_z(a, sql), e) < 0)
		return err_wrap(e, "create database %s", name);
	store_say(&admin->job, "created database %s", name);
	return 0;
}

/* PostgreSQL 15 lets nobody but the owner make tables in the schema public. */
static int open_schema(const struct admin *admin, const char *name, struct err *e)
{
	struct db *inside = open_as_admin(admin, name);
	int failed = db_script(
		inside,
		"GRANT CREATE, USAGE ON SCHEMA public TO " STORE_OWNER ", \"" STORE_READER "\"", e);

	db_disconnect(inside);
	return failed;
}

static int create(const struct admin *admin, struct err *e)
{
	static const char *const roles[] = { STORE_OWNER, STORE_READER, "pmg-smtp-filter",
					     "pmgpolicy" };
	const char *name = database_of(admin->at);
	bool there;

	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (ensure_role(&admin->job, roles[i], e) < 0)
			return -1;
	if (exists(admin->job.db, admin->job.a,
		   "SELECT 1 FROM pg_database WHERE datname = $1::text", name, &there, e) < 0)
		return -1;
	if (!there && create_database(admin, name, e) < 0)
		return -1;
	return open_schema(admin, name, e);
}

static int drop(const struct admin *admin, struct err *e)
{
	struct arena *a = admin->job.a;
	struct str name = db_identifier(a, str_of(database_of(admin->at)));

	if (db_script(admin->job.db, str_z(a, str_fmt(a, "DROP DATABASE %.*s", STR_ARG(name))), e) <
	    0)
		return err_wrap(e, "delete database %s", database_of(admin->at));
	return 0;
}

int store_admin_create(const struct store_at *at, const struct store_progress *progress,
		       struct err *e)
{
	struct admin admin = { .at = at, .job = { .progress = progress }, .work = create };

	return as_admin(&admin, e);
}

int store_admin_drop(const struct store_at *at, struct err *e)
{
	struct admin admin = { .at = at, .work = drop };

	return as_admin(&admin, e);
}
