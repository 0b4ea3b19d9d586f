#define _GNU_SOURCE /* O_CLOEXEC with strict standards */
#include "gw/quar/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/file.h"

enum {
	DIRECTORY_MODE = 0775,
	FILE_MODE = 0644,
	INODE_DIGITS = 12, /* 48 bits; with 8 of seconds and 5 of microseconds 25 */
};

static const char *const directories[] = { "", "/active", "/spam", "/virus", "/attachment" };

static int make_path(char *path, const char *root, const char *rest, struct err *e)
{
	int n = snprintf(path, SPOOL_PATH_MAX, "%s%s", root, rest);

	if (n < 0 || n >= SPOOL_PATH_MAX)
		return err_set(e, ERR_INVALID, "%s%s: name too long", root, rest);
	return 0;
}

/* mkdir() obeys the umask, which is not ours to change. A new name is made to last. */
static int make_directory(const char *path, struct err *e)
{
	if (mkdir(path, DIRECTORY_MODE) < 0)
		return errno == EEXIST ? 0 : err_sys(e, "create %s", path);
	if (chmod(path, DIRECTORY_MODE) < 0)
		return err_sys(e, "change mode of %s", path);
	return file_sync_dir_of(path, e);
}

int spool_make_directories(const char *root, struct err *e)
{
	char path[SPOOL_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(directories); i++)
		if (make_path(path, root, directories[i], e) < 0 || make_directory(path, e) < 0)
			return -1;
	return 0;
}

int spool_empty_active(const char *root, struct err *e)
{
	char path[SPOOL_PATH_MAX];
	struct dirent *entry;

	if (make_path(path, root, "/active", e) < 0)
		return -1;

	CLEAN_DIR DIR *dir = opendir(path);

	if (!dir)
		return err_sys(e, "open %s", path);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			return err_sys(e, "remove %s/%s", path, entry->d_name);
	return 0;
}

struct moment {
	unsigned long sec, usec;
};

static struct moment now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (struct moment){ (unsigned long)ts.tv_sec, (unsigned long)ts.tv_nsec / 1000 };
}

/* The id is made of the moment that the temporary name tells. */
static int create(const char *dir, struct moment at, struct spool_file *f, struct err *e)
{
	static unsigned seq;
	char name[64];

	snprintf(name, sizeof(name), "/%lu.%lu.%ld.%u", at.sec, at.usec, (long)getpid(), seq++);
	if (make_path(f->path, dir, name, e) < 0)
		return -1;
	f->fd = open(f->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (f->fd < 0)
		return err_sys(e, "create %s", f->path);
	if (fchmod(f->fd, FILE_MODE) < 0) {
		err_sys(e, "change mode of %s", f->path);
		spool_remove(f);
		return -1;
	}
	return 0;
}

static void reset(struct spool_file *f)
{
	f->fd = -1;
	f->size = f->held = 0;
	f->id[0] = f->path[0] = '\0';
}

int spool_create_active(const char *root, struct spool_file *f, struct err *e)
{
	char dir[SPOOL_PATH_MAX];

	reset(f);
	return make_path(dir, root, "/active", e) < 0 ? -1 : create(dir, now(), f, e);
}

int spool_create_quarantine(const char *root, const char *store, struct spool_file *f,
			    struct err *e)
{
	char dir[SPOOL_PATH_MAX], rest[32];
	struct moment at = now();

	reset(f);
	snprintf(rest, sizeof(rest), "/%s", store);
	if (make_path(dir, root, rest, e) < 0 || make_directory(dir, e) < 0)
		return -1;
	snprintf(rest, sizeof(rest), "/%s/%02lX", store, at.usec % 256);
	if (make_path(dir, root, rest, e) < 0 || make_directory(dir, e) < 0)
		return -1;
	return create(dir, at, f, e);
}

static int write_out(struct spool_file *f, struct str bytes, struct err *e)
{
	return file_write_all(f->fd, bytes, e) < 0 ? err_wrap(e, "%s", f->path) : 0;
}

static int flush(struct spool_file *f, struct err *e)
{
	size_t n = f->held;

	f->held = 0;
	return write_out(f, (struct str){ f->buffer, n }, e);
}

int spool_write(struct spool_file *f, struct str bytes, struct err *e)
{
	f->size += bytes.n;
	if (bytes.n > SPOOL_BUFFER - f->held && flush(f, e) < 0)
		return -1;
	if (bytes.n > SPOOL_BUFFER)
		return write_out(f, bytes, e);
	if (bytes.n)
		memcpy(f->buffer + f->held, bytes.p, bytes.n);
	f->held += bytes.n;
	return 0;
}

static int make_id(const struct spool_file *f, const char *name, char id[SPOOL_ID_MAX + 1],
		   struct err *e)
{
	unsigned long sec, usec;
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return err_sys(e, "inode of %s", f->path);
	ASSERT(sscanf(name, "%lu.%lu.", &sec, &usec) == 2);
	snprintf(id, SPOOL_ID_MAX + 1, "%llX%lX%05lX",
		 (unsigned long long)st.st_ino & ((1ull << 4 * INODE_DIGITS) - 1), sec & 0xffffffff,
		 usec);
	return 0;
}

int spool_finish(struct spool_file *f, bool durable, struct err *e)
{
	char path[SPOOL_PATH_MAX];
	char *name = strrchr(f->path, '/') + 1;

	if (flush(f, e) < 0 || make_id(f, name, f->id, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%.*s%s", (int)(name - f->path), f->path, f->id);
	if (durable && fsync(f->fd) < 0)
		return err_sys(e, "sync %s", f->path);
	if (rename(f->path, path) < 0)
		return err_sys(e, "rename %s to %s", f->path, path);
	memcpy(f->path, path, sizeof(path));
	return durable ? file_sync_dir_of(path, e) : 0;
}

void spool_remove(struct spool_file *f)
{
	if (f->fd < 0)
		return;
	unlink(f->path);
	spool_keep(f);
}

void spool_keep(struct spool_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
