/*
 * view - what is in a quarantined mail, for whoever has to decide about it (filter.md §11).
 *
 * The mail is a stranger's. Nothing of it comes out as it is but the bytes of a part that is asked
 * for by its number: header lines are decoded and have no controls in them, the text becomes a page
 * of our own (lib/html/safe.h), which moreover forbids scripts and everything that it does not need
 * by a Content-Security-Policy. A file may be in the quarantine because it crashes parsers: whoever
 * calls this should be a process that may die.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/sink.h"
#include "base/str.h"

enum {
	QUAR_VIEW_TEXT_MAX = 4 << 20,	/* bytes of the text that are shown */
	QUAR_VIEW_IMAGES_MAX = 8 << 20, /* bytes of all images inside the page, before base64 */
	QUAR_VIEW_IMAGE_COUNT_MAX = 1000, /* images inside the page, found or not */
	QUAR_VIEW_PAGE_MAX = 64 << 20,	/* bytes of the page */
	QUAR_VIEW_FIELD_MAX = 8192,	/* bytes of a header field that are shown */
	QUAR_VIEW_NAME_MAX = 255,	/* bytes of a file name */
};

struct quar_view;

/* `raw`, the file as quar_file_map() gives it, must live as long as the view. */
MUST_CHECK int quar_view_open(struct arena *a, struct str raw, struct quar_view **out,
			      struct err *e);

/* All fields, one line each, decoded, UTF-8. Not escaped for HTML. */
struct str quar_view_header(struct arena *a, const struct quar_view *v);

struct quar_view_how {
	int images; /* enum html_images */
	bool links;
};

/*
 * A whole HTML page with the text: of alternatives the HTML one, else the plain one. *external
 * becomes true if there are images on other servers, shown or not. ERR_LIMIT if it gets too long.
 */
MUST_CHECK int quar_view_page(struct arena *a, const struct quar_view *v,
			      const struct quar_view_how *how, bool *external, struct str *out,
			      struct err *e);

/* A part that is not a multipart: text, attachment, or what is inside an attached message. */
struct quar_part {
	uint32_t id;	 /* from 0 */
	struct str name; /* without path and controls; "part-N" if it has none */
	struct str type; /* what the mail says, letters of a content type only */
	bool attachment; /* what the mail says, as well */
	uint64_t size;	 /* decoded */
};

void quar_view_parts(struct arena *a, const struct quar_view *v, struct quar_part **out,
		     size_t *n);

/*
 * The decoded bytes of that part, which are the sender's: a browser must be told to save them.
 * ERR_NOTFOUND if there is no such part.
 */
MUST_CHECK int quar_view_part_write(const struct quar_view *v, uint32_t id, const struct sink *to,
				    struct err *e);
