/*
 * mime - take a message apart, and put an edited one together again.
 *
 * A `struct mime` is a tree of views into the message as it was received: no byte is copied at
 * parse time, and the tree never changes afterwards. What an action wants changed goes into a
 * `struct mime_edit` (edit.h), a list of changes on top of a tree; mime_write() replays both. A
 * message that needs three different versions for three groups of recipients is one tree and three
 * edits.
 *
 * The reading is that of mail clients, not of the standards: line ends may be LF or CRLF, mixed;
 * bare CR and NUL are ordinary bytes; a header ends at its first empty line, and a line in it that
 * is no field is stepped over when fields follow. Where clients are known to disagree about what a
 * message contains, the tree shows one reading, and the part carries an anomaly that says so; what
 * else there is to be seen readings.h tells.
 *
 * Input is hostile. Every limit in `struct mime_limits` is enforced, and a message beyond one is
 * still returned as a tree, cut at that point, with the reason in `truncated`: what to do about it
 * is the caller's decision. Time and memory are linear in the size of the message.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/sink.h"
#include "base/str.h"

/* Hard caps. A limit of 0 in `struct mime_limits` means the cap, and so does a larger one. */
enum {
	MIME_PARTS_MAX = 10000,
	MIME_DEPTH_MAX = 100,            /* parts inside parts; the root is at depth 1 */
	MIME_HEADER_BYTES_MAX = 1 << 20, /* all headers of all parts together */
	MIME_FIELDS_MAX = 50000,         /* header fields of all parts together */
	MIME_PARAMS_MAX = 200,           /* parameters of one field; further ones are not read */
	MIME_BOUNDARY_MAX = 1024,        /* a multipart with a longer boundary is not taken apart */
	MIME_COMMENT_DEPTH_MAX = 100,    /* comments inside comments */
	MIME_WORDS_MAX = 2000,           /* encoded words of one value; further ones stay encoded */
	MIME_ADDRESSES_MAX = 10000,      /* addresses of one list; further ones are not read */
	MIME_UNWRAP_MAX = 4,             /* encoded multiparts inside encoded ones (readings.h) */
	MIME_GUESS_PASSES_MAX = 8,       /* times the message is looked at for lost boundaries */
	MIME_WORK_MAX = 16 << 20,        /* lines looked at, and boundaries compared with them */
};

struct mime_limits {
	uint32_t parts, depth, fields, params;
	size_t header_bytes;
};

/* What is odd about a part. MIME_AMBIGUOUS and MIME_BROKEN group them. */
enum mime_anomaly {
	/* Clients may see another message than we do. */
	MIME_DUP_TYPE = 1u << 0,           /* several Content-Type fields */
	MIME_DUP_ENCODING = 1u << 1,       /* … Content-Transfer-Encoding */
	MIME_DUP_DISPOSITION = 1u << 2,    /* … Content-Disposition */
	MIME_DUP_ID = 1u << 3,             /* … Content-Id */
	MIME_DUP_PARAM = 1u << 4,          /* a parameter given twice */
	MIME_BOUNDARY_EMPTY = 1u << 5,     /* boundary= or boundary="" */
	MIME_BOUNDARY_ENCODED = 1u << 6,   /* an encoded word in it */
	MIME_BOUNDARY_EXTENDED = 1u << 7,  /* boundary*, boundary*0, boundary*0* … (RFC 2231) */
	MIME_BOUNDARY_HIDDEN = 1u << 8,    /* an invalid parameter stands before it */
	MIME_BOUNDARY_ODD = 1u << 9,       /* unquoted blanks, a comment glued to it, controls */
	MIME_BOUNDARY_REUSED = 1u << 10,   /* the same as that of an enclosing multipart */
	MIME_BOUNDARY_PREFIX = 1u << 11,   /* a delimiter line that goes on with something else */
	MIME_BOUNDARY_AGAIN = 1u << 12,    /* a delimiter after the closing one */
	MIME_COMMENT_OPEN = 1u << 13,      /* a comment without end, or too deeply nested */
	MIME_QUOTE_OPEN = 1u << 14,        /* a quoted string without end */
	MIME_MULTIPART_ENCODED = 1u << 15, /* multipart or message/rfc822 with base64 or the like */
	MIME_FIELD_ODD = 1u << 16, /* bare CR, NUL or a line of blanks in a field, or a blank
				      before the colon of a Content- field */
	MIME_ELSEWHERE = 1u << 17, /* message/partial, message/external-body */
	/* Only mime_read_again() (readings.h) finds these; they are never in the tree. */
	MIME_NAMES_DIFFER = 1u << 18,  /* a part with names that end differently */
	MIME_READING_OTHER = 1u << 19, /* some client finds another type, content or part */
	MIME_TEXT_ENCODED = 1u << 20,  /* a file in a text: uuencode, yEnc */
	/* Something is missing or misplaced. */
	MIME_HEADER_GARBAGE = 1u << 21,   /* a line in a header that is no field */
	MIME_HEADER_OPEN = 1u << 22,      /* no empty line between the header and a boundary */
	MIME_BOUNDARY_MISSING = 1u << 23, /* multipart without boundary parameter */
	MIME_PARTS_MISSING = 1u << 24,    /* the boundary never occurs */
	MIME_CLOSE_MISSING = 1u << 25,    /* no closing boundary */
	/* Worth knowing, harmless by themselves. */
	MIME_PARAM_INVALID = 1u << 26,    /* a parameter that is none was stepped over */
	MIME_TYPE_INVALID = 1u << 27,     /* Content-Type without type/subtype */
	MIME_ENCODING_UNKNOWN = 1u << 28, /* a Content-Transfer-Encoding that nobody knows */
	MIME_SYNTAX_RARE = 1u << 29,      /* a comment, a backslash, a quote or a blank in a
					     Content- field, where hardly anybody has one */
	MIME_BOUNDARY_STRAY = 1u << 30,   /* a boundary parameter of something else */
	MIME_ANOMALY_COUNT = 31,
};

enum {
	MIME_AMBIGUOUS = (1u << 21) - 1,
	MIME_BROKEN = (1u << 26) - 1 - MIME_AMBIGUOUS,
};

/* One header field. */
struct mime_header {
	struct str name;  /* as written; empty for a line that is no field */
	struct str value; /* after the colon, without blanks and line ends around it; folds are in
			     it */
	struct str whole; /* the field with its line ends */
};

/* One parameter of Content-Type or Content-Disposition, as written: `filename*0*` is a name. */
struct mime_param {
	struct str name, value; /* without quotes and comments */
	bool quoted;            /* the value was, at least its start */
};

struct mime_params {
	const struct mime_param *p;
	uint32_t n;
};

enum mime_encoding {
	MIME_IDENTITY, /* 7bit, 8bit, binary, none or unknown */
	MIME_BASE64,
	MIME_QP,
};

struct mime_mail;

/* A part. All views are into the message; parts never overlap but for nesting. */
struct mime {
	struct mime_mail *mail;
	struct mime *parent, *child, *next; /* first part inside, next beside */
	uint32_t aid;   /* 1 is the root; depth first, a part before those inside it */
	uint32_t depth; /* the root is at 1 */

	struct str raw;  /* head, empty line and body, without the line end before a boundary */
	struct str head; /* the fields and lines that are none, as one view */
	struct str body;
	struct str preamble,
		epilogue; /* of a multipart: before its first, after its last boundary */
	const struct mime_header *headers; /* in order of appearance */
	uint32_t header_count;
	uint32_t anomalies; /* enum mime_anomaly */

	/*
	 * What the part is to be taken for: "text/plain", lower case, never empty. A multipart
	 * without a usable boundary is "application/x-unparseable-multipart" and has no parts.
	 */
	struct str type;
	/* type/subtype as written; empty if there is no Content-Type field (filter.md 5.4) */
	struct str header_type;
	struct mime_params type_params;
	struct str disposition; /* "attachment", lower case; empty if there is none */
	struct mime_params disposition_params;
	struct str content_id; /* without angle brackets; empty if there is none */
	enum mime_encoding encoding;
	bool head_open; /* the body, or a boundary, follows the head without an empty line */
	bool glued;     /* the boundary follows without a line end that belongs to it */
};

/* What is known about the whole message; each part points to it. */
struct mime_mail {
	struct str raw;
	struct str eol; /* "\n" or "\r\n", whichever ends the first line; "\n" if none does */
	struct mime *root;
	struct mime **parts; /* parts[aid - 1] */
	uint32_t part_count;
	uint32_t field_count;
	uint32_t anomalies;    /* of all parts */
	const char *truncated; /* which limit was hit ("parts", "depth", …), or NULL */
};

/*
 * Parses `raw`, which must outlive the tree. There is no message that cannot be parsed: broken ones
 * come out as the parts that could be recognised. `lim` may be NULL for the hard caps. Parts of
 * multipart, message/rfc822, message/global and message/news are parsed recursively; bodies are not
 * decoded. An mbox envelope line ("From …") before the root's header belongs to no field.
 * 0 always, at present; the error is there for callers that wrap it.
 */
MUST_CHECK int mime_parse(struct arena *a, struct str raw, const struct mime_limits *lim,
			  struct mime **out, struct err *e);

/* "duplicate Content-Type", for one bit; and all of a set, joined with ", ". */
const char *mime_anomaly_name(enum mime_anomaly one);
struct str mime_anomaly_list(struct arena *a, uint32_t set);

/* As filter.md 4.2 and decisions.md mean it, of the whole message; a truncated one is broken. */
bool mime_is_ambiguous(const struct mime *m);
bool mime_is_broken(const struct mime *m);

/* Next part in the order of their numbers within the tree below `top`, which is first; or NULL. */
struct mime *mime_walk(const struct mime *top, const struct mime *m);

bool mime_is_multipart(const struct mime *m);

/* First header of that name (case does not matter) in this part, next one after `h`; or NULL. */
const struct mime_header *mime_find(const struct mime *m, struct str name);
const struct mime_header *mime_find_next(const struct mime *m, const struct mime_header *h,
					 struct str name);

/*
 * The value of a field as a reader sees it: unfolded, encoded words decoded (RFC 2047, and all the
 * ways in which mailers get it wrong), in UTF-8; bytes that are neither are read as windows-1252.
 * mime_text_decode() does so for any value, mime_unfold() removes line ends only.
 */
struct str mime_header_text(struct arena *a, const struct mime_header *h);
struct str mime_text_decode(struct arena *a, struct str value);
struct str mime_unfold(struct arena *a, struct str value);

/*
 * The value of parameter `name` in UTF-8: continuations, charset and percent encoding of RFC 2231,
 * else encoded words as most clients accept them. Empty if there is none.
 */
struct str mime_param_text(struct arena *a, struct mime_params params, struct str name);

/*
 * The recommended file name: `filename` of Content-Disposition, else `name` of Content-Type; NUL
 * becomes a blank, blanks around it are removed. Empty if the part has none. It is what the sender
 * wrote, path and all.
 */
struct str mime_filename(struct arena *a, const struct mime *m);

/* Charset parameter of Content-Type, as written; empty if there is none. */
struct str mime_charset(const struct mime *m);

/* The last Message-Id of this part, as written with its angle brackets, trimmed and unfolded. */
struct str mime_message_id(struct arena *a, const struct mime *m);

/*
 * The decoded body. mime_body_write() gives it to a sink piece by piece; mime_body_start() gives at
 * most the first `max` bytes (to look at them), mime_body() all of it or ERR_LIMIT. A body that is
 * not encoded is a view, not a copy. Line ends are as in the message.
 */
MUST_CHECK int mime_body_write(const struct mime *m, const struct sink *to, struct err *e);
struct str mime_body_start(struct arena *a, const struct mime *m, size_t max);
MUST_CHECK int mime_body(struct arena *a, const struct mime *m, size_t max, struct str *out,
			 struct err *e);

/* The decoded body of a text part in UTF-8, cut between characters at `max` bytes. */
struct str mime_body_text(struct arena *a, const struct mime *m, size_t max);

/* An address of a list. */
struct mime_address {
	struct str name;  /* display name or comment, decoded, UTF-8; may be empty */
	struct str addr;  /* local@domain without blanks and comments; "" for <> */
	struct str group; /* name of the group it is in, or empty */
};

struct mime_addresses {
	struct mime_address *p;
	size_t n;
};

/*
 * The addresses of a raw field value (From, To, Resent-From …), read leniently: groups, comments,
 * quoted names, routes, `<>`, missing commas and quotes. Whatever holds no address is left out.
 */
struct mime_addresses mime_address_list(struct arena *a, struct str value);

/*
 * The one address that personal lists look at (filter.md 5.5): without group syntax, comments and
 * quoted names the first <…>, else what stands before the first comma; runs of dots are one dot.
 */
struct str mime_address_first(struct arena *a, struct str value);
