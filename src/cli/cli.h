/*
 * cli - the commands and options of a tool, read and explained the way all our tools do.
 *
 *	TOOL COMMAND [--option value]... [ARGUMENT]
 *
 * A command or an option may be shortened as long as it is unique; options are also written
 * `-option value` or `--option=value`, in any case. A boolean option without a value is true; of an
 * option that is given twice the last one counts, unless the command asks for all of them. Every
 * tool has `help [COMMAND] [--verbose]`. Bad usage is told on stderr and ends with CLI_USAGE; a
 * command that fails prints its error there and ends with err_exit() (api.md, CLI conventions).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	CLI_USAGE = 255,
	CLI_GIVEN_MAX = 500, /* options on one command line */
	CLI_ARENA_MAX = 1 << 30, /* bytes of the arena that a command gets */
};

struct cli_option {
	const char *name;   /* without dashes */
	const char *values; /* "all|active|inactive", "<address>" (any text); NULL: boolean */
	const char *def;    /* when it is not given; booleans: NULL, which means 0 */
	const char *help;
};

struct cli_args {
	const struct cli_option *options;
	struct cli_given {
		const struct cli_option *option;
		const char *value;
	} given[CLI_GIVEN_MAX];
	size_t n_given;
	const char *argument; /* of a command that has one */
};

struct cli_command {
	const char *name, *help;
	const struct cli_option *options; /* ends with name NULL; NULL: none */
	/* 0, -1 and why, or an exit status of its own. */
	int (*run)(struct arena *a, const struct cli_args *args, struct err *e);
	const char *argument; /* what it must be given besides options: "FILE"; NULL: nothing */
};

struct cli_tool {
	const char *name;
	const struct cli_command *commands; /* ends with name NULL; without `help` */
};

/* Runs the command that the arguments name; returns the exit status of the process. */
int cli_main(const struct cli_tool *tool, int argc, char **argv);

/* Value of an option of the running command, by name; its default, if it was not given. */
const char *cli_value(const struct cli_args *args, const char *option);

/* All values that an option was given, in their order. */
size_t cli_values(const struct cli_args *args, struct arena *a, const char *option,
		  const char *const **out);
bool cli_flag(const struct cli_args *args, const char *option);
