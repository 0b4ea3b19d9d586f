#include "lib/schema/record.h"

static int store_one(struct arena *a, const struct prop *table, void *record,
		     const struct record_input *in, struct prop_set *given, struct err *e)
{
	const struct prop *p = prop_find(table, in->name);
	size_t row;

	if (!p)
		return err_set(e, ERR_INVALID, "there is no such setting");
	row = (size_t)(p - table);
	ASSERT(row < PROP_ROWS_MAX);
	if (prop_set_has(given, row))
		return err_set(e, ERR_INVALID, "given twice");
	if (prop_store(a, p, record, in->value, e) < 0)
		return -1;
	prop_set_add(given, row);
	return 0;
}

size_t record_parse(struct arena *a, const struct prop *table, void *record,
		    const struct record_input *in, size_t n, struct prop_set *given,
		    struct record_complaints *complaints)
{
	size_t before = complaints->list.n;
	struct err e;

	for (size_t i = 0; i < n; i++) {
		if (store_one(a, table, record, &in[i], given, &e) == 0)
			continue;
		vec_add(a, &complaints->list,
			((struct record_complaint){ i, str_copy(a, str_of(e.msg)) }));
	}
	return complaints->list.n - before;
}
