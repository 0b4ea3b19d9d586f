/*
 * html_text - what a reader of an HTML part would see of it, and what he would not (§3.5).
 *
 * One walk over the tags gives the text, split into what is visible and what colours, sizes and
 * styles hide; the URIs; and the figures that rules ask about. Nothing is ever laid out: white
 * space is put where tags break lines, and a small stack of styles follows the tags.
 */
#pragma once

#include "gw/spam/message_int.h"

struct spam_html_uri {
	struct str uri;
	unsigned types;            /* enum spam_uri_type */
	VEC(struct buf *) anchors; /* texts between <a> and </a> */
};

struct spam_html_count {
	struct str name;
	int64_t n;
};

/* Results of the walk; the names are SpamAssassin's. */
struct spam_html {
	struct spam_html_uri **uris; /* in order of appearance */
	size_t uri_count;
	bool uri_truncated;

	VEC(struct buf *) anchors, titles;
	VEC(struct str) comments;
	VEC(struct spam_html_count) inside; /* tags seen, and how many of each are open */

	int64_t title_chars; /* of the longest title */
	int64_t image_area, length, html_length, non_space_len, min_size, max_size;
	bool has_tags, has_elements, has_seen_elements, has_obfuscation; /* else no ratio */
	double closed_extra_ratio, bad_tag_ratio, non_element_ratio, obfuscation_ratio, ratio;
	bool font_low_contrast, font_invalid_color, font_face_bad, form_action_mailto, embeds;
};

/*
 * Walks over `text`, which was `octets` long before it was decoded, and fills the three variants
 * of what is shown.
 */
struct spam_html *spam_html_read(struct arena *a, struct spam_text text, size_t octets,
				 struct spam_text shown[SPAM_VIEWS]);

/* The walks over all HTML parts of a message, in the order of the parts. */
const struct spam_html *const *spam_htmls(struct spam_message *m, size_t *n);
