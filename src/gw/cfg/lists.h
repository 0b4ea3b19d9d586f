/*
 * lists - the tables beside pmg.conf: relay domains, networks, transports, TLS policies.
 *
 * Postfix reads the same files, so a line that is wrong here is wrong there; all of them are
 * reported, by file and line, into `problems`. A missing file is an empty one.
 */
#pragma once

#include "gw/cfg/cfg.h"
#include "lib/cidr/cidr.h"
#include "lib/conf/lines.h"

/* Of each file. */
enum { CFG_LIST_MAX = 8 * 1024 * 1024 };

struct cfg_lists {
	struct conf_entries domains, mynetworks, transport, tls_policy, tls_inbound_domains;
};

MUST_CHECK int cfg_lists_load(struct arena *a, const char *dir, struct cfg_lists *out,
			      struct cfg_problems *problems, struct err *e);

/* Names of the files below the configuration directory, in the order of the struct. */
enum cfg_list { CFG_DOMAINS, CFG_MYNETWORKS, CFG_TRANSPORT, CFG_TLS_POLICY, CFG_TLS_INBOUND };
enum { CFG_LIST_COUNT = CFG_TLS_INBOUND + 1 };
extern const char *const cfg_list_files[CFG_LIST_COUNT];

/* How each is laid out and checked; for conf_lines_print(). */
const struct conf_lines *cfg_list_kind(enum cfg_list list);

/*
 * "smtp:[192.0.2.1]:25", "smtp:mail.example.com:25", "lmtp:inet:host:24" taken apart. `host` is
 * without brackets and "ipv6:".
 */
struct cfg_transport {
	bool lmtp, use_mx;
	struct str host;
	int64_t port;
};

MUST_CHECK int cfg_transport_parse(struct str value, struct cfg_transport *out, struct err *e);

/*
 * Whether mail for this address is for one of our relay domains: a name stands for itself alone,
 * one with a dot before it also for the domains below (config.md §9). Entries that are no names are
 * skipped; without any domain no address is ours.
 */
bool cfg_is_ours(const struct cfg_lists *lists, struct str address);
