#include "gw/rules/marks.h"

static uint32_t words(uint32_t n)
{
	return (n + 63) / 64;
}

/* Bits of the last word that stand for parts. */
static uint64_t tail(uint32_t n)
{
	return n % 64 ? ((uint64_t)1 << (n % 64)) - 1 : ~(uint64_t)0;
}

static struct marks all_parts(struct arena *a, uint32_t n)
{
	struct marks m = { MARKS_SET, NEW_N(a, uint64_t, words(n)) };

	for (uint32_t i = 0; i < words(n); i++)
		m.bits[i] = ~(uint64_t)0;
	m.bits[words(n) - 1] &= tail(n);
	return m;
}

/* An empty set is no match. */
static struct marks settled(struct marks m, uint32_t n)
{
	for (uint32_t i = 0; i < words(n); i++)
		if (m.bits[i])
			return m;
	return (struct marks){ 0 };
}

void marks_add(struct marks *m, struct arena *a, uint32_t n, uint32_t aid)
{
	if (m->kind != MARKS_SET)
		*m = (struct marks){ MARKS_SET, NEW_N(a, uint64_t, words(n)) };
	m->bits[(aid - 1) / 64] |= (uint64_t)1 << ((aid - 1) % 64);
}

bool marks_has(const struct marks *m, uint32_t aid)
{
	return m->kind == MARKS_SET && (m->bits[(aid - 1) / 64] >> ((aid - 1) % 64) & 1);
}

struct marks marks_and(struct arena *a, uint32_t n, struct marks x, struct marks y)
{
	struct marks m;

	if (x.kind == MARKS_NONE || y.kind == MARKS_NONE)
		return (struct marks){ 0 };
	if (x.kind == MARKS_WHOLE)
		return y;
	if (y.kind == MARKS_WHOLE)
		return x;
	m = (struct marks){ MARKS_SET, NEW_N(a, uint64_t, words(n)) };
	for (uint32_t i = 0; i < words(n); i++)
		m.bits[i] = x.bits[i] & y.bits[i];
	return settled(m, n);
}

static struct marks sum(struct arena *a, uint32_t n, struct marks x, struct marks y)
{
	struct marks m = { MARKS_SET, NEW_N(a, uint64_t, words(n)) };

	for (uint32_t i = 0; i < words(n); i++)
		m.bits[i] = x.bits[i] | y.bits[i];
	return m;
}

struct marks marks_or(struct arena *a, uint32_t n, struct marks x, struct marks y)
{
	if (x.kind == MARKS_NONE)
		return y;
	if (y.kind == MARKS_NONE)
		return x;
	if (x.kind == MARKS_SET && y.kind == MARKS_SET)
		return sum(a, n, x, y);
	return x.kind == MARKS_SET || y.kind == MARKS_SET ? all_parts(a, n) : x;
}

struct marks marks_not(struct arena *a, uint32_t n, struct marks x)
{
	struct marks m;

	if (x.kind == MARKS_NONE)
		return all_parts(a, n);
	if (x.kind == MARKS_WHOLE)
		return (struct marks){ 0 };
	m = all_parts(a, n);
	for (uint32_t i = 0; i < words(n); i++)
		m.bits[i] &= ~x.bits[i];
	return settled(m, n);
}

struct marks marks_unite(struct arena *a, uint32_t n, struct marks x, struct marks y)
{
	if (x.kind == MARKS_SET && y.kind == MARKS_SET)
		return sum(a, n, x, y);
	if (x.kind == MARKS_SET)
		return x;
	return y.kind == MARKS_NONE ? x : y;
}

struct verdict verdict_and(struct arena *a, uint32_t n, struct verdict x, struct verdict y)
{
	return (struct verdict){ marks_and(a, n, x.some, y.some),
				 marks_and(a, n, x.every, y.every) };
}

struct verdict verdict_or(struct arena *a, uint32_t n, struct verdict x, struct verdict y)
{
	return (struct verdict){ marks_or(a, n, x.some, y.some), marks_or(a, n, x.every, y.every) };
}

struct verdict verdict_not(struct arena *a, uint32_t n, struct verdict x)
{
	return (struct verdict){ marks_not(a, n, x.every), marks_not(a, n, x.some) };
}

struct verdict verdict_unite(struct arena *a, uint32_t n, struct verdict x, struct verdict y)
{
	return (struct verdict){ marks_unite(a, n, x.some, y.some),
				 marks_unite(a, n, x.every, y.every) };
}

bool verdict_in_doubt(uint32_t n, const struct verdict *v)
{
	if (v->some.kind != v->every.kind)
		return true;
	return v->some.kind == MARKS_SET &&
	       memcmp(v->some.bits, v->every.bits, words(n) * sizeof(uint64_t)) != 0;
}
