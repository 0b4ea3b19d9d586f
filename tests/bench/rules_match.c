/*
 * rules_match: what a large rule set costs. 1,000 active rules with 20,000 who objects (9,000
 * addresses, 9,000 domains, 2,000 regular expressions), half of them FROM, half of them TO, against
 * the first 20 of these rules; the mail has ten recipients, and nobody is in any list, which is the
 * most expensive case and the usual one. rules_match is what the large set adds to a mail,
 * rules_load what it takes to build it of the rows of the database.
 */
#include <time.h>

#include "gw/rules/testcase.h"

enum { RULES = 1000, FEW = 20, OBJECTS = 20, RCPTS = 10, ROUNDS = 9, LIMIT_MS = 1, LOAD_MS = 1000 };

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void add_pattern(struct buf *b, unsigned rule, unsigned i)
{
	switch ((rule + i) % 4) {
	case 0:
		buf_addf(b, "obj 1000 .*@(.*\\.)?shop-%u-%u\\.example\n", rule, i);
		break;
	case 1:
		buf_addf(b, "obj 1000 (sales|info)[0-9]+-%u@.*\\.m%u\\.example\n", rule, i);
		break;
	case 2:
		buf_addf(b, "obj 1000 bounce-.*-%u=.*@list%u\\.example\n", rule, i);
		break;
	default:
		buf_addf(b, "obj 1000 .*newsletter%u.*@.*%u.*\n", rule, i);
	}
}

/* Of twenty objects nine are addresses, nine domains, two expressions of different kinds. */
static void add_object(struct buf *b, unsigned rule, unsigned i)
{
	if (i < 9)
		buf_addf(b, "obj 1001 user%u.%u@company%u.example\n", rule, i, rule % 50);
	else if (i < 18)
		buf_addf(b, "obj 1002 domain%u-%u.example\n", rule, i);
	else
		add_pattern(b, rule, i);
}

static struct testcase *make(struct arena *a, unsigned rules)
{
	struct buf b;

	buf_init(&b, a, 64u << 20);
	buf_addz(&b, "#\n[rules]\n");
	for (unsigned i = 0; i < rules; i++) {
		buf_addf(&b, "rule %u in rule %u\n%s\n", i % 100, i, i % 2 ? "from" : "to");
		for (unsigned k = 0; k < OBJECTS; k++)
			add_object(&b, i, k);
		buf_addz(&b, "action\nobj 4001\n");
	}
	buf_addz(&b, "[env]\nfrom John.Doe-newsletter@mail.somewhere.example\nip 192.0.2.1\n");
	for (unsigned i = 0; i < RCPTS; i++)
		buf_addf(&b, "to colleague%u@company%u.example\n", i, i);
	buf_addz(&b, "[mail]\nSubject: x\n\ntext\n");
	return testcase_read(a, buf_str(&b));
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), compare);
	return v[ROUNDS / 2];
}

static double match_ms(struct arena *a, struct testcase *t, const struct rules *r, unsigned times)
{
	double start = now_ms();
	struct plan *p;
	struct err e;

	testcase_use(t);
	for (unsigned i = 0; i < times; i++) {
		if (rules_match(a, r, &t->mail, &p, &e) < 0 || p->matches.n)
			exit(1);
		arena_reset(a);
	}
	return (now_ms() - start) / times;
}

static double build_ms(struct testcase *t)
{
	CLEAN_ARENA struct arena *a = arena_open("rules", 1u << 30);
	double start = now_ms();
	struct rules *r;
	struct err e;

	if (rules_build(a, &t->tables, &r, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		exit(1);
	}
	return now_ms() - start;
}

static struct rules *build(struct arena *a, struct testcase *t)
{
	struct rules *r;
	struct err e;

	if (rules_build(a, &t->tables, &r, &e) < 0)
		exit(1);
	return r;
}

static void line(const char *name, double ms, int limit)
{
	printf("%s: %.3f ms (ratio %.1f to its limit of %d ms)\n", name, ms, limit / ms, limit);
}

int main(void)
{
	CLEAN_ARENA struct arena *a = arena_open("bench", 1u << 30);
	CLEAN_ARENA struct arena *mail = arena_open("mail", 1u << 28);
	struct testcase *many = make(a, RULES), *few = make(a, FEW);
	struct rules *many_rules = build(a, many), *few_rules = build(a, few);
	double large[ROUNDS], small[ROUNDS], loads[ROUNDS], added;

	for (int i = 0; i < ROUNDS; i++) {
		large[i] = match_ms(mail, many, many_rules, 50);
		small[i] = match_ms(mail, few, few_rules, 1000);
		loads[i] = build_ms(many);
	}
	added = median(large) - median(small);
	line("rules_match", added, LIMIT_MS);
	line("rules_load", median(loads), LOAD_MS);
	return 0;
}
