/*
 * eval_hashbl - lists in the DNS of addresses, URIs, texts and files, mostly by their hashes.
 *
 * eval_hashbl_conf.c knows settings and the options of a rule, eval_hashbl_find.c what a rule is to
 * ask about, eval_hashbl.c asks. Private to gw/spam.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "gw/spam/eval.h"
#include "gw/spam/lists.h"

enum {
	HASHBL_KEYS_DEFAULT = 10,
	HASHBL_KEYS_MAX = 100, /* of one rule and mail, whatever `max=` says */
	HASHBL_HEADERS_MAX = 20,
};

enum hashbl_hash { HASHBL_PLAIN, HASHBL_MD5, HASHBL_SHA1, HASHBL_SHA256 };

enum hashbl_option {
	HASHBL_CASE = 1 << 0,  /* letters stay as they are */
	HASHBL_NODOT = 1 << 1, /* of addresses, from here on */
	HASHBL_NOTAG = 1 << 2,
	HASHBL_NOURI = 1 << 3,
	HASHBL_NOQUOTE = 1 << 4,
	HASHBL_USER = 1 << 5,
	HASHBL_HOST = 1 << 6,
	HASHBL_DOMAIN = 1 << 7,
	HASHBL_NUM = 1 << 8, /* of texts */
	HASHBL_IP = 1 << 9,  /* of tags, from here on */
	HASHBL_IPV4 = 1 << 10,
	HASHBL_IPV6 = 1 << 11,
	HASHBL_REVIP = 1 << 12,
	HASHBL_FQDN = 1 << 13,
	HASHBL_TLD = 1 << 14,
	HASHBL_TRIM = 1 << 15,
};

struct hashbl_keys;

/* A rule, its arguments understood. */
struct hashbl_rule {
	bool (*find)(struct eval_run *r, struct hashbl_keys *keys);
	struct str zone;
	enum dns_type type;
	struct list_test test;
	enum hashbl_hash hash;
	unsigned options;
	size_t max;
	size_t size_min, size_max; /* of attachments; 0: no bound */
	struct str headers[HASHBL_HEADERS_MAX];
	size_t n_headers;
	const struct map *domains; /* of addresses: only these; NULL: any */
	bool listed_only;          /* an acl was named, "all" perhaps */
	const struct re *re;
	struct str tag;
};

struct hashbl_settings {
	struct map ignore;  /* values, hashes, file names, types */
	struct map aliases; /* domain → struct str, what it is called */
	struct map acls;  /* name → struct map of domains; `c` of one that is left out is NULL */
	struct re *email; /* hashbl_email_regex; NULL: addresses as in emails.h */
	struct re *welcome; /* hashbl_email_welcomelist */
	const void *uribl;  /* settings of that family */
};

/* What a rule asks about, each value once and no more than rule->max. */
struct hashbl_keys {
	const struct hashbl_rule *rule;
	enum rule_type type;
	struct map values;
};

/* eval_hashbl_find.c; false while there is nothing to ask about yet. */
bool hashbl_emails(struct eval_run *r, struct hashbl_keys *keys);
bool hashbl_uris(struct eval_run *r, struct hashbl_keys *keys);
bool hashbl_texts(struct eval_run *r, struct hashbl_keys *keys);
bool hashbl_tag(struct eval_run *r, struct hashbl_keys *keys);
bool hashbl_files(struct eval_run *r, struct hashbl_keys *keys); /* values are hashes */

/* eval_hashbl.c: `value` as it is asked about. */
struct str hashbl_hashed(struct arena *a, enum hashbl_hash hash, struct str value);

/* eval_hashbl_conf.c */
void hashbl_conf_init(struct spam_conf *c, void *conf);
void hashbl_conf_done(struct spam_conf *c, void *conf);
enum conf_verdict hashbl_setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value);
/* `(zone, options [, what] [, subtest [, acl]])`; `what` stands between them for some functions. */
int hashbl_prepare_emails(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e);
int hashbl_prepare_uris(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e);
int hashbl_prepare_bodyre(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e);
int hashbl_prepare_tag(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e);
int hashbl_prepare_attachments(struct spam_conf *c, void *conf, struct eval_args *args,
			       struct err *e);
