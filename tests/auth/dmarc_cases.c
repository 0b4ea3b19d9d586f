/*
 * Answers for dmarc_peers.py and psl.py. Lines: "suffixes PATH" (the list to use from then on),
 * "organization DOMAIN", "reset", "zone NAME TYPE VALUE", and "check FROM SPF DKIM…", which is
 * answered with result, aligned DKIM, aligned SPF and the policy that applies.
 */
#include "auth/lines.h"
#include "base/net.h"
#include "lib/dmarc/dmarc.h"

enum { ARENA_MAX = 1 << 28 };

static struct dmarc_suffixes *open_suffixes(struct arena *a, const char *path)
{
	struct dmarc_suffixes *suffixes;
	struct err e;

	if (dmarc_suffixes_open(a, path, &suffixes, &e) == 0)
		return suffixes;
	fprintf(stderr, "%s\n", e.msg);
	exit(2);
}

static void check(struct dns_table *t, const struct dmarc_suffixes *suffixes,
		  const struct line *line)
{
	struct dmarc_query query = { line->field[1], line->field + 2, line->n - 2 };
	CLEAN_ARENA struct arena *a = arena_open("check", ARENA_MAX);
	struct dns *d = dns_open(a, &t->resolver);
	struct dmarc *c = dmarc_open(a, d, suffixes, line->field[0]);
	struct dmarc_answer answer;

	while (dmarc_check(c, &query, &answer) == DMARC_PENDING)
		dns_wait_any(d, net_now() + 1000);
	line_print(a,
		   (struct str[]){ str_of(dmarc_result_name(answer.result)),
				   answer.dkim ? STR("pass") : STR("fail"),
				   answer.spf ? STR("pass") : STR("fail"),
				   str_of(dmarc_policy_name(dmarc_disposition(&answer, 0))) },
		   4);
}

int main(void)
{
	CLEAN_ARENA struct arena *a = arena_open("zone", ARENA_MAX);
	struct dmarc_suffixes *suffixes = open_suffixes(a, NULL);
	struct dns_table t;
	struct line line;
	struct str org;

	dns_table_init(&t, a);
	while (line_read(a, &line)) {
		if (str_eq(line.word, STR("suffixes"))) {
			suffixes = open_suffixes(a, str_z(a, line.field[0]));
		} else if (str_eq(line.word, STR("organization"))) {
			org = dmarc_organization(a, suffixes, line.field[0]);
			line_print(a, &org, 1);
		} else if (str_eq(line.word, STR("reset"))) {
			dns_table_init(&t, a);
		} else if (str_eq(line.word, STR("zone"))) {
			line_add_zone(&t, &line);
		} else {
			check(&t, suffixes, &line);
		}
	}
	return 0;
}
