/*
 * Zip files that programs read in different ways: every reading counts. Programs that go by the
 * directory take the last one; others take the headers from the beginning.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/net.h"
#include "lib/archive/archive.h"
#include "lib/archive/zip.h"

static struct arena *a;
static struct magic *magic;

static int open_all(void **state)
{
	struct err e;

	(void)state;
	a = arena_open("test", 256u << 20);
	return magic_load(a, MAGIC_DIR, &magic, &e);
}

static int close_all(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void put(struct buf *b, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++, v >>= 8)
		buf_addc(b, (char)(v & 0xff));
}

struct zip {
	struct buf members, directory;
	size_t count;
};

static void begin(struct zip *z)
{
	buf_init(&z->members, a, 1 << 20);
	buf_init(&z->directory, a, 1 << 20);
	z->count = 0;
}

/* A stored member; NULL: one of the two places does not name it. */
static void add(struct zip *z, const char *local, const char *central)
{
	size_t at = z->members.n;

	if (local) {
		buf_add(&z->members, STR("PK\003\004"));
		put(&z->members, 20, 2);
		put(&z->members, 0, 8);
		put(&z->members, 0x8cdc1683, 4); /* CRC of "x" */
		put(&z->members, 1, 4);
		put(&z->members, 1, 4);
		put(&z->members, strlen(local), 4);
		buf_addz(&z->members, local);
		buf_addc(&z->members, 'x');
	}
	if (!central)
		return;
	buf_add(&z->directory, STR("PK\001\002"));
	put(&z->directory, 0x140014, 4);
	put(&z->directory, 0, 8);
	put(&z->directory, 0x8cdc1683, 4);
	put(&z->directory, 1, 4);
	put(&z->directory, 1, 4);
	put(&z->directory, strlen(central), 4);
	put(&z->directory, 0, 10);
	put(&z->directory, at, 4);
	buf_addz(&z->directory, central);
	z->count++;
}

static struct str end(struct zip *z)
{
	struct buf b;

	buf_init(&b, a, 1 << 20);
	buf_add(&b, buf_str(&z->members));
	buf_add(&b, buf_str(&z->directory));
	buf_add(&b, STR("PK\005\006"));
	put(&b, 0, 4);
	put(&b, z->count, 2);
	put(&b, z->count, 2);
	put(&b, z->directory.n, 4);
	put(&b, z->members.n, 4);
	put(&b, 0, 2);
	return buf_str(&b);
}

static struct str one(const char *name)
{
	struct zip z;

	begin(&z);
	add(&z, name, name);
	return end(&z);
}

static const char *names(struct str bytes)
{
	struct archive_input in = { .type = STR("application/zip"), .bytes = bytes };
	struct archive_limits l = { .deadline = net_now() + 30000 };
	struct archive_content c;
	struct err e;
	struct buf b;

	assert_int_equal(archive_list(a, magic, &in, 1, &l, &c, &e), 0);
	buf_init(&b, a, 1 << 20);
	for (size_t i = 0; i < c.n_names; i++)
		buf_addf(&b, "%.*s ", STR_ARG(c.names[i]));
	buf_addf(&b, "| %.*s", STR_ARG(c.problem));
	return str_z(a, buf_str(&b));
}

static void test_plain(void **state)
{
	static const char *const samples[] = { "zip.zip", "zip-encrypted.zip", "zip-aes.zip",
					       "zip-names.zip", "mail.zip" };
	const char *root = getenv("PMG_SOURCE_ROOT");
	struct str bytes;
	struct err e;

	(void)state;
	assert_string_equal(names(one("a.txt")), "a.txt | ");
	assert_true(zip_is_plain(one("a.txt")));
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct str path = str_fmt(a, "%s/tests/corpus/archives/%s", root ? root : ".",
					  samples[i]);

		assert_int_equal(file_read(a, str_z(a, path), 1 << 20, &bytes, &e), 0);
		assert_true(zip_is_plain(bytes));
		assert_false(zip_is_plain(str_sub(bytes, 0, bytes.n - 1)));
	}
}

static void test_several_in_one(void **state)
{
	struct str two = str_cat(a, one("a.txt"), one("b.exe"));

	(void)state;
	assert_string_equal(names(two), "b.exe b.exe a.txt b.exe | ");
	assert_string_equal(names(str_cat(a, two, one("c.js"))), "c.js c.js a.txt b.exe c.js | ");
}

static void test_too_many_in_one(void **state)
{
	struct str many = one("a.txt");

	(void)state;
	for (int i = 0; i < 20; i++)
		many = str_cat(a, many, one("a.txt"));
	assert_non_null(strstr(names(many), "| limit reached: zip files in one"));
}

/* The directory leaves a member out. */
static void test_hidden_member(void **state)
{
	struct zip z;

	(void)state;
	begin(&z);
	add(&z, "hidden.exe", NULL);
	add(&z, "a.txt", "a.txt");
	assert_string_equal(names(end(&z)), "a.txt a.txt hidden.exe a.txt | ");
	begin(&z);
	add(&z, "a.txt", "a.txt");
	add(&z, "hidden.exe", NULL);
	assert_string_equal(names(end(&z)), "a.txt a.txt a.txt hidden.exe | ");
}

static void test_two_names(void **state)
{
	struct zip z;

	(void)state;
	begin(&z);
	add(&z, "a.exe", "a.txt");
	assert_non_null(strstr(names(end(&z)), "a.exe"));
	assert_non_null(strstr(names(end(&z)), "a.txt"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_several_in_one),
		cmocka_unit_test(test_too_many_in_one),
		cmocka_unit_test(test_hidden_member),
		cmocka_unit_test(test_two_names),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
