#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/uri/canon.h"
#include "lib/uri/find.h"

static struct arena *arena;
static struct uri_domains *domains;

static int setup(void **state UNUSED)
{
	arena = arena_open("test", (size_t)1 << 30);
	domains = uri_domains_new(arena);
	uri_domains_add(domains, STR("com"));
	uri_domains_add(domains, STR("test"));
	uri_domains_add(domains, STR("uk"));
	uri_domains_add(domains, STR("co.uk"));
	return 0;
}

static int teardown(void **state UNUSED)
{
	arena_close(arena);
	return 0;
}

static bool has_form(const char *uri, const char *form)
{
	struct uri_forms f = uri_canonical(arena, domains, NULL, str_of(uri));

	for (size_t i = 0; i < f.n; i++)
		if (str_eq(f.v[i], str_of(form)))
			return true;
	return false;
}

static void disguises_are_undone(void **state UNUSED)
{
	static const char *const examples[][2] = {
		{ "http:\\\\a.com\\b", "http://a.com/b" },
		{ "http:a.com", "http://a.com" },
		{ "a.com/b", "http://a.com/b" },
		{ "ftp.a.com", "ftp://ftp.a.com" },
		{ "http://%77ww.a.com/%20x", "http://www.a.com/%20x" },
		{ "http://a.com?x", "http://a.com/?x" },
		{ "http://a.com/&#x41;&#66;", "http://a.com/AB" },
		{ "http://a.com/b&#12290;c", "http://a.com/b.c" },
		{ "http://a.com:80/b", "http://a.com/b" },
		{ "https://a.com:443/b", "https://a.com/b" },
		{ "http://u@v@a.com/b", "http://a.com/b" },
		{ "http://a.com!!!/b", "http://a.com/b" },
		{ "http://0x7f.0.0.01/b", "http://127.0.0.1/b" },
		{ "http://0300.0250.1.2/", "http://192.168.1.2/" },
		{ "http://2130706433/b", "http://127.0.0.1/b" },
		{ "http://0x7f000001/b", "http://127.0.0.1/b" },
		{ "http://foobar/b", "http://www.foobar.com/b" },
		{ "http://r.com/?u=http://a.com/b&c", "http://a.com/b" },
		{ "http://r.com/?u=https%3A%2F%2Fa.com", "https://a.com" },
		{ "mailto:x@a.com?subject=y", "mailto:x@a.com" },
		{ "mailto:%20x@a.com", "mailto:x@a.com" },
		{ "mailto:%22x%22%20<y@a.com>", "mailto:y@a.com" },
		{ " http://a.com/\n", "http://a.com/" },
	};

	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		if (!has_form(examples[i][0], examples[i][1]))
			fail_msg("%s does not give %s", examples[i][0], examples[i][1]);
	assert_false(has_form("http://u@a.com/b", "http://a.com/b"));
	assert_false(has_form("#here", "http://#here"));
}

static bool by_prefix(const void *ctx, struct str uri, struct str *target)
{
	if (!str_starts(uri, str_of(ctx)))
		return false;
	*target = str_from(uri, strlen(ctx));
	return true;
}

static void known_redirectors_are_asked(void **state UNUSED)
{
	const struct uri_redirector r = { by_prefix, "http://r.com/" };
	struct uri_forms f = uri_canonical(arena, domains, &r, STR("http://r.com/www.a.com"));
	bool found = false;

	for (size_t i = 0; i < f.n; i++)
		found |= str_eq(f.v[i], STR("http://www.a.com"));
	assert_true(found);
}

static void hosts_are_found_in_uris(void **state UNUSED)
{
	static const char *const examples[][3] = {
		{ "http://u:p@WWW.a.co.uk:80/x@y", "www.a.co.uk", "a.co.uk" },
		{ "mailto:x@b.a.com?y@z", "b.a.com", "a.com" },
		{ "http://192.0.2.1/", "192.0.2.1", "192.0.2.1" },
		{ "domainkeys:a.com", "a.com", "a.com" },
	};
	static const char *const none[] = { "http://a.nosuch/", "http://a/",
					    "javascript:a.com", "mailto:x@y@a.com",
					    "http://%61.com/",  "http://256.1.1.1/" };
	struct str host, domain;

	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		assert_true(uri_host(arena, domains, str_of(examples[i][0]), &host, &domain));
		assert_string_equal(str_z(arena, host), examples[i][1]);
		assert_string_equal(str_z(arena, domain), examples[i][2]);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(uri_host(arena, domains, str_of(none[i]), &host, &domain));
}

static const char *found_in(const char *line)
{
	struct str all = STR_NONE, s = str_of(line);
	struct uri_found f;
	size_t at = 0;

	while (uri_find(domains, s, &at, &f))
		all = str_cat(arena, all,
			      str_fmt(arena, "[%c %.*s]", "smh"[f.kind], STR_ARG(f.text)));
	return str_z(arena, all);
}

static void links_are_found_in_text(void **state UNUSED)
{
	assert_string_equal(found_in("see http://a.com/b, <https://c.test> or x"),
			    "[s http://a.com/b,][s https://c.test]");
	assert_string_equal(found_in("www2.a.com (ftp.b.test)"), "[s www2.a.com][s ftp.b.test)]");
	assert_string_equal(found_in("mail x@a.com, or mailto:y@b.test"),
			    "[m x@a.com][m mailto:y@b.test]");
	assert_string_equal(found_in("go to a.com/x?y and b.test. not c.nosuch"),
			    "[h a.com/x?y][h b.test.]");
	assert_string_equal(found_in("a.com:8080/ a.com:x"), "");
	assert_string_equal(found_in("\x1b(Bhttp://a.com\x1b$B x\xa0www.b.test\xa0"),
			    "[s http://a.com][s www.b.test]");
}

static void hostile_text_takes_linear_time(void **state UNUSED)
{
	static const char *const pieces[] = { "a.", "a@",      "http://",        "www.",  "a.com/",
					      "x-", "mailto:", "http://a.com/?", "&#65;", "%41" };

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		size_t n = strlen(pieces[i]), times = 8192 / n;
		char *text = arena_alloc(arena, n * times);
		struct str s = { text, n * times };
		struct uri_found f;
		size_t at = 0;

		for (size_t k = 0; k < times; k++)
			memcpy(text + k * n, pieces[i], n);
		while (uri_find(domains, s, &at, &f))
			;
		uri_canonical(arena, domains, NULL, s);
		arena_reset(arena);
		domains = uri_domains_new(arena);
	}
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(disguises_are_undone),           UNIT(known_redirectors_are_asked),
		UNIT(hosts_are_found_in_uris),        UNIT(links_are_found_in_text),
		UNIT(hostile_text_takes_linear_time),
	};

	return cmocka_run_group_tests_name("canon", tests, NULL, NULL);
}
