#define _GNU_SOURCE /* unshare */
/*
 * Who is asked where a short link leads, and who is not; tests/spam/compare_short_urls.py has the
 * services, on which SpamAssassin agrees.
 */
#include <sched.h>

#include "gw/spam/net_testing.h"

#include "gw/spam/eval_short_url.h"
#include "lib/dns/health.h"

#define SHORT_CONF                                                                                 \
	"loadplugin Mail::SpamAssassin::Plugin::DecodeShortURLs\n"                                 \
	"url_shortener sho.example\nurl_shortener_timeout 1\n"                                     \
	"body SHORT eval:short_url()\nbody MOVED eval:short_url_redir()\n"                         \
	"body SILENT eval:short_url_code('500')\n"
#define SHORT_MAIL "Subject: x\n\nhttp://sho.example/a\n"

static void test_addresses(void **state)
{
	static const char *const good[] = { "8.8.8.8",       "198.18.0.1", "172.32.0.1",
					    "223.255.255.1", "2a00::1",    "2001:db8::1" };
	static const char *const bad[] = {
		"0.0.0.0",         "10.1.2.3",    "100.64.0.1",  "127.0.0.1",
		"169.254.1.1",     "172.31.0.1",  "192.168.0.1", "224.0.0.1",
		"255.255.255.255", "::",          "::1",         "::ffff:8.8.8.8",
		"fe80::1",         "fc00::1",     "ff02::1",     "64:ff9b::7f00:1",
		"2002:7f00:1::",   "2001:0:1::1",
	};
	struct cidr_addr addr;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!cidr_addr_parse(str_of(good[i]), &addr) || !short_address_ok(&addr))
			fail_msg("%s is refused", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!cidr_addr_parse(str_of(bad[i]), &addr) || short_address_ok(&addr))
			fail_msg("%s is asked", bad[i]);
}

/* Whoever is asked and says nothing is SILENT. */
static void test_private_services_are_not_asked(void **state)
{
	(void)state;
	expect(SHORT_CONF, "sho.example A 127.0.0.1\n", SHORT_MAIL, "SHORT");
	expect(SHORT_CONF, "sho.example AAAA ::1\n", SHORT_MAIL, "SHORT");
	expect(SHORT_CONF, "other.example A 127.0.0.1\n", SHORT_MAIL, "SHORT SILENT");
}

static void test_other_ports_and_no_links_are_not_asked(void **state)
{
	(void)state;
	expect(SHORT_CONF, "", "Subject: x\n\nhttp://sho.example:25/a\n", "SHORT");
	expect(SHORT_CONF, "", "Subject: x\n\nhttp://other.example/a\n", "");
	expect(SHORT_CONF "max_short_urls 0\n", "", SHORT_MAIL, "SHORT");
	expect(SHORT_CONF "clear_url_shortener sho.example\n", "", SHORT_MAIL, "");
}

/* Mails do not wait for it again and again. */
static void test_silent_service_is_spared(void **state)
{
	const char *said = "SHORT SILENT";
	const struct spam_rules *rules = load(SHORT_CONF, SPAM_SET_NET);
	int mails = 0;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		print_message("skipped: no network without hosts can be made\n");
		skip();
	}
	know("sho.example A 198.18.255.1\n");
	health = spam_list_health_new(a);
	for (; mails < 100 && strcmp(said, "SHORT SILENT") == 0; mails++)
		said = hits(rules, SHORT_MAIL);
	assert_string_equal(said, "SHORT");
	assert_true(mails > HEALTH_SILENCES);
}

static void test_answers_that_last(void **state)
{
	static const int lasts[] = { 200, 301, 302, 404, 410 };
	static const int passes[] = { 0, 407, 408, 429, 500, 503, 999 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lasts); i++)
		assert_true(short_answer_lasts(lasts[i]));
	for (size_t i = 0; i < ARRAY_LEN(passes); i++)
		assert_false(short_answer_lasts(passes[i]));
}

static void test_wrong_settings(void **state)
{
	static const char *const lines[] = {
		"url_shortener",
		"url_shortener_timeout",
		"url_shortener_timeout 61",
		"max_short_urls 33",
		"max_short_urls x",
		"max_short_url_redirections -1",
		"url_shortener_user_agent",
		"url_shortener_cache_type",
		"url_shortener_cache_type redis",
		"url_shortener_cache_dsn",
		"url_shortener_cache_dsn dbi:mysql:links",
		"url_shortener_cache_dsn dbi:SQLite:dbname=links",
		"url_shortener_cache_dsn links",
		"url_shortener_cache_ttl 1d",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct spam_conf_paths paths = { .lines = true, .set = SPAM_SET_NET };
		struct spam_rules *rules;
		struct err e;

		paths.extra = str_fmt(a, "%s%s%s\n", CONF, SHORT_CONF, lines[i]);
		assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
		if (report.unknown.n != 1)
			fail_msg("%s: %zu notes", lines[i], report.unknown.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_private_services_are_not_asked),
		cmocka_unit_test(test_other_ports_and_no_links_are_not_asked),
		cmocka_unit_test(test_silent_service_is_spared),
		cmocka_unit_test(test_answers_that_last),
		cmocka_unit_test(test_wrong_settings),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
