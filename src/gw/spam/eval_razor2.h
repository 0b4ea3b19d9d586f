/*
 * eval_razor2 - what the two files about Razor2 share: its settings.
 *
 *	use_razor2 0|1
 *
 *	razor_timeout T		of a mail with all servers; default 5 seconds. No longer than for
 *				the DNS
 *
 *	razor_config FILE	the agents' razor-agent.conf. Of it count min_cf, logic_method,
 *				razorhome, razordiscovery, turn_off_discovery, rediscovery_wait,
 *				ignorelist and whitelist. That file is below the home unless its
 *				path begins with a slash, and read with the rules
 *
 *	razor_home DIR		ours: where the servers and what they said is kept, in the files of
 *				the agents: servers.catalogue.lst, server.NAME.conf
 *
 *	razor_server HOST[:PORT] ours: ask this one, and discover none
 *
 * Private to gw/spam.
 */
#pragma once

#include "gw/spam/conf.h"
#include "gw/spam/talks.h"
#include "lib/razor/razor.h"

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
	enum razor_logic logic;
	struct str whitelist_file; /* n = 0: there is none */
	struct razor_whitelist whitelist;
};

void razor2_conf_init(struct spam_conf *c, void *conf);
void razor2_conf_done(struct spam_conf *c, void *conf);
enum conf_verdict razor2_setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value);
