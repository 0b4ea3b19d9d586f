/*
 * cli - the commands and options of a tool, read and explained the way all our tools do.
 *
 *	TOOL COMMAND [--option value]...
 *
 * A command or an option may be shortened as long as it is unique; options are also written
 * `-option value` or `--option=value`, in any case. A boolean option without a value is true. Every
 * tool has `help [COMMAND] [--verbose]`. Bad usage is told on stderr and ends with CLI_USAGE; a
 * command that fails prints its error there and ends with err_exit() (api.md, CLI conventions).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	CLI_USAGE = 255,
	CLI_OPTIONS_MAX = 8,
	CLI_ARENA_MAX = 1 << 30, /* bytes of the arena that a command gets */
};

struct cli_option {
	const char *name;   /* without dashes */
	const char *values; /* "all|active|inactive"; NULL: boolean */
	const char *def;    /* when it is not given; booleans: NULL, which means 0 */
	const char *help;
};

struct cli_args {
	const struct cli_option *options;
	const char *given[CLI_OPTIONS_MAX]; /* by position in `options`; NULL: not given */
};

struct cli_command {
	const char *name, *help;
	const struct cli_option *options; /* ends with name NULL; NULL: none */
	int (*run)(struct arena *a, const struct cli_args *args, struct err *e);
};

struct cli_tool {
	const char *name;
	const struct cli_command *commands; /* ends with name NULL; without `help` */
};

/* Runs the command that the arguments name; returns the exit status of the process. */
int cli_main(const struct cli_tool *tool, int argc, char **argv);

/* Value of an option of the running command, by name. */
const char *cli_value(const struct cli_args *args, const char *option);
bool cli_flag(const struct cli_args *args, const char *option);
