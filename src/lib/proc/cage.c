#define _GNU_SOURCE /* O_PATH */
#include "lib/proc/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clean.h"

/*
 * What reaches other processes, other machines, or what others see; of the calls for files those
 * that Landlock's first version does not know.
 */
static const int refused[] = {
	SCMP_SYS(socket),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pidfd_send_signal),
	SCMP_SYS(kill),
	SCMP_SYS(tkill),
	SCMP_SYS(tgkill),
	SCMP_SYS(rt_sigqueueinfo),
	SCMP_SYS(rt_tgsigqueueinfo),
	SCMP_SYS(setsid),
	SCMP_SYS(setpgid),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(shmget),
	SCMP_SYS(msgget),
	SCMP_SYS(semget),
	SCMP_SYS(mq_open),
	SCMP_SYS(truncate),
	SCMP_SYS(chmod),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat),
	SCMP_SYS(chown),
	SCMP_SYS(lchown),
	SCMP_SYS(fchownat),
	SCMP_SYS(setxattr),
	SCMP_SYS(lsetxattr),
};

/* Where programs find what they need. */
static const char *const readable[] = {
	"/usr", "/bin", "/sbin", "/lib",  "/lib32", "/lib64",
	"/etc", "/opt", "/dev",  "/proc", "/sys",
};

enum {
	READ = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE,
	READ_BELOW = READ | LANDLOCK_ACCESS_FS_READ_DIR,
	/* Of its first version, which every kernel with Landlock has. */
	ALL = READ_BELOW | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
	      LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
	      LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
	      LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
	      LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
};

/* At most `value`, or less where there is a limit already. */
static int limit(int what, rlim_t value)
{
	struct rlimit r;

	if (getrlimit(what, &r) < 0)
		return -1;
	r.rlim_cur = r.rlim_max = value < r.rlim_max ? value : r.rlim_max;
	return setrlimit(what, &r);
}

static int set_limits(const struct spawn_cage *c)
{
	if (limit(RLIMIT_CPU, (rlim_t)c->seconds) < 0 || limit(RLIMIT_CORE, 0) < 0 ||
	    limit(RLIMIT_FSIZE, 0) < 0 || limit(RLIMIT_NPROC, CAGE_PROCESSES_MAX) < 0)
		return -1;
	return 0;
}

/* What does not exist needs no rule. */
static int allow(int rules, const char *path, uint64_t access)
{
	CLEAN_FD int fd = open(path, O_PATH | O_CLOEXEC);
	const struct landlock_path_beneath_attr rule = { access, fd };

	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : -1;
	return (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static int lock_files(const char *program)
{
	const struct landlock_ruleset_attr attr = { .handled_access_fs = ALL };
	CLEAN_FD int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (rules < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
	for (size_t i = 0; i < ARRAY_LEN(readable); i++)
		if (allow(rules, readable[i], READ_BELOW) < 0)
			return -1;
	if (allow(rules, program, READ) < 0 ||
	    allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE) < 0)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, rules, 0);
}

/* Refused, not killed: a program that asks for something it can do without goes on. */
static int lock_calls(void)
{
	const struct scmp_arg_cmp of_others[] = {
		{ .arg = 0, .op = SCMP_CMP_NE, .datum_a = 0 },
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
	int error = 0;

	if (!filter)
		error = -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(refused) && !error; i++)
		error = seccomp_rule_add(filter, refuse, refused[i], 0);
	if (!error)
		error = seccomp_rule_add_array(filter, refuse, SCMP_SYS(prlimit64),
					       ARRAY_LEN(of_others), of_others);
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	errno = -error;
	return error ? -1 : 0;
}

int cage_enter(const struct spawn_cage *c, const char *program)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	if (set_limits(c) < 0 || lock_files(program) < 0)
		return -1;
	/* Memory last: this process may be larger than what it becomes. */
	return lock_calls() < 0 ? -1 : limit(RLIMIT_AS, c->memory);
}
