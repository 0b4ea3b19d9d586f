/*
 * safe - HTML of a stranger, written anew so that a browser may show it.
 *
 * What comes out is made here, never copied: start and end tags of elements that only lay out text,
 * attributes of a list with escaped values, escaped text, and of CSS the declarations of a list
 * (css.c). So it does not matter how a browser would have read what came in: there is no byte in
 * the result that could be markup and was not meant as such.
 *
 * Left out are scripts and whatever runs, frames, forms, plug-ins, SVG and MathML, comments,
 * <base>, <meta>, <link>, and everything that would ask another server, but images on demand.
 * Elements are closed in the order in which they were opened, and all of them at the end: the
 * result can stand inside a page of our own.
 */
#pragma once

#include "base/buf.h"

enum {
	HTML_SAFE_DEPTH_MAX = 200,  /* open elements; tags of deeper ones are left out */
	HTML_SAFE_VALUE_MAX = 8192, /* bytes of an attribute; a longer one is left out */
	HTML_SAFE_STYLE_MAX = 256 * 1024, /* bytes of all style sheets; the rest is left out */
};

enum html_images {
	HTML_IMAGES_NONE,
	HTML_IMAGES_EMBEDDED, /* what is in the mail itself */
	HTML_IMAGES_ALL,      /* also those that http and https bring */
};

struct html_safe {
	enum html_images images;
	bool links; /* http and https; they open in a window of their own */

	/* The image with that content id as a data: URL, or STR_NONE; NULL: there are none. */
	struct str (*cid)(void *ctx, struct str id);
	void *ctx;

	bool external; /* set if there are images elsewhere, shown or not */
};

/* Appends `html`, which is UTF-8, made safe. Time and result are linear in its size. */
void html_safe_add(struct arena *a, struct str html, struct html_safe *s, struct buf *out);

/* Appends text with the characters escaped that mean something in HTML; controls become blanks. */
void html_escape_add(struct buf *out, struct str text);

/* "data:image/png;base64,…" and its like: a picture of pixels, nothing that could run. */
bool html_is_image_data(struct str url);
bool html_is_image_type(struct str type);
