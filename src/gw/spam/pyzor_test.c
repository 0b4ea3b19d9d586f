/* check_pyzor against a small server of our own: what it is asked, what its answers mean. */
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "gw/spam/net_testing.h"

/* The digest of this text by Pyzor's own client. */
#define MAIL "From: a@b.com\n\nBuy now at our shop today, while there are some.\n"
#define DIGEST "8231b7dbd62acc7d822e764d36ddd86192db514d"

static int server;
static char file[] = "/tmp/pyzor-test-XXXXXX";

static int open_server(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(addr);
	int fd = mkstemp(file);

	server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && server >= 0);
	assert_int_equal(bind(server, (struct sockaddr *)&addr, size), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&addr, &size), 0);
	dprintf(fd, "# servers\n127.0.0.1:%d\n", ntohs(addr.sin_port));
	close(fd);
	return open_arena(state);
}

static int close_server(void **state)
{
	close(server);
	unlink(file);
	return close_arena(state);
}

/* Answers one question about DIGEST with `counts`; what comes first is not for us. */
static void serve(const char *counts)
{
	char packet[8192];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	ssize_t n =
		recvfrom(server, packet, sizeof(packet) - 1, 0, (struct sockaddr *)&from, &size);
	char *thread;

	packet[n > 0 ? n : 0] = '\0';
	thread = strstr(packet, "\nThread: ");
	if (!strstr(packet, "Op: check\nOp-Digest: " DIGEST "\n") || !thread)
		_exit(1);
	sendto(server, "junk", 4, 0, (struct sockaddr *)&from, size);
	n = snprintf(packet, sizeof(packet), "Code: 200\nDiag: OK\nPV: 2.1\nThread: %ld\n%s\n",
		     strtol(thread + 9, NULL, 10), counts);
	sendto(server, packet, (size_t)n, 0, (struct sockaddr *)&from, size);
}

/* `times`: so often the server is asked. */
static const char *hits_of(const char *lines, const char *counts, int times)
{
	struct str conf = str_fmt(a,
				  "loadplugin Mail::SpamAssassin::Plugin::Pyzor\n"
				  "pyzor_server_file %s\n%sfull P eval:check_pyzor()\n"
				  "tflags P net\nmeta M !P\n",
				  file, lines);
	const struct spam_rules *rules = load(str_z(a, conf), SPAM_SET_NET);
	const char *out;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		while (times-- > 0)
			serve(counts);
		_exit(0);
	}
	know("");
	out = hits(rules, MAIL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return out;
}

static const char *hits_with(const char *lines, const char *counts)
{
	return hits_of(lines, counts, 1);
}

static void counts(void **state)
{
	(void)state;
	assert_string_equal(hits_with("", "Count: 5\nWL-Count: 0\n"), "P");
	assert_string_equal(hits_with("", "Count: 4\nWL-Count: 0\n"), "M");
	assert_string_equal(hits_with("pyzor_count_min 4\n", "Count: 4\nWL-Count: 0\n"), "P");
	assert_string_equal(hits_with("", "Count: 50\nWL-Count: 9\n"), "P");
	assert_string_equal(hits_with("", "Count: 50\nWL-Count: 10\n"), "M");
	assert_string_equal(hits_with("", "Count: 51\nWL-Count: 10\n"), "P");
	assert_string_equal(hits_with("pyzor_whitelist_factor 0.5\n", "Count: 50\nWL-Count: 20\n"),
			    "P");
	assert_string_equal(hits_with("", "Count: 1000000\nWL-Count: 0\n"), "M");
}

/* What several servers count is added up; one that does not answer does not matter. */
static void several(void **state)
{
	const char *lines;
	struct str text;
	struct err e;
	char list[] = "/tmp/pyzor-test-XXXXXX";
	int fd = mkstemp(list);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(file_read(a, file, 4096, &text, &e), 0);
	text = str_fmt(a, "%.*s127.0.0.1:1\n%.*s", STR_ARG(text), STR_ARG(text));
	assert_int_equal(file_write_all(fd, text, &e), 0);
	close(fd);
	lines = str_z(a, str_fmt(a, "pyzor_server_file %s\n", list));
	assert_string_equal(hits_of(lines, "Count: 3\nWL-Count: 0\n", 2), "P");
	assert_string_equal(hits_of(lines, "Count: 2\nWL-Count: 0\n", 2), "M");
	unlink(list);
}

/* Nobody answers: the mail waits no longer than for the DNS. */
static void silence(void **state)
{
	struct str conf = str_fmt(a,
				  "loadplugin Mail::SpamAssassin::Plugin::Pyzor\n"
				  "pyzor_server_file %s\nrbl_timeout 0.05\n"
				  "full P eval:check_pyzor()\ntflags P net\nmeta M !P\n",
				  file);
	int64_t from = net_now();

	(void)state;
	know("");
	assert_string_equal(hits(load(str_z(a, conf), SPAM_SET_NET), MAIL), "M");
	assert_true(net_now() - from < 5000);
	know("");
	assert_string_equal(hits(load("loadplugin Mail::SpamAssassin::Plugin::Pyzor\n"
				      "full P eval:check_pyzor()\ntflags P net\nmeta M !P\n",
				      SPAM_SET_NET),
				 MAIL),
			    "M");
	assert_int_equal(table.asked.n, 2);
	assert_true(str_eq(table.asked.p[0]->name, STR("public.pyzor.org")));
	know("");
	assert_string_equal(hits(load("loadplugin Mail::SpamAssassin::Plugin::Pyzor\nuse_pyzor 0\n"
				      "full P eval:check_pyzor()\ntflags P net\nmeta M !P\n",
				      SPAM_SET_NET),
				 MAIL),
			    "M");
	assert_int_equal(table.asked.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(several),
		cmocka_unit_test(silence),
	};

	return cmocka_run_group_tests_name("spam pyzor", tests, open_server, close_server);
}
