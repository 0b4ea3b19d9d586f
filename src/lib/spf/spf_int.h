/*
 * What the files of this module share: the state of a check, and its two halves, records (check.c)
 * and mechanisms (match.c).
 */
#pragma once

#include "lib/spf/record.h"

/*
 * One check. It runs from the beginning each time: what it counts starts at 0, and what a run makes
 * for itself goes with `scratch` at the next one. Only the answer is on the caller's arena.
 */
struct spf {
	struct arena *a, *scratch;
	struct dns *d;
	struct spf_query query;
	struct str local,
		origin; /* the two sides of the identity; origin is a valid name or empty */
	struct spf_macros macros;
	int terms, voids;
	bool asked_ahead; /* in this run, for one record: the first that has to wait */
	struct spf_answer answer;
	struct str exp, exp_domain; /* of the record that said fail */
};

/* Notes what is wrong with `domain`, and returns `result`. */
enum spf_result spf_problem(struct spf *s, enum spf_result result, struct str domain,
			    const char *what);

/*
 * check_host() of RFC 7208, 4. `explain` is whether the domain that matches is the one that may
 * explain: not within include. Leaves the domain of the record it ended with in s->macros.
 */
enum spf_result spf_check_host(struct spf *s, struct str domain, bool explain);

/* SPF_NONE when the question is answered for good; SPF_PENDING, SPF_TEMPERROR. */
enum spf_result spf_look_up(struct spf *s, struct str name, enum dns_type type,
			    const struct dns_question **out);

/* SPF_NONE and the name that a domain-spec stands for; an empty one is the current domain. */
enum spf_result spf_target(struct spf *s, struct str spec, struct str *out);

/* False if that was one term too many. */
bool spf_count_term(struct spf *s);

/* Whether a term matches: SPF_PASS yes, SPF_NONE no; the rest is the result of the whole check. */
enum spf_result spf_match(struct spf *s, const struct spf_term *t);

/*
 * The check has to wait for the term before number `i`: what the following ones will ask first is
 * asked meanwhile, as far as the limit will let them, unless macros have to be filled in.
 */
void spf_ask_ahead(struct spf *s, const struct spf_record *r, size_t i);

/* %{p}, for struct spf_macros */
enum spf_result spf_client_name(void *spf, struct str *out);
