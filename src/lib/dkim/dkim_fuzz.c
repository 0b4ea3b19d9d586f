/*
 * The first byte says how: a mail with signatures and an ARC chain, whose keys are at the mail's
 * own end (behind the last "\n#"); or a mail to be signed in pieces and then verified.
 */
#include "base/net.h"
#include "lib/dkim/arc.h"
#include "lib/dkim/sign.h"
#include "lib/dns/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
			  "MC4CAQAwBQYDK2VwBCIEIIT8p2CBs9R0w97mPLrZj8P9CrVFen5W0MyBnzHFuXDv\n"
			  "-----END PRIVATE KEY-----\n";

static struct str find_record(struct str mail)
{
	struct str record = STR("k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");

	for (size_t i = mail.n; i-- > 1;) {
		if (mail.p[i] == '#' && mail.p[i - 1] == '\n')
			return str_from(mail, i + 1);
	}
	return record;
}

/* Every key is asked for under a name of which the table knows only some. */
static void add_keys(struct dns_table *t, struct str record)
{
	static const char *const names[] = { "s._domainkey.d", "dummy._domainkey.example.org",
					     "brisbane._domainkey.football.example.com",
					     "test._domainkey.football.example.com" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		dns_table_add(t, str_of(names[i]), STR("TXT"), record);
	dns_table_add(t, STR("_adsp._domainkey.d"), STR("TXT"), record);
}

static struct dkim_verifier *verify(struct arena *a, struct dns *d, struct str mail, bool cut)
{
	struct dkim_options options = { .now = 1700000000, .sha1 = true };
	struct dkim_message *m = dkim_message_read(a, mail, cut);
	struct dkim_verifier *v = dkim_verify(a, d, m, &options);
	struct arc *arc = arc_verify(a, d, m, &options);

	while (!dkim_check(v) || !arc_check(arc) ||
	       dkim_adsp_check(a, d, STR("d")) == DKIM_ADSP_PENDING)
		ASSERT(dns_wait_any(d, net_now() + 100000));
	ASSERT(v->n <= DKIM_SIGNATURES_MAX && arc->n <= ARC_SETS_MAX);
	for (size_t i = 0; i < v->n; i++)
		ASSERT((v->signatures[i].result == DKIM_PASS) == !v->signatures[i].reason[0]);
	return v;
}

/* What we sign and have not changed verifies, whatever it is. */
static void sign(struct arena *a, struct dns_table *t, struct str mail, size_t step)
{
	static const struct dkim_sign_name names[] = { { STR_INIT("From"), true, false },
						       { STR_INIT("X"), true, true } };
	struct dkim_sign_options o = { .domain = STR("d"),
				       .selector = STR("own"),
				       .names = names,
				       .name_count = ARRAY_LEN(names),
				       .now = 1 };
	struct dkim_signer *s;
	struct dkim_key *key;
	struct str value;
	struct err e;

	ASSERT(dkim_key_read(a, str_of(pem), &key, &e) == 0);
	o.key = key;
	s = dkim_sign(a, &o);
	for (struct str rest = mail; rest.n; rest = str_from(rest, step))
		ASSERT(sink_write(dkim_sign_sink(s), str_sub(rest, 0, step), &e) == 0);
	if (dkim_sign_done(s, &value, &e) < 0)
		return;
	dns_table_add(t, STR("own._domainkey.d"), STR("TXT"),
		      str_fmt(a, "k=ed25519; p=%.*s", STR_ARG(dkim_key_public(a, key))));
	value = str_fmt(a, "DKIM-Signature: %.*s\n", STR_ARG(value));
	ASSERT(verify(a, dns_open(a, &t->resolver), str_cat(a, value, mail), false)
		       ->signatures[0]
		       .result == DKIM_PASS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str mail = { (const char *)data + 1, size - 1 };
	struct dns_table t;
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 64u << 20);

	if (size == 0 || size > 65536)
		return 0;
	dns_table_init(&t, a);
	add_keys(&t, find_record(mail));
	if (data[0] & 1)
		sign(a, &t, mail, 1 + (data[0] >> 4));
	else
		verify(a, dns_open(a, &t.resolver), mail, data[0] & 2);
	return 0;
}
