#include "gw/rules/types.h"
#include "gw/rules/what.h"

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
	.slug = "archivefilter",
	.props = type_props_contenttype, /* only-content is stored, and does not count (§5.4) */
	.size = sizeof(struct type_pattern),
	.decode = type_decode_contenttype,
	.encode = type_encode_contenttype,
	.compile = type_compile_contenttype,
	.describe = type_describe_contenttype,
	.regex = type_regex_contenttype,
	.what = matches,
};
