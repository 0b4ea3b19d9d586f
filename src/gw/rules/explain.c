/* Why a mail fares as it does: for the administrator who is asked in the morning. */
#include "gw/rules/explain.h"

#include <time.h>

#include "gw/rules/act.h"

static void say_visible(struct explain *x, const char *before, struct str s, const char *after)
{
	buf_addz(x->out, before);
	buf_add_visible(x->out, s, EXPLAIN_TEXT_MAX);
	buf_addz(x->out, after);
}

static void say_address(struct explain *x, const char *before, struct str s, const char *after)
{
	buf_addz(x->out, before);
	buf_add_visible(x->out, s, EXPLAIN_ADDRESS_MAX);
	buf_addz(x->out, after);
}

void explain_people(struct explain *x, const size_t *rcpt, size_t n)
{
	for (size_t i = 0; i < n; i++)
		say_address(x, i ? ", <" : "<", x->s->env->rcpt[rcpt[i]].address, ">");
}

/* Whom the mail is for, and whose quarantine and lists count, if that is another address. */
static void explain_rcpt(struct explain *x, size_t i)
{
	struct str address = x->s->env->rcpt[i].address;

	say_address(x, "  to <", address, ">");
	if (!str_ieq(x->m->pmail[i], address))
		say_address(x, ", an address of <", x->m->pmail[i], ">");
	buf_addc(x->out, '\n');
}

static void explain_envelope(struct explain *x)
{
	const struct smtp_envelope *env = x->s->env;
	char when[64];
	struct tm local;

	localtime_r(&x->s->now, &local);
	strftime(when, sizeof(when), "%a %Y-%m-%d %H:%M:%S %z", &local);
	say_address(x, "MAIL from <", env->sender, env->sender.n ? ">\n" : "> (a bounce)\n");
	for (size_t i = 0; i < env->n_rcpt; i++)
		if (env->rcpt[i].same_as == i)
			explain_rcpt(x, i);
	if (x->s->client_ip.n)
		say_visible(x, "  client ", x->s->client_ip, "\n");
	buf_addf(x->out, "  %s, %s\n", x->s->trusted ? "outgoing" : "incoming", when);
}

static void explain_part(struct explain *x, const struct mime *part)
{
	const struct scan_types *t = scan_part_types(x->s, part);
	struct str name = mime_filename(x->a, part);

	buf_addf(x->out, "  part %u: ", part->aid);
	if (t->header.n)
		say_visible(x, "", t->header, " in its header");
	else
		buf_addz(x->out, "no type in its header");
	if (t->magic.n)
		say_visible(x, ", ", t->magic, " by its content");
	if (t->glob.n)
		say_visible(x, ", ", t->glob, " by its name");
	if (name.n)
		say_visible(x, ", name '", name, "'");
	buf_addc(x->out, '\n');
}

/* What rules see beside the part itself. */
static void explain_reading(struct explain *x, const struct mime_reading *r)
{
	struct str name = mime_filename(x->a, r->part);

	buf_addf(x->out, "    part %u as some clients read it (%s): ", r->aid, r->how);
	say_visible(x, "", r->part->header_type.n ? r->part->header_type : r->part->type, "");
	if (name.n)
		say_visible(x, ", name '", name, "'");
	buf_addc(x->out, '\n');
}

static void explain_mail(struct explain *x)
{
	const struct scan *s = x->s;

	explain_envelope(x);
	for (uint32_t i = 0; i < s->n_parts; i++)
		explain_part(x, s->parts[i]);
	for (size_t i = 0; i < s->readings.n; i++)
		explain_reading(x, &s->readings.p[i]);
	if (s->broken.n) {
		say_visible(x, "  broken: ", s->broken, ", ");
		say_visible(x, "", mime_anomaly_list(x->a, s->anomalies), "\n");
	}
	say_visible(x, "  virus: ", s->virus.n ? s->virus : STR("none found"), "\n");
	if (s->heuristic.n)
		say_visible(x, "  heuristic find, counts as spam: ", s->heuristic, "\n");
	if (s->custom_score.n)
		say_visible(x, "  score of the custom check: ", s->custom_score, "\n");
}

static void rule_name(struct explain *x, const struct rule *rule)
{
	buf_addf(x->out, "rule %lld '", (long long)rule->row.id);
	say_visible(x, "", rule->row.name, "'");
}

/* Where the steps of the rule start, just after its own; 0: it was not asked. */
static size_t find_steps(const struct explain *x, const struct rule *rule)
{
	for (size_t i = 0; i < x->trace->steps.n; i++)
		if (x->trace->steps.p[i].kind == TRACE_RULE && x->trace->steps.p[i].of == rule)
			return i + 1;
	return 0;
}

static const struct plan_match *find_match(const struct explain *x, const struct rule *rule)
{
	for (size_t i = 0; i < x->trace->plan->matches.n; i++)
		if (x->trace->plan->matches.p[i].rule == rule)
			return &x->trace->plan->matches.p[i];
	return NULL;
}

/* The answer of a category of the rule, or NULL if it was not asked. */
static const struct trace_step *side_step(const struct explain *x, size_t at,
					  const struct rule_side *side, size_t n)
{
	for (; at < x->trace->steps.n && x->trace->steps.p[at].kind != TRACE_RULE; at++) {
		const struct trace_step *step = &x->trace->steps.p[at];

		if (step->kind == TRACE_SIDE && step->of == side && step->n == n)
			return step;
	}
	return NULL;
}

static bool was_no(const struct trace_step *step)
{
	return step && step->answer.kind == MARKS_NONE;
}

/* Why nobody gets the rule, where that is not a matter of recipients; or NULL. */
static const char *general_reason(const struct explain *x, const struct rule *rule, size_t at)
{
	if (!rule_applies(rule, x->s))
		return x->s->trusted ? "it is for incoming mail" : "it is for outgoing mail";
	if (rule->dead)
		return "all its WHAT groups are empty";
	if (was_no(side_step(x, at, &rule->side[RULE_FROM], 0)))
		return "FROM does not match";
	if (was_no(side_step(x, at, &rule->side[RULE_WHEN], 0)))
		return "WHEN does not match";
	return NULL;
}

enum outcome { APPLIES, SETTLED, NOT_IN_TO, NOT_IN_WHAT, OUTCOMES };

static bool has(const struct plan_match *pm, size_t rcpt)
{
	for (size_t i = 0; pm && i < pm->n; i++)
		if (pm->rcpt[i] == rcpt)
			return true;
	return false;
}

static enum outcome outcome_for(const struct explain *x, const struct rule *rule, size_t at,
				const struct plan_match *pm, size_t rcpt)
{
	const struct rule *final = x->trace->plan->final[rcpt];

	/* rules lie in memory in the order in which they are asked */
	if (final && final < rule)
		return SETTLED;
	if (has(pm, rcpt))
		return APPLIES;
	return was_no(side_step(x, at, &rule->side[RULE_TO], rcpt)) ? NOT_IN_TO : NOT_IN_WHAT;
}

static void explain_actions(struct explain *x, const struct rule *rule)
{
	for (size_t i = 0; i < rule->n_actions; i++) {
		const struct rule_object *o = rule->actions[i];

		say_visible(x, "     ", o->type->describe(x->a, o->data),
			    o->type->final ? " (final)\n" : "\n");
	}
	if (!rule->n_actions)
		buf_addz(x->out, "     it has no actions\n");
}

/* A line for each rule that has settled some of these recipients. */
static void settled_lines(struct explain *x, const size_t *rcpt, size_t n)
{
	const struct rule *const *final = x->trace->plan->final;
	size_t *list = NEW_N(x->a, size_t, n), *rest = NEW_N(x->a, size_t, n);

	while (n) {
		const struct rule *by = final[rcpt[0]];
		size_t k = 0, m = 0;

		for (size_t i = 0; i < n; i++)
			if (final[rcpt[i]] == by)
				list[k++] = rcpt[i];
			else
				rest[m++] = rcpt[i];
		buf_addz(x->out, "  -> not for ");
		explain_people(x, list, k);
		buf_addz(x->out, ": settled before, by ");
		rule_name(x, by);
		buf_addc(x->out, '\n');
		rcpt = rest;
		n = m;
	}
}

static void outcome_lines(struct explain *x, const struct rule *rule, enum outcome outcome,
			  const size_t *rcpt, size_t n)
{
	if (!n)
		return;
	if (outcome == SETTLED) {
		settled_lines(x, rcpt, n);
		return;
	}
	buf_addz(x->out, outcome == APPLIES ? "  -> applies to " : "  -> not for ");
	explain_people(x, rcpt, n);
	if (outcome != APPLIES)
		buf_addf(x->out, ": %s does not match", outcome == NOT_IN_TO ? "TO" : "WHAT");
	buf_addc(x->out, '\n');
	if (outcome == APPLIES)
		explain_actions(x, rule);
}

static void explain_outcome(struct explain *x, const struct rule *rule, size_t at)
{
	const struct smtp_envelope *env = x->s->env;
	const char *reason = general_reason(x, rule, at);
	const struct plan_match *pm = find_match(x, rule);
	size_t *list = NEW_N(x->a, size_t, env->n_rcpt), n;

	if (reason) {
		buf_addf(x->out, "  -> not for anybody: %s\n", reason);
		return;
	}
	for (enum outcome o = APPLIES; o < OUTCOMES; o++) {
		n = 0;
		for (size_t i = 0; i < env->n_rcpt; i++)
			if (env->rcpt[i].same_as == i && outcome_for(x, rule, at, pm, i) == o)
				list[n++] = i;
		outcome_lines(x, rule, o, list, n);
	}
}

static void explain_rule(struct explain *x, const struct rule *rule, bool failed)
{
	static const char *const directions[] = { "in", "out", "in+out" };
	size_t at = find_steps(x, rule);
	int64_t d = rule->row.direction;

	if (rule->row.active && !rule->unbuilt && !at)
		return; /* matching did not come that far */
	buf_addf(x->out, "\nRULE %lld '", (long long)rule->row.id);
	say_visible(x, "", rule->row.name, "'");
	buf_addf(x->out, " (priority %lld, %s)\n", (long long)rule->row.priority,
		 d >= RULE_IN && d <= RULE_BOTH ? directions[d] : "unknown direction");
	if (!rule->row.active) {
		buf_addz(x->out, "  -> not for anybody: it is not active\n");
		return;
	}
	if (rule->unbuilt) {
		buf_addf(x->out,
			 "  -> not for anybody: it is not used, objects of type %lld are not"
			 " available\n",
			 (long long)rule->unbuilt->otype);
		return;
	}
	explain_steps(x, rule, at);
	if (!failed)
		explain_outcome(x, rule, at);
}

/* Those that rules can match as unreadable, if any rule had to know. */
static void explain_archives(struct explain *x)
{
	const char *before = "\nARCHIVES\n";

	for (uint32_t i = 0; x->s->archives && i < x->s->n_parts; i++) {
		const struct scan_archive *in = x->s->archives[i];

		if (!in || !in->problem.n)
			continue;
		buf_addf(x->out, "%s  part %u is " SCAN_UNREADABLE ": ", before, i + 1);
		say_visible(x, "", in->problem, "\n");
		before = "";
	}
}

static void explain_spam(struct explain *x)
{
	const struct scan_spam *spam = x->trace->plan->spam;

	if (!spam) {
		buf_addz(x->out, "\nSPAM not analysed: no rule had to know\n");
		return;
	}
	buf_addf(x->out, "\nSPAM level %lld, %zu rules hit\n", (long long)spam->level,
		 spam->n_hits);
	for (size_t i = 0; i < spam->n_hits; i++) {
		const struct scan_hit *h = &spam->hits[i];

		buf_addf(x->out, "  %6.*s ", STR_ARG(act_score(x->a, h->score)));
		say_visible(x, "", h->name, " ");
		say_visible(x, "", h->description.n ? h->description : STR("-"), "\n");
	}
}

/* The last rule that was asked is the one that an error happened in. */
static bool is_last(const struct explain *x, const struct rule *rule)
{
	const struct rule *last = NULL;

	for (size_t i = 0; i < x->trace->steps.n; i++)
		if (x->trace->steps.p[i].kind == TRACE_RULE)
			last = x->trace->steps.p[i].of;
	return last == rule;
}

static int explain_outbox(struct explain *x, const struct plan *plan, struct outbox **outbox,
			  struct err *e)
{
	if (rules_act(x->a, x->r, x->m, plan, outbox, e) < 0)
		return -1;
	buf_addz(x->out, "\nOUTBOX\n");
	return outbox_print(*outbox, x->s, OUTBOX_FOR_PEOPLE, x->out, e);
}

struct outbox *rules_explain(struct arena *a, const struct rules *r, const struct rules_mail *m,
			     struct buf *out)
{
	struct trace trace = { .a = a };
	struct rules_mail traced = *m;
	struct explain x = { a, r, &traced, m->scan, &trace, out };
	struct outbox *outbox = NULL;
	struct plan *plan;
	struct err e;
	int ret;

	traced.trace = &trace;
	explain_mail(&x);
	ret = rules_match(a, r, &traced, &plan, &e);
	for (size_t i = 0; i < r->n; i++)
		explain_rule(&x, &r->all[i], ret < 0 && is_last(&x, &r->all[i]));
	if (ret == 0) {
		explain_archives(&x);
		explain_spam(&x);
		ret = explain_outbox(&x, plan, &outbox, &e);
	}
	if (ret < 0) {
		buf_addz(out, "\nERROR ");
		buf_add_visible(out, str_of(e.msg), sizeof(e.msg));
		buf_addz(out, ": the mail would stay with the sender (451)\n");
	}
	return ret < 0 ? NULL : outbox;
}
