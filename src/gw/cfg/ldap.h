/*
 * ldap - which LDAP profiles there are: the sections of ldap.conf (config.md §10).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define CFG_LDAP_FILE "ldap.conf"

enum { CFG_LDAP_MAX = 1024 * 1024 /* bytes of the file */ };

struct cfg_ldap {
	struct cfg_ldap_profile {
		struct str name;
		bool disabled; /* kept, but nobody asks its server */
	} * p;
	size_t n;
};

/* Reads the file below `dir`; if it is missing there are no profiles. */
MUST_CHECK int cfg_ldap_load(struct arena *a, const char *dir, struct cfg_ldap *out, struct err *e);

/* The profile of that name; or NULL. */
const struct cfg_ldap_profile *cfg_ldap_find(const struct cfg_ldap *ldap, struct str name);
