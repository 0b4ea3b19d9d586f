/*
 * map - bytes to pointer, on an arena, in insertion order.
 *
 * Keys are compared byte by byte and copied into the arena. The hash is keyed per process, so that
 * a sender cannot choose keys that collide.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct map_entry {
	struct str key;
	void *value;
	uint64_t hash;
};

struct map {
	struct arena *a;
	struct map_entry *entries; /* n of them, in insertion order: iterate here */
	size_t n, cap;
	uint32_t *slots;
	size_t slot_count;
};

void map_init(struct map *m, struct arena *a);

/* The value, or NULL. */
void *map_get(const struct map *m, struct str key);

/* Replaces the value of an existing key, which keeps its place. */
void map_set(struct map *m, struct str key, void *value);
