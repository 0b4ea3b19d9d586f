/*
 * dns - many questions at once, one deadline.
 *
 * A `struct dns` is the questions of one unit of work (a mail, a policy request) on its arena. One
 * asks as early as one knows what to ask, goes on working, and collects what has come:
 *
 *	struct dns *d = dns_open(a, resolver);
 *	const struct dns_question *mx = dns_ask(d, STR("example.org"), DNS_MX);
 *	…
 *	dns_wait(d, mx, deadline);
 *	if (mx->status == DNS_OK) … mx->records[i] …
 *
 * The same name and type is asked once, whoever asks. Code that needs several answers in a row
 * (SPF, DMARC) is written as a function over what is known so far: it asks, and returns "not yet"
 * when a question is still DNS_PENDING; its caller waits for any answer and calls it again. That
 * way the questions of everybody are under way together and nobody needs a state machine.
 *
 * Who answers is a `struct dns_resolver`: c-ares (cares.h) or, in tests, a table (table.h).
 */
#pragma once

#include <poll.h>

#include "base/arena.h"
#include "base/str.h"
#include "lib/cidr/cidr.h"

enum {
	DNS_NAME_MAX = 253, /* characters of a name, without a dot at its end */
	DNS_LABEL_MAX = 63,
	DNS_QUESTIONS_MAX = 1000, /* of one unit of work; further ones are DNS_SKIPPED */
	DNS_RECORDS_MAX = 128,    /* of one answer; further ones are dropped */
	DNS_TEXT_MAX = 16 * 1024, /* text of one record; a longer one is dropped */
	DNS_CHAIN_MAX = 10,       /* CNAMEs on the way to an answer */
};

/* What can be asked for; the numbers are IANA's. */
enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_HINFO = 13,
	DNS_MINFO = 14,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_RP = 17,
	DNS_GPOS = 27,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_NAPTR = 35,
	DNS_KX = 36,
	DNS_CERT = 37,
	DNS_DNAME = 39,
	DNS_SSHFP = 44,
	DNS_DHCID = 49,
	DNS_TLSA = 52,
	DNS_OPENPGPKEY = 61,
	DNS_SPF = 99,
	DNS_URI = 256,
	DNS_CAA = 257,
};

enum dns_status {
	DNS_PENDING,
	DNS_OK,     /* there is at least one record of the type */
	DNS_NODATA, /* the name exists, such a record does not */
	DNS_NXDOMAIN,
	DNS_BADNAME, /* an empty or too long label, or too long as a whole: cannot be asked */
	/* Nobody knows; everything from here on is temporary. */
	DNS_SERVFAIL, /* or any other error code; see `rcode` */
	DNS_REFUSED,
	DNS_BROKEN, /* an answer that makes no sense */
	DNS_TIMEOUT,
	DNS_SKIPPED, /* not asked: server or zone is known not to answer, or too many questions */
};

struct dns_record {
	struct cidr_addr addr; /* A, AAAA */
	struct str name;       /* the first one in it, if any; lower case, no dot at the end */
	/*
	 * TXT, SPF: the strings joined, any bytes; A, AAAA: none. All others as a master file has
	 * them (RFC 1035, 5.1), on one line but for the numbers of an SOA: "10 Mail.example.org."
	 */
	struct str text;
	uint32_t ttl;          /* seconds */
	uint16_t preference;   /* MX */
};

struct dns_question {
	struct str name; /* lower case, no dot at the end */
	enum dns_type type;
	struct str zone; /* see dns_ask_in(); or empty */
	enum dns_status status;
	int64_t patience_ms; /* how long who is silent is asked anew; 0: as the resolver likes */
	uint8_t rcode;              /* of the answer, if there was one */
	bool cut;                   /* a limit made us drop records */
	struct str primary; /* with DNS_NODATA, DNS_NXDOMAIN: of the zone, as its SOA names it */
	struct dns_record *records; /* in the order of the answer; CNAMEs have been followed */
	size_t n;
};

struct dns;

/* Who answers. `q->status` is DNS_PENDING until it does; it may do so within send(). */
struct dns_resolver {
	/* Asks; records of the answer come from `a`. */
	void (*send)(struct dns_resolver *r, struct arena *a, struct dns_question *q);
	/* Waits until something was answered, or until `deadline` (net_now()). */
	void (*wait)(struct dns_resolver *r, int64_t deadline);
	/* Forgets everything that is under way: no question is touched any more. */
	void (*cancel)(struct dns_resolver *r);
	/* For callers who wait for other things too; see dns_poll_fds(). May be NULL. */
	size_t (*fds)(struct dns_resolver *r, struct pollfd *fds, size_t max, int64_t *until);
	void (*ready)(struct dns_resolver *r, const struct pollfd *fds, size_t n);
};

/*
 * Questions on arena `a`; when that goes, what is still under way is forgotten. A resolver outlives
 * the arena, and serves one `struct dns` at a time.
 */
struct dns *dns_open(struct arena *a, struct dns_resolver *resolver);

/*
 * Asks, unless the same was asked before. A name is taken as it is, split at its dots (there are no
 * escapes); a dot at its end is ignored. Never NULL, and stays where it is.
 */
const struct dns_question *dns_ask(struct dns *d, struct str name, enum dns_type type);

/* As dns_ask(); `zone` (a block list) is what is skipped for a while if its names time out. */
const struct dns_question *dns_ask_in(struct dns *d, struct str name, enum dns_type type,
				      struct str zone);

/*
 * Waits until `q` is answered; until any question is answered that was not before; until all are.
 * Each returns at `deadline` (net_now()), and at once if there is nothing to wait for. False if
 * what was waited for did not happen.
 */
bool dns_wait(struct dns *d, const struct dns_question *q, int64_t deadline);
bool dns_wait_any(struct dns *d, int64_t deadline);
bool dns_wait_all(struct dns *d, int64_t deadline);

/*
 * Takes what has come, without waiting, and gives up what has not: pending questions become
 * DNS_TIMEOUT. Nothing is under way afterwards.
 */
void dns_finish(struct dns *d);

/* Questions without an answer so far, and all that were asked. */
size_t dns_pending(const struct dns *d);
size_t dns_asked(const struct dns *d);

/* The pending questions, one after the other from *at = 0; NULL when there are no more. */
const struct dns_question *dns_next_pending(const struct dns *d, size_t *at);

/*
 * For a poll() together with other descriptors: fills in at most `max` of them and returns their
 * number; *until is when dns_poll_ready() is to be called at the latest. That takes them after the
 * poll, their `revents` set.
 */
size_t dns_poll_fds(struct dns *d, struct pollfd *fds, size_t max, int64_t *until);
void dns_poll_ready(struct dns *d, const struct pollfd *fds, size_t n);

/* "AAAA", and back in any case; false if it is none of the types above. */
const char *dns_type_name(enum dns_type type);
bool dns_type_parse(struct str name, enum dns_type *out);

/* "NXDOMAIN", for logs. */
const char *dns_status_name(enum dns_status status);

/* Whether the answer is final: yes or no, not "ask again later". */
static inline bool dns_is_known(const struct dns_question *q)
{
	return q->status > DNS_PENDING && q->status < DNS_SERVFAIL;
}

/*
 * "2.0.0.192": an address as block lists and reverse zones want it, octets or nibbles in reverse
 * order, without a zone behind it. dns_reverse_name() puts in-addr.arpa or ip6.arpa there.
 */
struct str dns_reverse(struct arena *a, const struct cidr_addr *addr);
struct str dns_reverse_name(struct arena *a, const struct cidr_addr *addr);

/* Whether it can be asked (see DNS_BADNAME); one dot at the end is allowed, the root is not. */
bool dns_name_is_valid(struct str name);
