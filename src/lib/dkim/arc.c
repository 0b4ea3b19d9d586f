#include "lib/dkim/arc.h"

#include "lib/dkim/dkim_int.h"

/* One set as it stands in the header. */
struct raw_set {
	const struct dkim_field *results, *signature, *seal;
	struct dkim_parsed *parsed; /* of the seal */
};

struct arc_state {
	struct arena *a;
	struct dkim_message *m;
	struct dkim_options options;
	struct raw_set sets[ARC_SETS_MAX];
	struct arc_set shown[ARC_SETS_MAX];
	struct dkim_parsed newest; /* ARC-Message-Signature */
};

static void settle(struct arc *arc, enum arc_result result, const char *reason)
{
	arc->result = result;
	arc->reason = reason;
}

/* The number of a set, from i=; 0 if it is none. */
static size_t number(struct str value)
{
	int64_t n;

	if (value.n == 0 || !ascii_is_digit(value.p[0]) || !str_int(value, 1, ARC_SETS_MAX, &n))
		return 0;
	return (size_t)n;
}

/* i= stands first in ARC-Authentication-Results, and what is behind it is no list of tags. */
static size_t results_number(struct str value, struct str *rest)
{
	struct str name;

	*rest = value;
	value = str_cut(rest, ';');
	name = str_cut(&value, '=');
	return rest->p && str_eq(str_trim(name), STR("i")) ? number(str_trim(value)) : 0;
}

static size_t tags_number(struct str value)
{
	struct dkim_tags tags;

	return dkim_tags_parse(value, &tags) ? number(dkim_tag_value(&tags, "i")) : 0;
}

/* Puts a field into its place; false if the place is taken or there is none. */
static bool place(struct arc *arc, size_t n, size_t member, const struct dkim_field *field)
{
	struct raw_set *set = &arc->state->sets[n ? n - 1 : 0];
	const struct dkim_field **places[] = { &set->results, &set->signature, &set->seal };

	if (n == 0 || *places[member])
		return false;
	*places[member] = field;
	arc->n = n > arc->n ? n : arc->n;
	return true;
}

static bool collect(struct arc *arc, bool *any)
{
	static const char *const names[] = { "ARC-Authentication-Results", "ARC-Message-Signature",
					     "ARC-Seal" };
	const struct dkim_message *m = arc->state->m;

	*any = false;
	for (size_t i = 0; i < m->n; i++) {
		struct str rest, value = m->fields[i].value;

		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			if (!str_ieq(m->fields[i].name, str_of(names[k])))
				continue;
			*any = true;
			if (!place(arc, k ? tags_number(value) : results_number(value, &rest), k,
				   &m->fields[i]))
				return false;
		}
	}
	return true;
}

/* The seal of set `i` says what its maker found of the chain before: nothing, then always pass. */
static const char *read_seal(struct arc *arc, size_t i)
{
	struct raw_set *set = &arc->state->sets[i];
	struct dkim_parsed *p = NEW(arc->state->a, struct dkim_parsed);
	const char *wrong;

	if (!set->results || !set->signature || !set->seal)
		return "a set is incomplete";
	set->parsed = p;
	wrong = dkim_parse(arc->state->a, set->seal, false, p);
	if (wrong)
		return wrong;
	if (dkim_tag(&p->tags, "h"))
		return "a seal has h=";
	if (!str_eq(dkim_tag_value(&p->tags, "cv"), i ? STR("pass") : STR("none")))
		return "cv= says that the chain was broken before";
	p->relaxed_header = true;
	arc->state->shown[i] = (struct arc_set){ .domain = p->domain, .selector = p->selector };
	results_number(set->results->value, &arc->state->shown[i].results);
	return NULL;
}

/*
 * RFC 8617, 4.1.2: as a DKIM-Signature without v=, which must not sign seals. Where the forms are
 * not said, the suite for ARC and its implementations take them for relaxed.
 */
static const char *read_newest(struct arc *arc)
{
	struct dkim_parsed *p = &arc->state->newest;
	const char *wrong =
		dkim_parse(arc->state->a, arc->state->sets[arc->n - 1].signature, true, p);

	if (wrong)
		return wrong;
	if (dkim_list_has(dkim_tag_value(&p->tags, "h"), STR("ARC-Seal")))
		return "h= contains ARC-Seal";
	if (!dkim_tag(&p->tags, "c"))
		p->relaxed_header = p->relaxed_body = true;
	return NULL;
}

static const char *read_sets(struct arc *arc)
{
	for (size_t i = 0; i < arc->n; i++) {
		const char *wrong = read_seal(arc, i);

		if (wrong)
			return wrong;
	}
	return read_newest(arc);
}

struct arc *arc_verify(struct arena *a, struct dns *d, struct dkim_message *m,
		       const struct dkim_options *options)
{
	struct arc *arc = NEW(a, struct arc);
	const char *wrong;
	bool ok, any;

	arc->reason = "";
	arc->state = NEW(a, struct arc_state);
	*arc->state = (struct arc_state){ .a = a, .m = m, .options = *options };
	arc->state->options.sha1 = false;
	arc->sets = arc->state->shown;
	ok = collect(arc, &any);
	if (!any) {
		settle(arc, ARC_NONE, "");
		return arc;
	}
	wrong = ok ? read_sets(arc) : "the fields make no sets";
	if (wrong) {
		settle(arc, ARC_FAIL, wrong);
		return arc;
	}
	dkim_ask_key(a, d, &arc->state->newest);
	for (size_t i = 0; i < arc->n; i++)
		dkim_ask_key(a, d, arc->state->sets[i].parsed);
	return arc;
}

/* A seal covers all sets up to its own, each in this order (5.1.1), always relaxed. */
static struct dkim_hash seal_hash(const struct arc_state *st, size_t last)
{
	struct dkim_digest digest;

	dkim_digest_open(st->a, &digest, false, -1);
	for (size_t i = 0; i <= last; i++) {
		const struct raw_set *set = &st->sets[i];

		dkim_digest_field(&digest, set->results->whole, true, true);
		dkim_digest_field(&digest, set->signature->whole, true, true);
		if (i < last)
			dkim_digest_field(&digest, set->seal->whole, true, true);
		else
			dkim_digest_signature(st->a, &digest, set->seal, &set->parsed->tags, true);
	}
	return dkim_digest_done(&digest);
}

static const char *check_hash(const struct arc_state *st, const struct dkim_parsed *p,
			      struct dkim_hash hash)
{
	struct dkim_verdict v = dkim_verify_hash(st->a, p, &st->options, &hash);

	return v.result == DKIM_PASS ? NULL : v.reason;
}

static const char *check_all(struct arc *arc)
{
	struct arc_state *st = arc->state;
	const char *wrong;

	wrong = check_hash(st, &st->newest, dkim_header_hash(st->a, st->m, &st->newest));
	if (!wrong && !dkim_body_matches(st->m, &st->newest)) {
		arc->undependable = st->m->cut;
		wrong = "the body was changed";
	}
	for (size_t i = arc->n; !wrong && i-- > 0;)
		wrong = check_hash(st, st->sets[i].parsed, seal_hash(st, i));
	return wrong;
}

static bool is_pending(const struct arc *arc)
{
	if (arc->state->newest.key->status == DNS_PENDING)
		return true;
	for (size_t i = 0; i < arc->n; i++) {
		if (arc->state->sets[i].parsed->key->status == DNS_PENDING)
			return true;
	}
	return false;
}

bool arc_check(struct arc *arc)
{
	const char *wrong;

	if (arc->result != ARC_PENDING)
		return true;
	if (is_pending(arc))
		return false;
	wrong = check_all(arc);
	settle(arc, wrong ? ARC_FAIL : ARC_PASS, wrong ? wrong : "");
	return true;
}

const char *arc_result_name(enum arc_result result)
{
	static const char *const names[] = {
		[ARC_PENDING] = "pending",
		[ARC_NONE] = "none",
		[ARC_PASS] = "pass",
		[ARC_FAIL] = "fail",
	};

	return names[result];
}
