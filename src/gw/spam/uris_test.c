#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "gw/spam/views_testing.h"

static const struct spam_uri *find(struct spam_message *m, const char *raw)
{
	size_t n;
	const struct spam_uri *u = spam_uri_details(m, &n);

	for (size_t i = 0; i < n; i++)
		if (str_eq(u[i].raw, str_of(raw)))
			return &u[i];
	return NULL;
}

static void text_gives_uris(void **state UNUSED)
{
	struct spam_message *m = read_mail(
		"Subject: see www.a.com\n\nx@b.test, c.co.uk/d <e.com>. (g.com) f.nosuch\n"
		"http://g.nosuch/ [cid:h@i.com]\n");

	assert_string_equal(listed(spam_uris(m)),
			    "[http://www.a.com][mailto:x@b.test][http://c.co.uk/d][http://e.com]");
	assert_int_equal(find(m, "http://www.a.com")->types, SPAM_URI_PARSED | SPAM_URI_SCHEMELESS);
	assert_int_equal(find(m, "http://e.com")->types,
			 SPAM_URI_PARSED | SPAM_URI_SCHEMELESS | SPAM_URI_UNLINKED);
	assert_int_equal(find(m, "http://c.co.uk/d")->host_count, 1);
	assert_str(find(m, "http://c.co.uk/d")->hosts[0].domain, "c.co.uk");
}

static void html_gives_uris_with_their_texts(void **state UNUSED)
{
	struct spam_message *m =
		read_mail("Content-Type: text/html\n\n<a href=http://www.a.com/%61>one</a>"
			  "<a href=http://www.a.com/%61>two</a><a href=http://www.a.com/%61>one</a>"
			  "<img src=x.gif>");
	const struct spam_uri *u = find(m, "http://www.a.com/%61");

	assert_int_equal(u->types, SPAM_URI_A);
	assert_string_equal(listed(u->cleaned), "[http://www.a.com/%61][http://www.a.com/a]");
	assert_string_equal(listed(u->anchor_text), "[one][two]");
	assert_int_equal(find(m, "x.gif")->types, SPAM_URI_IMG);
}

static void signatures_give_domains_only(void **state UNUSED)
{
	const char *mail = "DKIM-Signature: v=1; bd=no; d= mail.a.com; s=x\n\n";
	struct spam_message *m = read_mail(mail);

	assert_int_equal(spam_uris(m).n, 0);
	assert_int_equal(find(m, "domainkeys:mail.a.com")->types, SPAM_URI_DKIM);
	assert_str(find(m, "domainkeys:mail.a.com")->hosts[0].domain, "a.com");
	options.dkim_uris = false;
	assert_null(find(read_mail(mail), "domainkeys:mail.a.com"));
}

static void too_many_uris_are_left_out(void **state UNUSED)
{
	struct str raw = STR("\n");
	struct buf b;
	size_t n;

	buf_init(&b, arena, (size_t)1 << 24);
	for (int i = 0; i < SPAM_URIS_MAX + 100; i++)
		buf_addf(&b, "x%d.com ", i);
	options.body_part_max = 0;
	spam_uri_details(read_bytes(str_cat(arena, raw, buf_str(&b))), &n);
	assert_int_equal(n, SPAM_URIS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(text_gives_uris),
		UNIT(html_gives_uris_with_their_texts),
		UNIT(signatures_give_domains_only),
		UNIT(too_many_uris_are_left_out),
	};

	return cmocka_run_group_tests_name("uris", tests, NULL, NULL);
}
