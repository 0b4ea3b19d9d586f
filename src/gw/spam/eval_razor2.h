/*
 * eval_razor2 - what the two files about Razor2 share: its settings.
 *
 *	use_razor2 0|1
 *	razor_timeout T		of a mail with all servers; default 5 seconds. No longer than for
 *the DNS razor_config FILE	the agents' razor-agent.conf; of it min_cf, logic_method 4 and 5,
 *				razorhome, razordiscovery, turn_off_discovery, rediscovery_wait
 *count razor_home DIR		ours: where the servers and what they said is kept, in the files of
 *the agents: servers.catalogue.lst, server.NAME.conf razor_server HOST[:PORT]	ours: ask this one,
 *and discover none
 *
 * Private to gw/spam.
 */
#pragma once

#include "gw/spam/conf.h"
#include "gw/spam/talks.h"

#define RAZOR2_HOME "/var/lib/pmg/spamassassin/razor"

struct razor2_settings {
	bool off;
	int64_t timeout_ms;
	struct str home;
	struct talk_server server;    /* host.n = 0: those that discovery finds */
	struct talk_server discovery; /* host.n = 0: nobody is to be asked */
	int64_t rediscovery_s;
	int64_t least; /* confidence; if `relative`, more than what the server says */
	bool relative;
	bool all; /* every part must be spam (logic_method 5) */
};

void razor2_conf_init(struct spam_conf *c, void *conf);
enum conf_verdict razor2_setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value);
