#include "base/map.h"

#include <sys/random.h>

static uint64_t seed;

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	return x ^ (x >> 32);
}

static uint64_t hash_of(struct str s)
{
	uint64_t h = seed ^ s.n, word;

	for (; s.n >= sizeof(word); s = str_from(s, sizeof(word))) {
		memcpy(&word, s.p, sizeof(word));
		h = mix(h ^ word);
	}
	word = 0;
	if (s.n)
		memcpy(&word, s.p, s.n);
	return mix(h ^ word ^ seed);
}

void map_init(struct map *m, struct arena *a)
{
	while (seed == 0)
		if (getrandom(&seed, sizeof(seed), 0) < 0)
			seed = 0x9e3779b97f4a7c15u;
	*m = (struct map){ .a = a };
}

/* The slot that holds `key`, or the free one where it belongs. */
static uint32_t *slot_of(const struct map *m, struct str key, uint64_t hash)
{
	size_t i = hash & (m->slot_count - 1);

	for (;; i = (i + 1) & (m->slot_count - 1)) {
		const struct map_entry *e;

		if (m->slots[i] == 0)
			return &m->slots[i];
		e = &m->entries[m->slots[i] - 1];
		if (e->hash == hash && str_eq(e->key, key))
			return &m->slots[i];
	}
}

static void rehash(struct map *m)
{
	m->slot_count = m->slot_count ? m->slot_count * 2 : 16;
	m->slots = NEW_N(m->a, uint32_t, m->slot_count);
	for (size_t i = 0; i < m->n; i++)
		*slot_of(m, m->entries[i].key, m->entries[i].hash) = (uint32_t)i + 1;
}

void *map_get(const struct map *m, struct str key)
{
	uint32_t slot;

	if (m->slot_count == 0)
		return NULL;
	slot = *slot_of(m, key, hash_of(key));
	return slot ? m->entries[slot - 1].value : NULL;
}

void map_set(struct map *m, struct str key, void *value)
{
	uint64_t hash = hash_of(key);
	uint32_t *slot;

	if (m->n * 2 >= m->slot_count)
		rehash(m);
	slot = slot_of(m, key, hash);
	if (*slot) {
		m->entries[*slot - 1].value = value;
		return;
	}
	if (m->n == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 8;

		m->entries = arena_grow(m->a, m->entries, m->cap * sizeof(*m->entries),
					cap * sizeof(*m->entries));
		m->cap = cap;
	}
	m->entries[m->n] = (struct map_entry){ str_copy(m->a, key), value, hash };
	*slot = (uint32_t)++m->n;
}
