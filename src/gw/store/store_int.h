/*
 * What the files of gw/store share.
 */
#pragma once

#include "gw/store/store.h"

struct store_table {
	const char *name; /* as PostgreSQL folds it: lower case */
	const char *sql;  /* the table and its indexes */
};

/* Ends with name NULL; the first ones are those without which there are no rules. */
enum { STORE_BASIC_TABLES = 5 };

extern const struct store_table store_tables[];

struct store_job {
	struct db *db;
	struct arena *a;
	const struct store_progress *progress;
};

/* Says what was done. */
void store_say(const struct store_job *job, const char *fmt, ...) PRINTF(2, 3);

/* Greylist group, factory groups, factory rules: for new tables. */
int store_factory_first(struct db *db, struct arena *a, struct err *e);

/* The action group "Quarantine" of the factory set. */
int store_factory_quarantine(struct db *db, struct arena *a, struct err *e);

/* Brings existing tables to the present schema; inside a transaction. */
int store_upgrade(const struct store_job *job, struct err *e);

/* Is there a table (a column of a table)? Names in lower case. */
int store_has(struct db *db, struct arena *a, const char *table, const char *column, bool *out,
	      struct err *e);

/* In a child process as system user postgres: roles, and the database with rights on its schema. */
int store_admin_create(const struct store_at *at, const struct store_progress *progress,
		       struct err *e);
int store_admin_drop(const struct store_at *at, struct err *e);
