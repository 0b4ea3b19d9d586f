/*
 * Any bytes as objects of the SMTP whitelist and as an address. Each line of a table is one rule as
 * Postfix reads it, no object is worth more than a line, and a table accepts no address that
 * pmgpolicy would not. Objects are ended by a 0xff, their first byte chooses the type; what is left
 * is the address.
 */
#include <regex.h>

#include "base/log.h"
#include "gw/rules/whitelist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OBJECTS_MAX = 8, TEXT_MAX = 200 };

static const int64_t otypes[] = { 1000, 1001, 1002, 1003, 1004, 1005, 1007, 1008, 1009, 3000 };

static bool accepts(const char *pattern, const char *address)
{
	regex_t re;
	bool found;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
		return false; /* Postfix warns, and goes on without it */
	found = regexec(&re, address, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

/* regexp_table(5): what stands between two slashes, of which one in a pattern is escaped. */
static struct str pattern_of(struct str line)
{
	size_t i = 1;

	ASSERT(line.n && line.p[0] == '/');
	while (i < line.n && line.p[i] != '/')
		i += line.p[i] == '\\' ? 2 : 1;
	ASSERT(i < line.n && str_eq(str_from(line, i), STR("/ OK")));
	return str_sub(line, 1, i - 1);
}

/* The number of lines, none twice; true in *accepted if one of them accepts the address. */
static size_t check_patterns(struct arena *a, struct str table, struct str address, bool *accepted)
{
	struct str line, last = STR_NONE;
	size_t n = 0;

	for (*accepted = false; table.n; last = line, n++) {
		struct str pattern;

		line = str_cut(&table, '\n');
		ASSERT(!n || str_cmp(last, line) < 0);
		pattern = pattern_of(line);
		*accepted |= accepts(str_z(a, pattern), str_z(a, address));
	}
	return n;
}

static size_t check_clients(struct str table, struct str action)
{
	size_t n = 0;

	for (; table.n; n++) {
		struct str line = str_cut(&table, '\n'), key = str_cut(&line, ' ');
		struct cidr_addr address;
		struct cidr net;
		struct err e;

		ASSERT(str_eq(line, action));
		ASSERT(cidr_addr_parse(key, &address) || cidr_parse(key, &net, &e) == 0);
	}
	return n;
}

static size_t read_objects(struct str *in, struct whitelist_row *rows)
{
	size_t n = 0;

	while (n < OBJECTS_MAX && in->n && str_chr(*in, '\xff') >= 0) {
		struct str value = str_cut(in, '\xff');
		size_t type = value.n ? (uint8_t)value.p[0] % ARRAY_LEN(otypes) : 0;

		rows[n] = (struct whitelist_row){ (int64_t)n, otypes[type], str_from(value, 1) };
		if (rows[n].value.n <= TEXT_MAX)
			n++;
	}
	return n;
}

/* An address as Postfix passes it on: one line of text, and not the empty one, which is `<>`. */
static bool is_address(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n <= TEXT_MAX;
}

static void check(struct arena *a, const struct whitelist_row *rows, size_t n, struct str address)
{
	struct whitelist_tables t;
	struct whitelist *w;
	bool sender, receiver;
	size_t lines, clients;
	struct err e;

	if (whitelist_build(a, rows, n, &w, &e) < 0 || whitelist_tables(a, rows, n, &t, &e) < 0)
		return;
	lines = check_patterns(a, t.senders, address, &sender);
	lines += check_patterns(a, t.receivers, address, &receiver);
	clients = check_clients(t.clients, STR("OK"));
	ASSERT(clients == check_clients(t.postscreen, STR("permit")) && lines + clients <= n);
	ASSERT(!sender || whitelist_has_sender(w, address, STR_NONE, NULL));
	ASSERT(!receiver || whitelist_has_receiver(w, address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *a;
	struct whitelist_row rows[OBJECTS_MAX];
	struct str in = { (const char *)data, size };
	size_t n;

	if (!a)
		a = arena_open("whitelist fuzz", 1 << 30);
	log_quiet(true);
	n = read_objects(&in, rows);
	if (is_address(in))
		check(a, rows, n, in);
	arena_reset(a);
	return 0;
}
