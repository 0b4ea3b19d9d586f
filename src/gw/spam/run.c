/* Goes through the rules step by step. */
#include "gw/spam/run_int.h"

#include "base/net.h"

enum { DEADLINE_EVERY = 16 }; /* rules between two looks at the clock */

static struct eval_run run_facts(struct run *run)
{
	return (struct eval_run){
		.a = run->a,
		.m = run->m,
		.env = &run->env,
		.view = &run->rs->view,
		.dns = run->dns,
		.lists = run->lists,
		.talks = &run->talks,
		.captures = &run->captures,
		.auth = &run->auth,
		.hits = &run->hits,
	};
}

struct eval_run run_eval(struct run *run, size_t family)
{
	const struct eval_family *f = eval_families[family];
	struct eval_run er = run_facts(run);

	if (f->mail_size && !run->evals[family])
		run->evals[family] = arena_alloc(run->a, f->mail_size);
	er.conf = run->rs->evals[family];
	er.mail = run->evals[family];
	return er;
}

bool run_call(struct run *run, size_t i)
{
	const struct rule *r = &run->rs->rules[i];
	struct eval_run er;
	unsigned value;

	if (r->eval->start && !run->dns)
		return true;
	if (r->eval->late)
		run_net_finish(run);
	er = run_eval(run, r->family);
	er.score = r->score;
	value = r->eval->call(&er, &r->args);
	if (value == EVAL_PENDING)
		return false;
	if (value)
		run_hit(run, i,
			&(struct rule_hit){ .value = value, .score = er.score, .found = er.found });
	return true;
}

static void rule_run(struct run *run, size_t i)
{
	const struct rule *r = &run->rs->rules[i];

	/* While a tag it needs is not set, it is not run. */
	if (r->templates && !captures_ready(&run->captures, r->pattern)) {
		run_hold(run, i);
		return;
	}
	run->limited = false;
	if (!r->eval) {
		run_match(run, i);
	} else if (!run_call(run, i)) {
		run_wait(run, i);
		return;
	}
	run_over(run, i);
	if (r->captures)
		captures_commit(&run->captures);
	run->out->limited += run->limited;
}

/* What was put off may be of no use any more. */
static void put_off_run(struct run *run, size_t i)
{
	if (!worth_running(&run->worth, i)) {
		run_over(run, i);
		return;
	}
	rule_run(run, i);
	worth_has_run(&run->worth, i);
}

static bool too_late(struct run *run)
{
	if (!run->deadline || ++run->since_clock < DEADLINE_EVERY)
		return false;
	run->since_clock = 0;
	return net_now() >= run->deadline;
}

/* False if the deadline came first. */
static bool step_run(struct run *run, const struct rule_step *step)
{
	run_scan(run, step);
	if (step->type == RULE_NONE)
		worth_look(&run->worth);
	for (size_t k = 0; k < step->rules.n; k++) {
		if (!run->open[step->rules.p[k]])
			continue;
		if (step->type == RULE_NONE)
			put_off_run(run, step->rules.p[k]);
		else
			rule_run(run, step->rules.p[k]);
		if (too_late(run))
			return false;
	}
	return true;
}

static void steps_run(struct run *run)
{
	const struct spam_rules *rs = run->rs;

	for (size_t s = 0; s < rs->n_steps; s++) {
		if (!step_run(run, &rs->steps[s])) {
			run->out->timed_out = true;
			return;
		}
		if (step_is_last(rs, &rs->steps[s])) {
			run->over++;
			run_metas(run);
			run_net_collect(run);
		}
		if (run->shortcircuit.done) {
			run_net_drop(run);
			return;
		}
	}
	run_net_finish(run);
	run_metas_finish(run);
}

static void run_init(struct run *run)
{
	const struct spam_rules *rs = run->rs;

	run->headers = NEW_N(run->a, struct header_text, rs->n_headers);
	run->scans = NEW_N(run->a, struct input_scan, rs->n_inputs);
	run->evals = NEW_N(run->a, void *, eval_family_count());
	run->open = NEW_N(run->a, uint8_t, rs->n);
	memcpy(run->open, rs->open, rs->n);
	run->touched = NEW_N(run->a, bool, rs->n);
	run->hits = (struct eval_hits){ .rules = rs, .place = NEW_N(run->a, uint32_t, rs->n) };
	captures_init(&run->captures, run->a);
	worth_init(&run->worth, run->a, rs, run->open, &run->hits);
}

static void autolearn(struct run *run)
{
	run->out->autolearn = "disabled";
	run->out->bayes = -1;
	for (size_t i = 0; eval_families[i]; i++) {
		struct eval_run er;

		if (!eval_families[i]->autolearn)
			continue;
		er = run_eval(run, i);
		run->out->autolearn = eval_families[i]->autolearn(&er, run->out);
	}
}

struct spam_check {
	struct run run;
};

static void read_mail(struct run *run)
{
	for (size_t i = 0; i < run->rs->n_readers; i++) {
		struct eval_run er = run_eval(run, run->rs->readers[i]);

		eval_families[run->rs->readers[i]]->read(&er);
	}
}

int spam_check_begin(struct arena *a, const struct spam_rules *rules, struct str raw,
		     const struct spam_envelope *env, struct spam_check **out, struct err *e)
{
	struct spam_added_header sender = { rules->view.envelope_sender_header, env->sender };
	struct spam_mail mail = { .raw = raw, .true_size = env->true_size, .added = &sender };
	struct spam_check *c;

	if (raw.n > SPAM_MAIL_MAX)
		return err_set(e, ERR_LIMIT, "mail of %zu bytes", raw.n);
	c = NEW(a, struct spam_check);
	c->run = (struct run){ .a = a, .rs = rules, .env = *env };
	mail.added_count = env->has_sender && sender.name.n;
	c->run.m = spam_message_read(a, &mail, &rules->view);
	run_init(&c->run);
	run_net_open(&c->run);
	read_mail(&c->run);
	run_net_start(&c->run);
	*out = c;
	return 0;
}

void spam_check_finish(struct spam_check *c, int64_t deadline, struct spam_result *out)
{
	struct run *run = &c->run;

	*out = (struct spam_result){ .message = run->m, .check = c };
	run->out = out;
	run->deadline = deadline;
	steps_run(run);
	run_net_blocks(run);
	run_result(run);
	autolearn(run);
	run->finished = !out->timed_out;
}

struct eval_run eval_run_of(struct spam_check *c)
{
	return run_facts(&c->run);
}

void spam_learn(struct spam_check *c, int64_t deadline)
{
	struct run *run = &c->run;

	if (!run->finished)
		return;
	for (size_t i = 0; eval_families[i]; i++) {
		struct eval_run er;

		if (!eval_families[i]->learn || !run->evals[i])
			continue;
		er = run_eval(run, i);
		eval_families[i]->learn(&er, deadline);
	}
}

int spam_check(struct arena *a, const struct spam_rules *rules, struct str raw,
	       const struct spam_envelope *env, int64_t deadline, struct spam_result *out,
	       struct err *e)
{
	struct spam_check *c;

	if (spam_check_begin(a, rules, raw, env, &c, e) < 0)
		return -1;
	spam_check_finish(c, deadline, out);
	return 0;
}

bool spam_rules_outdated(const struct spam_rules *rules)
{
	return eval_has_learnt(rules->evals) != !!(rules->set & SPAM_SET_BAYES);
}

bool spam_rules_use_network(const struct spam_rules *rules)
{
	return !rules->local;
}
