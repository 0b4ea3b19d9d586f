#include "gw/rules/attachments.h"
#include "gw/rules/types.h"

struct removal {
	struct str text;
	bool all, quarantine;
	struct str says; /* the text, or one of ours */
};

#define T struct removal
static const struct prop props[] = {
	P_BOOL(T, all, NULL, "All attachments, not only those that match.", .flags = PROP_OPTIONAL),
	P_BOOL(T, quarantine, "0", "Put the mail into the attachment quarantine before."),
	P_TEXT(T, text, 2048, NULL, "Text that takes their place; macros are filled in.",
	       .flags = PROP_LINES),
	P_END
};
#undef T

static const struct str default_text = STR_INIT("This attachment was removed: __FILENAME__\n");
static const struct str default_kept =
	STR_INIT("This attachment was removed: __FILENAME__\n"
		 "It was put into the attachment quarantine; please ask your administrator.\n");

static int decode(const struct rule_source *src, void *o, struct err *e)
{
	struct removal *r = o;
	struct str rest = src->value, flags = str_cut(&rest, ':'), kept = flags;
	struct str all = str_cut(&kept, ',');
	int64_t is_all, is_kept = 0;

	if (!str_int(all, 0, 1, &is_all) || (kept.p && !str_int(kept, 0, 1, &is_kept)))
		return err_set(e, ERR_INVALID, "not ALL,QUARANTINE or ALL,QUARANTINE:TEXT");
	r->all = is_all;
	r->quarantine = is_kept;
	r->text = rest;
	return 0;
}

static void encode(struct arena *a, const void *o, struct rule_stored *out)
{
	const struct removal *r = o;

	out->value = str_fmt(a, "%d,%d%s", r->all, r->quarantine, r->text.n ? ":" : "");
	out->value = str_cat(a, out->value, r->text);
}

static int compile(struct arena *a, void *o, struct err *e)
{
	struct removal *r = o;

	(void)a;
	(void)e;
	r->says = r->text;
	if (!r->text.n)
		r->says = r->quarantine ? default_kept : default_text;
	return 0;
}

static struct str describe(struct arena *a, const void *o)
{
	const struct removal *r = o;

	(void)a;
	return r->all ? STR("remove all attachments") : STR("remove matching attachments");
}

static bool mentions(const void *o, struct str text)
{
	const struct removal *r = o;

	return str_find(r->says, text) >= 0;
}

/* A tag `<word>` somewhere. */
static bool is_html(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		size_t k = i + 1;

		if (s.p[i] != '<')
			continue;
		while (k < s.n &&
		       (ascii_is_alpha(s.p[k]) || ascii_is_digit(s.p[k]) || s.p[k] == '_'))
			k++;
		if (k > i + 1 && k < s.n && s.p[k] == '>')
			return true;
	}
	return false;
}

static struct str replacement(struct act *x, const struct removal *o, const struct mime *part)
{
	bool html = is_html(o->says);
	struct str text, name;

	x->filename = attachments_name(x, part);
	x->has_filename = true;
	text = html ? act_html(x, o->says) : act_text(x, o->says);
	x->has_filename = false;
	name = str_fmt(x->a, "REMOVED_ATTACHMENT_%u.%s", part->aid, html ? "html" : "txt");
	return mime_build_text_part(x->a, html ? STR("html") : STR("plain"), text, name,
				    part->mail->eol);
}

/*
 * Where another part would not take the place of what is there, as the last of alternatives does,
 * or break a signature.
 */
static bool has_room(const struct mime *part)
{
	return !str_eq(part->type, STR("multipart/alternative")) &&
	       !str_eq(part->type, STR("multipart/signed")) &&
	       !str_eq(part->type, STR("multipart/encrypted"));
}

/* A new part for each of those that go, and the whole change as text, which names it. */
static struct str replacements(struct act *x, const struct removal *o,
			       const struct attachments *found, struct str *part)
{
	struct buf b;

	buf_init(&b, x->a, SIZE_MAX);
	buf_addf(&b, "remove %d:", o->quarantine);
	for (uint32_t aid = 1; aid <= x->s->n_parts; aid++) {
		bool trimmed = marks_has(&found->trimmed, aid);

		if (!trimmed && !marks_has(&found->replaced, aid))
			continue;
		if (!trimmed || has_room(x->s->parts[aid - 1]))
			part[aid - 1] = replacement(x, o, x->s->parts[aid - 1]);
		buf_addf(&b, " %s%u:", trimmed ? "trim " : "", aid);
		buf_add(&b, part[aid - 1]);
	}
	return buf_str(&b);
}

/* The mail that goes on is another one than that in the quarantine. */
static void rename_mail(struct act *x, struct version *v)
{
	struct str id;

	if (!mime_edit_find(&v->edit, x->s->mime, STR("Message-ID"), &id))
		return;
	id = str_trim(id);
	if (str_starts(id, STR("<")))
		id = str_from(id, 1);
	mime_edit_set(&v->edit, x->s->mime, STR("Message-ID"),
		      str_cat(x->a, str_fmt(x->a, "<pmg-aquar-%.*s-", STR_ARG(x->m->unique)), id));
}

static void make_version(struct act *x, const struct removal *o, const struct attachments *found,
			 const struct str *part, struct version *v)
{
	uint32_t n = x->s->n_parts;

	if (o->quarantine)
		rename_mail(x, v);
	if (marks_has(&found->replaced, 1))
		mime_edit_wrap(&v->edit, act_boundary(x));
	for (uint32_t aid = 1; aid <= n; aid++) {
		if (marks_has(&found->replaced, aid))
			mime_edit_replace(&v->edit, x->s->parts[aid - 1], part[aid - 1]);
		if (!marks_has(&found->trimmed, aid))
			continue;
		mime_edit_trim(&v->edit, x->s->parts[aid - 1]);
		if (part[aid - 1].n)
			mime_edit_append(&v->edit, x->s->parts[aid - 1], part[aid - 1]);
	}
	v->gone = marks_unite(x->a, n, v->gone, found->replaced);
	v->trimmed = marks_unite(x->a, n, v->trimmed, found->trimmed);
}

static void remove_group(struct act *x, const struct removal *o, const struct act_group *g)
{
	struct str *part = NEW_N(x->a, struct str, x->s->n_parts), change;
	struct version *v;
	struct attachments found;
	bool fresh;

	found = o->all ? attachments_all(x, g->version)
		       : attachments_matching(x, g->version, g->marks);
	if (found.replaced.kind != MARKS_SET && found.trimmed.kind != MARKS_SET)
		return;
	x->view = g->view;
	change = replacements(x, o, &found, part);
	if (o->quarantine)
		act_quarantine(x, g, OUTBOX_ATTACHMENT);
	v = version_derive(x->a, g->version, change, &fresh);
	if (fresh)
		make_version(x, o, &found, part, v);
	act_assign(x, g, version_settle(x->base, v));
	for (uint32_t aid = 1; aid <= x->s->n_parts; aid++)
		if (marks_has(&found.replaced, aid) || marks_has(&found.trimmed, aid))
			act_note(x, g, LINE_ATTACHMENT_REMOVED,
				 attachments_name(x, x->s->parts[aid - 1]), STR_NONE, aid);
}

static void carry_out(const void *o, struct act *x)
{
	const struct removal *r = o;
	unsigned by = ACT_BY_VERSION | act_by_text(r->says);
	struct act_group *g;
	size_t n;

	if (!r->all)
		by |= ACT_BY_MARKS;
	if (r->quarantine)
		by |= ACT_BY_VIEW;
	n = act_groups(x, by, &g);
	for (size_t i = 0; i < n; i++)
		remove_group(x, r, &g[i]);
}

const struct rule_type type_remove = {
	.otype = 4007,
	.class = CLASS_ACTION,
	.name = "Remove attachments",
	.slug = "removeattachments",
	.props = props,
	.size = sizeof(struct removal),
	.decode = decode,
	.encode = encode,
	.compile = compile,
	.describe = describe,
	.act = carry_out,
	.mentions = mentions,
	.priority = 40,
};
