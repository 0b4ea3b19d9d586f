#include "gw/scan/custom.h"

#include "base/log.h"
#include "base/net.h"
#include "lib/proc/spawn.h"

/* Optional minus, digits, optional point with digits. */
static bool is_number(struct str s)
{
	struct str whole, fraction = s;
	bool point = str_chr(s, '.') >= 0;

	if (s.n == 0 || s.n > CUSTOM_SCORE_MAX)
		return false;
	if (fraction.p[0] == '-')
		fraction = str_from(fraction, 1);
	whole = str_cut(&fraction, '.');
	if (whole.n == 0 || (point && fraction.n == 0))
		return false;
	for (size_t i = 0; i < whole.n; i++)
		if (!ascii_is_digit(whole.p[i]))
			return false;
	for (size_t i = 0; i < fraction.n; i++)
		if (!ascii_is_digit(fraction.p[i]))
			return false;
	return true;
}

/* The text goes into a header and a log line: control characters become blanks. */
static struct str one_line(struct arena *a, struct str s)
{
	struct str copy = str_copy(a, str_sub(s, 0, CUSTOM_VIRUS_MAX));
	char *p = (char *)copy.p;

	for (size_t i = 0; i < copy.n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			p[i] = ' ';
	return str_trim(copy);
}

static int parse_result(struct arena *a, struct str line, struct custom_result *out, struct err *e)
{
	struct custom_result r = { STR_NONE, STR_NONE };

	if (str_starts(line, STR("VIRUS:"))) {
		r.virus = one_line(a, str_trim(str_from(line, 6)));
		if (r.virus.n == 0)
			return err_set(e, ERR_INVALID, "a virus without a name");
	} else if (str_starts(line, STR("SCORE:"))) {
		r.score = str_trim(str_from(line, 6));
		if (!is_number(r.score))
			return err_set(e, ERR_INVALID, "not a number: %.*s", STR_ARG(r.score));
	} else if (!str_eq(line, STR("OK"))) {
		return err_set(e, ERR_INVALID, "unexpected line: %.*s", STR_ARG(line));
	}
	*out = r;
	return 0;
}

int custom_parse(struct arena *a, struct str printed, struct custom_result *out, struct err *e)
{
	struct custom_result result;
	struct str line;

	if (!str_line(&printed, &line) || !str_eq(str_rtrim(line), STR("v1")))
		return err_set(e, ERR_INVALID, "the first line is not its version, v1");
	if (!str_line(&printed, &line))
		return err_set(e, ERR_INVALID, "no result");
	if (parse_result(a, str_rtrim(line), &result, e) < 0)
		return -1;
	if (str_line(&printed, &line))
		return err_set(e, ERR_INVALID, "unexpected line after the result: %.*s",
			       STR_ARG(line));
	*out = result;
	return 0;
}

static void log_errors(struct str errors)
{
	struct str line;
	int lines = 0;

	while (lines < CUSTOM_LOG_LINES_MAX && str_line(&errors, &line)) {
		line = str_rtrim(line);
		if (line.n == 0)
			continue;
		log_err("custom check: %.*s", STR_ARG(line));
		lines++;
	}
	if (str_trim(errors).n)
		log_err("custom check: (more lines are not logged)");
}

static int run(struct arena *a, const char *program, const char *path, int64_t deadline,
	       struct custom_result *out, struct err *e)
{
	const char *argv[] = { program, "v1", path, NULL };
	struct spawn s = { .argv = argv,
			   .deadline = net_now() + CUSTOM_TIMEOUT_MS,
			   .output_max = CUSTOM_OUTPUT_MAX };
	struct spawn_result r;
	int result;

	if (s.deadline > deadline)
		s.deadline = deadline;
	result = spawn_run(a, &s, &r, e);
	log_errors(r.errors);
	if (result < 0)
		return -1;
	if (r.status != 0)
		return err_set(e, ERR_INVALID, "exit status %d", r.status);
	return custom_parse(a, r.out, out, e);
}

void custom_check(struct arena *a, const char *program, const char *path, int64_t deadline,
		  struct custom_result *out)
{
	struct err e;

	*out = (struct custom_result){ STR_NONE, STR_NONE };
	if (run(a, program, path, deadline, out, &e) < 0)
		log_err("custom check failed, the mail is treated as OK: %s", e.msg);
}
