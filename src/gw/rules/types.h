/* All object types of the rules: what types.c puts into one table. Private to gw/rules. */
#pragma once

#include "gw/rules/what.h"

extern const struct rule_type type_whoregex, type_email, type_domain, type_ipaddress, type_ipnet,
	type_ldapgroup, type_ldapuser;
extern const struct rule_type type_timeframe;
extern const struct rule_type type_spam, type_virus, type_matchfield, type_contenttype,
	type_filename, type_ambiguous, type_archivefilter, type_archivefilename;
extern const struct rule_type type_accept, type_block, type_notify, type_modfield, type_bcc,
	type_quarantine, type_remove, type_disclaimer;

struct re;

/* A pattern for content types or file names, of parts or of what archives hold. */
struct type_pattern {
	struct str text;
	struct re *re;
	bool only_content; /* of types: only that by content counts */
};

int type_decode_contenttype(struct arena *a, const struct rule_source *src, void **out,
			    struct err *e);
struct str type_describe_contenttype(struct arena *a, const void *o);
void type_regex_contenttype(const void *o, struct rule_regex *out);
int type_decode_filename(struct arena *a, const struct rule_source *src, void **out,
			 struct err *e);
struct str type_describe_filename(struct arena *a, const void *o);
void type_regex_filename(const void *o, struct rule_regex *out);

/* When the part itself matches, whatever is in it; `p` says whether its words count, too. */
enum what_seen type_contenttype_matches(const struct type_pattern *p, struct what *w,
					uint32_t aid);
enum what_seen type_filename_matches(const struct type_pattern *p, struct what *w, uint32_t aid);

/* The profile that an LDAP object asks; empty: all of them. */
struct str type_ldap_profile(const void *o);

/* For types whose object is a struct str, the stored value, and whose description is that, too. */
int type_decode_value(struct arena *a, const struct rule_source *src, void **out, struct err *e);
struct str type_describe_value(struct arena *a, const void *o);
