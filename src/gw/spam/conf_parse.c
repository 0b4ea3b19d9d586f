#include "gw/spam/conf.h"
#include "gw/spam/eval.h"

#include <stdarg.h>

enum { NOTE_MAX = 400 };

void conf_note(struct conf_parser *p, const char *fmt, ...)
{
	struct spam_conf *c = p->conf;
	char text[NOTE_MAX];
	va_list ap;

	if (c->unknown.n == CONF_NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	vec_add(c->keep, &c->unknown,
		((struct spam_note){ .file = p->file,
				     .line = p->line,
				     .message = str_copy(c->keep, str_of(text)) }));
}

/* From the first # on that no backslash stands before; a \# becomes #. */
static struct str comment_strip(struct arena *a, struct str line)
{
	char *to;
	size_t n = 0;

	if (str_chr(line, '#') < 0)
		return line;
	to = NEW_N(a, char, line.n + 1);
	for (size_t i = 0; i < line.n; i++) {
		bool escaped = i > 0 && line.p[i - 1] == '\\';

		if (line.p[i] == '#' && !escaped)
			break;
		if (line.p[i] == '#')
			n--;
		to[n++] = line.p[i];
	}
	return (struct str){ to, n };
}

/* The locale that `lang` lines are held against: without codeset and modifier. */
static struct str locale(const struct spam_conf *c)
{
	struct str l = str_of(c->paths->locale ? c->paths->locale : "C");

	if (l.n == 0 || str_eq(l, STR("C")) || str_eq(l, STR("POSIX")))
		return STR("en_US");
	for (size_t i = 0; i < l.n; i++)
		if (memchr("@.+,", l.p[i], 4))
			return str_sub(l, 0, i);
	return l;
}

/* Cuts `lang XX ` off; false if the line is for another language. */
static bool language(const struct spam_conf *c, struct str *line)
{
	struct str rest = *line, word, lang;

	if (!str_starts(rest, STR("lang")) || !str_word(&rest, &word) ||
	    !str_eq(word, STR("lang")) || !str_word(&rest, &lang))
		return true;
	rest = str_ltrim(rest);
	if (rest.n == 0)
		return true;
	*line = rest;
	return str_istarts(locale(c), lang);
}

static struct str keyword(struct arena *a, struct str word)
{
	struct str key = str_lower(a, word);

	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] == '-')
			((char *)key.p)[i] = '_';
	return key;
}

static void block_open(struct conf_parser *p, struct str condition)
{
	int verdict = conf_condition(p, condition);

	if (verdict < 0)
		return;
	if (p->depth == CONF_BLOCK_DEPTH_MAX) {
		conf_note(p, "more than %d blocks inside each other", CONF_BLOCK_DEPTH_MAX);
		p->skip = true;
		return;
	}
	p->outer_skip[p->depth] = p->skip;
	p->block_line[p->depth++] = p->line;
	if (!verdict)
		p->skip = true;
}

static void block_else(struct conf_parser *p)
{
	if (p->depth == 0) {
		conf_note(p, "else without if");
		return;
	}
	for (size_t i = 0; i < p->depth; i++)
		if (p->outer_skip[i]) {
			p->skip = true;
			return;
		}
	p->skip = !p->skip;
}

static void block_close(struct conf_parser *p)
{
	if (p->depth == 0)
		conf_note(p, "endif without if");
	else
		p->skip = p->outer_skip[--p->depth];
}

/* if, ifplugin, else, endif; false: something else. */
static bool block_line(struct conf_parser *p, struct str key, struct str value)
{
	bool opens = str_eq(key, STR("if")) || str_eq(key, STR("ifplugin"));

	if (!opens && !str_eq(key, STR("else")) && !str_eq(key, STR("endif")))
		return false;
	if (opens && value.n == 0)
		conf_note(p, "%.*s without a condition", STR_ARG(key));
	else if (!opens && value.n)
		conf_note(p, "%.*s with something behind it", STR_ARG(key));
	else if (str_eq(key, STR("if")))
		block_open(p, value);
	else if (opens)
		block_open(p, str_fmt(p->conf->tmp, "plugin (%.*s)", STR_ARG(value)));
	else if (str_eq(key, STR("else")))
		block_else(p);
	else
		block_close(p);
	return true;
}

static void file_end(struct conf_parser *p)
{
	for (size_t i = 0; i < p->depth; i++) {
		p->line = p->block_line[i];
		conf_note(p, "if without endif");
	}
	p->depth = 0;
	p->skip = false;
}

static struct str place(struct str in, const char *mark, const char *with, struct arena *a)
{
	ptrdiff_t at = str_find(in, str_of(mark));

	if (at < 0)
		return in;
	return str_fmt(a, "%.*s%s%.*s", (int)at, in.p, with,
		       STR_ARG(str_from(in, (size_t)at + strlen(mark))));
}

static struct str include_path(struct conf_parser *p, struct str value)
{
	struct arena *a = p->conf->tmp;
	struct str path = value;
	ptrdiff_t slash;

	path = place(path, "__local_rules_dir__", "/etc/mail/spamassassin", a);
	path = place(path, "__def_rules_dir__", "/usr/share/spamassassin", a);
	path = place(path, "__local_state_dir__", "/var/lib/spamassassin", a);
	path = place(path, "__version__", CONF_VERSION, a);
	slash = str_rchr(p->file, '/');
	if (str_starts(path, STR("/")) || slash < 0)
		return path;
	return str_cat(a, str_sub(p->file, 0, (size_t)slash + 1), path);
}

/* An include closes the current file and opens it again, so it forgets the blocks around it. */
static int include(struct conf_parser *p, struct str value)
{
	struct str file = p->file;
	unsigned line = p->line;
	int rc = 0;

	if (value.n == 0) {
		conf_note(p, "include without a file");
		return 0;
	}
	file_end(p);
	p->line = line;
	if (value.p[0] == '~') {
		conf_note(p, "include: there is no home directory here");
	} else if (p->includes == CONF_INCLUDE_DEPTH_MAX) {
		conf_note(p, "include: more than %d inside each other", CONF_INCLUDE_DEPTH_MAX);
	} else {
		p->includes++;
		rc = conf_include(p, include_path(p, value));
		p->includes--;
	}
	p->file = file;
	p->line = line;
	return rc;
}

static void verdict_note(struct conf_parser *p, enum conf_verdict v, struct str key)
{
	if (v == CONF_MISSING)
		conf_note(p, "missing '%.*s' value", STR_ARG(key));
	else if (v == CONF_INVALID)
		conf_note(p, "invalid '%.*s' value", STR_ARG(key));
	else if (v == CONF_UNKNOWN)
		conf_note(p, "unknown directive '%.*s'", STR_ARG(str_sub(key, 0, 60)));
}

/* Any other version skips what follows in this file, as text compares. */
static void require_version(struct conf_parser *p, struct str value)
{
	if (value.n == 0) {
		conf_note(p, "missing 'require_version' value");
	} else if (!str_eq(value, STR("@@VERSION@@")) && !str_eq(value, STR(CONF_VERSION))) {
		conf_note(p, "requires version %.*s, this is " CONF_VERSION ": file skipped",
			  STR_ARG(str_sub(value, 0, 60)));
		p->skip = true;
	}
}

static void directive(struct conf_parser *p, struct str key, struct str value)
{
	enum conf_verdict v;

	if (str_eq(key, STR("require_version"))) {
		require_version(p, value);
		return;
	}
	v = conf_rule_directive(p, key, value);
	if (v == CONF_UNKNOWN)
		v = conf_setting(p, key, value);
	if (v == CONF_UNKNOWN)
		v = eval_setting(p, key, value);
	if (v == CONF_UNKNOWN && conf_is_known(p->conf, key))
		v = CONF_OK;
	verdict_note(p, v, key);
}

static int one_line(struct conf_parser *p, struct str line)
{
	struct str key, rest;

	line = str_trim(comment_strip(p->conf->tmp, line));
	if (line.n == 0 || !language(p->conf, &line))
		return 0;
	rest = line;
	str_word(&rest, &key);
	key = keyword(p->conf->tmp, key);
	rest = str_trim(rest);
	if (block_line(p, key, rest))
		return 0;
	if (str_eq(key, STR("include")))
		return include(p, rest);
	if (!p->skip)
		directive(p, key, rest);
	return 0;
}

int conf_text(struct conf_parser *p, struct str file, struct str text)
{
	struct str rest = text, line;

	p->file = file;
	p->line = 0;
	while (rest.n) {
		line = str_cut(&rest, '\n');
		p->line++;
		p->conf->report->lines++;
		if (line.n > CONF_LINE_MAX)
			conf_note(p, "line of %zu bytes", line.n);
		else if (one_line(p, line) < 0)
			return -1;
	}
	file_end(p);
	return 0;
}
