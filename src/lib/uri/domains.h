/*
 * domains - which part of a host name somebody registered.
 *
 * The tables of top level names, and of second and third level names under which names are
 * registered, come from the rule files (util_rb_tld, util_rb_2tld, util_rb_3tld); nothing is built
 * in but the names of the states below `us`. Names are octets; international ones are entered and
 * asked for in their `xn--` form.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct uri_domains;

/* Empty tables; they grow on `a`. */
struct uri_domains *uri_domains_new(struct arena *a);

/* Enters `name` ("com", "co.uk", "act.edu.au"); its labels, 1 to 3, say into which table. */
void uri_domains_add(struct uri_domains *d, struct str name);

/* Forgets all names: clear_util_rb. */
void uri_domains_clear(struct uri_domains *d);

/* Does `host` have a dot, and a known top level name after the last one? */
bool uri_domains_has_tld(const struct uri_domains *d, struct str host);

/* Is this label (ASCII case does not matter) a top level name? */
bool uri_domains_is_tld(const struct uri_domains *d, struct str label);

/*
 * The registered domain of `host`, in lower case and without empty labels: as many labels as the
 * tables ask for, fewer if `host` has no more.
 */
struct str uri_domains_registered(struct arena *a, const struct uri_domains *d, struct str host);

/*
 * Could `host` be a name in the DNS: two labels or more, 253 octets at most, letters, digits, `-`
 * inside labels, `_` in all but the last two. Trailing dots are allowed. Knows no tables.
 */
bool uri_host_is_fqdn(struct str host);
