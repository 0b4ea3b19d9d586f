/*
 * The archives of a mail as rules see them: which parts are taken for archives, what comes of it,
 * what is logged, and that it happens once and only if somebody asks.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/scan/scan.h"

#define PE "application/vnd.microsoft.portable-executable"

enum { LOG_MAX = 100000 };

static struct arena *a;
static struct magic *magic;
static struct cfg cfg;
static struct smtp_envelope env;
static char log_file[] = "/tmp/scan_archive_test.XXXXXX";
static int log_fd = -1, saved_stderr = -1;

static int open_all(void **state)
{
	struct err e;

	(void)state;
	a = arena_open("test", 256u << 20);
	cfg.clamav.archivemaxfiles = 1000;
	cfg.clamav.archivemaxrec = 5;
	env.sender = STR("x@y.example");
	log_fd = mkstemp(log_file);
	saved_stderr = dup(STDERR_FILENO);
	log_open_stderr(NULL);
	log_id("ID");
	return log_fd < 0 ? -1 : magic_load(a, MAGIC_DIR, &magic, &e);
}

static int close_all(void **state)
{
	(void)state;
	unlink(log_file);
	close(log_fd);
	close(saved_stderr);
	arena_close(a);
	return 0;
}

/* Log lines go to the file from here to logged(). */
static void log_begin(void)
{
	assert_int_equal(ftruncate(log_fd, 0), 0);
	assert_int_equal(lseek(log_fd, 0, SEEK_SET), 0);
	assert_true(dup2(log_fd, STDERR_FILENO) >= 0);
}

/* The lines, with # in place of a time. */
static const char *logged(void)
{
	struct str text;
	struct err e;
	struct buf b;

	assert_true(dup2(saved_stderr, STDERR_FILENO) >= 0);
	assert_int_equal(file_read(a, log_file, LOG_MAX, &text, &e), 0);
	buf_init(&b, a, LOG_MAX);
	for (size_t i = 0; i < text.n; i++) {
		if (i && text.p[i - 1] == '(' && ascii_is_digit(text.p[i])) {
			while (ascii_is_digit(text.p[i]))
				i++;
			buf_addc(&b, '#');
		}
		buf_addc(&b, text.p[i]);
	}
	return str_z(a, buf_str(&b));
}

static struct str encoded_sample(const char *name)
{
	const char *root = getenv("PMG_SOURCE_ROOT");
	struct str path = str_fmt(a, "%s/tests/corpus/archives/%s", root ? root : ".", name), raw;
	struct err e;
	struct buf b;

	assert_int_equal(file_read(a, str_z(a, path), 1 << 20, &raw, &e), 0);
	buf_init(&b, a, 1 << 20);
	enc_base64_add(&b, raw, STR("\n"));
	return buf_str(&b);
}

static struct scan *scan_of(struct str raw)
{
	struct scan_context *ctx = NEW(a, struct scan_context);
	struct scan *s;
	struct err e;

	ctx->cfg = &cfg;
	ctx->magic = magic;
	if (scan_open(a, ctx, "ID", "/nonexistent", raw, &env, false, 0, net_now() + 60000, &s, &e))
		fail_msg("%s", e.msg);
	return s;
}

/* 3: a zip; 4: an encrypted one; 5: a mail with 6, an arj; 7: said to be a rar; 8: a text, too. */
static struct scan *mixed_mail(void)
{
	static const char head[] = "Content-Transfer-Encoding: base64\n";
	struct str zip = encoded_sample("zip.zip");

	return scan_of(
		str_fmt(a,
			"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n"
			"--b\n%sContent-Type: application/pdf; name=x.zip\n\n%.*s"
			"--b\n%sContent-Type: application/zip; name=s.zip\n\n%.*s"
			"--b\nContent-Type: message/rfc822\n\n"
			"%sContent-Disposition: attachment; filename=a.arj\n\n%.*s"
			"--b\nContent-Type: application/X-Rar; name=r.rar\n\n\x01\x02\xff\x03\n"
			"--b\nContent-Type: application/zip; name=d.zip\n\n<html></html>\n"
			"--b--\n",
			head, STR_ARG(zip), head, STR_ARG(encoded_sample("zip-encrypted.zip")),
			head, STR_ARG(encoded_sample("arj.arj"))));
}

static const char *inside(struct scan *s, uint32_t aid)
{
	const struct scan_archive *in;
	struct err e;
	struct buf b;

	if (scan_part_archive(s, s->parts[aid - 1], &in, &e) < 0)
		fail_msg("%s", e.msg);
	buf_init(&b, a, LOG_MAX);
	for (size_t i = 0; i < in->n_names; i++)
		buf_addf(&b, "%.*s ", STR_ARG(in->names[i]));
	buf_addc(&b, '|');
	for (size_t i = 0; i < in->n_types; i++)
		buf_addf(&b, " %.*s", STR_ARG(in->types[i]));
	return str_z(a, buf_str(&b));
}

static void test_parts(void **state)
{
	struct scan *s = mixed_mail();

	(void)state;
	assert_int_equal(s->n_parts, 8);
	log_begin();
	assert_string_equal(inside(s, 3), "note.txt tool.exe | text/plain " PE);
	assert_string_equal(logged(),
			    "ID: found archive 'x.zip' (application/zip)\n"
			    "ID: unpack archive 'x.zip' done (# ms)\n"
			    "ID: found archive 's.zip' (application/zip)\n"
			    "ID: unpack failed - encrypted\n"
			    "ID: unpack archive 's.zip' done (# ms)\n"
			    "ID: found archive 'a.arj' (application/x-arj)\n"
			    "ID: unpack failed - no reader for application/x-arj\n"
			    "ID: unpack archive 'a.arj' done (# ms)\n"
			    "ID: found archive 'r.rar' (application/x-rar)\n"
			    "ID: unpack failed - broken: Unrecognized archive format\n"
			    "ID: unpack archive 'r.rar' done (# ms)\n"
			    "ID: found archive 'd.zip' (application/zip)\n"
			    "ID: unpack failed - broken: Unrecognized archive format\n"
			    "ID: unpack archive 'd.zip' done (# ms)\n");
	log_begin();
	assert_string_equal(inside(s, 1), "|");
	assert_string_equal(inside(s, 2), "|");
	assert_string_equal(inside(s, 4), "note.txt tool.exe | text/plain " PE " " SCAN_UNREADABLE);
	assert_string_equal(inside(s, 5), "|");
	assert_string_equal(inside(s, 6), "| " SCAN_UNREADABLE);
	assert_string_equal(inside(s, 7), "| " SCAN_UNREADABLE);
	assert_string_equal(inside(s, 8), "| " SCAN_UNREADABLE);
	assert_string_equal(logged(), "");
}

static void test_settings(void **state)
{
	struct scan *s;

	(void)state;
	cfg.clamav.archivemaxrec = 1;
	s = scan_of(str_fmt(a, "Content-Transfer-Encoding: base64\n\n%.*s",
			    STR_ARG(encoded_sample("tar.tar.gz"))));
	log_begin();
	assert_string_equal(inside(s, 1), "| application/x-tar " SCAN_UNREADABLE);
	assert_string_equal(logged(),
			    "ID: found archive '' (application/gzip)\n"
			    "ID: unpack failed - limit reached: archives inside archives\n"
			    "ID: unpack archive '' done (# ms)\n");
	cfg.clamav.archivemaxrec = 5;
}

static void test_virus(void **state)
{
	struct scan *s = mixed_mail();

	(void)state;
	s->virus = STR("EICAR (clamav)");
	log_begin();
	assert_string_equal(inside(s, 3), "|");
	assert_string_equal(logged(), "");
}

static void test_out_of_time(void **state)
{
	struct scan *s = mixed_mail();

	(void)state;
	s->deadline = net_now() - 1;
	log_begin();
	assert_string_equal(inside(s, 3), "| " SCAN_UNREADABLE);
	assert_non_null(
		strstr(logged(), "ID: unpack archive failed (# ms) - limit reached: time\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_virus),
		cmocka_unit_test(test_out_of_time),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
