/*
 * Between the files of lib/magic: rules.c reads and applies `magic`, globs.c does so with `globs2`.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "lib/magic/magic.h"

enum {
	MAGIC_TYPE_MAX = 255,   /* bytes of a type's name */
	MAGIC_ROOTS_MAX = 20000, /* rules without a parent; Debian 12 has 838 */
	MAGIC_GLOB_MAX = 255,   /* bytes of a file name pattern */
};

/* One line of `magic`: holds if its bytes are there and, if it has children, one of them holds. */
struct rule {
	struct str value;
	const char *mask; /* as long as the value, or NULL */
	uint32_t offset, range; /* tried at `range` places from `offset` on */
	struct rule *child, *next;
};

struct root {
	struct str type;
	const struct rule *rule;
};

struct rules {
	VEC(struct root) roots;
	struct {
		uint16_t *p;
		size_t n;
	} by_first[256]; /* roots that content beginning with this byte can satisfy, in order */
	size_t head;     /* end of the bytes that any rule looks at */
};

struct glob {
	struct str pattern, type;
	int64_t weight;
	size_t order; /* in the file */
	bool exact_case;
};

struct globs {
	struct map names[2];    /* patterns without wildcard; [1]: those where case matters */
	struct map suffixes[2]; /* "*" and a text: keyed by the text */
	size_t suffix_max;      /* the longest such text */
	VEC(struct glob) wild;  /* all others, a dozen */
};

MUST_CHECK int rules_parse(struct arena *a, struct str file, struct rules *r, struct err *e);
bool rules_find(const struct rules *r, struct str head, struct str *type);

MUST_CHECK int globs_parse(struct arena *a, struct str file, struct globs *g, struct err *e);
bool globs_find(const struct globs *g, struct str name, struct str *type);

/* A lower-case "a/b" of reasonable characters. */
bool type_is_sane(struct str type);
