/*
 * received - what a Received line says about one hop (§3.8).
 */
#pragma once

#include "gw/spam/message_int.h"

enum spam_received {
	SPAM_RECEIVED_UNPARSEABLE,
	SPAM_RECEIVED_IGNORED, /* no hop over the network, or none that anything is known about */
	SPAM_RECEIVED_FETCHED, /* ignored: the mail was fetched from a mailbox here */
	SPAM_RECEIVED_RELAY,
};

/*
 * Reads one line, unfolded, decoded. `scanner_sender`: what qmail-scanner said on the line before,
 * which was about this hop; it is updated.
 */
enum spam_received spam_received_read(struct arena *a, struct str line, struct str *scanner_sender,
				      struct spam_relay *out);

/* The kind of authentication that the line tells of; empty if none. */
struct str spam_received_auth(struct arena *a, struct str line);

/* 10/8, 127/8, 169.254/16, 172.16/12, 192.168/16, 100.64/10, fe80::/10, ::1 and such mapped. */
bool spam_ip_is_private(struct str ip);

enum received_flag {
	RECEIVED_IGNORE = 1 << 0,
	RECEIVED_LOOKS_UP = 1 << 1, /* that server asks the DNS: no name means there is none */
	RECEIVED_UNKNOWN_IS_NONE = 1 << 2, /* "unknown" for the reverse name is the same as none */
	RECEIVED_IDENT_IN_RDNS = 1 << 3,   /* ident@ before the reverse name */
	RECEIVED_HELO_IS_RDNS = 1 << 4,    /* unless the options name another */
	RECEIVED_NO_ID = 1 << 5,
	RECEIVED_XMAIL = 1 << 6,
	RECEIVED_EXIM = 1 << 7,
	RECEIVED_QMAIL = 1 << 8,
	RECEIVED_SCANNER = 1 << 9,
	RECEIVED_FETCH = 1 << 10,
	RECEIVED_ANYWHERE = 1 << 11, /* the shape may begin anywhere in the line */
	RECEIVED_HOTMAIL = 1 << 12,
	RECEIVED_NOT_QMAIL = 1 << 14, /* not for lines of qmail-ldap, which look like it */
	RECEIVED_SOFT_DNS = 1 << 13,  /* "softdnserr" for the reverse name: could not ask */
};

struct received_format {
	const char *shape;
	unsigned flags;
};

/* Formats that a server is known by; only the first server whose mark is in the line is tried. */
struct received_server {
	const char *mark; /* a shape, anywhere in the line */
	struct received_format formats[5];
};

extern const struct received_server received_servers[]; /* ends with mark NULL */
extern const struct received_format received_others[];  /* in this order */
