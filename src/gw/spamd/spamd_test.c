/* Answers to requests; those of 4.0.1's spamd are held to by tests/spam/compare_spamd.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "gw/spam/learnt.h"
#include "gw/spamd/spamd.h"

static struct arena *a, *work;
static struct spam_rules *rules;
static bool tells; /* as --allow-tell */

/* What is answered to a client that says all this and then is silent. */
static const char *ask_bytes(struct str request)
{
	const struct spamd s = { .rules = rules, .hostname = "host.example", .allow_tell = tells };
	static struct conn c;
	char *answer = arena_alloc(a, 1 << 16);
	size_t got = 0;
	ssize_t more;
	struct err e;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(send(pair[1], request.p, request.n, 0), (ssize_t)request.n);
	shutdown(pair[1], SHUT_WR);
	conn_init(&c, pair[0], 0);
	(void)!spamd_serve(&c, work, &s, &e);
	close(pair[0]);
	while ((more = read(pair[1], answer + got, (1 << 16) - 1 - got)) > 0)
		got += (size_t)more;
	close(pair[1]);
	answer[got] = '\0';
	return answer;
}

static const char *ask(const char *request)
{
	return ask_bytes(str_of(request));
}

#define SPAM "Subject: x\n\nspam\n"

static void commands(void **state)
{
	static const struct {
		const char *request, *answer;
	} cases[] = {
		{ "PING SPAMC/1.5\r\n", "SPAMD/1.5 0 PONG\r\n" },
		{ "SKIP SPAMC/1.5\r\n", "" },
		{ "CHECK SPAMC/1.5\r\n\r\n" SPAM,
		  "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 6.0 / 5.0\r\n\r\n" },
		{ "CHECK SPAMC/1.5\r\nContent-length: 17\r\nUser: x\r\n\r\n" SPAM,
		  "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 6.0 / 5.0\r\n\r\n" },
		{ "SYMBOLS SPAMC/1.3\r\n\r\n" SPAM,
		  "SPAMD/1.1 0 EX_OK\r\nContent-length: 7\r\nSpam: True ; 6.0 / 5.0\r\n\r\n"
		  "ANOTHER" },
		{ "SYMBOLS SPAMC/1.2\r\n\r\n" SPAM,
		  "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 6.0 / 5.0\r\n\r\nANOTHER\r\n" },
		{ "REPORT_IFSPAM SPAMC/1.5\r\n\r\n\nham\n",
		  "SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: No ; 0.0 / 5.0\r\n\r\n" },
		{ "PROCESS SPAMC/1.0\r\n\nham\n", "SPAMD/1.0 0 EX_OK\r\n\nham\n" },
		{ "HEADERS SPAMC/1.2\r\n\r\nA: b\n\nham\n",
		  "SPAMD/1.1 0 EX_OK\r\nContent-length: 6\r\n\r\nA: b\n\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(ask(cases[i].request), cases[i].answer);
}

static void wrong_requests(void **state)
{
#define NO_ZLIB "SPAMD/1.0 69 Service Unavailable: zlib: "
#define BAD "SPAMD/1.0 76 Bad header line: "
	static const struct {
		const char *request, *answer;
	} cases[] = {
		{ "", BAD "(closed before headers)\r\n" },
		{ "HELO x\r\n", BAD "(unknown command)\r\n" },
		{ "CHECK SPAMC/x\r\n", BAD "(unknown command)\r\n" },
		{ "CHECK SPAMC/1.5\r\n", BAD "(EOF during headers)\r\n" },
		{ "CHECK SPAMC/1.5\r\nnonsense\r\n",
		  BAD "(header not in 'Name: value' format)\r\n" },
		{ "CHECK SPAMC/1.5\r\nContent-length: 20\r\n\r\n" SPAM,
		  BAD "(Content-Length mismatch: Expected 20 bytes, got 17 bytes)\r\n" },
		{ "CHECK SPAMC/1.5\r\nContent-length: 99999999999\r\n\r\n",
		  BAD "(Content-Length contains non-numeric bytes, or is too large)\r\n" },
		{ "CHECK SPAMC/1.5\r\nCompress: zlib\r\n\r\n" SPAM,
		  "SPAMD/1.0 69 Service Unavailable: Compress requires Content-length "
		  "header\r\n" },
		{ "CHECK SPAMC/1.5\r\nCompress: gzip\r\nContent-length: 17\r\n\r\n" SPAM,
		  BAD "(compression type not supported)\r\n" },
		{ "CHECK SPAMC/1.5\r\nCompress: zlib\r\nContent-length: 17\r\n\r\n" SPAM,
		  NO_ZLIB "failed to find end of zlib stream\r\n" },
		{ "TELL SPAMC/1.5\r\nSet: local\r\nMessage-class: spam\r\n\r\n" SPAM,
		  "SPAMD/1.0 69 Service Unavailable: TELL commands are not enabled, set the "
		  "--allow-tell switch.\r\n" },
	};
	struct str many = STR("CHECK SPAMC/1.5\r\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(ask(cases[i].request), cases[i].answer);
	for (int i = 0; i <= SPAMD_HEADERS_MAX; i++)
		many = str_cat(a, many, STR("X: y\r\n"));
	assert_string_equal(ask(str_z(a, many)), BAD "(too many headers)\r\n");
}

/* A CHECK of `mail`, compressed, `missing` bytes less. */
static const char *ask_compressed(struct str mail, size_t missing)
{
	uLongf n = compressBound(mail.n);
	Bytef *packed = arena_alloc(a, n);

	assert_int_equal(compress(packed, &n, (const Bytef *)mail.p, mail.n), Z_OK);
	n -= missing;
	return ask_bytes(str_cat(a,
				 str_fmt(a, "CHECK SPAMC/1.5\r\nCompress: zlib\r\n"
					    "Content-length: %lu\r\n\r\n",
					 n),
				 (struct str){ (char *)packed, n }));
}

static void compressed(void **state)
{
	struct str huge = { arena_alloc(a, SPAM_MAIL_MAX + 1), SPAM_MAIL_MAX + 1 };

	(void)state;
	assert_string_equal(ask_compressed(STR(SPAM), 0),
			    "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 6.0 / 5.0\r\n\r\n");
	assert_string_equal(ask_compressed(STR(SPAM), 1),
			    NO_ZLIB "failed to find end of zlib stream\r\n");
	/* A bomb is put out in time. */
	memset((void *)(uintptr_t)huge.p, 'x', huge.n);
	assert_string_equal(ask_compressed(huge, 0), NO_ZLIB "the mail is too large\r\n");
}

/* Whether this process has locked the file, as another one sees it. */
static bool is_locked(const char *path)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = open(path, O_RDWR | O_CLOEXEC);

		_exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

/* Both work on one opening of the store: a second one's end would take the first one's locks. */
static void checks_and_lessons_share_the_store(void **state)
{
#define TELL "TELL SPAMC/1.5\r\nMessage-class: spam\r\nSet: local\r\n\r\n"
	char dir[] = "/tmp/spamd-test-XXXXXX";
	struct spam_rules *plain = rules;
	struct spam_load_report report;
	struct spam_conf_paths paths = { .lines = true };
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(dir));
	paths.extra = str_fmt(a, "loadplugin Mail::SpamAssassin::Plugin::Bayes\nuse_bayes 1\n"
				 "body B eval:check_bayes('0.5', '1')\ntflags B learn\n"
				 "score B 1\nbayes_path %s/bayes\n", dir);
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
	tells = true;
	assert_non_null(strstr(ask(TELL SPAM), "\r\nDidSet: local\r\n"));
	ask("CHECK SPAMC/1.5\r\n\r\n" SPAM);
	assert_non_null(strstr(ask(TELL SPAM "more\n"), "\r\nDidSet: local\r\n"));
	assert_true(is_locked(str_z(a, str_fmt(a, "%s/bayes.mdb-lock", dir))));
	assert_int_equal(learnt_remove(a, str_z(a, str_fmt(a, "%s/bayes.mdb", dir)), &e), 0);
	rmdir(dir);
	rules = plain;
	tells = false;
}

static int setup(void **state)
{
	struct spam_conf_paths paths = {
		.lines = true,
		.extra = STR("body ANOTHER /spam/\nscore ANOTHER 6\nuse_bayes 0\nclear_headers\n"
			     "bayes_auto_learn 0\n"),
	};
	struct spam_load_report report;
	struct err e;

	(void)state;
	a = arena_open("test", 1u << 30);
	work = arena_open("request", 1u << 30);
	return spam_rules_load(a, &paths, &rules, &report, &e);
}

static int teardown(void **state)
{
	(void)state;
	arena_close(work);
	arena_close(a);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(wrong_requests),
		cmocka_unit_test(compressed),
		cmocka_unit_test(checks_and_lessons_share_the_store),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
