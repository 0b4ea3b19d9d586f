/*
 * signing - DKIM signatures on the mails that leave us (filter.md §10, decisions.md).
 *
 * Which domain signs: that of the envelope's sender, or of From if the settings say so; with
 * dkim_sign_all_mail as it is, otherwise the longest entry of dkim/domains (of the relay domains,
 * if that is empty) which it is or which it lies below.
 *
 * With which keys: all of dkim/DOMAIN/SELECTOR.private, a signature each, so that two selectors
 * (an old and a new one, or RSA and Ed25519) serve at once. A domain without a directory has
 * dkim/SELECTOR.private, where SELECTOR is the setting dkim_selector.
 *
 * What is signed is what is sent: the mail is written twice, once to the signers. Whatever goes
 * wrong is a log line, and the mail goes out without a signature.
 */
#pragma once

#include "gw/cfg/cfg.h"
#include "lib/dkim/sign.h"
#include "lib/smtp/client.h"

enum {
	SIGNING_KEYS_MAX = 4,      /* of a domain, hence signatures on a mail */
	SIGNING_DOMAINS_MAX = 5000, /* with keys of their own */
};

struct signing_key {
	struct str domain;   /* lower case; empty: of all domains without keys of their own */
	struct str selector;
	struct dkim_key *key;
};

struct signing_keys {
	VEC(struct signing_key) list; /* sorted by domain and selector */
	VEC(struct str) problems;     /* files that are no use, and why */
};

/*
 * All keys below `dir` (normally CFG_DIR); of the single ones, that of `selector` (may be empty).
 * What cannot be read is a problem and not an error.
 */
void signing_keys_read(struct arena *a, const char *dir, struct str selector,
		       struct signing_keys *out);

/* The record to publish, in the form of a zone file, with a newline. */
struct str signing_record(struct arena *a, const struct signing_key *key);

/* What its TXT says: "v=DKIM1; h=sha256; k=rsa; p=…" */
struct str signing_record_text(struct arena *a, const struct signing_key *key);

struct signing;

/*
 * For a generation: keys and domains. *out is NULL if the settings say not to sign, which
 * signing_add() takes. Keys that cannot be read are warned of.
 */
MUST_CHECK int signing_load(struct arena *a, const char *dir, const struct cfg *cfg,
			    struct signing **out, struct err *e);

struct signing_mail {
	struct str sender; /* of the envelope */
	bool ours;         /* we have written it: another warning */
	int64_t now;       /* seconds since 1970 */
};

/* `source`, with the signatures that it gets on top; as it is if it gets none. */
struct smtp_source signing_add(struct arena *a, const struct signing *s,
			       const struct signing_mail *m, struct smtp_source source);

/* The domain that signs for `domain`, in A-labels; empty: none. */
struct str signing_domain(const struct signing *s, struct str domain);
