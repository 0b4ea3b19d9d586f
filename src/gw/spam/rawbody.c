#include "gw/spam/message_int.h"

enum { CUT_SLACK = 1024 };

/* `s` cut at `max` octets: after a newline, `>` or space that comes within CUT_SLACK, else there.
 */
static struct str cut_part(struct str s, size_t max)
{
	struct str tail;

	if (!max || s.n <= max)
		return s;
	tail = str_sub(s, max, CUT_SLACK + 1);
	for (const char *place = "\n> "; *place; place++) {
		ptrdiff_t at = str_chr(tail, *place);

		if (at >= 0)
			return str_sub(s, 0, max + (size_t)at + 1);
	}
	return str_sub(s, 0, max);
}

/* Where the chunk at the start of `s` ends: in its second SPAM_LINE_MAX octets. */
static size_t chunk_end(struct str s)
{
	struct str second = str_sub(s, SPAM_LINE_MAX, SPAM_LINE_MAX);

	for (const char *place = "\n> "; *place; place++) {
		ptrdiff_t at = str_chr(second, *place);

		if (at >= 0)
			return SPAM_LINE_MAX + (size_t)at + 1;
	}
	return SPAM_LINE_MAX + 1;
}

static bool is_text(struct str type)
{
	struct str word = str_sub(type, 0, str_starts(type, STR("text")) ? 4 : 7);

	if (!str_eq(word, STR("text")) && !str_eq(word, STR("message")))
		return false;
	return type.n == word.n || !is_word(type.p[word.n]);
}

struct spam_texts spam_rawbody(struct spam_message *m)
{
	VEC(struct str) chunks = { 0 };

	if (m->have_rawbody)
		return m->rawbody;
	m->have_rawbody = true;
	for (size_t i = 0; i < m->parts.n; i++) {
		struct spam_node *node = (struct spam_node *)m->parts.p[i];
		struct str s;

		if (!node->part.leaf || !is_text(node->part.effective) ||
		    str_eq(node->part.type, STR("text/calendar")))
			continue;
		s = cut_part(spam_node_decoded(m, node), m->o->rawbody_part_max);
		if (s.n <= SPAM_LINE_MAX) {
			vec_add(m->a, &chunks, s);
			continue;
		}
		while (s.n > 2 * SPAM_LINE_MAX) {
			size_t n = chunk_end(s);

			vec_add(m->a, &chunks, str_sub(s, 0, n));
			s = str_from(s, n);
		}
		if (s.n)
			vec_add(m->a, &chunks, s);
	}
	m->rawbody = (struct spam_texts){ chunks.p, chunks.n };
	return m->rawbody;
}
