#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/net.h"
#include "base/str.h"
#include "base/vec.h"

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void count_call(void *ptr)
{
	++*(int *)ptr;
}

static void test_arena_zeroes_and_aligns(void **state)
{
	(void)state;
	for (size_t n = 0; n < 200000; n = n * 3 + 1) {
		unsigned char *p = arena_alloc(a, n);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
}

static void test_arena_rewind_and_callbacks(void **state)
{
	struct arena_mark mark;
	size_t before;
	int calls = 0;

	(void)state;
	arena_on_free(a, count_call, &calls);
	before = arena_used(a);
	mark = arena_mark(a);
	for (int i = 0; i < 1000; i++)
		arena_alloc(a, 1000);
	assert_true(arena_used(a) >= before + 1000000);
	arena_rewind(a, mark);
	assert_int_equal(arena_used(a), before);
	arena_reset(a);
	assert_int_equal(calls, 1);
	assert_int_equal(arena_used(a), 0);
}

static void test_arena_cap_ends_the_process(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct arena *small = arena_open("small", 1000);

		freopen("/dev/null", "w", stderr);
		arena_alloc(small, 900);
		arena_alloc(small, 200);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 71);
}

static void test_str_cut_lines_words(void **state)
{
	struct str rest = STR("a\r\nb c\n\nlast"), line, word;

	(void)state;
	assert_true(str_line(&rest, &line) && str_eq(line, STR("a")));
	assert_true(str_line(&rest, &line) && str_eq(line, STR("b c")));
	assert_true(str_word(&line, &word) && str_eq(word, STR("b")));
	assert_true(str_word(&line, &word) && str_eq(word, STR("c")));
	assert_false(str_word(&line, &word));
	assert_true(str_line(&rest, &line) && line.n == 0);
	assert_true(str_line(&rest, &line) && str_eq(line, STR("last")));
	assert_false(str_line(&rest, &line));
}

static void test_str_compare(void **state)
{
	(void)state;
	assert_true(str_ieq(STR("Content-TYPE"), STR("content-type")));
	assert_false(str_ieq(STR("a"), STR("ab")));
	assert_true(str_istarts(STR("FROM:<x>"), STR("from:")));
	assert_true(str_iends(STR("x.VBS"), STR(".vbs")));
	assert_int_equal(str_find(STR("abcabd"), STR("abd")), 3);
	assert_int_equal(str_ifind(STR("abcABD"), STR("abd")), 3);
	assert_int_equal(str_rchr(STR("a@b@c"), '@'), 3);
	assert_int_equal(str_find(STR_NONE, STR("x")), -1);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
}

static void test_str_int_bounds(void **state)
{
	int64_t v = 7;

	(void)state;
	assert_true(str_int(STR("-12"), -12, 5, &v) && v == -12);
	assert_true(str_int(STR("9223372036854775807"), 0, INT64_MAX, &v) && v == INT64_MAX);
	assert_true(str_int(STR("-9223372036854775808"), INT64_MIN, 0, &v) && v == INT64_MIN);
	assert_false(str_int(STR("9223372036854775808"), 0, INT64_MAX, &v));
	assert_false(str_int(STR("6"), 0, 5, &v));
	assert_false(str_int(STR(""), 0, 5, &v));
	assert_false(str_int(STR("-"), -5, 5, &v));
	assert_false(str_int(STR("1x"), 0, 5, &v));
}

static void test_buf_shows_what_a_terminal_would_obey(void **state)
{
	static const struct {
		struct str in;
		size_t max;
		const char *out;
	} cases[] = {
		{ STR_INIT("plain"), 5, "plain" },
		{ STR_INIT("plain"), 4, "plai..." },
		{ STR_INIT("a\x1b[2J\nb\tc\x7f\0"), 99, "a?[2J?b\tc??" },
		{ STR_INIT("\xc3\xbc\xe2\x82\xac"), 99, "\xc3\xbc\xe2\x82\xac" },
		{ STR_INIT("\xc3\xbc\xe2\x82\xac"), 4, "\xc3\xbc..." },
		{ STR_INIT("\xc2\x9b\xe2\x80\xae\xef\xbb\xbf\xff"), 99, "????" },
		{ STR_INIT(""), 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b;

		buf_init(&b, a, 100);
		buf_add_visible(&b, cases[i].in, cases[i].max);
		assert_true(str_eq(buf_str(&b), str_of(cases[i].out)));
	}
}

static void test_buf_limit_is_sticky(void **state)
{
	struct str out;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, a, 10);
	buf_addz(&b, "12345");
	buf_addf(&b, "%d", 678);
	assert_int_equal(buf_done(&b, &out, &e), 0);
	assert_true(str_eq(out, STR("12345678")));
	buf_addz(&b, "901");
	buf_addc(&b, 'x');
	assert_int_equal(buf_done(&b, &out, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

static void test_vec_and_map_hold_many(void **state)
{
	VEC(int) v = { 0 };
	struct map m;

	(void)state;
	map_init(&m, a);
	assert_null(map_get(&m, STR("x")));
	for (int i = 0; i < 5000; i++) {
		vec_add(a, &v, i);
		map_set(&m, str_fmt(a, "key %d", i), (void *)(intptr_t)(i + 1));
	}
	assert_int_equal(v.n, 5000);
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(v.p[i], i);
		assert_int_equal((intptr_t)map_get(&m, str_fmt(a, "key %d", i)), i + 1);
	}
	map_set(&m, STR("key 3"), NULL);
	assert_int_equal(m.n, 5000);
	assert_true(str_eq(m.entries[3].key, STR("key 3")));
}

static void test_err_wrap_keeps_code(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, ERR_LIMIT, "line %d", 3), -1);
	assert_int_equal(err_wrap(&e, "%s", "file"), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_string_equal(e.msg, "file: line 3");
}

static void test_file_read_stream(void **state)
{
	struct str got;
	struct err e;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "ten bytes.", 10), 10);
	close(ends[1]);
	assert_int_equal(file_read_stream(a, ends[0], "pipe", 10, &got, &e), 0);
	assert_true(str_eq(got, STR("ten bytes.")));
	close(ends[0]);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "ten bytes.", 10), 10);
	close(ends[1]);
	assert_int_equal(file_read_stream(a, ends[0], "pipe", 9, &got, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	close(ends[0]);
}

static void test_file_replace_and_read(void **state)
{
	struct file_attr attr = { 0640, (uid_t)-1, (gid_t)-1 };
	char dir[] = "/tmp/base_test.XXXXXX";
	struct str got;
	struct stat st;
	struct err e;
	char *path;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = str_z(a, str_fmt(a, "%s/f", dir));
	assert_int_equal(file_read(a, path, 100, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	assert_int_equal(file_replace(path, STR("old"), &attr, &e), 0);
	assert_int_equal(file_replace(path, STR("new\0er"), &attr, &e), 0);
	assert_int_equal(file_read(a, path, 100, &got, &e), 0);
	assert_true(str_eq(got, STR("new\0er")));
	assert_int_equal(file_read(a, path, 5, &got, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0); /* no temporary file was left */
}

static void test_conn_lines(void **state)
{
	static struct conn c;
	char buf[8];
	struct str line;
	struct err e;
	int pair[2];
	bool eof;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], "ab\r\n0123456789\nc\nrest", 21), 21);
	close(pair[1]);
	conn_init(&c, pair[0], net_now() + 1000);
	assert_int_equal(conn_line(&c, buf, sizeof(buf), &line, &eof, &e), 0);
	assert_true(str_eq(line, STR("ab")));
	assert_int_equal(conn_line(&c, buf, sizeof(buf), &line, &eof, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(conn_line(&c, buf, sizeof(buf), &line, &eof, &e), 0);
	assert_true(str_eq(line, STR("c")));
	assert_int_equal(conn_line(&c, buf, sizeof(buf), &line, &eof, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	close(pair[0]);
}

static void test_conn_deadline(void **state)
{
	static struct conn c;
	struct str got;
	struct err e;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	conn_init(&c, pair[0], net_now() - 1);
	assert_int_equal(conn_peek(&c, &got, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	close(pair[0]);
	close(pair[1]);
}

/* A queue of one: the second connection must wait for room and not pretend to be one. */
static void test_full_unix_queue(void **state)
{
	char dir[] = "/tmp/base_test.XXXXXX";
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	CLEAN_FD int listening = socket(AF_UNIX, SOCK_STREAM, 0);
	CLEAN_FD int first = -1, second = -1;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/socket", dir);
	assert_int_equal(bind(listening, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(listening, 0), 0);
	assert_int_equal(net_connect_unix(to.sun_path, net_now() + 1000, &first, &e), 0);
	assert_int_equal(net_connect_unix(to.sun_path, net_now() + 50, &second, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	close(accept(listening, NULL, NULL));
	assert_int_equal(net_connect_unix(to.sun_path, net_now() + 1000, &second, &e), 0);
	assert_int_equal(unlink(to.sun_path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void test_debug_areas(void **state)
{
	static const struct {
		const char *areas, *area;
		bool wanted;
	} cases[] = {
		{ NULL, "dns", false },       { "", "dns", false },
		{ "all", "dns", true },       { "dns", "dns", true },
		{ "dns", "dnseval", false },  { "spf,DNS", "dns", true },
		{ "all,nodns", "dns", false }, { "nodns,all", "dns", false },
		{ "all,nodns", "spf", true }, { "nodns", "spf", false },
		{ ",,spf,", "spf", true },    { "no", "no", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		log_debug_areas(cases[i].areas);
		if (log_debug_wants(cases[i].area) != cases[i].wanted)
			fail_msg("'%s': %s", cases[i].areas, cases[i].area);
	}
	log_debug_areas(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena_zeroes_and_aligns),
		cmocka_unit_test(test_arena_rewind_and_callbacks),
		cmocka_unit_test(test_arena_cap_ends_the_process),
		cmocka_unit_test(test_str_cut_lines_words),
		cmocka_unit_test(test_str_compare),
		cmocka_unit_test(test_str_int_bounds),
		cmocka_unit_test(test_buf_limit_is_sticky),
		cmocka_unit_test(test_buf_shows_what_a_terminal_would_obey),
		cmocka_unit_test(test_vec_and_map_hold_many),
		cmocka_unit_test(test_err_wrap_keeps_code),
		cmocka_unit_test(test_file_replace_and_read),
		cmocka_unit_test(test_file_read_stream),
		cmocka_unit_test(test_conn_lines),
		cmocka_unit_test(test_conn_deadline),
		cmocka_unit_test(test_full_unix_queue),
		cmocka_unit_test(test_debug_areas),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
