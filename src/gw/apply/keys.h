/* Keys and self-signed certificates, as PEM text; private to gw/apply. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* RSA 2048: PKCS #1 private key, SubjectPublicKeyInfo. */
MUST_CHECK int key_pair(struct arena *a, struct str *private_pem, struct str *public_pem,
			struct err *e);

/* A private key of a mail domain, PKCS #8: RSA of `bits`, or Ed25519 if that is 0. */
MUST_CHECK int key_dkim(struct arena *a, int bits, struct str *pem, struct err *e);

struct cert_names {
	const char *common, *unit, *organisation; /* NULL: left out */
	const char *alternatives;                 /* "DNS:a,DNS:b" or NULL */
};

/* RSA 4096, valid for 3650 days from now, signed by itself: private key, then certificate. */
MUST_CHECK int cert_make(struct arena *a, const struct cert_names *names, struct str *pem,
			 struct err *e);
