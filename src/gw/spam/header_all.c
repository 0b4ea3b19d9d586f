/* The header as a whole: ALL and what of it lies above or below the point where trust ends. */
#include "gw/spam/header_int.h"

/* The place in the order of first appearance of each field's name, and the fields of that name. */
struct group {
	VEC(size_t) fields;
};

static struct str field_line(struct spam_message *m, struct spam_field *f, struct str name,
			     bool raw)
{
	struct str value = raw ? spam_field_unfolded(m, f) : spam_field_value(m, f);
	struct buf b;

	buf_init(&b, m->a, name.n + value.n + 3);
	buf_add(&b, name);
	buf_addz(&b, ": ");
	buf_add(&b, value);
	if (!raw)
		buf_addc(&b, '\n');
	return buf_str(&b);
}

/* More than SPAM_HEADER_ALL_MAX: whole names are kept in the order in which they first appear. */
static void drop_beyond_limit(struct spam_message *m, struct spam_node *node, struct str *line)
{
	struct map groups;
	size_t size = 0;
	bool full = false;

	map_init(&groups, m->a);
	for (size_t i = 0; i < node->fields.n; i++) {
		struct str name = str_lower(m->a, node->fields.p[i].name);
		struct group *g = map_get(&groups, name);

		if (!g) {
			g = NEW(m->a, struct group);
			map_set(&groups, name, g);
		}
		vec_add(m->a, &g->fields, i);
	}
	for (size_t k = 0; k < groups.n; k++) {
		struct group *g = groups.entries[k].value;

		for (size_t i = 0; i < g->fields.n; i++) {
			struct str *l = &line[g->fields.p[i]];

			size += l->n;
			full |= size > SPAM_HEADER_ALL_MAX;
			if (full)
				*l = STR_NONE;
		}
	}
	m->flags.truncated_header |= full;
}

struct spam_texts spam_header_lines(struct spam_message *m, struct spam_node *node, bool raw)
{
	struct str *line = NEW_N(m->a, struct str, node->fields.n + 1);
	size_t size = 0, n = 0;

	for (size_t i = 0; i < node->fields.n; i++) {
		line[i] = field_line(m, &node->fields.p[i], node->fields.p[i].name, raw);
		size += line[i].n;
	}
	if (size > SPAM_HEADER_ALL_MAX)
		drop_beyond_limit(m, node, line);
	for (size_t i = 0; i < node->fields.n; i++)
		if (line[i].p)
			line[n++] = line[i];
	return (struct spam_texts){ line, n };
}

/* Fields as they came, folds kept; what stands before the first field is left out. */
static struct spam_texts pristine_lines(struct spam_message *m)
{
	VEC(struct str) lines = { 0 };
	struct str s = m->header;

	while (s.n) {
		const char *lf = memchr(s.p, '\n', s.n);
		size_t n = lf ? (size_t)(lf - s.p) + 1 : s.n;
		bool folded = *s.p == ' ' || *s.p == '\t';

		if (!lf)
			break;
		if (folded && lines.n)
			lines.p[lines.n - 1].n += n;
		else if (!folded && n > 1)
			vec_add(m->a, &lines, str_sub(s, 0, n));
		s = str_from(s, n);
	}
	return (struct spam_texts){ lines.p, lines.n };
}

/* A decoded value may hold line ends. */
static struct spam_texts split_lines(struct arena *a, struct spam_texts t)
{
	VEC(struct str) lines = { 0 };

	for (size_t i = 0; i < t.n; i++) {
		struct str s = t.v[i];

		while (s.n) {
			const char *lf = memchr(s.p, '\n', s.n);
			size_t n = lf ? (size_t)(lf - s.p) + 1 : s.n;

			vec_add(a, &lines, str_sub(s, 0, n));
			s = str_from(s, n);
		}
	}
	return (struct spam_texts){ lines.p, lines.n };
}

struct spam_texts spam_header_all(struct spam_message *m, bool raw)
{
	return raw ? pristine_lines(m) : spam_header_lines(m, &m->root, false);
}

/* Lines up to and including the `last`th Received line (0 is the topmost), or from it on. */
struct spam_texts spam_header_range(struct spam_message *m, int64_t last, bool below, bool raw)
{
	struct spam_texts all =
		raw ? pristine_lines(m) : split_lines(m->a, spam_header_all(m, false));
	int64_t received = -1;

	for (size_t i = 0; i < all.n; i++) {
		received += str_istarts(all.v[i], STR("Received:"));
		if (received < last)
			continue;
		if (below)
			return (struct spam_texts){ all.v + i, all.n - i };
		return (struct spam_texts){ all.v, i + 1 };
	}
	return below ? (struct spam_texts){ 0 } : all;
}
