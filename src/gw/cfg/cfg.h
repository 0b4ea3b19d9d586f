/*
 * cfg - the settings of the gateway, typed.
 *
 * pmg.conf has one section for each struct below; the member carries the name of the key (a dash
 * becomes an underscore). After cfg_load() every member holds the stored value or the default, so
 * that code reads `cfg->mail.maxsize` and nothing else. What a setting means is said in its row of
 * the section's table (admin.c, mail.c, …), from which the help and the checks come too.
 *
 * A string that is not set and has no default is STR_NONE. An enum is the position in its list of
 * values; one that is not set and has no default is -1. A number without default is 0.
 *
 * Whatever is wrong in the file (unknown key, bad value, junk) is in `problems`, and the line it
 * stands on has no effect: a daemon logs them and runs, `pmgconfig sync` reports them and refuses.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "lib/schema/prop.h"

/* pmg.conf itself; consent-text alone may be 64 KiB. */
enum { CFG_FILE_MAX = 1024 * 1024 };

struct cfg_admin {
	bool advfilter, avast, clamav, custom_check, dailyreport, demo;
	bool dkim_sign, dkim_sign_all_mail;
	int64_t statlifetime; /* days */
	struct str custom_check_path, email, http_proxy;
	struct str admin_mail_from, consent_text, dkim_selector;
	int dkim_use_domain; /* enum dkim_use_domain */
};

enum dkim_use_domain { DKIM_DOMAIN_HEADER, DKIM_DOMAIN_ENVELOPE };

struct cfg_mail {
	int64_t int_port, ext_port;
	struct str relay, smarthost, banner, dnsbl_sites;
	int relayprotocol; /* enum relayprotocol */
	int64_t relayport, smarthostport;
	int64_t max_filters, max_policy, max_smtpd_in, max_smtpd_out; /* processes */
	int64_t conn_count_limit, conn_rate_limit, message_rate_limit; /* 0: none */
	int64_t maxsize;                                               /* bytes */
	int64_t dwarning;                                              /* hours */
	int64_t dnsbl_threshold, greylistmask4, greylistmask6;
	int64_t filter_timeout; /* seconds */
	int64_t queue_lifetime; /* days; 0: Postfix's default */
	int verifyreceivers;    /* enum verifyreceivers */
	bool relaynomx, hide_received, tls, tlslog, tlsheader, helotests;
	bool rejectunknown, rejectunknownsender, spf, greylist, greylist6;
	bool before_queue_filtering, ndr_on_block, smtputf8, accept_broken_mime, log_headers;
};

enum relayprotocol { RELAY_SMTP, RELAY_LMTP };
enum verifyreceivers { VERIFY_OFF = -1, VERIFY_450, VERIFY_550 };

struct cfg_spam {
	struct str languages, wl_bounce_relays;
	bool use_bayes, use_awl, use_razor, rbl_checks, extract_text;
	int64_t clamav_heuristic_score, bounce_score;
	int64_t maxspamsize; /* bytes, as stored; see cfg_spam_size() */
};

struct cfg_spamquar {
	int64_t lifetime; /* days */
	int64_t port;
	int authmode, reportstyle, viewimages, protocol; /* the enums below */
	bool allowhrefs, quarantinelink;
	struct str hostname, mailfrom;
};

enum authmode { AUTH_TICKET, AUTH_LDAP, AUTH_LDAPTICKET };
enum reportstyle { REPORT_NONE, REPORT_SHORT, REPORT_VERBOSE, REPORT_CUSTOM };
enum viewimages { IMAGES_NO, IMAGES_YES, IMAGES_ON_DEMAND };
enum quar_protocol { QUAR_HTTP, QUAR_HTTPS };

struct cfg_virusquar {
	int64_t lifetime; /* days */
	int viewimages;   /* enum viewimages */
	bool allowhrefs;
};

struct cfg_clamav {
	struct str dbmirror;
	bool archiveblockencrypted, scriptedupdates, safebrowsing;
	int64_t archivemaxrec, archivemaxfiles; /* 0: the hard cap, never "no limit" */
	int64_t archivemaxsize, maxscansize;    /* bytes */
	int64_t maxcccount;
};

/* Who this machine is. */
struct cfg_dns {
	struct str hostname; /* without domain */
	struct str domain;   /* search domain of resolv.conf, or "localdomain" */
	struct str fqdn;     /* hostname.domain */
};

struct cfg_problem {
	struct str file;
	size_t line;
	struct str section, key, value; /* STR_NONE where there is none */
	struct str reason;
};

struct cfg_problems {
	VEC(struct cfg_problem) list;
};

struct cfg {
	struct cfg_admin admin;
	struct cfg_mail mail;
	struct cfg_spam spam;
	struct cfg_spamquar spamquar;
	struct cfg_virusquar virusquar;
	struct cfg_clamav clamav;
	struct cfg_dns dns;
	struct cfg_problems problems;
	struct str digest; /* SHA-1 of pmg.conf in hex; of the empty string if there is none */
	/* Which keys stand in the file, by row of the section's table; see cfg_given(). */
	struct prop_set given[6];
};

/* What the settings depend on besides the file. */
struct cfg_env {
	const char *dir;         /* normally CFG_DIR */
	const char *hostname;    /* what uname(2) says; a domain in it is cut off */
	const char *resolv_conf; /* path; may be missing */
	int64_t memory;          /* MiB, for the default numbers of processes */
};

#define CFG_DIR "/etc/pmg"

/* The environment of this machine: CFG_DIR, uname, /etc/resolv.conf, MemTotal of /proc/meminfo. */
MUST_CHECK int cfg_env_system(struct arena *a, struct cfg_env *out, struct err *e);

/* The names of this machine; cfg_load() has them in ->dns. */
MUST_CHECK int cfg_dns_load(struct arena *a, const struct cfg_env *env, struct cfg_dns *out,
			    struct err *e);

/*
 * Reads `env->dir`/pmg.conf. A missing file gives the defaults. Fails only when the file cannot be
 * read or is larger than CFG_FILE_MAX; everything wrong in it goes to (*out)->problems.
 */
MUST_CHECK int cfg_load(struct arena *a, const struct cfg_env *env, struct cfg **out,
			struct err *e);

/*
 * The same from text that stands in `file`, which is for messages alone; `memory` as in the
 * environment. ->dns stays empty.
 */
struct cfg *cfg_parse(struct arena *a, struct str file, struct str text, int64_t memory);

/* "FILE:LINE: section S, setting K, value 'V': REASON", without what is not known. */
struct str cfg_problem_text(struct arena *a, const struct cfg_problem *p);

/* Whether a mail that is sent to this port of ours is taken in again. */
bool cfg_port_takes_mail(const struct cfg *c, int64_t port);

/* The sections, in the order of pmg.conf's documentation; ends with name NULL. */
struct cfg_section {
	const char *name;
	const struct prop *props;
	size_t off, size; /* where its struct lies in struct cfg */
};
extern const struct cfg_section cfg_sections[];

/* Whether the key stands in pmg.conf itself. */
bool cfg_given(const struct cfg *c, const char *section, const char *key);

/* What the file switches on though nothing acts on it: "mail.greylist spam.use_bayes", or STR_NONE.
 */
struct str cfg_idle(struct arena *a, const struct cfg *c);

/* Default numbers of processes on a machine with `memory` MiB (config.md section 2, A, B, C). */
int64_t cfg_default_filters(int64_t memory);
int64_t cfg_default_smtpd(int64_t memory);
int64_t cfg_default_policy(int64_t memory);

/* Up to how many bytes of a mail the spam engine looks at. */
static inline int64_t cfg_spam_size(const struct cfg *c)
{
	return c->spam.maxspamsize < 65536 ? 65536 : c->spam.maxspamsize;
}
