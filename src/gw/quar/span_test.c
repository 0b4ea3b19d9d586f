#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "gw/quar/span.h"

/*
 * Clocks in Vienna went from CET to CEST on 2026-03-29 at 02:00 (01:00 UTC). Epochs come from
 * `TZ=Europe/Vienna date -d "2026-03-30 00:00" +%s` and its like.
 */
enum {
	MAR_23 = 1774220400,
	MAR_28 = 1774652400,
	MAR_29 = 1774738800,
	MAR_30 = 1774821600,
	MAR_31 = 1774908000,
};

static int vienna(void **state)
{
	(void)state;
	if (setenv("TZ", "Europe/Vienna", 1) < 0)
		return -1;
	tzset();
	return 0;
}

static void is_span(const char *name, int64_t now, int64_t start, int64_t end)
{
	struct quar_span span;
	struct err e;

	if (quar_span(str_of(name), now, &span, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(span.start, start);
	assert_int_equal(span.end, end);
}

static void test_days_are_local(void **state)
{
	(void)state;
	is_span("today", MAR_29, MAR_29, MAR_30);
	is_span("today", MAR_30 - 1, MAR_29, MAR_30);
	is_span("today", MAR_30, MAR_30, MAR_31);
	is_span("yesterday", MAR_30 + 300, MAR_29, MAR_30);
	is_span("yesterday", MAR_29 + 300, MAR_28, MAR_29);
	is_span("week", MAR_30 + 300, MAR_23, MAR_30);
	assert_int_equal(MAR_30 - MAR_29, 23 * 3600);
}

static void test_hours(void **state)
{
	(void)state;
	is_span("1h", MAR_30, MAR_30 - 3600, MAR_30);
	is_span("24h", MAR_30, MAR_30 - 86400, MAR_30);
}

static void test_other_words(void **state)
{
	static const char *const bad[] = { "", "h", "0h", "25h", "+1h", "1", "Today", "1hh" };
	struct quar_span span;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(quar_span(str_of(bad[i]), MAR_30, &span, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_days_are_local, vienna),
		cmocka_unit_test_setup(test_hours, vienna),
		cmocka_unit_test_setup(test_other_words, vienna),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
