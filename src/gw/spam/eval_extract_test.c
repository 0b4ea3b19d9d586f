/*
 * ExtractText with programs that misbehave; tests/spam/extract_cases.py has the documents on which
 * SpamAssassin agrees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/net.h"
#include "gw/spam/eval_extract.h"
#include "gw/spam/markup.h"
#include "gw/spam/ruleset.h"

enum { PATIENCE_MS = 30000 };

#define PART "--X\nContent-Type: application/octet-stream; name=a.x\n\nthe document\n"
#define MAIL(parts)                                                                                \
	"Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=X\n\n" parts       \
	"--X--\n"

static char dir[] = "/tmp/extract-test-XXXXXX";
static struct arena *a;
static struct spam_rules *rules;
static struct spam_load_report report;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 512u << 20);
	return mkdtemp(dir) ? 0 : -1;
}

static int close_arena(void **state)
{
	(void)state;
	unlink(str_z(a, str_fmt(a, "%s/tool", dir)));
	arena_close(a);
	return rmdir(dir);
}

static void load(const char *lines)
{
	struct spam_conf_paths paths = { .lines = true, .set = SPAM_SET_LOCAL };
	struct err e;

	paths.extra =
		str_fmt(a, "loadplugin " CONF_PLUGIN "ExtractText\nheader __A A =~ /./\n%s", lines);
	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0)
		fail_msg("%s", e.msg);
}

static struct spam_result check(const char *mail)
{
	struct spam_envelope env = { .now = 1000000000 };
	struct spam_result r;
	struct err e;

	if (spam_check(a, rules, str_of(mail), &env, 0, &r, &e) < 0)
		fail_msg("%s", e.msg);
	return r;
}

/* Checks a mail whose parts go through a script, with more settings. */
static struct spam_result check_with(const char *interpreter, const char *script,
				     const char *settings, const char *mail)
{
	const char *tool = str_z(a, str_fmt(a, "%s/tool", dir));
	const struct file_attr attr = { 0755, (uid_t)-1, (gid_t)-1 };
	struct err e;

	if (file_replace(tool, str_fmt(a, "#!%s\n%s\n", interpreter, script), &attr, &e) < 0)
		fail_msg("%s", e.msg);
	load(str_z(a, str_fmt(a, "extracttext_external tool %s {}\nextracttext_use tool .x\n%s",
			      tool, settings)));
	return check(mail);
}

/* The value of a pseudo header, NULL if there is none. */
static const char *header(const struct spam_result *r, const char *name)
{
	struct spam_header_query q = spam_header_query_parse(str_of(name));
	struct str text;

	return spam_header_text(r->message, &q, &text) ? str_z(a, text) : NULL;
}

static const char *body(const struct spam_result *r)
{
	struct spam_texts lines = spam_body(r->message);
	struct str all = STR("");

	for (size_t i = 1; i < lines.n; i++)
		all = str_cat(a, all, lines.v[i]);
	return str_z(a, str_trim(all));
}

static void test_text_and_headers(void **state)
{
	struct spam_result r =
		check_with("/bin/sh", "tr d D <$1; echo \" NoText\"", "", MAIL(PART));

	(void)state;
	assert_string_equal(body(&r), "the Document NoText");
	assert_string_equal(header(&r, "X-ExtractText-Chars"), "20");
	assert_string_equal(header(&r, "X-ExtractText-Words"), "2");
	assert_string_equal(header(&r, "X-ExtractText-Tools"), "tool");
	assert_string_equal(header(&r, "X-ExtractText-Types"), "application/octet-stream");
	assert_string_equal(header(&r, "X-ExtractText-Extensions"), "x");
	assert_string_equal(header(&r, "X-ExtractText-Flags"), "NoText");
	assert_string_equal(header(&r, "X-ExtractText-Uris"), "");
}

static void test_tags(void **state)
{
	struct spam_result r = check_with("/bin/sh", "cat $1", "", MAIL(PART));
	struct spam_checked c = { .rules = rules, .result = &r };
	struct str out;
	struct err e;

	(void)state;
	assert_int_equal(spam_expand(a, &c, STR("_EXTRACTTEXTCHARS_ _EXTRACTTEXTTOOLS_ _EXTRACT_"),
				     &out, &e),
			 0);
	assert_string_equal(str_z(a, out), "12 tool _EXTRACT_");
}

/* It takes its time, and what it has started goes with it; what it had printed counts. */
static void test_hang(void **state)
{
	int64_t began = net_now(), pid;
	struct spam_result r = check_with("/bin/sh", "sleep 1000 & echo $!; wait",
					  "extracttext_timeout 1\n", MAIL(PART));

	(void)state;
	assert_in_range(net_now() - began, 1000, PATIENCE_MS);
	assert_true(str_int(str_of(body(&r)), 2, INT32_MAX, &pid));
	while (kill((pid_t)pid, 0) == 0) {
		CLEAN_FD int fd = open(str_z(a, str_fmt(a, "/proc/%d/stat", (int)pid)), O_RDONLY);
		char stat[512] = "";

		/* A zombie stays where nobody adopts orphans. */
		if (fd < 0 || read(fd, stat, sizeof(stat) - 1) <= 0 || strstr(stat, ") Z "))
			break;
		assert_true(net_now() - began < PATIENCE_MS);
	}
}

static void test_many_hang(void **state)
{
	int64_t began = net_now();
	struct spam_result r = check_with("/bin/sh", "exec sleep 1000", "extracttext_timeout 1 1\n",
					  MAIL(PART PART PART PART PART PART PART PART));

	(void)state;
	assert_in_range(net_now() - began, 1000, 5000);
	assert_string_equal(header(&r, "X-ExtractText-Flags"), "NoText");
}

static void test_flood(void **state)
{
	struct spam_result r =
		check_with("/bin/sh", "exec yes", "extracttext_maxparts 0\n", MAIL(PART));

	(void)state;
	assert_string_equal(header(&r, "X-ExtractText-Chars"),
			    str_z(a, str_fmt(a, "%d", EXTRACT_TEXT_MAX)));
	r = check(MAIL(PART PART PART PART PART PART PART PART PART PART PART));
	assert_string_equal(header(&r, "X-ExtractText-Chars"),
			    str_z(a, str_fmt(a, "%d", EXTRACT_ALL_MAX)));
	r = check_with("/bin/sh", "exec yes >&2", "", MAIL(PART));
	assert_string_equal(header(&r, "X-ExtractText-Flags"), "NoText");
}

static void test_failures(void **state)
{
	struct spam_result r;

	(void)state;
	r = check_with("/bin/sh", "echo text; exit 1", "", MAIL(PART));
	assert_string_equal(body(&r), "");
	assert_null(header(&r, "X-ExtractText-Tools"));
	/* By a signal: it follows a wild pointer. */
	r = check_with("/usr/bin/perl", "$| = 1; print 'text'; print unpack 'p', pack 'J', 1;", "",
		       MAIL(PART));
	assert_string_equal(body(&r), "");
	r = check_with("/usr/bin/perl", "print 'text'; $x = 'x' x (2 << 30);", "", MAIL(PART));
	assert_string_equal(body(&r), "");
	/* It has gone since the rules were loaded. */
	assert_int_equal(unlink(str_z(a, str_fmt(a, "%s/tool", dir))), 0);
	r = check(MAIL(PART));
	assert_null(header(&r, "X-ExtractText-Tools"));
}

static void test_missing_program(void **state)
{
	struct spam_result r;

	(void)state;
	load("extracttext_external no /nonexistent/no {}\nextracttext_use no .x\n"
	     "extracttext_external cat /bin/cat {}\nextracttext_use cat .*\\.x\n");
	assert_int_equal(report.unknown.n, 0);
	r = check(MAIL(PART));
	assert_string_equal(header(&r, "X-ExtractText-Tools"), "cat");
}

static void test_wrong_settings(void **state)
{
	static const char *const lines[] = {
		"extracttext_external",
		"extracttext_external cat",
		"extracttext_external cat /bin/cat",
		"extracttext_external cat bin/cat {}",
		"extracttext_external cat /usr/bin/pdf2html {}",
		"extracttext_use",
		"extracttext_use cat",
		"extracttext_use cat (",
		"extracttext_maxparts x",
		"extracttext_maxparts -1",
		"extracttext_timeout",
		"extracttext_timeout x",
		"extracttext_timeout 1 x",
		"extracttext_timeout 1 2 3",
		"extracttext_timeout 601",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		load(lines[i]);
		if (report.unknown.n != 1)
			fail_msg("%s: %zu notes", lines[i], report.unknown.n);
	}
	load("extracttext_external cat /bin/cat {}\nextracttext_external CAT /bin/cat -\n");
	assert_int_equal(report.unknown.n, 1);
	load("extracttext_use cat .a .b/c\nextracttext_timeout 1 2\nextracttext_maxparts 0\n");
	assert_int_equal(report.unknown.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_and_headers),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_many_hang),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_missing_program),
		cmocka_unit_test(test_wrong_settings),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
