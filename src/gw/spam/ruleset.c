#include "gw/spam/ruleset.h"

#include "gw/spam/compiled.h"
#include "lib/uri/domains.h"

enum { LOAD_MEMORY_MAX = 512 << 20 };

/* What SpamAssassin would not run in this score set, evals that is; the rest it would. */
static bool eval_is_skipped(const struct rule_def *d, const struct spam_rules *rs,
			    enum spam_score_set set)
{
	return ((d->type == RULE_EVAL_NET || d->flags & RULE_NET) && (rs->local || !(set & 1))) ||
	       (d->flags & RULE_LEARN && !(set & 2));
}

static enum rule_state state_of(const struct rule_def *d, const struct spam_rules *rs,
				enum spam_score_set set)
{
	switch (d->type) {
	case RULE_NONE:
	case RULE_EMPTY:
		return STATE_ABSENT;
	case RULE_META:
		return d->score[set] == 0 ? STATE_BLOCKED : STATE_RUNS;
	case RULE_HEADER_EVAL:
	case RULE_BODY_EVAL:
	case RULE_RAWBODY_EVAL:
	case RULE_FULL_EVAL:
	case RULE_EVAL_NET:
		if (d->score[set] == 0 || eval_is_skipped(d, rs, set))
			return STATE_ABSENT;
		return STATE_RUNS;
	default:
		return d->score[set] == 0 ? STATE_ABSENT : STATE_RUNS;
	}
}

static struct spam_note eval_note(const struct rule_def *d, const struct rule *r,
				  struct str message)
{
	return (struct spam_note){
		.file = d->file, .line = d->line, .rule = r->name, .message = message
	};
}

static bool eval_args(struct spam_conf *c, const struct rule_def *d, struct rule *r,
		      struct err *e)
{
	struct str *whole;

	r->args.rule = r->name;
	r->args.type = d->type;
	if (str_eq(d->eval, str_of(d->kind))) { /* uri_detail, askdns */
		whole = NEW(c->keep, struct str);
		*whole = str_copy(c->keep, d->args);
		r->args.v = whole;
		r->args.n = 1;
	} else if (!eval_args_parse(c->keep, d->args, &r->args)) {
		err_set(e, ERR_INVALID, "arguments of %.*s are not understood", STR_ARG(d->eval));
		return false;
	}
	return !r->eval->prepare ||
	       r->eval->prepare(c, c->evals[r->family], &r->args, e) == 0;
}

/*
 * Gives an eval rule its function. Without one it is disabled: we cannot tell whether it would
 * hit. Where SpamAssassin would not run it either, it is absent.
 */
static void eval_bind(struct spam_conf *c, const struct rule_def *d, struct rule *r)
{
	const char *plugin;
	struct err e;

	r->eval = eval_find(d->eval, &r->family);
	if (!r->eval) {
		r->state = STATE_DISABLED;
		vec_add(c->keep, &c->disabled,
			eval_note(d, r, str_fmt(c->keep, "eval %.*s is not built",
						STR_ARG(d->eval))));
		return;
	}
	plugin = eval_families[r->family]->plugin;
	if (plugin && !conf_plugin_loaded(c, plugin))
		err_set(&e, ERR_INVALID, "eval %.*s needs the plugin %s", STR_ARG(d->eval), plugin);
	else if (eval_args(c, d, r, &e))
		return;
	r->state = STATE_ABSENT;
	vec_add(c->keep, &c->unknown, eval_note(d, r, str_copy(c->keep, str_of(e.msg))));
}

static int replace_try(struct spam_conf *c, struct arena *a, struct rule_def *d, struct err *e)
{
	struct str text;
	struct re *re;
	int rc;

	if (conf_replace(c, a, d->pattern, &text, e) < 0)
		return -1;
	if (str_eq(text, d->pattern))
		return 0;
	rc = d->templates ? conf_pattern_loose(c, text, &re, e)
			  : re_compile_perl(c->keep, text, 0, &re, e);
	if (rc < 0)
		return -1;
	d->re = re;
	d->pattern = d->templates ? str_copy(c->tmp, text) : STR_NONE;
	return 0;
}

/* Expands the tags of a `replace_rules` rule; one that does not compile then stays as it was. */
static void replace_tags(struct spam_conf *c, struct rule_def *d)
{
	CLEAN_ARENA struct arena *a = arena_open("replace tags", LOAD_MEMORY_MAX);
	struct err e;

	if (!d->replace || !d->re || replace_try(c, a, d, &e) == 0)
		return;
	vec_add(c->keep, &c->unknown,
		((struct spam_note){
			.file = d->file,
			.line = d->line,
			.rule = str_copy(c->keep, d->name),
			.message = str_fmt(c->keep, "replaced tags: %s", e.msg),
		}));
}

static uint32_t header_slot(struct spam_conf *c, struct spam_rules *rs, size_t *cap,
			    const struct rule_def *d)
{
	struct rule_header *h;

	for (size_t i = 0; i < rs->n_headers; i++) {
		h = &rs->headers[i];
		if (str_eq(h->text, d->header) && h->has_if_unset == d->has_if_unset &&
		    str_eq(h->if_unset, d->if_unset))
			return (uint32_t)i;
	}
	rs->headers = vec_room_(c->keep, rs->headers, cap, rs->n_headers, sizeof(*h));
	h = &rs->headers[rs->n_headers];
	h->text = str_copy(c->keep, d->header);
	h->query = spam_header_query_parse(h->text);
	h->has_if_unset = d->has_if_unset;
	h->if_unset = str_copy(c->keep, d->if_unset);
	return (uint32_t)rs->n_headers++;
}

static void mimeheader_name(struct spam_conf *c, const struct rule_def *d, struct rule *r)
{
	struct str name = d->header;

	r->raw = str_ends(name, STR(":raw"));
	r->part_header = str_copy(c->keep, r->raw ? str_sub(name, 0, name.n - 4) : name);
	r->if_unset = str_copy(c->keep, d->if_unset);
}

static struct str description(struct spam_conf *c, const struct rule_def *d)
{
	if (!d || d->description.n == 0)
		return STR("No description available.");
	return str_copy(c->keep, d->description);
}

static void rule_make(struct spam_conf *c, struct spam_rules *rs, const struct rule_def *d,
		      struct rule *r)
{
	r->name = str_copy(c->keep, d->name);
	r->description = description(c, d);
	r->score = d->score[c->set];
	r->plain_score = d->score[c->set & ~SPAM_SET_BAYES];
	r->type = d->type;
	r->state = state_of(d, rs, c->set);
	r->flags = d->flags;
	r->maxhits = d->maxhits;
	r->range_min = d->range_min;
	r->range_max = d->range_max;
	r->priority = d->priority;
	r->shortcircuit = d->shortcircuit;
	r->re = d->re;
	r->negated = d->negated;
	r->exists = d->exists;
	r->captures = d->captures;
	r->templates = d->templates;
	r->subrule = str_starts(d->name, STR("__"));
	if (d->templates)
		r->pattern = str_copy(c->keep, d->pattern);
	if (r->state == STATE_RUNS && rule_type_is_eval(d->type))
		eval_bind(c, d, r);
}

static void rules_make(struct spam_conf *c, struct spam_rules *rs)
{
	size_t cap = 0;

	rs->n = c->rules.n;
	rs->rules = NEW_N(c->keep, struct rule, rs->n);
	for (size_t i = 0; i < rs->n; i++) {
		struct rule_def *d = c->rules.entries[i].value;

		d->index = i;
		replace_tags(c, d);
		rule_make(c, rs, d, &rs->rules[i]);
		if (d->type == RULE_HEADER)
			rs->rules[i].header = header_slot(c, rs, &cap, d);
		else if (d->type == RULE_MIMEHEADER)
			mimeheader_name(c, d, &rs->rules[i]);
	}
}

static int priority_cmp(const void *x, const void *y)
{
	const struct rule *a = *(const struct rule *const *)x, *b = *(const struct rule *const *)y;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return a < b ? -1 : a > b;
}

static int step_cmp(const void *x, const void *y)
{
	const struct rule *a = *(const struct rule *const *)x, *b = *(const struct rule *const *)y;

	if (a->priority != b->priority)
		return priority_cmp(x, y);
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (rule_lateness(a) != rule_lateness(b))
		return rule_lateness(a) < rule_lateness(b) ? -1 : 1;
	return priority_cmp(x, y);
}

static void priority_lower(struct spam_rules *rs, const struct rule *meta)
{
	for (size_t k = 0; k < meta->needs.n; k++) {
		struct rule *r = &rs->rules[meta->needs.p[k]];
		bool net = meta->priority < -100 && r->flags & RULE_NET;

		if (r->priority > meta->priority)
			r->priority = net ? -100 : meta->priority;
	}
}

/* A rule that a meta needs runs no later than the meta; a net rule not before -100. */
static void priorities_lower(struct spam_conf *c, struct spam_rules *rs)
{
	const struct rule **metas = NEW_N(c->tmp, const struct rule *, rs->n);
	size_t n = 0;

	for (size_t i = 0; i < rs->n; i++)
		if (rs->rules[i].type == RULE_META)
			metas[n++] = &rs->rules[i];
	qsort(metas, n, sizeof(*metas), priority_cmp);
	for (size_t i = 0; i < n; i++)
		priority_lower(rs, metas[i]);
	for (size_t i = 0; i < rs->n; i++)
		if (rs->rules[i].priority == 0 && rs->rules[i].flags & RULE_NET)
			rs->rules[i].priority = -100;
}

static bool is_matched(const struct rule *r)
{
	return r->state == STATE_RUNS && r->type != RULE_META && r->type != RULE_EVAL_NET;
}

static void steps_make(struct spam_conf *c, struct spam_rules *rs)
{
	const struct rule **order = NEW_N(c->tmp, const struct rule *, rs->n);
	struct rule_step *step = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < rs->n; i++)
		if (is_matched(&rs->rules[i]))
			order[n++] = &rs->rules[i];
	qsort(order, n, sizeof(*order), step_cmp);
	for (size_t i = 0; i < n; i++) {
		const struct rule *r = order[i];

		if (!step || step->priority != r->priority || step->type != r->type) {
			rs->steps = vec_room_(c->keep, rs->steps, &cap, rs->n_steps, sizeof(*step));
			step = &rs->steps[rs->n_steps++];
			step->priority = r->priority;
			step->type = r->type;
		}
		vec_add(c->keep, &step->rules, (uint32_t)(r - rs->rules));
	}
}

/* The first redirector pattern that catches something says where a URI leads. */
static bool redirect(const void *ctx, struct str uri, struct str *target)
{
	const struct spam_rules *rs = ctx;
	struct re_caps caps;

	for (size_t i = 0; i < rs->n_redirectors; i++)
		if (re_search(rs->redirectors[i], uri, 0, &caps) == RE_MATCH && caps.n > 1 &&
		    caps.group[1].set) {
			*target = re_group(&caps, uri, 1);
			return true;
		}
	return false;
}

static void view_options(struct spam_conf *c, struct spam_rules *rs)
{
	rs->view = c->view;
	rs->view.trusted = c->trusted;
	rs->view.internal = c->internal;
	rs->view.msa = c->msa;
	rs->view.originating_ip_headers =
		(struct spam_texts){ c->originating.p, c->originating.n };
	rs->redirectors = c->redirectors.p;
	rs->n_redirectors = c->redirectors.n;
	rs->view.redirect = rs->n_redirectors ? redirect : NULL;
	rs->view.redirect_ctx = rs;
}

/* Sets that somebody has compiled; a file that is of no use is as good as none. */
static void sets_load(struct spam_conf *c, struct spam_rules *rs)
{
	struct err e;

	if (!c->paths->sets_dir)
		return;
	c->report->sets_loaded = compiled_load(c->keep, rs, c->paths->sets_dir, &e) == 0;
	if (!c->report->sets_loaded && e.code != ERR_NOTFOUND)
		vec_add(c->keep, &c->unknown,
			((struct spam_note){
				.file = STR("(compiled sets)"),
				.message = str_copy(c->keep, str_of(e.msg)),
			}));
}

static void count(const struct spam_conf *c, const struct spam_rules *rs)
{
	struct spam_load_report *report = c->report;

	for (size_t i = 0; i < rs->n; i++) {
		const struct rule *r = &rs->rules[i];

		report->rules += r->type != RULE_NONE;
		report->active += r->state == STATE_RUNS;
		report->skipped += r->type != RULE_NONE &&
				   (r->state == STATE_ABSENT || r->state == STATE_BLOCKED);
	}
	report->unknown = (struct spam_notes){ c->unknown.p, c->unknown.n };
	report->disabled = (struct spam_notes){ c->disabled.p, c->disabled.n };
}

static void readers_make(const struct spam_conf *c, struct spam_rules *rs)
{
	rs->readers = NEW_N(c->keep, size_t, eval_family_count());
	for (size_t i = 0; eval_families[i]; i++)
		if (eval_families[i]->read && conf_plugin_loaded(c, eval_families[i]->plugin))
			rs->readers[rs->n_readers++] = i;
}

int ruleset_build(struct spam_conf *c, struct spam_rules **out, struct err *e)
{
	struct spam_rules *rs = NEW(c->keep, struct spam_rules);

	rs->required = c->required;
	rs->local = !(c->set & SPAM_SET_NET);
	rs->net_times = c->net_times;
	rs->shortcircuit = c->shortcircuit;
	rs->gate = c->gate;
	rs->spare = c->paths->spare;
	eval_conf_done(c);
	rs->evals = c->evals;
	if (c->paths->bayes && eval_has_learnt(c->evals))
		c->set |= SPAM_SET_BAYES;
	rs->set = c->set;
	conf_default_scores(c);
	meta_bind_names(c);
	rules_make(c, rs);
	rs->shortcircuit_description = description(c, map_get(&c->rules, STR("SHORTCIRCUIT")));
	gate_bind(c);
	meta_link(c, rs);
	meta_disable(c, rs);
	priorities_lower(c, rs);
	steps_make(c, rs);
	inputs_make(c, rs);
	view_options(c, rs);
	readers_make(c, rs);
	sets_load(c, rs);
	schedule_make(c, rs);
	count(c, rs);
	if (c->report->rules == 0)
		return err_set(e, ERR_NOTFOUND, "no spam rules found");
	*out = rs;
	return 0;
}

static void conf_init(struct spam_conf *c, struct arena *keep, struct arena *tmp,
		      const struct spam_conf_paths *paths, struct spam_load_report *report)
{
	*c = (struct spam_conf){ .keep = keep, .tmp = tmp, .paths = paths, .report = report };
	*report = (struct spam_load_report){ 0 };
	map_init(&c->rules, tmp);
	map_init(&c->plugins, tmp);
	map_init(&c->compat, tmp);
	for (size_t i = 0; i < CONF_TAGS; i++)
		map_init(&c->tags[i], tmp);
	c->replace_start = STR("<");
	c->replace_end = STR(">");
	c->required = 5;
	shortcircuit_conf_init(&c->shortcircuit);
	c->set = paths->set;
	net_times_conf_init(c);
	c->domains = uri_domains_new(keep);
	spam_view_options_init(&c->view, c->domains);
	gate_conf_init(c);
	c->evals = eval_conf_new(c);
}

int spam_rules_load(struct arena *a, const struct spam_conf_paths *paths, struct spam_rules **out,
		    struct spam_load_report *report, struct err *e)
{
	CLEAN_ARENA struct arena *tmp = arena_open("loading of rules", LOAD_MEMORY_MAX);
	struct spam_conf c;

	conf_init(&c, a, tmp, paths, report);
	if (conf_load(&c, e) < 0 || ruleset_build(&c, out, e) < 0)
		return err_wrap(e, "spam rules");
	return 0;
}
