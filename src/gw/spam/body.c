#include "gw/spam/message_int.h"
#include "gw/spam/text.h"

enum { CUT_SLACK = 1024 }; /* a cut may come this much later, at a better place */

/*
 * `s` cut at `max` characters: after the next one of the characters in `places`, tried in that
 * order, that comes within CUT_SLACK; else there.
 */
static struct str cut_at(struct str s, size_t max, const char *places)
{
	size_t at, slack;

	if (!max || s.n <= max)
		return s;
	at = spam_chars_end(s, max);
	slack = spam_chars_end(str_from(s, at), CUT_SLACK + 1);
	for (; *places && at < s.n; places++) {
		ptrdiff_t found = str_chr(str_sub(s, at, slack), *places);

		if (found >= 0)
			return str_sub(s, 0, at + (size_t)found + 1);
	}
	return str_sub(s, 0, at);
}

/* One white space run of the text at `at`: what becomes of it. */
static size_t squeeze_run(struct str s, size_t at, bool wide, struct buf *out)
{
	size_t first = 0, last = 0, newlines = 0, n, i = at;

	for (; (n = spam_space_at(str_from(s, i), wide)) > 0; i += n) {
		if (s.p[i] != '\n')
			continue;
		if (newlines++ == 0)
			first = i;
		last = i;
	}
	if (newlines < 2) {
		buf_addc(out, ' ');
		return i;
	}
	if (first > at)
		buf_addc(out, ' ');
	buf_addc(out, '\n');
	if (last + 1 < i)
		buf_addc(out, ' ');
	return i;
}

/* Most octets are neither white space nor a part of it. */
static bool is_plain(char c)
{
	return c > ' ' && c < 0x7f;
}

/*
 * Two or more newlines with at most blanks between end a paragraph, every other run of white space
 * is one space. A NUL ends a paragraph too.
 */
static void squeeze(const struct spam_text *t, struct buf *out)
{
	size_t i = 0, start = 0;

	while (i < t->s.n) {
		size_t space;

		if (is_plain(t->s.p[i])) {
			i++;
			continue;
		}
		space = spam_space_at(str_from(t->s, i), t->wide);
		if (!space && t->s.p[i]) {
			i++;
			continue;
		}
		buf_add(out, str_sub(t->s, start, i - start));
		if (space) {
			i = squeeze_run(t->s, i, t->wide, out);
		} else {
			buf_addc(out, '\n');
			i++;
		}
		start = i;
	}
	buf_add(out, str_sub(t->s, start, i - start));
}

/* Lines with their newline, at most SPAM_LINE_MAX octets, split after a space if there is one. */
static struct spam_texts split_lines(struct arena *a, struct str s)
{
	VEC(struct str) lines = { 0 };

	while (s.n) {
		const char *lf = memchr(s.p, '\n', s.n);
		size_t n = lf ? (size_t)(lf - s.p) + 1 : s.n;

		while (n > SPAM_LINE_MAX) {
			ptrdiff_t blank = str_rchr(str_sub(s, 0, SPAM_LINE_MAX + 1), ' ');
			size_t cut = blank >= 0 ? (size_t)blank + 1 : SPAM_LINE_MAX;

			vec_add(a, &lines, str_sub(s, 0, cut));
			s = str_from(s, cut);
			n -= cut;
		}
		if (n)
			vec_add(a, &lines, str_sub(s, 0, n));
		s = str_from(s, n);
	}
	return (struct spam_texts){ lines.p, lines.n };
}

/* The text of all parts one after the other, in one of its three variants. */
static struct spam_text joined_parts(struct spam_message *m, int view)
{
	struct spam_text all = { STR_NONE, false };
	struct buf text;

	buf_init(&text, m->a, SIZE_MAX);
	for (size_t i = 0; i < m->parts.n; i++) {
		struct spam_node *node = (struct spam_node *)m->parts.p[i];
		struct spam_text part;

		if (!node->part.leaf)
			continue;
		if (text.n)
			buf_addc(&text, '\n');
		if (!spam_node_text(m, node, view, &part))
			continue;
		buf_add(&text, cut_at(part.s, m->o->body_part_max, "\n "));
		all.wide |= part.wide;
	}
	all.s = buf_str(&text);
	return all;
}

static bool has_leaf(const struct spam_message *m)
{
	for (size_t i = 0; i < m->parts.n; i++)
		if (m->parts.p[i]->leaf)
			return true;
	return false;
}

static struct spam_texts body_view(struct spam_message *m, int view)
{
	struct spam_text all;
	struct buf out;

	if (m->have_body[view])
		return m->bodies[view];
	m->have_body[view] = true;
	if (!has_leaf(m))
		return m->bodies[view];
	all = joined_parts(m, view);
	buf_init(&out, m->a, SIZE_MAX);
	squeeze(&all, &out);
	if (!all.wide)
		out.n = spam_narrow(out.p, out.n);
	all.s = buf_str(&out);
	if (view != SPAM_VIEW_INVISIBLE) {
		struct spam_field *subject = spam_field_last(&m->root, STR("Subject"));
		struct str line = subject ? spam_field_value(m, subject) : STR_NONE;

		line = str_cat(m->a, line, STR("\n"));
		all.s = str_cat(m->a, line, all.s);
	}
	return m->bodies[view] = split_lines(m->a, all.s);
}

struct spam_texts spam_body(struct spam_message *m)
{
	return body_view(m, SPAM_VIEW_ALL);
}

void spam_body_replace(struct spam_message *m, struct spam_texts lines)
{
	m->body_as_read = spam_body_as_read(m);
	m->bodies[SPAM_VIEW_ALL] = lines;
}

struct spam_texts spam_body_as_read(struct spam_message *m)
{
	return m->body_as_read.n ? m->body_as_read : spam_body(m);
}

struct spam_texts spam_body_visible(struct spam_message *m)
{
	return body_view(m, SPAM_VIEW_VISIBLE);
}

struct spam_texts spam_body_invisible(struct spam_message *m)
{
	return body_view(m, SPAM_VIEW_INVISIBLE);
}
