/* What was compared with what in one rule. */
#include "gw/rules/explain.h"

#include <time.h>

#include "gw/rules/types.h"

static const char *const side_names[] = { [RULE_FROM] = "FROM", [RULE_TO] = "TO",
					  [RULE_WHEN] = "WHEN", [RULE_WHAT] = "WHAT" };

void explain_answer(struct explain *x, struct marks marks)
{
	const char *before = " ";
	unsigned n = 0;

	if (marks.kind != MARKS_SET) {
		buf_addz(x->out, marks.kind == MARKS_NONE ? "no" : "yes");
		return;
	}
	for (uint32_t aid = 1; aid <= x->s->n_parts; aid++)
		n += marks_has(&marks, aid);
	buf_addz(x->out, n == 1 ? "part" : "parts");
	n = 0;
	for (uint32_t aid = 1; aid <= x->s->n_parts && n < EXPLAIN_PARTS_MAX; aid++) {
		if (!marks_has(&marks, aid))
			continue;
		buf_addf(x->out, "%s%u", before, aid);
		before = ", ";
		n++;
	}
	if (n == EXPLAIN_PARTS_MAX)
		buf_addz(x->out, " ...");
}

void explain_object(struct explain *x, const struct rule_object *o)
{
	buf_addf(x->out, "%s '", o->type->name);
	buf_add_visible(x->out, o->type->describe(x->a, o->data), EXPLAIN_TEXT_MAX);
	buf_addc(x->out, '\'');
}

/* Recipients whose personal lists name the sender are asked about apart. */
static void explain_class(struct explain *x, unsigned class)
{
	static const char *const names[LISTED_CLASSES] = { "", "white", "black",
							   "white- and black" };
	const struct smtp_envelope *env = x->s->env;
	const uint8_t *listed = x->trace->plan->listed;
	size_t n = 0, *rcpt = NEW_N(x->a, size_t, env->n_rcpt);

	if (!class)
		return;
	for (size_t i = 0; i < env->n_rcpt; i++)
		if (env->rcpt[i].same_as == i && listed[i] == class)
			rcpt[n++] = i;
	buf_addz(x->out, " for ");
	explain_people(x, rcpt, n);
	buf_addf(x->out, ", with the sender in the %slist", names[class]);
}

/* Who or what is asked about. */
static void subject_of(struct explain *x, int category, size_t n)
{
	const struct smtp_envelope *env = x->s->env;

	if (category == RULE_TO) {
		buf_addc(x->out, ' ');
		explain_people(x, &n, 1);
	} else if (category == RULE_FROM) {
		buf_addz(x->out, " <");
		buf_add_visible(x->out, env->sender, EXPLAIN_ADDRESS_MAX);
		buf_addz(x->out, x->s->client_ip.n ? "> " : ">");
		buf_add_visible(x->out, x->s->client_ip, EXPLAIN_TEXT_MAX);
	} else if (category == RULE_WHEN) {
		struct tm local;

		localtime_r(&x->s->now, &local);
		buf_addf(x->out, " %02d:%02d", local.tm_hour, local.tm_min);
	} else {
		explain_class(x, (unsigned)n);
	}
}

/* How several answers become one. */
static void mode(struct explain *x, size_t n, const char *of, bool and, bool invert)
{
	if (n > 1)
		buf_addf(x->out, " (%s of %zu %s%s)", and ? "all" : "any", n, of,
			 invert ? ", inverted" : "");
	else if (invert)
		buf_addz(x->out, " (inverted)");
	buf_addz(x->out, ": ");
}

static void doubt(struct explain *x, const struct trace_step *step)
{
	if (step->in_doubt)
		buf_addz(x->out, step->answer.kind == MARKS_NONE ?
					 ", since not every client sees it so" :
					 ", as some clients see it");
}

static void side_line(struct explain *x, const struct rule *rule, const struct trace_step *step)
{
	const struct rule_side *s = step->of;
	int category = (int)(s - rule->side);

	buf_addf(x->out, "  %s", side_names[category]);
	subject_of(x, category, step->n);
	mode(x, s->n, "groups", s->and, s->invert);
	explain_answer(x, step->answer);
	doubt(x, step);
	buf_addc(x->out, '\n');
}

static void group_line(struct explain *x, const struct trace_step *step)
{
	const struct rule_group *g = step->of;

	buf_addf(x->out, "    group %lld '", (long long)g->row.id);
	buf_add_visible(x->out, g->row.name, EXPLAIN_TEXT_MAX);
	buf_addc(x->out, '\'');
	mode(x, g->n, "objects", g->and, g->invert);
	explain_answer(x, step->answer);
	doubt(x, step);
	buf_addz(x->out, g->n ? "\n" : ", it is empty\n");
}

static bool was_said(const struct what_answer *said, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(said->texts.p[k].text, said->texts.p[i].text) &&
		    said->texts.p[k].yes == said->texts.p[i].yes)
			return true;
	return false;
}

/* The texts that matched, or, if none did, those that were looked at. */
static void texts(struct explain *x, const struct what_answer *said, bool yes)
{
	const char *before = yes ? ": " : ", looked at ";
	size_t n = 0;

	for (size_t i = 0; i < said->texts.n; i++) {
		const struct what_text *t = &said->texts.p[i];

		if (!t->text.n || (t->aid && t->yes != yes) || was_said(said, i))
			continue;
		if (n++ == EXPLAIN_TEXTS_MAX) {
			buf_addz(x->out, ", ...");
			return;
		}
		buf_addf(x->out, "%s%s '", before, t->kind);
		buf_add_visible(x->out, t->text, EXPLAIN_TEXT_MAX);
		buf_addc(x->out, '\'');
		before = ", ";
	}
}

static void object_line(struct explain *x, const struct trace_step *step)
{
	const struct rule_object *o = step->of;
	bool yes = step->answer.kind != MARKS_NONE;

	buf_addf(x->out, "      object %lld ", (long long)o->src.id);
	explain_object(x, o);
	buf_addz(x->out, ": ");
	explain_answer(x, step->answer);
	doubt(x, step);
	if (step->said)
		texts(x, step->said, yes);
	if (step->who.people == PEOPLE_ABSENT)
		buf_addz(x->out, ", there is no such LDAP profile here");
	else if (step->who.people == PEOPLE_BROKEN)
		buf_addz(x->out, ", the copy of the LDAP profile cannot be read");
	if (step->gave_up)
		buf_addz(x->out, ", the regular expression gave up at its limit");
	buf_addc(x->out, '\n');
}

/* One line for each object of the group that follow `at`; many that say no are one line. */
static size_t object_lines(struct explain *x, size_t at)
{
	size_t no = 0;

	for (; at < x->trace->steps.n; at++) {
		const struct trace_step *step = &x->trace->steps.p[at];

		if (step->kind != TRACE_OBJECT)
			break;
		if (step->answer.kind != MARKS_NONE || step->gave_up || no++ < EXPLAIN_OBJECTS_MAX)
			object_line(x, step);
	}
	if (no > EXPLAIN_OBJECTS_MAX)
		buf_addf(x->out, "      ... and %zu more objects: no\n", no - EXPLAIN_OBJECTS_MAX);
	return at;
}

void explain_steps(struct explain *x, const struct rule *rule, size_t at)
{
	while (at < x->trace->steps.n && x->trace->steps.p[at].kind != TRACE_RULE) {
		const struct trace_step *step = &x->trace->steps.p[at++];

		if (step->kind == TRACE_GROUP) {
			group_line(x, step);
			at = object_lines(x, at);
		} else if (((const struct rule_side *)step->of)->n) {
			side_line(x, rule, step);
		}
	}
}
