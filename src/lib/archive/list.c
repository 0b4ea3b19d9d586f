/* The parent's side: starts the child, listens until the deadline, makes sense of what it said. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/net.h"
#include "lib/archive/lister.h"
#include "lib/archive/sandbox.h"
#include "lib/charset/charset.h"

enum {
	NOT_LOCKED = 77, /* exit status: the sandbox could not be entered, nothing was read */
	CPU_SECONDS = 30,
	GRACE_MS = 1000, /* between its last word and its end */
};

struct job {
	struct arena *a;
	const struct magic *magic;
	const struct archive_input *in;
	size_t n;
	struct archive_limits limits;
};

static NORETURN void child(const struct job *j, int fd)
{
	struct lister l = { .magic = j->magic, .limits = j->limits, .out.fd = SANDBOX_FD };
	struct sandbox s = { .fd = fd, .memory = ARCHIVE_MEMORY_MAX, .seconds = CPU_SECONDS };
	size_t largest = 0;
	struct err e;

	/* Decoding an attachment takes no more than the attachment, and a spare half to grow. */
	for (size_t i = 0; i < j->n; i++)
		if (j->in[i].part && j->in[i].part->body.n > largest)
			largest = j->in[i].part->body.n;
	s.memory += largest + largest / 2;
	if (sandbox_enter(&s, &e) < 0)
		_exit(NOT_LOCKED);
	l.a = arena_open("archives", SIZE_MAX / 2);
	for (size_t i = 0; i < j->n; i++)
		lister_run(&l, &j->in[i]);
	_exit(0);
}

/* Everything it says until it closes its end. ERR_TEMP at the deadline, ERR_LIMIT if too much. */
static int listen_to(int fd, struct buf *said, int64_t deadline, struct err *e)
{
	ssize_t n;

	while (true) {
		char *to = buf_room(said, CONN_BUFFER);

		if (!to)
			return err_set(e, ERR_LIMIT, "limit reached: names and types");
		if (net_wait(fd, POLLIN, deadline, e) < 0)
			return err_set(e, ERR_TEMP, "limit reached: time");
		n = read(fd, to, CONN_BUFFER);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return err_sys(e, "read from the lister");
		said->n += n > 0 ? (size_t)n : 0;
	}
}

/* Ends it if it has not ended by itself; its status. */
static int reap(pid_t pid, bool at_once)
{
	CLEAN_FD int pidfd = at_once ? -1 : pidfd_open(pid, 0);
	struct err ignored;
	int status = 0;

	if (pidfd < 0 || net_wait(pidfd, POLLIN, net_now() + GRACE_MS, &ignored) < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int start(const struct job *j, int ends[2], pid_t *pid, struct err *e)
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	*pid = fork();
	if (*pid == 0)
		child(j, ends[1]);
	close(ends[1]);
	if (*pid > 0)
		return 0;
	close(ends[0]);
	return err_sys(e, "fork");
}

/*
 * One child for inputs 0 … n - 1 of the job. *died says why it did not come to the end, if so; -1
 * if it did not even begin.
 */
static int run_child(const struct job *j, struct str *said, struct str *died, struct err *e)
{
	struct err why = { 0 };
	struct buf b;
	int ends[2], status;
	pid_t pid = -1;

	if (start(j, ends, &pid, e) < 0)
		return -1;
	buf_init(&b, j->a, ARCHIVE_RESULT_MAX);
	status = reap(pid, listen_to(ends[0], &b, j->limits.deadline, &why) < 0);
	close(ends[0]);
	*said = buf_str(&b);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_LOCKED)
		return err_set(e, ERR_SYS, "the archive lister cannot be locked down");
	if (why.code)
		*died = str_fmt(j->a, "%s", why.msg);
	else if (WIFSIGNALED(status))
		*died = str_fmt(j->a, "the lister was ended by signal %d", WTERMSIG(status));
	else
		*died = str_fmt(j->a, "the lister ended with status %d", WEXITSTATUS(status));
	return 0;
}

static void note_death(struct archive_content *c, struct str why, int64_t from)
{
	c->problem = why;
	c->died = true;
	c->ms = net_now() - from;
}

static void advance(struct job *j, size_t done, const struct result_used *used)
{
	uint64_t files = used->files < j->limits.files ? used->files : j->limits.files;

	j->in += done;
	j->n -= done;
	j->limits.files -= (uint32_t)files;
	j->limits.bytes -= used->bytes < j->limits.bytes ? used->bytes : j->limits.bytes;
}

/* No time is left for the inputs 0 … n - 1 of the job. */
static void give_up(const struct job *j, struct archive_content *out)
{
	for (size_t i = 0; i < j->n; i++)
		note_death(&out[i], STR("limit reached: time"), net_now());
}

/* As many inputs as one child manages, and the one that it dies of. */
static int some(struct job *j, struct archive_content *out, size_t *done, struct err *e)
{
	struct result_used used = { 0 };
	struct str said, died = STR_NONE;
	int64_t from = net_now();
	struct err lie;

	if (run_child(j, &said, &died, e) < 0)
		return -1;
	if (result_read(j->a, said, out, j->n, done, &used, &lie) < 0)
		died = str_fmt(j->a, "the lister said what it should not: %s", lie.msg);
	advance(j, *done, &used);
	if (j->n == 0)
		return 0;
	note_death(&out[*done], died, from);
	(*done)++;
	advance(j, 1, &(struct result_used){ 0 });
	return 0;
}

static struct archive_limits capped(const struct archive_limits *l)
{
	struct archive_limits c = *l;

	if (c.files == 0 || c.files > ARCHIVE_FILES_MAX)
		c.files = ARCHIVE_FILES_MAX;
	if (c.depth == 0 || c.depth > ARCHIVE_DEPTH_MAX)
		c.depth = ARCHIVE_DEPTH_MAX;
	if (c.bytes == 0 || c.bytes > ARCHIVE_BYTES_MAX)
		c.bytes = ARCHIVE_BYTES_MAX;
	return c;
}

/*
 * In the sandbox no conversion can be loaded any more: what is used most often for the names of
 * attachments is loaded before, once in the life of the process.
 */
static void load_charsets(void)
{
	static const struct str names[] = {
		STR_INIT("windows-1252"), STR_INIT("windows-1251"), STR_INIT("iso-8859-2"),
		STR_INIT("koi8-r"),       STR_INIT("gb18030"),      STR_INIT("big5"),
		STR_INIT("shift_jis"),    STR_INIT("iso-2022-jp"),  STR_INIT("euc-kr"),
	};
	static bool loaded;

	for (size_t i = 0; i < ARRAY_LEN(names) && !loaded; i++)
		charset_known(names[i]);
	loaded = true;
}

int archive_list(struct arena *a, const struct magic *magic, const struct archive_input *in,
		 size_t n, const struct archive_limits *limits, struct archive_content *out,
		 struct err *e)
{
	struct job j = { a, magic, in, n, capped(limits) };
	size_t done;

	memset(out, 0, n * sizeof(*out));
	load_charsets();
	while (j.n > 0 && net_now() < j.limits.deadline) {
		if (some(&j, out, &done, e) < 0)
			return -1;
		out += done;
	}
	give_up(&j, out);
	return 0;
}
