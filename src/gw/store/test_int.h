/*
 * What the tests of gw/store share: each starts on a new database of a server of its own.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/store/store_int.h"

extern struct arena *a;
extern struct err e;
extern struct store_at at;
extern struct db *db;

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s", e.msg);                                                     \
	} while (0)

/* One value as text; the query yields one text column and one row. */
const char *text(const char *sql);
int64_t number(const char *sql);

/* What store_init() said, one line each. */
const char *init_says(void);

int new_database(void **state);
int end_database(void **state);

/* Columns, keys and indexes of all tables, sorted. */
const char *schema_signature(void);

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, new_database, end_database)

int upgrade_tests(void);
int userprefs_tests(void);
