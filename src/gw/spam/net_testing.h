/*
 * A small DNS and a rule set from lines, for the unit tests of network tests: a file of tests
 * includes it once.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/net.h"
#include "gw/spam/spam.h"
#include "lib/dns/table.h"

#define HOP(ip) "Received: from mail.example (mail.example [" ip "]) by gw.example with SMTP id 1\n"
#define OURS HOP("10.0.0.9")
#define CONF \
	"loadplugin Mail::SpamAssassin::Plugin::DNSEval\n" \
	"loadplugin Mail::SpamAssassin::Plugin::URIDNSBL\n" \
	"loadplugin Mail::SpamAssassin::Plugin::AskDNS\n" \
	"loadplugin Mail::SpamAssassin::Plugin::HashBL\n" \
	"loadplugin Mail::SpamAssassin::Plugin::SPF\n" \
	"loadplugin Mail::SpamAssassin::Plugin::DKIM\n" \
	"loadplugin Mail::SpamAssassin::Plugin::DMARC\n" \
	"trusted_networks 10.0.0.0/8\nutil_rb_tld com example\nutil_rb_2tld co.example\n"

static struct arena *a;
static struct spam_load_report report;
static struct dns_table table;
static struct spam_list_health *health;
static int64_t now;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 512u << 20);
	health = spam_list_health_new(a);
	now = 1000000000;
	dns_table_init(&table, a);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct spam_rules *load(const char *conf, enum spam_score_set set)
{
	struct spam_conf_paths paths = { .lines = true, .set = set };
	struct spam_rules *rules;
	struct err e;

	paths.extra = str_fmt(a, "%s%s", CONF, conf);
	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(report.unknown.n, 0);
	return rules;
}

/* Rows "name TYPE value", a line each; they replace those that were there. */
static void know(const char *rows)
{
	struct str rest = str_of(rows), line, name, type;

	dns_table_init(&table, a);
	while (str_line(&rest, &line)) {
		assert_true(str_word(&line, &name) && str_word(&line, &type));
		assert_true(dns_table_add(&table, name, type, str_trim(line)));
	}
}

static struct spam_result check(const struct spam_rules *rules, const char *mail)
{
	struct spam_network network = { .resolver = &table.resolver, .health = health };
	struct spam_envelope env = { .now = now, .network = &network };
	struct spam_result r;
	struct err e;

	assert_int_equal(spam_check(a, rules, str_of(mail), &env, 0, &r, &e), 0);
	return r;
}

static int by_name(const void *x, const void *y)
{
	return str_cmp(((const struct spam_hit *)x)->name, ((const struct spam_hit *)y)->name);
}

/* "A[what it is about] B": visible hits by name, since answers come in no certain order. */
static const char *hits(const struct spam_rules *rules, const char *mail)
{
	struct spam_result r = check(rules, mail);
	struct str out = STR("");

	qsort(r.hits, r.n_hits, sizeof(*r.hits), by_name);
	for (size_t i = 0; i < r.n_hits; i++) {
		const struct spam_hit *h = &r.hits[i];

		out = str_fmt(a, "%.*s%s%.*s", STR_ARG(out), out.n ? " " : "", STR_ARG(h->name));
		if (h->found.n)
			out = str_fmt(a, "%.*s[%.*s]", STR_ARG(out), STR_ARG(h->found));
	}
	return str_z(a, out);
}

static UNUSED void expect(const char *conf, const char *rows, const char *mail, const char *want)
{
	know(rows);
	health = spam_list_health_new(a);
	assert_string_equal(hits(load(conf, SPAM_SET_NET), mail), want);
}
