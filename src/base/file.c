#define _GNU_SOURCE
#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>

static int read_all(int fd, char *p, size_t size, const char *path, size_t *got, struct err *e)
{
	*got = 0;
	while (*got < size) {
		ssize_t n = read(fd, p + *got, size - *got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read %s", path);
		if (n == 0)
			break;
		*got += (size_t)n;
	}
	return 0;
}

int file_read(struct arena *a, const char *path, size_t max, struct str *out, struct err *e)
{
	CLEAN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	size_t got;
	char *p;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOTFOUND, "%s: no such file", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "%s: not a regular file", path);
	if ((uintmax_t)st.st_size > max)
		return err_set(e, ERR_LIMIT, "%s: larger than %zu bytes", path, max);
	p = arena_alloc(a, (size_t)st.st_size);
	if (read_all(fd, p, (size_t)st.st_size, path, &got, e) < 0)
		return -1;
	*out = (struct str){ p, got };
	return 0;
}

int file_read_stream(struct arena *a, int fd, const char *name, size_t max, struct str *out,
		     struct err *e)
{
	enum { CHUNK = 64 << 10 };
	struct buf b;
	size_t got;
	char *room;

	buf_init(&b, a, max + CHUNK);
	do {
		room = buf_room(&b, CHUNK);
		if (room && read_all(fd, room, CHUNK, name, &got, e) < 0)
			return -1;
		b.n += room ? got : 0;
		if (!room || b.n > max)
			return err_set(e, ERR_LIMIT, "%s: larger than %zu bytes", name, max);
	} while (got == CHUNK);
	*out = buf_str(&b);
	return 0;
}

int file_write_all(int fd, struct str content, struct err *e)
{
	while (content.n) {
		ssize_t n = write(fd, content.p, content.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "write");
		content = str_from(content, (size_t)n);
	}
	return 0;
}

int file_sync_dir_of(const char *path, struct err *e)
{
	struct str dir = str_of(path);
	ptrdiff_t slash = str_rchr(dir, '/');
	char name[PATH_MAX];

	if (slash < 0)
		dir = STR(".");
	else
		dir = str_sub(dir, 0, slash ? (size_t)slash : 1);
	if (dir.n >= sizeof(name))
		return err_set(e, ERR_INVALID, "%s: name too long", path);
	memcpy(name, dir.p, dir.n);
	name[dir.n] = '\0';

	CLEAN_FD int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(e, "sync directory %s", name);
	return 0;
}

static int write_temp(int fd, struct str content, const struct file_attr *attr, struct err *e)
{
	if (file_write_all(fd, content, e) < 0)
		return -1;
	if ((attr->uid != (uid_t)-1 || attr->gid != (gid_t)-1) &&
	    fchown(fd, attr->uid, attr->gid) < 0)
		return err_sys(e, "change owner");
	if (fchmod(fd, attr->mode) < 0 || fsync(fd) < 0)
		return err_sys(e, "change mode and sync");
	return 0;
}

int file_replace(const char *path, struct str content, const struct file_attr *attr, struct err *e)
{
	char temp[PATH_MAX];

	if ((size_t)snprintf(temp, sizeof(temp), "%s.tmp.%ld", path, (long)getpid()) >=
	    sizeof(temp))
		return err_set(e, ERR_INVALID, "%s: name too long", path);
	unlink(temp); /* left by a process of the same number that was killed */

	CLEAN_FD int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, "create %s", temp);
	if (write_temp(fd, content, attr, e) < 0) {
		unlink(temp);
		return err_wrap(e, "%s", temp);
	}
	if (rename(temp, path) < 0) {
		err_sys(e, "rename %s to %s", temp, path);
		unlink(temp);
		return -1;
	}
	return file_sync_dir_of(path, e);
}

int file_lock(const char *path, int *fd, struct err *e)
{
	CLEAN_FD int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (lock < 0)
		return err_sys(e, "open lock %s", path);
	while (flock(lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock %s", path);
	*fd = take_fd(&lock);
	return 0;
}
