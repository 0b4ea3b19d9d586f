#include "gw/rules/types.h"
#include "gw/rules/what.h"

/* As a content type filter, but that its only_content does not count (filter.md 5.4). */
static int decode(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	if (type_decode_contenttype(a, src, out, e) < 0)
		return -1;
	((struct type_pattern *)*out)->only_content = false;
	return 0;
}

static bool inside_matches(const struct type_pattern *p, struct what *w, uint32_t aid,
			   const struct scan_archive *in)
{
	for (size_t i = 0; i < in->n_types; i++)
		if (what_matches(w, p->re, aid, "type inside", in->types[i]))
			return true;
	return false;
}

/* The part as a content type filter sees it, then everything in it. */
static int matches(const void *o, struct what *w, struct verdict *v, struct err *e)
{
	for (uint32_t aid = 1; aid <= w->s->n_parts; aid++) {
		enum what_seen seen = type_contenttype_matches(o, w, aid);
		const struct scan_archive *in;

		if (seen == WHAT_NEVER) {
			if (scan_part_archive(w->s, w->s->parts[aid - 1], &in, e) < 0)
				return -1;
			if (inside_matches(o, w, aid, in))
				seen = what_varies(w, aid) ? WHAT_SOMETIMES : WHAT_ALWAYS;
		}
		what_mark(w, v, aid, seen);
	}
	return 0;
}

const struct rule_type type_archivefilter = {
	.otype = 3005,
	.class = CLASS_WHAT,
	.name = "Archive Filter",
	.decode = decode,
	.describe = type_describe_contenttype,
	.regex = type_regex_contenttype,
	.what = matches,
};
