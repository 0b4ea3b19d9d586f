/*
 * pmgspam compile - what the filter does by itself when rules have changed, before it has to: its
 * next generation finds the compiled sets.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "gw/filter/filter.h"
#include "lib/proc/daemon.h"
#include "prog/pmgspam.h"

enum { RULES_MEMORY = 1 << 30, EXIT_USAGE = 2 };

int pmgspam_compile(int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("rules", RULES_MEMORY);
	bool help = argc == 2 && strcmp(argv[1], "--help") == 0, made;
	struct err e;

	if (argc > 1) {
		fputs("usage: pmgspam compile\n"
		      "\n"
		      "Compiles the spam rules as the filter would load them now.\n",
		      help ? stdout : stderr);
		return help ? 0 : EXIT_USAGE;
	}
	if (daemon_become(FILTER_USER, &e) < 0 || filter_compile(a, &made, &e) < 0) {
		fprintf(stderr, "pmgspam compile: %s\n", e.msg);
		return err_exit(e.code);
	}
	puts(made ? "the rules are compiled; the filter uses them after a reload"
		  : "the rules are compiled already");
	return 0;
}
