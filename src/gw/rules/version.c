#include "gw/rules/act.h"

struct version *version_derive(struct arena *a, struct version *from, struct str change,
			       bool *fresh)
{
	struct version *v;

	for (v = from->child; v; v = v->next)
		if (str_eq(v->change, change)) {
			*fresh = false;
			return v;
		}
	v = NEW(a, struct version);
	mime_edit_copy(&v->edit, &from->edit);
	v->gone = from->gone;
	v->trimmed = from->trimmed;
	v->change = change;
	v->next = from->child;
	from->child = v;
	*fresh = true;
	return v;
}

struct version *version_settle(struct version *base, struct version *v)
{
	struct version *w = base;

	if (v->settled)
		return v->settled;
	while (!mime_edit_is_same(&v->edit, &w->edit)) {
		if (!w->later)
			w->later = v;
		w = w->later;
	}
	v->settled = w;
	return w;
}

const struct mime_edit *version_edit(const struct version *v)
{
	return mime_edit_is_empty(&v->edit) ? NULL : &v->edit;
}
