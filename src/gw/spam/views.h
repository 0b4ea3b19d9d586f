/*
 * views - from the bytes of a mail to the texts that spam rules are matched against.
 *
 * SpamAssassin's rules are written against texts that its own, line-based and very tolerant reading
 * of a mail produces; this module makes the same texts (../shared/spec/spam-engine.md §2.10 and
 * §3). It shares nothing with lib/mime, which reads a mail as mail clients do.
 *
 * A `struct spam_message` is one mail read that way. Reading it splits header and parts; every
 * other view is made when it is first asked for and kept. All texts are octets, UTF-8 where
 * something was decoded, and live as long as the arena. A message is used by one thread of control;
 * asking for a view changes only its cache.
 *
 * There is no mail that cannot be read: broken ones give what could be recognised, limits cut (each
 * is named below), and flags say so.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct spam_message;
struct uri_domains; /* lib/uri/domains.h */

enum {
	SPAM_HEADER_NAME_MAX = 256,     /* longer ones are cut, flag truncated_header */
	SPAM_HEADER_VALUE_MAX = 8192,   /* the same */
	SPAM_HEADER_ALL_MAX = 65536,    /* the pseudo header ALL stops here */
	SPAM_BLANK_LINES_MAX = 20,      /* in a row, in the body */
	SPAM_PART_LINE_MAX = 2048,      /* longer lines inside a multipart are broken */
	SPAM_LEVELS_MAX = 20,           /* of nested parts */
	SPAM_PARTS_MAX = 1000,          /* per multipart */
	SPAM_PARTS_ALL_MAX = 5000,      /* in one message, all levels */
	SPAM_BODY_PART_MAX = 50000,     /* default of body_part_scan_size */
	SPAM_RAWBODY_PART_MAX = 500000, /* default of rawbody_part_scan_size */
	SPAM_LINE_MAX = 2048,           /* body lines; rawbody chunks are up to twice that */
	SPAM_URI_MAX = 8192,            /* longer ones are cut, flag uri_truncated */
	SPAM_URIS_MAX = 10000,          /* details kept; what comes later in the mail is left out */
	SPAM_RECEIVED_MAX = 1000,       /* Received lines read; later ones are left out */
};

/* Texts in order; n = 0 means that there are none. */
struct spam_texts {
	const struct str *v;
	size_t n;
};

/*
 * A list of networks as trusted_networks and its like give it: the first entry that contains an
 * address decides, `!` excludes.
 */
struct spam_networks;
struct spam_networks *spam_networks_new(struct arena *a);

/* One word: `10.1`, `10.1.2.0/24`, `[2001:db8::]/32`, `!10.1.2.3`; false if it is none of these. */
bool spam_networks_add(struct spam_networks *n, struct str word);

/* What the configuration decides: one per rule set, shared by all messages. */
struct spam_view_options {
	/* As configured; NULL where it is not. */
	const struct spam_networks *trusted, *internal, *msa;
	/* util_rb_tld, util_rb_2tld, util_rb_3tld; never NULL. */
	const struct uri_domains *domains;
	/* envelope_sender_header; empty: guess as SpamAssassin does. */
	struct str envelope_sender_header;
	/* originating_ip_headers */
	struct spam_texts originating_ip_headers;
	/* body_part_scan_size, rawbody_part_scan_size; 0: no limit of their own. */
	size_t body_part_max, rawbody_part_max;
	/* ok_locales: languages whose charsets are expected; empty: all of them */
	struct str locales;
	/* parse_dkim_uris */
	bool dkim_uris;
	/*
	 * redirector_pattern: the target that the first matching pattern captures in `uri`, as a
	 * view into it; false if none matches. NULL: no patterns.
	 */
	bool (*redirect)(const void *ctx, struct str uri, struct str *target);
	const void *redirect_ctx;
};

/* SpamAssassin's defaults; `domains` is the caller's to give. */
void spam_view_options_init(struct spam_view_options *o, const struct uri_domains *domains);

/* A header that the gateway puts below those of the mail, as X-Proxmox-Envelope-From. */
struct spam_added_header {
	struct str name, value;
};

struct spam_mail {
	struct str raw;   /* must outlive the message; the caller has cut it to maxspamsize */
	size_t true_size; /* of the whole mail; 0: nothing was cut */
	const struct spam_added_header *added;
	size_t added_count;
};

/* `mail` may go away after the call, what it points to may not. `o` must outlive the message. */
struct spam_message *spam_message_read(struct arena *a, const struct spam_mail *mail,
				       const struct spam_view_options *o);

/* What check_msg_parse_flags asks for, and its like. */
struct spam_message_flags {
	bool missing_head_body_separator;
	bool missing_mime_headers;
	bool missing_mime_head_body_separator;
	bool truncated_header;
	bool mime_epilogue_exists;
	bool uri_truncated; /* complete only after spam_uris() */
};
const struct spam_message_flags *spam_message_flags(const struct spam_message *m);

/* Bytes of the body as it came; of the uncut mail where that is known. */
size_t spam_body_size(const struct spam_message *m);

/*
 * Headers (§2.10): a name, which may be one of the special ones (ALL, ALL-TRUSTED, MESSAGEID,
 * EnvelopeFrom, X-Spam-Relays-External, ToCc, …), and what of it is wanted.
 */
enum spam_header_form {
	SPAM_HEADER_RAW = 1 << 0,
	SPAM_HEADER_ADDR = 1 << 1,
	SPAM_HEADER_NAME = 1 << 2,
	SPAM_HEADER_HOST = 1 << 3,
	SPAM_HEADER_DOMAIN = 1 << 4, /* implies HOST */
	SPAM_HEADER_IP = 1 << 5,
	SPAM_HEADER_REVIP = 1 << 6, /* implies IP */
	SPAM_HEADER_FIRST = 1 << 7,
	SPAM_HEADER_LAST = 1 << 8,
};

struct spam_header_query {
	struct str name;
	unsigned forms; /* enum spam_header_form, or-ed */
};

/* Takes `From:addr:host` apart; an unknown modifier is dropped. `name` is a view into `text`. */
struct spam_header_query spam_header_query_parse(struct str text);

/* All values from top to bottom; n = 0 if the header is absent. Plain values end in a newline. */
struct spam_texts spam_header(struct spam_message *m, const struct spam_header_query *q);

/* What rules see as header `name` of a mail that has none (§2.10); before they have seen it. */
void spam_add_metadata(struct spam_message *m, struct str name, struct str value);

/*
 * The values joined as a header rule is matched against them (§2.9); false if the header is absent,
 * and then *out is empty.
 */
bool spam_header_text(struct spam_message *m, const struct spam_header_query *q, struct str *out);

/*
 * body: lines (paragraphs) with their newline; [0] is the Subject (tflag nosubject: skip it), there
 * even if the mail has none.
 */
struct spam_texts spam_body(struct spam_message *m);

/*
 * Gives the body other lines, as many as it has: SpamAssassin's FreeMail cuts addresses out of what
 * the rules after it see. The views made of it before stay as they are.
 */
void spam_body_replace(struct spam_message *m, struct spam_texts lines);
struct spam_texts spam_body_as_read(struct spam_message *m); /* without such changes */

/* The same without the HTML text that a reader would not see, and only that (no Subject). */
struct spam_texts spam_body_visible(struct spam_message *m);
struct spam_texts spam_body_invisible(struct spam_message *m);

/* rawbody: decoded parts in chunks of 2 to 4 kB. full: the mail as it came, header and body. */
struct spam_texts spam_rawbody(struct spam_message *m);
struct str spam_full(const struct spam_message *m);

/* The body as it came. */
struct str spam_pristine_body(const struct spam_message *m);

/* MIME parts, containers before what they contain; [0] is the message itself. */
struct spam_part {
	struct str type;      /* "text/plain"; lower case; every text/x but a few is text/plain */
	struct str effective; /* type it is rendered as */
	struct str charset, name;
	struct str encoding; /* lower case, "" if none */
	bool leaf;
};
const struct spam_part *const *spam_parts(struct spam_message *m, size_t *n);

/*
 * What a mimeheader rule sees of header `name` (ALL: all of them) of a part: the last one of that
 * name, decoded and with a newline, or raw. False if it is absent and `[if-unset:` applies.
 */
bool spam_part_header(struct spam_message *m, const struct spam_part *part, struct str name,
		      bool raw, struct str *out);

/*
 * A URI that was found in something else than text and HTML; those above SPAM_URIS_MAX are left
 * out. Views of URIs made before stay as they are, those asked for later have it.
 */
void spam_add_uri(struct spam_message *m, struct str uri);

/* uri: the cleaned forms of all URIs, each once. */
struct spam_texts spam_uris(struct spam_message *m);

enum spam_uri_type {
	SPAM_URI_PARSED = 1 << 0,     /* found in the text */
	SPAM_URI_UNLINKED = 1 << 1,   /* in the text, and no client would make it a link */
	SPAM_URI_SCHEMELESS = 1 << 2, /* in the text, without http:// */
	SPAM_URI_DKIM = 1 << 3,       /* d= of a signature; has no cleaned form */
	SPAM_URI_A = 1 << 4,          /* the HTML elements that hold one, here and below */
	SPAM_URI_AREA = 1 << 5,
	SPAM_URI_LINK = 1 << 6,
	SPAM_URI_IMG = 1 << 7,
	SPAM_URI_FRAME = 1 << 8,
	SPAM_URI_IFRAME = 1 << 9,
	SPAM_URI_EMBED = 1 << 10,
	SPAM_URI_SCRIPT = 1 << 11,
	SPAM_URI_FORM = 1 << 12,
	SPAM_URI_BASE = 1 << 13,
	SPAM_URI_META = 1 << 14,
	SPAM_URI_BODY = 1 << 15,
	SPAM_URI_TABLE = 1 << 16,
	SPAM_URI_TR = 1 << 17,
	SPAM_URI_TD = 1 << 18,
	SPAM_URI_BGSOUND = 1 << 19,
};

struct spam_uri_host {
	struct str host, domain;
};

/* One URI as it was written (§3.7). */
struct spam_uri {
	struct str raw;
	unsigned types;
	struct spam_texts cleaned, anchor_text;
	const struct spam_uri_host *hosts; /* each host once */
	size_t host_count;
};
const struct spam_uri *spam_uri_details(struct spam_message *m, size_t *n);

/* Received lines that were understood, newest first (§3.8). */
struct spam_relay {
	struct str ip, rdns, helo, by, ident, id, auth;
	struct str envfrom; /* p == NULL: not told */
	bool internal, msa, ip_private;
	bool no_reverse_dns; /* the receiving server looked, and found no name */
};

enum spam_relay_list {
	SPAM_RELAYS_TRUSTED,
	SPAM_RELAYS_UNTRUSTED,
	SPAM_RELAYS_INTERNAL,
	SPAM_RELAYS_EXTERNAL,
	SPAM_RELAY_LISTS,
};

struct spam_relays {
	const struct spam_relay *v;
	size_t n;
	struct str text; /* what the rules for X-Spam-Relays-… match */
};
const struct spam_relays *spam_relays(struct spam_message *m, enum spam_relay_list which);
unsigned spam_relays_unparseable(struct spam_message *m);
