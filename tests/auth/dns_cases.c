/*
 * Asks a real server, for dns_unbound.py: dns_cases SERVER, lines "ask NAME TYPE", all asked at
 * once. Each is answered with its status and its records.
 */
#include "auth/lines.h"
#include "base/net.h"
#include "base/vec.h"
#include "lib/dns/cares.h"

enum { ARENA_MAX = 1 << 28, ATTEMPT_MS = 1000, ATTEMPTS = 2, DEADLINE_MS = 20 * 1000 };

static const struct {
	struct str name;
	enum dns_type type;
} types[] = {
	{ STR_INIT("A"), DNS_A },         { STR_INIT("AAAA"), DNS_AAAA },
	{ STR_INIT("MX"), DNS_MX },       { STR_INIT("NS"), DNS_NS },
	{ STR_INIT("PTR"), DNS_PTR },     { STR_INIT("TXT"), DNS_TXT },
	{ STR_INIT("CNAME"), DNS_CNAME },
};

static enum dns_type type_of(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (str_eq(name, types[i].name))
			return types[i].type;
	}
	exit(2);
}

static struct str record_text(struct arena *a, const struct dns_question *q,
			      const struct dns_record *r)
{
	switch (q->type) {
	case DNS_A:
	case DNS_AAAA:
		return cidr_addr_text(a, &r->addr);
	case DNS_MX:
		return str_fmt(a, "%d %.*s", r->preference, STR_ARG(r->name));
	case DNS_TXT:
		return r->text;
	default:
		return r->name;
	}
}

static void print(struct arena *a, const struct dns_question *q)
{
	struct str *out = NEW_N(a, struct str, q->n + 1);

	out[0] = str_of(dns_status_name(q->status));
	for (size_t i = 0; i < q->n; i++)
		out[i + 1] = record_text(a, q, &q->records[i]);
	line_print(a, out, q->n + 1);
}

int main(int argc, char **argv)
{
	VEC(const struct dns_question *) asked = { 0 };
	CLEAN_ARENA struct arena *worker = arena_open("worker", ARENA_MAX);
	CLEAN_ARENA struct arena *a = arena_open("unit", ARENA_MAX);
	struct str server = str_of(argc > 1 ? argv[1] : NULL);
	struct dns_cares_config config = { &server, 1, ATTEMPT_MS, ATTEMPTS, NULL };
	struct dns_resolver *resolver;
	struct line line;
	struct dns *d;
	struct err e;

	if (dns_cares_open(worker, &config, &resolver, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 2;
	}
	d = dns_open(a, resolver);
	while (line_read(a, &line))
		vec_add(a, &asked, dns_ask(d, line.field[0], type_of(line.field[1])));
	dns_wait_all(d, net_now() + DEADLINE_MS);
	dns_finish(d);
	for (size_t i = 0; i < asked.n; i++)
		print(a, asked.p[i]);
	return 0;
}
