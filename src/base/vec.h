/*
 * vec - a growable array on an arena.
 *
 *	VEC(struct part) parts = { 0 };
 *	struct part *p = vec_push(a, &parts);	 a new zeroed element
 *	for (size_t i = 0; i < parts.n; i++) … parts.p[i] …
 *
 * Pointers to elements are valid until the next push.
 */
#pragma once

#include "base/arena.h"

#define VEC(type) \
	struct { \
		type *p; \
		size_t n, cap; \
	}

#define vec_push(a, v) \
	((v)->p = vec_room_((a), (v)->p, &(v)->cap, (v)->n, sizeof(*(v)->p)), &(v)->p[(v)->n++])

#define vec_add(a, v, value) (*vec_push((a), (v)) = (value))

static inline void *vec_room_(struct arena *a, void *p, size_t *cap, size_t n, size_t size)
{
	size_t more;

	if (n < *cap)
		return p;
	more = *cap ? *cap * 2 : 8;
	p = arena_grow(a, p, *cap * size, more * size);
	*cap = more;
	return p;
}
