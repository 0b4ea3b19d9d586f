#include "gw/rules/trace.h"

size_t trace_add(struct trace *t, enum trace_kind kind, const void *of, size_t n)
{
	struct trace_step *s = vec_push(t->a, &t->steps);

	s->kind = kind;
	s->of = of;
	s->n = n;
	return t->steps.n - 1;
}
