#define BASE_MAY_ALLOCATE
#include "base/arena.h"

#include <malloc.h>

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"

#ifdef __SANITIZE_ADDRESS__
#define ARENA_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
enum { RED_ZONE = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
enum { RED_ZONE = 0 };
#endif

enum {
	CHUNK_MIN = 64 * 1024,
	ALIGN = 16,
	/* What a mail larger than most has taken goes back to the system: malloc would keep it. */
	TRIM_AFTER = 256 << 10,
};

struct chunk {
	struct chunk *prev;
	size_t size, used;
	alignas(ALIGN) char data[];
};

struct callback {
	struct callback *next;
	void (*fn)(void *);
	void *ptr;
};

struct arena {
	const char *name;
	size_t cap, total;
	struct chunk *last;
	struct callback *callbacks;
};

static NORETURN void arena_die(const struct arena *a, size_t n, const char *why)
{
	log_err("memory of '%s': %s (%zu bytes in use, %zu more wanted)", a->name, why, a->total,
		n);
	_Exit(71);
}

static void chunk_add(struct arena *a, size_t need)
{
	size_t size = need > CHUNK_MIN ? need : CHUNK_MIN;
	struct chunk *c;

	/* Large arenas take larger chunks, so that their number stays small. */
	if (size < a->total / 4)
		size = a->total / 4;
	c = malloc(sizeof(*c) + size);
	if (!c)
		arena_die(a, need, "out of memory");
	c->prev = a->last;
	c->size = size;
	c->used = 0;
	a->last = c;
	ASAN_POISON_MEMORY_REGION(c->data, c->size);
}

static size_t padded(size_t n)
{
	return (n + RED_ZONE + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

struct arena *arena_open(const char *name, size_t cap)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a) {
		log_err("memory of '%s': out of memory", name);
		_Exit(71);
	}
	a->name = name;
	a->cap = cap;
	return a;
}

static void run_callbacks(struct arena *a)
{
	struct callback *c = a->callbacks;

	a->callbacks = NULL;
	for (; c; c = c->next)
		c->fn(c->ptr);
}

void arena_reset(struct arena *a)
{
	bool much = a->total > TRIM_AFTER;

	run_callbacks(a);
	while (a->last && (a->last->prev || a->last->size > CHUNK_MIN)) {
		struct chunk *prev = a->last->prev;

		ASAN_UNPOISON_MEMORY_REGION(a->last->data, a->last->size);
		free(a->last);
		a->last = prev;
	}
	if (a->last) {
		a->last->used = 0;
		ASAN_POISON_MEMORY_REGION(a->last->data, a->last->size);
	}
	a->total = 0;
	if (much)
		malloc_trim(0);
}

void arena_close(struct arena *a)
{
	arena_reset(a);
	if (a->last) {
		ASAN_UNPOISON_MEMORY_REGION(a->last->data, a->last->size);
		free(a->last);
	}
	free(a);
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t need;
	char *p;

	if (n > a->cap || a->total > a->cap - n)
		arena_die(a, n, "the limit is reached");
	need = padded(n ? n : 1);
	if (!a->last || a->last->size - a->last->used < need)
		chunk_add(a, need);
	p = a->last->data + a->last->used;
	a->last->used += need;
	a->total += need;
	ASAN_UNPOISON_MEMORY_REGION(p, n ? n : 1);
	memset(p, 0, n);
	return p;
}

void *arena_alloc_n(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		arena_die(a, SIZE_MAX, "the limit is reached");
	return arena_alloc(a, total);
}

static bool grow_in_place(struct arena *a, const char *p, size_t old, size_t n)
{
	struct chunk *c = a->last;
	size_t before = padded(old ? old : 1), after = padded(n);

	if (!c || p + before != c->data + c->used || c->size - (c->used - before) < after)
		return false;
	if (a->total - before > a->cap || after > a->cap - (a->total - before))
		return false;
	c->used += after - before;
	a->total += after - before;
	return true;
}

void *arena_grow(struct arena *a, void *p, size_t old, size_t n)
{
	char *to;

	ASSERT(n >= old);
	if (p && grow_in_place(a, p, old, n)) {
		ASAN_UNPOISON_MEMORY_REGION(p, n);
		memset((char *)p + old, 0, n - old);
		return p;
	}
	to = arena_alloc(a, n);
	if (old)
		memcpy(to, p, old);
	return to;
}

char *arena_take(struct arena *a, char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = arena_alloc(a, n);

	memcpy(copy, text, n);
	free(text);
	return copy;
}

void arena_on_free(struct arena *a, void (*fn)(void *), void *ptr)
{
	struct callback *c = NEW(a, struct callback);

	*c = (struct callback){ a->callbacks, fn, ptr };
	a->callbacks = c;
}

struct arena_mark arena_mark(struct arena *a)
{
	return (struct arena_mark){ a->last, a->last ? a->last->used : 0, a->total };
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
	while (a->last && a->last != mark.chunk) {
		struct chunk *prev = a->last->prev;

		ASAN_UNPOISON_MEMORY_REGION(a->last->data, a->last->size);
		free(a->last);
		a->last = prev;
	}
	if (a->last) {
		a->last->used = mark.used;
		ASAN_POISON_MEMORY_REGION(a->last->data + mark.used, a->last->size - mark.used);
	}
	a->total = mark.total;
}

size_t arena_used(const struct arena *a)
{
	return a->total;
}
