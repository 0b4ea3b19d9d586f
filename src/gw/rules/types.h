/* All object types of the rules: what types.c puts into one table. Private to gw/rules. */
#pragma once

#include "gw/rules/what.h"
#include "lib/schema/formats.h"

extern const struct rule_type type_whoregex, type_email, type_domain, type_ipaddress, type_ipnet,
	type_ldapgroup, type_ldapuser;
extern const struct rule_type type_timeframe;
extern const struct rule_type type_spam, type_virus, type_matchfield, type_contenttype,
	type_filename, type_ambiguous, type_archivefilter, type_archivefilename;
extern const struct rule_type type_accept, type_block, type_notify, type_modfield, type_bcc,
	type_quarantine, type_remove, type_disclaimer;

struct re;

/* What field names and content types of objects are made of. */
extern const struct format type_fmt_token;

/* For types whose object begins with the stored value; the first two do with that alone. */
struct type_value {
	struct str value;
};
struct str type_describe_value(struct arena *a, const void *o);
int type_decode_value(const struct rule_source *src, void *o, struct err *e);
void type_encode_value(struct arena *a, const void *o, struct rule_stored *out);

void type_store_attr(struct rule_stored *out, const char *name, struct str value);

/* A pattern for content types or file names, of parts or of what archives hold. */
struct type_pattern {
	struct str text;
	bool only_content; /* of types: only that by content counts … */
	bool by_content;   /* … if the type of object looks at that */
	struct re *re;
};

extern const struct prop type_props_contenttype[], type_props_filename[];
int type_decode_contenttype(const struct rule_source *src, void *o, struct err *e);
void type_encode_contenttype(struct arena *a, const void *o, struct rule_stored *out);
int type_compile_contenttype(struct arena *a, void *o, struct err *e);
struct str type_describe_contenttype(struct arena *a, const void *o);
void type_regex_contenttype(const void *o, struct rule_regex *out);
int type_decode_filename(const struct rule_source *src, void *o, struct err *e);
int type_compile_filename(struct arena *a, void *o, struct err *e);
struct str type_describe_filename(struct arena *a, const void *o);
void type_regex_filename(const void *o, struct rule_regex *out);

/* When the part itself matches, whatever is in it; `p` says whether its words count, too. */
enum what_seen type_contenttype_matches(const struct type_pattern *p, struct what *w,
					uint32_t aid);
enum what_seen type_filename_matches(const struct type_pattern *p, struct what *w, uint32_t aid);

/* The profile that an LDAP object asks; empty: all of them. */
struct str type_ldap_profile(const void *o);
