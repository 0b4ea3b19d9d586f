/*
 * mime_parse: bytes in memory to the full tree with headers and parameters, bodies not decoded; our
 * parser and GMime in turn over the same mails. One line per corpus and one for all mails.
 *
 * Ours uses one arena that is reset after each mail, as the filter does. GMime parses from a memory
 * stream over the same bytes and keeps views into it (persistent stream), which is its way of not
 * copying bodies.
 */
#include <time.h>

#include <gmime/gmime.h>

#include "base/vec.h"
#include "lib/mime/mime.h"
#include "mails/mails.h"

enum { ROUNDS = 5, ROUND_MS = 300 };

struct corpus {
	const char *name; /* of the figure */
	VEC(struct str) mails;
	size_t bytes;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t parse_ours(const struct corpus *c)
{
	static struct arena *a;
	size_t parts = 0;

	if (!a)
		a = arena_open("mail", (size_t)1 << 28);
	for (size_t i = 0; i < c->mails.n; i++) {
		struct mime *m;
		struct err e;

		if (mime_parse(a, c->mails.p[i], NULL, &m, &e) < 0)
			return 0;
		parts += m->mail->part_count;
		arena_reset(a);
	}
	return parts;
}

static void count_part(GMimeObject *parent, GMimeObject *part, gpointer count)
{
	(void)parent;
	(void)part;
	++*(size_t *)count;
}

static size_t parse_gmime(const struct corpus *c)
{
	size_t parts = 0;

	for (size_t i = 0; i < c->mails.n; i++) {
		GByteArray bytes = { (guint8 *)c->mails.p[i].p, (guint)c->mails.p[i].n };
		GMimeStream *stream = g_mime_stream_mem_new();
		GMimeParser *parser;
		GMimeMessage *message;

		g_mime_stream_mem_set_byte_array((GMimeStreamMem *)stream, &bytes);
		g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
		parser = g_mime_parser_new_with_stream(stream);
		g_mime_parser_set_persist_stream(parser, TRUE);
		message = g_mime_parser_construct_message(parser, NULL);
		if (message) {
			g_mime_message_foreach(message, count_part, &parts);
			g_object_unref(message);
		}
		g_object_unref(parser);
		g_object_unref(stream);
	}
	return parts;
}

/* MB/s of one round: whole passes until the time is up. */
static double round_of(const struct corpus *c, size_t (*parse)(const struct corpus *c))
{
	double start = seconds(), now;
	size_t passes = 0;

	do {
		if (!parse(c))
			return 0;
		passes++;
		now = seconds();
	} while (now - start < ROUND_MS / 1e3);
	return (double)(passes * c->bytes) / (now - start) / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void run(const struct corpus *c)
{
	double ours[ROUNDS], gmime[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		ours[i] = round_of(c, parse_ours);
		gmime[i] = round_of(c, parse_gmime);
	}
	qsort(ours, ROUNDS, sizeof(*ours), compare);
	qsort(gmime, ROUNDS, sizeof(*gmime), compare);
	printf("%s: %.0f MB/s (ratio %.1f to GMime)\n", c->name, ours[ROUNDS / 2],
	       ours[ROUNDS / 2] / gmime[ROUNDS / 2]);
	fflush(stdout);
}

static void add(struct arena *a, struct corpus *c, struct str mail)
{
	vec_add(a, &c->mails, mail);
	c->bytes += mail.n;
}

/* The mails of an archive whose names begin with `prefix`, for their own figure and for `all`. */
static int load(struct arena *a, const char *archive, struct str prefix, struct corpus *own,
		struct corpus *all)
{
	struct mail_files files;
	struct err e;

	if (mails_read(a, archive, &files, &e) < 0) {
		printf("SKIPPED: %s\n", e.msg);
		return e.code == ERR_NOTFOUND ? SKIPPED : 1;
	}
	for (size_t i = 0; i < files.n; i++) {
		if (!str_starts(files.p[i].name, prefix) || !mails_is_mail(files.p[i].bytes))
			continue;
		add(a, own, files.p[i].bytes);
		add(a, all, files.p[i].bytes);
	}
	return 0;
}

int main(void)
{
	CLEAN_ARENA struct arena *a = arena_open("corpora", (size_t)1 << 31);
	struct corpus ham = { .name = "mime_parse_ham" }, mime = { .name = "mime_parse_mime" };
	struct corpus all = { .name = "mime_parse" };
	int status;

	status = load(a, "mail-spamassassin-public", STR("spamassassin-public/ham/"), &ham, &all);
	if (!status)
		status = load(a, "mime-torture", STR(""), &mime, &all);
	/* A machine without the corpora has no figure, which is no failure. */
	if (status)
		return status == SKIPPED ? 0 : status;
	g_mime_init();
	run(&ham);
	run(&mime);
	run(&all);
	return 0;
}
