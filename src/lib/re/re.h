/*
 * re - regular expressions on bytes, with limits.
 *
 * PCRE2 behind a narrow face: every pattern is compiled by its just-in-time compiler, matching
 * needs no allocation, and a match that exceeds its limits is a result of its own, neither "yes"
 * nor "no". Subjects are bytes, not characters; a pattern never sees UTF-8 as such.
 *
 * A process has one scratch area (match data, JIT stack), made at the first match; processes have
 * no threads here. Compiled patterns never change and may be shared across fork().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	RE_PATTERN_MAX = 1 << 20,    /* bytes of a pattern */
	RE_CAPTURES_MAX = 100,       /* groups whose place is reported; further ones match too */
	RE_MATCH_LIMIT = 1000000,    /* PCRE2's count of steps in one match */
	RE_DEPTH_LIMIT = 250000,     /* nested steps; only without JIT */
	RE_HEAP_LIMIT_KB = 4 << 10,  /* only without JIT */
	RE_JIT_STACK_MAX = 1 << 20,  /* bytes */
};

enum {
	RE_ICASE = 1u << 0,     /* letters match in both cases; octets C0-FE as in Latin-1 */
	RE_MULTILINE = 1u << 1, /* ^ and $ match at line ends too */
	RE_DOTALL = 1u << 2,    /* . matches a newline too */
	RE_EXTENDED = 1u << 3,  /* blanks and # comments in the pattern mean nothing */
	RE_ANCHORED = 1u << 4,  /* the match starts where the search starts */
	RE_FULL = 1u << 5,      /* the match is the whole subject */
	RE_ASCII_CASE = 1u << 6, /* RE_ICASE means A-Z only */
	RE_ONCE = 1u << 7,      /* matched a few times only: not worth machine code */
};

struct re;

enum re_result {
	RE_NOMATCH = 0,
	RE_MATCH = 1,
	RE_LIMIT = 2, /* gave up */
};

struct re_span {
	size_t from, to; /* both 0 and set false: the group took no part */
	bool set;
};

struct re_caps {
	size_t n; /* groups reported, the whole match (0) included */
	struct re_span group[RE_CAPTURES_MAX];
};

/*
 * Compiles a pattern in PCRE2's syntax; the code is released with the arena. ERR_INVALID with the
 * offset and PCRE2's reason, ERR_LIMIT over RE_PATTERN_MAX or PCRE2's own limits.
 */
MUST_CHECK int re_compile(struct arena *a, struct str pattern, unsigned flags, struct re **out,
			  struct err *e);

/* As re_compile() for Perl 5's syntax and meaning: see re_from_perl(). */
MUST_CHECK int re_compile_perl(struct arena *a, struct str pattern, unsigned flags,
			       struct re **out, struct err *e);

/*
 * Rewrites what Perl 5.36 understands differently: quantified anchors (`$?`), `{,n}`, blanks in
 * `{n, m}`. What Perl refuses or warns about though PCRE2 would take it (`\Q`, callouts, PCRE2's
 * own verbs, code in `(?{})`, stray braces) is ERR_INVALID with the offset.
 */
MUST_CHECK int re_from_perl(struct arena *a, struct str pattern, unsigned flags, struct str *out,
			    struct err *e);

enum re_result re_match(const struct re *re, struct str subject);

/* First match at or after `from`; look-behind sees what is before. Fills `caps` on RE_MATCH. */
enum re_result re_search(const struct re *re, struct str subject, size_t from,
			 struct re_caps *caps);

/*
 * One match after the other, as Perl's //g: start with { 0 }, `caps` set if they are wanted. After
 * an empty match the next one is not empty or further on.
 */
struct re_walk {
	size_t at;
	bool empty;
	struct re_caps *caps;
};
enum re_result re_next(const struct re *re, struct str subject, struct re_walk *walk);

/*
 * Which sequences of three bytes occur in a text, or in several: where many patterns are held
 * against the same texts, re_possible() rules most of them out without a match.
 */
struct re_grams {
	uint64_t *bits;
	unsigned shift; /* how much shorter than a full hash an index is */
};

/* `bytes`: about how much text is to come; only speed depends on it. */
void re_grams_init(struct re_grams *g, struct arena *a, size_t bytes);
void re_grams_add(struct re_grams *g, struct str text);

/* False only if the pattern matches none of the texts. */
bool re_possible(const struct re *re, const struct re_grams *g);

/* Named groups, by index from 0: false at the end. `name` lives with the pattern. */
bool re_group_name(const struct re *re, size_t index, struct str *name, size_t *group);

/* The bytes of a group, or STR_NONE if it took no part. */
struct str re_group(const struct re_caps *caps, struct str subject, size_t group);

/* The pattern in PCRE2's syntax, as it was compiled; empty with RE_ONCE. */
struct str re_pattern(const struct re *re);
unsigned re_flags(const struct re *re);

/* Bytes of compiled code, machine code included. */
size_t re_size(const struct re *re);
