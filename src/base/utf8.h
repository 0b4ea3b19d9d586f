/*
 * utf8 - the few things that need to know where a character begins.
 *
 * A character is a Unicode scalar value in its shortest form: surrogates, overlong forms and values
 * above U+10FFFF are invalid.
 */
#pragma once

#include "base/str.h"

enum { UTF8_REPLACEMENT = 0xfffd, UTF8_MAX = 4 };

bool utf8_valid(struct str s);

/* How many bytes at the start of `s` are valid; an incomplete last character is not counted. */
size_t utf8_valid_prefix(struct str s);

/*
 * Takes one character from the front of *s, which must not be empty. -1 for bytes that are none;
 * then the longest start of a character is taken, at least one byte, so that each -1 stands for one
 * U+FFFD in the way the Unicode standard recommends.
 */
int32_t utf8_next(struct str *s);

/* Writes `cp`, a scalar value, to `to` and returns its length in bytes. */
size_t utf8_put(char to[UTF8_MAX], uint32_t cp);

/* The start of `s`, at most `max` bytes, that does not end within a character. */
struct str utf8_cut(struct str s, size_t max);
