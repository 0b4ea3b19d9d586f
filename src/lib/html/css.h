/*
 * css - the harmless declarations of a style sheet. Private to lib/html.
 *
 * Only what is understood goes through: properties of a list, with values made of letters, digits,
 * colours, lengths and quoted font names. A backslash, a function that is not a colour, an @ or
 * anything else that could ask another server, cover the page or run drops its declaration.
 */
#pragma once

#include "base/buf.h"

/* The value of a style attribute. Nothing in the result needs escaping but quotation marks. */
void html_css_declarations(struct buf *out, struct str css);

/* The content of a style element; there is no < in the result. @-rules are left out. */
void html_css_sheet(struct buf *out, struct str css);
