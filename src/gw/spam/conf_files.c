#include "gw/spam/conf.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "gw/spam/channels.h"

#define RULES_DIR "/usr/share/spamassassin"
#define SITE_DIR "/etc/mail/spamassassin"
#define FIRST_CHANNEL "updates_spamassassin_org.cf"

struct names {
	struct str *p;
	size_t n, cap;
};

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Byte order, but the official channel comes first so that others can override it. */
static int name_cmp(const void *x, const void *y)
{
	const struct str *a = x, *b = y;

	if (str_eq(*a, STR(FIRST_CHANNEL)))
		return -1;
	if (str_eq(*b, STR(FIRST_CHANNEL)))
		return 1;
	return str_cmp(*a, *b);
}

static int directory_list(struct conf_parser *p, const char *dir, struct str ending,
			  struct names *names)
{
	CLEAN_DIR DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(p->e, "%s", dir);
	while ((entry = readdir(d))) {
		struct str name = str_of(entry->d_name);

		if (!str_iends(name, ending) || str_eq(name, STR(".")) || str_eq(name, STR("..")))
			continue;
		if (names->n == SPAM_CONF_FILES_MAX)
			return err_set(p->e, ERR_LIMIT, "%s: more than %d files", dir,
				       SPAM_CONF_FILES_MAX);
		vec_add(p->conf->tmp, names, str_copy(p->conf->tmp, name));
	}
	if (names->n)
		qsort(names->p, names->n, sizeof(*names->p), name_cmp);
	return 0;
}

static int directory_read(struct conf_parser *p, const char *dir, const char *ending)
{
	struct names names = { 0 };

	if (directory_list(p, dir, str_of(ending), &names) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct str path = str_fmt(p->conf->tmp, "%s/%.*s", dir, STR_ARG(names.p[i]));

		if (conf_include(p, path) < 0)
			return -1;
	}
	return 0;
}

int conf_include(struct conf_parser *p, struct str path)
{
	struct spam_conf *c = p->conf;
	char *name = str_z(c->tmp, path);
	struct str text;
	struct stat st;

	if (map_get(&p->read, path))
		return 0;
	if (stat(name, &st) < 0 || !S_ISREG(st.st_mode)) {
		conf_note(p, "%s: no such file", name);
		return 0;
	}
	if (p->read.n == SPAM_CONF_FILES_MAX)
		return err_set(p->e, ERR_LIMIT, "more than %d rule files", SPAM_CONF_FILES_MAX);
	map_set(&p->read, path, p);
	if (file_read(c->tmp, name, SPAM_CONF_FILE_MAX, &text, p->e) < 0)
		return -1;
	p->total += text.n;
	if (p->total > SPAM_CONF_TOTAL_MAX)
		return err_set(p->e, ERR_LIMIT, "rule files of more than %d bytes together",
			       SPAM_CONF_TOTAL_MAX);
	c->report->files++;
	log_debug("config: read file %s", name);
	return conf_text(p, str_copy(c->keep, path), text);
}

static const char *or_default(const char *path, const char *otherwise)
{
	return path ? path : otherwise;
}

/* Without a gateway around us nobody makes a set of ours. */
static const char *default_state_dir(void)
{
	return is_directory(CHANNELS_CURRENT) ? CHANNELS_CURRENT : SPAM_STATE_DIR;
}

int conf_load(struct spam_conf *c, struct err *e)
{
	const struct spam_conf_paths *paths = c->paths;
	const char *site = or_default(paths->site_dir, SITE_DIR);
	const char *rules = or_default(paths->state_dir, default_state_dir());
	struct conf_parser p = { .conf = c, .e = e, .file = STR("(no file)") };

	map_init(&p.read, c->tmp);
	if (!is_directory(rules))
		rules = or_default(paths->rules_dir, RULES_DIR);
	if (!paths->lines &&
	    (directory_read(&p, site, ".pre") < 0 || directory_read(&p, rules, ".pre") < 0 ||
	     directory_read(&p, rules, ".cf") < 0 || directory_read(&p, site, ".cf") < 0))
		return -1;
	if (paths->prefs && conf_include(&p, str_of(paths->prefs)) < 0)
		return -1;
	return conf_text(&p, STR("(extra)"), paths->extra);
}
