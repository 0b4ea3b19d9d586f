/*
 * Network tests of the engine against a DNS that knows what it has been told (lib/dns/table.h):
 * what is asked, which answers hit, and which lists are no longer believed. Judged from
 * spam-engine.md section 5.
 */
#include <stdio.h>
#include <unistd.h>

#include "gw/spam/net_testing.h"
#include "gw/spam/ruleset.h"

static bool was_asked(const char *name)
{
	for (size_t i = 0; i < table.asked.n; i++)
		if (str_eq(table.asked.p[i]->name, str_of(name)))
			return true;
	return false;
}

#define LISTED "2.0.0.127.bl.example A 127.0.0.2\n"
#define RBL "header A eval:check_rbl('bl-lastexternal', 'bl.example.')\n"

static void rbl_answers(void **state)
{
	(void)state;
	expect(RBL, LISTED "4.3.2.1.bl.example A 127.0.0.5\n", OURS HOP("1.2.3.4") "\nx\n",
	       "A[1.2.3.4 listed in bl.example]");
	expect(RBL, LISTED "4.3.2.1.bl.example NXDOMAIN\n", OURS HOP("1.2.3.4") "\nx\n", "");
	expect(RBL, LISTED "4.3.2.1.bl.example TIMEOUT\n", OURS HOP("1.2.3.4") "\nx\n", "");
	expect(RBL, LISTED "4.3.2.1.bl.example SERVFAIL\n", OURS HOP("1.2.3.4") "\nx\n", "");
	expect(RBL, LISTED "4.3.2.1.bl.example TXT listed\n", OURS HOP("1.2.3.4") "\nx\n", "");
	/* The test of the list may time out: that says nothing. */
	expect(RBL, "2.0.0.127.bl.example TIMEOUT\n4.3.2.1.bl.example A 127.0.0.5\n",
	       OURS HOP("1.2.3.4") "\nx\n", "A[1.2.3.4 listed in bl.example]");
	expect("header A eval:check_rbl_txt('bl', 'bl.example.', '(?i:spam)')\n",
	       LISTED "4.3.2.1.bl.example TXT A SpamCop listing\n", OURS HOP("1.2.3.4") "\nx\n",
	       "A[A SpamCop listing]");
}

static void rbl_subtests(void **state)
{
	static const struct {
		const char *subtest, *answer;
		bool hit;
	} cases[] = {
		{ "6", "127.0.0.4", true },
		{ "6", "127.0.0.9", false },
		{ "6", "127.255.255.254", false },
		{ "6", "126.0.0.4", false },
		{ "127.0.0.4", "127.0.0.4", true },
		{ "127.0.0.4", "127.0.0.14", false },
		{ "^127\\.0\\.0\\.1[01]$", "127.0.0.11", true },
		{ "^127\\.0\\.0\\.1[01]$", "127.0.0.12", false },
		{ "127.255.255.254", "127.255.255.254", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str conf = str_fmt(a,
					  "header A eval:check_rbl('x', 'bl.example', '%s')\n"
					  "header __Y eval:check_rbl('y', 'bl.example')\n"
					  "header B eval:check_rbl_sub('y', '%s')\n",
					  cases[i].subtest, cases[i].subtest);
		struct str rows = str_fmt(a, LISTED "4.3.2.1.bl.example A %s\n", cases[i].answer);
		struct spam_result r;

		know(str_z(a, rows));
		health = spam_list_health_new(a);
		r = check(load(str_z(a, conf), SPAM_SET_NET), OURS HOP("1.2.3.4") "\nx\n");
		assert_int_equal(r.n_hits, cases[i].hit ? 2 : 0);
	}
}

static void rbl_places(void **state)
{
	static const char mail[] = OURS HOP("1.1.1.1") HOP("2.2.2.2") HOP("192.168.1.1")
		HOP("3.3.3.3") "\nx\n";
	static const char want[5][5] = { "1011", "1000", "1010", "1000", "0011" };
	static const char *const sets[] = { "s", "s-lastexternal", "s-notfirsthop",
					    "s-firsttrusted", "s-untrusted" };
	static const char *const names[] = { "1.1.1.1.bl.example", "1.1.168.192.bl.example",
					     "2.2.2.2.bl.example", "3.3.3.3.bl.example" };

	(void)state;
	health = spam_list_health_new(a);
	/* In the order of names[]: which of them is asked. */
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		struct str conf = str_fmt(a, "header A eval:check_rbl('%s', 'bl.example')\n",
					  sets[i]);

		know(LISTED);
		hits(load(str_z(a, conf), SPAM_SET_NET), mail);
		for (size_t k = 0; k < ARRAY_LEN(names); k++)
			assert_int_equal(was_asked(names[k]), want[i][k] == '1');
		assert_false(was_asked("9.0.0.10.bl.example"));
	}
	/* From inside only: nothing to ask. */
	know(LISTED);
	hits(load(RBL, SPAM_SET_NET), OURS "\nx\n");
	assert_int_equal(table.asked.n, 0);
	know(LISTED);
	hits(load(RBL, SPAM_SET_NET), OURS HOP("2001:db8::1") "\nx\n");
	assert_true(was_asked("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
			      ".bl.example"));
}

static void metas_wait(void **state)
{
	static const char conf[] = RBL "header __B eval:check_rbl('b', 'b.example')\n"
				       "meta M A && !__B\nmeta N !A\npriority N -5000\n";

	(void)state;
	expect(conf,
	       LISTED "2.0.0.127.b.example A 127.0.0.2\n4.3.2.1.bl.example A 127.0.0.5\n"
		      "4.3.2.1.b.example TIMEOUT\n",
	       OURS HOP("1.2.3.4") "\nx\n", "A[1.2.3.4 listed in bl.example] M");
	expect(conf, LISTED, OURS HOP("1.2.3.4") "\nx\n", "N");
}

/* Nobody to ask, or a score set without network: as if nothing had been listed. */
static void no_network(void **state)
{
	struct spam_envelope env = { .now = now };
	struct spam_result r;
	struct err e;

	(void)state;
	know(LISTED "4.3.2.1.bl.example A 127.0.0.5\n");
	assert_int_equal(spam_check(a, load(RBL "meta M !A\n", SPAM_SET_NET),
				    STR(OURS HOP("1.2.3.4") "\nx\n"), &env, 0, &r, &e),
			 0);
	assert_int_equal(r.n_hits, 1);
	assert_string_equal(hits(load(RBL "meta M !A\n", SPAM_SET_LOCAL),
				 OURS HOP("1.2.3.4") "\nx\n"),
			    "M");
	assert_int_equal(table.asked.n, 0);
	assert_string_equal(hits(load("skip_rbl_checks 1\n" RBL, SPAM_SET_NET),
				 OURS HOP("1.2.3.4") "\nx\n"),
			    "");
	assert_int_equal(table.asked.n, 0);
}

static void silent_wait(struct dns_resolver *r, int64_t deadline)
{
	(void)r;
	(void)deadline;
}

/* Nothing ever comes: the time is over, and what waited counts as not hit. */
static void gives_up(void **state)
{
	int64_t start = net_now();

	(void)state;
	know(LISTED "4.3.2.1.bl.example A 127.0.0.5\n");
	table.resolver.wait = silent_wait;
	health = spam_list_health_new(a);
	assert_string_equal(hits(load("rbl_timeout 0.02\n" RBL "meta M !A\n", SPAM_SET_NET),
				 OURS HOP("1.2.3.4") "\nx\n"),
			    "M");
	assert_true(net_now() - start >= 20);
}

static const struct net_times *times_of(const char *conf)
{
	return load(str_z(a, str_fmt(a, "body X /x/\n%s", conf)), SPAM_SET_NET)->net_times;
}

static void times_of_zones(void **state)
{
	const struct net_times *t = times_of("rbl_timeout 10s 2\n"
					     "rbl_timeout 1 0.5 .Quick.Example\n"
					     "rbl_timeout 20 slow.example\n"
					     "rbl_timeout 1m 70 deep.slow.example\n");
	static const struct {
		const char *name;
		int64_t most, least; /* 0: those of all */
	} cases[] = {
		{ "quick.example", 1000, 500 },
		{ "4.3.2.1.quick.example", 1000, 500 },
		{ "tquick.example", 0, 0 },
		{ "example", 0, 0 },
		{ "a.slow.example", 20000, 4000 },
		{ "a.deep.slow.example", 70000, 70000 },
	};

	(void)state;
	assert_int_equal(t->any.most_ms, 10000);
	assert_int_equal(t->any.least_ms, 2000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct net_time *own = net_time_of(t, str_of(cases[i].name));

		assert_int_equal(own ? own->most_ms : 0, cases[i].most);
		assert_int_equal(own ? own->least_ms : 0, cases[i].least);
	}
	/* The last word on it counts; a smallest time that is larger is the largest too. */
	t = times_of("rbl_timeout 10\nrbl_timeout 3 5\n");
	assert_int_equal(t->any.most_ms, 5000);
	assert_int_equal(t->any.least_ms, 5000);
}

static void time_mistakes(void **state)
{
	static const char *const lines[] = {
		"", "x.example", "-1", "10 2 3", "10 2 x.example.", "10 x.9", "10 2 x.example y",
		"10 x..example",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct spam_conf_paths paths = { .lines = true, .set = SPAM_SET_NET };
		struct spam_rules *rules;
		struct err e;

		paths.extra = str_fmt(a, "body X /x/\nrbl_timeout %s\n", lines[i]);
		assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
		if (report.unknown.n != 1)
			fail_msg("'%s' is taken", lines[i]);
		assert_int_equal(rules->net_times->any.most_ms, 15000);
	}
}

/* When a mail of ASKED goes on, whatever the clock says. */
static void time_to_wait(void **state)
{
	enum { ASKED = 1000 * 1000 };
	const struct net_times *one = times_of("rbl_timeout 10 2\n"), *t;
	struct dns *d;

	(void)state;
	t = times_of("rbl_timeout 10 2\nrbl_timeout 1 0.5 quick.example\n"
		     "rbl_timeout 30 20 slow.example\n");
	know("");
	d = dns_open(a, &table.resolver);
	assert_int_equal(net_times_limit(t, d, false, ASKED), ASKED + 2000);
	dns_ask(d, STR("x.slow.example"), DNS_A);
	dns_ask(d, STR("x.other.example"), DNS_A);
	dns_ask(d, STR("x.quick.example"), DNS_A);
	assert_int_equal(net_times_limit(t, d, false, ASKED), ASKED + 30000);
	assert_int_equal(net_times_limit(one, d, false, ASKED), ASKED + 10000);
	/* The slow one has answered, and then the one without a time of its own. */
	assert_true(dns_wait_any(d, net_now()));
	assert_int_equal(net_times_limit(t, d, false, ASKED), ASKED + 10000 - 8000 / 9);
	assert_true(dns_wait_any(d, net_now()));
	assert_int_equal(net_times_limit(t, d, false, ASKED), ASKED + 1000 - 500 * 4 / 9);
	assert_int_equal(net_times_limit(t, d, true, ASKED), ASKED + 10000 - 8000 * 4 / 9);
	assert_int_equal(net_times_limit(one, d, false, ASKED), ASKED + 10000 - 8000 * 4 / 9);
	assert_true(dns_wait_any(d, net_now()));
	assert_int_equal(net_times_limit(t, d, false, ASKED), ASKED + 2000);
}

/* A list that never answers is not waited for as long as others would be. */
static void gives_up_a_zone(void **state)
{
	struct spam_rules *rules = load("rbl_timeout 3600 3600\nrbl_timeout 0.02 Bl.example\n" RBL
					"meta M !A\n",
					SPAM_SET_NET);

	(void)state;
	know("");
	table.resolver.wait = silent_wait;
	health = spam_list_health_new(a);
	assert_string_equal(hits(rules, OURS HOP("1.2.3.4") "\nx\n"), "M");
	assert_true(table.asked.n > 0);
	for (size_t i = 0; i < table.asked.n; i++)
		assert_int_equal(table.asked.p[i]->patience_ms, 20);
}

/* Checks twice, an hour less and more later: is the list asked? */
static void broken_list(void **state)
{
	static const char *const broken[] = {
		"1.0.0.127.bl.example A 127.0.0.2\n" LISTED "4.3.2.1.bl.example A 127.0.0.2\n",
		"4.3.2.1.bl.example A 127.0.0.2\n",
		LISTED "4.3.2.1.bl.example A 127.255.255.254\n",
		LISTED "4.3.2.1.bl.example A 192.0.2.1\n",
	};
	static const char mail[] = OURS HOP("1.2.3.4") "\nx\n";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct spam_rules *rules = load(RBL, SPAM_SET_NET);

		know(broken[i]);
		health = spam_list_health_new(a);
		assert_string_equal(hits(rules, mail), "");
		assert_true(was_asked("4.3.2.1.bl.example"));
		know(LISTED "4.3.2.1.bl.example A 127.0.0.2\n");
		assert_string_equal(hits(rules, mail), "");
		assert_int_equal(table.asked.n, 0);
		now += 601;
		assert_string_equal(hits(rules, mail), "A[1.2.3.4 listed in bl.example]");
		assert_true(was_asked("1.0.0.127.bl.example"));
		know(LISTED "4.3.2.1.bl.example A 127.0.0.2\n");
		assert_string_equal(hits(rules, mail), "A[1.2.3.4 listed in bl.example]");
		assert_false(was_asked("1.0.0.127.bl.example"));
	}
}

/* What went to stderr while a mail was checked. */
static struct str said(const struct spam_rules *rules, const char *mail)
{
	CLEAN_FILE FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);
	char text[1000];
	ssize_t n;

	assert_true(file && kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
	check(rules, mail);
	dup2(kept, STDERR_FILENO);
	n = pread(fileno(file), text, sizeof(text), 0);
	close(kept);
	return str_copy(a, (struct str){ text, n > 0 ? (size_t)n : 0 });
}

/* One warning, however often it fails; one notice when it is well again. */
static void warns_once(void **state)
{
	static const char mail[] = OURS HOP("1.2.3.4") "\nx\n";
	struct spam_rules *rules = load(RBL, SPAM_SET_NET);
	struct str text;

	(void)state;
	health = spam_list_health_new(a);
	know("1.0.0.127.bl.example A 127.0.0.2\n" LISTED);
	text = said(rules, mail);
	assert_true(str_find(text, STR("block list bl.example")) >= 0);
	assert_true(str_find(text, STR("it lists 127.0.0.1")) >= 0);
	for (int i = 0; i < 2; i++) {
		now += 601;
		know("1.0.0.127.bl.example A 127.0.0.2\n" LISTED);
		assert_int_equal(said(rules, mail).n, 0);
		assert_true(was_asked("1.0.0.127.bl.example"));
	}
	now += 601;
	know(LISTED);
	assert_true(str_find(said(rules, mail), STR("works again")) >= 0);
	assert_int_equal(said(rules, mail).n, 0);
}

#define HTML "Content-Type: text/html\n\n"
#define RHS "urirhssub U rhs.example. A 2\nbody U eval:check_uridnsbl('U')\ntflags U net\n"

static void uri_domains_listed(void **state)
{
	(void)state;
	expect(RHS, "spam.com.rhs.example A 127.0.0.2\n", "\nsee http://www.spam.com/x\n",
	       "U[URIs: spam.com]");
	expect(RHS, "spam.com.rhs.example A 127.0.0.4\n", "\nsee http://www.spam.com/x\n", "");
	expect("urirhsbl U rhs.example A\nbody U eval:check_uridnsbl('U')\n",
	       "spam.co.example.rhs.example A 127.0.0.4\n", "\nhttp://a.b.spam.co.example/\n",
	       "U[URIs: spam.co.example]");
	expect(RHS "tflags U net notrim\n", "www.spam.com.rhs.example A 127.0.0.2\n",
	       "\nsee http://www.spam.com/x\n", "U[URIs: www.spam.com]");
	expect(RHS "uridnsbl_skip_domain spam.com\n", "spam.com.rhs.example A 127.0.0.2\n",
	       "\nsee http://www.spam.com/x\n", "");
	expect(RHS, "spam.com.rhs.example A 127.0.0.2\n", "\nwrite to <mailto:x@spam.com>\n", "");
	expect(RHS, "4.3.2.1.rhs.example A 127.0.0.2\n", "\nhttp://1.2.3.4/\n",
	       "U[URIs: 1.2.3.4]");
	expect(RHS "tflags U net domains_only\n", "4.3.2.1.rhs.example A 127.0.0.2\n",
	       "\nhttp://1.2.3.4/\n", "");
	expect(RHS "tflags U net ips_only\n", "spam.com.rhs.example A 127.0.0.2\n",
	       "\nhttp://spam.com/\n", "");
	expect(RHS, "spam.com.rhs.example A 127.0.0.2\ninvalid.rhs.example A 127.0.0.2\n",
	       "\nsee http://www.spam.com/x\n", "");
}

static void uri_subtests(void **state)
{
	static const struct {
		const char *subtest, *answer;
		bool hit;
	} cases[] = {
		{ "6", "127.0.0.4", true },
		{ "6", "127.0.0.8", false },
		{ "127.0.1.4", "127.0.1.4", true },
		{ "127.0.1.4", "127.0.1.5", false },
		{ "127.0.1.2-127.0.1.9", "127.0.1.5", true },
		{ "127.0.1.2-127.0.1.9", "127.0.1.10", false },
		{ "127.0.0.2/255.0.0.255", "127.9.9.2", true },
		{ "127.0.0.2/255.0.0.255", "127.9.9.3", false },
		{ "127.7.7.2/255.0.0.255", "127.9.9.2", true },
		{ "0x7f000004", "127.0.0.4", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str conf = str_fmt(a,
					  "urirhssub U rhs.example. A %s\n"
					  "body U eval:check_uridnsbl('U')\n",
					  cases[i].subtest);
		struct str rows = str_fmt(a, "spam.com.rhs.example A %s\n", cases[i].answer);

		expect(str_z(a, conf), str_z(a, rows), "\nhttp://spam.com/\n",
		       cases[i].hit ? "U[URIs: spam.com]" : "");
	}
}

static void uri_servers(void **state)
{
	static const char dns[] = LISTED
		"spam.com NS ns1.dns.co.example\nspam.com NS ns2.other.com\n"
		"ns1.dns.co.example A 5.6.7.8\nns2.other.com TIMEOUT\nwww.spam.com A 9.9.9.9\n";
	struct str rows;

	(void)state;
	rows = str_fmt(a, "%s8.7.6.5.bl.example A 127.0.0.2\n", dns);
	expect("uridnssub U bl.example A 127.0.0.2\nbody U eval:check_uridnsbl('U')\n",
	       str_z(a, rows), "\nhttp://www.spam.com/\n", "U[URIs: spam.com]");
	expect("uridnsbl U bl.example A\nbody U eval:check_uridnsbl('U')\ntflags U net a\n",
	       str_z(a, rows), "\nhttp://www.spam.com/\n", "");
	rows = str_fmt(a, "%s9.9.9.9.bl.example A 127.0.0.2\n", dns);
	expect("uridnsbl U bl.example A\nbody U eval:check_uridnsbl('U')\ntflags U net a\n",
	       str_z(a, rows), "\nhttp://www.spam.com/\n", "U[URIs: spam.com]");
	for (int i = 8; i <= 9; i++) {
		rows = str_fmt(a, "%s%s.bl.example A 127.0.0.2\n", dns,
			       i == 8 ? "8.7.6.5" : "9.9.9.9");
		expect("uridnsbl U bl.example A\nbody U eval:check_uridnsbl('U')\n"
		       "tflags U net a ns\n",
		       str_z(a, rows), "\nhttp://www.spam.com/\n", "U[URIs: spam.com]");
	}
	rows = str_fmt(a, "%sdns.co.example.rhs.example A 127.0.0.2\n", dns);
	expect("urinsrhsbl U rhs.example A\nbody U eval:check_uridnsbl('U')\n", str_z(a, rows),
	       "\nhttp://www.spam.com/\n", "U[URIs: spam.com]");
	rows = str_fmt(a, "%sns1.dns.co.example.rhs.example A 127.0.0.2\n", dns);
	expect("urifullnsrhsbl U rhs.example A\nbody U eval:check_uridnsbl('U')\n", str_z(a, rows),
	       "\nhttp://www.spam.com/\n", "U[URIs: spam.com]");
}

/* Of too many hosts those are asked about that a reader is likely to follow. */
static void uri_limit(void **state)
{
	struct str mail = STR(HTML);
	size_t asked = 0;

	(void)state;
	for (int i = 0; i < 50; i++)
		mail = str_fmt(a, "%.*s<a href=\"http://hidden%d.com/\"></a>\n", STR_ARG(mail), i);
	mail = str_fmt(a, "%.*s<a href=\"http://shown.com/\">here</a>\n", STR_ARG(mail));
	know("");
	hits(load(RHS, SPAM_SET_NET), str_z(a, mail));
	for (size_t i = 0; i < table.asked.n; i++)
		asked += !str_starts(table.asked.p[i]->name, STR("invalid."));
	assert_int_equal(asked, 20);
	assert_true(was_asked("shown.com.rhs.example"));
}

/* Everything is asked before anything is matched. */
static void begins_early(void **state)
{
	struct spam_network network = { .resolver = &table.resolver, .health = health };
	struct spam_envelope env = { .now = now, .network = &network };
	struct spam_rules *rules = load(RBL RHS, SPAM_SET_NET);
	struct spam_check *c;
	struct spam_result r;
	struct err e;

	(void)state;
	know(LISTED "4.3.2.1.bl.example A 127.0.0.2\nspam.com.rhs.example A 127.0.0.2\n");
	assert_int_equal(spam_check_begin(a, rules, STR(OURS HOP("1.2.3.4") "\nhttp://spam.com/\n"),
					  &env, &c, &e),
			 0);
	assert_true(was_asked("4.3.2.1.bl.example"));
	assert_true(was_asked("spam.com.rhs.example"));
	assert_int_equal(table.answered, 0);
	spam_check_finish(c, 0, &r);
	assert_int_equal(r.n_hits, 2);
	assert_true(spam_rules_use_network(rules));
	assert_false(spam_rules_use_network(load(RBL, SPAM_SET_BAYES)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rbl_answers),        cmocka_unit_test(rbl_subtests),
		cmocka_unit_test(rbl_places),         cmocka_unit_test(metas_wait),
		cmocka_unit_test(no_network),         cmocka_unit_test(gives_up),
		cmocka_unit_test(times_of_zones),     cmocka_unit_test(time_mistakes),
		cmocka_unit_test(time_to_wait),       cmocka_unit_test(gives_up_a_zone),
		cmocka_unit_test(broken_list),        cmocka_unit_test(warns_once),
		cmocka_unit_test(uri_domains_listed),
		cmocka_unit_test(uri_subtests),       cmocka_unit_test(uri_servers),
		cmocka_unit_test(uri_limit),          cmocka_unit_test(begins_early),
	};

	return cmocka_run_group_tests_name("spam net", tests, open_arena, close_arena);
}
