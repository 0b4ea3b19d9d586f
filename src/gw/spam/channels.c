#define _GNU_SOURCE /* syncfs, nftw */
#include "gw/spam/channels.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

#define OFFICIAL "updates_spamassassin_org"
#define SOUND "sound" /* a file of a set: the fingerprint of what it is a copy of */

enum { MODE_DIR = 0755, MODE_FILE = 0644, NUMBER_MAX = 32, TREE_FDS = 16, MEMORY_MAX = 1 << 30 };

/* An adoption: from the state directory into a new set, with the one in use as the fallback. */
struct adoption {
	struct arena *a;
	const char *state, *old, *set;
	struct channels *channels;
	size_t files, octets;
};

static const char *join(struct arena *a, const char *dir, struct str name)
{
	return str_z(a, str_fmt(a, "%s/%.*s", dir, STR_ARG(name)));
}

static const char *with_ending(struct arena *a, const char *dir, struct str name,
			       const char *ending)
{
	return str_z(a, str_fmt(a, "%s/%.*s%s", dir, STR_ARG(name), ending));
}

static bool is(mode_t type, const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

/* FNV-1a */
static uint64_t hash(uint64_t h, const void *p, size_t n)
{
	for (const unsigned char *c = p; n--; c++)
		h = (h ^ *c) * 0x100000001b3;
	return h;
}

static uint64_t entry_hash(const char *name, const struct stat *st)
{
	const int64_t facts[] = {
		(int64_t)st->st_ino,	      st->st_size,
		st->st_mtim.tv_sec,	      st->st_mtim.tv_nsec,
		st->st_ctim.tv_sec,	      st->st_ctim.tv_nsec,
	};

	return hash(hash(0xcbf29ce484222325, name, strlen(name)), facts, sizeof(facts));
}

/* A sum, since a directory has no order. Two levels are all that channels have. */
static uint64_t directory_sum(int parent, const char *name, bool deeper)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	CLEAN_DIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	uint64_t sum = 0;
	struct dirent *d;
	struct stat st;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.' ||
		    fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		sum += entry_hash(d->d_name, &st);
		if (deeper && S_ISDIR(st.st_mode))
			sum += directory_sum(dirfd(dir), d->d_name, false);
	}
	return sum ? sum : 1;
}

uint64_t channels_fingerprint(const char *state_dir)
{
	return directory_sum(AT_FDCWD, state_dir, true);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* What cannot be removed is found again, and tried again, at the next adoption. */
static void remove_tree(const char *path)
{
	nftw(path, remove_entry, TREE_FDS, FTW_DEPTH | FTW_PHYS);
}

static int copy_file(struct adoption *x, const char *from, const char *to, struct err *e)
{
	CLEAN_ARENA struct arena *scratch = arena_open("rule update", 2 * CHANNELS_FILE_MAX);
	struct str text;

	if (++x->files > CHANNELS_FILES_MAX)
		return err_set(e, ERR_LIMIT, "%s: more than %d files", x->state,
			       CHANNELS_FILES_MAX);
	if (file_read(scratch, from, CHANNELS_FILE_MAX, &text, e) < 0)
		return -1;
	x->octets += text.n;
	if (x->octets > CHANNELS_TOTAL_MAX)
		return err_set(e, ERR_LIMIT, "%s: more than %d octets", x->state,
			       CHANNELS_TOTAL_MAX);

	CLEAN_FD int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE_FILE);

	if (fd < 0)
		return err_sys(e, "create %s", to);
	if (fchmod(fd, MODE_FILE) < 0 || file_write_all(fd, text, e) < 0)
		return err_sys(e, "write %s", to);
	return 0;
}

/* Plain files only: a channel has no others, and a link could point to what is not for everyone. */
static int copy_directory(struct adoption *x, const char *from, const char *to, struct err *e)
{
	CLEAN_DIR DIR *dir = opendir(from);
	struct dirent *d;

	if (!dir)
		return err_sys(e, "%s", from);
	if (mkdir(to, MODE_DIR) < 0 || chmod(to, MODE_DIR) < 0)
		return err_sys(e, "create %s", to);
	while ((d = readdir(dir))) {
		const char *path = join(x->a, from, str_of(d->d_name));

		if (is(S_IFREG, path) &&
		    copy_file(x, path, join(x->a, to, str_of(d->d_name)), e) < 0)
			return -1;
	}
	return 0;
}

static int copy_channel(struct adoption *x, const char *dir, struct str name, struct err *e)
{
	static const char *const endings[] = { ".cf", ".pre" };

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		const char *path = with_ending(x->a, dir, name, endings[i]);

		if (is(S_IFREG, path) &&
		    copy_file(x, path, with_ending(x->a, x->set, name, endings[i]), e) < 0)
			return -1;
	}
	if (!is(S_IFDIR, join(x->a, dir, name)))
		return 0;
	return copy_directory(x, join(x->a, dir, name), join(x->a, x->set, name), e);
}

static void remove_channel(struct adoption *x, struct str name)
{
	unlink(with_ending(x->a, x->set, name, ".cf"));
	unlink(with_ending(x->a, x->set, name, ".pre"));
	remove_tree(join(x->a, x->set, name));
}

static struct channel *channel_of(struct channels *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->p[i].name, name))
			return &list->p[i];
	return NULL;
}

static void blame(struct channel *c, struct spam_note mistake)
{
	if (c->mistakes++ == 0)
		c->mistake = mistake;
}

static int add_channel(struct adoption *x, struct str name, struct channel **out, struct err *e)
{
	*out = channel_of(x->channels, name);
	if (*out)
		return 0;
	if (x->channels->n == CHANNELS_MAX)
		return err_set(e, ERR_LIMIT, "%s: more than %d channels", x->state, CHANNELS_MAX);
	*out = &x->channels->p[x->channels->n++];
	**out = (struct channel){ .name = str_copy(x->a, name) };
	return 0;
}

/* A channel is where its .cf is; its directory alone is one that is being written just now. */
static int list_channels(struct adoption *x, struct err *e)
{
	CLEAN_DIR DIR *dir = opendir(x->state);
	struct channel *c;
	struct dirent *d;

	if (!dir)
		return err_sys(e, "%s", x->state);
	while ((d = readdir(dir))) {
		struct str entry = str_of(d->d_name), name = entry;
		bool plain = str_ends(entry, STR(".cf"));

		if (plain)
			name = str_sub(entry, 0, entry.n - 3);
		else if (entry.p[0] == '.' || !is(S_IFDIR, join(x->a, x->state, entry)))
			continue;
		if (add_channel(x, name, &c, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < x->channels->n; i++) {
		const char *cf = with_ending(x->a, x->state, x->channels->p[i].name, ".cf");

		if (!is(S_IFREG, cf))
			blame(&x->channels->p[i], (struct spam_note){
				.file = str_of(cf), .message = STR("there is no such file") });
	}
	return 0;
}

/* The channel that a file of the new set belongs to, and the file it is a copy of. */
static struct channel *channel_of_file(struct adoption *x, struct str file, struct str *original)
{
	struct str set = str_fmt(x->a, "%s/", x->set), rest;

	if (!str_starts(file, set))
		return NULL;
	rest = str_from(file, set.n);
	*original = str_of(join(x->a, x->state, rest));
	for (size_t i = 0; i < x->channels->n; i++) {
		struct str name = x->channels->p[i].name, after = str_from(rest, name.n);

		if (str_starts(rest, name) &&
		    (str_starts(after, STR("/")) || str_eq(after, STR(".cf")) ||
		     str_eq(after, STR(".pre"))))
			return &x->channels->p[i];
	}
	return NULL;
}

static int check(struct adoption *x, const struct spam_conf_paths *paths, struct err *e)
{
	CLEAN_ARENA struct arena *scratch = arena_open("check of rule updates", MEMORY_MAX);
	struct spam_conf_paths copy = *paths;
	struct spam_load_report report = { 0 };
	struct spam_rules *rules;

	copy.state_dir = x->set;
	if (spam_rules_load(scratch, &copy, &rules, &report, e) < 0)
		return err_wrap(e, "%s", x->state);
	for (size_t i = 0; i < report.unknown.n; i++) {
		const struct spam_note *n = &report.unknown.p[i];
		struct str original;
		struct channel *c = channel_of_file(x, n->file, &original);

		if (c)
			blame(c, (struct spam_note){ .file = original,
						     .line = n->line,
						     .rule = str_copy(x->a, n->rule),
						     .message = str_copy(x->a, n->message) });
	}
	return 0;
}

static int fall_back(struct adoption *x, struct channel *c, struct err *e)
{
	remove_channel(x, c->name);
	if (!is(S_IFREG, with_ending(x->a, x->old, c->name, ".cf")))
		return 0;
	c->used = true;
	return copy_channel(x, x->old, c->name, e);
}

/* Fills the new set. `usable` is false if the official channel has never been sound. */
static int fill(struct adoption *x, const struct spam_conf_paths *paths, bool *usable,
		struct err *e)
{
	if (list_channels(x, e) < 0)
		return -1;
	for (size_t i = 0; i < x->channels->n; i++)
		if (copy_channel(x, x->state, x->channels->p[i].name, e) < 0)
			return -1;
	if (check(x, paths, e) < 0)
		return -1;
	*usable = x->channels->n > 0;
	for (size_t i = 0; i < x->channels->n; i++) {
		struct channel *c = &x->channels->p[i];

		if (c->mistakes == 0)
			c->used = true;
		else if (fall_back(x, c, e) < 0)
			return -1;
		if (!c->used && str_eq(c->name, STR(OFFICIAL)))
			*usable = false;
	}
	return 0;
}

static bool all_sound(const struct channels *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->p[i].mistakes)
			return false;
	return true;
}

static bool known_sound(struct arena *a, const char *set, uint64_t fingerprint)
{
	struct str text;
	struct err e;

	return file_read(a, join(a, set, STR(SOUND)), NUMBER_MAX, &text, &e) == 0 &&
	       str_eq(text, str_fmt(a, "%" PRIu64, fingerprint));
}

static int sync_set(const char *set, struct err *e)
{
	CLEAN_FD int fd = open(set, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) < 0)
		return err_sys(e, "sync %s", set);
	return 0;
}

/* From here on the new set is the one in use. */
static int put_in_use(struct adoption *x, const char *store, struct err *e)
{
	const char *link = join(x->a, store, STR("current")),
		   *new = join(x->a, store, STR("current.new"));

	if (sync_set(x->set, e) < 0)
		return -1;
	unlink(new); /* of somebody who was ended in between */
	if (symlink(strrchr(x->set, '/') + 1, new) < 0 || rename(new, link) < 0)
		return err_sys(e, "%s", link);
	return file_sync_dir_of(link, e);
}

/* Sets of before, and what an adoption that was ended has left. */
static void remove_others(struct arena *a, const char *store, const char *set)
{
	CLEAN_DIR DIR *dir = opendir(store);
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		const char *path = join(a, store, str_of(d->d_name));

		if (str_starts(str_of(d->d_name), STR("set.")) &&
		    (!set || strcmp(path, set) != 0))
			remove_tree(path);
	}
}

static int make_set(struct arena *a, const char *store, const char **out, struct err *e)
{
	char *set = str_z(a, str_fmt(a, "%s/set.XXXXXX", store));

	if (!mkdtemp(set) || chmod(set, MODE_DIR) < 0)
		return err_sys(e, "%s", set);
	*out = set;
	return 0;
}

static int record(struct adoption *x, uint64_t fingerprint, struct err *e)
{
	struct file_attr attr = { MODE_FILE, (uid_t)-1, (gid_t)-1 };

	if (!all_sound(x->channels))
		return 0;
	return file_replace(join(x->a, x->set, STR(SOUND)),
			    str_fmt(x->a, "%" PRIu64, fingerprint), &attr, e);
}

int channels_adopt(struct arena *a, const char *store, const struct spam_conf_paths *paths,
		   struct channels *out, struct err *e)
{
	struct adoption x = { .a = a, .state = paths->state_dir, .channels = out };
	uint64_t fingerprint = channels_fingerprint(x.state);
	bool usable = false;

	*out = (struct channels){ 0 };
	x.old = join(a, store, STR("current"));
	if (fingerprint == 0) { /* there are no updates (any more) */
		unlink(x.old);
		remove_others(a, store, NULL);
		return 0;
	}
	if (known_sound(a, x.old, fingerprint))
		return 0;
	if (make_set(a, store, &x.set, e) < 0)
		return -1;
	if (fill(&x, paths, &usable, e) < 0 || record(&x, fingerprint, e) < 0 ||
	    (usable && put_in_use(&x, store, e) < 0)) {
		remove_tree(x.set);
		return -1;
	}
	if (usable)
		remove_others(a, store, x.set);
	else
		remove_tree(x.set);
	return 0;
}
