/*
 * arena - the memory of one unit of work.
 *
 * A mail, a request, a command has one arena; everything allocated for it comes from there and goes
 * in one arena_reset(). There is no free for a single allocation. Whatever a function returns lives
 * as long as the arena it was given: that is the whole ownership rule.
 *
 * An arena has a cap. Reaching it, or running out of memory, logs the arena's name and ends the
 * process: the caller's own limits on input are meant to be met long before.
 */
#pragma once

#include <stddef.h>

#include "base/lint.h"

struct arena;

struct arena_mark {
	void *chunk;
	size_t used, total;
};

/* `name` is kept by reference; `cap` is in bytes. Never NULL. */
struct arena *arena_open(const char *name, size_t cap);
void arena_close(struct arena *a);

/* Runs the callbacks, newest first, and forgets everything allocated; keeps one chunk. */
void arena_reset(struct arena *a);

/* `n` zeroed bytes, aligned for any type. n = 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t n);

/*
 * Makes an allocation of `old` bytes `n` bytes large and returns where it now is: in place if it
 * was the newest one, else a copy. The new bytes are zero.
 */
void *arena_grow(struct arena *a, void *p, size_t old, size_t n);

/* A copy of a text that a library has allocated for its caller, who is to free it: freed here. */
char *arena_take(struct arena *a, char *text);

/* Calls fn(ptr) when the arena is reset or closed: for what is not memory. */
void arena_on_free(struct arena *a, void (*fn)(void *), void *ptr);

/*
 * What is allocated between mark and rewind is forgotten by the rewind. Callbacks registered in
 * between are not allowed.
 */
struct arena_mark arena_mark(struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark mark);

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

static inline void clean_arena_(struct arena **a)
{
	if (*a)
		arena_close(*a);
}
#define CLEAN_ARENA __attribute__((cleanup(clean_arena_)))

#define NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define NEW_N(a, type, n) ((type *)arena_alloc_n((a), (n), sizeof(type)))
void *arena_alloc_n(struct arena *a, size_t n, size_t size);
