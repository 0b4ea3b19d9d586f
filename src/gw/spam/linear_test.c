/*
 * Mails made to hurt: the time for sixteen times the size is about sixteen times the time, not 256
 * times. CPU time is compared, the best of three runs each, with much room for a busy machine; what
 * seems too slow is measured again.
 */
#include <time.h>

#include "base/buf.h"
#include "gw/spam/net_testing.h"
#include "lib/razor/razor.h"

enum { SMALL = 1 << 14, TIMES = 16, RATIO_MAX = 128, RUNS = 3, ATTEMPTS = 4 };

#define HTML_MAIL "Content-Type: text/html\n\n"
#define PLUGIN(name) "loadplugin Mail::SpamAssassin::Plugin::" name "\n"

/* Whatever looks at headers, texts, hosts, addresses and links. */
static const char conf[] =
	PLUGIN("HTMLEval") PLUGIN("MIMEEval") PLUGIN("BodyEval") PLUGIN("HeaderEval")
	PLUGIN("FreeMail") PLUGIN("WLBLEval") PLUGIN("RelayEval") PLUGIN("HTTPSMismatch")
	"freemail_domains free.com\n"
	"header A1 eval:check_rbl('a', 'bl.example')\n"
	"header A2 eval:check_rbl_from_host('b', 'b.example')\n"
	"header A3 eval:check_rbl_headers('c', 'c.example', '127.0.0.2', 'X,Reply-To')\n"
	"header A4 eval:check_rbl_rcvd('d', 'd.example')\n"
	"urirhssub B1 rhs.example A 2\nbody B1 eval:check_uridnsbl('B1')\n"
	"urinsrhsbl B2 ns.example A\nbody B2 eval:check_uridnsbl('B2')\n"
	"header C1 eval:check_hashbl_emails('h.example', 'raw/max=100/nouri/noquote', "
	"'ALL/ALLFROM/Reply-To/body')\n"
	"header C2 eval:check_hashbl_uris('h.example', 'sha1/max=100')\n"
	"body C3 eval:check_hashbl_bodyre('h.example', 'raw/max=100', '(\\w+)')\n"
	"header D1 eval:check_freemail_replyto('replyto')\n"
	"header D2 eval:check_from_in_blocklist()\n"
	"header D3 ALL =~ /x{9}/\nheader D4 Received =~ /x{9}/\nheader D5 Subject =~ /x{9}/\n"
	"header D6 From:addr =~ /x{9}/\nheader D7 ToCc:addr =~ /x{9}/\n"
	"rawbody E1 /x{9}/\nbody E2 /x{9}/\nuri E3 /x{9}/\n"
	"body F1 eval:html_tag_balance('body', '!= 0')\n"
	"body F2 eval:check_https_http_mismatch('1', '10')\n"
	"body F3 eval:multipart_alternative_difference('99', '100')\n"
	"header G1 eval:check_for_forged_received_trail()\n"
	"askdns H1 _AUTHORDOMAIN_.h1.example A /x/\nheader H2 eval:check_for_spf_pass()\n";

static const struct attack {
	const char *what;
	const char *start, *again, *end; /* the second part is repeated */
} attacks[] = {
	{ "fields", "", "A: b\n", "\nx\n" },
	{ "fields of one name", "", "Subject: b c\n", "\nx\n" },
	{ "folds", "Subject: b\n", " c\n", "\nx\n" },
	{ "encoded words", "", "Subject: =?utf-8?q?a?= =?koi8-r?b?YQ==?=\n", "\nx\n" },
	{ "encoded words never closed", "Subject: ", "=?utf-8?q?a", "\n\nx\n" },
	{ "Received lines", OURS, HOP("1.2.3.4"), "\nx\n" },
	{ "Received lines that say nothing", "", "Received: from a by b\n", "\nx\n" },
	{ "a long Received line", "Received: from ", "(a [1.2.3.4]) by ", "\n\nx\n" },
	{ "senders", "From: ", "a@free.com, ", "\n\nx\n" },
	{ "comments in addresses", "From: ", "(", "\n\nx\n" },
	{ "recipients", "", "To: a@b.com\n", "\nx\n" },
	{ "open tags", HTML_MAIL, "<div>", "\n" },
	{ "open tables", HTML_MAIL, "<table><tr><td style='color:red'>x", "\n" },
	{ "closed tags that were not open", HTML_MAIL, "</b></i>", "\n" },
	{ "fonts in fonts", HTML_MAIL, "<font color=red size=1>x", "\n" },
	{ "links in links", HTML_MAIL, "<a href=http://a.com>x", "\n" },
	{ "comments never closed", HTML_MAIL, "<!--", "\n" },
	{ "attributes", HTML_MAIL "<a ", "b=c ", "\n" },
	{ "URIs", "\n", "http://a.com/b ", "\n" },
	{ "one URI in another", "\nhttp://a.com/?", "http://a.com/?", "\n" },
	{ "addresses in the text", "Reply-To: a@free.com\n\n", "a.b.c@free.com ", "\n" },
	{ "dots before an @", "\n", "a.b.", "@free.com\n" },
	{ "an @ after the other", "\n", "@", "\n" },
	{ "spaces after addresses", "\n", "a@b.com        \n", "\n" },
	{ "blank lines", "\n", "\n", "\n" },
	{ "boundaries", "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", "" },
	{ "signatures", "", "DKIM-Signature: v=1; d=a.com; s=b\n", "\nx\n" },
	{ "names of boundaries", "Content-Type: multipart/x; ", "boundary=\"", "\n\nx\n" },
	{ "multiparts in multiparts", "", "Content-Type: multipart/x; boundary=b\n\n--b\n", "x\n" },
	{ "soft line ends", "Content-Transfer-Encoding: quoted-printable\n\n", "=3=\nD", "\n" },
	{ "names of hosts", "\nhttp://a.com", " www.a.b href = ", "\n" },
};

/* What Razor2 does once a server has answered. */
static void sign(struct arena *mail, struct str raw)
{
	struct razor_server server = razor_server_default();
	struct razor_parts parts = razor_parts(mail, raw);

	razor_sign(mail, &parts, &server);
}

static struct str mail_of(const struct attack *k, size_t size)
{
	struct buf b;

	buf_init(&b, a, size + 4096);
	buf_addz(&b, k->start);
	while (b.n < size)
		buf_addz(&b, k->again);
	buf_addz(&b, k->end);
	return buf_str(&b);
}

static double cost(const struct spam_rules *rules, struct str raw)
{
	double best = 1e9;

	for (int i = 0; i < RUNS; i++) {
		CLEAN_ARENA struct arena *mail = arena_open("mail", (size_t)1 << 30);
		struct spam_network network = { .resolver = &table.resolver,
						.health = spam_list_health_new(mail) };
		struct spam_envelope env = { .now = now, .network = &network };
		struct timespec from, to;
		struct spam_result r;
		struct err e;
		double s;

		dns_table_init(&table, mail);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		assert_int_equal(spam_check(mail, rules, raw, &env, 0, &r, &e), 0);
		sign(mail, raw);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		s = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
		best = s < best ? s : best;
	}
	return best;
}

static void all_linear(void **state)
{
	struct spam_rules *rules = load(conf, SPAM_SET_NET);

	(void)state;
	assert_int_equal(report.disabled.n, 0);
	for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
		/* What a cap cuts off costs nothing more: it only has to be no worse. */
		double small = 0, large = 1;

		for (int k = 0; k < ATTEMPTS && large > small * RATIO_MAX; k++) {
			small = cost(rules, mail_of(&attacks[i], SMALL));
			large = cost(rules, mail_of(&attacks[i], (size_t)SMALL * TIMES));
		}
		if (large > small * RATIO_MAX)
			fail_msg("%s: %.4f s, %d times the size %.4f s", attacks[i].what, small,
				 TIMES, large);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_linear) };

	return cmocka_run_group_tests_name("spam linear", tests, open_arena, close_arena);
}
