/* check_razor2 against a small server of our own: whom it asks, what the answers mean. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "gw/spam/net_testing.h"

/* One part, with one signature of each engine. */
#define MAIL "From: a@b.com\n\nBuy now at http://shop.example.com/\n"
#define RULES                                                                                      \
	"loadplugin Mail::SpamAssassin::Plugin::Razor2\nfull R eval:check_razor2()\n"              \
	"tflags R net\nfull S eval:check_razor2_range('', '51', '100')\ntflags S net\n"            \
	"full S4 eval:check_razor2_range('4', '51', '100')\ntflags S4 net\n"                       \
	"full S8 eval:check_razor2_range('8', '51', '100')\ntflags S8 net\nmeta M !R\n"
#define STATE "-ac=20\r\nbql=4\r\nse=C8\r\n.\r\n"

enum { PATIENCE_S = 20 };

/* What the server says; NULL: it hangs up. */
struct says {
	const char *greeting, *state, *answer4, *answer8, *servers;
	int connections; /* so many mails, or talks of one; 0: one */
};

/* What it was asked for besides signatures, as bits of its exit status. */
enum { ASKED_STATE = 1, ASKED_SERVERS = 2, ASKED_NAME = 4, ASKED_WRONG = 8 };

static int server;
static uint16_t port;
static char home[] = "/tmp/razor2-test-XXXXXX";

static int open_server(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(addr);

	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server >= 0 && mkdtemp(home));
	assert_int_equal(bind(server, (struct sockaddr *)&addr, size), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&addr, &size), 0);
	assert_int_equal(listen(server, 8), 0);
	port = ntohs(addr.sin_port);
	return open_arena(state);
}

static const char *in_home(const char *name)
{
	return str_z(a, str_fmt(a, "%s/%s", home, name));
}

/* Nothing is remembered, neither on disk nor by the worker. */
static void forget(void)
{
	unlink(in_home("servers.catalogue.lst"));
	unlink(in_home("server.127.0.0.1.conf"));
	health = spam_list_health_new(a);
}

static int close_server(void **state)
{
	forget();
	unlink(in_home("razor-agent.conf"));
	rmdir(home);
	close(server);
	return close_arena(state);
}

static void say(FILE *f, const char *text)
{
	if (!text)
		_exit(0);
	fputs(text, f);
	fflush(f);
}

static int converse(int fd, const struct says *s)
{
	char line[1024];
	FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
	int asked = 0;
	bool batch = false;

	say(out, s->greeting);
	while (fgets(line, sizeof(line), in)) {
		const char *question = line + (line[0] == '-');

		if (strncmp(question, "a=c&", 4) == 0) {
			batch |= line[0] == '-';
			if (line[0] == '-')
				fputc('-', out);
			say(out, strstr(line, "&ep4=7542-10&s=") ? s->answer4 : s->answer8);
		} else if (batch && line[0] == '.') {
			batch = false;
			say(out, ".\r\n");
		} else if (strcmp(line, "a=g&pm=state\r\n") == 0) {
			asked |= ASKED_STATE;
			say(out, s->state);
		} else if (strcmp(line, "a=g&pm=csl\r\n") == 0) {
			asked |= ASKED_SERVERS;
			say(out, s->servers);
		} else if (strcmp(line, "cn=razor-agents&cv=2.84\r\n") == 0) {
			asked |= ASKED_NAME;
		} else {
			asked |= strcmp(line, "a=q\r\n") == 0 ? 0 : ASKED_WRONG;
			break;
		}
	}
	return asked;
}

static pid_t serve(const struct says *s)
{
	pid_t pid = fork();
	int asked = 0;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	alarm(PATIENCE_S);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < (s->connections ? s->connections : 1); i++)
		asked |= converse(accept(server, NULL, NULL), s);
	_exit(asked);
}

/* What the server was asked for. */
static int served(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static const struct spam_rules *rules_with(const char *lines)
{
	return load(str_z(a, str_fmt(a, RULES "razor_home %s\n%s", home, lines)), SPAM_SET_NET);
}

/* With this server alone. */
static const struct spam_rules *rules_of(const char *lines)
{
	return rules_with(str_z(a, str_fmt(a, "razor_server 127.0.0.1:%d\n%s", port, lines)));
}

static const char *agent_conf(const char *lines)
{
	struct file_attr attr = { .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	const char *path = in_home("razor-agent.conf");
	struct err e;

	assert_int_equal(file_replace(path, str_of(lines), &attr, &e), 0);
	return str_z(a, str_fmt(a, "razor_config %s\n", path));
}

static void expect_answers(const char *lines, const char *answer4, const char *answer8,
			   const char *want)
{
	struct says s = { "sn=C&srl=9&a=cg&ep4=7542-10\r\n", STATE, answer4, answer8, NULL, 1 };
	pid_t pid;
	const char *got;

	forget();
	know("");
	pid = serve(&s);
	got = hits(rules_of(lines), MAIL);
	assert_int_equal(served(pid), ASKED_STATE | ASKED_NAME);
	assert_string_equal(got, want);
}

static void answers(void **state)
{
	(void)state;
	expect_answers("", "p=1&cf=95\r\n", "p=0\r\n", "R S[cf:  95] S4[cf:  95]");
	expect_answers("", "p=0\r\n", "p=1&cf=100\r\n", "R S[cf: 100] S8[cf: 100]");
	expect_answers("", "p=1&cf=20\r\n", "p=0\r\n", "R");
	expect_answers("", "p=1&cf=19\r\n", "p=0\r\n", "M");
	expect_answers("", "p=1\r\n", "p=0\r\n", "R");
	expect_answers("", "p=1&cf=90\r\n", "p=0&ct=1\r\n", "M S[cf:  90] S4[cf:  90]");
	expect_answers("", "p=1&cf=90&ct=1\r\n", "p=1&cf=60&ct=1\r\n", "M");
	expect_answers("", "err=230\r\n", "err=500\r\n", "M");
	expect_answers("", "p=0&cf=60\r\n", "p=0\r\n", "M S[cf:  60] S4[cf:  60]");
}

static void thresholds(void **state)
{
	(void)state;
	expect_answers(agent_conf("min_cf = 40\n"), "p=1&cf=40\r\n", "p=0\r\n", "R");
	expect_answers(agent_conf("min_cf = 40\n"), "p=1&cf=39\r\n", "p=0\r\n", "M");
	expect_answers(agent_conf("min_cf = ac + 10\n"), "p=1&cf=30\r\n", "p=0\r\n", "R");
	expect_answers(agent_conf("min_cf = ac + 10\n"), "p=1&cf=29\r\n", "p=0\r\n", "M");
	expect_answers(agent_conf("min_cf=ac-5\nlogic_method = 5\n"), "p=1&cf=15\r\n", "p=0\r\n",
		       "R");
	expect_answers(agent_conf("logic_method = 1\n"), "p=1\r\n", "p=0&ct=1\r\n", "R");
	expect_answers(agent_conf("min_cf=ac-90\n"), "p=1&cf=0\r\n", "p=0\r\n", "R");
}

/* The settings of a server are asked for when it has new ones. */
static void server_state(void **state)
{
	struct says s = { "sn=C&srl=9\r\n", STATE, "p=1&cf=20\r\n", "p=0\r\n", NULL, 1 };
	const struct spam_rules *rules = rules_of("");
	pid_t pid;

	(void)state;
	forget();
	know("");
	pid = serve(&s);
	assert_string_equal(hits(rules, MAIL), "R");
	assert_int_equal(served(pid), ASKED_STATE);
	pid = serve(&s);
	assert_string_equal(hits(rules, MAIL), "R");
	assert_int_equal(served(pid), 0);
	s.greeting = "sn=C&srl=10\r\n";
	s.state = "ac=21\r\n";
	pid = serve(&s);
	assert_string_equal(hits(rules, MAIL), "M");
	assert_int_equal(served(pid), ASKED_STATE);
}

/* Who knows signatures is asked once, and again when that is old. */
static void discovery(void **state)
{
	struct says s = { "sn=C\r\n", STATE, "p=1&cf=99\r\n", "p=0\r\n", NULL, 2 };
	struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	const struct spam_rules *rules = rules_with(
		agent_conf(str_z(a, str_fmt(a, "razordiscovery = 127.0.0.1:%d\n", port))));
	pid_t pid;

	(void)state;
	s.servers = str_z(a, str_fmt(a, "-csl=../../x\r\ncsl=127.0.0.1%%3A%d\r\n.\r\n", port));
	forget();
	know("");
	pid = serve(&s);
	assert_string_equal(hits(rules, MAIL), "R S[cf:  99] S4[cf:  99]");
	assert_int_equal(served(pid), ASKED_STATE | ASKED_SERVERS);
	s.connections = 1;
	pid = serve(&s);
	assert_string_equal(hits(rules, MAIL), "R S[cf:  99] S4[cf:  99]");
	assert_int_equal(served(pid), 0);
	/* It is 2001 in this test. */
	assert_int_equal(utimensat(AT_FDCWD, in_home("servers.catalogue.lst"), old, 0), 0);
	s.connections = 2;
	pid = serve(&s);
	assert_string_equal(hits(rules, MAIL), "R S[cf:  99] S4[cf:  99]");
	assert_int_equal(served(pid), ASKED_SERVERS);
	assert_int_equal(table.asked.n, 0);
}

/* A server of the list that is gone; the other one is asked, and none of them when both are. */
static void next_one(void **state)
{
	struct file_attr attr = { .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct says s = { "sn=C\r\n", STATE, "p=1&cf=99\r\n", "p=0\r\n", NULL, 1 };
	const struct spam_rules *rules = rules_with(agent_conf("turn_off_discovery = 1\n"));
	struct str list = str_fmt(a, "127.0.0.1:1\ngone.example\n127.0.0.1:%d\n", port);
	struct err e;
	pid_t pid;

	(void)state;
	forget();
	know("");
	assert_int_equal(file_replace(in_home("servers.catalogue.lst"), list, &attr, &e), 0);
	pid = serve(&s);
	assert_string_equal(hits(rules, MAIL), "R S[cf:  99] S4[cf:  99]");
	served(pid);
	forget();
	assert_string_equal(hits(rules, MAIL), "M");
}

static void hostile(void **state)
{
	static const struct says cases[] = {
		{ NULL, NULL, NULL, NULL, NULL, 1 },
		{ "220 mail.example ESMTP\r\n", NULL, NULL, NULL, NULL, 1 },
		{ "sn=C\r\nsn=C\r\n", NULL, NULL, NULL, NULL, 1 },
		{ "sn=C\r\n", NULL, NULL, NULL, NULL, 1 },
		{ "sn=C\r\n", "-\r\n.\r\n", NULL, NULL, NULL, 1 },
		{ "sn=C\r\n", STATE, "p=1\r\np=1\r\n", "p=1\r\n", NULL, 1 },
		{ "sn=C\r\n", STATE, "", "p=1\r\n", NULL, 1 },
		{ "sn=C\r\n", STATE, NULL, NULL, NULL, 1 },
		{ "sn=C\r\n", STATE, "p=2&cf=100000000000\r\n", "p=11&cf=x&ct=\r\n", NULL, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pid_t pid;

		forget();
		know("");
		pid = serve(&cases[i]);
		assert_string_equal(hits(rules_of(""), MAIL), "M");
		served(pid);
	}
}

/* A server that says nothing holds a mail up no longer than told, and soon none any more. */
static void silence(void **state)
{
	const struct spam_rules *rules = rules_of("razor_timeout 0.05\n");
	struct pollfd fd = { server, POLLIN, 0 };
	int64_t from = net_now();

	(void)state;
	forget();
	know("");
	for (int i = 0; i < 3; i++) {
		assert_string_equal(hits(rules, MAIL), "M");
		assert_int_equal(poll(&fd, 1, 0), 1);
		close(accept(server, NULL, NULL));
	}
	assert_string_equal(hits(rules, MAIL), "M");
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_true(net_now() - from < 5000);
}

static void nothing_to_ask(void **state)
{
	struct pollfd fd = { server, POLLIN, 0 };

	(void)state;
	forget();
	know("");
	assert_string_equal(hits(rules_of("use_razor2 0\n"), MAIL), "M");
	assert_string_equal(hits(rules_of(""), "From: a@b.com\n\n \n"), "M");
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_string_equal(hits(rules_with("razor_timeout 5s\n"), MAIL), "M");
	assert_int_equal(table.asked.n, 2);
	assert_true(str_eq(table.asked.p[0]->name, STR("discovery.razor.cloudmark.com")));
}

static void put_whitelist(const char *name, const char *text)
{
	struct file_attr attr = { .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct err e;

	assert_int_equal(file_replace(in_home(name), str_of(text), &attr, &e), 0);
}

/* About mails on it no server is asked, wherever the file is; a wrong line is noted. */
static void whitelist(void **state)
{
	struct pollfd fd = { server, POLLIN, 0 };
	const char *elsewhere = str_z(a, str_fmt(a, "whitelist = %s\n", in_home("mine")));
	struct spam_conf_paths paths = { .lines = true, .set = SPAM_SET_NET };
	struct spam_rules *rules;
	struct err e;

	(void)state;
	forget();
	know("");
	put_whitelist("razor-whitelist", "from @b\\.com\n");
	assert_string_equal(hits(rules_of(""), MAIL), "M");
	put_whitelist("razor-whitelist", "\nfrom\nto x\nsha1 00\n");
	paths.extra = str_fmt(a, CONF RULES "razor_home %s\n", home);
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
	assert_int_equal(report.unknown.n, 2);
	assert_int_equal(report.unknown.p[0].line, 2);
	assert_string_equal(str_z(a, report.unknown.p[1].file), in_home("razor-whitelist"));
	assert_int_equal(unlink(in_home("razor-whitelist")), 0);
	put_whitelist("mine", "from a@b\n");
	assert_string_equal(hits(rules_of(agent_conf("whitelist = mine\n")), MAIL), "M");
	assert_string_equal(hits(rules_of(agent_conf(elsewhere)), MAIL), "M");
	assert_int_equal(unlink(in_home("mine")), 0);
	assert_int_equal(poll(&fd, 1, 0), 0);
	expect_answers("", "p=1&cf=95\r\n", "p=0\r\n", "R S[cf:  95] S4[cf:  95]");
}

static void settings(void **state)
{
	static const char *const wrong[] = {
		"razor_server a:b\n",   "razor_server ../x\n",
		"razor_timeout soon\n", "razor_config /does/not/exist\n",
		"use_razor2 perhaps\n", "razor_home\n",
	};
	static const char *const not_understood[] = {
		"min_cf = bc\n",          "min_cf = ac*2\n",       "min_cf = 101\n",
		"logic_method = 6\n",     "logic_engines = all\n", "razordiscovery = a/b\n",
		"rediscovery_wait = x\n",
	};
	struct spam_conf_paths paths = { .lines = true, .set = SPAM_SET_NET };
	struct spam_rules *rules;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong) + ARRAY_LEN(not_understood); i++) {
		const char *line = i < ARRAY_LEN(wrong)
					   ? wrong[i]
					   : agent_conf(not_understood[i - ARRAY_LEN(wrong)]);

		paths.extra = str_fmt(a, CONF RULES "%s", line);
		assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
		if (report.unknown.n != 1)
			fail_msg("%s", line);
	}
	rules_with(agent_conf("# a comment\nlogfile = syslog\nmin_cf = ac\nlogic_method = 4\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),      cmocka_unit_test(thresholds),
		cmocka_unit_test(server_state), cmocka_unit_test(discovery),
		cmocka_unit_test(next_one),     cmocka_unit_test(hostile),
		cmocka_unit_test(silence),      cmocka_unit_test(nothing_to_ask),
		cmocka_unit_test(whitelist),    cmocka_unit_test(settings),
	};

	return cmocka_run_group_tests_name("spam razor2", tests, open_server, close_server);
}
