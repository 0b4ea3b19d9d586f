/*
 * Any bytes as a mail, and every function that asks the DNS about it; every second name is listed.
 * Up to the first NUL they are the mail, what is behind is a text that the DNS gives.
 */
#include <stdint.h>

#include "base/log.h"
#include "gw/spam/ruleset.h"
#include "lib/dns/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PLUGIN(name) "loadplugin " CONF_PLUGIN name "\n"

static const char conf[] =
	PLUGIN("DNSEval") PLUGIN("URIDNSBL") PLUGIN("AskDNS") PLUGIN("HashBL") PLUGIN("SPF")
	PLUGIN("DKIM") PLUGIN("DMARC")
	"util_rb_tld com org\n"
	"header A1 eval:check_rbl('a', 'a.example')\n"
	"header A2 eval:check_rbl_txt('a', 'a.example', 'b')\n"
	"header A3 eval:check_rbl_from_host('b', 'b.example')\n"
	"header A4 eval:check_rbl_from_domain('b', 'b.example')\n"
	"header A5 eval:check_rbl_envfrom('b', 'b.example')\n"
	"header A6 eval:check_rbl_headers('b', 'b.example', '2', 'X,Reply-To')\n"
	"header A7 eval:check_rbl_rcvd('b', 'b.example')\n"
	"header A8 eval:check_rbl_ns_from('b', 'b.example')\n"
	"header A9 eval:check_rbl_accreditor('b', 'b.example', '2', 'acc')\n"
	"urirhssub B1 rhs.example A 2\nbody B1 eval:check_uridnsbl('B1')\n"
	"uridnsbl B2 bl.example A\nbody B2 eval:check_uridnsbl('B2')\ntflags B2 net a ns\n"
	"header C1 eval:check_hashbl_emails('h.example', 'md5/nodot/notag/nouri/noquote', "
	"'ALL/ALLFROM/X/body')\n"
	"header C2 eval:check_hashbl_uris('h.example', 'sha1')\n"
	"body C3 eval:check_hashbl_bodyre('h.example', 'raw/num', '(\\w+)')\n"
	"header C4 X =~ /(?<XX>\\w+)/\n"
	"header C5 eval:check_hashbl_tag('h.example', 'raw/tld', 'XX')\n"
	"body C6 eval:check_hashbl_attachments('h.example', 'sha256')\n"
	"askdns D1 _AUTHORDOMAIN_._XX_.example TXT /a/\n"
	"header E1 eval:check_for_spf_pass()\nheader E2 eval:check_for_spf_helo_fail()\n"
	"full F1 eval:check_dkim_valid()\nheader G1 eval:check_dmarc_reject()\n";

static struct str text;

static void answer(struct dns_resolver *r, struct arena *a, struct dns_question *q)
{
	struct dns_record *rec = NEW(a, struct dns_record);

	(void)r;
	q->status = q->name.n % 2 ? DNS_OK : DNS_NXDOMAIN;
	if (q->status != DNS_OK) {
		q->primary = STR("ns.primary.com");
		return;
	}
	cidr_addr_parse(q->type == DNS_AAAA ? STR("::1") : STR("127.0.0.2"), &rec->addr);
	rec->name = STR("other.com");
	rec->text = text;
	q->records = rec;
	q->n = 1;
}

static void wait_for(struct dns_resolver *r, int64_t deadline)
{
	(void)r;
	(void)deadline;
}

static void cancel(struct dns_resolver *r)
{
	(void)r;
}

/* Loaded once; every rule has to be understood. */
static const struct spam_rules *rules_of(void)
{
	static struct spam_rules *rules;
	struct spam_conf_paths paths = { .lines = true, .set = SPAM_SET_NET };
	struct spam_load_report report;
	struct err e;

	if (rules)
		return rules;
	paths.extra = str_of(conf);
	if (spam_rules_load(arena_open("rules", (size_t)1 << 30), &paths, &rules, &report, &e) < 0)
		__builtin_trap();
	ASSERT(report.unknown.n == 0 && report.disabled.n == 0);
	return rules;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	static struct dns_resolver resolver = { .send = answer, .wait = wait_for,
						.cancel = cancel };
	struct spam_network network = { .resolver = &resolver,
					.health = spam_list_health_new(a) };
	struct spam_envelope env = { .now = 1000000000, .network = &network };
	struct str rest = { (const char *)data, size }, mail;
	struct spam_result result;
	struct err e;

	mail = str_cut(&rest, '\0');
	text = rest.p ? rest : STR("");
	log_quiet(true);
	if (spam_check(a, rules_of(), mail, &env, 0, &result, &e) < 0)
		ASSERT(mail.n > SPAM_MAIL_MAX);
	return 0;
}
