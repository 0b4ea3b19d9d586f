/* What an administrator cannot have meant. */
#include "gw/rules/lint.h"

#include "gw/cfg/ldap.h"
#include "gw/rules/pattern.h"
#include "gw/rules/types.h"

enum { LINT_TEXT_MAX = 80, LINT_ATTACK_MAX = 40 };

static const char *const sides[] = { "FROM", "TO", "WHEN", "WHAT" };

static void visible(struct lint *x, const char *before, struct str s, const char *after)
{
	buf_addz(x->out, before);
	buf_add_visible(x->out, s, LINT_TEXT_MAX);
	buf_addz(x->out, after);
}

static void say_rule(struct lint *x, const struct rule *rule)
{
	buf_addf(x->out, "rule %lld '", (long long)rule->row.id);
	visible(x, "", rule->row.name, "'");
}

static void say_group(struct lint *x, const struct rule_group *g)
{
	buf_addf(x->out, "group %lld '", (long long)g->row.id);
	visible(x, "", g->row.name, "'");
}

static void say_object(struct lint *x, const struct rule_object *o)
{
	buf_addf(x->out, "object %lld (%s", (long long)o->src.id,
		 o->type ? o->type->name : "unknown");
	if (o->decoded)
		visible(x, " '", o->type->describe(x->a, o->data), "'");
	buf_addc(x->out, ')');
}

static void begin(struct lint *x, const struct rule *rule)
{
	x->findings++;
	say_rule(x, rule);
}

/* What the finding means and what to do; the line ends here. */
static void end(struct lint *x, const char *text)
{
	buf_addz(x->out, text);
	buf_addc(x->out, '\n');
}

/* A finding about an object; the caller goes on with ": ". */
static void begin_object(struct lint *x, const struct rule_group *g, const struct rule_object *o)
{
	x->findings++;
	say_group(x, g);
	buf_addz(x->out, ", ");
	say_object(x, o);
}

static void check_regex(struct lint *x, const struct rule_group *g, const struct rule_object *o)
{
	struct rule_regex regex;
	struct pattern *p;
	struct str attack;

	o->type->regex(o->data, &regex);
	if (rule_re_repeats_nothing(regex.text, regex.flags)) {
		begin_object(x, g, o);
		regex.text = rule_re_text(x->a, regex.text, regex.flags);
		visible(x, ": a repetition of nothing; it is read as '", regex.text, "'");
		end(x, ": say what is meant, and \\. for a dot");
	}
	p = pattern_read(x->a, &regex);
	if (p && pattern_matches_nothing(p)) {
		map_set(&x->hopeless, (struct str){ (const char *)&o->src.id, sizeof(o->src.id) },
			x);
		begin_object(x, g, o);
		end(x, ": no text can match this; look for ^ behind and $ before other characters");
	} else if (p && pattern_gives_up(p, &attack)) {
		begin_object(x, g, o);
		buf_addf(x->out, ": gives up on %zu bytes like '", attack.n);
		buf_add_visible(x->out, attack, LINT_ATTACK_MAX);
		end(x, "', which is then no match; do not repeat what contains a repetition");
	}
}

static void check_profile(struct lint *x, const struct rule_group *g, const struct rule_object *o)
{
	struct str name = type_ldap_profile(o->data);
	const struct cfg_ldap_profile *profile = cfg_ldap_find(x->ldap, name);

	if (!name.n || (profile && !profile->disabled))
		return;
	begin_object(x, g, o);
	visible(x, profile ? ": the LDAP profile '" : ": there is no LDAP profile '", name, "'");
	end(x,
	    profile ? " is disabled, so nothing new from its server arrives; enable it, or remove "
		      "this object"
		    : " in " CFG_LDAP_FILE ", so it matches nobody; correct one of the two");
}

/* It works, so it is not counted; but whoever wants to change it has to correct it. */
static void note_unusual(struct lint *x, const struct rule_group *g, const struct rule_object *o)
{
	struct err e;

	if (rule_object_check(o->type, o->data, &e) == 0)
		return;
	buf_addz(x->out, "note: ");
	say_group(x, g);
	buf_addz(x->out, ", ");
	say_object(x, o);
	visible(x, ": ", str_of(e.msg), "");
	end(x, "; it is used as it is, but could not be saved again");
}

/* Objects of groups that only inactive rules use have not been looked at yet. */
static void check_object(struct lint *x, const struct rule_group *g, struct rule_object *o)
{
	struct err e;

	if (!o->type) /* check_unbuilt() tells */
		return;
	if (!rule_object_ready(x->a, o, &e)) {
		begin_object(x, g, o);
		visible(x, ": ", str_of(e.msg), "");
		end(x,
		    "; with an active rule that uses it the filter refuses all rules: correct it");
		return;
	}
	if (o->type->regex)
		check_regex(x, g, o);
	if (x->ldap && (o->type == &type_ldapgroup || o->type == &type_ldapuser))
		check_profile(x, g, o);
	note_unusual(x, g, o);
}

static void check_groups(struct lint *x)
{
	for (size_t i = 0; i < x->r->n_groups; i++) {
		struct rule_group *g = &x->r->groups[i];

		for (size_t k = 0; k < g->n; k++)
			check_object(x, g, &g->objects[k]);
	}
}

static const char *why_never(const struct rule_group *g, int category)
{
	if (!g->n)
		return " is empty";
	if (category == RULE_TO && g->objects[0].type->of_client)
		return " asks for the client's address, which a recipient does not have";
	return " matches nothing";
}

/* Which groups make the category false for everybody. */
static void say_never(struct lint *x, const struct rule *rule, int category)
{
	const struct rule_side *s = &rule->side[category];

	if (category == RULE_WHEN) {
		buf_addz(x->out, ", no minute of the day is in it");
		return;
	}
	for (size_t i = 0; i < s->n; i++) {
		enum certainty c = lint_group(x, s->groups[i], category);

		if (c == MAYBE)
			continue;
		buf_addz(x->out, ", ");
		say_group(x, s->groups[i]);
		buf_addz(x->out, c == NEVER || !s->groups[i]->n ? why_never(s->groups[i], category)
								 : " is always true");
	}
}

static bool check_never(struct lint *x, const struct rule *rule)
{
	if (!lint_is_never(x, rule))
		return false;
	begin(x, rule);
	buf_addz(x->out, " matches nobody: ");
	for (int category = RULE_FROM; category < RULE_ACTION; category++) {
		if (x->known[rule - x->r->all][category] != NEVER)
			continue;
		buf_addf(x->out, "%s is never true", sides[category]);
		say_never(x, rule, category);
		break;
	}
	end(x, "; change these groups, take them out of the rule, or switch it off");
	return true;
}

static bool is_for(const struct rule *rule, int64_t direction)
{
	return rule->row.direction == RULE_BOTH || rule->row.direction == direction;
}

/* The rule before this one that leaves it nothing in that direction, or NULL. */
static const struct rule *shadow(struct lint *x, size_t live, int64_t direction)
{
	for (size_t i = 0; i < live; i++) {
		const struct rule *before = x->r->live[i];

		if (before->final && is_for(before, direction) && !lint_is_never(x, before) &&
		    lint_covers(x, before, x->r->live[live]))
			return before;
	}
	return NULL;
}

static void say_shadow(struct lint *x, const struct rule *by, const char *of)
{
	say_rule(x, by);
	buf_addf(x->out, " (priority %lld)%s", (long long)by->row.priority, of);
}

static void check_shadow(struct lint *x, size_t live)
{
	const struct rule *rule = x->r->live[live];
	bool is_in = is_for(rule, RULE_IN), is_out = is_for(rule, RULE_OUT);
	const struct rule *in = is_in ? shadow(x, live, RULE_IN) : NULL;
	const struct rule *out = is_out ? shadow(x, live, RULE_OUT) : NULL;

	if ((is_in && !in) || (is_out && !out))
		return;
	begin(x, rule);
	buf_addz(x->out, " never runs: ");
	if (in && out && in != out) {
		say_shadow(x, in, " for incoming and ");
		say_shadow(x, out, " for outgoing mail");
		buf_addz(x->out, " come first, are final and match");
	} else {
		say_shadow(x, in ? in : out, "");
		buf_addz(x->out, " comes first, is final and matches");
	}
	end(x,
	    " whenever this one does; give it a higher priority or other conditions, or remove it");
}

static struct str field_of(const struct rule_object *o)
{
	return o->type->field ? o->type->field(o->data) : STR_NONE;
}

static void say_actions(struct lint *x, const struct rule *rule, const struct rule_object *hidden,
			const char *what, const struct rule_object *by)
{
	begin(x, rule);
	buf_addz(x->out, ": ");
	say_object(x, hidden);
	buf_addz(x->out, what);
	say_object(x, by);
	end(x, "; remove one of them");
}

static void check_actions(struct lint *x, const struct rule *rule)
{
	const struct rule_object *const *action = rule->actions;

	if (!rule->n_all_actions) {
		begin(x, rule);
		end(x, " is active and has no actions; give it some, or switch it off");
	}
	for (size_t i = rule->n_actions; i < rule->n_all_actions; i++)
		say_actions(x, rule, action[i], " is never carried out, it comes after the final ",
			    action[rule->n_actions - 1]);
	for (size_t i = 0; i < rule->n_actions; i++)
		for (size_t k = i + 1; k < rule->n_actions; k++)
			if (field_of(action[i]).n &&
			    str_ieq(field_of(action[i]), field_of(action[k]))) {
				say_actions(x, rule, action[i],
					    " has no effect, the header is set again by ",
					    action[k]);
				break;
			}
}

static void check_unbuilt(struct lint *x)
{
	for (size_t i = 0; i < x->r->n; i++) {
		const struct rule *rule = &x->r->all[i];

		if (!rule->unbuilt)
			continue;
		begin(x, rule);
		buf_addz(x->out, " is active but not used: ");
		say_object(x, rule->unbuilt);
		end(x, " is of a type that is not available; take it out of the rule's groups");
	}
}

/* No mistake, so it is not counted: an administrator may keep a group for later. */
static void note_unused(struct lint *x)
{
	for (size_t i = 0; i < x->r->n_groups; i++) {
		const struct rule_group *g = &x->r->groups[i];

		if (g->used || str_eq(g->row.class, STR("greylist")))
			continue;
		buf_addz(x->out, "note: ");
		say_group(x, g);
		end(x, " is used by no rule; remove it if nobody wants it");
	}
}

size_t rules_lint(struct arena *a, const struct rules *r, const struct cfg_ldap *ldap,
		  struct buf *out)
{
	struct lint x = { .a = a, .r = r, .ldap = ldap, .out = out,
			  .comparisons = LINT_COMPARISONS_MAX };

	map_init(&x.hopeless, a);
	check_groups(&x);
	check_unbuilt(&x);
	lint_know(&x);
	for (size_t i = 0; i < r->n_live; i++) {
		if (!check_never(&x, r->live[i]))
			check_shadow(&x, i);
		check_actions(&x, r->live[i]);
	}
	note_unused(&x);
	return x.findings;
}
