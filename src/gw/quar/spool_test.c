#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clean.h"
#include "base/file.h"
#include "gw/quar/spool.h"

static struct arena *a;
static struct err e;
static char root[64];

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s", e.msg);                                                     \
	} while (0)

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 16u << 20);
	snprintf(root, sizeof(root), "/tmp/pmg-spool-test.XXXXXX");
	return mkdtemp(root) && spool_make_directories(root, &e) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_close(a);
	return 0;
}

static unsigned entries(const char *dir)
{
	CLEAN_DIR DIR *d = opendir(str_z(a, str_fmt(a, "%s/%s", root, dir)));
	struct dirent *entry;
	unsigned n = 0;

	while ((entry = readdir(d)))
		n += entry->d_name[0] != '.';
	return n;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_active_file(void **state)
{
	struct spool_file f;
	struct str content;
	struct stat st;
	mode_t mask = umask(077);
	char expected[SPOOL_PATH_MAX];

	(void)state;
	OK(spool_create_active(root, &f, &e));
	OK(spool_write(&f, STR("one\n"), &e));
	OK(spool_write(&f, STR("two\n"), &e));
	OK(spool_finish(&f, false, &e));
	umask(mask);
	assert_int_equal(f.size, 8);
	OK(file_read(a, f.path, 100, &content, &e));
	assert_true(str_eq(content, STR("one\ntwo\n")));
	assert_int_equal(fstat(f.fd, &st), 0);
	snprintf(expected, sizeof(expected), "%s/active/%llX", root,
		 (unsigned long long)st.st_ino & 0xffffffffffff);
	assert_true(str_starts(str_of(f.path), str_of(expected)));
	assert_int_equal(strlen(f.path), strlen(expected) + 8 + 5);
	assert_string_equal(strrchr(f.path, '/') + 1, f.id);
	assert_int_equal(strspn(f.id, "0123456789ABCDEF"), strlen(f.id));
	assert_int_equal(mode_of(f.path), 0644);
	spool_keep(&f);
	assert_int_equal(entries("active"), 1);
}

/* The last byte of the microseconds, which are the last five digits of the id. */
static void test_quarantine_file_lies_in_its_sub_directory(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct spool_file f;
		char expected[SPOOL_PATH_MAX];
		struct str id;

		OK(spool_create_quarantine(root, "virus", &f, &e));
		OK(spool_write(&f, STR("x"), &e));
		OK(spool_finish(&f, true, &e));
		id = str_of(f.id);
		snprintf(expected, sizeof(expected), "%s/virus/%.2s/%s", root, id.p + id.n - 2,
			 f.id);
		assert_string_equal(f.path, expected);
		snprintf(expected, sizeof(expected), "%s/virus/%.2s", root, id.p + id.n - 2);
		assert_int_equal(mode_of(expected), 0775);
		spool_keep(&f);
	}
}

static void test_removed_file_is_gone(void **state)
{
	struct spool_file f;

	(void)state;
	OK(spool_create_active(root, &f, &e));
	assert_int_equal(entries("active"), 1);
	spool_remove(&f);
	assert_int_equal(entries("active"), 0);
	spool_remove(&f);
	OK(spool_create_active(root, &f, &e));
	OK(spool_finish(&f, false, &e));
	spool_remove(&f);
	assert_int_equal(entries("active"), 0);
}

/* Pieces of all sizes around the buffer's, against what they are together. */
static void test_pieces_stay_in_order(void **state)
{
	static const size_t sizes[] = {
		1, SPOOL_BUFFER - 1, SPOOL_BUFFER, 2, SPOOL_BUFFER + 1, 0, 3
	};
	struct spool_file f;
	struct str got;
	size_t at = 0;
	char *all;

	(void)state;
	all = arena_alloc(a, 4 * SPOOL_BUFFER);
	for (size_t i = 0; i < 4 * SPOOL_BUFFER; i++)
		all[i] = (char)(i * 7 >> 3);
	OK(spool_create_active(root, &f, &e));
	for (size_t i = 0; i < ARRAY_LEN(sizes); at += sizes[i++])
		OK(spool_write(&f, (struct str){ all + at, sizes[i] }, &e));
	OK(spool_finish(&f, false, &e));
	assert_int_equal(f.size, at);
	OK(file_read(a, f.path, at, &got, &e));
	assert_true(str_eq(got, (struct str){ all, at }));
	spool_remove(&f);
}

static void test_failures_name_the_file(void **state)
{
	struct spool_file f;
	struct str many;

	(void)state;
	assert_int_equal(spool_create_active("/nonexistent", &f, &e), -1);
	assert_int_equal(f.fd, -1);
	assert_non_null(strstr(e.msg, "/nonexistent/active/"));
	spool_remove(&f);
	OK(spool_create_active(root, &f, &e));
	close(f.fd);
	f.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	OK(spool_write(&f, STR("held"), &e));
	assert_int_equal(spool_finish(&f, false, &e), -1);
	assert_non_null(strstr(e.msg, f.path));
	many = (struct str){ arena_alloc(a, SPOOL_BUFFER), SPOOL_BUFFER };
	OK(spool_write(&f, many, &e));
	assert_int_equal(spool_write(&f, STR("x"), &e), -1);
	assert_non_null(strstr(e.msg, f.path));
	spool_remove(&f);
	assert_int_equal(entries("active"), 0);
}

static void test_empty_active(void **state)
{
	struct spool_file f;

	(void)state;
	OK(spool_create_active(root, &f, &e));
	spool_keep(&f);
	OK(spool_create_active(root, &f, &e));
	OK(spool_finish(&f, false, &e));
	spool_keep(&f);
	OK(spool_create_quarantine(root, "spam", &f, &e));
	spool_keep(&f);
	OK(spool_empty_active(root, &e));
	assert_int_equal(entries("active"), 0);
	assert_int_equal(entries("spam"), 1);
	OK(spool_make_directories(root, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_active_file),
		TEST(test_quarantine_file_lies_in_its_sub_directory),
		TEST(test_removed_file_is_gone),
		TEST(test_pieces_stay_in_order),
		TEST(test_failures_name_the_file),
		TEST(test_empty_active),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
