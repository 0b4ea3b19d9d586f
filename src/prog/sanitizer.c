/*
 * Linked into the programs of a sanitizer build only. They start each other with an environment of
 * our own (lib/proc/spawn.h), which passes no ASAN_OPTIONS on, so what has to be set stands here.
 * Leaks are left to the unit tests: a program that ends does not tidy up its memory first, and
 * where nobody may trace, the leak checker fails by itself and with it `pmg-smtp-filter status`.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
