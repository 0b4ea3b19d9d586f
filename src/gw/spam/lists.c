#include "gw/spam/lists.h"

#include <arpa/inet.h>

#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "gw/spam/eval.h"
#include "lib/dns/health.h"

enum { LOOPBACK = 0x7f000000, LOOPBACK_MASK = 0xff000000, REFUSED = 0x7fffff00 };

struct list {
	struct str zone;
	enum list_kind kind;
	int64_t test_at, off_until;
	bool failed; /* its last test; and somebody has been told */
};

struct spam_list_health {
	struct arena *a;
	struct map lists; /* zone → struct list */
	struct map shut;  /* domain → int64_t, until when */
	struct map servers; /* name → struct health */
};

/* A list that this mail asks, and the test of it if one was due. */
struct asked {
	struct list *list;
	const struct dns_question *yes, *no; /* what it must and must not list; may be NULL */
	VEC(const struct dns_question *) questions;
};

struct spam_lists {
	struct arena *a;
	struct dns *dns;
	struct spam_list_health *health;
	int64_t now;
	struct map asked; /* zone → struct asked */
};

struct spam_list_health *spam_list_health_new(struct arena *a)
{
	struct spam_list_health *h = NEW(a, struct spam_list_health);

	h->a = a;
	map_init(&h->lists, a);
	map_init(&h->shut, a);
	map_init(&h->servers, a);
	return h;
}

bool spam_list_health_shut(const struct spam_list_health *h, struct str domain, int64_t now)
{
	const int64_t *until = map_get(&h->shut, domain);

	return until && now < *until;
}

void spam_list_health_shut_until(struct spam_list_health *h, struct str domain, int64_t until)
{
	int64_t *t = map_get(&h->shut, domain);

	if (!t && h->shut.n < LISTS_MAX) {
		t = NEW(h->a, int64_t);
		map_set(&h->shut, domain, t);
	}
	if (t)
		*t = until;
}

struct health *spam_list_health_server(struct spam_list_health *h, struct str name)
{
	struct health *server = map_get(&h->servers, name);

	if (!server && h->servers.n < LISTS_MAX) {
		server = NEW(h->a, struct health);
		map_set(&h->servers, name, server);
	}
	return server;
}

struct spam_lists *spam_lists_open(struct arena *a, struct dns *d, struct spam_list_health *health,
				   int64_t now)
{
	struct spam_lists *l = NEW(a, struct spam_lists);

	*l = (struct spam_lists){ .a = a, .dns = d, .health = health, .now = now };
	map_init(&l->asked, a);
	return l;
}

static struct list *list_of(struct spam_list_health *h, struct str zone, enum list_kind kind)
{
	struct list *list = map_get(&h->lists, zone);

	if (list || h->lists.n >= LISTS_MAX)
		return list;
	list = NEW(h->a, struct list);
	*list = (struct list){ .zone = str_copy(h->a, zone), .kind = kind };
	map_set(&h->lists, zone, list);
	return list;
}

static struct str in_zone(struct spam_lists *l, struct str key, struct str zone)
{
	return str_fmt(l->a, "%.*s.%.*s", STR_ARG(key), STR_ARG(zone));
}

static void test(struct spam_lists *l, struct asked *a)
{
	struct list *list = a->list;
	bool names = list->kind == LIST_OF_NAMES;
	struct str no = in_zone(l, names ? STR("invalid") : STR("1.0.0.127"), list->zone);

	list->test_at = l->now + LISTS_TEST_S;
	a->no = dns_ask_in(l->dns, no, DNS_A, list->zone);
	if (!names)
		a->yes = dns_ask_in(l->dns, in_zone(l, STR("2.0.0.127"), list->zone), DNS_A,
				    list->zone);
}

static struct asked *asked_of(struct spam_lists *l, struct str zone, enum list_kind kind)
{
	struct asked *a = map_get(&l->asked, zone);

	if (a)
		return a;
	a = NEW(l->a, struct asked);
	a->list = list_of(l->health, zone, kind);
	map_set(&l->asked, zone, a);
	if (a->list && l->now >= a->list->off_until && l->now >= a->list->test_at)
		test(l, a);
	return a;
}

const struct dns_question *spam_lists_ask(struct spam_lists *l, struct str key, struct str zone,
					  enum dns_type type, enum list_kind kind)
{
	const struct dns_question *q;
	struct asked *a;

	zone = str_lower(l->a, zone);
	a = asked_of(l, zone, kind);
	if (a->list && l->now < a->list->off_until)
		return NULL;
	q = dns_ask_in(l->dns, in_zone(l, key, zone), type, zone);
	vec_add(l->a, &a->questions, q);
	return q;
}

uint32_t list_number(const struct cidr_addr *addr)
{
	uint32_t n;

	memcpy(&n, addr->b, sizeof(n));
	return ntohl(n);
}

/* "127.0.0.2", "0x7f000002", "8" */
static bool number_parse(struct arena *tmp, struct str text, uint32_t *out)
{
	struct cidr_addr addr;
	const char *z;
	char *end;
	int64_t n;

	if (cidr_addr_parse(text, &addr) && addr.family == 4) {
		*out = list_number(&addr);
		return true;
	}
	if (str_istarts(text, STR("0x")) && text.n > 2 && text.n <= 10) {
		z = str_z(tmp, str_from(text, 2));
		*out = (uint32_t)strtoul(z, &end, 16);
		return !*end && *z != '-' && *z != '+';
	}
	if (!text.n || !ascii_is_digit(text.p[0]) || !str_int(text, 0, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

bool list_test_parse(struct arena *tmp, struct str text, struct list_test *t)
{
	size_t i = 0;

	while (i < text.n && text.p[i] != '-' && text.p[i] != '/')
		i++;
	if (!number_parse(tmp, str_sub(text, 0, i), &t->from))
		return false;
	if (i == text.n) {
		t->op = str_chr(text, '.') >= 0 ? LIST_RANGE : LIST_MASK;
		t->to = t->from;
		return true;
	}
	t->op = text.p[i] == '-' ? LIST_RANGE : LIST_MASKED;
	return number_parse(tmp, str_from(text, i + 1), &t->to);
}

static bool is_loopback(uint32_t n)
{
	return (n & LOOPBACK_MASK) == LOOPBACK;
}

/* Whether it says no rather than yes: the list does not serve us. */
static bool is_refusal(uint32_t n)
{
	return (n & 0xffffff00) == REFUSED;
}

bool list_test_matches(struct arena *a, const struct dns_record *r, enum dns_type type,
		       const struct list_test *t)
{
	uint32_t n = type == DNS_A ? list_number(&r->addr) : 0;
	struct str text = type == DNS_A ? cidr_addr_text(a, &r->addr) : r->text;
	bool counts = type != DNS_A || (is_loopback(n) && !is_refusal(n));

	switch (t->op) {
	case LIST_ANY:
		return counts;
	case LIST_MASK:
		return counts && type == DNS_A && n & t->from;
	case LIST_RANGE:
		return type == DNS_A && n >= t->from && n <= t->to;
	case LIST_MASKED:
		return type == DNS_A && (n & t->to) == (t->from & t->to);
	case LIST_REGEX:
		return (type != DNS_A || is_loopback(n)) && re_match(t->re, text) == RE_MATCH;
	}
	return false;
}

/* Why the tested list is not to be believed; NULL if nothing speaks against it. */
static const char *failed_test(const struct asked *a)
{
	if (a->no && a->no->status == DNS_OK)
		return a->list->kind == LIST_OF_NAMES ? "it lists every name"
						      : "it lists 127.0.0.1";
	if (a->yes && dns_is_known(a->yes) && a->yes->status != DNS_OK)
		return "it does not list 127.0.0.2";
	return NULL;
}

static bool is_being_tested(const struct asked *a)
{
	return (a->no && a->no->status == DNS_PENDING) || (a->yes && a->yes->status == DNS_PENDING);
}

unsigned spam_lists_hits(struct spam_lists *l, const struct dns_question *q,
			 const struct list_test *test)
{
	const struct asked *a = map_get(&l->asked, q->zone);
	unsigned hits = 0;

	if (q->status == DNS_PENDING)
		return EVAL_PENDING;
	if (q->status != DNS_OK)
		return 0;
	if (a && is_being_tested(a))
		return EVAL_PENDING;
	if (a && failed_test(a))
		return 0;
	for (size_t i = 0; i < q->n; i++)
		hits += list_test_matches(l->a, &q->records[i], q->type, test);
	return hits;
}

static const char *bad_answer(const struct asked *a)
{
	for (size_t i = 0; i < a->questions.n; i++) {
		const struct dns_question *q = a->questions.p[i];

		for (size_t k = 0; q->status == DNS_OK && q->type == DNS_A && k < q->n; k++) {
			uint32_t n = list_number(&q->records[k].addr);

			if (!is_loopback(n))
				return "it gives addresses outside 127.0.0.0/8";
			if (is_refusal(n))
				return "it refuses to answer us (127.255.255.x)";
		}
	}
	return NULL;
}

static void switch_off(struct spam_lists *l, struct list *list, const char *why)
{
	list->off_until = list->test_at = l->now + LISTS_OFF_S;
	if (!list->failed)
		log_warn("block list %.*s is not asked until it works again (every %d minutes it "
			 "is tested): %s",
			 STR_ARG(list->zone), LISTS_OFF_S / 60, why);
	list->failed = true;
}

/* Nothing speaks against it; that its test had no answer says nothing. */
static void believe(struct asked *a)
{
	if (!a->list->failed || !a->no || !dns_is_known(a->no))
		return;
	a->list->failed = false;
	log_notice("block list %.*s works again", STR_ARG(a->list->zone));
}

void spam_lists_judge(struct spam_lists *l)
{
	for (size_t i = 0; i < l->asked.n; i++) {
		struct asked *a = l->asked.entries[i].value;
		const char *why;

		if (!a->list || l->now < a->list->off_until)
			continue;
		why = failed_test(a);
		if (!why)
			why = bad_answer(a);
		if (why)
			switch_off(l, a->list, why);
		else
			believe(a);
	}
}
