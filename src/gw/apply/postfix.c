/*
 * Postfix's own judgement about a main.cf and a master.cf that it does not use yet: they lie in a
 * directory of their own, where its tools read them. An administrator's template may say anything.
 *
 * What the tools would pass, and the daemons only stumble over when mail comes, is looked for here:
 * names of restrictions, types of tables, programs that are missing.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "gw/apply/apply_int.h"
#include "gw/apply/restrictions.h"

enum { FAULTS_MAX = 50 };

struct judge {
	struct arena *a;
	const struct apply_env *env;
	char *dir; /* with the files that are judged */
	const struct target_file *main, *master;
	struct str types;     /* of tables, one a line */
	struct str classes;   /* smtpd_restriction_classes */
	struct str programs;  /* where the daemons are */
	struct str parameter; /* whose value is being judged; or STR_NONE */
	bool broken;          /* a tool gave up; others would, too */
	VEC(struct str) faults;
};

static bool is_postfix(const struct target_file *f)
{
	return f->services & SERVICE_BIT(SERVICE_POSTFIX);
}

static struct str base_name(const struct target_file *f)
{
	return str_from(f->path, (size_t)str_rchr(f->path, '/') + 1);
}

static const struct target_file *find_file(const struct target_files *files, const char *path)
{
	for (size_t i = 0; i < files->list.n; i++)
		if (str_eq(files->list.p[i].path, str_of(path)))
			return &files->list.p[i];
	return NULL;
}

static bool is_name_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

static bool is_whole(struct str text, size_t at, size_t n)
{
	return !(at > 0 && is_name_char(text.p[at]) && is_name_char(text.p[at - 1])) &&
	       !(at + n < text.n && is_name_char(text.p[at + n - 1]) &&
		 is_name_char(text.p[at + n]));
}

/* Offset of `words` behind `start`, which begins a line, and outside of comments; or -1. */
static ptrdiff_t find_words(struct str text, size_t start, struct str words)
{
	struct str rest = str_from(text, start), line;

	for (; words.n && str_line(&rest, &line); start = text.n - rest.n) {
		ptrdiff_t at = str_find(line, words);

		if (at >= 0 && str_ltrim(line).p[0] != '#' &&
		    is_whole(text, start + (size_t)at, words.n))
			return (ptrdiff_t)start + at;
	}
	return -1;
}

/* Where main.cf sets the parameter that is judged: the last place counts. */
static size_t setting_offset(const struct judge *j, struct str text)
{
	struct str rest = text, line;
	size_t found = 0;

	for (size_t start = 0; str_line(&rest, &line); start = text.n - rest.n)
		if (j->parameter.n && str_starts(line, j->parameter) &&
		    is_whole(text, start, j->parameter.n))
			found = start;
	return found;
}

static size_t line_offset(struct str text, int64_t number)
{
	struct str rest = text, line;

	while (number > 1 && str_line(&rest, &line))
		number--;
	return text.n - rest.n;
}

static struct str place_text(struct judge *j, const struct target_file *f, size_t at)
{
	struct tmpl_place place = tmpl_place(&f->places, f->content, at);

	return str_fmt(j->a, "%.*s line %zu", STR_ARG(place.name), place.line);
}

static ptrdiff_t find_either(const struct judge *j, struct str text, struct str words)
{
	ptrdiff_t at = find_words(text, setting_offset(j, text), words);

	return at < 0 ? find_words(text, 0, words) : at;
}

/* Where the words stand, or how they begin; in this file rather than in the other one. */
static struct str find_place(struct judge *j, const struct target_file *f, struct str words)
{
	const struct target_file *const both[] = { f, f == j->main ? j->master : j->main };
	struct str first, rest = words;

	if (!str_word(&rest, &first))
		first = words;
	for (size_t i = 0; i < ARRAY_LEN(both) && j->faults.n < FAULTS_MAX; i++) {
		ptrdiff_t at = find_either(j, both[i]->content, str_trim(words));

		if (at < 0)
			at = find_either(j, both[i]->content, first);
		if (at >= 0)
			return place_text(j, both[i], (size_t)at);
	}
	return tmpl_place(&f->places, f->content, 0).name;
}

/* Each fault once: several tools find the same. */
static void add_fault(struct judge *j, struct str place, struct str reason)
{
	struct str text = str_fmt(j->a, "%.*s: %.*s", STR_ARG(place), STR_ARG(reason));

	for (size_t i = 0; i < j->faults.n; i++)
		if (str_eq(j->faults.p[i], text))
			return;
	if (j->faults.n < FAULTS_MAX)
		vec_add(j->a, &j->faults, text);
}

/* Takes "FILE, line 7: " or "FILE: line 7: " off the message; 0 if it has no such number. */
static int64_t take_line_number(struct str *message)
{
	ptrdiff_t at = str_find(*message, STR(" line "));
	struct str rest = at < 0 ? STR_NONE : str_from(*message, (size_t)at + 6);
	int64_t number;

	if (!str_int(str_cut(&rest, ':'), 1, INT32_MAX, &number))
		return 0;
	*message = str_trim(rest);
	return number;
}

/* What the message is about: what it quotes last, else the parameter in "reason: name = value". */
static struct str subject(struct str message)
{
	ptrdiff_t at = str_rchr(message, '"');

	if (at >= 0) {
		message = str_sub(message, 0, (size_t)at);
		return str_from(message, (size_t)(str_rchr(message, '"') + 1));
	}
	at = str_find(message, STR(" ="));
	message = at < 0 ? message : str_sub(message, 0, (size_t)at);
	return str_from(message, (size_t)(str_rchr(message, ' ') + 1));
}

/* "/run/pmgconfig.x1/main.cf: reason": the directory means nothing to anybody. */
static struct str without_path(struct judge *j, struct str message)
{
	ptrdiff_t at = str_find(message, str_of(j->dir));

	if (at < 0)
		return message;
	return str_from(message, (size_t)at + strlen(j->dir) + 1);
}

/* What Postfix says only in a warning, though mail would not go the way that was meant. */
static const struct warning {
	struct str words;
	const char *reason; /* about the name that follows; NULL: Postfix's own words */
} warnings[] = {
	{ STR_INIT("unused parameter: "), "Postfix has no parameter" },
	{ STR_INIT("undefined parameter: "), "no parameter is set that is called" },
	{ STR_INIT("master.cf: missing '}'"), NULL },
	{ STR_INIT("logical line must not start with whitespace"), NULL },
	{ STR_INIT("truncated macro reference"), NULL },
	{ STR_INIT("empty macro name"), NULL },
	{ STR_INIT("unreasonable macro call nesting"), NULL },
};

static const struct warning *warning_of(struct str message)
{
	for (size_t i = 0; i < ARRAY_LEN(warnings); i++)
		if (str_find(message, warnings[i].words) >= 0)
			return &warnings[i];
	return NULL;
}

static void judge_message(struct judge *j, struct str message, const struct warning *w)
{
	const struct target_file *f =
		str_find(message, STR("master.cf")) >= 0 ? j->master : j->main;
	int64_t number = take_line_number(&message);
	struct str about = subject(message), reason = without_path(j, message);

	if (w && w->reason) {
		struct str name = str_from(reason, (size_t)str_find(reason, w->words) + w->words.n);

		about = str_cut(&name, '=');
		reason = str_fmt(j->a, "%s '%.*s'", w->reason, STR_ARG(about));
	}
	j->parameter = about;
	add_fault(j,
		  number ? place_text(j, f, line_offset(f->content, number)) :
			   find_place(j, f, about),
		  reason);
	j->parameter = STR_NONE;
}

/* "warning: message"; a "fatal" after a warning says the same with fewer words. */
static void judge_line(struct judge *j, struct str line, bool is_first)
{
	const struct warning *w = warning_of(line);

	if (str_starts(line, STR("warning: ")) && w)
		judge_message(j, str_from(line, 9), w);
	else if (str_starts(line, STR("fatal: ")) && is_first)
		judge_message(j, str_from(line, 7), NULL);
}

/* What the tool printed; its messages, which begin with its name, are judged instead. */
static struct str judge_output(struct judge *j, const char *tool, struct str output)
{
	const size_t before = j->faults.n;
	struct str prefix = str_fmt(j->a, "%s: ", tool), line;
	struct buf b;

	buf_init(&b, j->a, output.n + 1);
	while (str_line(&output, &line))
		if (str_starts(line, prefix))
			judge_line(j, str_from(line, prefix.n), j->faults.n == before);
		else
			buf_addf(&b, "%.*s\n", STR_ARG(line));
	return buf_str(&b);
}

/* Next word between commas and blanks; what stands in braces is one. */
static bool next_word(struct str *rest, struct str *word)
{
	size_t from = 0, n, depth = 0;

	while (from < rest->n && (ascii_is_blank(rest->p[from]) || rest->p[from] == ','))
		from++;
	for (n = from; n < rest->n; n++) {
		const char c = rest->p[n];

		if (depth == 0 && (ascii_is_blank(c) || c == ','))
			break;
		depth += c == '{';
		depth -= c == '}' && depth > 0;
	}
	*word = str_sub(*rest, from, n - from);
	*rest = str_from(*rest, n);
	return word->n > 0;
}

static bool is_closed(struct str list)
{
	ptrdiff_t open = 0;

	for (size_t i = 0; i < list.n; i++)
		open += (list.p[i] == '{') - (list.p[i] == '}');
	return open <= 0;
}

static bool has_line(struct str lines, struct str wanted)
{
	for (struct str line; str_line(&lines, &line);)
		if (str_eq(str_trim(line), wanted))
			return true;
	return false;
}

/* "type:name", perhaps of a proxy, perhaps in braces with options behind. */
static void judge_table(struct judge *j, const struct target_file *f, struct str table)
{
	struct str inside = str_trim(str_from(table, 1)), rest, type;

	if (str_starts(table, STR("{")) && !next_word(&inside, &table))
		return;
	rest = table;
	type = str_cut(&rest, ':');
	if (!rest.p)
		add_fault(j, find_place(j, f, table),
			  str_fmt(j->a, "'%.*s' is no table: its type is missing, as in hash:%.*s",
				  STR_ARG(table), STR_ARG(table)));
	else if (!has_line(j->types, type))
		add_fault(j, find_place(j, f, table),
			  str_fmt(j->a, "Postfix has no tables of type '%.*s' ('%.*s')",
				  STR_ARG(type), STR_ARG(table)));
	else if (str_eq(type, STR("proxy")))
		judge_table(j, f, rest);
}

static void judge_argument(struct judge *j, const struct target_file *f,
			   const struct restriction *r, struct str *list)
{
	struct str argument;

	if (!next_word(list, &argument))
		add_fault(j, find_place(j, f, str_of(r->name)),
			  str_fmt(j->a, "nothing follows '%s'", r->name));
	else if (r->argument == ARGUMENT_TABLE)
		judge_table(j, f, argument);
}

static bool is_class(const struct judge *j, struct str name)
{
	for (struct str rest = j->classes, class; next_word(&rest, &class);)
		if (str_eq(class, name))
			return true;
	return false;
}

static void judge_restrictions(struct judge *j, const struct target_file *f, struct str list)
{
	for (struct str name; next_word(&list, &name);) {
		const struct restriction *r = restriction_find(name);

		if (r && r->argument != ARGUMENT_NONE)
			judge_argument(j, f, r, &list);
		else if (str_chr(name, ':') >= 0)
			judge_table(j, f, name);
		else if (!r && !is_class(j, name))
			add_fault(j, find_place(j, f, name),
				  str_fmt(j->a, "Postfix has no restriction '%.*s'",
					  STR_ARG(name)));
	}
}

/* All parameters of Postfix with such names hold tables alone, but those of proxymap(8). */
static bool is_list_of_tables(struct str parameter)
{
	static const char *const ends[] = { "_maps", "_checks", "_database" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(parameter, str_of(ends[i])))
			return !str_starts(parameter, STR("proxy_"));
	return false;
}

static void judge_value(struct judge *j, const struct target_file *f, struct str name,
			struct str value)
{
	const bool restrictions = restriction_is_list(name) || is_class(j, name);

	if (!restrictions && !is_list_of_tables(name))
		return;
	if (!is_closed(value))
		add_fault(j, find_place(j, f, name),
			  str_fmt(j->a, "a '}' is missing in %.*s", STR_ARG(name)));
	else if (restrictions)
		judge_restrictions(j, f, value);
	else
		for (struct str table; next_word(&value, &table);)
			judge_table(j, f, table);
}

/* "name = value", or "service/type/name = value" */
static void judge_setting(struct judge *j, const struct target_file *f, struct str line)
{
	ptrdiff_t at = str_find(line, STR(" = "));
	struct str name = str_sub(line, 0, at < 0 ? 0 : (size_t)at), value;

	if (at < 0)
		return;
	value = str_from(line, (size_t)at + 3);
	name = str_from(name, (size_t)(str_rchr(name, '/') + 1));
	j->parameter = f == j->main ? name : STR_NONE;
	judge_value(j, f, name, value);
	j->parameter = STR_NONE;
}

/* service type private unpriv chroot wakeup maxproc command */
static void judge_service(struct judge *j, struct str line)
{
	struct str rest = line, word, path;

	for (int i = 0; i < 8; i++)
		if (!str_word(&rest, &word))
			return;
	path = str_fmt(j->a, "%.*s/%.*s", STR_ARG(j->programs), STR_ARG(word));
	if (access(str_z(j->a, path), X_OK) < 0)
		add_fault(j, find_place(j, j->master, word),
			  str_fmt(j->a, "there is no program %.*s", STR_ARG(path)));
}

/* Runs one of Postfix's tools on the directory; what it complains about is a fault. */
static int ask(struct judge *j, const char *const *argv, struct str *output, struct err *e)
{
	struct str printed;
	int status;

	*output = STR_NONE;
	if (j->broken)
		return 0;
	if (j->env->run(j->env->ctx, j->a, argv, &printed, &status, e) < 0)
		return -1;
	*output = judge_output(j, argv[0], printed);
	j->broken = status != 0;
	if (j->broken && j->faults.n == 0)
		add_fault(j, str_of(argv[0]),
			  str_fmt(j->a, "exit status %d: %.*s", status,
				  STR_ARG(str_trim(str_sub(printed, 0, 300)))));
	return 0;
}

static int ask_postconf(struct judge *j, const char *what, const char *name, struct str *output,
			struct err *e)
{
	const char *const argv[] = { "/usr/sbin/postconf", "-c", j->dir, what, name, NULL };

	return ask(j, argv, output, e);
}

static int ask_value(struct judge *j, const char *name, struct str *value, struct err *e)
{
	if (ask_postconf(j, "-hx", name, value, e) < 0)
		return -1;
	*value = str_trim(*value);
	return 0;
}

/* With `name`s expanded, since a list may stand in a parameter of the administrator's own. */
static int judge_settings(struct judge *j, const char *what, const struct target_file *f,
			  struct err *e)
{
	struct str output, line;

	if (ask_postconf(j, what, NULL, &output, e) < 0)
		return -1;
	while (str_line(&output, &line))
		judge_setting(j, f, line);
	return 0;
}

static int judge_services(struct judge *j, struct err *e)
{
	struct str output, line;

	if (ask_value(j, "daemon_directory", &j->programs, e) < 0 ||
	    ask_postconf(j, "-M", NULL, &output, e) < 0)
		return -1;
	while (str_line(&output, &line))
		judge_service(j, line);
	return 0;
}

/*
 * Mail passes through our daemons on 127.0.0.1, so Postfix must speak IPv4 there. It never needs to
 * be told to use IPv6 alone: where a machine has no other addresses it does.
 */
static int judge_protocols(struct judge *j, struct err *e)
{
	struct str protocols;

	if (ask_value(j, "inet_protocols", &protocols, e) < 0)
		return -1;
	if (str_find(protocols, STR("ipv6")) >= 0 && str_find(protocols, STR("ipv4")) < 0)
		add_fault(j, find_place(j, j->main, STR("inet_protocols")),
			  str_fmt(j->a,
				  "inet_protocols = %.*s: Postfix could not reach the filter on "
				  "127.0.0.1; leave this setting out",
				  STR_ARG(protocols)));
	return 0;
}

/* A template that somebody has only just made. */
static void judge_empty(struct judge *j, const struct target_file *f)
{
	if (str_trim(f->content).n == 0)
		add_fault(j, f->path, STR("nothing would be left in it"));
}

static int judge_all(struct judge *j, struct err *e)
{
	/* Reads the parameters that all programs share, numbers too. */
	const char *const parameters[] = { "/usr/sbin/postmap", "-c", j->dir, "-q", "x",
					   "inline:{x=y}", NULL };
	struct str output;

	judge_empty(j, j->main);
	judge_empty(j, j->master);
	if (ask_value(j, "smtpd_restriction_classes", &j->classes, e) < 0 ||
	    ask_postconf(j, "-m", NULL, &j->types, e) < 0 ||
	    judge_settings(j, "-nx", j->main, e) < 0 ||
	    judge_settings(j, "-Px", j->master, e) < 0 || judge_services(j, e) < 0 ||
	    ask(j, parameters, &output, e) < 0)
		return -1;
	return judge_protocols(j, e);
}

static int tell_faults(struct judge *j, struct err *e)
{
	for (size_t i = 0; i < j->faults.n; i++)
		j->env->say(j->env->ctx, str_z(j->a, j->faults.p[i]));
	if (j->faults.n == 0)
		return 0;
	return err_set(e, ERR_INVALID,
		       "Postfix does not accept its new configuration, nothing was changed");
}

static const char *staged(const struct judge *j, const struct target_file *f)
{
	return str_z(j->a, str_fmt(j->a, "%s/%.*s", j->dir, STR_ARG(base_name(f))));
}

static int stage(struct judge *j, const struct target_files *files, struct err *e)
{
	/* Postfix waits for files that somebody may still be writing until they are two seconds
	 * old. */
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	for (size_t i = 0; i < files->list.n; i++) {
		const struct target_file *f = &files->list.p[i];

		if (!is_postfix(f))
			continue;
		if (file_replace(staged(j, f), f->content, &f->attr, e) < 0)
			return -1;
		utimensat(AT_FDCWD, staged(j, f), old, 0);
	}
	return 0;
}

int postfix_judge(struct arena *a, const struct apply_env *env, const struct target_files *files,
		  struct err *e)
{
	struct judge j = { .a = a,
			   .env = env,
			   .dir = str_z(a, str_of(at_root(a, env, STR("/run/pmgconfig.XXXXXX")))),
			   .main = find_file(files, "/etc/postfix/main.cf"),
			   .master = find_file(files, "/etc/postfix/master.cf") };
	int result;

	if (!j.main || !j.master)
		return 0; /* no Postfix, so nothing that could break */
	if (!mkdtemp(j.dir))
		return err_sys(e, "make directory %s", j.dir);
	result = stage(&j, files, e);
	if (result == 0)
		result = judge_all(&j, e);
	for (size_t i = 0; i < files->list.n; i++)
		if (is_postfix(&files->list.p[i]))
			unlink(staged(&j, &files->list.p[i]));
	rmdir(j.dir);
	if (result < 0)
		return e->code == ERR_NOTFOUND ? 0 : -1; /* again no Postfix */
	return tell_faults(&j, e);
}
