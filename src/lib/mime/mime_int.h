/*
 * mime_int - what the files of lib/mime share.
 */
#pragma once

#include "base/vec.h"
#include "lib/mime/mime.h"

struct buf;
struct delimiter;

struct mime_param_list {
	struct mime_param *p;
	size_t n, cap;
};

/* Where a scan for boundaries stopped. */
struct stop {
	struct delimiter *at; /* whose boundary it was; NULL: the end of the message */
	bool close;           /* it was the closing one */
	bool glued;           /* there is no line end between it and what stands before */
	const char *content_end;
};

/*
 * How the reader deviates from that of mime_parse(): one habit of some family of clients each.
 * again.c says when which is tried.
 */
enum mime_habit {
	HABIT_LOOSE = 1u << 0,    /* a line that begins like a boundary, in any case, is one */
	HABIT_GO_ON = 1u << 1,    /* parts may follow the closing boundary */
	HABIT_OUTER = 1u << 2,    /* a boundary used twice is that of the outer multipart */
	HABIT_ENDS = 1u << 3,     /* a line that is no field, or of blanks, ends the header */
	HABIT_SKIPS = 1u << 4,    /* only an empty line ends it */
	HABIT_COLON = 1u << 5,    /* a blank before the colon: no field */
	HABIT_NAIVE = 1u << 6,    /* no comments, no escapes, no folding of what is glued */
	HABIT_EXTENDED = 1u << 7, /* boundary*… before boundary */
	HABIT_WORDS = 1u << 8,    /* encoded words in a boundary are decoded */
	HABIT_GUESS = 1u << 9,    /* whatever looks like a multipart is one */
	HABIT_PREAMBLE = 1u << 10,/* the preamble is a part */
	HABIT_MESSAGES = 1u << 11,/* message/partial and the like hold messages */
	HABIT_UNWRAP = 1u << 12,  /* an encoded multipart or message is decoded */
	HABIT_FIELD_2 = 1u << 13, /* of several fields of one name the second counts */
	HABIT_FIELD_LAST = 1u << 14,
	HABIT_PARAM_2 = 1u << 15, /* of several boundary parameters the second counts */
	HABIT_PARAM_LAST = 1u << 16,
	HABIT_CR = 1u << 17,      /* a bare CR ends a line; mime_parse_as() wants it to be an LF */
	HABIT_COUNT = 18,
};

/* A parse under way. The vectors are scratch space, used again for each part. */
struct parser {
	struct arena *a;
	struct mime_mail *mail;
	struct mime_limits lim;
	uint32_t habits;       /* enum mime_habit */
	unsigned unwrapped;    /* bodies decoded to get here */
	size_t guess_bytes;    /* looked at in search of a boundary */
	int64_t work;          /* that may still be done: MIME_WORK_MAX and less */
	const char *p, *end; /* `p` is always at the start of a line */
	struct delimiter *top;
	struct stop stop;
	bool full; /* a limit was reached beyond which nothing is taken apart */
	size_t header_bytes;
	const char *field_ahead; /* head.c: lines before it are garbage within a header */
	VEC(struct mime *) parts;
	VEC(struct mime_header) fields;
	struct mime_param_list params;
};

/* The boundary of a multipart that is open, innermost first. */
struct delimiter {
	struct delimiter *outer;
	struct str text;
	struct mime *m;
	bool closed; /* only its epilogue is left */
};

static inline bool has_habit(const struct parser *ps, enum mime_habit h)
{
	return ps->habits & h;
}

/* parse.c: mime_parse() with habits. What it does is taken off `*work`, which may end below 0. */
struct mime *mime_parse_as(struct arena *a, struct str raw, const struct mime_limits *lim,
			   uint32_t habits, int64_t *work);

void mime_truncate(struct parser *ps, const char *reason);

/*
 * head.c: splits the header at ps->p into fields. Returns true if the head is over and a body
 * follows at ps->p; false if a boundary (ps->stop) or the end came first.
 */
bool mime_head_parse(struct parser *ps, struct mime *m);

/*
 * boundary.c: whether the line at `line`, which begins with "--", is a delimiter; if so ps->stop
 * and ps->p (behind it) are set. Content may not end before `floor`.
 */
bool mime_boundary_at(struct parser *ps, const char *line, const char *floor);
/* Moves to the next delimiter of any open multipart, or to the end. */
void mime_boundary_find(struct parser *ps);
/* The boundary of the body at ps->p: `wanted` if it is there, else one that looks like it. */
struct str mime_boundary_guess(struct parser *ps, struct str wanted);

/*
 * field.c: reads the Content- fields of a part; `boundary` is STR_NONE if it is no usable
 * multipart.
 */
void mime_fields_read(struct parser *ps, struct mime *m, struct str *boundary);

/* lex.c: one structured field value, read from left to right. */
struct lex {
	struct parser *ps;
	const char *p, *end;
	uint32_t anomalies;
	/* About the value read last: a comment or text is glued to it; blanks within, no quotes. */
	bool odd, spaced, quoted;
	/* About the boundary parameter; counts for multiparts only. */
	uint32_t boundary_anomalies;
};

void mime_lex_init(struct lex *lx, struct parser *ps, struct str value);
/* Steps over blanks and comments; false at the end. */
bool mime_lex_skip(struct lex *lx);
/* The run of bytes up to a blank, a comment or one of `stops`; without quotes around it. */
struct str mime_lex_word(struct lex *lx, const char *stops);
/* The rest as parameters. */
struct mime_params mime_lex_params(struct lex *lx);

/* param.c: takes charset'language' from the front; empty if there is none. */
struct str mime_param_charset(struct str *value);
/* charset'language'percent-encoded as UTF-8. */
struct str mime_param_extended(struct arena *a, struct str value);
void mime_percent_add(struct buf *to, struct str s);

/*
 * embed.c: calls `found` for each file that is in a text: uuencoded (also with base64) or as yEnc.
 * `content` is decoded and lives in `a`, unless `found` wants to forget it, and what else it put
 * there.
 */
enum mime_embedded_next { EMBEDDED_KEEP, EMBEDDED_FORGET, EMBEDDED_STOP };
void mime_embedded(struct arena *a, struct str text,
		   enum mime_embedded_next (*found)(void *ctx, struct str name, struct str content),
		   void *ctx);

/* `s` in lower case; itself if it is already. */
struct str mime_lower(struct arena *a, struct str s);
