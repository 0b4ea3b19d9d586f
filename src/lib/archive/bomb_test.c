/*
 * Archives that cost little to send and much to unpack: each is refused with a problem, within two
 * seconds and 100 MB, and without a file.
 */
#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "base/net.h"
#include "lib/archive/archive.h"

enum { BOMB_MAX = 2 << 20, MB = 1 << 20, SECONDS = 2, MEGABYTES = 100 };

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static struct arena *a;
static struct magic *magic;

/* Fresh memory for each test: what this process holds counts as the child's, too. */
static int open_arena(void **state)
{
	struct err e;

	(void)state;
	a = arena_open("test", 1 << 30);
	return magic_load(a, MAGIC_DIR, &magic, &e);
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

/* A member that holds `data`, and then `more` MB of zeros. */
static void put(struct archive *w, const char *name, struct str data, int more)
{
	struct archive_entry *entry = archive_entry_new();
	static const char zeros[MB];

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)data.n + (la_int64_t)more * MB);
	assert_int_equal(archive_write_header(w, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(w, data.p, data.n), data.n);
	for (int i = 0; i < more; i++)
		assert_int_equal(archive_write_data(w, zeros, MB), MB);
	archive_entry_free(entry);
}

/* `times` members of the same content. */
static struct str pack(int (*format)(struct archive *), int (*filter)(struct archive *),
		       struct str data, int more, int times)
{
	struct archive *w = archive_write_new();
	static char to[BOMB_MAX];
	size_t used = 0;

	assert_int_equal(format(w), ARCHIVE_OK);
	assert_int_equal(filter(w), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(w, 1);
	assert_int_equal(archive_write_open_memory(w, to, sizeof(to), &used), ARCHIVE_OK);
	for (int i = 0; i < times; i++)
		put(w, str_z(a, str_fmt(a, "member%d.zip", i)), data, more);
	assert_int_equal(archive_write_close(w), ARCHIVE_OK);
	archive_write_free(w);
	return str_copy(a, (struct str){ to, used });
}

static struct str zip_of(struct str data, int more, int times)
{
	return pack(archive_write_set_format_zip, archive_write_add_filter_none, data, more, times);
}

static struct str repeat(struct str s, size_t times)
{
	char *p = NEW_N(a, char, s.n * times);

	for (size_t i = 0; i < times; i++)
		memcpy(p + i * s.n, s.p, s.n);
	return (struct str){ p, s.n * times };
}

/* Processor time of all children so far, so that a busy machine does not show. */
static int64_t children_ms(void)
{
	struct rusage use;

	assert_int_equal(getrusage(RUSAGE_CHILDREN, &use), 0);
	return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000 +
	       (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000;
}

/* Lists it as a child of this process would be listed; peak memory is that of all children so far.
 */
static struct archive_content explode(const char *what, const char *type, struct str bomb)
{
	struct archive_input in = { .type = str_of(type), .name = STR("bomb"), .bytes = bomb };
	struct archive_limits l = { .files = 1000, .depth = 5, .deadline = net_now() + 30000 };
	int64_t start = children_ms(), ms;
	struct archive_content c;
	struct rusage use;
	struct err e;

	assert_int_equal(archive_list(a, magic, &in, 1, &l, &c, &e), 0);
	ms = children_ms() - start;
	assert_int_equal(getrusage(RUSAGE_CHILDREN, &use), 0);
	print_message("%s: %zu bytes, %lld ms, %ld MB: %.*s\n", what, bomb.n, (long long)ms,
		      use.ru_maxrss / 1024, STR_ARG(c.problem));
	assert_true(c.problem.n);
	assert_false(c.died && !SANITIZED);
	assert_true(ms < SECONDS * 1000 || SANITIZED);
	assert_true(use.ru_maxrss / 1024 < MEGABYTES || SANITIZED);
	return c;
}

/* Sixteen in each of sixteen …, 10 MB of zeros in the innermost: 10 TB. */
static void test_nested_zip(void **state)
{
	struct str bomb = zip_of(STR("x"), 10, 16);

	(void)state;
	for (int i = 0; i < 5; i++)
		bomb = zip_of(bomb, 0, 16);
	explode("zip in zip", "application/zip", bomb);
}

/* Few files at each level, so that depth is the limit. */
static void test_deep_zip(void **state)
{
	struct str bomb = zip_of(STR("x"), 0, 1);

	(void)state;
	for (int i = 0; i < 60; i++)
		bomb = zip_of(bomb, 0, 1);
	explode("deep zip", "application/zip", bomb);
}

/* An archive inside that is large itself: it has to be in memory to be opened. */
static void test_large_inside(void **state)
{
	(void)state;
	explode("200 MB zip in a zip", "application/zip",
		zip_of(zip_of(STR("x"), 0, 1), 200, 1));
}

static void test_compressed(void **state)
{
	static const struct {
		const char *name, *type;
		int (*filter)(struct archive *);
		size_t times;
	} bombs[] = {
		{ "gzip", "application/gzip", archive_write_add_filter_gzip, 100 },
		{ "bzip2", "application/x-bzip", archive_write_add_filter_bzip2, 100 },
		{ "xz", "application/x-xz", archive_write_add_filter_xz, 100 },
		{ "zstd", "application/zstd", archive_write_add_filter_zstd, 100 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
		struct arena_mark mark = arena_mark(a);
		struct str one =
			pack(archive_write_set_format_raw, bombs[i].filter, STR("x"), 10, 1);

		explode(bombs[i].name, bombs[i].type, repeat(one, bombs[i].times));
		arena_rewind(a, mark);
	}
}

static void test_many_files(void **state)
{
	(void)state;
	explode("20000 files in a tar.gz", "application/gzip",
		pack(archive_write_set_format_ustar, archive_write_add_filter_gzip, STR("x"), 0,
		     20000));
	explode("20000 files in a 7z", "application/x-7z-compressed",
		pack(archive_write_set_format_7zip, archive_write_add_filter_none, STR("x"), 0,
		     20000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nested_zip, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(test_deep_zip, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(test_large_inside, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(test_compressed, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(test_many_files, open_arena, close_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
