/*
 * mime_int - what the files of lib/mime share.
 */
#pragma once

#include "base/vec.h"
#include "lib/mime/mime.h"

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

/* A parse under way. The vectors are scratch space, used again for each part. */
struct parser {
	struct arena *a;
	struct mime_mail *mail;
	struct mime_limits lim;
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

/* field.c: reads the Content- fields of a part; `boundary` is empty if it is no usable multipart.
 */
void mime_fields_read(struct parser *ps, struct mime *m, struct str *boundary);

/* lex.c: one structured field value, read from left to right. */
struct lex {
	struct parser *ps;
	const char *p, *end;
	uint32_t anomalies;
	/* About the value read last: a comment or text is glued to it; blanks within, no quotes. */
	bool odd, spaced;
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

/* `s` in lower case; itself if it is already. */
struct str mime_lower(struct arena *a, struct str s);
