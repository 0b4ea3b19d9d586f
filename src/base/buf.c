#include "base/buf.h"

#include <stdarg.h>

#include "base/utf8.h"

void buf_init(struct buf *b, struct arena *a, size_t max)
{
	*b = (struct buf){ .a = a, .max = max };
}

char *buf_room(struct buf *b, size_t n)
{
	size_t cap;

	if (b->failed || n > b->max - b->n) {
		b->failed = true;
		return NULL;
	}
	if (b->cap - b->n < n || !b->p) {
		cap = b->cap * 2 > b->n + n ? b->cap * 2 : b->n + n;
		if (cap < 64)
			cap = 64;
		b->p = arena_grow(b->a, b->p, b->cap, cap);
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_add(struct buf *b, struct str s)
{
	char *to = buf_room(b, s.n);

	if (to && s.n) {
		memcpy(to, s.p, s.n);
		b->n += s.n;
	}
}

void buf_addz(struct buf *b, const char *z)
{
	buf_add(b, str_of(z));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	ASSERT(n >= 0);
	to = buf_room(b, (size_t)n + 1);
	if (!to)
		return;
	va_start(ap, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

static bool is_visible(int32_t c)
{
	if (c == '\t')
		return true;
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	return !(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2060 && c <= 0x206f) && c != 0xfeff;
}

void buf_add_visible(struct buf *b, struct str s, size_t max)
{
	struct str rest = utf8_cut(s, max);
	size_t shown = rest.n;

	while (rest.n) {
		struct str from = rest;

		if (is_visible(utf8_next(&rest)))
			buf_add(b, str_sub(from, 0, from.n - rest.n));
		else
			buf_addc(b, '?');
	}
	if (shown < s.n)
		buf_addz(b, "...");
}

struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p ? b->p : "", b->n };
}

int buf_done(struct buf *b, struct str *out, struct err *e)
{
	if (b->failed)
		return err_set(e, ERR_LIMIT, "more than %zu bytes", b->max);
	*out = buf_str(b);
	return 0;
}
