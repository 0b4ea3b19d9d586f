/*
 * Any bytes as the stored value of an object, any bytes as the mail: a rule set or an error, and
 * for every recipient exactly one fate; explained and looked over, too. And whatever an expression
 * matches has one of the texts that it is said to need. The first byte chooses the type, the value
 * ends at a 0xff.
 */
#include "gw/rules/literal.h"
#include "gw/rules/testcase.h"
#include "gw/rules/types.h"
#include "lib/re/re.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t otypes[] = { 1000, 1001, 1002, 1003, 1004, 1005, 2000, 3000, 3002,
				  3003, 3004, 4002, 4003, 4005, 4007, 4009 };

static int category_of(int64_t otype)
{
	if (otype >= 4000)
		return RULE_ACTION;
	return otype >= 3000 ? RULE_WHAT : otype >= 2000 ? RULE_WHEN : RULE_FROM;
}

static void use(struct arena *a, struct testcase *t, int64_t otype, struct str value)
{
	struct rules_object_row objects[] = { { 1, otype, 1, value },
					      { 2, 4003, 2, STR("X-A:__SUBJECT__ __RULE_INFO__") },
					      { 3, 4007, 3, STR("0,1:__FILENAME__") } };
	struct rules_group_row groups[] = { { .id = 1 }, { .id = 2 }, { .id = 3 } };
	struct rules_link_row links[] = { { 1, 1, category_of(otype) },
					  { 2, 1, RULE_ACTION },
					  { 3, 1, RULE_ACTION } };
	struct rules_row rule = { .id = 1, .active = 1, .direction = RULE_BOTH };

	t->tables = (struct rules_tables){
		.rules = &rule, .n_rules = 1, .groups = groups, .n_groups = 3,
		.objects = objects, .n_objects = 3, .links = links, .n_links = 3,
	};
	testcase_run(a, t);
	testcase_explain(a, t);
	testcase_lint(a, t);
}

static void check_literals(struct arena *a, struct str pattern, struct str text)
{
	bool gave_up = false, found = false;
	struct literals l;
	struct err ignored;
	struct re *re;

	if (!literals_of(a, pattern, &l) ||
	    rule_re_compile(a, pattern, RE_FULL | RE_ICASE | RE_ASCII_CASE, &re, &ignored) < 0 ||
	    !rule_re_match(re, text, &gave_up))
		return;
	for (size_t i = 0; i < l.n; i++)
		found |= str_find(str_lower(a, text), l.p[i]) >= 0;
	ASSERT(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *a;
	struct str rest, value;
	struct testcase *t;

	if (!size)
		return 0;
	if (!a)
		a = arena_open("rules fuzz", 1 << 30);
	rest = (struct str){ (const char *)data + 1, size - 1 };
	value = str_cut(&rest, '\xff');
	t = testcase_read(a, STR("#\n[env]\nfrom a@x.example\nto b@y.example\nto c@y.example\n"));
	t->lists.p = NEW(a, struct test_list);
	*t->lists.p = (struct test_list){ STR("b@y.example"), value, rest };
	t->lists.n = 1;
	testcase_set_mail(a, t, rest);
	check_literals(a, value, rest);
	use(a, t, otypes[data[0] % ARRAY_LEN(otypes)], value);
	arena_reset(a);
	return 0;
}
