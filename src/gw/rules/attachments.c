#include "gw/rules/attachments.h"

struct search {
	struct act *x;
	const struct marks *gone, *wanted;
	struct marks found;
	bool seen_body;
};

static void take(struct search *s, const struct mime *part)
{
	marks_add(&s->found, s->x->a, s->x->s->n_parts, part->aid);
}

/* The root of a multipart mail cannot be replaced; what is inside it can. */
static void match_part(struct search *s, const struct mime *part)
{
	bool fixed = part->aid == 1 && mime_is_multipart(part);

	if (marks_has(s->gone, part->aid))
		return;
	if (!fixed && marks_has(s->wanted, part->aid)) {
		take(s, part);
		return;
	}
	for (const struct mime *c = part->child; c; c = c->next)
		match_part(s, c);
}

struct marks attachments_matching(struct act *x, const struct version *v,
				  const struct marks *wanted)
{
	struct search s = { .x = x, .gone = &v->gone, .wanted = wanted };

	if (wanted->kind == MARKS_SET)
		match_part(&s, x->s->mime);
	return s.found;
}

static bool is_attachment(const struct mime *part)
{
	return str_ifind(part->disposition, STR("attachment")) >= 0;
}

static bool is_body_text(const struct mime *part)
{
	return str_eq(part->type, STR("text/plain")) || str_eq(part->type, STR("text/html"));
}

static void search_children(struct search *s, const struct mime *multipart);

static void search_part(struct search *s, const struct mime *part)
{
	if (marks_has(s->gone, part->aid))
		return;
	if (is_attachment(part) || s->seen_body)
		take(s, part);
	else if (mime_is_multipart(part))
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

struct marks attachments_all(struct act *x, const struct version *v)
{
	struct search s = { .x = x, .gone = &v->gone };
	const struct mime *root = x->s->mime;

	if (mime_is_multipart(root))
		search_children(&s, root);
	else if (!marks_has(&v->gone, 1) &&
		 (!str_starts(root->type, STR("text/")) || is_attachment(root)))
		take(&s, root);
	return s.found;
}
