/*
 * shape - does a Received line have this shape, and what stands where?
 *
 * Mail servers write Received lines in dozens of formats. A shape is one of them, as text with
 *these marks:
 *
 *	%h %r %b %d %n	a word (no blanks) that is the HELO name, the reverse name, the receiving
 *	%H %R %B %D %N	host, the ident, of no interest; in capitals it may be empty
 *	%2 %a %p	a word that is HELO and reverse name; the kind of authentication; the id
 *	%i %I		an IP address; one of no interest
 *	%l		localhost, by name or address
 *	%[ %]		a bracket that may be missing
 *	%o %O		text with options (helo=, ident=): the shortest; up to a closing parenthesis
 *	%. %*		any text: the shortest; the longest
 *	%) %k %q	text without `)`, not empty; the same as HELO name, perhaps empty; without
 *			parentheses or blanks, as HELO name, perhaps empty
 *	%~		at most 40 characters without `)`
 *	%u %v %t	a word without `@`; text without `.`; a word with a dot inside, the reverse
 *name %0 %z		digits; a zone (%eth0) of an address, perhaps none %A		a letter %w
 *%e %!	the edge of a word; the end of the line; here does not follow " id "
 *	{x|y}		x or y; not nested
 */
#pragma once

#include "base/str.h"

enum {
	SHAPE_STEPS_MAX = 20000, /* of one match; a line that needs more has not the shape */
};

/* What was found; p == NULL: not in this shape. */
struct shape_finds {
	struct str helo, rdns, by, ident, ip, options, auth, id;
};

/* At the start of `s`, and anywhere in it; `f` is filled only on success. */
bool shape_match(const char *shape, struct str s, struct shape_finds *f);
bool shape_search(const char *shape, struct str s, struct shape_finds *f);

/* Length of the IP address at `at`, 0 if there is none that stands by itself. */
size_t shape_ip_at(struct str s, size_t at);

/* The first IP address in `s`, or STR_NONE. */
struct str shape_find_ip(struct str s);
