/*
 * buf - a growable buffer that knows at birth how large it may become.
 *
 * Appending cannot fail one by one: the first append that would exceed the maximum marks the
 * buffer as failed, later ones do nothing, and buf_done() reports it once.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct buf {
	struct arena *a;
	char *p;
	size_t n, cap, max;
	bool failed;
};

void buf_init(struct buf *b, struct arena *a, size_t max);
void buf_add(struct buf *b, struct str s);
void buf_addz(struct buf *b, const char *z);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);

/*
 * At most `max` bytes of `s` as a part of one line for people: what a terminal would obey or hide
 * (control and direction characters, bytes that are no UTF-8) becomes a question mark, and "..."
 * says that there is more.
 */
void buf_add_visible(struct buf *b, struct str s, size_t max);

/* Room for `n` more bytes, NULL if that would exceed the maximum; b->n is the caller's to move. */
char *buf_room(struct buf *b, size_t n);

/* What is there so far; valid until the next append. */
struct str buf_str(const struct buf *b);

/* Byte after byte, so the usual case is here. */
static inline void buf_addc(struct buf *b, char c)
{
	if (!b->failed && b->n < b->cap && b->n < b->max)
		b->p[b->n++] = c;
	else
		buf_add(b, (struct str){ &c, 1 });
}

/* The content; ERR_LIMIT, with the maximum in the message, if it did not fit. */
MUST_CHECK int buf_done(struct buf *b, struct str *out, struct err *e);
