/*
 * Files of every format (tests/corpus/archives), by what is in them: most hold note.txt and
 * dir/tool.exe. The printed form is "names | types | problem".
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/net.h"
#include "lib/archive/archive.h"
#include "lib/archive/result.h"
#include "lib/archive/sandbox.h"

#define PE "application/vnd.microsoft.portable-executable"
#define BOTH_TURNED "tool.exe note.txt | " PE " text/plain | "
#define BOTH "note.txt tool.exe | text/plain " PE " | "

static struct arena *a;
static struct magic *magic;

static int open_all(void **state)
{
	struct err e;

	(void)state;
	a = arena_open("test", 1 << 30);
	return magic_load(a, MAGIC_DIR, &magic, &e);
}

static int close_all(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct str read_sample(const char *name)
{
	const char *root = getenv("PMG_SOURCE_ROOT");
	struct str path = str_fmt(a, "%s/tests/corpus/archives/%s", root ? root : ".", name), out;
	struct err e;

	assert_int_equal(file_read(a, str_z(a, path), 1 << 20, &out, &e), 0);
	return out;
}

static struct archive_limits roomy(void)
{
	return (struct archive_limits){ .depth = 5, .files = 1000, .deadline = net_now() + 30000 };
}

static struct archive_input input(struct str name, struct str bytes)
{
	struct str by_bytes = magic_of_bytes(magic, bytes);

	return (struct archive_input){
		.type = archive_type(bytes, by_bytes, STR_NONE, magic_of_name(magic, name)),
		.name = name,
		.bytes = bytes,
	};
}

static struct archive_content list_with(const struct archive_input *in, struct archive_limits l)
{
	struct archive_content c;
	struct err e;

	assert_true(in->type.n);
	assert_int_equal(archive_list(a, magic, in, 1, &l, &c, &e), 0);
	return c;
}

static struct str print(const struct archive_content *c)
{
	struct buf b;

	buf_init(&b, a, 1 << 20);
	for (size_t i = 0; i < c->n_names; i++)
		buf_addf(&b, "%.*s ", STR_ARG(c->names[i]));
	buf_addz(&b, "| ");
	for (size_t i = 0; i < c->n_types; i++)
		buf_addf(&b, "%.*s ", STR_ARG(c->types[i]));
	buf_addf(&b, "| %.*s", STR_ARG(c->problem));
	return buf_str(&b);
}

static const char *listed(struct str name, struct str bytes)
{
	struct archive_input in = input(name, bytes);
	struct archive_content c = list_with(&in, roomy());

	return str_z(a, print(&c));
}

static const char *sample(const char *name)
{
	return listed(str_of(name), read_sample(name));
}

static void test_formats(void **state)
{
	static const char *const holding_both[] = {
		"zip.zip", "rar4.rar", "rar5.rar", "tar-v7.tar", "cpio.cpio", "cpio-odc.cpio",
		"cab.cab", "lha.lzh",  "rpm.rpm",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(holding_both); i++) {
		print_message("%s\n", holding_both[i]);
		assert_string_equal(sample(holding_both[i]), BOTH);
	}
	assert_string_equal(sample("7z.7z"), BOTH_TURNED);
	assert_string_equal(sample("ar.a"), "note.txt inside.exe | text/plain " PE " | ");
}

static void test_one_compressed_file(void **state)
{
	(void)state;
	assert_string_equal(sample("gzip.gz"), "gzip | " PE " | ");
	assert_string_equal(sample("gzip-named.gz"), "inside.exe gzip-named | " PE " | ");
	assert_string_equal(sample("bzip2.bz2"), "bzip2 | " PE " | ");
	assert_string_equal(sample("xz.xz"), "xz | " PE " | ");
	assert_string_equal(sample("zstd.zst"), "zstd | " PE " | ");
	assert_string_equal(sample("lz4.lz4"), "lz4 | " PE " | ");
	assert_string_equal(sample("lzma.lzma"), "lzma | " PE " | ");
}

/* An archive inside is opened, and counts as a member itself. */
static void test_archives_inside(void **state)
{
	static const char *const tars[] = { "tar.tar.gz", "tar.tar.bz2", "tar.tar.xz",
					    "tar.tar.zst" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tars); i++)
		assert_string_equal(sample(tars[i]),
				    "tar.tar note.txt tool.exe | application/x-tar text/plain " PE
				    " | ");
	assert_string_equal(listed(STR("x.tgz"), read_sample("tar.tar.gz")),
			    "x.tar note.txt tool.exe | application/x-tar text/plain " PE " | ");
	assert_string_equal(sample("iso.iso.xz"),
			    "iso.iso note.txt tool.exe | application/x-cd-image "
			    "application/octet-stream text/plain " PE " | ");
	assert_string_equal(
		sample("deb.deb"),
		"debian-binary control.tar.xz control.tar control data.tar.xz data.tar "
		"tool.exe | text/plain application/x-xz-compressed-tar application/x-xz "
		"application/x-tar " PE " | ");
}

/* Names of both kinds and in any character set; what a header declares is a type, too. */
static void test_messages(void **state)
{
	(void)state;
	assert_string_equal(sample("tnef.dat"),
			    "LNGER~1.EXE l\xc3\xa4nger \xf0\x9f\x93\x8e.exe A message note.txt "
			    "note.txt | " PE " application/vnd.ms-tnef text/plain | ");
	assert_string_equal(sample("tnef-cut.dat"),
			    "LNGER~1.EXE l\xc3\xa4nger \xf0\x9f\x93\x8e.exe A message | " PE
			    " application/x-zerosize | broken: not a whole TNEF file");
	assert_string_equal(sample("mail.zip"),
			    "mail.eml obr\xc3\xa1zek.exe =?iso-8859-2?Q?obr=E1zek=2Eexe?= "
			    "inner.zip note.txt tool.exe | "
			    "message/rfc822 multipart/mixed text/plain " PE
			    " Image/PNG application/zip | ");
}

/* What a mail inside shows only to some clients: a file in a text, the second of two names. */
static void test_readings_of_messages(void **state)
{
	(void)state;
	assert_string_equal(listed(STR("a.eml"),
				   STR("Subject: a\n\nHello.\n"
				       "begin 644 tool.exe\n#35H`\n`\nend\n")),
			    "tool.exe | text/plain " PE " | ");
	assert_non_null(strstr(listed(STR("a.eml"),
				      STR("Subject: a\nContent-Type: application/x-y; name=a.txt; "
					  "name=tool.exe\n\nx\n")),
			       " tool.exe "));
}

/* An archive begins as something else; its name says what to open it with. */
static void test_two_in_one(void **state)
{
	struct str zip = read_sample("zip.zip"), rar = read_sample("rar5.rar");
	struct str picture = str_cat(a, STR("\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0"), zip);

	(void)state;
	assert_non_null(strstr(listed(STR("a.zip"), picture), " tool.exe "));
	assert_false(input(STR("a.jpg"), picture).type.n);
	assert_non_null(strstr(listed(STR("a.zip"), str_cat(a, read_sample("gzip.gz"), zip)),
			       " tool.exe "));
	assert_non_null(strstr(listed(STR("a.zip"), str_cat(a, rar, zip)), " tool.exe "));
	assert_string_equal(listed(STR("a.zip"), rar), sample("rar5.rar"));
	assert_non_null(strstr(listed(STR("a.rar"), STR("Hello.\n")), "| broken: "));
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(sample("zip-names.zip"),
			    "up.exe slash.vbs trailing.scr .hidden.txt \xc3\xbcmlaut.js | " PE
			    " text/plain text/vbscript application/javascript | ");
	assert_string_equal(sample("zip-other-names.zip"),
			    "note.txt hidden.js tool.exe plain.txt note.txt hidden.js | "
			    "text/plain " PE " application/javascript | ");
}

static void test_encrypted(void **state)
{
	(void)state;
	assert_string_equal(sample("zip-encrypted.zip"), BOTH "encrypted");
	assert_string_equal(sample("zip-aes.zip"), BOTH_TURNED "encrypted");
	assert_string_equal(sample("7z-encrypted.7z"), BOTH_TURNED "encrypted");
	assert_string_equal(sample("7z-encrypted-names.7z"), "| | encrypted");
	assert_string_equal(sample("rar5-encrypted.rar"), BOTH "encrypted");
	assert_string_equal(sample("rar5-encrypted-names.rar"), "| | encrypted");
}

static void test_no_reader(void **state)
{
	(void)state;
	assert_string_equal(sample("arj.arj"), "| | no reader for application/x-arj");
	assert_non_null(strstr(sample("udf.iso.xz"), "| no reader for UDF"));
}

/*
 * Cut anywhere: a problem, never an error or a dead child. Left out: formats that may end
 * between two files.
 */
static void test_cut(void **state)
{
	static const char *const files[] = {
		"zip.zip",     "7z.7z",	     "rar5.rar", "cab.cab",  "tar.tar.gz",  "tar.tar.bz2",
		"tar.tar.xz",  "tar.tar.zst", "lha.lzh", "rpm.rpm",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct str whole = read_sample(files[i]);
		struct archive_input in = input(str_of(files[i]), whole);

		for (size_t n = 16; n + 8 < whole.n; n += 1 + whole.n / 20) {
			struct archive_content c;

			in.bytes = str_sub(whole, 0, n);
			c = list_with(&in, roomy());
			if (!c.problem.n || c.died)
				fail_msg("%s cut at %zu of %zu: %.*s", files[i], n, whole.n,
					 STR_ARG(print(&c)));
		}
	}
}

/* A body is decoded by the child; several archives share limits, and each has its own names. */
static void test_parts_of_a_mail(void **state)
{
	struct str eml =
		STR("Content-Type: multipart/mixed; boundary=b\n\n--b\n"
		    "Content-Type: application/gzip\n"
		    "Content-Transfer-Encoding: base64\n\n"
		    "H4sIAAAAAAAAA8tIzcnJ5wIAIDA6NgYAAAA=\n--b\n"
		    "Content-Type: application/octet-stream; name=b.gz\n\nno gzip\n--b--\n");
	struct archive_input in[2] = { { .type = STR("application/gzip"), .name = STR("a.txt.gz") },
				       { .type = STR("application/gzip"), .name = STR("b.gz") } };
	struct archive_limits l = roomy();
	struct archive_content c[2];
	struct mime *mail;
	struct err e;

	(void)state;
	assert_int_equal(mime_parse(a, eml, NULL, &mail, &e), 0);
	in[0].part = mail->child;
	in[1].part = mail->child->next;
	assert_int_equal(archive_list(a, magic, in, 2, &l, c, &e), 0);
	assert_string_equal(str_z(a, print(&c[0])), "a.txt | text/plain | ");
	assert_int_equal(c[1].n_names, 0);
	assert_true(str_starts(c[1].problem, STR("broken: ")));
	l.files = 1;
	in[1] = in[0];
	assert_int_equal(archive_list(a, magic, in, 2, &l, c, &e), 0);
	assert_string_equal(str_z(a, print(&c[0])), "a.txt | text/plain | ");
	assert_string_equal(str_z(a, print(&c[1])),
			    "a.txt | text/plain | limit reached: number of files");
}

static void test_limits(void **state)
{
	struct archive_input deb = input(STR("deb.deb"), read_sample("deb.deb"));
	struct archive_limits l = roomy();
	struct archive_content c;

	(void)state;
	l.depth = 2;
	c = list_with(&deb, l);
	assert_string_equal(str_z(a, c.problem), "limit reached: archives inside archives");
	assert_int_equal(c.n_names, 5);
	l = roomy();
	l.files = 3;
	c = list_with(&deb, l);
	assert_string_equal(str_z(a, c.problem), "limit reached: number of files");
	l = roomy();
	l.bytes = 8192;
	c = list_with(&deb, l);
	assert_string_equal(str_z(a, c.problem), "limit reached: size");
	l = roomy();
	l.deadline = net_now();
	c = list_with(&deb, l);
	assert_string_equal(str_z(a, c.problem), "limit reached: time");
	l.files = l.depth = 0;
	l.bytes = 0;
	l.deadline = net_now() + 30000;
	c = list_with(&deb, l);
	assert_string_equal(str_z(a, c.problem), "");
}

/* A child that dies of one archive: that one has a problem, the others are listed all the same. */
static void test_death(void **state)
{
	struct archive_limits l = roomy();
	struct archive_input in[3];
	struct archive_content c[3];
	struct err e;

	(void)state;
	in[0] = in[1] = in[2] = input(STR("zip.zip"), read_sample("zip.zip"));
	in[1].bytes.p = (const char *)16; /* reading it is a crash */
	assert_int_equal(archive_list(a, magic, in, 3, &l, c, &e), 0);
	assert_string_equal(str_z(a, print(&c[0])), BOTH);
	assert_string_equal(str_z(a, print(&c[2])), BOTH);
	assert_true(c[1].died && str_starts(c[1].problem, STR("the lister ")));
	assert_false(c[0].died || c[2].died);
}

/* What the sandbox lets through: one line each, in the order of the calls. */
static NORETURN void try_to_get_out(int fd)
{
	struct sandbox s = { .fd = fd, .memory = 32 << 20, .seconds = 10 };
	char answer[8];
	struct err e;
	pid_t pid;

	if (sandbox_enter(&s, &e) < 0)
		_exit(2);
	answer[0] = open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM ? '-' : 'f';
	answer[1] = open("/tmp/x", O_CREAT | O_WRONLY, 0600) < 0 && errno == EPERM ? '-' : 'c';
	answer[2] = socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM ? '-' : 's';
	pid = fork();
	if (pid == 0)
		_exit(0);
	answer[3] = pid < 0 && errno == EPERM ? '-' : 'p';
	answer[4] = kill(getppid(), 0) < 0 ? '-' : 'k';
	answer[5] = write(2, "", 0) < 0 && errno == EPERM ? '-' : 'w';
	answer[6] = read(fd, answer, 0) < 0 && errno == EPERM ? '-' : 'r';
	answer[7] = '\n';
	_exit(write(SANDBOX_FD, answer, sizeof(answer)) == sizeof(answer) ? 0 : 1);
}

static void test_sandbox(void **state)
{
	int ends[2], status;
	char answer[9] = "";
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0)
		try_to_get_out(ends[1]);
	close(ends[1]);
	assert_int_equal(read(ends[0], answer, 8), 8);
	assert_string_equal(answer, "-------\n");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_one_compressed_file),
		cmocka_unit_test(test_archives_inside),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_readings_of_messages),
		cmocka_unit_test(test_two_in_one),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_no_reader),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_parts_of_a_mail),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_death),
		cmocka_unit_test(test_sandbox),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
