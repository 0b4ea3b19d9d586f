#include "gw/scan/scan_int.h"

#include "base/net.h"
#include "gw/track/lines.h"
#include "lib/archive/archive.h"

enum {
	UNPACK_MS_MAX = 30 * 1000, /* of one mail, filter.md 9 */
	LOG_NAME_MAX = 255,
};

/* The archives of a mail, as they go to the lister. */
struct archives {
	struct archive_input *in;
	uint32_t *aid;
	size_t n;
};

static struct str archive_type_of(struct scan *s, const struct mime *part,
				  const struct scan_types *t)
{
	const size_t signature = 4;

	if (!t->magic.n)
		return STR_NONE; /* its parts are parts of the mail */
	return archive_type(mime_body_start(s->a, part, signature), t->magic, t->header, t->glob);
}

static void add_archive(struct scan *s, const struct mime *part, const struct scan_types *types,
			uint32_t aid, struct archives *found)
{
	struct str type = archive_type_of(s, part, types);

	if (!type.n)
		return;
	found->aid[found->n] = aid;
	found->in[found->n++] = (struct archive_input){
		.type = type,
		.name = mime_filename(s->a, part),
		.part = part,
	};
}

/* In the parts and in what other clients see in their place. */
static void find_archives(struct scan *s, struct archives *found)
{
	size_t max = s->n_parts + s->readings.n;

	found->in = NEW_N(s->a, struct archive_input, max);
	found->aid = NEW_N(s->a, uint32_t, max);
	for (uint32_t i = 0; i < s->n_parts; i++)
		add_archive(s, s->parts[i], scan_part_types(s, s->parts[i]), i + 1, found);
	for (size_t i = 0; i < s->readings.n; i++) {
		const struct mime_reading *r = &s->readings.p[i];

		add_archive(s, r->part, scan_types_of(s, r->part), r->aid, found);
	}
}

/* Settings are at least 0; the lister takes 0 for its cap, and so does it what is larger. */
static uint32_t setting(int64_t value)
{
	return value < 0 || value > UINT32_MAX ? 0 : (uint32_t)value;
}

static struct archive_limits limits_of(const struct scan *s)
{
	const struct cfg_clamav *c = &s->ctx->cfg->clamav;
	int64_t deadline = net_now() + UNPACK_MS_MAX;

	return (struct archive_limits){
		.files = setting(c->archivemaxfiles),
		.depth = setting(c->archivemaxrec),
		.deadline = deadline < s->deadline ? deadline : s->deadline,
	};
}

static void log_archive(const struct archive_input *in, const struct archive_content *c)
{
	struct str name = str_sub(in->name, 0, LOG_NAME_MAX);

	line_archive_found(name, in->type);
	if (c->died) {
		line_archive_died(c->ms, c->problem);
		return;
	}
	if (c->problem.n)
		line_archive_unreadable(c->problem);
	line_archive_done(name, c->ms);
}

static struct scan_archive *keep(struct arena *a, const struct archive_content *c)
{
	struct scan_archive *kept = NEW(a, struct scan_archive);
	struct str *types = NEW_N(a, struct str, c->n_types + 1);

	if (c->n_types)
		memcpy(types, c->types, c->n_types * sizeof(*types));
	*kept = (struct scan_archive){ types, c->names, c->n_types, c->n_names, c->problem };
	if (c->problem.n)
		types[kept->n_types++] = STR(SCAN_UNREADABLE);
	return kept;
}

static struct str *joined(struct arena *a, const struct str *one, size_t n1,
			  const struct str *two, size_t n2)
{
	struct str *all = NEW_N(a, struct str, n1 + n2);

	if (n1)
		memcpy(all, one, n1 * sizeof(*all));
	if (n2)
		memcpy(all + n1, two, n2 * sizeof(*all));
	return all;
}

/* What is in a part is what is in any of its readings. */
static struct scan_archive *unite(struct arena *a, const struct scan_archive *one,
				  struct scan_archive *two)
{
	if (!one)
		return two;
	two->types = joined(a, one->types, one->n_types, two->types, two->n_types);
	two->names = joined(a, one->names, one->n_names, two->names, two->n_names);
	two->n_types += one->n_types;
	two->n_names += one->n_names;
	if (one->problem.n)
		two->problem = one->problem;
	return two;
}

/* All at once: one child, and one set of limits, for the whole mail. */
static int list_archives(struct scan *s, struct err *e)
{
	struct archive_limits limits = limits_of(s);
	struct archives found = { 0 };
	struct archive_content *content;

	find_archives(s, &found);
	content = NEW_N(s->a, struct archive_content, found.n);
	if (archive_list(s->a, s->ctx->magic, found.in, found.n, &limits, content, e) < 0)
		return err_wrap(e, "archives");
	s->archives = NEW_N(s->a, struct scan_archive *, s->n_parts);
	for (size_t i = 0; i < found.n; i++) {
		struct scan_archive **slot = &s->archives[found.aid[i] - 1];

		log_archive(&found.in[i], &content[i]);
		*slot = unite(s->a, *slot, keep(s->a, &content[i]));
	}
	return 0;
}

int scan_part_archive(struct scan *s, const struct mime *part, const struct scan_archive **out,
		      struct err *e)
{
	static const struct scan_archive nothing;

	if (!s->virus.n && !s->archives && list_archives(s, e) < 0)
		return -1;
	*out = s->archives ? s->archives[part->aid - 1] : NULL;
	if (!*out)
		*out = &nothing;
	return 0;
}
