/*
 * latin1 - the names that HTML 4 gives the upper half of Latin-1.
 *
 * For who must know just those, and not all of today's.
 */
#pragma once

enum { HTML_LATIN1_FIRST = 0xa0, HTML_LATIN1_NAMES = 96 };

/* Of U+00A0 to U+00FF, in order: "nbsp" to "yuml". */
extern const char *const html_latin1_names[HTML_LATIN1_NAMES];
