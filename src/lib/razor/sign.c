#include "lib/razor/razor_int.h"

static void add(struct arena *a, struct razor_signatures *out, const struct razor_part *part,
		enum razor_engine engine, struct str text)
{
	struct razor_signature s = { .part = part->number, .engine = engine, .text = text };

	if (text.n && out->v.n < RAZOR_SIGNATURES_MAX)
		vec_add(a, &out->v, s);
}

static bool has_engine(const struct razor_server *s, enum razor_engine engine)
{
	return s->engines >> (engine - 1) & 1;
}

static void sign_hosts(struct arena *a, struct razor_signatures *out, const struct razor_part *part)
{
	struct razor_hosts hosts = razor_hosts(a, part->text);

	for (size_t i = 0; i < hosts.v.n; i++)
		add(a, out, part, RAZOR_HOSTS, razor_host_signature(a, hosts.v.p[i], part->text.n));
}

struct razor_signatures razor_sign(struct arena *a, const struct razor_parts *parts,
				   const struct razor_server *s)
{
	struct razor_signatures out = { 0 };

	for (size_t i = 0; i < parts->v.n; i++) {
		const struct razor_part *part = &parts->v.p[i];

		if (has_engine(s, RAZOR_TEXT))
			add(a, &out, part, RAZOR_TEXT,
			    razor_text_signature(a, part->plain, s->ep4));
		if (has_engine(s, RAZOR_HOSTS))
			sign_hosts(a, &out, part);
	}
	return out;
}

/* The signatures of one part, from `from` on: whether they count, and make it spam. */
static size_t judge_part(const struct razor_signatures *s, size_t from, int64_t least,
			 bool *contested, bool *spam)
{
	size_t i = from;

	*spam = false;
	for (; i < s->v.n && s->v.p[i].part == s->v.p[from].part; i++) {
		const struct razor_signature *sig = &s->v.p[i];

		*contested = sig->contested;
		*spam |= sig->known && (!sig->rated || sig->confidence >= least);
	}
	return i;
}

bool razor_is_spam(const struct razor_signatures *s, int64_t least, enum razor_logic logic)
{
	const bool heed = logic == RAZOR_ANY_UNCONTESTED || logic == RAZOR_EVERY_UNCONTESTED;
	bool some = false, every = true, contested = false, spam;

	for (size_t i = 0; i < s->v.n;) {
		i = judge_part(s, i, least, &contested, &spam);
		contested &= heed;
		some |= !contested && spam;
		every &= contested || spam;
		if (logic == RAZOR_FIRST_PART)
			break;
	}
	return some && (every || (logic != RAZOR_EVERY_PART && logic != RAZOR_EVERY_UNCONTESTED));
}

int64_t razor_confidence(const struct razor_signatures *s, enum razor_engine engine)
{
	int64_t best = 0;

	for (size_t i = 0; i < s->v.n; i++) {
		const struct razor_signature *sig = &s->v.p[i];

		if ((engine == RAZOR_ANY || sig->engine == engine) && !sig->contested &&
		    sig->confidence > best)
			best = sig->confidence;
	}
	return best;
}
