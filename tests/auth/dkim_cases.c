/*
 * Answers for arc_suite.py and dkim_peers.py. Lines: "reset", "zone NAME TYPE VALUE",
 * "verify MAIL" (answered with a field "result reason" for each signature), "arc MAIL" (result and
 * reason), "sign PEM DOMAIN SELECTOR MAIL" (the signed mail) and "public PEM" (k= and p=).
 */
#include "auth/lines.h"
#include "base/net.h"
#include "base/buf.h"
#include "lib/dkim/arc.h"
#include "lib/dkim/sign.h"

enum { ARENA_MAX = 1 << 28 };

static const struct dkim_options options = { .now = 1700000000, .sha1 = true };

static void verify(struct arena *a, struct dns *d, const struct line *line)
{
	struct dkim_message *m = dkim_message_read(a, line->field[0], false);
	struct dkim_verifier *v = dkim_verify(a, d, m, &options);
	struct str out[DKIM_SIGNATURES_MAX];

	while (!dkim_check(v))
		dns_wait_any(d, net_now() + 1000);
	for (size_t i = 0; i < v->n; i++) {
		const struct dkim_signature *s = &v->signatures[i];

		out[i] = str_fmt(a, "%s %s", dkim_result_name(s->result), s->reason);
	}
	line_print(a, out, v->n);
}

static void arc(struct arena *a, struct dns *d, const struct line *line)
{
	struct arc *arc = arc_verify(a, d, dkim_message_read(a, line->field[0], false), &options);

	while (!arc_check(arc))
		dns_wait_any(d, net_now() + 1000);
	line_print(a, (struct str[]){ str_of(arc_result_name(arc->result)), str_of(arc->reason) },
		   2);
}

static struct dkim_key *key_of(struct arena *a, struct str pem)
{
	struct dkim_key *key;
	struct err e;

	if (dkim_key_read(a, pem, &key, &e) == 0)
		return key;
	fprintf(stderr, "%s\n", e.msg);
	exit(2);
}

/* In pieces, as a mail with edits comes. */
static void sign(struct arena *a, const struct line *line)
{
	static const struct dkim_sign_name names[] = {
		{ STR_INIT("From"), true, false },        { STR_INIT("To"), true, false },
		{ STR_INIT("Subject"), true, false },     { STR_INIT("Date"), false, false },
		{ STR_INIT("Content-Type"), true, true },
	};
	struct dkim_sign_options o = { key_of(a, line->field[0]),
				       line->field[1],
				       line->field[2],
				       names,
				       ARRAY_LEN(names),
				       options.now,
				       0 };
	struct dkim_signer *s = dkim_sign(a, &o);
	struct str rest = line->field[3], value;
	struct err e;

	for (; rest.n; rest = str_from(rest, 7)) {
		if (sink_write(dkim_sign_sink(s), str_sub(rest, 0, 7), &e) < 0)
			exit(2);
	}
	if (dkim_sign_done(s, &value, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		exit(2);
	}
	value = str_fmt(a, "DKIM-Signature: %.*s\n%.*s", STR_ARG(value), STR_ARG(line->field[3]));
	line_print(a, &value, 1);
}

static void answer(struct dns_table *t, const struct line *line)
{
	CLEAN_ARENA struct arena *a = arena_open("answer", ARENA_MAX);
	struct dns *d = dns_open(a, &t->resolver);

	if (str_eq(line->word, STR("verify"))) {
		verify(a, d, line);
	} else if (str_eq(line->word, STR("arc"))) {
		arc(a, d, line);
	} else if (str_eq(line->word, STR("sign"))) {
		sign(a, line);
	} else if (str_eq(line->word, STR("public"))) {
		struct dkim_key *key = key_of(a, line->field[0]);

		line_print(a, (struct str[]){ str_of(dkim_key_type(key)), dkim_key_public(a, key) },
			   2);
	}
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
			answer(&t, &line);
	}
	return 0;
}
