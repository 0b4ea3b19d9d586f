#include "gw/scan/avast.h"

#include "lib/proc/spawn.h"

enum { AVAST_CLEAN = 0, AVAST_INFECTED = 1 }; /* exit status; others are failures */

/* The name in a line `FILE<blank>NAME` or `FILE|>MEMBER<tab>NAME`; false if it is neither. */
static bool name_in_line(struct str line, struct str path, struct str *name)
{
	ptrdiff_t tab;

	if (!str_starts(line, path))
		return false;
	line = str_from(line, path.n);
	if (str_starts(line, STR("|>"))) {
		tab = str_rchr(line, '\t');
		if (tab < 0)
			return false;
		line = str_from(line, (size_t)tab);
	}
	if (line.n == 0 || !ascii_is_blank(line.p[0]))
		return false;
	*name = str_trim(line);
	return name->n > 0;
}

static struct str visible(struct arena *a, struct str s)
{
	struct str copy = str_copy(a, s);
	char *p = (char *)copy.p;

	for (size_t i = 0; i < copy.n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			p[i] = ' ';
	return copy;
}

static int judge(struct arena *a, const struct spawn_result *r, struct str path, struct str *virus,
		 struct err *e)
{
	struct str rest = r->out, line, name;

	if (r->status != AVAST_CLEAN && r->status != AVAST_INFECTED)
		return err_set(e, ERR_TEMP, "exit status %d: %.*s", r->status,
			       STR_ARG(str_trim(r->errors)));
	if (r->out.n == 0 && r->status == AVAST_CLEAN) {
		*virus = STR_NONE;
		return 0;
	}
	if (!str_line(&rest, &line) || !name_in_line(line, path, &name))
		return err_set(e, ERR_TEMP, "unexpected answer: %.*s", STR_ARG(r->out));
	*virus = visible(a, name);
	return 0;
}

int avast_scan_by(struct arena *a, const char *command, const char *path, int64_t deadline,
		  struct str *virus, struct err *e)
{
	const char *argv[] = { command, path, NULL };
	const struct spawn s = { .argv = argv,
				 .deadline = deadline,
				 .output_max = AVAST_OUTPUT_MAX };
	struct spawn_result r;

	if (spawn_run(a, &s, &r, e) < 0) {
		e->code = ERR_TEMP;
		return -1;
	}
	if (judge(a, &r, str_of(path), virus, e) < 0)
		return err_wrap(e, "%s", command);
	return 0;
}

int avast_scan(struct arena *a, const char *path, int64_t deadline, struct str *virus,
	       struct err *e)
{
	return avast_scan_by(a, AVAST_COMMAND, path, deadline, virus, e);
}
