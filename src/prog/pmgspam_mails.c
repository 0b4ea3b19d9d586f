#include "prog/pmgspam_mails.h"

#include <dirent.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/file.h"
#include "base/vec.h"
#include "lib/mailbox/mailbox.h"

enum { FILE_MAX = 512 << 20, LIST_MAX = 16 << 20, LIST_MEMORY = 64 << 20, PATH_SIZE = 4096 };

static const struct {
	const char *name;
	enum mails_format format;
} formats[] = {
	{ "detect", MAILS_DETECT }, { "file", MAILS_FILE }, { "dir", MAILS_FILE },
	{ "mbox", MAILS_MBOX },	    { "mbx", MAILS_MBX },
};

static int walk_mailbox(const struct mails *m, const char *path, enum mailbox_kind kind,
			struct str text, struct err *e)
{
	struct mailbox b;
	struct str mail;

	if (mailbox_open(&b, kind, text, e) < 0)
		return -1;
	while (mailbox_next(&b, &mail))
		m->mail(m->ctx, path, m->as, mail);
	return 0;
}

static int walk_text(const struct mails *m, const char *path, struct str text, struct err *e)
{
	bool detected = m->format == MAILS_DETECT && strstr(path, "mbox");

	if (m->format == MAILS_MBX)
		return walk_mailbox(m, path, MAILBOX_MBX, text, e);
	if (m->format == MAILS_MBOX || detected)
		return walk_mailbox(m, path, MAILBOX_MBOX, text, e);
	m->mail(m->ctx, path, m->as, text);
	return 0;
}

static void walk_file(const struct mails *m, const char *path)
{
	struct str text;
	struct err e;
	int rc = strcmp(path, "-") == 0
			 ? file_read_stream(m->a, STDIN_FILENO, path, FILE_MAX, &text, &e)
			 : file_read(m->a, path, FILE_MAX, &text, &e);

	if (rc < 0 || walk_text(m, path, text, &e) < 0)
		m->failed(m->ctx, path, &e);
	arena_reset(m->a);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Its files, and those of a maildir in it. */
static void walk_directory(const struct mails *m, const char *path, bool inner)
{
	CLEAN_DIR DIR *d = opendir(path);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		char file[PATH_SIZE];
		bool maildir = !strcmp(entry->d_name, "cur") || !strcmp(entry->d_name, "new");
		int n = snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);

		if (entry->d_name[0] == '.' || n >= (int)sizeof(file))
			continue;
		if (!is_directory(file))
			walk_file(m, file);
		else if (maildir && !inner)
			walk_directory(m, file, true);
	}
}

static void walk_one(const struct mails *m, const char *path)
{
	if (is_directory(path))
		walk_directory(m, path, false);
	else
		walk_file(m, path);
}

void mails_walk(const struct mails *m, const char *path)
{
	glob_t found = { .gl_pathc = 0 };

	/* A name that is there is no pattern. */
	if (access(path, F_OK) == 0 ||
	    glob(path, GLOB_NOCHECK | GLOB_BRACE | GLOB_TILDE, NULL, &found) != 0)
		walk_one(m, path);
	for (size_t i = 0; i < found.gl_pathc; i++)
		walk_one(m, found.gl_pathv[i]);
	globfree(&found);
}

/* `CLASS:FORMAT:` at the front of a line. */
static bool take_prefix(struct mails *m, struct str *line, struct err *e)
{
	bool spam = str_starts(*line, STR("spam:")), ham = str_starts(*line, STR("ham:"));
	struct str rest = *line, format;
	size_t i = 0;

	if (!spam && !ham)
		return true;
	str_cut(&rest, ':');
	if (str_chr(rest, ':') < 0)
		return true;
	format = str_cut(&rest, ':');
	while (i < ARRAY_LEN(formats) && !str_eq(format, str_of(formats[i].name)))
		i++;
	if (i == ARRAY_LEN(formats)) {
		err_set(e, ERR_INVALID, "%.*s is no format (detect, dir, file, mbox, mbx)",
			STR_ARG(format));
		return false;
	}
	m->format = formats[i].format;
	if (m->as_listed)
		m->as = spam ? BAYES_IS_SPAM : BAYES_IS_HAM;
	*line = rest;
	return true;
}

static bool take_line(struct mails *m, struct str *line, struct err *e)
{
	if (!take_prefix(m, line, e))
		return false;
	if (!m->as_listed || m->as != BAYES_IS_UNKNOWN)
		return true;
	err_set(e, ERR_INVALID, "nothing says whether it is spam or ham: write "
				"\"spam:detect:%.*s\", or give --spam, --ham or --forget",
		STR_ARG(*line));
	return false;
}

int mails_walk_list(const struct mails *m, const char *list, struct err *e)
{
	CLEAN_ARENA struct arena *a = arena_open("list of mails", LIST_MEMORY);
	VEC(struct mails) how = { 0 };
	VEC(struct str) paths = { 0 };
	struct str text, line;
	unsigned number = 0;
	struct err reason;

	if (file_read(a, list, LIST_MAX, &text, e) < 0)
		return -1;
	while (str_line(&text, &line)) {
		struct mails one = *m;

		number++;
		line = str_trim(line);
		if (line.n == 0)
			continue;
		if (!take_line(&one, &line, &reason))
			return err_set(e, ERR_INVALID, "%s:%u: %s", list, number, reason.msg);
		vec_add(a, &how, one);
		vec_add(a, &paths, line);
	}
	for (size_t i = 0; i < paths.n; i++)
		mails_walk(&how.p[i], str_z(a, paths.p[i]));
	return 0;
}
