/*
 * envelope - what an SMTP or LMTP client said about a mail before its data.
 *
 * Addresses are as received, without angle brackets; with SMTPUTF8 they are UTF-8. Recipients stand
 * in the order of their RCPT commands, and `index` of a recipient elsewhere means its place here.
 * A recipient named twice has one entry that counts (`same_as`), since a mail is handled once per
 * recipient while LMTP wants one reply per RCPT.
 */
#pragma once

#include "base/str.h"

enum {
	SMTP_ADDRESS_MAX = 1024, /* bytes; RFC 5321 asks for 256, SMTPUTF8 makes them longer */
	SMTP_RCPT_MAX = 10000,	 /* recipients of one mail */
	SMTP_PARAM_MAX = 1024,	 /* bytes of one ESMTP parameter's value that is handed on */
};

struct smtp_rcpt {
	struct str address;
	struct str notify, orcpt; /* DSN parameters as received, empty if none (RFC 3461) */
	size_t same_as;		  /* index of the first RCPT with these bytes, maybe its own */
};

struct smtp_envelope {
	struct str sender; /* empty: a bounce */
	struct smtp_rcpt *rcpt;
	size_t n_rcpt;
	struct str ret, envid; /* DSN parameters of MAIL as received, empty if none */
	bool smtputf8;
	/* XFORWARD attributes as received (no xtext decoding); empty if not given */
	struct str xforward_name, xforward_addr, xforward_proto, xforward_helo;
};
