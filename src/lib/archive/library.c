/* Archives that libarchive opens. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "lib/archive/lister.h"
#include "lib/archive/rar5.h"

enum {
	PIECE = 64 * 1024,
	STUMBLES_MAX = 100,
	SECTOR = 2048, /* of a disk image */
	DESCRIPTOR_FIRST = 16,
	DESCRIPTOR_LAST = 23, /* a program may write more, but none is known to */
	IMAGE_HEAD = (DESCRIPTOR_LAST + 1) * SECTOR,
};

/* Hands an archive that is not in memory to libarchive piece by piece. */
struct feed {
	struct lister *l;
	struct content *c;
	bool started;
	char piece[PIECE];
};

static la_ssize_t feed_next(struct archive *h, void *ctx, const void **out)
{
	struct feed *f = ctx;
	ssize_t n;

	if (!f->started) {
		f->started = true;
		*out = f->c->start.p;
		return (la_ssize_t)f->c->start.n;
	}
	n = lister_read(f->l, f->c, f->piece, sizeof(f->piece));
	if (n < 0)
		archive_set_error(h, EIO, "the archive around it is broken");
	*out = f->piece;
	return n;
}

static void broken(struct lister *l, struct archive *h)
{
	const char *why = archive_error_string(h);

	if (archive_read_has_encrypted_entries(h) > 0)
		lister_problem(l, "encrypted");
	else
		lister_problem(l, "broken: %s", why ? why : "unknown format");
}

static int open_handle(struct lister *l, struct archive *h, struct content *c)
{
	struct feed *f;

	if (!c->rest)
		return archive_read_open_memory(h, c->start.p, c->start.n);
	f = NEW(l->a, struct feed);
	f->l = l;
	f->c = c;
	return archive_read_open(h, f, NULL, feed_next, NULL);
}

/* Lengthens the beginning of a content to `max` bytes, if there are so many. */
static void read_start(struct lister *l, struct content *c, size_t max)
{
	size_t n = c->start.n;
	ssize_t got;
	char *p;

	if (!c->rest || n >= max)
		return;
	p = NEW_N(l->a, char, max);
	if (n)
		memcpy(p, c->start.p, n);
	while (n < max && (got = lister_read(l, c, p + n, max - n)) > 0)
		n += (size_t)got;
	c->start = (struct str){ p, n };
	if (n < max)
		c->rest = NULL;
}

static struct str entry_name(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	return str_of(name ? name : archive_entry_pathname_utf8(entry));
}

/* The one member of a compressed file: its name may stand inside, and follows from outside. */
static struct str single_name(struct lister *l, const struct member *outer,
			      struct archive_entry *entry)
{
	struct str name = entry_name(entry);

	if (!str_eq(name, STR("data")))
		lister_name(l, name);
	return archive_inner_name(l->a, outer->name);
}

/* A file whose data can be read. */
static void file(struct lister *l, struct archive *h, const struct member *m, uint64_t size)
{
	struct content c = { .rest = h, .charged = size };

	read_start(l, &c, magic_head(l->magic));
	lister_member(l, m, &c);
}

/* To the end of a compressed file, which shows whether it is whole. */
static void drain(struct lister *l, struct archive *h)
{
	struct content c = { .rest = h };
	char piece[PIECE];

	while (lister_read(l, &c, piece, sizeof(piece)) > 0)
		;
}

static void entry_seen(struct lister *l, struct archive *h, const struct archive_kind *k,
		       const struct member *outer, struct archive_entry *entry)
{
	struct member m = { .depth = outer->depth + 1 };
	uint64_t size = archive_entry_size(entry) > 0 ? (uint64_t)archive_entry_size(entry) : 0;
	bool fits = lister_charge(l, size);

	if (archive_entry_filetype(entry) == AE_IFDIR)
		return;
	m.name = k->single ? single_name(l, outer, entry) : entry_name(entry);
	if (archive_entry_is_encrypted(entry))
		lister_problem(l, "encrypted");
	else if (fits && !archive_entry_symlink(entry) && !archive_entry_hardlink(entry)) {
		file(l, h, &m, size);
		if (k->single)
			drain(l, h);
		return;
	}
	lister_name(l, m.name);
}

static void walk(struct lister *l, struct archive *h, const struct archive_kind *k,
		 const struct member *outer)
{
	struct archive_entry *entry;
	struct arena_mark mark;
	uint64_t before = l->used.files;
	int stumbles = 0, rc;

	while (!l->over) {
		rc = archive_read_next_header(h, &entry);
		if (rc == ARCHIVE_EOF)
			break;
		if (rc < ARCHIVE_WARN)
			broken(l, h);
		if (rc == ARCHIVE_FATAL || (rc < ARCHIVE_WARN && ++stumbles == STUMBLES_MAX))
			return;
		mark = arena_mark(l->a);
		if (rc >= ARCHIVE_WARN)
			entry_seen(l, h, k, outer, entry);
		arena_rewind(l->a, mark);
	}
	if (archive_read_has_encrypted_entries(h) > 0)
		lister_problem(l, "encrypted");
	else if (l->used.files == before && !l->over)
		lister_problem(l, "broken: nothing is in it");
}

/* What the library does not notice. */
static void check_rar5(struct lister *l, struct str bytes)
{
	enum rar5_state state = rar5_check(bytes);

	if (state != RAR5_FINE)
		lister_problem(l,
			       state == RAR5_ENCRYPTED ? "encrypted" : "broken: it is cut short");
}

/*
 * An image may have a second file system, UDF, which the library does not know and others prefer.
 * Where the descriptors of both stand: ECMA-119, 6.2.1; ECMA-167, part 2, 8.3 and part 3, 9.1.
 */
static void check_image(struct lister *l, const struct archive_kind *k, struct content *c)
{
	if (k->prepare != archive_read_support_format_iso9660)
		return;
	read_start(l, c, IMAGE_HEAD);
	for (size_t i = DESCRIPTOR_FIRST; i <= DESCRIPTOR_LAST; i++)
		if (str_starts(str_from(c->start, i * SECTOR + 1), STR("NSR0"))) {
			lister_problem(l, "no reader for UDF");
			return;
		}
}

void lister_library(struct lister *l, const struct archive_kind *k, const struct member *m,
		    struct content *c)
{
	struct archive *h = archive_read_new();

	check_rar5(l, c->start);
	check_image(l, k, c);
	if (!h || k->prepare(h) < ARCHIVE_WARN || open_handle(l, h, c) < ARCHIVE_WARN)
		lister_problem(l, "broken: %s",
			       h && archive_error_string(h) ? archive_error_string(h)
							    : "no memory");
	else
		walk(l, h, k, m);
	archive_read_free(h);
}
