/*
 * store - the rule database: make it, bring it up to date, put the factory rules in, remove it.
 *
 * The schema is that of database.md §2, kept in one table of statements (schema.c) from which both
 * creation and upgrade work. There is no version number in the database: an upgrade looks at what
 * is there and adds what is missing, all in one transaction, so that it can be interrupted and
 * repeated.
 *
 * Roles and databases belong to the server's user postgres. What only it may do happens in a child
 * process that becomes the system user postgres and exits; nothing here starts a program.
 *
 * Errors are those of lib/db.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "lib/db/db.h"

#define STORE_DATABASE "Proxmox_ruledb"
#define STORE_OWNER "root"
#define STORE_READER "www-data"

struct store_at {
	const char *socket_dir; /* NULL: DB_SOCKET_DIR */
	const char *database;   /* NULL: STORE_DATABASE */
};

/* Called with one line of text for each thing that was done. */
struct store_progress {
	void (*say)(void *arg, const char *line);
	void *arg;
};

/*
 * The database, for a process that runs as `role`; NULL means "root" for the superuser and
 * "www-data" for everybody else. Does not connect yet.
 */
struct db *store_open(struct arena *a, const struct store_at *at, const char *role);

/*
 * Roles, database, tables and factory rules, as far as they are missing; an older schema is
 * upgraded. Needs root. Doing it again changes and says nothing.
 */
MUST_CHECK int store_init(struct arena *a, const struct store_at *at,
			  const struct store_progress *progress, struct err *e);

/* Removes the database; ERR_NOTFOUND if there is none, ERR_CONFLICT if somebody is connected. */
MUST_CHECK int store_delete(const struct store_at *at, struct err *e);

/*
 * Rules, groups and objects become the factory set; groups of class greylist stay. One transaction.
 * The caller tells the daemons.
 */
MUST_CHECK int store_reset(struct db *db, struct arena *a, struct err *e);
