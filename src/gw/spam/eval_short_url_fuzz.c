/*
 * What services that shorten links answer, one after the other, with NULs between. A proxy stands
 * for all of them, so that nobody else is asked.
 */
#include <stdint.h>

#include "base/log.h"
#include "gw/spam/spam.h"
#include "lib/dns/table.h"
#include "lib/http/http.h"
#include "lib/http/http_testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char conf[] = "loadplugin Mail::SpamAssassin::Plugin::DecodeShortURLs\n"
			   "util_rb_tld example link\nurl_shortener sho.example\n"
			   "url_shortener_get .page.link\nmax_short_url_redirections 4\n"
			   "body A1 eval:short_url()\nbody A2 eval:short_url_redir()\n"
			   "body A3 eval:short_url_chained()\nbody A4 eval:short_url_loop()\n"
			   "body A5 eval:short_url_code('404')\nbody A6 eval:short_url_maxchain()\n"
			   "uri B1 /example/\n";

#define MAIL "Subject: x\n\nhttp://sho.example/a http://b.page.link/c?d https://sho.example/e/f\n"

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
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 256u << 20);
	struct http_proxies proxies = { .http = { .host = STR("127.0.0.1") } };
	struct spam_network network = { .health = spam_list_health_new(a), .proxies = &proxies };
	struct spam_envelope env = { .now = 1000000000, .network = &network };
	struct dns_table *table = NEW(a, struct dns_table); /* asked until `a` goes */
	struct spam_result result;
	struct err e;

	if (size > HTTP_SAID_MAX)
		return 0;
	log_quiet(true);
	http_server_say((struct str){ (const char *)data, size });
	proxies.http.port = http_server.port;
	proxies.https = proxies.http;
	dns_table_init(table, a);
	network.resolver = &table->resolver;
	ASSERT(spam_check(a, rules_of(), STR(MAIL), &env, 0, &result, &e) == 0);
	ASSERT(result.n_hits > 0);
	return 0;
}
