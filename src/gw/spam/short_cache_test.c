#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/net.h"
#include "gw/spam/learnt.h"
#include "gw/spam/short_cache.h"

enum { PATIENCE = 5000, TTL = 100, NOW = 1000000 };

static struct arena *a;
static char dir[] = "/tmp/short-cache-test-XXXXXX";

static const char *path_of(const char *name)
{
	return str_z(a, str_fmt(a, "%s/%s", dir, name));
}

static struct short_cache *cache_of(const char *name)
{
	struct short_cache *c;
	struct err e;

	if (short_cache_open(a, path_of(name), true, &c, &e) < 0)
		fail_msg("%s", e.msg);
	return c;
}

static void add(struct short_cache *c, const char *url, int status, const char *location,
		int64_t now)
{
	struct short_answer v = { str_of(url), status, str_of(location) };
	struct err e;

	if (short_cache_add(c, &v, 1, now, TTL, net_now() + PATIENCE, &e) < 0)
		fail_msg("%s: %s", url, e.msg);
}

/* "302 http://…", or "" if nothing is known. */
static const char *find(struct short_cache *c, const char *url, int64_t now)
{
	struct short_answer v;
	struct err e;

	if (short_cache_find(c, a, str_of(url), now, TTL, &v, &e) < 0)
		fail_msg("%s: %s", url, e.msg);
	return v.status ? str_z(a, str_fmt(a, "%d %.*s", v.status, STR_ARG(v.location))) : "";
}

static void test_answers(void **state)
{
	struct short_cache *c = cache_of("answers");

	(void)state;
	assert_string_equal(find(c, "http://s.example/a", NOW), "");
	add(c, "http://s.example/a", 302, "http://t.example/x", NOW);
	add(c, "http://s.example/b", 404, NULL, NOW + 1);
	assert_string_equal(find(c, "http://s.example/a", NOW), "302 http://t.example/x");
	assert_string_equal(find(c, "http://s.example/b", NOW + 1), "404 ");
	assert_string_equal(find(c, "http://s.example/", NOW), "");
	add(c, "http://s.example/a", 301, "/y", NOW + 2);
	assert_string_equal(find(c, "http://s.example/a", NOW + 2), "301 /y");
	assert_int_equal(short_cache_count(c), 2);
}

static void test_time(void **state)
{
	struct short_cache *c = cache_of("time");

	(void)state;
	add(c, "http://s.example/a", 200, NULL, NOW);
	assert_string_equal(find(c, "http://s.example/a", NOW + TTL), "200 ");
	assert_string_equal(find(c, "http://s.example/a", NOW + TTL + 1), "");
	assert_string_equal(find(c, "http://s.example/a", NOW - 1), "");
}

static void test_old_ones_go(void **state)
{
	struct short_cache *c = cache_of("old");

	(void)state;
	for (int i = 0; i < 20; i++)
		add(c, str_z(a, str_fmt(a, "http://s.example/%d", i)), 200, NULL, NOW);
	/* Answered again, so that it is not old. */
	add(c, "http://s.example/7", 200, NULL, NOW + TTL);
	assert_int_equal(short_cache_count(c), 20);
	add(c, "http://s.example/new", 200, NULL, NOW + TTL + 1);
	assert_int_equal(short_cache_count(c), 5);
	add(c, "http://s.example/newer", 200, NULL, NOW + TTL + 1);
	assert_int_equal(short_cache_count(c), 3);
	assert_string_equal(find(c, "http://s.example/7", NOW + TTL + 1), "200 ");
}

static void test_no_more_than_so_many(void **state)
{
	enum { MANY = 10000 };
	struct short_cache *c = cache_of("many");
	struct short_answer *v = NEW_N(a, struct short_answer, MANY);
	struct err e;

	(void)state;
	for (int round = 0; round <= SHORT_CACHE_ENTRIES_MAX / MANY; round++) {
		for (int i = 0; i < MANY; i++)
			v[i] = (struct short_answer){ str_fmt(a, "%d/%d", round, i), 200,
						      STR_NONE };
		assert_int_equal(
			short_cache_add(c, v, MANY, NOW + round, TTL, net_now() + PATIENCE, &e), 0);
	}
	assert_int_equal(short_cache_count(c), SHORT_CACHE_ENTRIES_MAX);
	assert_string_equal(find(c, "0/0", NOW + 1), "");
	assert_string_equal(find(c, "1/0", NOW + 1), "200 ");
}

static void test_limits(void **state)
{
	struct short_cache *c = cache_of("limits");
	char location[SHORT_CACHE_LOCATION_MAX + 2] = "";

	(void)state;
	memset(location, 'x', SHORT_CACHE_LOCATION_MAX + 1);
	add(c, "http://s.example/a", 302, location, NOW);
	assert_string_equal(find(c, "http://s.example/a", NOW), "");
	location[SHORT_CACHE_LOCATION_MAX] = '\0';
	add(c, "http://s.example/a", 302, location, NOW);
	assert_int_equal(strlen(find(c, "http://s.example/a", NOW)), SHORT_CACHE_LOCATION_MAX + 4);
}

static int start(void **state)
{
	(void)state;
	a = arena_open("test", 256u << 20);
	return mkdtemp(dir) ? 0 : -1;
}

static int stop(void **state)
{
	static const char *const names[] = { "answers", "time", "old", "many", "limits" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(learnt_remove(a, path_of(names[i]), &e), 0);
	arena_close(a);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),     cmocka_unit_test(test_time),
		cmocka_unit_test(test_old_ones_go), cmocka_unit_test(test_no_more_than_so_many),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
