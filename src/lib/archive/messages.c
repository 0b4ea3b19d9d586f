/* Members of winmail.dat files and of mails inside archives: both are in memory as a whole. */
#include "lib/archive/lister.h"
#include "lib/archive/tnef.h"

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
	if (root->mail->truncated)
		lister_problem(l, "limit reached: %s of a message", root->mail->truncated);
}
