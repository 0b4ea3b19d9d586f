#include "gw/rules/types.h"
#include "gw/rules/what.h"

static bool inside_matches(const struct type_pattern *p, struct what *w, uint32_t aid,
			   const struct scan_archive *in)
{
	for (size_t i = 0; i < in->n_names; i++)
		if (what_matches(w, p->re, aid, "name inside", in->names[i]))
			return true;
	return false;
}

/* The part's own name, then those of everything in it. */
static int matches(const void *o, struct what *w, struct verdict *v, struct err *e)
{
	for (uint32_t aid = 1; aid <= w->s->n_parts; aid++) {
		enum what_seen seen = type_filename_matches(o, w, aid);
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

const struct rule_type type_archivefilename = {
	.otype = 3006,
	.class = CLASS_WHAT,
	.name = "Match Archive Filename",
	.slug = "archivefilenamefilter",
	.props = type_props_filename,
	.size = sizeof(struct type_pattern),
	.decode = type_decode_filename,
	.encode = type_encode_value,
	.compile = type_compile_filename,
	.describe = type_describe_filename,
	.regex = type_regex_filename,
	.what = matches,
};
