/* The stand-in for gw/people: what the lines of a test case say, looked through. */
#include "gw/rules/testcase.h"

/* The person with that address in that profile; NULL, and in *answer why not. */
static const struct test_person *find(const struct people *p, struct str profile,
				      struct str address, enum people_answer *answer)
{
	*answer = PEOPLE_ABSENT;
	for (size_t i = 0; i < p->list.n; i++) {
		const struct test_person *one = &p->list.p[i];
		struct str rest = one->addresses;

		if (!str_eq(one->profile, profile))
			continue;
		*answer = one->account.p ? PEOPLE_NO : PEOPLE_BROKEN;
		while (rest.p)
			if (str_ieq(str_cut(&rest, ','), address)) {
				*answer = PEOPLE_YES;
				return one;
			}
	}
	return NULL;
}

enum people_answer people_has(const struct people *p, struct str profile, struct str address)
{
	enum people_answer answer, all = PEOPLE_ABSENT;

	if (profile.n) {
		find(p, profile, address, &answer);
		return answer;
	}
	for (size_t i = 0; i < p->list.n && all != PEOPLE_YES; i++) {
		find(p, p->list.p[i].profile, address, &answer);
		if (answer == PEOPLE_YES || all != PEOPLE_BROKEN)
			all = answer;
	}
	return all;
}

enum people_answer people_in_group(const struct people *p, struct str profile, struct str group,
				   struct str address)
{
	enum people_answer answer;
	const struct test_person *one = find(p, profile, address, &answer);

	if (!one)
		return answer;
	return str_eq(one->group, group) ? PEOPLE_YES : PEOPLE_NO;
}

enum people_answer people_has_account(const struct people *p, struct str profile,
				      struct str account, struct str address)
{
	enum people_answer answer;
	const struct test_person *one = find(p, profile, address, &answer);

	if (!one)
		return answer;
	return str_ieq(one->account, account) ? PEOPLE_YES : PEOPLE_NO;
}

struct str people_primary(const struct people *p, struct arena *a, struct str address)
{
	enum people_answer answer;

	for (size_t i = 0; i < p->list.n; i++) {
		const struct test_person *one = find(p, p->list.p[i].profile, address, &answer);
		struct str rest;

		if (!one)
			continue;
		rest = one->addresses;
		return str_lower(a, str_cut(&rest, ','));
	}
	return str_lower(a, address);
}
