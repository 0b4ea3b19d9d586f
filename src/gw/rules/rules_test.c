/*
 * Rules against straightforward models: AND, OR and INVERT against sets as decisions.md words them;
 * many recipients against each of them alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "gw/rules/testcase.h"

enum { ROUNDS = 1500, PARTS_MAX = 5, NONE = -1, WHOLE = -2 };

static uint32_t seed = 1;

static uint32_t pick(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* A mail of `parts` parts, part i with the field X-N: i. */
static void add_mail(struct buf *b, unsigned parts)
{
	buf_addz(b, "[mail]\nX-N: 1\n");
	if (parts > 1)
		buf_addz(b, "Content-Type: multipart/mixed; boundary=b\n");
	buf_addz(b, "\ntext\n");
	for (unsigned i = 2; i <= parts; i++)
		buf_addf(b, "--b\nX-N: %u\n\npart\n", i);
	if (parts > 1)
		buf_addz(b, "--b--\n");
}

/* ---- the model: NONE, WHOLE, or a non-empty set of parts as bits ---- */

static int known_set(int set)
{
	return set ? set : NONE;
}

static int model_and(int x, int y)
{
	if (x == NONE || y == NONE)
		return NONE;
	if (x == WHOLE)
		return y;
	return y == WHOLE ? x : known_set(x & y);
}

static int model_or(int x, int y, int all)
{
	if (x == NONE || y == NONE)
		return x == NONE ? y : x;
	if (x == WHOLE && y == WHOLE)
		return WHOLE;
	return x == WHOLE || y == WHOLE ? all : (x | y);
}

static int model_not(int x, int all)
{
	if (x == NONE)
		return all;
	return x == WHOLE ? NONE : known_set(all & ~x);
}

struct model_group {
	bool and, invert;
	unsigned n;
	int object[4][3]; /* [class of recipient: 0 none, 1 white, 2 black, 3 both][object] */
};

struct model_rule {
	bool and, invert;
	unsigned n;
	struct model_group group[3];
};

static int model_of_group(const struct model_group *g, unsigned class, int all)
{
	int m = g->object[class][0];

	for (unsigned i = 1; i < g->n; i++)
		m = g->and ? model_and(m, g->object[class][i])
			   : model_or(m, g->object[class][i], all);
	return g->invert ? model_not(m, all) : m;
}

static int model_of_rule(const struct model_rule *r, unsigned class, int all)
{
	unsigned counted = 0, matched = 0;
	int sets = 0;
	bool result;

	if (!r->n)
		return WHOLE;
	for (unsigned i = 0; i < r->n; i++) {
		int m;

		if (!r->group[i].n)
			continue;
		m = model_of_group(&r->group[i], class, all);
		counted++;
		matched += m != NONE;
		if (m != NONE && m != WHOLE)
			sets |= m;
	}
	if (!counted)
		return NONE;
	result = r->and ? matched == counted : matched > 0;
	if (result == r->invert)
		return NONE;
	return sets ? sets : WHOLE;
}

/* ---- a rule made at random, as text and as model ---- */

static void random_object(struct buf *b, struct model_group *g, unsigned i, unsigned parts,
			  int level, bool virus)
{
	uint32_t kind = pick(4);

	for (unsigned class = 0; class < 4; class ++) {
		int *m = &g->object[class][i];

		if (kind == 0)
			*m = virus ? WHOLE : NONE;
		else if (kind == 1) /* level 5 */
			*m = level >= 5 ? (class & 1 ? NONE : WHOLE) : (class & 2 ? WHOLE : NONE);
	}
	if (kind == 0) {
		buf_addz(b, "obj 3001\n");
	} else if (kind == 1) {
		buf_addz(b, "obj 3000 5\n");
	} else {
		int set = (int)pick(1u << parts);

		buf_addz(b, "obj 3002 X-N:^[0");
		for (unsigned k = 0; k < parts; k++)
			if (set >> k & 1)
				buf_addf(b, "%u", k + 1);
		buf_addz(b, "]$\n");
		for (unsigned class = 0; class < 4; class ++)
			g->object[class][i] = known_set(set);
	}
}

static void add_flags(struct buf *b, bool and, bool invert)
{
	buf_addf(b, "%s%s\n", and ? " and" : "", invert ? " invert" : "");
}

static void random_rule(struct buf *b, struct model_rule *r, unsigned parts, int level, bool virus)
{
	buf_addz(b, "[rules]\nrule 50 in r\nmode what");
	r->and = pick(2);
	r->invert = pick(2);
	add_flags(b, r->and, r->invert);
	r->n = pick(4);
	for (unsigned i = 0; i < r->n; i++) {
		struct model_group *g = &r->group[i];

		g->and = pick(2);
		g->invert = pick(2);
		g->n = pick(8) ? 1 + pick(3) : 0;
		buf_addz(b, "what");
		add_flags(b, g->and, g->invert);
		for (unsigned k = 0; k < g->n; k++)
			random_object(b, g, k, parts, level, virus);
	}
}

/* One recipient of each class, in the order of their numbers. */
static void add_people(struct buf *b)
{
	buf_addz(b, "[env]\nfrom s@y.example\nto none@x\nto white@x\nto black@x\nto both@x\n"
		    "white white@x s@y.example\nblack black@x s@y.example\n"
		    "white both@x s@y.example\nblack both@x s@y.example\n");
}

static int marks_of(const struct plan *p, size_t rcpt, unsigned parts)
{
	int set = 0;

	for (size_t i = 0; i < p->matches.n; i++)
		for (size_t k = 0; k < p->matches.p[i].n; k++) {
			const struct marks *m = &p->matches.p[i].answer[k]->marks;

			if (p->matches.p[i].rcpt[k] != rcpt)
				continue;
			if (m->kind == MARKS_WHOLE)
				return WHOLE;
			for (uint32_t aid = 1; aid <= parts; aid++)
				if (marks_has(m, aid))
					set |= 1 << (aid - 1);
			return set;
		}
	return NONE;
}

static struct plan *match_text(struct arena *a, struct str text)
{
	struct testcase *t = testcase_read(a, text);
	struct rules *r;
	struct plan *p = NULL;
	struct err e;

	testcase_use(t);
	if (rules_build(a, &t->tables, &r, &e) < 0 || rules_match(a, r, &t->mail, &p, &e) < 0)
		fail_msg("%s\n%.*s", e.msg, STR_ARG(text));
	return p;
}

static void what_truth_table(void **state)
{
	struct arena *a = arena_open("truth table", 64 << 20);

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned parts = 1 + pick(PARTS_MAX);
		int level = pick(2) ? 7 : 2, all = (1 << parts) - 1;
		bool virus = pick(2);
		struct model_rule model = { .n = 0 };
		struct plan *p;
		struct buf b;

		buf_init(&b, a, 1 << 20);
		random_rule(&b, &model, parts, level, virus);
		add_people(&b);
		buf_addf(&b, "spam %d\n%s\n", level, virus ? "virus V" : "");
		add_mail(&b, parts);
		p = match_text(a, buf_str(&b));
		for (unsigned class = 0; class < 4; class ++)
			if (marks_of(p, class, parts) != model_of_rule(&model, class, all))
				fail_msg("class %u: %d instead of %d\n%.*s", class,
					 marks_of(p, class, parts),
					 model_of_rule(&model, class, all), STR_ARG(buf_str(&b)));
		arena_reset(a);
	}
	arena_close(a);
}

/* ---- from, to, when: true and false only ---- */

static const char *const yes[] = { "obj 1001 s@y.example", "obj 1001 t@x", "obj 2000 08:00-16:00" };
static const char *const no[] = { "obj 1001 n@n", "obj 1001 n@n", "obj 2000 16:00-17:00" };

/* `shape`: two bits for and/invert of a group, then two for each of two objects (3: absent). */
static bool binary_group(struct buf *b, unsigned side, unsigned shape)
{
	bool and = shape & 1, invert = shape >> 1 & 1, result = and;

	add_flags(b, and, invert);
	for (unsigned i = 0; i < 2; i++) {
		unsigned object = shape >> (2 + 2 * i) & 3;

		if (object > 1)
			continue;
		buf_addf(b, "%s\n", object ? yes[side] : no[side]);
		result = and ? result && object : result || object;
	}
	return result != invert;
}

static bool binary_rule(struct buf *b, unsigned side, unsigned mode, const unsigned *shape,
			unsigned n)
{
	static const char *const names[] = { "from", "to", "when" };
	bool and = mode & 1, invert = mode >> 1, result = and;

	buf_addf(b, "[rules]\nrule 50 in r\nmode %s", names[side]);
	add_flags(b, and, invert);
	for (unsigned i = 0; i < n; i++) {
		bool one;

		buf_addz(b, names[side]);
		one = binary_group(b, side, shape[i]);
		result = and ? result && one : result || one;
	}
	return n ? result != invert : true;
}

static void binary_truth_table(void **state)
{
	struct arena *a = arena_open("truth table", 64 << 20);

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned shape[3] = { pick(64), pick(64), pick(64) }, side = pick(3);
		struct buf b;
		bool want;

		buf_init(&b, a, 1 << 20);
		want = binary_rule(&b, side, pick(4), shape, pick(4));
		buf_addz(&b, "[env]\nfrom s@y.example\nto t@x\n[mail]\n\ntext\n");
		if ((match_text(a, buf_str(&b))->matches.n > 0) != want)
			fail_msg("should%s match\n%.*s", want ? "" : " not", STR_ARG(buf_str(&b)));
		arena_reset(a);
	}
	arena_close(a);
}

/* ---- many recipients: each gets what it would get alone ---- */

enum { RCPT_MAX = 50 };

static void random_actions(struct buf *b, unsigned i)
{
	static const char *const actions[] = {
		"obj 4003 X-R:__RULE__ __SPAMLEVEL__", "obj 4003 Subject:S__SPAM_INFO__",
		"obj 4003 X-Same:same",		       "obj 4007 0,0:gone",
		"obj 4007 1,0:__FILENAME__",	       "obj 4009 D __RULE__",
		"obj 4000",			       "obj 4001",
		"obj 4006",			       "obj 4009 same",
	};

	buf_addf(b, "rule %u in r%u\n", 90 - i, i);
	for (unsigned k = 1 + pick(3); k; k--)
		buf_addf(b, "action\n%s\n", actions[pick(ARRAY_LEN(actions))]);
	if (pick(3)) {
		buf_addf(b, "to%s\n", pick(2) ? " invert" : "");
		for (unsigned k = 1 + pick(4); k; k--)
			buf_addf(b, "obj 1000 u%s[%u%u]@x\n", pick(2) ? "." : "", pick(10),
				 pick(10));
	}
	if (pick(2))
		buf_addf(b, "what%s\nobj %s\n", pick(2) ? " invert" : "",
			 pick(2) ? "3000 5" : "3002 X-N:[24]");
}

static void add_crowd(struct buf *b, unsigned from, unsigned to, unsigned lists)
{
	buf_addf(b, "[env]\nfrom s@y.example\nspam %d\n", lists & 1 ? 7 : 2);
	for (unsigned i = from; i < to; i++) {
		buf_addf(b, "to u%u@x\n", i);
		if ((lists >> (i % 8) & 3) == 1)
			buf_addf(b, "white u%u@x s@y.example\n", i);
		if ((lists >> (i % 8) & 3) == 2)
			buf_addf(b, "black u%u@x s@y.example\n", i);
	}
}

struct result {
	struct outbox *o;
	struct testcase *t;
};

static struct result run_text(struct arena *a, struct str text)
{
	struct result r = { .t = testcase_read(a, text) };
	struct rules *rules;
	struct plan *p = NULL;
	struct err e;

	testcase_use(r.t);
	if (rules_build(a, &r.t->tables, &rules, &e) < 0 ||
	    rules_match(a, rules, &r.t->mail, &p, &e) < 0 ||
	    rules_act(a, rules, &r.t->mail, p, &r.o, &e) < 0)
		fail_msg("%s\n%.*s", e.msg, STR_ARG(text));
	return r;
}

static int to_buf(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	buf_add(ctx, bytes);
	return 0;
}

/* The mail of an effect. */
static struct str mail_of(struct arena *a, const struct result *r, const struct outbox_effect *ef)
{
	struct buf b;
	struct sink sink = { to_buf, &b };
	struct err e;

	buf_init(&b, a, 1 << 20);
	if (ef->kind != OUTBOX_BLOCK && mime_write(r->t->scan.mime, ef->edit, &sink, &e) < 0)
		fail_msg("%s", e.msg);
	return buf_str(&b);
}

static void count_fates(const struct result *r, unsigned *fate)
{
	for (size_t i = 0; i < r->o->n_effects; i++) {
		const struct outbox_effect *ef = &r->o->effects[i];

		if (ef->kind == OUTBOX_DELIVER || ef->kind == OUTBOX_BLOCK ||
		    ef->kind == OUTBOX_QUARANTINE)
			for (size_t k = 0; k < ef->n_rcpt; k++) {
				fate[ef->rcpt[k]]++;
				assert_int_equal(r->o->rcpt[ef->rcpt[k]].effect, i);
				assert_true(!k || ef->rcpt[k - 1] < ef->rcpt[k]);
			}
	}
}

/* No two deliveries bring the same bytes. */
static void check_copies(struct arena *a, const struct result *r)
{
	for (size_t i = 0; i < r->o->n_effects; i++)
		for (size_t k = 0; k < i; k++)
			if (r->o->effects[i].kind == OUTBOX_DELIVER &&
			    r->o->effects[k].kind == OUTBOX_DELIVER)
				assert_false(str_eq(mail_of(a, r, &r->o->effects[i]),
						    mail_of(a, r, &r->o->effects[k])));
}

static void check_alone(struct arena *a, const struct result *all, unsigned who, struct str text)
{
	struct result one = run_text(a, text);
	const struct outbox_rcpt *x = &all->o->rcpt[who], *y = &one.o->rcpt[0];

	assert_int_equal(x->fate, y->fate);
	assert_true(str_eq(x->rule, y->rule));
	if (!str_eq(mail_of(a, all, &all->o->effects[x->effect]),
		    mail_of(a, &one, &one.o->effects[y->effect])))
		fail_msg("recipient %u gets another mail than alone\n%.*s", who, STR_ARG(text));
}

static void each_as_if_alone(void **state)
{
	struct arena *a = arena_open("crowd", 256 << 20);

	(void)state;
	for (unsigned round = 0; round < ROUNDS / 20; round++) {
		unsigned n = 1 + pick(RCPT_MAX), lists = pick(1024), fate[RCPT_MAX] = { 0 };
		struct buf rules, b;
		struct result all;

		buf_init(&rules, a, 1 << 20);
		/* whether there is spam information must not depend on who else gets the mail */
		buf_addz(&rules, "[rules]\nrule 99 in analyse\nwhat\nobj 3000 99\n");
		for (unsigned i = 1 + pick(6); i; i--)
			random_actions(&rules, i);
		add_mail(&rules, 4);
		buf_init(&b, a, 1 << 20);
		buf_add(&b, buf_str(&rules));
		add_crowd(&b, 0, n, lists);
		all = run_text(a, str_cat(a, STR("#\n"), buf_str(&b)));
		count_fates(&all, fate);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(fate[i], 1);
		check_copies(a, &all);
		for (unsigned i = 0; i < n; i++) {
			buf_init(&b, a, 1 << 20);
			buf_add(&b, buf_str(&rules));
			add_crowd(&b, i, i + 1, lists);
			check_alone(a, &all, i, buf_str(&b));
		}
		arena_reset(a);
	}
	arena_close(a);
}

/* ---- time frames are local time, whatever the clock is set to in that season ---- */

static bool matches_at(struct arena *a, time_t now, const char *frame)
{
	struct str text = str_fmt(a,
				  "#\n[rules]\nrule 50 in r\nwhen\nobj 2000 %s\n"
				  "[env]\nto t@x\n[mail]\n\ntext\n",
				  frame);
	struct testcase *t = testcase_read(a, text);
	struct plan *p = NULL;
	struct rules *r;
	struct err e;

	t->scan.now = now;
	testcase_use(t);
	if (rules_build(a, &t->tables, &r, &e) < 0 || rules_match(a, r, &t->mail, &p, &e) < 0)
		fail_msg("%s", e.msg);
	return p->matches.n > 0;
}

/* Times by Python's zoneinfo, Europe/Berlin. */
static void time_frames_in_summer_and_winter(void **state)
{
	static const struct {
		time_t now;
		const char *frame;
		bool yes;
	} cases[] = {
		{ 1515999600, "08:00-16:00", true },  /* 15 January, 8:00, an hour from UTC */
		{ 1515999599, "08:00-16:00", false },
		{ 1531634400, "08:00-16:00", true },  /* 15 July, 8:00, two hours */
		{ 1531634399, "08:00-16:00", false },
		{ 1521939599, "01:30-02:30", true },  /* 25 March, 1:59:59; a second later 3:00 */
		{ 1521939600, "02:00-02:59", false },
		{ 1521939600, "03:00-03:00", true },
		{ 1540686600, "02:30-02:30", true },  /* 28 October, 2:30, the first of two */
		{ 1540690200, "02:30-02:30", true },
		{ 1540690200, "01:00-02:00", false },
		{ 1521939600, "22:00-03:00", true },
		{ 1521939599, "03:00-01:58", false },
	};
	struct arena *a = arena_open("time", 16 << 20);

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (matches_at(a, cases[i].now, cases[i].frame) != cases[i].yes)
			fail_msg("case %zu: %s", i, cases[i].frame);
	setenv("TZ", "UTC", 1);
	tzset();
	arena_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_frames_in_summer_and_winter),
		cmocka_unit_test(what_truth_table),
		cmocka_unit_test(binary_truth_table),
		cmocka_unit_test(each_as_if_alone),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
