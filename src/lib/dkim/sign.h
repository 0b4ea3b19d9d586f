/*
 * sign - put a DKIM signature on a mail of ours (RFC 6376, 5; RFC 8463).
 *
 * The mail is written to a sink, the way it will be sent; what comes out is the value of the
 * DKIM-Signature field that goes on top of it. Both forms are "relaxed", and line ends count as
 * CRLF, so the spool's LF does no harm. A field is signed as often as it is there; an oversigned
 *one once more, so that nobody can add another.
 *
 *	struct dkim_signer *s = dkim_sign(a, &options);
 *	mime_write(root, edit, dkim_sign_sink(s), e);
 *	dkim_sign_done(s, &value, e);
 */
#pragma once

#include "base/err.h"
#include "base/sink.h"
#include "base/str.h"

enum {
	DKIM_PEM_MAX = 32 * 1024,
	DKIM_SIGN_NAMES_MAX = 100,
};

struct dkim_key;

/*
 * A private key, RSA or Ed25519, in PEM. ERR_INVALID for anything else, and for an RSA key below
 * 1024 or above 8192 bits. It goes with the arena.
 */
MUST_CHECK int dkim_key_read(struct arena *a, struct str pem, struct dkim_key **out, struct err *e);

/* What p= of its DNS record says: base64. And "rsa" or "ed25519", for k=. */
struct str dkim_key_public(struct arena *a, const struct dkim_key *key);
const char *dkim_key_type(const struct dkim_key *key);

/* Of an RSA key; 0 for Ed25519, all of which are alike. */
int dkim_key_bits(const struct dkim_key *key);

struct dkim_sign_name {
	struct str name;
	bool over;       /* sign it once more than it is there */
	bool if_present; /* … but only if it is there at all */
};

struct dkim_sign_options {
	const struct dkim_key *key;
	struct str domain, selector; /* in A-labels */
	const struct dkim_sign_name *names;
	size_t name_count; /* at most DKIM_SIGN_NAMES_MAX, From among them */
	int64_t now;       /* t=, seconds since 1970 */
	int64_t expires;   /* x=; 0: none */
};

struct dkim_signer;

/* `options` and what it points to must live until the end. */
struct dkim_signer *dkim_sign(struct arena *a, const struct dkim_sign_options *options);

/* Takes the mail in pieces of any size. ERR_LIMIT if its header exceeds DKIM_HEADER_MAX. */
const struct sink *dkim_sign_sink(struct dkim_signer *s);

/*
 * The value of the field, folded with "\n\t". ERR_INVALID if the mail has no From, or begins with a
 * line that would become part of the field above it.
 */
MUST_CHECK int dkim_sign_done(struct dkim_signer *s, struct str *out, struct err *e);
