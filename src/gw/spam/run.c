#include "gw/spam/inputs.h"
#include "gw/spam/lists.h"
#include "gw/spam/points.h"
#include "gw/spam/ruleset.h"
#include "gw/spam/talks.h"
#include "gw/spam/worth.h"

#include "base/net.h"

enum { DEADLINE_EVERY = 16 }; /* rules between two looks at the clock */

struct header_text {
	bool made, present;
	struct str text;
	struct re_grams grams;
};

/* Texts that many patterns are held against, and what occurs in all of them and in each. */
struct shared_texts {
	bool made;
	struct spam_texts texts;
	struct re_grams all;
	struct re_grams *each;
};

/* One mail on its way through the rules. */
struct run {
	struct arena *a;
	const struct spam_rules *rs;
	struct spam_message *m;
	struct spam_result *out;
	struct header_text *headers;
	struct shared_texts *body, *rawbody, *uri;
	struct input_scan *scans; /* by input */
	void **evals; /* what each family of eval functions found out */
	struct spam_envelope env;
	struct talks talks;
	struct dns *dns; /* NULL: nothing is asked */
	struct spam_lists *lists;
	struct spam_auth *auth;
	int64_t asked_at; /* net_now() */
	uint32_t *open;   /* network tests that wait for answers */
	size_t n_open;
	double *value;     /* by rule; what metas see */
	bool *ready;       /* has hit, or is done without */
	uint32_t *waiting; /* metas: names that are not ready */
	bool *touched;     /* metas: something that they name has hit */
	unsigned *hits;    /* by rule */
	struct str *found; /* by rule: what it is about */
	double *score;     /* by rule */
	uint32_t *queue;   /* metas that can be evaluated */
	size_t queued, evaluated;
	uint32_t *order; /* rules in order of hits */
	size_t n_order;
	struct captures captures;
	struct worth worth;
	int64_t deadline;
	unsigned since_clock;
	bool limited; /* the current rule gave up somewhere */
	struct shortcircuit_run shortcircuit;
	bool net_over, finished;
	struct eval_hits so_far;
};

static void net_finish(struct run *run);

static void rule_ready(struct run *run, size_t i)
{
	const struct rule_list *used = &run->rs->rules[i].used;

	if (run->ready[i])
		return;
	run->ready[i] = true;
	for (size_t k = 0; k < used->n; k++)
		if (--run->waiting[used->p[k]] == 0 &&
		    run->rs->rules[used->p[k]].state == STATE_RUNS)
			run->queue[run->queued++] = used->p[k];
}

static void hit(struct run *run, size_t i, double value)
{
	const struct rule *r = &run->rs->rules[i];

	if (run->hits[i] && !(r->flags & RULE_MULTIPLE))
		return;
	shortcircuit_hit(&run->shortcircuit, &run->rs->shortcircuit, r->shortcircuit, r->name,
			 r->score, run->n_order);
	run->shortcircuit.sum += r->subrule ? 0 : r->score;
	if (run->hits[i]++ == 0) {
		run->order[run->n_order++] = (uint32_t)i;
		for (size_t k = 0; k < r->used.n; k++)
			run->touched[r->used.p[k]] = true;
	}
	run->value[i] += value > 0 ? value : 1;
	rule_ready(run, i);
}

static double leaf_value(const void *ctx, const struct expr *leaf)
{
	const struct run *run = ctx;
	const struct rule_list *glob;
	double sum = 0;

	if (leaf->op == EXPR_NAME)
		return run->value[leaf->ref];
	glob = &run->rs->globs[leaf->ref];
	for (size_t i = 0; i < glob->n; i++)
		sum += run->value[glob->p[i]];
	return sum;
}

static void metas_run(struct run *run)
{
	struct expr_world world = { .value = leaf_value, .ctx = run };
	double value;

	if (run->shortcircuit.done)
		return;
	while (run->evaluated < run->queued) {
		uint32_t i = run->queue[run->evaluated++];

		value = run->touched[i] ? expr_eval(run->rs->rules[i].expr, &world)
					: run->rs->rules[i].idle;
		if (value != 0)
			hit(run, i, value);
		else
			rule_ready(run, i);
	}
}

/* Everything else is over: what never ran and is no meta has not hit. */
static void metas_finish(struct run *run)
{
	metas_run(run);
	for (size_t i = 0; i < run->rs->n; i++)
		if (run->rs->rules[i].type != RULE_META)
			rule_ready(run, i);
	metas_run(run);
}

static void one_hit(struct run *run, size_t i, const struct re *re, const struct re_caps *caps,
		    struct str subject)
{
	if (run->rs->rules[i].captures)
		captures_add(&run->captures, re, caps, subject);
	hit(run, i, 1);
}

/* Hits in one subject, `so_far` included; at most `max` (0: no bound). */
static unsigned match_all(struct run *run, size_t i, const struct re *re, struct str subject,
			  unsigned so_far, unsigned max)
{
	struct re_caps caps;
	struct re_walk walk = { .caps = run->rs->rules[i].captures ? &caps : NULL };
	enum re_result result;

	while ((result = re_next(re, subject, &walk)) == RE_MATCH) {
		one_hit(run, i, re, &caps, subject);
		if (++so_far == max)
			break;
	}
	run->limited |= result == RE_LIMIT;
	return so_far;
}

static bool match_once(struct run *run, size_t i, const struct re *re, struct str subject)
{
	struct re_caps caps;
	enum re_result result;

	if (run->rs->rules[i].captures)
		result = re_search(re, subject, 0, &caps);
	else
		result = re_match(re, subject);
	run->limited |= result == RE_LIMIT;
	if (result != RE_MATCH)
		return false;
	one_hit(run, i, re, &caps, subject);
	return true;
}

/*
 * The pattern to match with: the rule's own, or for one with templates what it becomes for this
 * mail (the rule's own is then wider). NULL if that does not compile.
 */
static const struct re *rule_pattern(struct run *run, size_t i)
{
	const struct rule *r = &run->rs->rules[i];

	return r->templates ? captures_pattern(&run->captures, r->pattern) : r->re;
}

static void texts_make(struct run *run, struct shared_texts *s, struct spam_texts texts)
{
	size_t bytes = 0;

	s->made = true;
	s->texts = texts;
	s->each = NEW_N(run->a, struct re_grams, texts.n);
	for (size_t k = 0; k < texts.n; k++) {
		re_grams_init(&s->each[k], run->a, texts.v[k].n);
		re_grams_add(&s->each[k], texts.v[k]);
		bytes += texts.v[k].n;
	}
	re_grams_init(&s->all, run->a, bytes);
	for (size_t k = 0; k < texts.n; k++)
		re_grams_add(&s->all, texts.v[k]);
}

static bool may_match(struct run *run, size_t i, const struct str *texts, size_t n)
{
	return input_may_match(run->a, run->rs, run->scans, &run->rs->rules[i], texts, n);
}

/* One text after the other. */
static void match_each(struct run *run, size_t i, const struct re *re,
		       const struct shared_texts *s)
{
	const struct rule *r = &run->rs->rules[i];
	unsigned n = 0;

	for (size_t k = r->flags & RULE_NOSUBJECT && s == run->body; k < s->texts.n; k++) {
		if (!re_possible(r->re, &s->each[k]))
			continue;
		if (!(r->flags & RULE_MULTIPLE)) {
			if (match_once(run, i, re, s->texts.v[k]))
				return;
			continue;
		}
		n = match_all(run, i, re, s->texts.v[k], n, r->maxhits);
		if (r->maxhits && n >= r->maxhits)
			return;
	}
}

/* body, rawbody, uri: most patterns need no look at the texts themselves. */
static void match_texts(struct run *run, size_t i, struct shared_texts *s,
			struct spam_texts (*view)(struct spam_message *m))
{
	const struct re *re;

	struct spam_texts now = view(run->m);

	if (!may_match(run, i, now.v, now.n))
		return;
	/* An eval function may have rewritten it. */
	if (!s->made || s->texts.v != now.v)
		texts_make(run, s, now);
	if (!re_possible(run->rs->rules[i].re, &s->all))
		return;
	if (run->rs->spare && !worth_running(&run->worth, i))
		return;
	re = rule_pattern(run, i);
	if (re)
		match_each(run, i, re, s);
}

static const struct header_text *header_text(struct run *run, uint32_t slot)
{
	const struct rule_header *h = &run->rs->headers[slot];
	struct header_text *t = &run->headers[slot];

	if (t->made)
		return t;
	t->made = true;
	t->present = spam_header_text(run->m, &h->query, &t->text);
	if (!t->present && h->has_if_unset)
		t->text = h->if_unset;
	re_grams_init(&t->grams, run->a, t->text.n);
	re_grams_add(&t->grams, t->text);
	return t;
}

static void match_negated(struct run *run, size_t i, const struct re *re, struct str text)
{
	enum re_result result = re_match(re, text);

	run->limited |= result == RE_LIMIT;
	if (result == RE_NOMATCH)
		hit(run, i, 1);
}

static void match_header(struct run *run, size_t i)
{
	const struct rule *r = &run->rs->rules[i];
	const struct header_text *t = header_text(run, r->header);
	const struct re *re;

	if (r->exists) {
		if (t->present)
			hit(run, i, 1);
		return;
	}
	if (!r->negated &&
	    (!may_match(run, i, &t->text, 1) || !re_possible(r->re, &t->grams)))
		return;
	re = rule_pattern(run, i);
	if (!re)
		return;
	if (r->negated) {
		match_negated(run, i, re, t->text);
	} else if (r->flags & RULE_MULTIPLE) {
		match_all(run, i, re, t->text, 0, r->maxhits);
	} else {
		match_once(run, i, re, t->text);
	}
}

/* True if it matched: then no further part is looked at. */
static bool match_part(struct run *run, size_t i, const struct re *re, struct str text)
{
	const struct rule *r = &run->rs->rules[i];
	unsigned max = r->maxhits ? r->maxhits : r->flags & RULE_MULTIPLE ? 1000 : 1;

	return match_all(run, i, re, text, 0, max) > 0;
}

static struct str part_text(struct run *run, const struct rule *r, const struct spam_part *part)
{
	struct str text;

	if (!spam_part_header(run->m, part, r->part_header, r->raw, &text))
		return r->if_unset;
	return text;
}

static void match_mimeheader(struct run *run, size_t i)
{
	const struct re *re = rule_pattern(run, i);
	const struct rule *r = &run->rs->rules[i];
	const struct spam_part *const *parts;
	struct str joined = STR_NONE;
	size_t n;

	if (!re)
		return;
	/* So SpamAssassin 4.0.1 does it, whatever the parts say. */
	if (r->negated) {
		hit(run, i, 1);
		return;
	}
	parts = spam_parts(run->m, &n);
	for (size_t k = 0; k < n && k < r->range_max; k++) {
		struct str text;

		if (k + 1 < r->range_min)
			continue;
		text = part_text(run, r, parts[k]);
		if (r->flags & RULE_CONCAT) {
			joined = str_cat(run->a, joined, text);
			if (!str_ends(text, STR("\n")))
				joined = str_cat(run->a, joined, STR("\n"));
		} else if (match_part(run, i, re, text)) {
			return;
		}
	}
	if (r->flags & RULE_CONCAT)
		match_part(run, i, re, joined);
}

static void match_full(struct run *run, size_t i)
{
	const struct re *re = rule_pattern(run, i);
	const struct rule *r = &run->rs->rules[i];
	struct str full = spam_full(run->m);

	if (!re)
		return;
	if (r->flags & RULE_MULTIPLE)
		match_all(run, i, re, full, 0, r->maxhits);
	else
		match_once(run, i, re, full);
}

static struct eval_run eval_run(struct run *run, size_t family)
{
	const struct eval_family *f = eval_families[family];

	if (f->mail_size && !run->evals[family])
		run->evals[family] = arena_alloc(run->a, f->mail_size);
	run->so_far = (struct eval_hits){ run->rs, run->order, run->n_order, run->hits,
					  run->score };
	return (struct eval_run){
		.a = run->a,
		.m = run->m,
		.env = &run->env,
		.view = &run->rs->view,
		.conf = run->rs->evals[family],
		.mail = run->evals[family],
		.dns = run->dns,
		.lists = run->lists,
		.talks = &run->talks,
		.captures = &run->captures,
		.auth = &run->auth,
		.hits = &run->so_far,
	};
}

/* False if it needs to be called again when more answers have come. */
static bool call_eval(struct run *run, size_t i)
{
	const struct rule *r = &run->rs->rules[i];
	struct eval_run er;
	unsigned value;

	if (run->rs->spare && !r->eval->rewrites && !worth_running(&run->worth, i))
		return true;
	if (r->eval->start && !run->dns)
		return true;
	if (r->eval->late)
		net_finish(run);
	er = eval_run(run, r->family);
	er.score = r->score;
	value = r->eval->call(&er, &r->args);
	if (value == EVAL_PENDING)
		return false;
	run->found[i] = er.found;
	run->score[i] = er.score;
	if (value)
		hit(run, i, value);
	return true;
}

static void rule_run(struct run *run, size_t i)
{
	const struct rule *r = &run->rs->rules[i];

	/* While a tag it needs is not set, it is not run and not ready either. */
	if (r->templates && !captures_ready(&run->captures, r->pattern))
		return;
	run->limited = false;
	if (r->eval) {
		if (!call_eval(run, i)) {
			run->open[run->n_open++] = (uint32_t)i;
			return;
		}
	} else if (r->type == RULE_HEADER)
		match_header(run, i);
	else if (r->type == RULE_BODY)
		match_texts(run, i, run->body, spam_body);
	else if (r->type == RULE_URI)
		match_texts(run, i, run->uri, spam_uris);
	else if (r->type == RULE_MIMEHEADER)
		match_mimeheader(run, i);
	else if (r->type == RULE_RAWBODY)
		match_texts(run, i, run->rawbody, spam_rawbody);
	else
		match_full(run, i);
	rule_ready(run, i);
	if (r->captures)
		captures_commit(&run->captures);
	run->out->limited += run->limited;
}

/* Everything that network tests know to ask at the beginning. */
static void net_start(struct run *run)
{
	const struct spam_network *net = run->env.network;

	if (!net || run->rs->local)
		return;
	run->asked_at = net_now();
	run->dns = dns_open(run->a, gate_open(run->a, run->rs->gate, net, run->env.now));
	run->lists = spam_lists_open(run->a, run->dns, net->health, run->env.now);
	for (size_t i = 0; i < run->rs->n; i++) {
		const struct rule *r = &run->rs->rules[i];
		struct eval_run er;

		if (r->state != STATE_RUNS || !r->eval)
			continue;
		if (r->type == RULE_EVAL_NET)
			run->open[run->n_open++] = (uint32_t)i;
		if (!r->eval->start)
			continue;
		er = eval_run(run, r->family);
		r->eval->start(&er, &r->args);
	}
}

/* Asks the open tests whether they now know enough. */
static void net_look(struct run *run)
{
	size_t left = 0;

	for (size_t k = 0; k < run->n_open; k++) {
		uint32_t i = run->open[k];

		if (call_eval(run, i))
			rule_ready(run, i);
		else
			run->open[left++] = i;
	}
	run->n_open = left;
	metas_run(run);
}

/* What has come by now. */
static void net_collect(struct run *run)
{
	if (run->dns && run->n_open) {
		dns_wait_any(run->dns, net_now());
		net_look(run);
	}
}

/* Until when to wait: the more has been answered, the less is the rest worth waiting for. */
static int64_t net_limit(const struct run *run)
{
	const struct spam_net_time *t = &run->rs->net_time;
	double asked = (double)dns_asked(run->dns);
	double done = asked - (double)dns_pending(run->dns), share = asked > 0 ? done / asked : 1;
	int64_t less = (int64_t)((double)(t->most_ms - t->least_ms) * share * share);
	int64_t limit = run->asked_at + t->most_ms - less;

	return run->deadline && run->deadline < limit ? run->deadline : limit;
}

static void net_finish(struct run *run)
{
	if (!run->dns || run->net_over)
		return;
	run->net_over = true;
	net_look(run);
	while (run->n_open && (dns_pending(run->dns) || run->talks.n)) {
		int64_t limit = net_limit(run), now = net_now();

		talks_wait(&run->talks, run->dns, limit);
		net_look(run);
		if (now >= limit)
			break;
	}
	dns_finish(run->dns);
	net_look(run);
	talks_over(&run->talks);
	spam_lists_judge(run->lists);
	/* They may have asked something more; nobody waits for that. */
	dns_finish(run->dns);
}

static void net_drop(struct run *run)
{
	if (run->dns)
		dns_finish(run->dns);
}

/* Lists that have told by a rule that they do not serve us. */
static void net_blocks(struct run *run)
{
	const struct gate_rules *gate = run->rs->gate;

	for (size_t i = 0; run->dns && i < gate->blocks.n; i++)
		if (run->hits[gate->blocks.p[i].rule])
			gate_shut(gate, &gate->blocks.p[i], run->env.network->health,
				  run->env.now);
}

static bool too_late(struct run *run)
{
	if (!run->deadline || ++run->since_clock < DEADLINE_EVERY)
		return false;
	run->since_clock = 0;
	return net_now() >= run->deadline;
}

static void steps_run(struct run *run)
{
	const struct spam_rules *rs = run->rs;

	for (size_t s = 0; s < rs->n_steps; s++) {
		const struct rule_step *step = &rs->steps[s];

		for (size_t k = 0; k < step->rules.n; k++) {
			rule_run(run, step->rules.p[k]);
			if (too_late(run)) {
				run->out->timed_out = true;
				return;
			}
		}
		if (s + 1 == rs->n_steps || rs->steps[s + 1].priority != step->priority) {
			metas_run(run);
			net_collect(run);
		}
		if (run->shortcircuit.done) {
			net_drop(run);
			return;
		}
	}
	net_finish(run);
	metas_finish(run);
}

static void run_init(struct run *run)
{
	const struct spam_rules *rs = run->rs;

	run->headers = NEW_N(run->a, struct header_text, rs->n_headers);
	run->scans = NEW_N(run->a, struct input_scan, rs->n_inputs);
	run->body = NEW(run->a, struct shared_texts);
	run->rawbody = NEW(run->a, struct shared_texts);
	run->uri = NEW(run->a, struct shared_texts);
	run->evals = NEW_N(run->a, void *, eval_family_count());
	run->value = NEW_N(run->a, double, rs->n);
	run->ready = NEW_N(run->a, bool, rs->n);
	run->waiting = NEW_N(run->a, uint32_t, rs->n);
	run->touched = NEW_N(run->a, bool, rs->n);
	run->hits = NEW_N(run->a, unsigned, rs->n);
	run->found = NEW_N(run->a, struct str, rs->n);
	run->score = NEW_N(run->a, double, rs->n);
	run->queue = NEW_N(run->a, uint32_t, rs->n);
	run->order = NEW_N(run->a, uint32_t, rs->n);
	run->open = NEW_N(run->a, uint32_t, rs->n);
	captures_init(&run->captures, run->a);
	worth_init(&run->worth, run->a, rs, run->ready, run->value);
	for (size_t i = 0; i < rs->n; i++) {
		const struct rule *r = &rs->rules[i];

		run->waiting[i] = (uint32_t)r->needs.n;
		run->score[i] = r->score;
		if (r->type == RULE_META && r->needs.n == 0 && r->state == STATE_RUNS)
			run->queue[run->queued++] = (uint32_t)i;
	}
}

static void result_add(const struct run *run, size_t i)
{
	const struct rule *r = &run->rs->rules[i];
	struct spam_result *out = run->out;
	struct spam_hit *h = r->subrule ? &out->subtests[out->n_subtests++]
					: &out->hits[out->n_hits++];

	*h = (struct spam_hit){ r->name, run->score[i], r->description, run->hits[i],
				run->found[i], r->eval && r->eval->late };
}

/* It stands before the rule that has ended the check. */
static double result_shortcircuit(const struct run *run)
{
	const struct shortcircuit_run *s = &run->shortcircuit;
	struct spam_result *out = run->out;

	out->hits[out->n_hits++] = (struct spam_hit){
		.name = STR("SHORTCIRCUIT"),
		.score = s->score,
		.description = run->rs->shortcircuit_description,
		.count = 1,
	};
	out->shortcircuit = s->type;
	out->shortcircuit_rule = s->rule;
	return s->score;
}

/* Scores are added one hit at a time in order, as doubles, and rounded once. */
static void result_make(struct run *run)
{
	struct spam_result *out = run->out;
	double sum = 0;

	out->hits = NEW_N(run->a, struct spam_hit, run->n_order + 1);
	out->subtests = NEW_N(run->a, struct spam_hit, run->n_order);
	for (size_t i = 0; i < run->n_order; i++) {
		const struct rule *r = &run->rs->rules[run->order[i]];
		unsigned n = run->hits[run->order[i]];

		if (run->shortcircuit.done && run->shortcircuit.place == i)
			sum += result_shortcircuit(run);
		result_add(run, run->order[i]);
		for (unsigned k = 0; !r->subrule && k < n; k++)
			sum += run->score[run->order[i]];
	}
	out->score = points_round(sum);
	out->level = out->score >= 1e6 ? 1000000 : out->score > 0 ? (int)out->score : 0;
	out->required = run->rs->required;
}

static void autolearn(struct run *run)
{
	run->out->autolearn = "disabled";
	run->out->bayes = -1;
	for (size_t i = 0; eval_families[i]; i++) {
		struct eval_run er;

		if (!eval_families[i]->autolearn)
			continue;
		er = eval_run(run, i);
		run->out->autolearn = eval_families[i]->autolearn(&er, run->out);
	}
}

struct spam_check {
	struct run run;
};

static void read_mail(struct run *run)
{
	for (size_t i = 0; i < run->rs->n_readers; i++) {
		struct eval_run er = eval_run(run, run->rs->readers[i]);

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
	read_mail(&c->run);
	net_start(&c->run);
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
	net_blocks(run);
	result_make(run);
	autolearn(run);
	run->finished = !out->timed_out;
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
		er = eval_run(run, i);
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
