/*
 * What the files of pmgspam share: the commands that have a file of their own (`argv[0]` is the
 * command's name), and debug lines.
 */
#pragma once

#include "gw/spam/spam.h"

struct dns_resolver; /* lib/dns/dns.h */

int pmgspam_learn(int argc, char **argv);
int pmgspam_daemon(int argc, char **argv);
int pmgspam_compile(int argc, char **argv);

void pmgspam_version(void);

/* Whom network tests ask. False: they cannot be done, which was logged. */
bool network_open(struct arena *a, struct spam_network *out);

/*
 * -D, as spamassassin takes it: areas are behind it or in the next word, unless that is an option,
 * a file, or "json"; none means all. See log_debug_areas().
 */
void debug_option(int argc, char **argv);

/* What was loaded, and what is not understood or off. */
void debug_rules(const struct spam_load_report *report);

/* What the mail was found to be; most of that is lines of gw/spam itself, which come before. */
void debug_result(const struct spam_result *r);

/* `resolver`, with a line for each question and each answer. It lives in `a`. */
struct dns_resolver *debug_resolver(struct arena *a, struct dns_resolver *resolver);
