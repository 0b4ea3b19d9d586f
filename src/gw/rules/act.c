/* From plan to outbox: actions in the order of the rules (filter.md §5.1, §6, §7). */
#include "gw/rules/act.h"

const struct scan_spam *act_spam(const struct act *x, enum spam_view view)
{
	static struct scan_hit hit = {
		.name = STR_INIT("USER_IN_BLOCKLIST"),
		.description = STR_INIT("From: user is listed in the block-list"),
		.score = 100,
	};
	static const struct scan_spam listed = { .level = 100, .hits = &hit, .n_hits = 1 };

	return view == SPAM_VIEW_MAIL ? x->plan->spam : &listed;
}

static bool same_marks(const struct act *x, const struct marks *p, const struct marks *q)
{
	if (p->kind != q->kind)
		return false;
	return p->kind != MARKS_SET || p->bits == q->bits ||
	       !memcmp(p->bits, q->bits, (x->s->n_parts + 63) / 64 * sizeof(uint64_t));
}

static bool in_group(const struct act *x, const struct act_group *g, unsigned by,
		     const struct version *v, const struct plan_answer *answer)
{
	if (by & ACT_BY_VERSION && g->version != v)
		return false;
	if (!answer)
		return true;
	if (by & ACT_BY_VIEW && g->view != answer->view)
		return false;
	return !(by & ACT_BY_MARKS) || same_marks(x, g->marks, &answer->marks);
}

size_t act_groups(struct act *x, unsigned by, struct act_group **out)
{
	const struct plan_match *pm = x->match;
	VEC(struct act_group) groups = { 0 };

	for (size_t i = 0; i < pm->n; i++) {
		struct version *v = x->version[pm->rcpt[i]];
		const struct plan_answer *answer = pm->answer ? pm->answer[i] : NULL;
		struct act_group *g;
		size_t k = 0;

		while (k < groups.n && !in_group(x, &groups.p[k], by, v, answer))
			k++;
		if (k == groups.n) {
			g = vec_push(x->a, &groups);
			g->version = v;
			g->view = answer ? answer->view : SPAM_VIEW_MAIL;
			g->marks = answer ? &answer->marks : NULL;
			g->rcpt = NEW_N(x->a, size_t, pm->n - i);
		}
		g = &groups.p[k];
		g->rcpt[g->n++] = pm->rcpt[i];
	}
	*out = groups.p;
	return groups.n;
}

struct outbox_effect *act_effect(struct act *x, enum outbox_kind kind, const size_t *rcpt,
				 size_t n)
{
	struct outbox_effect *ef = vec_push(x->a, &x->effects);

	ef->kind = kind;
	ef->rule = x->rule;
	ef->rcpt = rcpt;
	ef->n_rcpt = n;
	return ef;
}

void act_note(struct act *x, const struct act_group *g, enum outbox_line line, struct str text,
	      struct str more, uint32_t number)
{
	struct outbox_effect *ef = act_effect(x, OUTBOX_NOTE, g->rcpt, g->n);

	ef->line = line;
	ef->text = text;
	ef->more = more;
	ef->number = number;
}

void act_assign(struct act *x, const struct act_group *g, struct version *v)
{
	for (size_t i = 0; i < g->n; i++)
		x->version[g->rcpt[i]] = v;
}

struct str act_names(struct act *x, const size_t *rcpt, size_t n)
{
	struct buf b;

	buf_init(&b, x->a, SIZE_MAX);
	for (size_t i = 0; i < n && b.n < ACT_NAMES_MAX; i++)
		buf_addf(&b, "%s<%.*s>", i ? ", " : "",
			 STR_ARG(x->s->env->rcpt[rcpt[i]].address));
	return buf_str(&b);
}

struct str act_token(struct act *x)
{
	return str_fmt(x->a, "%.*s-%u", STR_ARG(x->m->unique), ++x->texts);
}

struct str act_boundary(struct act *x)
{
	struct str boundary;

	do
		boundary = str_cat(x->a, STR("=_"), act_token(x));
	while (!mime_boundary_is_free(x->s->raw, boundary));
	return boundary;
}

static void settle(struct act *x, const struct act_group *g, enum outbox_kind fate, size_t effect)
{
	for (size_t i = 0; i < g->n; i++)
		x->rcpt[g->rcpt[i]] = (struct outbox_rcpt){ fate, x->rule, effect };
}

/* Both lists rise; the result does, too. */
static void add_rcpt(struct act *x, struct outbox_effect *ef, const size_t *rcpt, size_t n)
{
	size_t *all = NEW_N(x->a, size_t, ef->n_rcpt + n), i = 0, k = 0, m = 0;

	while (i < ef->n_rcpt || k < n)
		if (k == n || (i < ef->n_rcpt && ef->rcpt[i] < rcpt[k]))
			all[m++] = ef->rcpt[i++];
		else
			all[m++] = rcpt[k++];
	ef->rcpt = all;
	ef->n_rcpt = m;
}

void act_deliver(struct act *x, const struct act_group *g)
{
	struct outbox_effect *ef;

	if (g->version->deliver) {
		ef = &x->effects.p[g->version->deliver - 1];
		add_rcpt(x, ef, g->rcpt, g->n);
	} else {
		ef = act_effect(x, OUTBOX_DELIVER, g->rcpt, g->n);
		ef->edit = version_edit(g->version);
		g->version->deliver = x->effects.n;
	}
	settle(x, g, OUTBOX_DELIVER, g->version->deliver - 1);
}

void act_block(struct act *x, const struct act_group *g)
{
	act_effect(x, OUTBOX_BLOCK, g->rcpt, g->n);
	settle(x, g, OUTBOX_BLOCK, x->effects.n - 1);
}

/* The lines that lists of quarantined mails show, as this version has them. */
static struct str quarantine_header(struct act *x, const struct version *v)
{
	static const char *const fields[] = { "Subject", "From", "Sender" };
	struct str value;
	struct buf b;

	buf_init(&b, x->a, SIZE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (mime_edit_find(&v->edit, x->s->mime, str_of(fields[i]), &value)) {
			buf_addf(&b, "%s: ", fields[i]);
			buf_add(&b, value);
			buf_addc(&b, '\n');
		}
	return buf_str(&b);
}

static struct str hits_text(struct act *x, const struct scan_spam *spam)
{
	struct buf b;

	buf_init(&b, x->a, SIZE_MAX);
	for (size_t i = 0; i < spam->n_hits; i++) {
		struct str score = act_score(x->a, spam->hits[i].score);

		buf_addf(&b, "%s%.*s:%.*s", i ? "," : "", STR_ARG(spam->hits[i].name),
			 STR_ARG(score));
	}
	return buf_str(&b);
}

void act_quarantine(struct act *x, const struct act_group *g, enum outbox_store store)
{
	struct outbox_effect *ef = act_effect(x, OUTBOX_QUARANTINE, g->rcpt, g->n);
	const struct scan_spam *spam = act_spam(x, g->view);

	ef->store = store;
	ef->edit = version_edit(g->version);
	ef->header = quarantine_header(x, g->version);
	if (spam) {
		ef->spam_level = spam->level;
		ef->info = hits_text(x, spam);
	}
	if (store == OUTBOX_VIRUS)
		ef->info = x->s->virus;
	if (store != OUTBOX_ATTACHMENT)
		settle(x, g, OUTBOX_QUARANTINE, x->effects.n - 1);
}

static bool is_x_field(struct str name)
{
	return str_istarts(name, STR("X-"));
}

/* Whoever sends cannot pre-set what our rules say (filter.md §5.1, phase A). */
static void clean_header(struct act *x, const struct rules *r, struct mime_edit *ed)
{
	for (size_t i = 0; i < r->n_live; i++) {
		const struct rule *rule = r->live[i];

		for (size_t k = 0; rule_applies(rule, x->s) && k < rule->n_actions; k++) {
			const struct rule_object *o = rule->actions[k];
			struct str field = o->type->field ? o->type->field(o->data) : STR_NONE;

			if (is_x_field(field))
				mime_edit_delete(ed, x->s->mime, field);
		}
	}
}

/* The version that everybody starts with. */
static struct version *base_version(struct act *x, const struct rules *r)
{
	struct version *v = NEW(x->a, struct version);
	struct mime *root = x->s->mime;

	mime_edit_init(&v->edit, x->a, root);
	clean_header(x, r, &v->edit);
	if (x->s->trusted && x->cfg->mail.hide_received)
		mime_edit_delete(&v->edit, root, STR("Received"));
	if (!x->s->trusted && x->s->virus.n)
		mime_edit_set(&v->edit, root, STR("X-Proxmox-VInfo"),
			      mime_encode_text(x->a, x->s->virus));
	if (x->s->broken.n)
		mime_edit_set(&v->edit, root, STR("X-Proxmox-Broken-Message"),
			      mime_encode_text(x->a, x->s->broken));
	return v;
}

static void act_rule(struct act *x, const struct plan_match *pm)
{
	x->match = pm;
	x->rule = pm->rule->row.name;
	for (size_t i = 0; i < pm->rule->n_actions; i++) {
		const struct rule_object *o = pm->rule->actions[i];

		x->view = SPAM_VIEW_MAIL;
		o->type->act(o->data, x);
	}
}

static void default_accept(struct act *x)
{
	const struct smtp_envelope *env = x->s->env;
	struct plan_match rest = { .rcpt = NEW_N(x->a, size_t, env->n_rcpt) };
	struct act_group *g;
	size_t n;

	for (size_t i = 0; i < env->n_rcpt; i++)
		if (env->rcpt[i].same_as == i && !x->plan->final[i])
			rest.rcpt[rest.n++] = i;
	x->match = &rest;
	x->rule = STR("default-accept");
	n = act_groups(x, ACT_BY_VERSION, &g);
	for (size_t i = 0; i < n; i++)
		act_deliver(x, &g[i]);
}

static void note_matching(struct act *x)
{
	for (size_t i = 0; i < x->plan->notes.n; i++) {
		const struct plan_note *note = &x->plan->notes.p[i];
		struct outbox_effect *ef = act_effect(x, OUTBOX_NOTE, NULL, 0);

		ef->rule = note->rule;
		ef->line = note->line;
		ef->text = note->text;
		ef->number = note->number;
	}
}

static struct outbox *finish(struct act *x)
{
	const struct smtp_envelope *env = x->s->env;
	struct outbox *o = NEW(x->a, struct outbox);
	int64_t *counted = NEW_N(x->a, int64_t, x->plan->matches.n);

	for (size_t i = 0; i < env->n_rcpt; i++)
		x->rcpt[i] = x->rcpt[env->rcpt[i].same_as];
	for (size_t i = 0; i < x->plan->matches.n; i++)
		counted[i] = x->plan->matches.p[i].rule->row.id;
	o->effects = x->effects.p;
	o->n_effects = x->effects.n;
	o->rcpt = x->rcpt;
	o->counted = counted;
	o->n_counted = x->plan->matches.n;
	return o;
}

int rules_act(struct arena *a, const struct rules *r, const struct rules_mail *m,
	      const struct plan *p, struct outbox **out, struct err *e)
{
	struct act x = { .a = a, .m = m, .s = m->scan, .cfg = m->scan->ctx->cfg, .plan = p };
	size_t n = m->scan->env->n_rcpt;

	(void)e;
	x.version = NEW_N(a, struct version *, n);
	x.rcpt = NEW_N(a, struct outbox_rcpt, n);
	x.base = base_version(&x, r);
	for (size_t i = 0; i < n; i++)
		x.version[i] = x.base;
	note_matching(&x);
	for (size_t i = 0; i < p->matches.n; i++)
		act_rule(&x, &p->matches.p[i]);
	default_accept(&x);
	*out = finish(&x);
	return 0;
}
