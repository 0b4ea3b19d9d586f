#include "lib/archive/lister.h"

#include <archive.h>
#include <stdarg.h>

#include "base/buf.h"
#include "base/net.h"
#include "lib/archive/zip.h"

enum { BLOCK = 4096, PIECE = 64 * 1024, READINGS_MAX = 8 };

void lister_problem(struct lister *l, const char *fmt, ...)
{
	char text[RESULT_PROBLEM_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	result_problem(&l->out, str_of(text));
}

static void over(struct lister *l, const char *what)
{
	if (!l->over)
		lister_problem(l, "limit reached: %s", what);
	l->over = true;
}

static bool charge_bytes(struct lister *l, uint64_t n)
{
	if (n > l->limits.bytes - l->used.bytes) {
		over(l, "size");
		return false;
	}
	l->used.bytes += n;
	return true;
}

bool lister_charge(struct lister *l, uint64_t size)
{
	if (l->used.files >= l->limits.files) {
		over(l, "number of files");
		return false;
	}
	l->used.files++;
	if (size > l->limits.bytes)
		size = l->limits.bytes;
	return charge_bytes(l, size < BLOCK ? BLOCK : (size + BLOCK - 1) / BLOCK * BLOCK);
}

ssize_t lister_read(struct lister *l, struct content *c, char *to, size_t n)
{
	la_ssize_t got = c->rest && !l->over ? archive_read_data(c->rest, to, n) : 0;

	if (got < 0) {
		const char *why = archive_error_string(c->rest);

		lister_problem(l, "broken: %s", why ? why : "unreadable data");
		return -1;
	}
	if ((uint64_t)got <= c->charged) {
		c->charged -= (uint64_t)got;
		return got;
	}
	if (!charge_bytes(l, (uint64_t)got - c->charged))
		return -1;
	c->charged = 0;
	return got;
}

/* A type of the database, which outlives all inputs. */
static void found_type(struct lister *l, struct str t)
{
	for (size_t i = 0; i < l->n_types; i++)
		if (str_eq(l->types[i], t))
			return;
	if (t.n == 0 || l->n_types == ARCHIVE_TYPES_MAX)
		return;
	l->types[l->n_types++] = t;
	result_type(&l->out, t);
}

struct str lister_name(struct lister *l, struct str name)
{
	struct str glob;

	name = result_basename(name);
	if (name.n == 0)
		return STR_NONE;
	result_name(&l->out, name);
	glob = magic_of_name(l->magic, name);
	if (!str_eq(glob, STR("application/octet-stream")))
		found_type(l, glob);
	return glob;
}

/* All of a content, in memory that is given back with the caller's mark. */
static bool hold(struct lister *l, struct content *c, struct str *all)
{
	struct buf b;
	struct err e;
	ssize_t n;

	if (c->part) {
		if (mime_body(l->a, c->part, c->part->body.n, all, &e) < 0)
			lister_problem(l, "broken: %s", e.msg);
		return true;
	}
	*all = c->start;
	if (!c->rest)
		return true;
	buf_init(&b, l->a, l->held < ARCHIVE_HELD_MAX ? ARCHIVE_HELD_MAX - l->held : 0);
	buf_room(&b, c->start.n + c->charged < b.max ? c->start.n + c->charged : c->start.n);
	buf_add(&b, c->start);
	do {
		char *to = buf_room(&b, PIECE);

		n = to ? lister_read(l, c, to, PIECE) : 0;
		b.n += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	if (b.failed)
		lister_problem(l, "limit reached: memory");
	*all = buf_str(&b);
	return n == 0 && !b.failed && !l->over;
}

/*
 * What other programs would find in a zip file that can be read in several ways: from each place on
 * where members begin, up to the next directory.
 */
static void other_readings(struct lister *l, const struct member *m, struct str bytes)
{
	struct str directory = zip_directory(bytes), name;
	size_t at = 0;

	/* The library takes names from the headers. */
	while (zip_next_name(&directory, &name) && lister_charge(l, 0))
		lister_name(l, name);
	for (int i = 0; at < bytes.n && !l->over; i++) {
		struct content c = { .start = str_from(bytes, at) };

		if (i == READINGS_MAX) {
			lister_problem(l, "limit reached: zip files in one");
			return;
		}
		lister_library(l, &archive_zip_by_headers, m, &c);
		at = zip_next(bytes, at);
	}
}

static void open_in_memory(struct lister *l, const struct archive_kind *k, const struct member *m,
			   struct str all)
{
	if (k->reader == READER_TNEF)
		lister_tnef(l, m, all);
	else if (k->reader == READER_MAIL)
		lister_mail(l, m, all);
	else
		lister_library(l, k, m, &(struct content){ .start = all });
	if (archive_kind_is_zip(k) && !zip_is_plain(all))
		other_readings(l, m, all);
}

/* A zip file is read from its end: it may begin like any other archive. NULL: not named so. */
static const struct archive_kind *zip_by_name(const struct lister *l, const struct archive_kind *k,
					      const struct member *m)
{
	const struct archive_kind *by_name = archive_kind_find(magic_of_name(l->magic, m->name));

	return archive_kind_is_zip(by_name) && !archive_kind_is_zip(k) ? by_name : NULL;
}

static void open_whole(struct lister *l, const struct archive_kind *k, const struct member *m,
		       struct content *c)
{
	const struct archive_kind *zip = zip_by_name(l, k, m);
	struct str all;
	size_t before = l->held;

	if (!hold(l, c, &all))
		return;
	l->held += m->depth ? all.n : 0; /* what the mail itself carries is there anyway */
	open_in_memory(l, k, m, all);
	if (zip && zip_directory(all).n && !l->over)
		open_in_memory(l, zip, m, all);
	l->held = before;
}

static void open_archive(struct lister *l, const struct archive_kind *k, const struct member *m,
			 struct content *c)
{
	if (k->reader == READER_NONE)
		lister_problem(l, "no reader for %.*s", STR_ARG(k->type));
	else if (m->depth >= l->limits.depth)
		lister_problem(l, "limit reached: archives inside archives");
	else if (k->whole || c->part || zip_by_name(l, k, m))
		open_whole(l, k, m, c);
	else
		lister_library(l, k, m, c);
}

static struct str start_of(struct lister *l, const struct content *c)
{
	return c->part ? mime_body_start(l->a, c->part, magic_head(l->magic)) : c->start;
}

void lister_member(struct lister *l, const struct member *m, struct content *c)
{
	struct arena_mark mark = arena_mark(l->a);
	struct str start = start_of(l, c), glob = lister_name(l, m->name);
	struct str magic = magic_of_bytes(l->magic, start);
	const struct archive_kind *k = archive_kind_of(start, magic, m->declared, glob);

	found_type(l, magic);
	result_type(&l->out, m->declared);
	if (k)
		open_archive(l, k, m, c);
	arena_rewind(l->a, mark);
}

void lister_run(struct lister *l, const struct archive_input *in)
{
	const struct archive_kind *k = archive_kind_find(in->type);
	struct content c = { .start = in->bytes, .part = in->part };
	struct member m = { .name = in->name };
	struct arena_mark mark = arena_mark(l->a);
	int64_t start = net_now();

	l->types = NEW_N(l->a, struct str, ARCHIVE_TYPES_MAX);
	l->n_types = 0;
	l->held = 0;
	if (l->over)
		lister_problem(l, "limit reached by archives before it");
	else
		open_archive(l, k, &m, &c);
	result_end(&l->out, net_now() - start, &l->used);
	result_flush(&l->out);
	arena_rewind(l->a, mark);
}
