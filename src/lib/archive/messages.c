/* Members of winmail.dat files and of mails inside archives: both are in memory as a whole. */
#include "lib/archive/lister.h"
#include "lib/archive/tnef.h"
#include "lib/mime/readings.h"

void lister_tnef(struct lister *l, const struct member *m, struct str bytes)
{
	struct tnef_file f;
	struct tnef t;

	tnef_open(&t, l->a, bytes);
	while (tnef_next(&t, &f) && lister_charge(l, f.data.n)) {
		struct member inner = { .name = f.name.n ? f.name : f.title,
					.depth = m->depth + 1 };

		if (f.name.n)
			lister_name(l, f.title);
		lister_member(l, &inner, &(struct content){ .start = f.data });
	}
	if (t.cut)
		lister_problem(l, "broken: not a whole TNEF file");
}

/* What some clients call it. */
static void other_names(struct lister *l, const struct mime *p, struct str usual)
{
	struct mime_names all = mime_names(l->a, p);

	for (size_t i = 0; i < all.n; i++)
		if (!str_eq(all.p[i], usual))
			lister_name(l, all.p[i]);
}

static void part(struct lister *l, const struct member *m, const struct mime *p)
{
	struct member inner = {
		.name = mime_filename(l->a, p),
		.declared = p->header_type,
		.depth = m->depth + 1,
	};

	if (p->child || mime_is_multipart(p)) {
		result_type(&l->out, p->header_type);
		lister_name(l, inner.name);
	} else {
		lister_member(l, &inner, &(struct content){ .part = p });
	}
	other_names(l, p, inner.name);
}

/* What only some clients find in it (lib/mime/readings.h). */
static void readings(struct lister *l, const struct member *m, const struct mime *root)
{
	struct mime_readings r;

	mime_read_again(l->a, root, NULL, &r);
	for (size_t i = 0; i < r.n && lister_charge(l, r.p[i].part->body.n); i++)
		part(l, m, r.p[i].part);
	if (r.cut)
		lister_problem(l, "limit reached: readings of a message");
}

void lister_mail(struct lister *l, const struct member *m, struct str bytes)
{
	struct mime *root, *p;
	struct err e;

	if (mime_parse(l->a, bytes, NULL, &root, &e) < 0) {
		lister_problem(l, "broken: %s", e.msg);
		return;
	}
	for (p = root; p && lister_charge(l, p->child ? 0 : p->body.n); p = mime_walk(root, p))
		part(l, m, p);
	if (!l->over)
		readings(l, m, root);
	if (root->mail->truncated)
		lister_problem(l, "limit reached: %s of a message", root->mail->truncated);
}
