#include "gw/rules/attachments.h"

struct search {
	struct act *x;
	const struct version *v;
	const struct marks *wanted;
	struct marks hiding; /* parts with something that only some clients find */
	bool (*counts)(const struct mime *found);
	struct attachments found;
	bool seen_body;
};

/* Where in a part that is which only some clients find. */
enum hidden { HIDDEN_NOWHERE, HIDDEN_AT_EDGES, HIDDEN_SOMEWHERE };

static void take(struct search *s, const struct mime *part)
{
	marks_add(&s->found.replaced, s->x->a, s->x->s->n_parts, part->aid);
}

static void trim(struct search *s, const struct mime *part)
{
	if (!marks_has(&s->v->trimmed, part->aid))
		marks_add(&s->found.trimmed, s->x->a, s->x->s->n_parts, part->aid);
}

static bool is_attachment(const struct mime *part)
{
	return str_ifind(part->disposition, STR("attachment")) >= 0;
}

static bool is_body_text(const struct mime *part)
{
	return str_eq(part->type, STR("text/plain")) || str_eq(part->type, STR("text/html"));
}

static bool is_any(const struct mime *found)
{
	(void)found;
	return true;
}

static bool is_no_text(const struct mime *found)
{
	return is_attachment(found) || !is_body_text(found);
}

static struct search start(struct act *x, const struct version *v,
			   bool (*counts)(const struct mime *found))
{
	struct search s = { .x = x, .v = v, .counts = counts };
	const struct mime_readings *r = &x->s->readings;

	for (size_t i = 0; i < r->n; i++)
		if (counts(r->p[i].part))
			marks_add(&s.hiding, x->a, x->s->n_parts, r->p[i].aid);
	return s;
}

static bool is_within(struct str s, struct str whole)
{
	return whole.n && s.p >= whole.p && s.p + s.n <= whole.p + whole.n;
}

static enum hidden where_hidden(const struct search *s, const struct mime *part)
{
	const struct mime_readings *r = &s->x->s->readings;

	if (!marks_has(&s->hiding, part->aid))
		return HIDDEN_NOWHERE;
	if (!part->child)
		return HIDDEN_SOMEWHERE;
	for (size_t i = 0; i < r->n; i++)
		if (r->p[i].aid == part->aid && s->counts(r->p[i].part) &&
		    !is_within(r->p[i].place, part->preamble) &&
		    !is_within(r->p[i].place, part->epilogue))
			return HIDDEN_SOMEWHERE;
	return HIDDEN_AT_EDGES;
}

/* A root with parts inside is taken only for what it hides: nothing else is left of the mail. */
static void match_part(struct search *s, const struct mime *part)
{
	bool wanted = marks_has(s->wanted, part->aid);
	bool fixed = part->aid == 1 && mime_is_multipart(part);
	enum hidden hidden = wanted ? where_hidden(s, part) : HIDDEN_NOWHERE;

	if (marks_has(&s->v->gone, part->aid))
		return;
	if (wanted && (!fixed || hidden == HIDDEN_SOMEWHERE)) {
		take(s, part);
		return;
	}
	if (hidden == HIDDEN_AT_EDGES)
		trim(s, part);
	for (const struct mime *c = part->child; c; c = c->next)
		match_part(s, c);
}

struct attachments attachments_matching(struct act *x, const struct version *v,
					const struct marks *wanted)
{
	struct search s = start(x, v, is_any);

	s.wanted = wanted;
	if (wanted->kind == MARKS_SET)
		match_part(&s, x->s->mime);
	return s.found;
}

static void search_children(struct search *s, const struct mime *multipart);

static void search_part(struct search *s, const struct mime *part)
{
	enum hidden hidden = where_hidden(s, part);

	if (marks_has(&s->v->gone, part->aid))
		return;
	if (is_attachment(part) || s->seen_body || hidden == HIDDEN_SOMEWHERE) {
		take(s, part);
		return;
	}
	if (hidden == HIDDEN_AT_EDGES)
		trim(s, part);
	if (mime_is_multipart(part))
		search_children(s, part);
	else if (is_body_text(part))
		s->seen_body = true;
	else
		take(s, part);
}

/* Alternatives are one body together, which has been seen with the last of them. */
static void search_children(struct search *s, const struct mime *multipart)
{
	bool alternatives = str_eq(multipart->type, STR("multipart/alternative"));

	for (const struct mime *c = multipart->child; c; c = c->next) {
		search_part(s, c);
		if (alternatives)
			s->seen_body = !c->next;
	}
}

static void search_root(struct search *s, const struct mime *root)
{
	enum hidden hidden = where_hidden(s, root);
	bool multipart = mime_is_multipart(root);

	if (marks_has(&s->v->gone, root->aid))
		return;
	if (hidden == HIDDEN_SOMEWHERE ||
	    (!multipart && (!str_starts(root->type, STR("text/")) || is_attachment(root)))) {
		take(s, root);
		return;
	}
	if (hidden == HIDDEN_AT_EDGES)
		trim(s, root);
	if (multipart)
		search_children(s, root);
}

struct attachments attachments_all(struct act *x, const struct version *v)
{
	struct search s = start(x, v, is_no_text);

	search_root(&s, x->s->mime);
	return s.found;
}

struct str attachments_name(struct act *x, const struct mime *part)
{
	const struct mime_readings *r = &x->s->readings;
	struct str name = mime_filename(x->a, part);

	for (size_t i = 0; i < r->n && !name.n; i++)
		if (r->p[i].aid == part->aid)
			name = mime_filename(x->a, r->p[i].part);
	return name;
}
