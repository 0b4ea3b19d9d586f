/*
 * eval_short_url - what the files about DecodeShortURLs share.
 *
 *	url_shortener HOST...		services, asked with HEAD; ".page.link" stands for
 *					a.page.link
 *
 *	url_shortener_get HOST...	the same, asked with GET
 *
 *	clear_url_shortener [HOST]...	takes them off again, or all
 *
 *	url_shortener_timeout S		of all questions for one mail; default 5 seconds
 *
 *	max_short_urls N		links of a mail that are asked for; default 10, 0: none
 *
 *	max_short_url_redirections N	from one service to the next; default 10
 *
 *	url_shortener_user_agent TEXT	what the services take us for
 *
 *	url_shortener_cache_type dbi	keep what they answer (short_cache.h), if there is a
 *
 *	url_shortener_cache_dsn DSN	dbi:SQLite:dbname=PATH; LEARNT_SUFFIX comes behind the
 *					path, since it is no SQLite. Other databases there are none
 *
 *	url_shortener_cache_ttl S	for that long; default a day
 *
 * As with SpamAssassin every answer is kept, but not one that tells of a trouble which may soon be
 * over, and not that there was none: the next mail asks again (short_answer_lasts()).
 *
 * Private to gw/spam.
 */
#pragma once

#include "gw/spam/eval.h"
#include "gw/spam/short_cache.h"
#include "lib/cidr/cidr.h"

enum {
	SHORT_SERVICES_MAX = 10000,
	SHORT_LINKS_MAX = 32,
	SHORT_REDIRECTIONS_MAX = 32,
	SHORT_SECONDS_MAX = 60,
	SHORT_TTL_S = 86400,
	SHORT_CODES = 1000, /* HTTP's have three digits */
};

enum { SHORT_RE_LINK, SHORT_RE_ABSOLUTE, SHORT_RES };

struct short_conf {
	struct map services; /* by host; what it is: short_head, short_get, or NULL: taken off */
	struct re *re[SHORT_RES];
	int64_t seconds, links, redirections;
	const char *user_agent;
	bool cache;
	struct str cache_path; /* n = 0: nowhere; LEARNT_SUFFIX comes behind it */
	int64_t ttl;           /* seconds */
	struct learnt_worker *worker;
};

/* A link through a service, and where it leads from there. */
struct short_link {
	struct str uri;
	struct str service; /* as it is listed */
	bool get;           /* how it is asked */
	bool over;
	VEC(struct str) been; /* where it has led so far */
};

struct short_mail {
	VEC(struct short_link) links; /* at most one if nobody is asked */
	bool redirected, chained, longest, loop;
	bool code[SHORT_CODES]; /* answers that were no redirection; 500: none */
	VEC(struct short_answer) learnt;
};

/* Whether `uri` is one through a service; fills in *out if so. */
bool short_link_read(struct eval_run *r, struct str uri, struct short_link *out);

/* Asks the services of mail->links, and those they lead to, and adds all targets to the mail. */
void short_links_follow(struct eval_run *r, struct short_mail *mail);

/* Whether an address that a name of strangers has may be asked: one of the internet. */
bool short_address_ok(const struct cidr_addr *addr);

/* Whether an answer is worth keeping. */
bool short_answer_lasts(int status);

/* Keeps what this mail's links have taught. */
void short_links_keep(struct eval_run *r, int64_t deadline);
