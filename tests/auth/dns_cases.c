/*
 * Asks a real server, for dns_unbound.py: dns_cases SERVER, lines "ask NAME TYPE", all asked at
 * once. Each is answered with its status and its records.
 */
#include "auth/lines.h"
#include "base/net.h"
#include "base/vec.h"
#include "lib/dns/cares.h"

enum { ARENA_MAX = 1 << 28, ATTEMPT_MS = 1000, ATTEMPTS = 2, DEADLINE_MS = 20 * 1000 };

static enum dns_type type_of(struct str name)
{
	enum dns_type type;

	if (!dns_type_parse(name, &type))
		exit(2);
	return type;
}

static struct str record_text(struct arena *a, const struct dns_record *r)
{
	return r->addr.family ? cidr_addr_text(a, &r->addr) : r->text;
}

static void print(struct arena *a, const struct dns_question *q)
{
	struct str *out = NEW_N(a, struct str, q->n + 1);

	out[0] = str_of(dns_status_name(q->status));
	for (size_t i = 0; i < q->n; i++)
		out[i + 1] = record_text(a, &q->records[i]);
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
