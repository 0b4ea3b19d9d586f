#define _GNU_SOURCE /* O_PATH */
#include "gw/quar/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clean.h"

enum { CLUSTER_DIGITS_MAX = 9, SUBDIRECTORY_DIGITS = 2 };

static bool is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]) && (s.p[i] < 'A' || s.p[i] > 'F'))
			return false;
	return s.n > 0;
}

static bool is_number(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return s.n > 0 && s.n <= CLUSTER_DIGITS_MAX;
}

bool quar_file_is_name(struct str file)
{
	struct str rest = file, store = str_cut(&rest, '/'), sub;

	if (str_eq(store, STR("cluster"))) {
		if (!is_number(str_cut(&rest, '/')))
			return false;
		store = str_cut(&rest, '/');
	}
	sub = str_cut(&rest, '/');
	return (str_eq(store, STR("spam")) || str_eq(store, STR("virus")) ||
		str_eq(store, STR("attachment"))) &&
	       sub.n == SUBDIRECTORY_DIGITS && is_hex(sub) && is_hex(rest) &&
	       rest.n <= QUAR_FILE_ID_MAX;
}

/* Goes from the spool down to the file's directory; *name is what is left then. */
static int open_directory(const char *spool, struct str file, int *fd, char *name, struct err *e)
{
	CLEAN_FD int dir = open(spool, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct str rest = file;

	if (dir < 0)
		return err_sys(e, "open %s", spool);
	for (;;) {
		struct str step = str_cut(&rest, '/');
		int next;

		memcpy(name, step.p, step.n);
		name[step.n] = '\0';
		if (!rest.p)
			break;
		next = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && errno == ENOENT)
			return err_set(e, ERR_NOTFOUND, "%s/%.*s: no such file", spool,
				       STR_ARG(file));
		if (next < 0)
			return err_sys(e, "open %s in %s/%.*s", name, spool, STR_ARG(file));
		close(dir);
		dir = next;
	}
	*fd = take_fd(&dir);
	return 0;
}

static int find(const char *spool, struct str file, int *fd, char *name, struct err *e)
{
	if (!quar_file_is_name(file))
		return err_set(e, ERR_INVALID, "'%.*s' is no file of a quarantine", STR_ARG(file));
	return open_directory(spool, file, fd, name, e);
}

struct mapping {
	void *p;
	size_t n;
};

static void unmap(void *arg)
{
	const struct mapping *m = arg;

	munmap(m->p, m->n);
}

static int map(struct arena *a, int fd, struct str *out, struct err *e)
{
	struct mapping *m = NEW(a, struct mapping);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "size");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "not a regular file");
	if (st.st_size == 0) {
		*out = STR_NONE;
		return 0;
	}
	m->n = (size_t)st.st_size;
	m->p = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (m->p == MAP_FAILED)
		return err_sys(e, "map");
	arena_on_free(a, unmap, m);
	*out = (struct str){ m->p, m->n };
	return 0;
}

int quar_file_map(struct arena *a, const char *spool, struct str file, struct str *out,
		  struct err *e)
{
	CLEAN_FD int dir = -1;
	char name[QUAR_FILE_NAME_MAX];

	if (find(spool, file, &dir, name, e) < 0)
		return -1;

	CLEAN_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOTFOUND, "%s/%.*s: no such file", spool, STR_ARG(file));
	if (fd < 0)
		return err_sys(e, "open %s/%.*s", spool, STR_ARG(file));
	if (map(a, fd, out, e) < 0)
		return err_wrap(e, "%s/%.*s", spool, STR_ARG(file));
	return 0;
}

int quar_file_remove(const char *spool, struct str file, struct err *e)
{
	CLEAN_FD int dir = -1;
	char name[QUAR_FILE_NAME_MAX];

	if (find(spool, file, &dir, name, e) < 0)
		return e->code == ERR_NOTFOUND ? 0 : -1;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s/%.*s", spool, STR_ARG(file));
	return 0;
}
