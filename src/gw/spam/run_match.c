/* Patterns: which of them may match, and whether they do. */
#include "gw/spam/run_int.h"

static void plain_hit(struct run *run, size_t i)
{
	run_hit(run, i, &(struct rule_hit){ .value = 1, .score = run->rs->rules[i].score });
}

static void one_hit(struct run *run, size_t i, const struct re *re, const struct re_caps *caps,
		    struct str subject)
{
	if (run->rs->rules[i].captures)
		captures_add(&run->captures, re, caps, subject);
	plain_hit(run, i);
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

static void texts_make(struct run *run, struct shared_texts *s, struct spam_texts texts,
		       bool has_set)
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
	if (has_set)
		return;
	re_grams_init(&s->all, run->a, bytes);
	for (size_t k = 0; k < texts.n; k++)
		re_grams_add(&s->all, texts.v[k]);
}

/* One text after the other. */
static void match_each(struct run *run, size_t i, const struct re *re, const struct shared_texts *s)
{
	const struct rule *r = &run->rs->rules[i];
	unsigned n = 0;

	for (size_t k = r->flags & RULE_NOSUBJECT && s == &run->body; k < s->texts.n; k++) {
		if (!input_may_match_text(run->rs, run->scans, r, s->texts.v, k) ||
		    !re_possible(r->re, &s->each[k]))
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

/* body, rawbody, uri: most patterns need no look at the texts themselves. `now`: what they are. */
static void match_texts(struct run *run, size_t i, struct shared_texts *s, struct spam_texts now)
{
	const struct rule *r = &run->rs->rules[i];
	bool has_set = run->rs->inputs[r->input].set;
	const struct re *re;

	/* An eval function may have rewritten it. */
	if (!s->made || s->texts.v != now.v)
		texts_make(run, s, now, has_set);
	if (!has_set && !re_possible(r->re, &s->all))
		return;
	re = rule_pattern(run, i);
	if (re)
		match_each(run, i, re, s);
}

static struct header_text *header_text(struct run *run, uint32_t slot)
{
	const struct rule_header *h = &run->rs->headers[slot];
	struct header_text *t = &run->headers[slot];

	if (t->made)
		return t;
	t->made = true;
	t->present = spam_header_text(run->m, &h->query, &t->text);
	if (!t->present && h->has_if_unset)
		t->text = h->if_unset;
	return t;
}

static bool header_possible(struct run *run, const struct rule *r, struct header_text *t)
{
	if (run->rs->inputs[r->input].set)
		return true;
	if (!t->grams.bits) {
		re_grams_init(&t->grams, run->a, t->text.n);
		re_grams_add(&t->grams, t->text);
	}
	return re_possible(r->re, &t->grams);
}

static void match_negated(struct run *run, size_t i, const struct re *re, struct str text)
{
	enum re_result result = re_match(re, text);

	run->limited |= result == RE_LIMIT;
	if (result == RE_NOMATCH)
		plain_hit(run, i);
}

static void match_header(struct run *run, size_t i)
{
	const struct rule *r = &run->rs->rules[i];
	struct header_text *t = header_text(run, r->header);
	const struct re *re;

	if (r->exists) {
		if (t->present)
			plain_hit(run, i);
		return;
	}
	if (!r->negated && !header_possible(run, r, t))
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
		plain_hit(run, i);
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

void run_match(struct run *run, size_t i)
{
	switch (run->rs->rules[i].type) {
	case RULE_HEADER:
		match_header(run, i);
		break;
	case RULE_BODY:
		match_texts(run, i, &run->body, spam_body(run->m));
		break;
	case RULE_URI:
		match_texts(run, i, &run->uri, spam_uris(run->m));
		break;
	case RULE_RAWBODY:
		match_texts(run, i, &run->rawbody, spam_rawbody(run->m));
		break;
	case RULE_MIMEHEADER:
		match_mimeheader(run, i);
		break;
	default:
		match_full(run, i);
	}
}

/* What the patterns of an input that run in this step are held against. */
static struct spam_texts input_texts(struct run *run, const struct rule *r)
{
	switch (r->type) {
	case RULE_BODY:
		return spam_body(run->m);
	case RULE_URI:
		return spam_uris(run->m);
	case RULE_RAWBODY:
		return spam_rawbody(run->m);
	default:
		return (struct spam_texts){ &header_text(run, r->header)->text, 1 };
	}
}

/* One scan tells of all patterns of the input, so later steps know of theirs, too. */
static void scan(struct run *run, const struct step_scan *s)
{
	const struct input_turns *turns = &run->rs->turns[s->input];
	const struct input_turn *first = &turns->p[s->from];
	const struct rule *r = &run->rs->rules[first->rule];
	struct input_scan *result = &run->scans[s->input];
	struct spam_texts texts = input_texts(run, r);

	if (result->maybe && result->text == texts.v)
		return;
	input_may_match(run->a, run->rs, run->scans, r, texts.v, texts.n);
	for (size_t k = s->from; k < turns->n; k++) {
		bool maybe = re_set_bit(result->maybe, turns->p[k].place);

		run->open[turns->p[k].rule] =
			maybe ? run->rs->open[turns->p[k].rule] : RULE_IS_OVER;
	}
}

void run_scan(struct run *run, const struct rule_step *step)
{
	for (size_t k = 0; k < step->scans.n; k++)
		scan(run, &step->scans.p[k]);
}
