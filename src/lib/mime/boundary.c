#include "lib/mime/mime_int.h"

enum match { NO_MATCH, MATCH_OPEN, MATCH_CLOSE, MATCH_PREFIX };

/* `line` is what follows the two dashes, without the blanks at its end. */
static enum match match(const struct delimiter *d, struct str line)
{
	size_t n = d->text.n;

	if (line.n < n || memcmp(line.p, d->text.p, n) != 0)
		return NO_MATCH;
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

bool mime_boundary_at(struct parser *ps, const char *line, const char *floor)
{
	const char *nl = memchr(line, '\n', (size_t)(ps->end - line));
	struct str text = without_blanks(line + 2, nl ? nl : ps->end);
	struct delimiter *d, *prefix = NULL, *again = NULL;

	for (d = ps->top; d; d = d->outer) {
		enum match found = match(d, text);

		if (found == NO_MATCH)
			continue;
		if (found == MATCH_PREFIX) {
			prefix = d->closed || prefix ? prefix : d;
			continue;
		}
		if (d->closed) {
			again = d;
			continue;
		}
		set_stop(ps, d, found == MATCH_CLOSE, line, floor);
		ps->p = nl ? nl + 1 : ps->end;
		return true;
	}
	if (again)
		again->m->anomalies |= MIME_BOUNDARY_AGAIN;
	if (prefix)
		prefix->m->anomalies |= MIME_BOUNDARY_PREFIX;
	return false;
}

void mime_boundary_find(struct parser *ps)
{
	const char *floor = ps->p, *p = ps->p;

	while (ps->top && p < ps->end) {
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
