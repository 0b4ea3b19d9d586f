/*
 * For the tests of the views: a mail from a literal, and comparing texts.
 */
#pragma once

#include "gw/spam/views.h"
#include "lib/uri/domains.h"

static struct arena *arena;
static struct uri_domains *domains;
static struct spam_view_options options;

static int setup(void **state UNUSED)
{
	static const char *const names[] = { "com", "net", "org", "uk", "co.uk", "test", NULL };

	arena = arena_open("test", (size_t)1 << 30);
	domains = uri_domains_new(arena);
	for (int i = 0; names[i]; i++)
		uri_domains_add(domains, str_of(names[i]));
	spam_view_options_init(&options, domains);
	return 0;
}

static int teardown(void **state UNUSED)
{
	arena_close(arena);
	return 0;
}

/* From an exact heap copy's bounds: a sanitizer sees one byte read too many. */
static inline struct spam_message *read_bytes(struct str raw)
{
	struct spam_mail mail = { .raw = raw };

	return spam_message_read(arena, &mail, &options);
}

static inline struct spam_message *read_mail(const char *text)
{
	return read_bytes(str_of(text));
}

#define assert_str(got, want) assert_string_equal(str_z(arena, got), want)

/* The texts one after the other, each in brackets. */
static inline const char *listed(struct spam_texts t)
{
	struct str all = STR_NONE;

	for (size_t i = 0; i < t.n; i++)
		all = str_cat(arena, all, str_fmt(arena, "[%.*s]", STR_ARG(t.v[i])));
	return str_z(arena, all);
}

/* `n` times `piece`, with `head` before and `tail` after. */
static inline struct str repeated(const char *head, const char *piece, size_t n, const char *tail)
{
	size_t h = strlen(head), p = strlen(piece), t = strlen(tail);
	char *all = arena_alloc(arena, h + p * n + t);

	memcpy(all, head, h);
	for (size_t i = 0; i < n; i++)
		memcpy(all + h + i * p, piece, p);
	memcpy(all + h + n * p, tail, t);
	return (struct str){ all, h + p * n + t };
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
