/* Which rule got which recipients (filter.md §5). */
#include "gw/rules/match.h"

#include "gw/rules/lists.h"
#include "gw/rules/trace.h"
#include "gw/rules/types.h"
#include "gw/rules/who_index.h"

struct match {
	struct arena *a;
	const struct rules *r;
	const struct rules_mail *m;
	struct scan *s;
	struct plan *plan;
	struct trace *trace;
	struct what what;
	struct who sender;
	struct who *rcpt; /* by envelope index */
	struct tm local;
	bool pending_spam;     /* a rule that matched prints spam information */
	struct who_said said;  /* by the who object in hand */
	const struct rule_object *gave_up; /* first object of the rule whose pattern did, or NULL */
};

static void add_names(struct what *w, struct what_names *to, const struct mime *part)
{
	struct mime_names names = mime_names(w->a, part);

	to->nameless |= !names.n;
	for (size_t i = 0; i < names.n; i++)
		vec_add(w->a, &to->list, names.p[i]);
}

const struct what_names *what_names(struct what *w, uint32_t aid)
{
	const struct mime_reading *r;
	struct what_names *names;
	size_t n;

	if (!w->names)
		w->names = NEW_N(w->a, struct what_names, w->s->n_parts);
	names = &w->names[aid - 1];
	if (names->known)
		return names;
	names->known = true;
	add_names(w, names, w->s->parts[aid - 1]);
	r = mime_readings_of(&w->s->readings, aid, &n);
	for (size_t i = 0; i < n; i++)
		add_names(w, names, r[i].part);
	return names;
}

bool what_tally_add(const struct what *w, struct what_tally *t, bool yes)
{
	t->yes |= yes;
	t->no |= !yes;
	return yes && !w->s->ambiguous;
}

enum what_seen what_tally_sum(const struct what *w, const struct what_tally *t)
{
	if (!t->yes)
		return WHAT_NEVER;
	return t->no && w->s->ambiguous ? WHAT_SOMETIMES : WHAT_ALWAYS;
}

bool what_varies(const struct what *w, uint32_t aid)
{
	size_t n;

	mime_readings_of(&w->s->readings, aid, &n);
	return n && w->s->ambiguous;
}

void what_mark(struct what *w, struct verdict *v, uint32_t aid, enum what_seen seen)
{
	if (seen != WHAT_NEVER)
		marks_add(&v->some, w->a, w->s->n_parts, aid);
	if (seen == WHAT_ALWAYS)
		marks_add(&v->every, w->a, w->s->n_parts, aid);
}

bool what_matches(struct what *w, const struct re *re, uint32_t aid, const char *kind,
		  struct str text)
{
	bool yes = rule_re_match(re, text, &w->answer->gave_up);

	if (w->trace)
		vec_add(w->a, &w->answer->texts, ((struct what_text){ aid, kind, text, yes }));
	return yes;
}

void what_saw(struct what *w, const char *kind, struct str text)
{
	if (w->trace)
		vec_add(w->a, &w->answer->texts, ((struct what_text){ 0, kind, text, true }));
}

static void gave_up(struct match *x, const struct rule_object *o, size_t step)
{
	if (!x->gave_up)
		x->gave_up = o;
	if (x->trace)
		x->trace->steps.p[step].gave_up = true;
}

/* Once for each profile. */
static void note_no_profile(struct match *x, const struct rule_object *o)
{
	struct str profile = type_ldap_profile(o->data);
	struct plan_note *note;

	for (size_t i = 0; i < x->plan->notes.n; i++)
		if (x->plan->notes.p[i].line == LINE_NO_LDAP_PROFILE &&
		    str_eq(x->plan->notes.p[i].text, profile))
			return;
	note = vec_push(x->a, &x->plan->notes);
	note->line = LINE_NO_LDAP_PROFILE;
	note->text = profile;
}

/* An expression that cannot do without a text that is not there. */
static bool can_match(const struct rule_object *o, const struct who *w)
{
	return !o->type->regex || who_bit(w->hits->patterns, o->index);
}

static bool ask_who(struct match *x, const struct rule_object *o, const struct who *w)
{
	size_t step = trace_begin(x->trace, TRACE_OBJECT, o, 0);
	bool yes;

	x->said = (struct who_said){ .people = PEOPLE_YES };
	yes = can_match(o, w) && o->type->who(o->data, w);
	if (x->said.gave_up)
		gave_up(x, o, step);
	if (x->said.people == PEOPLE_ABSENT && type_ldap_profile(o->data).n)
		note_no_profile(x, o);
	if (x->trace)
		x->trace->steps.p[step].who = x->said;
	return trace_end_bool(x->trace, step, yes);
}

/* OR: the first that is true decides; AND: the first that is not. So everywhere below. */
static bool who_group(struct match *x, const struct rule_group *g, const struct who *w)
{
	size_t step = trace_begin(x->trace, TRACE_GROUP, g, 0);
	bool yes = g->and;
	size_t i = 0;

	/* An explanation names the object. */
	if (!g->and && !x->trace) {
		yes = who_bit(w->hits->groups, (size_t)(g - x->r->groups));
		i = g->n_equals;
	}
	for (; i < g->n && yes == g->and; i++)
		yes = ask_who(x, &g->objects[i], w);
	return trace_end_bool(x->trace, step, yes != g->invert);
}

/* `n`: which recipient it is. */
static bool who_side(struct match *x, const struct rule_side *s, const struct who *w, size_t n)
{
	size_t step = trace_begin(x->trace, TRACE_SIDE, s, n);
	bool yes = s->and;

	for (size_t i = 0; i < s->n && yes == s->and; i++)
		yes = who_group(x, s->groups[i], w);
	return trace_end_bool(x->trace, step, !s->n || yes != s->invert);
}

static bool ask_when(struct match *x, const struct rule_object *o)
{
	size_t step = trace_begin(x->trace, TRACE_OBJECT, o, 0);

	return trace_end_bool(x->trace, step, o->type->when(o->data, &x->local));
}

static bool when_group(struct match *x, const struct rule_group *g)
{
	size_t step = trace_begin(x->trace, TRACE_GROUP, g, 0);
	bool yes = g->and;

	for (size_t i = 0; i < g->n && yes == g->and; i++)
		yes = ask_when(x, &g->objects[i]);
	return trace_end_bool(x->trace, step, yes != g->invert);
}

static bool when_side(struct match *x, const struct rule_side *s)
{
	size_t step = trace_begin(x->trace, TRACE_SIDE, s, 0);
	bool yes = s->and;

	for (size_t i = 0; i < s->n && yes == s->and; i++)
		yes = when_group(x, s->groups[i]);
	return trace_end_bool(x->trace, step, !s->n || yes != s->invert);
}

/* What does not depend on the recipient is computed once per mail. */
static int find_answer(struct match *x, const struct rule_object *o, struct what_answer **out,
		       struct err *e)
{
	bool keep = !o->type->per_recipient;

	if (keep && !x->what.cache)
		x->what.cache = NEW_N(x->a, struct what_answer *, x->r->n_what);
	if (keep && x->what.cache[o->index]) {
		*out = x->what.cache[o->index];
		return 0;
	}
	x->what.answer = NEW(x->a, struct what_answer);
	if (o->type->what(o->data, &x->what, &x->what.answer->verdict, e) < 0)
		return -1;
	*out = x->what.answer;
	if (keep)
		x->what.cache[o->index] = *out;
	return 0;
}

static int ask_what(struct match *x, const struct rule_object *o, struct verdict *out,
		    struct err *e)
{
	size_t step = trace_begin(x->trace, TRACE_OBJECT, o, 0);
	struct what_answer *answer;

	if (find_answer(x, o, &answer, e) < 0)
		return -1;
	if (answer->gave_up)
		gave_up(x, o, step);
	if (x->trace)
		x->trace->steps.p[step].said = answer;
	trace_end_what(x->trace, step, answer->verdict.some,
		       verdict_in_doubt(x->s->n_parts, &answer->verdict));
	*out = answer->verdict;
	return 0;
}

static int what_group(struct match *x, const struct rule_group *g, struct verdict *out,
		      struct err *e)
{
	size_t step = trace_begin(x->trace, TRACE_GROUP, g, 0);
	uint32_t n = x->s->n_parts;
	struct verdict v, one;

	if (ask_what(x, &g->objects[0], &v, e) < 0)
		return -1;
	for (size_t i = 1; i < g->n; i++) {
		if (ask_what(x, &g->objects[i], &one, e) < 0)
			return -1;
		v = g->and ? verdict_and(x->a, n, v, one) : verdict_or(x->a, n, v, one);
	}
	*out = g->invert ? verdict_not(x->a, n, v) : v;
	trace_end_what(x->trace, step, out->some, verdict_in_doubt(n, out));
	return 0;
}

/* How many groups of a rule matched. */
struct group_count {
	size_t all, some, every; /* in some reading of the mail, in every one */
};

/* Turned round, what holds in some reading is what does not in every one. */
static struct verdict what_groups(const struct rule_side *s, const struct group_count *n,
				  struct verdict marks)
{
	bool some = s->and ? n->some == n->all : n->some > 0;
	bool every = s->and ? n->every == n->all : n->every > 0;

	if (!s->n)
		return marks;
	if (s->invert ? every : !some)
		marks.some.kind = MARKS_NONE;
	if (s->invert ? some : !every)
		marks.every.kind = MARKS_NONE;
	return marks;
}

/*
 * The marks of a rule for the class of recipients in x->what.listed. Where clients disagree about
 * the mail, a rule that accepts it must be right in every reading; for all others one suffices.
 */
static int what_side(struct match *x, const struct rule *rule, struct marks *out, struct err *e)
{
	const struct rule_side *s = &rule->side[RULE_WHAT];
	size_t step = trace_begin(x->trace, TRACE_SIDE, s, x->what.listed);
	struct verdict all = { { .kind = MARKS_WHOLE }, { .kind = MARKS_WHOLE } }, one;
	struct group_count count = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		if (!s->groups[i]->n)
			continue;
		if (what_group(x, s->groups[i], &one, e) < 0)
			return -1;
		count.all++;
		count.some += one.some.kind != MARKS_NONE;
		count.every += one.every.kind != MARKS_NONE;
		all = verdict_unite(x->a, x->s->n_parts, all, one);
	}
	all = what_groups(s, &count, all);
	*out = rule->accepts ? all.every : all.some;
	trace_end_what(x->trace, step, *out, verdict_in_doubt(x->s->n_parts, &all));
	return 0;
}

static void note_listed(struct match *x, size_t rcpt, enum outbox_line line)
{
	struct plan_note *note = vec_push(x->a, &x->plan->notes);

	note->line = line;
	note->text = x->m->pmail[rcpt];
}

/* One line per spam object and recipient whom a list decides for. */
static void note_lists(struct match *x, const struct rule *rule, const size_t *rcpt, size_t n)
{
	const struct rule_side *what = &rule->side[RULE_WHAT];
	struct what_answer ignored_answer = { 0 };
	struct verdict v;
	struct err ignored;

	for (size_t g = 0; g < what->n; g++)
		for (size_t k = 0; k < what->groups[g]->n; k++) {
			const struct rule_object *o = &what->groups[g]->objects[k];
			bool over;

			if (!o->type->per_recipient)
				continue;
			x->what.listed = 0;
			x->what.answer = &ignored_answer;
			v = (struct verdict){ 0 };
			if (o->type->what(o->data, &x->what, &v, &ignored) < 0)
				return;
			over = v.some.kind != MARKS_NONE;
			for (size_t i = 0; i < n; i++)
				if (x->plan->listed[rcpt[i]] & (over ? LISTED_WHITE : LISTED_BLACK))
					note_listed(x, rcpt[i],
						    over ? LINE_WHITELISTED : LINE_BLACKLISTED);
		}
}

/* What the rule says for each class of recipients among these. */
static int ask_rule(struct match *x, const struct rule *rule, const size_t *rcpt, size_t n,
		    struct plan_answer *answer, struct err *e)
{
	bool asked[LISTED_CLASSES] = { false };

	if (rule->has_spam) {
		if (scan_spam(x->s, &x->plan->spam, e) < 0)
			return err_wrap(e, "spam analysis");
		if (!x->plan->listed && lists_read(x->a, x->m, &x->plan->listed, e) < 0)
			return err_wrap(e, "personal lists");
		note_lists(x, rule, rcpt, n);
	}
	for (size_t i = 0; i < n; i++) {
		unsigned class = rule->has_spam ? x->plan->listed[rcpt[i]] : 0;

		if (asked[class])
			continue;
		asked[class] = true;
		x->what.listed = class;
		x->what.spam_matched = false;
		x->what.view = SPAM_VIEW_MAIL;
		if (what_side(x, rule, &answer[class].marks, e) < 0)
			return -1;
		answer[class].view = x->what.view;
	}
	return 0;
}

static size_t candidates(struct match *x, const struct rule *rule, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < x->s->env->n_rcpt; i++)
		if (x->s->env->rcpt[i].same_as == i && !x->plan->final[i] &&
		    who_side(x, &rule->side[RULE_TO], &x->rcpt[i], i))
			out[n++] = i;
	return n;
}

/* Keeps the recipients for whom the answer is not "no". */
static void add_match(struct match *x, const struct rule *rule, size_t *rcpt, size_t n,
		      const struct plan_answer *answer)
{
	struct plan_match *pm;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (answer[rule->has_spam ? x->plan->listed[rcpt[i]] : 0].marks.kind != MARKS_NONE)
			rcpt[kept++] = rcpt[i];
	if (!kept)
		return;
	pm = vec_push(x->a, &x->plan->matches);
	pm->rule = rule;
	pm->n = kept;
	pm->rcpt = NEW_N(x->a, size_t, kept);
	pm->answer = NEW_N(x->a, const struct plan_answer *, kept);
	for (size_t i = 0; i < kept; i++) {
		pm->rcpt[i] = rcpt[i];
		pm->answer[i] = &answer[rule->has_spam ? x->plan->listed[rcpt[i]] : 0];
		if (rule->final)
			x->plan->final[rcpt[i]] = rule;
	}
	x->pending_spam |= rule->prints_spam;
}

static int match_rule(struct match *x, const struct rule *rule, size_t *rcpt, struct err *e)
{
	struct plan_answer *answer;
	size_t n;

	trace_begin(x->trace, TRACE_RULE, rule, 0);
	if (!rule_applies(rule, x->s) || rule->dead)
		return 0;
	if (!who_side(x, &rule->side[RULE_FROM], &x->sender, 0) ||
	    !when_side(x, &rule->side[RULE_WHEN]))
		return 0;
	n = candidates(x, rule, rcpt);
	if (!n) {
		if (rule->has_spam && x->pending_spam)
			return scan_spam(x->s, &x->plan->spam, e);
		return 0;
	}
	answer = NEW_N(x->a, struct plan_answer, LISTED_CLASSES);
	if (ask_rule(x, rule, rcpt, n, answer, e) < 0)
		return err_wrap(e, "rule '%.*s'", STR_ARG(rule->row.name));
	add_match(x, rule, rcpt, n, answer);
	return 0;
}

/* An expression that reached its limit does not match; one warning per rule and mail. */
static void note_gave_up(struct match *x, const struct rule *rule)
{
	struct plan_note *note = vec_push(x->a, &x->plan->notes);

	note->line = LINE_REGEX_GAVE_UP;
	note->rule = rule->row.name;
	note->number = x->gave_up->src.id;
}

static struct who_hits *ask_index(struct match *x, struct str address)
{
	struct who_hits *hits = NEW(x->a, struct who_hits);

	*hits = who_index_ask(x->r->who, x->a, address);
	return hits;
}

static void describe_people(struct match *x)
{
	const struct smtp_envelope *env = x->s->env;

	x->sender.address = env->sender;
	x->sender.ip_text = x->s->client_ip;
	x->sender.has_ip = cidr_addr_parse(x->s->client_ip, &x->sender.ip);
	x->sender.people = x->m->people;
	x->sender.hits = ask_index(x, env->sender);
	x->sender.said = &x->said;
	x->rcpt = NEW_N(x->a, struct who, env->n_rcpt);
	for (size_t i = 0; i < env->n_rcpt; i++) {
		x->rcpt[i].address = env->rcpt[i].address;
		x->rcpt[i].people = x->m->people;
		if (env->rcpt[i].same_as == i)
			x->rcpt[i].hits = ask_index(x, env->rcpt[i].address);
		x->rcpt[i].said = &x->said;
	}
}

int rules_match(struct arena *a, const struct rules *r, const struct rules_mail *m,
		struct plan **out, struct err *e)
{
	struct match x = { .a = a, .r = r, .m = m, .s = m->scan, .plan = NEW(a, struct plan) };
	size_t n = m->scan->env->n_rcpt, *rcpt = NEW_N(a, size_t, n);

	x.trace = m->trace;
	if (x.trace)
		x.trace->plan = x.plan;
	x.what = (struct what){ .a = a, .m = m, .s = m->scan, .trace = m->trace };
	x.plan->final = NEW_N(a, const struct rule *, n);
	localtime_r(&m->scan->now, &x.local);
	describe_people(&x);
	for (size_t i = 0; i < r->n_live; i++) {
		x.gave_up = NULL;
		if (match_rule(&x, r->live[i], rcpt, e) < 0)
			return -1;
		if (x.gave_up)
			note_gave_up(&x, r->live[i]);
	}
	*out = x.plan;
	return 0;
}
