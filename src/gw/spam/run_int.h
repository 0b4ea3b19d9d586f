/*
 * What the files that hold a mail against the rules share. Private to run*.c.
 *
 * run.c goes through the steps, run_match.c matches patterns, run_hits.c keeps what has hit and
 * decides metas, run_net.c waits for the network, run_result.c says what has come of it.
 */
#pragma once

#include "gw/spam/inputs.h"
#include "gw/spam/talks.h"
#include "gw/spam/worth.h"

struct header_text {
	bool made, present;
	struct str text;
	struct re_grams grams; /* unless there is a set */
};

/* Texts that many patterns are held against, and what occurs in all of them and in each. */
struct shared_texts {
	bool made;
	struct spam_texts texts;
	struct re_grams all; /* unless there is a set */
	struct re_grams *each;
};

/* One mail on its way through the rules. */
struct run {
	struct arena *a;
	const struct spam_rules *rs;
	struct spam_message *m;
	struct spam_result *out;
	struct header_text *headers;
	struct shared_texts body, rawbody, uri;
	struct input_scan *scans; /* by input */
	void **evals; /* what each family of eval functions found out */
	struct spam_envelope env;
	struct talks talks;
	struct dns *dns; /* NULL: nothing is asked */
	struct spam_lists *lists;
	struct spam_auth *auth;
	int64_t asked_at;         /* net_now() */
	struct rule_list pending; /* network tests that wait for answers */
	struct eval_hits hits;
	uint8_t *open;    /* by rule: enum rule_open */
	bool *touched;    /* by meta: something that it names has hit */
	uint32_t over;    /* priorities that are done with */
	size_t decided;   /* metas whose turn has been */
	/*
	 * Rules that could not tell in their turn, and the metas that wait for them. By rule: how
	 * many it waits for, itself included; NULL while there are none.
	 */
	uint32_t *waiting;
	struct rule_list late, caught_up; /* the rules; metas that can be decided after all */
	struct captures captures;
	struct worth worth;
	int64_t deadline;
	unsigned since_clock;
	bool limited; /* the current rule gave up somewhere */
	struct shortcircuit_run shortcircuit;
	bool net_over, finished;
};

/* run_hits.c: the rule has hit. */
void run_hit(struct run *run, size_t i, const struct rule_hit *what);
/* It will not hit any more. */
void run_over(struct run *run, size_t i);
/* Its turn has come and it cannot tell yet: the metas that name it wait until run_over(). */
void run_hold(struct run *run, size_t i);
/* Decides the metas that wait for nothing any more. */
void run_metas(struct run *run);
/* The same when everything else is over. */
void run_metas_finish(struct run *run);

/* run_match.c: finds out which rules with patterns may hit in a step; runs one. */
void run_scan(struct run *run, const struct rule_step *step);
void run_match(struct run *run, size_t i);

/* run.c: what functions of a family are called with. */
struct eval_run run_eval(struct run *run, size_t family);
/* False if it needs to be called again when more answers have come. */
bool run_call(struct run *run, size_t i);

/* run_net.c: run->dns, if this mail may ask the network. */
void run_net_open(struct run *run);
/* Asks everything that network tests know to ask at the beginning. */
void run_net_start(struct run *run);
/* The test waits for answers. */
void run_wait(struct run *run, size_t i);
/* Takes what has come by now. */
void run_net_collect(struct run *run);
/* Waits for the rest. */
void run_net_finish(struct run *run);
/* Nobody wants to know any more. */
void run_net_drop(struct run *run);
/* Remembers the lists that have told by a rule that they do not serve us. */
void run_net_blocks(struct run *run);

/* run_result.c */
void run_result(struct run *run);
