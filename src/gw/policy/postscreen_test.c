#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/policy/postscreen.h"

/* Lines as Postfix 3.7 writes them, and what clients may try to make it write. */
static void test_events(void **state)
{
	static const struct {
		const char *line;
		enum postscreen_event event;
	} cases[] = {
		{ "NOQUEUE: reject: RCPT from [203.0.113.81]:41234: 550 5.7.1 Service unavailable; "
		  "client [203.0.113.81] blocked using lists.test; from=<a@x>, to=<b@y>, "
		  "proto=ESMTP, helo=<h>",
		  POSTSCREEN_RBL },
		{ "PREGREET 14 after 0.05 from [203.0.113.81]:41234: EHLO spam\\r\\n",
		  POSTSCREEN_PREGREET },
		{ "PREGREET 1 after 0 from [2001:db8::1]:1: ;", POSTSCREEN_PREGREET },
		{ "NOQUEUE: reject: RCPT from [203.0.113.81]:41234: 550 5.5.1 Protocol error; "
		  "from=<550 5.7.1 Service unavailable@x>, to=<b@y>, proto=ESMTP, helo=<h>",
		  POSTSCREEN_OTHER },
		{ "NOQUEUE: reject: CONNECT from [203.0.113.81]:41234: all screening ports busy",
		  POSTSCREEN_OTHER },
		{ "DNSBL rank 3 for [203.0.113.81]:41234", POSTSCREEN_OTHER },
		{ "COMMAND PIPELINING from [203.0.113.81]:41234 after EHLO: PREGREET 1 after 0",
		  POSTSCREEN_OTHER },
		{ "PREGREET  after 0.05 from [203.0.113.81]:1:", POSTSCREEN_OTHER },
		{ "PREGREET x after 0.05 from [203.0.113.81]:1:", POSTSCREEN_OTHER },
		{ "PREGREET 14", POSTSCREEN_OTHER },
		{ "", POSTSCREEN_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (postscreen_event(str_of(cases[i].line)) != cases[i].event)
			fail_msg("not event %d: %s", cases[i].event, cases[i].line);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_events) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
