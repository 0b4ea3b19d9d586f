#include "lib/mime/mime_int.h"

enum match { NO_MATCH, MATCH_OPEN, MATCH_CLOSE, MATCH_PREFIX };

/* `line` is what follows the two dashes, without the blanks at its end. */
static enum match match(const struct delimiter *d, struct str line)
{
	size_t n = d->text.n;

	if (line.n < n || !str_istarts(line, d->text))
		return NO_MATCH;
	if (!str_starts(line, d->text))
		return MATCH_PREFIX;
	if (line.n == n)
		return MATCH_OPEN;
	return line.n == n + 2 && memcmp(line.p + n, "--", 2) == 0 ? MATCH_CLOSE : MATCH_PREFIX;
}

static struct str without_blanks(const char *from, const char *to)
{
	while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
		to--;
	return (struct str){ from, (size_t)(to - from) };
}

/* The line end before a delimiter belongs to it (RFC 2046, 5.1.1), if there is one to take. */
static void set_stop(struct parser *ps, struct delimiter *d, bool close, const char *line,
		     const char *floor)
{
	const char *content_end = line;

	if (content_end > floor && content_end[-1] == '\n')
		content_end--;
	if (content_end < line && content_end > floor && content_end[-1] == '\r')
		content_end--;
	ps->stop = (struct stop){ d, close, content_end == line, content_end };
}

static bool is_closing(const struct parser *ps, const struct delimiter *d, struct str text,
		       enum match found)
{
	if (has_habit(ps, HABIT_GO_ON))
		return false;
	return found == MATCH_CLOSE ||
	       (found == MATCH_PREFIX && str_eq(str_sub(text, d->text.n, 2), STR("--")));
}

bool mime_boundary_at(struct parser *ps, const char *line, const char *floor)
{
	const char *nl = memchr(line, '\n', (size_t)(ps->end - line));
	struct str text = without_blanks(line + 2, nl ? nl : ps->end);
	struct delimiter *d, *prefix = NULL, *again = NULL, *hit = NULL;
	bool close = false;

	for (d = ps->top; d && !(hit && !has_habit(ps, HABIT_OUTER)); d = d->outer) {
		enum match found = match(d, text);

		ps->work--;
		if (found == NO_MATCH)
			continue;
		if (found == MATCH_PREFIX && !has_habit(ps, HABIT_LOOSE)) {
			prefix = d->closed || prefix ? prefix : d;
			continue;
		}
		if (d->closed) {
			again = d;
			continue;
		}
		hit = d;
		close = is_closing(ps, d, text, found);
	}
	if (hit) {
		set_stop(ps, hit, close, line, floor);
		ps->p = nl ? nl + 1 : ps->end;
		return true;
	}
	if (again)
		again->m->anomalies |= MIME_BOUNDARY_AGAIN;
	if (prefix)
		prefix->m->anomalies |= MIME_BOUNDARY_PREFIX;
	return false;
}

/* Lines upon lines that might be boundaries of many multiparts: nobody sends such mails. */
static bool is_tired(struct parser *ps)
{
	if (ps->work-- > 0)
		return false;
	mime_truncate(ps, "lines");
	return true;
}

void mime_boundary_find(struct parser *ps)
{
	const char *floor = ps->p, *p = ps->p;

	while (ps->top && p < ps->end && !is_tired(ps)) {
		if (p[0] == '-' && ps->end - p > 2 && p[1] == '-' && mime_boundary_at(ps, p, floor))
			return;
		p = memchr(p, '\n', (size_t)(ps->end - p));
		if (!p)
			break;
		p++;
	}
	ps->p = ps->end;
	ps->stop = (struct stop){ NULL, false, false, ps->end };
}

static bool is_content_line(struct str rest)
{
	return str_istarts(rest, STR("content-"));
}

/* Many multiparts without their boundary must not cost the message each. */
static bool may_guess(struct parser *ps)
{
	size_t n = (size_t)(ps->end - ps->p);

	if (ps->guess_bytes > MIME_GUESS_PASSES_MAX * ps->mail->raw.n)
		return false;
	ps->guess_bytes += n;
	return true;
}

struct str mime_boundary_guess(struct parser *ps, struct str wanted)
{
	struct str rest = { ps->p, (size_t)(ps->end - ps->p) }, line, guess = STR_NONE;

	if (!may_guess(ps))
		return wanted;
	while (ps->work-- > 0 && str_line(&rest, &line)) {
		if (!str_starts(line, STR("--")))
			continue;
		line = str_rtrim(str_from(line, 2));
		if (wanted.n && str_starts(line, wanted))
			return wanted;
		if (!guess.p && line.n <= MIME_BOUNDARY_MAX && is_content_line(rest))
			guess = line;
	}
	return guess.p ? guess : wanted;
}
