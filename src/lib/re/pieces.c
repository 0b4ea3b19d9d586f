#include "lib/re/pieces.h"

#include "base/vec.h"
#include "lib/re/need.h"

void piece_set_add(struct pieces *m, struct piece_set *s, struct str text)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->p[i], text))
			return;
	vec_add(m->a, s, text);
	if (++m->work > PIECE_WORK_MAX)
		m->too_many = true;
}

struct piece piece_anything(void)
{
	return (struct piece){ 0 };
}

struct piece piece_exactly(struct pieces *m, struct str text)
{
	struct piece p = { .exact = true };

	piece_set_add(m, &p.all, text);
	return p;
}

struct piece piece_byte(struct pieces *m, int c)
{
	char *p = NEW(m->a, char);

	*p = (char)re_fold((uint8_t)c);
	return piece_exactly(m, (struct str){ p, 1 });
}

/* How well a set of literals tells texts apart; 0: not at all. */
static size_t worth(const struct piece_set *s)
{
	size_t shortest = PIECE_LITERAL_MAX;

	if (s->n == 0 || s->n > PIECE_LITERALS_MAX)
		return 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->p[i].n < shortest)
			shortest = s->p[i].n;
	if (shortest < PIECE_GRAM)
		return 0;
	return shortest * (2 * PIECE_LITERALS_MAX) + PIECE_LITERALS_MAX - s->n + 1;
}

/* One more set that a match contains something of; the least useful one gives way. */
static void consider(struct piece *p, const struct piece_set *s)
{
	size_t least = 0;

	if (p->n < PIECE_NEEDS_MAX) {
		if (worth(s))
			p->needs[p->n++] = *s;
		return;
	}
	for (size_t i = 1; i < p->n; i++)
		if (worth(&p->needs[i]) < worth(&p->needs[least]))
			least = i;
	if (worth(s) > worth(&p->needs[least]))
		p->needs[least] = *s;
}

static const struct piece_set *best(const struct piece *p)
{
	const struct piece_set *s = p->n ? &p->needs[0] : NULL;

	for (size_t i = 1; i < p->n; i++)
		if (worth(&p->needs[i]) > worth(s))
			s = &p->needs[i];
	return s;
}

/* Every text of `x` followed by every text of `y`; false if that is too much. */
static bool product(struct pieces *m, const struct piece_set *x, const struct piece_set *y,
		    struct piece_set *out)
{
	*out = (struct piece_set){ 0 };
	if (x->n * y->n > PIECE_EXACT_MAX)
		return false;
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < y->n; k++) {
			if (x->p[i].n + y->p[k].n > PIECE_LITERAL_MAX)
				return false;
			piece_set_add(m, out, str_cat(m->a, x->p[i], y->p[k]));
		}
	return true;
}

void piece_append(struct pieces *m, struct piece *so_far, const struct piece *next)
{
	struct piece_set joined;

	if (next->exact && product(m, &so_far->all, &next->all, &joined)) {
		so_far->all = joined;
		return;
	}
	so_far->exact = false;
	consider(so_far, &so_far->all);
	if (next->exact) {
		so_far->all = next->all;
	} else {
		for (size_t i = 0; i < next->n; i++)
			consider(so_far, &next->needs[i]);
		so_far->all = (struct piece_set){ 0 };
		piece_set_add(m, &so_far->all, STR(""));
	}
}

struct piece piece_finish(struct piece p)
{
	consider(&p, &p.all);
	if (!p.exact)
		p.all = (struct piece_set){ 0 };
	return p;
}

static void merge(struct pieces *m, struct piece_set *to, const struct piece_set *from)
{
	for (size_t i = 0; i < from->n && to->n <= PIECE_LITERALS_MAX; i++)
		piece_set_add(m, to, from->p[i]);
}

struct piece piece_either(struct pieces *m, const struct piece *x, const struct piece *y)
{
	struct piece p = { .exact = x->exact && y->exact };
	struct piece_set joined = { 0 };

	if (x->n && y->n) {
		merge(m, &joined, best(x));
		merge(m, &joined, best(y));
		consider(&p, &joined);
	}
	if (p.exact) {
		merge(m, &p.all, &x->all);
		merge(m, &p.all, &y->all);
	}
	if (p.all.n > PIECE_EXACT_MAX) {
		p.exact = false;
		p.all = (struct piece_set){ 0 };
	}
	return p;
}
