#include "cli/cli.h"

#include <strings.h>

static const struct cli_option help_options[] = {
	{ "verbose", NULL, NULL, "Verbose output format." },
	{ NULL, NULL, NULL, NULL },
};
static const struct cli_option no_options[] = { { NULL, NULL, NULL, NULL } };
static const struct cli_command help_command = { "help", "Get help about specified command.",
						 help_options, NULL, NULL };

static const struct cli_option *options_of(const struct cli_command *c)
{
	return c->options ? c->options : no_options;
}

static bool is_any_text(const struct cli_option *o)
{
	return o->values && o->values[0] == '<';
}

static void print_option(const struct cli_option *o, FILE *to)
{
	const char *def = o->def ? o->def : o->values ? NULL : "0";

	if (is_any_text(o))
		fprintf(to, "\n  --%s %s", o->name, o->values);
	else
		fprintf(to, "\n  --%s <%s>", o->name, o->values ? o->values : "boolean");
	if (def)
		fprintf(to, " (default = %s)", def);
	fprintf(to, "\n\n\t%s\n", o->help);
}

static void print_options(const struct cli_command *c, FILE *to)
{
	for (const struct cli_option *o = options_of(c); o->name; o++)
		print_option(o, to);
}

static void print_command(const struct cli_tool *tool, const struct cli_command *c, bool verbose,
			  FILE *to)
{
	const char *argument = c == &help_command ? "[COMMAND]" : c->argument;

	fprintf(to, "%s%s %s%s%s%s\n", verbose ? "USAGE: " : "       ", tool->name, c->name,
		argument ? " " : "", argument ? argument : "",
		options_of(c)->name ? " [OPTIONS]" : "");
	if (!verbose)
		return;
	fprintf(to, "\n  %s\n", c->help);
	print_options(c, to);
	fputc('\n', to);
}

static void print_usage(const struct cli_tool *tool, bool verbose, FILE *to)
{
	if (!verbose)
		fprintf(to, "USAGE: %s <COMMAND> [ARGS] [OPTIONS]\n", tool->name);
	for (const struct cli_command *c = tool->commands; c->name; c++)
		print_command(tool, c, verbose, to);
	print_command(tool, &help_command, verbose, to);
}

/*
 * Position of the one name that begins with `word`, or that is it; -1 if there is none or several.
 * `names` is the first name of an array whose elements are `size` bytes apart.
 */
static ptrdiff_t find(const void *names, size_t size, struct str word)
{
	ptrdiff_t found = -1, i = 0;
	const char *name;

	for (; memcpy(&name, (const char *)names + (size_t)i * size, sizeof(name)), name; i++) {
		if (strlen(name) == word.n && !strncasecmp(name, word.p, word.n))
			return i;
		if (word.n && !strncasecmp(name, word.p, word.n))
			found = found == -1 ? i : -2;
	}
	return found < 0 ? -1 : found;
}

static const struct cli_command *find_command(const struct cli_tool *tool, const char *word)
{
	ptrdiff_t i = find(&tool->commands->name, sizeof(*tool->commands), str_of(word));

	if (i >= 0)
		return &tool->commands[i];
	return *word && !strncasecmp(help_command.name, word, strlen(word)) ? &help_command : NULL;
}

/* "1" or "0" for a word that says so, else NULL. */
static const char *truth(const char *word)
{
	static const char *const words[][2] = { { "1", "1" },    { "yes", "1" },  { "on", "1" },
						{ "true", "1" }, { "0", "0" },    { "no", "0" },
						{ "off", "0" },  { "false", "0" } };

	for (size_t i = 0; word && i < ARRAY_LEN(words); i++)
		if (!strcasecmp(word, words[i][0]))
			return words[i][1];
	return NULL;
}

static bool is_one_of(struct str values, const char *word)
{
	while (values.p)
		if (str_eq(str_cut(&values, '|'), str_of(word)))
			return true;
	return false;
}

/* Sets the option's value; *used is set if that came from `next`. */
static int take_value(const struct cli_option *o, const char *inlined, const char *next,
		      const char **out, bool *used, struct err *e)
{
	const char *word = inlined ? inlined : next;
	const char *value = o->values ? word : truth(word);

	if (!o->values && !value && !inlined) {
		*out = "1";
		return 0;
	}
	if (!value || (o->values && !is_any_text(o) && !is_one_of(str_of(o->values), value)))
		return err_set(e, ERR_INVALID, "option '%s': expected %s", o->name,
			       o->values ? o->values : "a boolean");
	*used = !inlined;
	*out = value;
	return 0;
}

static int take_option(struct cli_args *args, char **argv, int *i, struct err *e)
{
	struct str name = str_of(argv[*i]);
	const char *inlined = NULL;
	struct cli_given *given;
	ptrdiff_t equals, found;
	bool used = false;

	name = str_from(name, str_starts(name, STR("--")) ? 2 : 1);
	equals = str_chr(name, '=');
	if (equals >= 0) {
		inlined = name.p + equals + 1;
		name.n = (size_t)equals;
	}
	found = find(&args->options->name, sizeof(*args->options), name);
	if (found < 0)
		return err_set(e, ERR_INVALID, "unknown option '%s'", argv[*i]);
	if (args->n_given == CLI_GIVEN_MAX)
		return err_set(e, ERR_LIMIT, "more than %d options", CLI_GIVEN_MAX);
	given = &args->given[args->n_given];
	given->option = &args->options[found];
	if (take_value(given->option, inlined, argv[*i + 1], &given->value, &used, e) < 0)
		return -1;
	args->n_given++;
	*i += used;
	return 0;
}

/* What is no option is the argument, if there may be one. */
static int take_all(struct cli_args *args, char **argv, int from, bool argument, struct err *e)
{
	for (int i = from; argv[i]; i++) {
		if (argv[i][0] == '-' && argv[i][1]) {
			if (take_option(args, argv, &i, e) < 0)
				return -1;
		} else if (argument && !args->argument) {
			args->argument = argv[i];
		} else {
			return err_set(e, ERR_INVALID, "too many arguments: '%s'", argv[i]);
		}
	}
	return 0;
}

static int bad_usage(const struct cli_tool *tool, const struct cli_command *c, const char *why)
{
	fprintf(stderr, "%s: %s\n", tool->name, why);
	if (c)
		print_command(tool, c, true, stderr);
	else
		print_usage(tool, false, stderr);
	return CLI_USAGE;
}

static int help(const struct cli_tool *tool, const struct cli_args *args)
{
	const char *word = args->argument;
	const struct cli_command *c = word ? find_command(tool, word) : NULL;

	if (word && !c)
		return bad_usage(tool, NULL, "no such command");
	if (c)
		print_command(tool, c, true, stdout);
	else
		print_usage(tool, cli_flag(args, "verbose"), stdout);
	return 0;
}

static int run(const struct cli_tool *tool, const struct cli_command *c,
	       const struct cli_args *args)
{
	CLEAN_ARENA struct arena *a = arena_open(tool->name, CLI_ARENA_MAX);
	struct err e;
	int ret = c->run(a, args, &e);

	if (ret >= 0)
		return ret;
	fflush(stdout);
	fprintf(stderr, "%s: %s\n", tool->name, e.msg);
	return err_exit(e.code);
}

int cli_main(const struct cli_tool *tool, int argc, char **argv)
{
	static struct cli_args args;
	const struct cli_command *c;
	struct err e;

	if (argc < 2)
		return bad_usage(tool, NULL, "no command given");
	c = find_command(tool, argv[1]);
	if (!c)
		return bad_usage(tool, NULL, "no such command");
	args = (struct cli_args){ .options = options_of(c) };
	if (take_all(&args, argv, 2, c == &help_command || c->argument, &e) < 0)
		return bad_usage(tool, c, e.msg);
	if (c == &help_command)
		return help(tool, &args);
	if (c->argument && !args.argument)
		return bad_usage(tool, c, "an argument is missing");
	return run(tool, c, &args);
}

static const struct cli_option *option_named(const struct cli_args *args, const char *name)
{
	const struct cli_option *o = args->options;

	while (o->name && strcmp(o->name, name))
		o++;
	ASSERT(o->name);
	return o;
}

const char *cli_value(const struct cli_args *args, const char *option)
{
	const struct cli_option *o = option_named(args, option);

	for (size_t i = args->n_given; i; i--)
		if (args->given[i - 1].option == o)
			return args->given[i - 1].value;
	return o->def;
}

size_t cli_values(const struct cli_args *args, struct arena *a, const char *option,
		  const char *const **out)
{
	const struct cli_option *o = option_named(args, option);
	const char **list = NEW_N(a, const char *, args->n_given);
	size_t n = 0;

	for (size_t i = 0; i < args->n_given; i++)
		if (args->given[i].option == o)
			list[n++] = args->given[i].value;
	*out = list;
	return n;
}

bool cli_flag(const struct cli_args *args, const char *option)
{
	const char *value = cli_value(args, option);

	return value && value[0] == '1';
}
