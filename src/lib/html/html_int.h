/*
 * What the two halves of the tokenizer share. Private to lib/html.
 */
#pragma once

#include "lib/html/html.h"

struct html_literal {
	const char *name;
	bool cdata;         /* no references inside */
	bool open_to_end;   /* unclosed, all that follows is its text */
	bool closed_at_end; /* unclosed, it ends at once, and what follows is read again */
};

enum html_section_kind {
	SECTION_NONE,
	SECTION_INCLUDE,
	SECTION_RCDATA,
	SECTION_CDATA,
	SECTION_IGNORE,
};

/* The octet at `i`, NUL past the end. */
static inline char html_at(struct str s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}

static inline bool html_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline size_t html_skip_space(struct str s, size_t i)
{
	while (html_space(html_at(s, i)))
		i++;
	return i;
}

void html_report_text(struct html_parser *p, struct str text);
void html_report(struct html_parser *p, const struct html_event *ev);
void html_pending_end(struct html_parser *p);

/* What became of markup that was tried at its `<`. */
enum html_try {
	HTML_NOT_MARKUP, /* the `<` is text */
	HTML_WAIT,       /* it may be markup once there is more */
	HTML_TAKEN,      /* *end is after it */
};

/* `s` is a `<` and nothing else, or followed by what makes it markup. */
bool html_may_be_markup(struct str s);

enum html_try html_markup(struct html_parser *p, struct str s, size_t *end);
