/*
 * ticket - what lets somebody in without a password (api.md, Login; config.md §3).
 *
 *	PREFIX:DATA:TIME::SIGNATURE
 *
 * TIME is eight upper case hex digits, the signature RSA (PKCS #1 v1.5, SHA-256) in base64 over all
 * that stands before the two colons. A colon in the data is written %3A.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define TICKET_KEY "/etc/pmg/pmg-authkey.key"

enum { TICKET_KEY_MAX = 64 * 1024 };

/* A private key, as long as the arena lives. ERR_INVALID if the PEM text is none. */
struct ticket_key;
MUST_CHECK int ticket_key_read(struct arena *a, struct str pem, struct ticket_key **out,
			       struct err *e);

/* The ticket by which user `pmail` gets to his quarantine, made at `now` (seconds since 1970). */
MUST_CHECK int ticket_quarantine(struct arena *a, const struct ticket_key *key, struct str pmail,
				 int64_t now, struct str *out, struct err *e);
