/*
 * dkim - are the signatures of a mail genuine? (RFC 6376, RFC 8301, RFC 8463)
 *
 * A `struct dkim_message` is the mail, read once: its fields, and its body, from which the hashes
 * are made. dkim_verify() reads the signatures in it and asks for all keys at once; when DNS has
 * answered (dns.h), dkim_check() says what each is worth. ARC (arc.h) works on the same message.
 *
 * The bytes may have LF or CRLF line ends: a line end counts as CRLF, as it was when it was signed.
 * A mail of which only the beginning was read can pass if the signature covers no more than that
 * (l=); if it fails, that means nothing, and the result says so.
 */
#pragma once

#include "base/err.h"
#include "lib/dns/dns.h"

enum {
	DKIM_HEADER_MAX = 1 << 20, /* bytes of the header that are looked at */
	DKIM_FIELDS_MAX = 2000,    /* fields of it */
	DKIM_NAMES_MAX = 500,      /* names in one h= */
	DKIM_SIGNATURES_MAX = 10,  /* from the top; further ones are not looked at */
	DKIM_TAGS_MAX = 50,        /* of one field or record */
	DKIM_RSA_BITS = 1024, /* less is no key (RFC 8301), if the caller does not say otherwise */
	DKIM_RSA_BITS_MAX = 8192, /* more costs too much time */
	DKIM_REASON_MAX = 200,
};

struct dkim_message;

/*
 * `raw` is the whole mail, or its beginning if `cut`. It must outlive the message.
 */
struct dkim_message *dkim_message_read(struct arena *a, struct str raw, bool cut);

enum dkim_result {
	DKIM_PENDING,
	DKIM_PASS,
	DKIM_FAIL,    /* body or header are not what was signed */
	DKIM_NEUTRAL, /* the signature cannot be read */
	DKIM_POLICY,  /* a signature that we do not accept: its key is too short, or it is SHA-1 */
	DKIM_PERMERROR, /* there is no usable key; it has expired */
	DKIM_TEMPERROR, /* the key could not be fetched */
};

enum dkim_algorithm {
	DKIM_RSA_SHA256,
	DKIM_RSA_SHA1,
	DKIM_ED25519_SHA256,
};

struct dkim_signature {
	enum dkim_result result;
	const char *reason; /* why not pass, for people; else empty */
	enum dkim_algorithm algorithm;
	struct str domain, selector; /* d=, s=, lower case */
	struct str identity;         /* i=, or "@" and d= */
	struct str b;                /* base64, as written: header.b= of Authentication-Results */
	int64_t length;              /* l=, or -1: the whole body */
	int64_t signed_at, expires;  /* t=, x=, seconds since 1970; -1: not there */
	int key_bits;                /* once there is a key */
	bool testing;                /* the key is marked t=y */
	bool undependable;           /* did not pass, but the mail was cut */
};

struct dkim_options {
	int64_t now;  /* seconds since 1970, for x= */
	int rsa_bits; /* 0: DKIM_RSA_BITS */
	bool sha1;    /* accept rsa-sha1, as SpamAssassin does; RFC 8301 does not */
};

struct dkim_verifier {
	struct dkim_signature *signatures; /* in the order of the mail, from the top */
	size_t n;
	struct dkim_verifier_state *state;
};

/* Reads the DKIM-Signature fields and asks for their keys; `m` and `d` must live as long as `a`. */
struct dkim_verifier *dkim_verify(struct arena *a, struct dns *d, struct dkim_message *m,
				  const struct dkim_options *options);

/* Goes on with what DNS has answered; true when no signature is DKIM_PENDING any more. */
bool dkim_check(struct dkim_verifier *v);

/* "pass", as in Authentication-Results (RFC 8601) */
const char *dkim_result_name(enum dkim_result result);
const char *dkim_algorithm_name(enum dkim_algorithm algorithm);

enum dkim_adsp {
	DKIM_ADSP_PENDING,
	DKIM_ADSP_NONE,     /* no record, or DNS does not tell */
	DKIM_ADSP_NXDOMAIN, /* the domain itself does not exist */
	DKIM_ADSP_UNKNOWN,
	DKIM_ADSP_ALL,
	DKIM_ADSP_DISCARDABLE,
};

/*
 * What the author's domain says about mail that it has not signed (RFC 5617, historic, but rules
 * ask for it). Asks at the first call; call again while it is pending.
 */
enum dkim_adsp dkim_adsp_check(struct arena *a, struct dns *d, struct str domain);
enum dkim_adsp dkim_adsp_parse(struct str record);
