/*
 * What the tests of gw/quar share: a database of a server of its own, and a spool below /tmp.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "gw/quar/store.h"
#include "gw/store/store.h"

extern struct arena *a;
extern struct err e;
extern struct db *db, *other;
extern struct store_at at;
extern char root[64]; /* of the spool */

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s", e.msg);                                                     \
	} while (0)

int make_database(void **state);
int setup(void **state);
int teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* One value as text, and what it shall be; the query yields one row of one text. */
struct str text(const char *sql);
void is_text(const char *sql, struct str expected);

void is_str(struct str found, struct str expected);

/* That a call failed, and why. */
void fails(int result, enum err_code code);

/* A mail for bob@example.com and ann@example.com, who gets it as alias@example.com. */
struct quar_mail spam(void);

const char *below_root(const char *name);

/* The content of a file below the spool. */
struct str file_text(struct str file);

/* Stores a mail of these bytes; returns the name of its file. */
struct str put(const struct quar_mail *mail, struct str bytes);
