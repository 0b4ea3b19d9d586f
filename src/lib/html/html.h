/*
 * html - HTML as a stream of tags, text and comments, with no tree and no repairs.
 *
 * The tokenizer makes the same events from the same text as Perl's HTML::Parser 3.81 with its
 * defaults and marked sections, down to where texts are split, since the rules of SpamAssassin were
 * tuned on those. Names come in lower case, character references are replaced; a browser would see
 * other things in broken HTML, and that is not the question here.
 *
 * Text is taken to be UTF-8 and passed through unchecked. Time is linear in its length, whatever it
 * is.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum {
	HTML_ATTRS_MAX = 1000,    /* of one tag; later ones are dropped */
	HTML_SECTIONS_MAX = 1000, /* open marked sections; deeper ones are taken for text */
};

struct html_attr {
	struct str name, value; /* value of `checked` is "checked" */
};

enum html_kind {
	HTML_START,       /* name, attrs */
	HTML_END,         /* name */
	HTML_TEXT,        /* text */
	HTML_COMMENT,     /* text, with its delimiters; so is what only resembles a tag */
	HTML_DECLARATION, /* text: a doctype */
};

struct html_event {
	enum html_kind kind;
	struct str name, text;
	const struct html_attr *attrs; /* each name once: the first counts */
	size_t attr_count;
	bool wide; /* a reference gave a character above U+00FF */
};

struct html_section;
struct html_literal;

/* All members but the handler are private. */
struct html_parser {
	struct arena *a;
	void (*handle)(void *ctx,
		       const struct html_event *ev); /* texts live as long as the arena */
	void *ctx;

	struct str text;                    /* not yet taken; at its start after each call */
	const struct html_literal *literal; /* inside <script> and its like */
	struct str pending_end;
	bool cdata;              /* references are text */
	unsigned char *sections; /* kinds of the open marked sections */
	size_t section_count;
	int section;         /* the one that rules */
	bool short_comments; /* at the end: a comment ends at its first > */
};

void html_init(struct html_parser *p, struct arena *a,
	       void (*handle)(void *ctx, const struct html_event *ev), void *ctx);

/* More text. What might be the start of something waits for the rest. */
void html_feed(struct html_parser *p, struct str text);

/* No more text. */
void html_end(struct html_parser *p);

/* The attribute of that (lower case) name, or NULL. */
const struct html_attr *html_attr_find(const struct html_event *ev, const char *name);
