/* Settings of ExtractText. */
#include "gw/spam/eval_extract.h"

#include <unistd.h>

#include "base/log.h"
#include "gw/spam/eval_help.h"
#include "lib/proc/spawn.h"

enum { PARTS = 10, SECONDS = 5, PARTS_MAX = 100000 };

static const char *const patterns[EXTRACT_RES] = {
	[EXTRACT_RE_ANCHOR] = "<a\\s(?:[^>]*\\s)?href=\"[^\">]*\"",
	[EXTRACT_RE_CODE] = "QR-Code:(\\S*)",
};

void extract_conf_init(struct spam_conf *c, void *conf)
{
	struct extract_conf *x = conf;

	x->parts = PARTS;
	x->seconds = SECONDS;
	eval_patterns(c, patterns, EXTRACT_RES, x->re);
}

/* Older files have two where one is meant. */
static struct str single_backslashes(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		out[n++] = s.p[i];
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == '\\')
			i++;
	}
	return (struct str){ out, n };
}

/* Tools that print HTML would have their tags read as text. */
static bool prints_html(struct str value)
{
	static const struct str names[] = { STR_INIT("tohtml"), STR_INIT("2html") };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t at = 0; at < value.n; at++) {
			struct str rest = str_from(value, at);

			if (str_starts(rest, names[i]) &&
			    (rest.n == names[i].n ||
			     (!ascii_is_alpha(rest.p[names[i].n]) &&
			      !ascii_is_digit(rest.p[names[i].n]) && rest.p[names[i].n] != '_')))
				return true;
		}
	return false;
}

/* Takes {VAR=VALUE} out of *value; "{}" alone is none. False if there are too many. */
static bool take_variables(struct arena *keep, struct str *value, const char **env)
{
	struct str s = *value, out = STR("");
	size_t n = 0;

	while (true) {
		ptrdiff_t open = str_chr(s, '{');
		ptrdiff_t close = open < 0 ? -1 : str_chr(str_from(s, (size_t)open + 2), '}');
		struct str variable;

		if (close < 0)
			break;
		if (n == SPAWN_ENV_MAX)
			return false;
		variable = str_sub(s, (size_t)open + 1, (size_t)close + 1);
		if (str_chr(variable, '=') < 0)
			variable = str_cat(keep, variable, STR("="));
		env[n++] = str_z(keep, variable);
		out = str_fmt(keep, "%.*s%.*s ", STR_ARG(out),
			      STR_ARG(str_sub(s, 0, (size_t)open)));
		s = str_from(s, (size_t)(open + close) + 3);
	}
	*value = str_cat(keep, out, s);
	return true;
}

static struct extract_tool *tool_find(struct extract_conf *x, struct str name)
{
	for (size_t i = 0; i < x->tools.n; i++)
		if (str_eq(x->tools.p[i].name, name))
			return &x->tools.p[i];
	return NULL;
}

static enum conf_verdict external(struct conf_parser *p, struct extract_conf *x, struct str value)
{
	struct arena *keep = p->conf->keep;
	const char **env = NEW_N(keep, const char *, SPAWN_ENV_MAX + 1);
	const char **argv = NEW_N(keep, const char *, EXTRACT_ARGS_MAX + 1);
	struct extract_tool tool = { .argv = argv, .env = env };
	struct str word;
	size_t n = 0;

	if (!take_variables(keep, &value, env) || !str_word(&value, &word))
		return CONF_INVALID;
	tool.name = str_lower(keep, word);
	while (str_word(&value, &word)) {
		if (n == EXTRACT_ARGS_MAX)
			return CONF_INVALID;
		argv[n++] = str_z(keep, word);
	}
	if (n < 2 || argv[0][0] != '/') {
		conf_note(p, "a tool is a name, the full path of a program, and arguments for it");
		return CONF_NOTED;
	}
	if (tool_find(x, tool.name) || x->tools.n == EXTRACT_TOOLS_MAX) {
		conf_note(p, "%.*s: %s", STR_ARG(tool.name),
			  x->tools.n == EXTRACT_TOOLS_MAX ? "too many tools"
							  : "there is such a tool already");
		return CONF_NOTED;
	}
	vec_add(keep, &x->tools, tool);
	return CONF_OK;
}

/* ".pdf" */
static bool is_extension(struct str s)
{
	if (s.n < 2 || s.p[0] != '.')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]))
			return false;
	return true;
}

static enum conf_verdict use(struct conf_parser *p, struct extract_conf *x, struct str value)
{
	struct arena *keep = p->conf->keep;
	struct str name, word;
	struct err e;

	if (!str_word(&value, &name) || str_trim(value).n == 0)
		return CONF_INVALID;
	name = str_lower(keep, name);
	while (str_word(&value, &word)) {
		struct extract_use u = { .name = name, .of_type = str_chr(word, '/') >= 0 };
		struct str pattern = str_fmt(p->conf->tmp, "^(?i)%s%.*s$",
					     is_extension(word) ? ".*\\" : "", STR_ARG(word));

		if (x->uses.n == EXTRACT_USES_MAX)
			return CONF_INVALID;
		if (re_compile_perl(keep, pattern, RE_ONCE, &u.re, &e) < 0) {
			conf_note(p, "pattern %.*s: %s", STR_ARG(word), e.msg);
			return CONF_NOTED;
		}
		vec_add(keep, &x->uses, u);
	}
	return CONF_OK;
}

static enum conf_verdict timeout(struct extract_conf *x, struct str value)
{
	int64_t seconds, total = 0;
	struct str word;

	if (!str_word(&value, &word))
		return CONF_MISSING;
	if (!str_int(word, 0, EXTRACT_SECONDS_MAX, &seconds))
		return CONF_INVALID;
	if (str_word(&value, &word) && !str_int(word, 0, EXTRACT_SECONDS_MAX, &total))
		return CONF_INVALID;
	if (str_word(&value, &word))
		return CONF_INVALID;
	x->seconds = seconds;
	x->total = total;
	return CONF_OK;
}

enum conf_verdict extract_setting(struct conf_parser *p, void *conf, struct str key,
				  struct str value)
{
	const bool is_tool = str_eq(key, STR("extracttext_external"));
	struct extract_conf *x = conf;

	if (str_eq(key, STR("extracttext_maxparts")))
		return value.n == 0                              ? CONF_MISSING
		       : str_int(value, 0, PARTS_MAX, &x->parts) ? CONF_OK
								 : CONF_INVALID;
	if (str_eq(key, STR("extracttext_timeout")))
		return timeout(x, value);
	if (!is_tool && !str_eq(key, STR("extracttext_use")))
		return CONF_UNKNOWN;
	value = single_backslashes(p->conf->tmp, value);
	if (prints_html(value)) {
		conf_note(p, "a tool that prints HTML is of no use, it must print plain text");
		return CONF_NOTED;
	}
	return is_tool ? external(p, x, value) : use(p, x, value);
}

void extract_conf_done(struct spam_conf *c, void *conf)
{
	struct extract_conf *x = conf;
	struct str missing = STR("");
	size_t kept = 0;

	for (size_t i = 0; i < x->uses.n; i++) {
		struct extract_use *u = &x->uses.p[i];
		struct extract_tool *tool = tool_find(x, u->name);

		if (!tool)
			continue;
		if (!tool->missing && access(tool->argv[0], X_OK) < 0) {
			tool->missing = true;
			missing = str_fmt(c->tmp, "%.*s%s%s", STR_ARG(missing),
					  missing.n ? ", " : "", tool->argv[0]);
		}
		u->tool = tool;
		if (!tool->missing)
			x->uses.p[kept++] = *u;
	}
	x->uses.n = kept;
	if (missing.n)
		log_warn(
			"the spam engine does not see the text of some attachments: %.*s cannot be "
			"run; install what is missing, or remove its extracttext_use",
			STR_ARG(missing));
}
