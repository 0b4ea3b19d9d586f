/*
 * build - new text for messages: header values, replacement parts, small mails of our own.
 *
 * Everything here takes UTF-8 (invalid bytes become U+FFFD) and gives bytes that any relay passes
 * unharmed.
 */
#pragma once

#include <time.h>

#include "base/buf.h"
#include "lib/mime/mime.h"

enum {
	MIME_LINE_MAX = 998,     /* longest line of a message without its end (RFC 5322, 2.1.1) */
	MIME_TEXT_MAX = 1 << 20, /* longest text given to the functions below; it is cut there */
};

/*
 * A header value from macro text (filter.md 8, header mode): the text is split at line breaks and
 * the blanks after them, each line encoded (RFC 2047) if it is not plain ASCII, blank lines left
 * out, the rest joined with "\n\t". Encoded words end between characters; no line is longer than
 * 78 characters when it is encoded, none longer than MIME_LINE_MAX in any case.
 */
struct str mime_encode_text(struct arena *a, struct str text);

/*
 * The From of a mail of our own: "Name <local part>" with the name encoded and, since nothing after
 * us completes addresses in headers, the address with `domain` if it has none.
 */
struct str mime_build_from(struct arena *a, struct str from, struct str domain);

/* A Date value, local time with its offset (RFC 5322, 3.3). */
struct str mime_build_date(struct arena *a, time_t t);

/*
 * Header and body of a text part that stands for a removed one: `subtype` "plain" or "html",
 * charset UTF-8, quoted-printable, disposition attachment with that (ASCII) file name. Lines end
 * with `eol`.
 */
struct str mime_build_text_part(struct arena *a, struct str subtype, struct str text,
				struct str filename, struct str eol);

/* True if no line of `raw` begins with "--" and this boundary. */
bool mime_boundary_is_free(struct str raw, struct str boundary);

/* A mail of our own: a text and, if wanted, the message that it is about. */
struct mime_draft {
	struct str headers;       /* finished fields, each ended by "\n", MIME-Version among
				     them, but no Content- fields */
	struct str text;          /* the body, UTF-8 */
	const struct str *attach; /* sent along as message/rfc822; or NULL */
	struct str attach_name;   /* its file name */
	struct str boundary;      /* used if there is an attachment */
};

/* Writes the draft with LF line ends; the attachment as it is, without a copy. */
MUST_CHECK int mime_draft_write(struct arena *a, const struct mime_draft *d, const struct sink *to,
				struct err *e);
