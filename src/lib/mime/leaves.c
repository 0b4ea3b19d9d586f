/* What is new among the leaves of other readings, and which part it belongs to. */
#include "base/buf.h"
#include "lib/mime/again_int.h"

static bool is_within(struct str s, struct str whole)
{
	return s.p >= whole.p && s.p + s.n <= whole.p + whole.n;
}

/* Where the views of a tree begin in the message, whichever copy of it they are of; or -1. */
static ptrdiff_t offset(const struct again *x, struct str s)
{
	if (is_within(s, x->root->raw))
		return s.p - x->root->mail->raw.p;
	if (x->raw_lf.p && is_within(s, x->raw_lf))
		return s.p - x->raw_lf.p;
	return -1;
}

/* Enough for telling apart: two contents that collide are in the same mail, by the same sender. */
static uint64_t fnv(struct str s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

/* What a leaf shows, whether read in this tree or in that. */
static struct str content_key(const struct again *x, const struct mime *m)
{
	ptrdiff_t at = offset(x, m->body);

	if (at >= 0)
		return str_fmt(x->a, "%td %zu %d ", at, m->body.n, m->encoding);
	return str_fmt(x->a, "- %llx %zu %d ", (unsigned long long)fnv(m->body), m->body.n,
		       m->encoding);
}

static struct str leaf_key(const struct again *x, const struct mime *m, struct str content,
			   const struct mime_names *names)
{
	struct buf b;

	buf_init(&b, x->a, SIZE_MAX);
	buf_add(&b, content);
	buf_add(&b, m->header_type);
	for (size_t i = 0; i < names->n; i++) {
		buf_addc(&b, '\n');
		buf_add(&b, names->p[i]);
	}
	return buf_str(&b);
}

/* The last part of the tree that begins at or before `place`, or the one around it that goes on to
 * its end.
 */
static uint32_t part_around(const struct mime_mail *mail, struct str place)
{
	uint32_t lo = 0, hi = mail->part_count;
	const struct mime *m;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (mail->parts[mid]->raw.p <= place.p)
			lo = mid;
		else
			hi = mid;
	}
	for (m = mail->parts[lo]; m->parent && !is_within(place, m->raw);)
		m = m->parent;
	return m->aid;
}

struct str again_place(const struct again *x, const struct mime *m)
{
	for (; m; m = m->parent) {
		ptrdiff_t at = offset(x, m->raw);

		if (at >= 0)
			return str_sub(x->root->mail->raw, (size_t)at, m->raw.n);
	}
	return x->root->mail->raw;
}

/* Both extensions count; names without one tell nobody what to start. */
static bool names_differ(struct arena *a, const struct mime *one, const struct mime *two)
{
	struct mime_names n1 = mime_names(a, one), n2 = mime_names(a, two);

	return n1.differ || n2.differ ||
	       (n1.extension.n && n2.extension.n && !str_eq(n1.extension, n2.extension));
}

static void judge(struct again *x, const struct mime *same, const struct mime *m)
{
	if (!same || !str_ieq(same->header_type, m->header_type))
		x->out->anomalies |= MIME_READING_OTHER;
	else if (names_differ(x->a, same, m))
		x->out->anomalies |= MIME_NAMES_DIFFER;
}

bool again_add(struct again *x, const struct mime *m, struct str place, const char *how)
{
	struct str content = content_key(x, m), leaf;
	struct mime_names names = mime_names(x->a, m);
	void *same = map_get(&x->contents, content);

	leaf = leaf_key(x, m, content, &names);
	if (map_get(&x->leaves, leaf))
		return false;
	if (x->found.n >= MIME_READINGS_MAX) {
		x->out->cut = true;
		return false;
	}
	judge(x, same, m);
	map_set(&x->leaves, leaf, (void *)(uintptr_t)m);
	if (!same)
		map_set(&x->contents, content, (void *)(uintptr_t)m);
	vec_add(x->a, &x->found,
		((struct mime_reading){ .part = m,
					.place = place,
					.aid = part_around(x->root->mail, place),
					.how = how }));
	return true;
}

void again_know(struct again *x, const struct mime *m)
{
	struct mime_names names = mime_names(x->a, m);
	struct str content;

	if (names.differ)
		x->out->anomalies |= MIME_NAMES_DIFFER;
	content = content_key(x, m);
	map_set(&x->contents, content, (void *)(uintptr_t)m);
	map_set(&x->leaves, leaf_key(x, m, content, &names), (void *)(uintptr_t)m);
}
