#include "gw/spam/inputs.h"

enum { INPUT_BODY, INPUT_URI, INPUT_RAWBODY, INPUT_HEADERS };

static uint32_t input_of(const struct rule *r)
{
	if (!r->re || r->negated || r->state != STATE_RUNS)
		return RULE_NO_INPUT;
	switch (r->type) {
	case RULE_BODY:
		return INPUT_BODY;
	case RULE_URI:
		return INPUT_URI;
	case RULE_RAWBODY:
		return INPUT_RAWBODY;
	case RULE_HEADER:
		return INPUT_HEADERS + r->header;
	default:
		return RULE_NO_INPUT;
	}
}

void inputs_make(struct spam_conf *c, struct spam_rules *rs)
{
	rs->n_inputs = INPUT_HEADERS + rs->n_headers;
	rs->inputs = NEW_N(c->keep, struct rule_input, rs->n_inputs);
	for (size_t i = 0; i < rs->n; i++) {
		struct rule *r = &rs->rules[i];
		struct rule_list *rules;

		r->input = input_of(r);
		if (r->input == RULE_NO_INPUT)
			continue;
		rules = &rs->inputs[r->input].rules;
		r->place = (uint32_t)rules->n;
		vec_add(c->keep, rules, (uint32_t)i);
	}
}

bool input_is_scanned(const struct rule_input *in)
{
	return in->rules.n >= INPUT_SCANNED_MIN;
}

bool input_may_match(struct arena *a, const struct spam_rules *rs, struct input_scan *scans,
		     const struct rule *r, const struct str *texts, size_t n)
{
	const struct rule_input *in;
	struct input_scan *scan;
	size_t words;

	if (r->input == RULE_NO_INPUT || !rs->inputs[r->input].set)
		return true;
	in = &rs->inputs[r->input];
	scan = &scans[r->input];
	if (!scan->maybe || scan->text != texts) {
		words = re_set_words(in->rules.n);
		if (!scan->maybe)
			scan->maybe = NEW_N(a, uint64_t, words);
		scan->each = n > 1 && n <= INPUT_EACH_MAX / words ? NEW_N(a, uint64_t, n * words)
								     : NULL;
		scan->text = texts;
		re_set_scan(in->set, a, texts, n, scan->maybe, scan->each);
	}
	return re_set_bit(scan->maybe, r->place);
}

bool input_may_match_text(const struct spam_rules *rs, const struct input_scan *scans,
			  const struct rule *r, const struct str *texts, size_t k)
{
	const struct input_scan *scan;
	size_t words;

	if (r->input == RULE_NO_INPUT || !rs->inputs[r->input].set)
		return true;
	scan = &scans[r->input];
	words = re_set_words(rs->inputs[r->input].rules.n);
	return !scan->each || scan->text != texts || re_set_bit(scan->each + k * words, r->place);
}
