/*
 * What the files of lib/dkim share: tag lists, canonical forms, keys.
 */
#pragma once

#include <openssl/evp.h>

#include "lib/dkim/dkim.h"

/* tag=value; … (RFC 6376, 3.2) */
struct dkim_tag {
	struct str name, value; /* without the blanks around */
	struct str whole;       /* the value with them: what is left out when b= is emptied */
};

struct dkim_tags {
	struct dkim_tag p[DKIM_TAGS_MAX];
	size_t n;
};

/* False if it is no such list, or a name occurs twice, or there are too many. */
bool dkim_tags_parse(struct str text, struct dkim_tags *out);

/* NULL if there is none. */
const struct dkim_tag *dkim_tag(const struct dkim_tags *tags, const char *name);

/* Its value, or an empty one. */
struct str dkim_tag_value(const struct dkim_tags *tags, const char *name);

/* Whether `word` is one of a list with colons; case does not matter. */
bool dkim_list_has(struct str list, struct str word);

/* A number of t=, x= or l=: -1 if the tag is not there; false if it is no number. */
bool dkim_tag_number(const struct dkim_tags *tags, const char *name, int64_t *out);

struct dkim_field {
	struct str name;  /* without blanks at its end; empty for a line that is no field */
	struct str value; /* all after the colon */
	struct str whole; /* both, without the last line end */
};

struct dkim_body_hash;

struct dkim_message {
	struct arena *a;
	struct str body;
	bool cut;
	struct dkim_field *fields;
	size_t n;
	struct dkim_body_hash *hashes; /* made so far */
};

/* The fields of a header; what follows it is *body. */
void dkim_fields_read(struct arena *a, struct str raw, struct dkim_field **fields, size_t *n,
		      struct str *body);

/* A hash in the making. */
struct dkim_digest {
	EVP_MD_CTX *ctx;
	char out[512];
	size_t n;
	int64_t room;    /* bytes that still count; -1: all */
	uint64_t length; /* bytes given so far, counted or not */
};

struct dkim_hash {
	unsigned char p[EVP_MAX_MD_SIZE];
	unsigned n;
};

/* SHA-256, or SHA-1; its context goes with the arena. `room` as above. */
void dkim_digest_open(struct arena *a, struct dkim_digest *d, bool sha1, int64_t room);
void dkim_digest_add(struct dkim_digest *d, struct str bytes);
struct dkim_hash dkim_digest_done(struct dkim_digest *d);

/* One field, in canonical form; `eol` is whether its line end is part of what is signed. */
void dkim_digest_field(struct dkim_digest *d, struct str field, bool relaxed, bool eol);

/* As above, but for what stands between b= and the next semicolon. */
void dkim_digest_signature(struct arena *a, struct dkim_digest *d, const struct dkim_field *field,
			   const struct dkim_tags *tags, bool relaxed);

/* A body in canonical form, given piece by piece. */
struct dkim_body {
	struct dkim_digest digest;
	bool relaxed;
	bool cr, blank;     /* a CR, blanks, that may belong to a line end */
	bool line, any;     /* the line, the body, has bytes */
	size_t empty_lines; /* held back: they count if something follows */
};

void dkim_body_open(struct arena *a, struct dkim_body *b, bool relaxed, bool sha1, int64_t room);
void dkim_body_add(struct dkim_body *b, struct str bytes);
struct dkim_hash dkim_body_done(struct dkim_body *b);

/* Hash of the message's body; made once for each form. *length: of the canonical body. */
struct dkim_hash dkim_message_hash(struct dkim_message *m, bool relaxed, bool sha1, int64_t room,
				   uint64_t *length);

/* What a DKIM-Signature, an ARC-Message-Signature and an ARC-Seal have in common. */
struct dkim_parsed {
	const struct dkim_field *field;
	struct dkim_tags tags;
	enum dkim_algorithm algorithm;
	bool relaxed_header, relaxed_body;
	struct str domain, selector;
	struct str b, bh; /* decoded */
	int64_t signed_at, expires, length;
	const struct dns_question *key;
};

/*
 * a=, b=, d=, s=, t= and, with `body`, bh=, c=, l=, h=: NULL, or what is wrong with them. Whatever
 * was understood before is there.
 */
const char *dkim_parse(struct arena *a, const struct dkim_field *field, bool body,
		       struct dkim_parsed *out);

/* Asks for the key. */
void dkim_ask_key(struct arena *a, struct dns *d, struct dkim_parsed *p);

struct dkim_verdict {
	enum dkim_result result;
	const char *reason;
	int key_bits;
	bool testing, same_domain; /* t=y, t=s of the key */
};

/* Whether `hash` was signed with the key that DNS has; the question is answered. */
struct dkim_verdict dkim_verify_hash(struct arena *a, const struct dkim_parsed *p,
				     const struct dkim_options *options,
				     const struct dkim_hash *hash);

/* Hash of the fields in h= and of the signature's own. */
struct dkim_hash dkim_header_hash(struct arena *a, const struct dkim_message *m,
				  const struct dkim_parsed *p);

/* Compares bh= with the message. */
bool dkim_body_matches(struct dkim_message *m, const struct dkim_parsed *p);
