/*
 * tmpl - the part of the Template Toolkit language that configuration and report templates use.
 *
 * A template is text with directives between "[%" and "%]": variables, SET, IF/ELSIF/ELSE, UNLESS,
 * FOREACH (with `loop`), BLOCK, PROCESS, INCLUDE, FILTER, TAGS, comments, chomp markers, `IF` and
 * `UNLESS` behind a statement; operators, filters and virtual methods as listed in docs/dev. What
 * they do, operator precedence included, is what Template Toolkit 2 does. Everything else in that
 * language is an error that names file and line, found before anything is printed.
 *
 * Templates are not trusted to end: depth, output, memory and the number of steps are limited.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

enum {
	TMPL_FILE_MAX = 1024 * 1024,
	TMPL_TOKENS_MAX = 50000,
	TMPL_CHAIN_MAX = 200, /* operators, ELSIFs or filters one after the other */
	TMPL_OUTPUT_MAX = 16 * 1024 * 1024,
	TMPL_WORK_MAX = 64 * 1024 * 1024, /* bytes of all intermediate values together */
	TMPL_STEPS_MAX = 2 * 1000 * 1000, /* statements and operators carried out */
	TMPL_NESTING_MAX = 50,           /* of directives and of parentheses, when parsing */
	TMPL_CALLS_MAX = 50,              /* PROCESS and INCLUDE inside one another */
	TMPL_RANGE_MAX = 10000,           /* [1..N] */
};

enum tmpl_type { TMPL_UNDEF, TMPL_TEXT, TMPL_LIST, TMPL_HASH };

struct tmpl_value {
	enum tmpl_type type;
	struct str text;
	VEC(struct tmpl_value *) list;
	struct map hash; /* name to struct tmpl_value * */
};

struct tmpl_value *tmpl_text(struct arena *a, struct str text);
struct tmpl_value *tmpl_int(struct arena *a, int64_t n);
struct tmpl_value *tmpl_list(struct arena *a);
struct tmpl_value *tmpl_hash(struct arena *a);

void tmpl_list_add(struct arena *a, struct tmpl_value *list, struct tmpl_value *item);
void tmpl_hash_set(struct tmpl_value *hash, struct str name, struct tmpl_value *value);

/* NULL if there is none. */
struct tmpl_value *tmpl_hash_get(const struct tmpl_value *hash, struct str name);

/*
 * Sets a value deep inside: tmpl_set_path(a, vars, "pmg.mail.tls", v) makes the hashes on the way.
 */
void tmpl_set_path(struct arena *a, struct tmpl_value *hash, const char *path,
		   struct tmpl_value *value);

/* Where PROCESS and INCLUDE find files; ERR_NOTFOUND if there is none of that name. */
struct tmpl_source {
	int (*load)(void *ctx, struct arena *a, struct str name, struct str *text, struct err *e);
	void *ctx;
};

struct tmpl;

/* `name` is for messages; `text` must outlive the template. */
MUST_CHECK int tmpl_parse(struct arena *a, struct str name, struct str text, struct tmpl **out,
			  struct err *e);

/* What output was made by, for whoever finds a fault in it. */
struct tmpl_place {
	struct str name; /* of the template */
	size_t line;
};

struct tmpl_places {
	VEC(struct tmpl_piece {
		size_t at; /* where in the output it begins */
		struct tmpl_place from;
		bool copied; /* as it stands in the template, line for line */
	}) list;
};

/*
 * Prints the template. `vars` is a hash; what the template sets ends up in it. `source` may be
 * NULL: then PROCESS and INCLUDE find only the BLOCKs of the template itself. `places` may be NULL;
 * else it gets what tmpl_place() wants.
 */
MUST_CHECK int tmpl_render(struct arena *a, const struct tmpl *t, struct tmpl_value *vars,
			   const struct tmpl_source *source, struct str *out,
			   struct tmpl_places *places, struct err *e);

/* The line of a template that byte `at` of its output `out` is from. */
struct tmpl_place tmpl_place(const struct tmpl_places *places, struct str out, size_t at);
