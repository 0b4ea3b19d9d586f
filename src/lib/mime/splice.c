#include "lib/mime/edit_int.h"

void mime_edit_init(struct mime_edit *ed, struct arena *a, const struct mime *root)
{
	*ed = (struct mime_edit){ .a = a, .root = root };
}

void mime_edit_copy(struct mime_edit *to, const struct mime_edit *from)
{
	*to = *from;
	to->cap = from->n;
	to->splices = NEW_N(to->a, struct mime_splice, from->n);
	if (from->n)
		memcpy(to->splices, from->splices, from->n * sizeof(*to->splices));
}

bool mime_edit_is_empty(const struct mime_edit *ed)
{
	return ed->n == 0;
}

bool mime_edit_is_same(const struct mime_edit *x, const struct mime_edit *y)
{
	if (x->root != y->root || x->n != y->n)
		return false;
	for (uint32_t i = 0; i < x->n; i++)
		if (x->splices[i].off != y->splices[i].off ||
		    x->splices[i].len != y->splices[i].len ||
		    !str_eq(x->splices[i].with, y->splices[i].with))
			return false;
	return true;
}

uint32_t mime_last_inside(const struct mime *part)
{
	const struct mime_mail *mail = part->mail;
	uint32_t i = part->aid;

	while (i < mail->part_count && mail->parts[i]->depth > part->depth)
		i++;
	return i;
}

static uint64_t rank_of(const struct mime *part, enum splice_kind kind)
{
	if (kind == SPLICE_CLOSE)
		return UINT64_MAX;
	return (uint64_t)(kind == SPLICE_LAST ? mime_last_inside(part) : part->aid) *
		       SPLICE_KINDS +
	       kind;
}

static bool is_before(const struct mime_splice *s, size_t off, uint64_t rank)
{
	return s->off < off || (s->off == off && s->rank < rank);
}

/* Index of the first splice that is not before (off, rank). */
static uint32_t lower_bound(const struct mime_edit *ed, size_t off, uint64_t rank)
{
	uint32_t lo = 0, hi = ed->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (is_before(&ed->splices[mid], off, rank))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void make_room(struct mime_edit *ed)
{
	uint32_t more = ed->cap ? ed->cap * 2 : 8;

	if (ed->n < ed->cap)
		return;
	ed->splices = arena_grow(ed->a, ed->splices, ed->cap * sizeof(*ed->splices),
				 more * sizeof(*ed->splices));
	ed->cap = more;
}

struct mime_splice *mime_splice_add(struct mime_edit *ed, const struct mime *part,
				    enum splice_kind kind, const char *at, size_t len)
{
	size_t off = (size_t)(at - ed->root->mail->raw.p);
	uint64_t rank = rank_of(part, kind);
	uint32_t i = lower_bound(ed, off, kind == SPLICE_ADDED ? rank : rank + 1);
	struct mime_splice *s;

	if (kind == SPLICE_CLOSE)
		i = ed->n;
	make_room(ed);
	s = &ed->splices[i];
	memmove(s + 1, s, (ed->n - i) * sizeof(*s));
	ed->n++;
	*s = (struct mime_splice){
		.off = off, .len = len, .rank = rank, .aid = part->aid, .kind = kind
	};
	return s;
}

uint32_t mime_splice_at(const struct mime_edit *ed, const char *at)
{
	return lower_bound(ed, (size_t)(at - ed->root->mail->raw.p), 0);
}

void mime_splice_drop(struct mime_edit *ed, const char *from, const char *to,
		      bool (*drop)(const struct mime_splice *s, const void *ctx), const void *ctx)
{
	uint32_t first = mime_splice_at(ed, from), end = mime_splice_at(ed, to + 1), n = first, i;

	for (i = first; i < end; i++)
		if (!drop(&ed->splices[i], ctx))
			ed->splices[n++] = ed->splices[i];
	if (n == end)
		return;
	memmove(&ed->splices[n], &ed->splices[end], (ed->n - end) * sizeof(*ed->splices));
	ed->n -= end - n;
}

/*
 * Nothing is left inside a replaced part, so the last splice that is not behind the start of a part
 * is the one that replaced it, or one around it, if any did.
 */
bool mime_edit_is_gone(const struct mime_edit *ed, const struct mime *part)
{
	size_t off = (size_t)(part->raw.p - ed->root->mail->raw.p);
	uint32_t i = lower_bound(ed, off, rank_of(part, SPLICE_PART) + 1);
	const struct mime_splice *s = i ? &ed->splices[i - 1] : NULL;

	if (!s)
		return false;
	if (s->kind == SPLICE_CONTENT)
		return part->aid > 1;
	return s->kind == SPLICE_PART && s->aid <= part->aid && part->aid <= s->last_aid;
}

struct mime_splice *mime_splice_of_field(const struct mime_edit *ed, const struct mime_header *h)
{
	size_t off = (size_t)(h->whole.p - ed->root->mail->raw.p);

	for (uint32_t i = lower_bound(ed, off, 0); i < ed->n && ed->splices[i].off == off; i++)
		if (ed->splices[i].kind == SPLICE_FIELD)
			return &ed->splices[i];
	return NULL;
}
