/*
 * entities - character references of HTML. Private to lib/html.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum html_entity_use {
	HTML_ENTITY_TEXT,      /* a name may run into the letters that follow: &copyright */
	HTML_ENTITY_ATTRIBUTE, /* it may not */
};

/*
 * The UTF-8 text `s` with its references replaced; `s` itself if there is none. *wide becomes true
 * (and is left alone otherwise) if one of them was a character above U+00FF.
 */
struct str html_entities_decode(struct arena *a, struct str s, enum html_entity_use use,
				bool *wide);
