/*
 * str - borrowed bytes: pointer and length.
 *
 * A `struct str` owns nothing, may hold any bytes (NUL too) and is not terminated. Parsers take one
 * and give views into it. Functions that make new bytes take an arena.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/lint.h"

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })
/* For static initialisers, where a compound literal is not allowed. */
#define STR_INIT(literal) { "" literal, sizeof(literal) - 1 }
/* For printf: "%.*s", STR_ARG(s) */
#define STR_ARG(s) (int)((s).n > 0x7fffffff ? 0x7fffffff : (s).n), (s).p ? (s).p : ""

/* What is inline here is asked so often that a call would cost more than the answer. */

/* NULL gives STR_NONE. */
static inline struct str str_of(const char *z)
{
	return z ? (struct str){ z, strlen(z) } : STR_NONE;
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* At most `n` bytes from `off`; both are clamped to what there is. */
static inline struct str str_from(struct str s, size_t off)
{
	if (off > s.n)
		off = s.n;
	return (struct str){ s.p ? s.p + off : NULL, s.n - off };
}

static inline struct str str_sub(struct str s, size_t off, size_t n)
{
	s = str_from(s, off);
	if (s.n > n)
		s.n = n;
	return s;
}

static inline bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

static inline bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

bool str_ieq(struct str a, struct str b); /* ASCII case does not matter, here and below */
int str_cmp(struct str a, struct str b);  /* byte order, as memcmp */
int str_icmp(struct str a, struct str b);
bool str_istarts(struct str s, struct str prefix);
bool str_iends(struct str s, struct str suffix);

/* Offset of the first (last) occurrence, or -1. */
static inline ptrdiff_t str_chr(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

ptrdiff_t str_rchr(struct str s, char c);
ptrdiff_t str_find(struct str s, struct str needle);
ptrdiff_t str_ifind(struct str s, struct str needle);

/* Without blanks (space, tab, CR, LF, VT, FF) at both ends, or one. */
struct str str_trim(struct str s);
struct str str_ltrim(struct str s);
struct str str_rtrim(struct str s);

/* What is before the first `c`; *rest becomes what is after it, or STR_NONE if there is none. */
struct str str_cut(struct str *rest, char c);

/* Next word between blanks; false at the end. */
bool str_word(struct str *rest, struct str *word);

/* Next line without its LF or CRLF; false at the end. */
bool str_line(struct str *rest, struct str *line);

/* The whole of `s` as a decimal number in [lo, hi], optional sign; false otherwise. */
bool str_int(struct str s, int64_t lo, int64_t hi, int64_t *out);

struct str str_copy(struct arena *a, struct str s);
struct str str_lower(struct arena *a, struct str s);
struct str str_fmt(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
struct str str_cat(struct arena *a, struct str x, struct str y);

/* A terminated copy; a NUL inside becomes a blank, so that libc sees all of it. */
char *str_z(struct arena *a, struct str s);

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}
