#include "base/failpoint.h"

#ifdef WITH_FAILPOINTS
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clean.h"

enum { FAILPOINT_LINE_MAX = 512 };

static bool applies(struct str line, const char *name, struct str message, int64_t *count,
		    struct str *marker)
{
	struct str word;

	if (!str_word(&line, &word) || !str_eq(word, str_of(name)))
		return false;
	if (!str_word(&line, &word) || !str_eq(word, STR("kill")))
		return false;
	*count = -1;
	if (str_word(&line, &word) && !str_int(word, 1, 1000000, count))
		return false;
	*marker = str_trim(line);
	return str_find(message, *marker) >= 0;
}

/* Counts down in place; the file goes when nothing is left. */
static void lower(int fd, const char *name, int64_t count, struct str marker)
{
	char line[FAILPOINT_LINE_MAX];
	int n;

	if (count == 1) {
		unlink(FAILPOINT_FILE);
		return;
	}
	n = snprintf(line, sizeof(line), "%s kill %lld %.*s\n", name, (long long)count - 1,
		     STR_ARG(marker));
	if (n > 0 && ftruncate(fd, 0) == 0 && pwrite(fd, line, (size_t)n, 0) < 0)
		unlink(FAILPOINT_FILE);
}

void failpoint_hit(const char *name, struct str message)
{
	CLEAN_FD int fd = open(FAILPOINT_FILE, O_RDWR | O_CLOEXEC);
	char line[FAILPOINT_LINE_MAX];
	struct str marker;
	int64_t count;
	ssize_t n;

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return;
	n = pread(fd, line, sizeof(line), 0);
	if (n <= 0 || !applies((struct str){ line, (size_t)n }, name, message, &count, &marker))
		return;
	if (count > 0)
		lower(fd, name, count, marker);
	close(take_fd(&fd));
	kill(getpid(), SIGKILL);
	_exit(1);
}
#endif
