/*
 * The first line is a pattern in Perl's syntax, the others texts: no match is ruled out, neither by
 * Hyperscan nor by the automaton that several patterns without letters in a row become.
 */
#include <stdint.h>

#include "lib/re/set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_HERE = 300, TEXTS_MAX = 10, SEVERAL = 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)256 << 20);
	struct str rest = { (const char *)data, size }, pattern = str_cut(&rest, '\n'), bytes;
	struct str texts[TEXTS_MAX];
	const struct re *patterns[SEVERAL];
	struct re *compiled;
	struct re_set *set;
	uint64_t maybe, each[TEXTS_MAX];
	size_t n = 0;
	struct err e;

	if (size > SIZE_MAX_HERE || re_compile_perl(a, pattern, 0, &compiled, &e) < 0)
		return 0;
	while (rest.p && n < TEXTS_MAX)
		texts[n++] = str_cut(&rest, '\n');
	for (size_t i = 0; i < SEVERAL; i++)
		patterns[i] = compiled;
	if (re_set_compile(a, patterns, SEVERAL, &bytes, &e) < 0 ||
	    re_set_load(a, bytes, SEVERAL, &set, &e) < 0)
		__builtin_trap();
	re_set_scan(set, a, texts, n, &maybe, each);
	for (size_t i = 0; i < n; i++)
		if (re_match(compiled, texts[i]) == RE_MATCH &&
		    !(re_set_bit(&maybe, 0) && re_set_bit(&each[i], 0)))
			__builtin_trap();
	return 0;
}
