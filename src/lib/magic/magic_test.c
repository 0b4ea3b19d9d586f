#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "lib/magic/magic.h"

static struct arena *a;
static struct magic *debian; /* what the package installed */

static int open_all(void **state)
{
	struct err e;

	(void)state;
	a = arena_open("test", 64u << 20);
	if (magic_load(a, MAGIC_DIR, &debian, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return -1;
	}
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct str utf16_of(struct str ascii)
{
	char *p = arena_alloc(a, ascii.n * 2);

	for (size_t i = 0; i < ascii.n; i++)
		p[2 * i] = ascii.p[i];
	return (struct str){ p, ascii.n * 2 };
}

/* A ZIP archive of one stored, empty-checksum member: what a reader of the first bytes sees. */
static struct str zip_of(struct str name, struct str content)
{
	char head[30] = "PK\3\4\24\0\0\0\0\0";
	struct str bytes = { head, sizeof(head) };

	head[18] = head[22] = (char)content.n;
	head[26] = (char)name.n;
	return str_cat(a, str_cat(a, bytes, name), content);
}

/* `text` at `offset` of an otherwise zero block of `size` bytes that begins with `begin`. */
static struct str block(struct str begin, size_t offset, struct str text, size_t size)
{
	char *p = arena_alloc(a, size);

	memcpy(p, begin.p, begin.n);
	memcpy(p + offset, text.p, text.n);
	return (struct str){ p, size };
}

static void expect_type(struct str bytes, const char *type)
{
	struct str got = magic_of_bytes(debian, bytes);

	if (!str_eq(got, str_of(type)))
		fail_msg("%.20s…: %.*s instead of %s", bytes.p, STR_ARG(got), type);
}

static void test_programs(void **state)
{
	(void)state;
	expect_type(block(STR("MZ\x90\0\3\0\0\0"), 0x80, STR("PE\0\0\x4c\1"), 512),
		    "application/vnd.microsoft.portable-executable");
	expect_type(STR("MZ"), "application/vnd.microsoft.portable-executable");
	expect_type(block(STR("\x7f""ELF\2\1\1\0"), 16, STR("\2\0\x3e\0\1\0\0\0"), 64),
		    "application/x-executable");
	/* Debian 12 tells libraries and position independent programs apart by name only. */
	expect_type(block(STR("\x7f""ELF\2\1\1\0"), 16, STR("\3\0\x3e\0\1\0\0\0"), 64),
		    "application/x-executable");
	expect_type(STR("\xca\xfe\xba\xbe\0\0\0\x34\0\x1d\x0a\0"), "application/x-java");
	expect_type(STR("#!/bin/sh\necho hello\n"), "application/x-shellscript");
	expect_type(STR("#!/usr/bin/gjs\n"), "application/javascript");
	expect_type(STR("#!/usr/bin/perl -w\n"), "application/x-perl");
}

static void test_documents(void **state)
{
	(void)state;
	expect_type(STR("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "application/pdf");
	expect_type(STR("{\\rtf1\\ansi hello}"), "application/rtf");
	expect_type(STR("%!PS-Adobe-3.0\n"), "application/postscript");
	expect_type(block(STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 24, STR("\x3e\0\3\0\xfe"), 512),
		    "application/x-ole-storage");
	expect_type(block(STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 546, STR("bjbj"), 1024),
		    "application/msword");
	expect_type(zip_of(STR("mimetype"), STR("application/vnd.oasis.opendocument.text")),
		    "application/vnd.oasis.opendocument.text");
	expect_type(zip_of(STR("mimetype"), STR("application/vnd.oasis.opendocument.spreadsheet")),
		    "application/vnd.oasis.opendocument.spreadsheet");
	/* Content does not tell an OOXML file from any other archive; its name does. */
	expect_type(zip_of(STR("[Content_Types].xml"), STR("<?xml version=\"1.0\"?>")),
		    "application/zip");
	expect_type(STR("\x78\x9f\x3e\x22\1\0\6\x90\x08\0"), "application/vnd.ms-tnef");
}

static void test_text(void **state)
{
	(void)state;
	expect_type(STR("<!DOCTYPE html>\n<html><body>x</body></html>"), "text/html");
	expect_type(STR("<HTML><HEAD><TITLE>x</TITLE></HEAD>"), "text/html");
	expect_type(STR("\n\n  <html>\n"), "text/html");
	expect_type(STR("<?xml version=\"1.0\"?><r/>"), "application/xml");
	expect_type(STR("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"), "text/calendar");
	expect_type(STR("BEGIN:VCARD\r\nVERSION:3.0\r\n"), "text/vcard");
	expect_type(STR("Gr\xc3\xbc\xc3\x9f""e aus Wien\r\n"), "text/plain");
	expect_type(STR("Gr\xfc\xdf""e\tam Abend\r\n"), "text/plain");
	expect_type(STR("\033$B$3$s\033(B\n"), "text/plain");
	expect_type(STR("Hello\0there"), "application/octet-stream");
	expect_type(STR("\1\2\3\4\5\6\7\x08"), "application/octet-stream");
	expect_type(STR(""), "application/x-zerosize");
	expect_type(utf16_of(STR("plain")), "application/octet-stream");
}

static void test_images_and_archives(void **state)
{
	(void)state;
	expect_type(STR("GIF89a\1\0\1\0\x80"), "image/gif");
	expect_type(STR("\xff\xd8\xff\xe0\0\x10JFIF\0"), "image/jpeg");
	expect_type(STR("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png");
	expect_type(STR("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"), "image/bmp");
	expect_type(STR("II*\0\x08\0\0\0"), "image/tiff");
	expect_type(STR("RIFF\x24\0\0\0WEBPVP8 "), "image/webp");
	expect_type(STR("<?xml version=\"1.0\"?>\n<svg xmlns=\"x\"/>"), "image/svg+xml");
	expect_type(zip_of(STR("a.txt"), STR("hello")), "application/zip");
	expect_type(STR("\x1f\x8b\x08\0\0\0\0\0\0\3"), "application/gzip");
	expect_type(STR("Rar!\x1a\x07\1\0"), "application/vnd.rar");
	expect_type(STR("7z\xbc\xaf\x27\x1c\0\4"), "application/x-7z-compressed");
	expect_type(STR("\xfd""7zXZ\0\0\4"), "application/x-xz");
	expect_type(block(STR("a.txt"), 257, STR("ustar\0""00"), 512), "application/x-tar");
	expect_type(STR("MSCF\0\0\0\0\x2c\0\0\0"), "application/vnd.ms-cab-compressed");
}

static void test_audio_and_video(void **state)
{
	(void)state;
	expect_type(STR("ID3\3\0\0\0\0\0\x21"), "audio/mpeg");
	expect_type(STR("fLaC\0\0\0\x22"), "audio/flac");
	expect_type(STR("OggS\0\2\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\x1e\1vorbis"),
		    "audio/x-vorbis+ogg");
	expect_type(STR("RIFF\x24\0\0\0WAVEfmt "), "audio/x-wav");
	expect_type(STR("RIFF\x24\0\0\0AVI LIST"), "video/x-msvideo");
	expect_type(STR("\0\0\0\x18""ftypmp42\0\0\0\0"), "video/mp4");
	expect_type(STR("\0\0\1\xba\x44\0\4"), "video/mpeg");
	expect_type(STR("\x30\x26\xb2\x75\x8e\x66\xcf\x11"), "application/vnd.ms-asf");
}

static void expect_name(const char *name, const char *type)
{
	struct str got = magic_of_name(debian, str_of(name));

	if (!str_eq(got, str_of(type)))
		fail_msg("%s: %.*s instead of %s", name, STR_ARG(got), type ? type : "none");
}

static void test_names(void **state)
{
	(void)state;
	expect_name("setup.exe", "application/vnd.microsoft.portable-executable");
	expect_name("SETUP.EXE", "application/vnd.microsoft.portable-executable");
	expect_name("A.class", "application/x-java");
	expect_name("evil.js", "application/javascript");
	expect_name("letter.doc", "application/msword");
	expect_name("sheet.xls", "application/vnd.ms-excel");
	expect_name("talk.ppt", "application/vnd.ms-powerpoint");
	expect_name("letter.docx",
		    "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
	expect_name("letter.odt", "application/vnd.oasis.opendocument.text");
	expect_name("letter.sxw", "application/vnd.sun.xml.writer");
	expect_name("letter.sdw", "application/vnd.stardivision.writer");
	expect_name("a.mp3", "audio/mpeg");
	expect_name("a.mp4", "video/mp4");
	expect_name("x.tar.gz", "application/x-compressed-tar"); /* the longest wins: not *.gz */
	expect_name("main.c", "text/x-csrc");
	expect_name("main.C", "text/x-c++src");
	expect_name("makefile", "text/x-makefile");
	expect_name("README.first", "text/x-readme");
	expect_name("libx.so.3.1", "application/x-sharedlib");
	expect_name("winmail.dat", "application/vnd.ms-tnef");
	expect_name("notes~", "application/x-trash");
	expect_name("ls.1", "application/x-troff-man");
	expect_name("001.vdr", "video/mpeg");
	expect_name("exe", NULL);
	expect_name("", NULL);
	expect_name("no-such-thing.qqqq", NULL);
}

static void test_long_name_counts_by_its_end(void **state)
{
	char *name = arena_alloc(a, 100000);

	(void)state;
	memset(name, '*', 99995);
	memcpy(name + 99995, ".exe", 5);
	expect_name(name, "application/vnd.microsoft.portable-executable");
}

static void test_canonical(void **state)
{
	(void)state;
	assert_true(str_eq(magic_canonical(STR("application/x-msdos-program")),
			   STR("application/vnd.microsoft.portable-executable")));
	assert_true(str_eq(magic_canonical(STR("application/java-vm")), STR("application/x-java")));
	assert_true(str_eq(magic_canonical(STR("application/x-javascript")),
			   STR("application/javascript")));
	assert_true(str_eq(magic_canonical(STR("text/plain")), STR("text/plain")));
	assert_int_equal(magic_canonical(STR_NONE).n, 0);
}

static void test_short_content_is_not_read_past_its_end(void **state)
{
	struct str whole = block(STR("MZ"), 100, STR("x"), 20000);

	(void)state;
	for (unsigned first = 0; first < 256; first++)
		for (size_t n = 1; n < 40; n++) {
			char *exact = arena_alloc(a, n);

			memset(exact, (int)first, n);
			assert_true(magic_of_bytes(debian, (struct str){ exact, n }).n > 0);
		}
	assert_true(magic_head(debian) > 128 && magic_head(debian) <= MAGIC_EXTENT_MAX);
	expect_type(whole, "application/vnd.microsoft.portable-executable");
}

static int load_of(struct str rules, struct str globs, struct magic **out, struct err *e)
{
	struct file_attr attr = { 0600, (uid_t)-1, (gid_t)-1 };
	char dir[] = "/tmp/magic_test.XXXXXX";
	char *magic, *globs2;
	int result;

	assert_non_null(mkdtemp(dir));
	magic = str_z(a, str_fmt(a, "%s/magic", dir));
	globs2 = str_z(a, str_fmt(a, "%s/globs2", dir));
	assert_int_equal(file_replace(magic, rules, &attr, e), 0);
	assert_int_equal(file_replace(globs2, globs, &attr, e), 0);
	result = magic_load(a, dir, out, e);
	assert_int_equal(unlink(magic), 0);
	assert_int_equal(unlink(globs2), 0);
	assert_int_equal(rmdir(dir), 0);
	return result;
}

#define HEAD "MIME-Magic\0\n"

static void test_rule_language(void **state)
{
	struct magic *m;
	struct err e;

	(void)state;
	assert_int_equal(load_of(STR(HEAD "[90:a/range]\n>2=\0\2xy+3\n"
				     "[80:a/mask]\n>0=\0\2AB&\xdf\xdf\n"
				     "[70:a/nested]\n>0=\0\1N\n1>1=\0\1a\n2>2=\0\1b\n1>1=\0\1c\n"
				     "[60:a/future]\n>0=\0\1F?whatever\n1>1=\0\1f\n"
				     "[55:a/present]\n>0=\0\1F\n"
				     "[50:a/word]\n>0=\0\4\1\2\3\4~4\n"
				     "[40:a/low]\n>0=\0\2AB\n"),
				 STR(""), &m, &e), 0);
	assert_true(str_eq(magic_of_bytes(m, STR("..xy")), STR("a/range")));
	assert_true(str_eq(magic_of_bytes(m, STR("....xy")), STR("a/range")));
	assert_true(str_eq(magic_of_bytes(m, STR(".....xy")), STR("text/plain")));
	assert_true(str_eq(magic_of_bytes(m, STR("ab")), STR("a/mask")));
	assert_true(str_eq(magic_of_bytes(m, STR("AB")), STR("a/mask")));
	assert_true(str_eq(magic_of_bytes(m, STR("Nab")), STR("a/nested")));
	assert_true(str_eq(magic_of_bytes(m, STR("Nax")), STR("text/plain")));
	assert_true(str_eq(magic_of_bytes(m, STR("Nc")), STR("a/nested")));
	assert_true(str_eq(magic_of_bytes(m, STR("N")), STR("text/plain")));
	assert_true(str_eq(magic_of_bytes(m, STR("Ff")), STR("a/present")));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	assert_true(str_eq(magic_of_bytes(m, STR("\4\3\2\1")), STR("a/word")));
#endif
}

static void test_broken_files_are_errors(void **state)
{
	static const struct str bad[] = {
		STR_INIT(""), STR_INIT("MIME-Magic"), STR_INIT(HEAD ">0=\0\1a\n"),
		STR_INIT(HEAD "[x:a/b]\n"), STR_INIT(HEAD "[50:ab]\n"), STR_INIT(HEAD "[50:a/b"),
		STR_INIT(HEAD "[50:a/b]>0=\0\1a\n"), STR_INIT(HEAD "[50:a/b]\n1>0=\0\1a\n"),
		STR_INIT(HEAD "[50:a/b]\n>0=\0\1a\n2>0=\0\1a\n"),
		STR_INIT(HEAD "[50:a/b]\n>0=\xff\xff""a\n"), STR_INIT(HEAD "[50:a/b]\n>0=\0\0\n"),
		STR_INIT(HEAD "[50:a/b]\n>0=\0"), STR_INIT(HEAD "[50:a/b]\n>0=\0\2ab&x"),
		STR_INIT(HEAD "[50:a/b]\n>0=\0\3abc~2\n"), STR_INIT(HEAD "[50:a/b]\n>0=\0\1a~0\n"),
		STR_INIT(HEAD "[50:a/b]\n>99999999999=\0\1a\n"),
		STR_INIT(HEAD "[50:a/b]\n>0=\0\1a+99999999999\n"),
		STR_INIT(HEAD "[50:a/b]\n>1048576=\0\1a\n"), STR_INIT(HEAD "[50:a/b]\n>0=\0\1a"),
		STR_INIT(HEAD "[50:a/b]\n>=\0\1a\n"), STR_INIT(HEAD "[50:a/b]\n99>0=\0\1a\n"),
	};
	struct magic *m = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(load_of(bad[i], STR(""), &m, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(strstr(e.msg, "/magic: byte "));
	}
	assert_null(m);
}

static void test_glob_language(void **state)
{
	struct magic *m;
	struct err e;

	(void)state;
	assert_int_equal(load_of(STR(HEAD), STR("# comment\n"
						"50:a/first:*.x\n50:a/second:*.x\n60:a/heavy:*.h\n"
						"50:a/long:*.tar.h\n50:a/ci:*.q\n50:a/cs:*.Q:o,cs\n"
						"50:a/class:v[!a-c]?z*\n50:a/none:__NOGLOBS__\n"
						"50:a/stars:*a*b*c*d*e\n50:a/open:z[ab\n"),
				 &m, &e), 0);
	assert_true(str_eq(magic_of_name(m, STR("n.x")), STR("a/first")));
	assert_true(str_eq(magic_of_name(m, STR("n.tar.h")), STR("a/heavy")));
	assert_true(str_eq(magic_of_name(m, STR("n.q")), STR("a/ci")));
	assert_true(str_eq(magic_of_name(m, STR("n.Q")), STR("a/cs")));
	assert_true(str_eq(magic_of_name(m, STR("Vd1z-rest")), STR("a/class")));
	assert_int_equal(magic_of_name(m, STR("vb1z")).n, 0);
	assert_int_equal(magic_of_name(m, STR("vd1")).n, 0);
	assert_true(str_eq(magic_of_name(m, STR("1a2b3c4d5e")), STR("a/stars")));
	assert_int_equal(magic_of_name(m, STR("1a2b3c4e5d")).n, 0);
	assert_int_equal(magic_of_name(m, STR("__NOGLOBS__")).n, 0);
}

static void test_broken_globs_are_errors(void **state)
{
	static const struct str bad[] = {
		STR_INIT("50:a/b:*.c\nx"), STR_INIT("50:a/b:*.c\n101:a/b:*.d\n"),
		STR_INIT("50:a/b:*.c\n50:ab:*.d\n"), STR_INIT("50:a/b:*.c\n50:a/b:\n"),
		STR_INIT("50:a/b:*.c\n50\n"), STR_INIT("50:a/b:*.c\n:a/b:*.d\n"),
	};
	struct magic *m;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(load_of(STR(HEAD), bad[i], &m, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(strstr(e.msg, "/globs2: line 2: "));
	}
}

static void test_missing_files(void **state)
{
	struct magic *m;
	struct err e;

	(void)state;
	assert_int_equal(magic_load(a, "/nonexistent", &m, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_images_and_archives),
		cmocka_unit_test(test_audio_and_video),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_name_counts_by_its_end),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_short_content_is_not_read_past_its_end),
		cmocka_unit_test(test_rule_language),
		cmocka_unit_test(test_broken_files_are_errors),
		cmocka_unit_test(test_glob_language),
		cmocka_unit_test(test_broken_globs_are_errors),
		cmocka_unit_test(test_missing_files),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
