/*
 * What the parts of the walk over HTML share. Private to html_*.c.
 */
#pragma once

#include "gw/spam/html_text.h"
#include "lib/html/html.h"

enum html_tag_flag {
	TAG_ELEMENT = 1 << 0, /* of HTML 4, or close to it */
	TAG_TRICK = 1 << 1,   /* no element, but rendered */
	TAG_STYLE = 1 << 2,   /* changes how text looks */
	TAG_SPACE = 1 << 3,   /* one blank around it, or: */
	TAG_BREAK = 1 << 4,   /* a new line */
	TAG_PARAGRAPH = 1 << 5,
	TAG_NAMESPACE = 1 << 6, /* o:p and its like: counted and then ignored */
};

enum { HTML_TAGS_MAX = 128 };

struct html_tag {
	const char *name;
	unsigned flags;
	unsigned uri_type; /* enum spam_uri_type, 0 for none */
};

/* The tag of that name, or NULL. */
const struct html_tag *html_tag_find(struct str name);
size_t html_tag_index(const struct html_tag *t);
bool html_tag_is(const struct html_tag *t, const char *name);
bool html_is_namespaced(struct str name);

enum html_color_kind {
	COLOR_RGB,
	COLOR_NONE, /* a `#` without digits */
	COLOR_INVALID,
	COLOR_TRANSPARENT,
};

struct html_color {
	enum html_color_kind kind;
	uint32_t rgb;
};

/* A name or hexadecimal or rgb() value, in any case. */
struct html_color html_color_parse(struct arena *a, struct str s);
bool html_color_eq(struct html_color x, struct html_color y);
/* So similar that text of one on the other can hardly be read. */
bool html_color_near(struct html_color x, struct html_color y);

struct html_style {
	const struct html_tag *tag;
	struct html_color fg, bg;
	int64_t size;
	bool display_none, hidden;
};

struct html_segment {
	struct str s;
	bool wide, whitespace, invisible;
};

/* Text of a link or title; `buf` first: results hold that. */
struct html_text {
	struct buf buf;
	bool wide;
};

struct html_walk {
	struct arena *a;
	struct spam_html *r;
	bool wide; /* the text was decoded */

	struct map inside; /* name -> struct spam_html_count */
	int64_t tags, tags_seen, elements, elements_seen, closed_extra, obfuscation;
	struct spam_html_count *in_script, *in_style, *in_a, *in_title;

	VEC(struct html_style) styles;
	size_t style_count[HTML_TAGS_MAX]; /* on the stack, by html_tag_index() */
	int64_t basefont;

	VEC(struct html_segment) segments;

	struct map uris; /* URI -> struct spam_html_uri */
	VEC(struct spam_html_uri *) uri_list;
	struct html_text *anchor, *title; /* the ones text goes to */
	struct str base;
};

/* html_style.c */
void html_style_init(struct html_walk *w);
void html_style_open(struct html_walk *w, const struct html_tag *t, const struct html_event *ev);
void html_style_close(struct html_walk *w, const struct html_tag *t);
bool html_style_hides(struct html_walk *w);

/* html_text.c: an empty text that is also in one of the lists of the results. */
struct html_text *html_text_start(struct html_walk *w);

/* html_uri.c */
void html_uri_take(struct html_walk *w, const struct html_tag *t, struct html_event *ev);
void html_anchor_open(struct html_walk *w, const struct html_event *ev);

/* html_notes.c */
bool html_is_inside(const struct spam_html_count *c);
void html_note_start(struct html_walk *w, const struct html_tag *t, const struct html_event *ev);
void html_note_obfuscation(struct html_walk *w, struct str text, bool wide);
