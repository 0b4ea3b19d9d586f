/*
 * Reading a message again, as other clients do: readings.h.
 *
 * First the trees: sets of habits, breadth first, as what was found in one tree gives further
 * habits a chance. Then the leaves of all of them: contents that decode in several ways, and files
 * in texts.
 */
#include <assert.h>

#include "lib/mime/again_int.h"

/* Found in no single field: what gives a habit a chance besides anomalies. */
enum {
	HINT_PREAMBLE = 1u << 0, /* a preamble with a Content- line in it */
	HINT_EPILOGUE = 1u << 1,
	HINT_CR = 1u << 2, /* a bare CR */
};

static const struct {
	uint32_t habit, anomalies, hints;
	const char *how;
} habits[] = {
	{ HABIT_FIELD_LAST, MIME_DUP_TYPE | MIME_DUP_ENCODING | MIME_DUP_DISPOSITION, 0,
	  "the last of several fields" },
	{ HABIT_PARAM_LAST, MIME_DUP_PARAM, 0, "the last of several parameters" },
	{ HABIT_LOOSE, MIME_BOUNDARY_PREFIX, 0, "a boundary line that goes on" },
	{ HABIT_GO_ON, MIME_BOUNDARY_AGAIN, HINT_EPILOGUE, "a part after the closing boundary" },
	{ HABIT_OUTER, MIME_BOUNDARY_REUSED, 0, "a boundary of the outer multipart" },
	{ HABIT_NAIVE,
	  MIME_SYNTAX_RARE | MIME_COMMENT_OPEN | MIME_QUOTE_OPEN | MIME_PARAM_INVALID |
		  MIME_BOUNDARY_ODD,
	  0, "without comments and escapes" },
	{ HABIT_EXTENDED, MIME_BOUNDARY_EXTENDED, 0, "the extended boundary" },
	{ HABIT_WORDS, MIME_BOUNDARY_ENCODED, 0, "the decoded boundary" },
	{ HABIT_UNWRAP, MIME_MULTIPART_ENCODED, 0, "an encoded multipart or message" },
	{ HABIT_ENDS, MIME_HEADER_GARBAGE | MIME_FIELD_ODD, 0, "a header that ends early" },
	{ HABIT_SKIPS, MIME_HEADER_GARBAGE, 0, "a header that goes on" },
	{ HABIT_COLON, MIME_FIELD_ODD, 0, "no blank before a colon" },
	{ HABIT_GUESS,
	  MIME_BOUNDARY_MISSING | MIME_BOUNDARY_EMPTY | MIME_PARTS_MISSING | MIME_BOUNDARY_STRAY |
		  MIME_TYPE_INVALID,
	  0, "a multipart by its looks" },
	{ HABIT_PREAMBLE, 0, HINT_PREAMBLE, "a part in the preamble" },
	{ HABIT_MESSAGES, MIME_ELSEWHERE, 0, "what a part of a message holds" },
	{ HABIT_CR, 0, HINT_CR, "bare CRs as line ends" },
	{ HABIT_FIELD_2, MIME_DUP_TYPE | MIME_DUP_ENCODING | MIME_DUP_DISPOSITION, 0,
	  "the second of several fields" },
	{ HABIT_PARAM_2, MIME_DUP_PARAM, 0, "the second of several parameters" },
};

static_assert(ARRAY_LEN(habits) == HABIT_COUNT, "every habit is tried");

static bool has_content_line(struct str text)
{
	struct str line;

	while (str_line(&text, &line))
		if (str_istarts(line, STR("content-")))
			return true;
	return false;
}

static uint32_t hints(const struct again *x, const struct mime *root)
{
	uint32_t found = x->raw_lf.p ? HINT_CR : 0;

	for (const struct mime *m = root; m; m = mime_walk(root, m)) {
		if (has_content_line(m->preamble))
			found |= HINT_PREAMBLE;
		if (has_content_line(m->epilogue))
			found |= HINT_EPILOGUE;
	}
	return found;
}

static void enqueue(struct again *x, uint32_t set)
{
	for (unsigned i = 0; i < x->queued; i++)
		if (x->queue[i] == set)
			return;
	if (x->queued < MIME_READ_AGAIN_MAX)
		x->queue[x->queued++] = set;
	else
		x->out->cut = true;
}

/* Each habit that now has a chance on its own, and all of them together. */
static void enqueue_from(struct again *x, uint32_t set, const struct mime *root)
{
	uint32_t anomalies = root->mail->anomalies, hinted = hints(x, root), all = set;

	for (size_t i = 0; i < ARRAY_LEN(habits); i++)
		if (habits[i].anomalies & anomalies || habits[i].hints & hinted)
			all |= habits[i].habit;
	for (size_t i = 0; i < ARRAY_LEN(habits); i++)
		if (habits[i].habit & all & ~set)
			enqueue(x, set | habits[i].habit);
	enqueue(x, all);
}

static const char *how(uint32_t set)
{
	for (size_t i = 0; i < ARRAY_LEN(habits); i++)
		if (habits[i].habit & set)
			return habits[i].how;
	return "";
}

/* Memory is kept only for trees in which something new was found. */
static void read_as(struct again *x, uint32_t set)
{
	struct str raw = set & HABIT_CR ? x->raw_lf : x->root->mail->raw;
	struct arena_mark mark = arena_mark(x->a);
	const struct mime *root = mime_parse_as(x->a, raw, x->lim, set, &x->work);
	bool any = false;

	for (const struct mime *m = root; m; m = mime_walk(root, m))
		if (!m->child && !mime_is_multipart(m))
			any |= again_add(x, m, again_place(x, m), how(set));
	enqueue_from(x, set, root);
	if (!any)
		arena_rewind(x->a, mark);
}

static bool has_bare_cr(struct str s)
{
	ptrdiff_t at;

	while ((at = str_chr(s, '\r')) >= 0) {
		s = str_from(s, (size_t)at + 1);
		if (!s.n || s.p[0] != '\n')
			return true;
	}
	return false;
}

static struct str with_lf(struct arena *a, struct str s)
{
	char *copy = arena_alloc(a, s.n);

	for (size_t i = 0; i < s.n; i++) {
		bool bare = s.p[i] == '\r' && !(i + 1 < s.n && s.p[i + 1] == '\n');

		copy[i] = bare ? '\n' : s.p[i];
	}
	return (struct str){ copy, s.n };
}

/* Big mails are not looked at as often as small ones. */
static size_t bytes_to_look_at(size_t n)
{
	size_t most = n * MIME_AGAIN_PASSES_MAX, least = n * MIME_AGAIN_PASSES_MIN;

	if (most > MIME_AGAIN_BYTES)
		most = MIME_AGAIN_BYTES;
	return most > least ? most : least;
}

static struct mime_reading *by_part(struct again *x)
{
	struct mime_reading *sorted = NEW_N(x->a, struct mime_reading, x->found.n);
	uint32_t *at = NEW_N(x->a, uint32_t, x->root->mail->part_count + 1);

	for (size_t i = 0; i < x->found.n; i++)
		at[x->found.p[i].aid]++;
	for (uint32_t aid = 1; aid <= x->root->mail->part_count; aid++)
		at[aid] += at[aid - 1];
	for (size_t i = x->found.n; i > 0; i--)
		sorted[--at[x->found.p[i - 1].aid]] = x->found.p[i - 1];
	return sorted;
}

void mime_read_again(struct arena *a, const struct mime *root, const struct mime_limits *lim,
		     struct mime_readings *out)
{
	struct again x = { .a = a, .root = root, .lim = lim, .out = out };

	*out = (struct mime_readings){ .cut = root->mail->truncated != NULL };
	x.bytes = bytes_to_look_at(root->mail->raw.n);
	x.work = MIME_WORK_MAX;
	map_init(&x.contents, a);
	map_init(&x.leaves, a);
	for (const struct mime *m = root; m; m = mime_walk(root, m))
		if (!m->child)
			again_know(&x, m);
	if (has_bare_cr(root->mail->raw))
		x.raw_lf = with_lf(a, root->mail->raw);
	enqueue(&x, 0);
	enqueue_from(&x, 0, root);
	for (unsigned i = 1; i < x.queued && x.work > 0; i++)
		read_as(&x, x.queue[i]);
	out->cut |= x.work <= 0;
	for (const struct mime *m = root; m; m = mime_walk(root, m))
		again_look_into(&x, m, m->raw);
	for (size_t i = 0; i < x.found.n; i++)
		again_look_into(&x, x.found.p[i].part, x.found.p[i].place);
	out->n = x.found.n;
	out->p = by_part(&x);
}

const struct mime_reading *mime_readings_of(const struct mime_readings *r, uint32_t aid, size_t *n)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->p[mid].aid < aid)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (*n = 0; lo + *n < r->n && r->p[lo + *n].aid == aid;)
		(*n)++;
	return r->p + lo;
}
