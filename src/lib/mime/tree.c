#include "lib/mime/mime_int.h"

struct mime *mime_walk(const struct mime *top, const struct mime *m)
{
	if (m->child)
		return m->child;
	while (m != top && !m->next)
		m = m->parent;
	return m == top ? NULL : m->next;
}

static const struct mime_header *find_from(const struct mime *m, uint32_t i, struct str name)
{
	for (; i < m->header_count; i++)
		if (m->headers[i].name.n == name.n && str_ieq(m->headers[i].name, name))
			return &m->headers[i];
	return NULL;
}

const struct mime_header *mime_find(const struct mime *m, struct str name)
{
	return find_from(m, 0, name);
}

const struct mime_header *mime_find_next(const struct mime *m, const struct mime_header *h,
					 struct str name)
{
	return find_from(m, (uint32_t)(h - m->headers) + 1, name);
}

struct str mime_message_id(struct arena *a, const struct mime *m)
{
	const struct mime_header *h = mime_find(m, STR("Message-Id")), *last = h;

	while (h) {
		last = h;
		h = mime_find_next(m, h, STR("Message-Id"));
	}
	return last ? str_trim(mime_unfold(a, last->value)) : STR("");
}

struct str mime_charset(const struct mime *m)
{
	for (uint32_t i = 0; i < m->type_params.n; i++)
		if (str_ieq(m->type_params.p[i].name, STR("charset")))
			return m->type_params.p[i].value;
	return STR("");
}
