/*
 * conf - "section: NAME" files.
 *
 *	section: mail
 *		maxsize 10485760
 *		relay 192.0.2.1
 *
 *	ldap: headquarters
 *		disable
 *		server1 ldap.example.com
 *
 * A header stands at column 0, its settings are indented, a blank line ends the section. Lines
 * whose first non-blank is '#' are skipped. Reading takes the file apart and judges nothing but the
 * syntax; which sections and settings exist is the caller's business. Writing keeps the order of
 * the sections and sorts the settings of each: `comment` first, then a bare `disable`, then the
 * required ones, then the others. Comment lines are lost when a file is written.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

enum {
	CONF_LINES_MAX = 100000,
	CONF_SECTIONS_MAX = 1000,
	CONF_SETTINGS_MAX = 1000, /* in one section */
	CONF_PROBLEMS_MAX = 200, /* more are counted, not kept */
};

struct conf_setting {
	struct str key, value; /* the value of a bare key is empty */
	size_t line;
};

struct conf_section {
	struct str type, id; /* "section", "mail" */
	size_t line;
	VEC(struct conf_setting) settings;
};

/* A line that had no effect, and why. */
struct conf_problem {
	size_t line;
	struct str text, reason;
};

struct conf_file {
	VEC(struct conf_section) sections;
	VEC(struct conf_problem) problems;
};

/*
 * Takes `text`, which must outlive the result, apart. There is no text that cannot be read: what is
 * not a section or a setting goes to `problems`.
 */
void conf_parse(struct arena *a, struct str text, struct conf_file *out);

/* As it is written to disk; `required` names the keys that come first, NULL-terminated, or NULL. */
struct str conf_print(struct arena *a, const struct conf_file *f, const char *const *required);

/* SHA-1 of the raw file in hex, which API clients hand back to notice a change in between. */
struct str conf_digest(struct arena *a, struct str raw);
