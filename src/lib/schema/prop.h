/*
 * schema - one mechanism for every described record.
 *
 * A property describes one value: its name, its type, its limits, its default, its help. A record
 * is a C struct plus a table of properties, each of which knows where in the struct its value
 * lives. From the same row come the parser, the writer, the defaults and the checks, so
 * that a key is typed once in the struct and once in its row, and a wrong type does not compile:
 *
 *	#define T struct cfg_mail
 *	static const struct prop mail_props[] = {
 *		P_BOOL(T, spf, "1", "Use Sender Policy Framework."),
 *		P_INT(T, maxsize, 1024, INT64_MAX, "10485760", "Maximum email size."),
 *		P_END
 *	};
 *
 * Members are bool, int64_t, struct str, or int for an enum (position in the list of values; -1
 * when neither given nor defaulted).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Values longer than this are refused whatever the property says. */
enum { PROP_VALUE_MAX = 128 * 1024 };

/* A table has at most this many rows. */
enum { PROP_ROWS_MAX = 128 };

/*
 * An upper limit of this or more is there for the programs that read the value (a time in seconds
 * must fit, a number must be one that Postfix can hold); the manual shows it as "N": no limit.
 */
enum { PROP_N = 500000 };

enum prop_type { PROP_END, PROP_BOOL, PROP_INT, PROP_STR, PROP_ENUM };

enum {
	PROP_COMPUTED = 1u << 0, /* no default in the table: the owner computes one */
	PROP_LATER = 1u << 1,    /* came after the manual's version */
	PROP_IDLE = 1u << 2,     /* stored, but nothing acts on it (yet) */
	PROP_OPTIONAL = 1u << 3, /* of a record that wants all others: may be missing */
	PROP_LINES = 1u << 4,    /* PROP_STR: tabs and line ends are allowed */
};

/* A named check of a string. Says why not in `e`. */
struct format {
	const char *name; /* as the interface calls it; NULL: it gives the pattern only */
	int (*check)(struct str value, struct err *e);
	const char *pattern; /* a regular expression that says the same; or NULL */
};

struct prop {
	const char *name, *desc;
	const char *def;          /* as it would stand in the file, or NULL */
	const char *values;       /* PROP_ENUM: "smtp|lmtp" */
	const struct format *fmt; /* PROP_STR: or NULL */
	int64_t min, max;         /* PROP_INT: of the number; PROP_STR: of characters */
	uint16_t off;             /* where the value lives in its struct */
	uint8_t type, flags;
};

/* offsetof, refusing to compile where the member is not of type `ctype`. */
#define AT(st, member, ctype) \
	(offsetof(st, member) + \
	 0 * sizeof(char[_Generic(((st *)0)->member, ctype: 1, default: -1)]))

#define P_BOOL_AS(st, member, key, d, help, ...) \
	{ .name = (key), .type = PROP_BOOL, .off = AT(st, member, bool), .def = (d), \
	  .desc = (help), ##__VA_ARGS__ }
#define P_INT_AS(st, member, key, lo, hi, d, help, ...) \
	{ .name = (key), .type = PROP_INT, .off = AT(st, member, int64_t), \
	  .min = (lo), .max = (hi), .def = (d), .desc = (help), ##__VA_ARGS__ }
#define P_TEXT_AS(st, member, key, longest, d, help, ...) \
	{ .name = (key), .type = PROP_STR, .off = AT(st, member, struct str), .max = (longest), \
	  .def = (d), .desc = (help), ##__VA_ARGS__ }
#define P_STR_AS(st, member, key, format, d, help, ...) \
	{ .name = (key), .type = PROP_STR, .off = AT(st, member, struct str), .fmt = (format), \
	  .max = PROP_VALUE_MAX, .def = (d), .desc = (help), ##__VA_ARGS__ }
#define P_ENUM_AS(st, member, key, list, d, help, ...) \
	{ .name = (key), .type = PROP_ENUM, .off = AT(st, member, int), .values = (list), \
	  .def = (d), .desc = (help), ##__VA_ARGS__ }

/* Where the key is spelled as the member. Flags may follow the help: .flags = PROP_LATER */
#define P_BOOL(st, m, ...) P_BOOL_AS(st, m, #m, __VA_ARGS__)
#define P_INT(st, m, ...) P_INT_AS(st, m, #m, __VA_ARGS__)
#define P_TEXT(st, m, ...) P_TEXT_AS(st, m, #m, __VA_ARGS__)
#define P_STR(st, m, ...) P_STR_AS(st, m, #m, __VA_ARGS__)
#define P_ENUM(st, m, ...) P_ENUM_AS(st, m, #m, __VA_ARGS__)
#define P_END { .type = PROP_END }

/* Which rows of a table were given a value. */
struct prop_set {
	uint64_t bits[PROP_ROWS_MAX / 64];
};

static inline bool prop_set_has(const struct prop_set *s, size_t row)
{
	return s->bits[row / 64] >> (row % 64) & 1;
}

static inline void prop_set_add(struct prop_set *s, size_t row)
{
	s->bits[row / 64] |= (uint64_t)1 << (row % 64);
}

/* The row of that name, or NULL. */
const struct prop *prop_find(const struct prop *table, struct str name);

/*
 * Checks `text` and stores it into the struct at `record`; strings are copied into the arena. The
 * reason in `e` does not repeat name and value. Booleans: 1/on/yes/true and 0/off/no/false.
 */
MUST_CHECK int prop_store(struct arena *a, const struct prop *p, void *record, struct str text,
			  struct err *e);

/*
 * Whether the value that `record` has could have been stored, by its limits and its format. The
 * reason in `e` does not repeat name and value.
 */
MUST_CHECK int prop_check(const struct prop *p, const void *record, struct err *e);

/* Fills every member of `record` with its default; without one: STR_NONE, 0, false or -1. */
void prop_defaults(struct arena *a, const struct prop *table, void *record);

/* The value as it would stand in the file; STR_NONE if there is none. */
struct str prop_print(struct arena *a, const struct prop *p, const void *record);
