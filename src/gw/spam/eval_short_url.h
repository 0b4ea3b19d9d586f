/*
 * eval_short_url - what the files about DecodeShortURLs share.
 *
 *	url_shortener HOST...		services, asked with HEAD; ".page.link" stands for
 *a.page.link url_shortener_get HOST...	the same, asked with GET clear_url_shortener [HOST]...
 *takes them off again, or all
 *	url_shortener_timeout S		of all questions for one mail; default 5 seconds
 *	max_short_urls N		links of a mail that are asked for; default 10, 0: none
 *	max_short_url_redirections N	from one service to the next; default 10
 *	url_shortener_user_agent TEXT	what the services take us for
 *
 * Private to gw/spam.
 */
#pragma once

#include "gw/spam/eval.h"
#include "lib/cidr/cidr.h"

enum {
	SHORT_SERVICES_MAX = 10000,
	SHORT_LINKS_MAX = 32,
	SHORT_REDIRECTIONS_MAX = 32,
	SHORT_SECONDS_MAX = 60,
	SHORT_CODES = 1000, /* HTTP's have three digits */
};

enum { SHORT_RE_LINK, SHORT_RE_ABSOLUTE, SHORT_RES };

struct short_conf {
	struct map services; /* by host; what it is: short_head, short_get, or NULL: taken off */
	struct re *re[SHORT_RES];
	int64_t seconds, links, redirections;
	const char *user_agent;
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
};

/* Whether `uri` is one through a service; fills in *out if so. */
bool short_link_read(struct eval_run *r, struct str uri, struct short_link *out);

/* Asks the services of mail->links, and those they lead to, and adds all targets to the mail. */
void short_links_follow(struct eval_run *r, struct short_mail *mail);

/* Whether an address that a name of strangers has may be asked: one of the internet. */
bool short_address_ok(const struct cidr_addr *addr);
