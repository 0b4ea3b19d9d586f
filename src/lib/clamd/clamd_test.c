#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/net.h"
#include "lib/clamd/clamd.h"
#include "lib/clamd/clamd_int.h"

#define CLAMD "/usr/sbin/clamd"
#define EICAR "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

enum { STARTING_MS = 60000, ASKING_MS = 20000 };

static struct arena *a;
static char dir[] = "/tmp/clamd_test.XXXXXX";
static const char *real_socket, *fake_socket;
static pid_t daemon_pid = -1;

static const char *in_dir(const char *name)
{
	return str_z(a, str_fmt(a, "%s/%s", dir, name));
}

static void put(const char *name, struct str content)
{
	struct file_attr attr = { 0644, (uid_t)-1, (gid_t)-1 };
	struct err e;

	assert_int_equal(file_replace(in_dir(name), content, &attr, &e), 0);
}

/* An open file of that content, which nobody can find by name. */
static int file_of(struct str content)
{
	int fd;

	put("file", content);
	fd = open(in_dir("file"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(unlink(in_dir("file")), 0);
	return fd;
}

/* The real daemon, with three signatures of our own. */

static void start_daemon(void)
{
	assert_int_equal(mkdir(in_dir("db"), 0755), 0);
	put("db/local.ndb", STR("Local.Eicar:0:*:4549434152\n"
				"Heuristics.Local.Odd:0:*:4f44442d54455354\n"));
	put("clamd.conf", str_fmt(a,
				  "DatabaseDirectory %s/db\nLocalSocket %s/clamd.ctl\n"
				  "LogFile %s/log\nTemporaryDirectory %s\nForeground yes\n"
				  "StreamMaxLength 1M\n",
				  dir, dir, dir, dir));
	daemon_pid = fork();
	if (daemon_pid == 0) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(1);
		execl(CLAMD, CLAMD, "-c", in_dir("clamd.conf"), NULL);
		_exit(1);
	}
}

static bool daemon_is_up(void)
{
	int64_t end = net_now() + STARTING_MS;
	struct timespec pause = { .tv_nsec = 20000000 };
	struct err e;

	while (net_now() < end && waitpid(daemon_pid, NULL, WNOHANG) == 0) {
		CLEAN_FD int fd = -1;

		if (net_connect_unix(real_socket, end, &fd, &e) == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static void remove_tree(const char *path)
{
	CLEAN_DIR DIR *d = opendir(path);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			remove_tree(str_z(a, str_fmt(a, "%s/%s", path, entry->d_name)));
	remove(path);
}

static int open_all(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	if (!mkdtemp(dir))
		return -1;
	real_socket = in_dir("clamd.ctl");
	fake_socket = in_dir("fake.ctl");
	if (access(CLAMD, X_OK) < 0) {
		printf("SKIP: the real clamd: clamav-daemon is not installed\n");
		return 0;
	}
	start_daemon();
	return daemon_is_up() ? 0 : -1;
}

static int close_all(void **state)
{
	(void)state;
	if (daemon_pid > 0) {
		kill(daemon_pid, SIGKILL);
		waitpid(daemon_pid, NULL, 0);
	}
	remove_tree(dir);
	arena_close(a);
	return 0;
}

static void real_finds(struct str content, const char *name)
{
	CLEAN_FD int fd = file_of(content);
	struct str virus;
	struct err e;

	if (clamd_scan(a, real_socket, fd, net_now() + ASKING_MS, &virus, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(str_z(a, virus), name);
}

static void test_real_clamd(void **state)
{
	(void)state;
	if (daemon_pid < 0)
		skip();
	real_finds(STR("From: a@example.test\n\nHello\n"), "");
	real_finds(STR("From: a@example.test\n\n" EICAR "\n"), "Local.Eicar.UNOFFICIAL");
	real_finds(STR("ODD-TEST"), "Heuristics.Local.Odd.UNOFFICIAL");
	real_finds(STR(""), "");
}

static void test_position_of_the_file_does_not_matter(void **state)
{
	CLEAN_FD int fd = file_of(STR(EICAR));
	struct str virus;
	struct err e;

	(void)state;
	if (daemon_pid < 0)
		skip();
	assert_int_equal(lseek(fd, 40, SEEK_SET), 40);
	assert_int_equal(clamd_scan(a, real_socket, fd, net_now() + ASKING_MS, &virus, &e), 0);
	assert_true(virus.n > 0);
}

static void test_no_daemon(void **state)
{
	CLEAN_FD int fd = file_of(STR("x"));
	struct str virus = STR("untouched");
	struct err e;

	(void)state;
	assert_int_equal(clamd_scan(a, in_dir("none"), fd, net_now() + 1000, &virus, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_true(str_eq(virus, STR("untouched")));
}

/* A peer that plays a script: on each connection it reads, says something, and hangs up. */

struct scene {
	struct str says; /* at once; "COUNT" reads all content and tells its size */
	bool stays;	 /* does not hang up */
};

static size_t content_bytes(struct conn *c)
{
	size_t total = 0;

	for (;;) {
		unsigned char length[4] = { 0 };
		struct str got;
		struct err e;
		size_t left = 0;

		for (size_t i = 0; i < 4; i++) {
			if (conn_peek(c, &got, &e) < 0 || got.n == 0)
				_exit(1);
			length[i] = (unsigned char)got.p[0];
			conn_take(c, 1);
		}
		for (size_t i = 0; i < 4; i++)
			left = left << 8 | length[i];
		if (left == 0)
			return total;
		for (total += left; left;) {
			size_t n;

			if (conn_peek(c, &got, &e) < 0 || got.n == 0)
				_exit(1);
			n = got.n < left ? got.n : left;
			conn_take(c, n);
			left -= n;
		}
	}
}

static void read_command(struct conn *c, struct str *command)
{
	static char buf[16];
	size_t n = 0;
	struct str got;
	struct err e;

	while (n < sizeof(buf)) {
		if (conn_peek(c, &got, &e) < 0 || got.n == 0)
			_exit(1);
		conn_take(c, 1);
		if (got.p[0] == '\0')
			break;
		buf[n++] = got.p[0];
	}
	*command = (struct str){ buf, n };
}

static void play(int listening, const struct scene *scenes, size_t n)
{
	static struct conn c;
	struct str command, says;
	struct err e;

	for (size_t i = 0; i < n; i++) {
		int fd = accept(listening, NULL, NULL);

		conn_init(&c, fd, net_now() + ASKING_MS);
		read_command(&c, &command);
		says = scenes[i].says;
		if (str_eq(command, STR("zINSTREAM")) && str_eq(says, STR("COUNT")))
			says = str_fmt(a, "stream: Bytes-%zu FOUND%c", content_bytes(&c), 0);
		if (conn_write(&c, says, &e) < 0 || conn_flush(&c, &e) < 0)
			_exit(1);
		if (scenes[i].stays)
			pause();
		close(fd);
	}
	_exit(0);
}

static pid_t start_peer(const struct scene *scenes, size_t n)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	CLEAN_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", fake_socket);
	unlink(fake_socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(fd, 5), 0);
	pid = fork();
	if (pid == 0)
		play(fd, scenes, n);
	return pid;
}

static int ask_peer(const struct scene *scenes, size_t n, struct str content, int64_t ms,
		    struct str *virus, struct err *e)
{
	pid_t pid = start_peer(scenes, n);
	CLEAN_FD int fd = file_of(content);
	int result = clamd_scan(a, fake_socket, fd, net_now() + ms, virus, e);

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return result;
}

static void test_content_is_sent_where_the_descriptor_is_refused(void **state)
{
	static const struct str refusals[] = {
		STR_INIT("UNKNOWN COMMAND\0"),
		STR_INIT("fd[10]: Can't access file ERROR\0"),
		STR_INIT("No file descriptor received. ERROR\0"),
	};
	char *large = arena_alloc(a, 300001);
	struct str virus;
	struct err e;

	(void)state;
	memset(large, 'x', 300001);
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct scene scenes[] = { { .says = refusals[i] }, { .says = STR("COUNT") } };

		assert_int_equal(ask_peer(scenes, 2, (struct str){ large, 300001 }, ASKING_MS,
					  &virus, &e), 0);
		assert_string_equal(str_z(a, virus), "Bytes-300001");
	}
}

static void test_refused_both_ways(void **state)
{
	struct scene scenes[] = {
		{ .says = STR("UNKNOWN COMMAND\0") },
		{ .says = STR("INSTREAM size limit exceeded. ERROR\0") },
	};
	char *large = arena_alloc(a, 5 << 20); /* more than the socket holds */
	struct str virus;
	struct err e;

	(void)state;
	assert_int_equal(ask_peer(scenes, 2, (struct str){ large, 5 << 20 }, ASKING_MS, &virus, &e),
			 -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_non_null(strstr(e.msg, "size limit exceeded"));
}

static void test_clean_before_the_end_of_the_content_is_no_answer(void **state)
{
	struct scene scenes[] = { { .says = STR("UNKNOWN COMMAND\0") },
				  { .says = STR("stream: OK\0") } };
	char *large = arena_alloc(a, 5 << 20);
	struct str virus;
	struct err e;

	(void)state;
	assert_int_equal(ask_peer(scenes, 2, (struct str){ large, 5 << 20 }, ASKING_MS, &virus, &e),
			 -1);
	assert_int_equal(e.code, ERR_TEMP);
}

static void test_odd_answers_are_errors(void **state)
{
	static const struct str odd[] = {
		STR_INIT(""), STR_INIT("\0"), STR_INIT("fd[10]: OK"), STR_INIT("fd[10]: O"),
		STR_INIT("OK\0"), STR_INIT(": OK\0"), STR_INIT("fd[10]: ok\0"),
		STR_INIT("fd[10]: OK\n\0"), STR_INIT("fd[10]: OK OK\0"), STR_INIT("fd[10]:OK\0"),
		STR_INIT("fd[10]: FOUND\0"), STR_INIT("fd[10]:   FOUND\0"), STR_INIT("X FOUND\0"),
		STR_INIT("fd[10]: A\x1b[2J FOUND\0"), STR_INIT("fd[10]: A\rB FOUND\0"),
		STR_INIT("fd[10]: OK\0fd[10]: A FOUND\0"), STR_INIT("PONG\0"),
		STR_INIT("HTTP/1.0 400 Bad request\r\n\r\n"),
	};
	struct str virus = STR("untouched");
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct scene scene = { .says = odd[i] };

		if (ask_peer(&scene, 1, STR("x"), ASKING_MS, &virus, &e) == 0)
			fail_msg("taken for an answer: %.*s", STR_ARG(odd[i]));
		assert_int_equal(e.code, ERR_TEMP);
		assert_true(str_eq(virus, STR("untouched")));
	}
}

static void test_endless_answer(void **state)
{
	char *flood = arena_alloc(a, 100000);
	struct scene scene = { .says = { flood, 100000 }, .stays = true };
	struct str virus;
	struct err e;

	(void)state;
	memset(flood, 'A', 100000);
	assert_int_equal(ask_peer(&scene, 1, STR("x"), ASKING_MS, &virus, &e), -1);
	assert_non_null(strstr(e.msg, "too long"));
}

static void test_silence_ends_at_the_deadline(void **state)
{
	struct scene silent = { .says = STR(""), .stays = true };
	struct scene half = { .says = STR("fd[10]: "), .stays = true };
	int64_t before = net_now();
	struct str virus;
	struct err e;

	(void)state;
	assert_int_equal(ask_peer(&silent, 1, STR("x"), 100, &virus, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_int_equal(ask_peer(&half, 1, STR("x"), 100, &virus, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_in_range(net_now() - before, 200, ASKING_MS);
}

static void test_answers(void **state)
{
	static const struct {
		const char *reply;
		enum clamd_answer answer;
		const char *name;
	} cases[] = {
		{ "fd[10]: OK", CLAMD_CLEAN, "" },
		{ "stream: OK", CLAMD_CLEAN, "" },
		{ "fd[10]: Eicar-Test-Signature FOUND", CLAMD_FOUND, "Eicar-Test-Signature" },
		{ "fd[10]: Heuristics.Encrypted.Zip FOUND", CLAMD_FOUND,
		  "Heuristics.Encrypted.Zip" },
		{ "fd[9]: A(44d88612fea8a8f36de82e1278abb02f:68) FOUND", CLAMD_FOUND,
		  "A(44d88612fea8a8f36de82e1278abb02f:68)" },
		{ "fd[10]: Can't allocate memory ERROR", CLAMD_REFUSED,
		  "Can't allocate memory ERROR" },
		{ "UNKNOWN COMMAND", CLAMD_REFUSED, "UNKNOWN COMMAND" },
	};
	enum clamd_answer answer;
	struct str name;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(clamd_parse(str_of(cases[i].reply), &answer, &name, &e), 0);
		assert_int_equal(answer, cases[i].answer);
		assert_string_equal(str_z(a, name), cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_clamd),
		cmocka_unit_test(test_position_of_the_file_does_not_matter),
		cmocka_unit_test(test_no_daemon),
		cmocka_unit_test(test_content_is_sent_where_the_descriptor_is_refused),
		cmocka_unit_test(test_refused_both_ways),
		cmocka_unit_test(test_clean_before_the_end_of_the_content_is_no_answer),
		cmocka_unit_test(test_odd_answers_are_errors),
		cmocka_unit_test(test_endless_answer),
		cmocka_unit_test(test_silence_ends_at_the_deadline),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
