/*
 * What the makers of the views share: the parts of a mail as they were read, and the cache of what
 * was made from them. Private to gw/spam.
 */
#pragma once

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "gw/spam/views.h"

/* White space as Perl sees it in octets; UTF-8 has more, see text.h. */
static inline bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool is_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

struct spam_field {
	struct str name;
	struct str raw;     /* all after the colon, folds and line ending kept */
	struct str decoded; /* unfolded, RFC 2047 decoded, trimmed; made when first asked for */
	bool is_decoded;
};

/*
 * Text on the way to the body view. It is kept as UTF-8; `wide` tells whether some of it was
 * decoded to characters. If none was, white space means ASCII white space only and characters from
 * 80 to FF (there can be such, from entities) leave as one octet each.
 */
struct spam_text {
	struct str s;
	bool wide;
};

struct spam_html; /* html_text.h */
struct spam_header_view;

enum { SPAM_HEADER_SLOTS = 128 };

enum { SPAM_VIEW_ALL, SPAM_VIEW_VISIBLE, SPAM_VIEW_INVISIBLE, SPAM_VIEWS };

struct spam_node {
	struct spam_part part; /* first: a part handed out is found again */
	VEC(struct spam_field) fields;
	struct str raw;     /* body, before transfer decoding */
	struct str decoded; /* made when first asked for */
	bool is_decoded, is_rendered;
	struct spam_text text[SPAM_VIEWS]; /* s.p NULL: not shown */
	struct spam_html *html;
	struct spam_node *child, *last, *next;
};

struct spam_message {
	struct arena *a;
	const struct spam_view_options *o;
	struct spam_message_flags flags;
	struct str header, body, full;
	size_t body_size;
	struct spam_node root;
	size_t part_count;

	VEC(const struct spam_part *) parts;
	VEC(const struct spam_html *)
	htmls; /* of the HTML parts, in order, once the body was made */
	bool have_body[SPAM_VIEWS], have_rawbody;
	struct spam_texts bodies[SPAM_VIEWS], rawbody;
	struct spam_texts body_as_read; /* if spam_body_replace() has been called */

	struct spam_header_view *headers[SPAM_HEADER_SLOTS]; /* made so far: header.c */
	VEC(struct spam_added_header) metadata;

	bool have_uris;
	VEC(struct str) added_uris;
	struct spam_texts uris;
	const struct spam_uri *uri_details;
	size_t uri_count;

	bool have_relays;
	struct spam_relays relays[SPAM_RELAY_LISTS];
	unsigned unparseable;
	int64_t last_trusted, last_internal; /* Received lines from the top, -1: none */
};

/* message.c: splits `text` into header fields of `node` and the body that is left. */
struct spam_split {
	struct str header, body, full; /* pristine: as they came but for promoted line ends */
	struct str lines;    /* body with LF line ends and without long runs of blank lines */
	struct str boundary; /* STR_NONE if there is none */
};
void spam_message_split(struct spam_message *m, struct str text, struct spam_node *node,
			struct spam_message_flags *flags, struct spam_split *out);

/* parts.c: the tree of parts below `node`. */
void spam_parts_read(struct spam_message *m, struct spam_node *node, const struct spam_split *s);

/* Adds one, unless the arguments exceed no limit: the caller has cut them. */
void spam_field_add(struct spam_message *m, struct spam_node *node, struct str name,
		    struct str raw);

/* The last field of that name, or NULL; its decoded value, or STR_NONE. */
struct spam_field *spam_field_last(struct spam_node *node, struct str name);
struct str spam_field_value(struct spam_message *m, struct spam_field *f);
struct str spam_field_text(struct spam_message *m, struct spam_node *node, const char *name);

/* Transfer-decoded octets of a leaf. */
struct str spam_node_decoded(struct spam_message *m, struct spam_node *node);

/*
 * Text of a leaf in one of its variants; false if it is of a type that is not shown. html_text.c
 * knows HTML, everything else that is text is taken as it is.
 */
bool spam_node_text(struct spam_message *m, struct spam_node *node, int view,
		    struct spam_text *out);

/*
 * Gives a leaf of a type that is not shown a text, octets of no known charset. Only before a view
 * of the body was made.
 */
void spam_node_set_text(struct spam_message *m, struct spam_node *node, struct str octets);
