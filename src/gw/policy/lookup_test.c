#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "gw/policy/cache.h"
#include "gw/policy/lookup.h"

/*
 * A DNS that knows a few names, answers at once, and never answers for anything below slow.test; a
 * clock that stands still until somebody moves it.
 */
static const struct known {
	const char *name;
	enum dns_type type;
	const char *value;
} known[] = {
	{ "in.test", DNS_MX, "mx.in.test" },
	{ "mx.in.test", DNS_A, "198.51.100.5" },
	{ "good.test", DNS_TXT, "v=spf1 ip4:192.0.2.0/24 -all" },
	{ "soft.test", DNS_TXT, "v=spf1 ~all" },
};

enum { ANSWERS_MAX = 5000 };

static int64_t clock_ms;
static size_t questions; /* that DNS was asked */
static bool mx_is_slow;

static struct said {
	enum policy_step step;
	char text[200];
	int times;
} said[ANSWERS_MAX]; /* by id */
static size_t n_said;

static struct arena *a;
static struct policy_settings settings;
static struct lookup *l;

static int64_t now(void)
{
	return clock_ms;
}

static void answer_of(struct arena *to, const struct known *k, struct dns_question *q)
{
	struct dns_record *r = NEW(to, struct dns_record);

	if (k->type == DNS_A)
		assert_true(cidr_addr_parse(str_of(k->value), &r->addr));
	r->name = r->text = str_of(k->value);
	q->records = r;
	q->n = 1;
	q->status = DNS_OK;
}

static void dns_send(struct dns_resolver *r, struct arena *to, struct dns_question *q)
{
	(void)r;
	questions++;
	if (str_ends(q->name, STR("slow.test")) || (mx_is_slow && q->type == DNS_MX))
		return;
	q->status = DNS_NXDOMAIN;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (q->type == known[i].type && str_eq(q->name, str_of(known[i].name)))
			answer_of(to, &known[i], q);
}

static void dns_wait_never(struct dns_resolver *r, int64_t deadline)
{
	(void)r;
	(void)deadline;
}

static void dns_cancel(struct dns_resolver *r)
{
	(void)r;
}

static int resolver(void *ctx, struct arena *to, struct dns_resolver **out, struct err *e)
{
	(void)ctx;
	(void)e;
	*out = NEW(to, struct dns_resolver);
	**out = (struct dns_resolver){ .send = dns_send,
				       .wait = dns_wait_never,
				       .cancel = dns_cancel };
	return 0;
}

static void on_answer(void *ctx, const struct wire_answer *w)
{
	struct said *s = &said[w->id];

	(void)ctx;
	s->step = w->step;
	s->times++;
	n_said++;
	snprintf(s->text, sizeof(s->text), "%.*s", STR_ARG(w->text));
}

static int setup(void **state)
{
	const struct lookup_world world = { on_answer, now, resolver, NULL };
	struct whitelist *w;
	struct err e;

	(void)state;
	log_quiet(true);
	a = arena_open("test", 512u << 20);
	memset(said, 0, sizeof(said));
	n_said = questions = 0;
	mx_is_slow = false;
	clock_ms = 1000000;
	if (whitelist_build(a, NULL, 0, &w, &e) < 0)
		return -1;
	settings = (struct policy_settings){ .spf = true,
					     .greylist = true,
					     .mask4 = 24,
					     .mask6 = 64,
					     .fqdn = STR("gw.test"),
					     .whitelist = w };
	return lookup_new(a, &settings, &world, &l, &e);
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void add(uint32_t id, const char *client, const char *sender)
{
	const struct wire_question q = {
		.id = id,
		.step = POLICY_NEED_MX,
		.request = { .instance = STR("1"),
			     .client = str_of(client),
			     .helo = STR("helo.test"),
			     .sender = str_of(sender),
			     .recipient = STR("bob@in.test") },
	};

	lookup_add(l, &q);
}

static void pass_time(int64_t ms)
{
	struct pollfd fds[1];
	int64_t until;

	clock_ms += ms;
	assert_int_equal(lookup_fds(l, fds, 1, &until), 0);
	lookup_ready(l, fds, 0);
}

static void is(uint32_t id, enum policy_step step, const char *text)
{
	assert_int_equal(said[id].times, 1);
	assert_int_equal(said[id].step, step);
	if (strncmp(said[id].text, text, strlen(text)) != 0)
		fail_msg("'%s' does not begin with '%s'", said[id].text, text);
}

static void test_answers(void **state)
{
	(void)state;
	add(1, "192.0.2.1", "a@good.test");
	is(1, POLICY_ANSWER, "prepend Received-SPF: pass ");
	add(2, "203.0.113.1", "a@good.test");
	is(2, POLICY_SPF_FAILED, "reject Rejected by SPF: 203.0.113.1 is not");
	add(3, "203.0.113.1", "a@soft.test");
	is(3, POLICY_GREYLIST, "prepend Received-SPF: softfail ");
	add(4, "198.51.100.5", "a@good.test");
	is(4, POLICY_ANSWER, "dunno"); /* a mail server of in.test */
	add(5, "2001:db8::1", "a@soft.test");
	is(5, POLICY_ANSWER, "prepend Received-SPF: softfail ");
	add(6, "192.0.2.1", "no domain");
	add(7, "192.0.2.1", "");
	is(7, POLICY_GREYLIST, "dunno"); /* helo.test has no record, and it is a bounce */
	assert_int_equal(lookup_running(l), 0);
}

/* The other recipients of a mail, and the mails that follow. */
static void test_spf_is_remembered(void **state)
{
	size_t before;

	(void)state;
	add(1, "203.0.113.1", "a@soft.test");
	before = questions;
	for (uint32_t id = 2; id < 100; id++) {
		add(id, "203.0.113.1", "a@soft.test");
		is(id, POLICY_GREYLIST, "prepend Received-SPF: softfail ");
	}
	assert_int_equal(questions, before);
	pass_time(CACHE_SPF_SECONDS * 1000);
	add(100, "203.0.113.1", "a@soft.test");
	assert_true(questions > before);
	add(101, "203.0.113.2", "a@soft.test"); /* another client is another question */
	assert_true(strstr(said[101].text, "203.0.113.2") != NULL);
}

static void test_mx_is_remembered_for_ten_minutes(void **state)
{
	size_t before;

	(void)state;
	settings.spf = false;
	add(1, "192.0.2.1", "a@good.test");
	assert_int_equal(questions, 2); /* MX, A */
	before = questions;
	pass_time(600 * 1000 - 1);
	add(2, "198.51.100.5", "a@good.test");
	is(2, POLICY_ANSWER, "dunno");
	assert_int_equal(questions, before);
	pass_time(1);
	add(3, "192.0.2.1", "a@good.test");
	assert_int_equal(questions, before + 2);
}

static void test_mx_that_cannot_be_found(void **state)
{
	(void)state;
	settings.spf = false;
	mx_is_slow = true;
	add(1, "192.0.2.1", "a@good.test");
	pass_time(LOOKUP_MX_MS - 1);
	assert_int_equal(n_said, 0);
	pass_time(1);
	is(1, POLICY_GREYLIST, "dunno");
	add(2, "192.0.2.1", "a@good.test"); /* nobody else waits as long, for a while */
	is(2, POLICY_GREYLIST, "dunno");
	mx_is_slow = false;
	pass_time(CACHE_FAILURE_SECONDS * 1000);
	add(3, "198.51.100.5", "a@good.test");
	is(3, POLICY_ANSWER, "dunno");
}

/* The domain of a sender whose servers do not answer. */
static void test_slow_domain(void **state)
{
	char client[32], sender[64];

	(void)state;
	for (uint32_t id = 1; id <= 100; id++) {
		snprintf(client, sizeof(client), "203.0.%u.1", id);
		snprintf(sender, sizeof(sender), "s%u@slow.test", id);
		add(id, client, sender);
	}
	assert_int_equal(n_said, 0);
	assert_int_equal(lookup_running(l), LOOKUP_PER_DOMAIN);
	assert_int_equal(lookup_waiting(l), 100 - LOOKUP_PER_DOMAIN);
	add(200, "192.0.2.1", "a@good.test");
	is(200, POLICY_ANSWER, "prepend Received-SPF: pass ");
	pass_time(LOOKUP_MS - 1);
	assert_int_equal(n_said, 1);
	pass_time(1);
	for (uint32_t id = 1; id <= 100; id++)
		is(id, POLICY_GREYLIST, "dunno"); /* all of them go on to the greylist */
	assert_int_equal(lookup_running(l) + lookup_waiting(l), 0);
}

/* A client network with as many slow domains as it likes. */
static void test_slow_domains_of_one_network(void **state)
{
	char client[32], sender[64];

	(void)state;
	for (uint32_t id = 1; id <= 100; id++) {
		snprintf(client, sizeof(client), "203.0.113.%u", id);
		snprintf(sender, sizeof(sender), "s@d%u.slow.test", id);
		add(id, client, sender);
	}
	assert_int_equal(lookup_running(l), LOOKUP_PER_NETWORK);
	add(200, "192.0.2.1", "a@good.test");
	is(200, POLICY_ANSWER, "prepend Received-SPF: pass ");
}

/* Who comes again while his domain does not answer does not wait again. */
static void test_timeouts_are_remembered(void **state)
{
	(void)state;
	add(1, "203.0.113.1", "s@slow.test");
	pass_time(LOOKUP_MS);
	is(1, POLICY_GREYLIST, "dunno");
	add(2, "203.0.113.1", "s@slow.test");
	is(2, POLICY_GREYLIST, "dunno");
}

/* As many networks as domains, so that there is no room: greylisting goes on. */
static void test_no_room_left(void **state)
{
	char client[32], sender[64];
	uint32_t all = LOOKUP_WAITING_MAX + 10;

	(void)state;
	for (uint32_t id = 1; id <= all; id++) {
		snprintf(client, sizeof(client), "10.%u.%u.1", id / 200, id % 200);
		snprintf(sender, sizeof(sender), "s@d%u.slow.test", id);
		add(id, client, sender);
	}
	assert_int_equal(lookup_running(l), LOOKUP_JOBS);
	assert_int_equal(lookup_waiting(l), LOOKUP_WAITING_MAX - LOOKUP_JOBS);
	assert_int_equal(n_said, 10);
	pass_time(LOOKUP_MS);
	for (uint32_t id = 1; id <= all; id++)
		is(id, POLICY_GREYLIST, "dunno");
}

/* Room goes to those who have waited longest. */
static void test_waiting_jobs_start(void **state)
{
	char sender[64];

	(void)state;
	for (uint32_t id = 1; id <= LOOKUP_PER_DOMAIN; id++) {
		snprintf(sender, sizeof(sender), "s%u@slow.test", id);
		add(id, "203.0.113.1", sender);
		pass_time(1);
	}
	add(50, "203.0.113.1", "t@slow.test");
	assert_int_equal(lookup_waiting(l), 1);
	pass_time(LOOKUP_MS - LOOKUP_PER_DOMAIN); /* the first one ends */
	assert_int_equal(n_said, 1);
	assert_int_equal(lookup_waiting(l), 0);
	assert_int_equal(said[50].times, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_spf_is_remembered),
		TEST(test_mx_is_remembered_for_ten_minutes),
		TEST(test_mx_that_cannot_be_found),
		TEST(test_slow_domain),
		TEST(test_slow_domains_of_one_network),
		TEST(test_timeouts_are_remembered),
		TEST(test_no_room_left),
		TEST(test_waiting_jobs_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
