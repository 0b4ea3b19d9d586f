/*
 * Answers for rfc7208.py and spf_peer.py. Lines: "reset", "zone NAME TYPE VALUE", and
 * "check CLIENT HELO SENDER", each of which is answered with result, term, explanation and text.
 */
#include "auth/lines.h"
#include "base/net.h"
#include "lib/spf/spf.h"

enum { ARENA_MAX = 1 << 28 };

static void check(struct dns_table *t, const struct line *line)
{
	struct spf_query query = { .helo = line->field[1],
				   .sender = line->field[2],
				   .receiver = STR("receiver.example"),
				   .now = 1700000000 };
	CLEAN_ARENA struct arena *a = arena_open("check", ARENA_MAX);
	struct dns *d = dns_open(a, &t->resolver);
	struct spf_answer answer;
	struct spf *s;

	if (!cidr_addr_parse(line->field[0], &query.client))
		ASSERT(!"no address");
	s = spf_open(a, d, &query);
	while (spf_check(s, &answer) == SPF_PENDING)
		dns_wait_any(d, net_now() + 1000);
	line_print(a,
		   (struct str[]){ str_of(spf_result_name(answer.result)), answer.term,
				   answer.explanation, answer.text },
		   4);
}

int main(void)
{
	CLEAN_ARENA struct arena *a = arena_open("zone", ARENA_MAX);
	struct dns_table t;
	struct line line;

	dns_table_init(&t, a);
	while (line_read(a, &line)) {
		if (str_eq(line.word, STR("reset")))
			dns_table_init(&t, a);
		else if (str_eq(line.word, STR("zone")))
			line_add_zone(&t, &line);
		else
			check(&t, &line);
	}
	return 0;
}
