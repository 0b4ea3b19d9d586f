#define _GNU_SOURCE /* close_range */
#include "lib/archive/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/str.h"

/* Calls that need no look at their arguments; the last is what sanitizers want at an exit. */
static const int allowed[] = {
	SCMP_SYS(brk),		SCMP_SYS(munmap),	SCMP_SYS(mremap),
	SCMP_SYS(madvise),	SCMP_SYS(exit),		SCMP_SYS(exit_group),
	SCMP_SYS(futex),	SCMP_SYS(rt_sigreturn), SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(sigaltstack),
};

static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int only_descriptor(int fd, struct err *e)
{
	if (fd != SANDBOX_FD && dup2(fd, SANDBOX_FD) < 0)
		return err_sys(e, "dup2");
	close(STDIN_FILENO);
	if (close_range(SANDBOX_FD + 1, ~0U, 0) < 0)
		return err_sys(e, "close_range");
	return 0;
}

/* Bytes of address space in use. */
static int address_space(size_t *out, struct err *e)
{
	CLEAN_FD int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	struct str rest = { text, n > 0 ? (size_t)n : 0 }, word;
	int64_t pages;

	if (!str_word(&rest, &word) || !str_int(word, 1, INT64_MAX / 65536, &pages))
		return err_sys(e, "/proc/self/statm");
	*out = (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
	return 0;
}

/* At most `value`, or less where there is a limit already. */
static int limit(int what, rlim_t value, struct err *e)
{
	struct rlimit r;

	if (getrlimit(what, &r) < 0)
		return err_sys(e, "getrlimit");
	r.rlim_cur = r.rlim_max = value < r.rlim_max ? value : r.rlim_max;
	return setrlimit(what, &r) < 0 ? err_sys(e, "setrlimit") : 0;
}

static int set_limits(const struct sandbox *s, struct err *e)
{
	size_t now = 0;

	if (address_space(&now, e) < 0 || limit(RLIMIT_AS, now + s->memory, e) < 0 ||
	    limit(RLIMIT_CPU, (rlim_t)s->seconds, e) < 0 || limit(RLIMIT_CORE, 0, e) < 0 ||
	    limit(RLIMIT_FSIZE, 0, e) < 0)
		return -1;
	return 0;
}

/* Memory may be mapped, but no file, and nothing that can be executed. */
static int add_rules(scmp_filter_ctx filter)
{
	const uint64_t map = MAP_ANONYMOUS | MAP_PRIVATE;
	const struct scmp_arg_cmp to_fd[] = {
		{ .arg = 0, .op = SCMP_CMP_EQ, .datum_a = SANDBOX_FD },
	};
	const struct scmp_arg_cmp memory[] = {
		{ .arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0 },
		{ .arg = 3, .op = SCMP_CMP_MASKED_EQ, .datum_a = map, .datum_b = map },
	};
	int rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(write),
					ARRAY_LEN(to_fd), to_fd);

	rc |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), ARRAY_LEN(memory),
				     memory);
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	return rc;
}

static int lock(struct err *e)
{
	/* Refused, not killed: a library that asks for a file it can do without goes on. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (!filter || add_rules(filter) != 0 || seccomp_load(filter) != 0)
		return err_set(e, ERR_SYS, "the system call filter cannot be set");
	seccomp_release(filter);
	return 0;
}

int sandbox_enter(const struct sandbox *s, struct err *e)
{
	pid_t parent = getppid();

	reset_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(e, "prctl");
	if (getppid() != parent)
		return err_set(e, ERR_SYS, "the parent has gone");
	setenv("TZ", "UTC0", 1);
	tzset();
	setlocale(LC_CTYPE, "C.UTF-8");
	if (only_descriptor(s->fd, e) < 0 || set_limits(s, e) < 0)
		return -1;
	return lock(e);
}
