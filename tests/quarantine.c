/*
 * quarantine - what users will do with their quarantined mails, for the system tests.
 *
 *	quarantine deliver|delete|whitelist|blacklist ID...
 */
#include <syslog.h>
#include <time.h>

#include "base/log.h"
#include "base/net.h"
#include "gw/quar/release.h"
#include "gw/quar/spool.h"
#include "gw/send/send.h"
#include "gw/store/store.h"

enum { SECONDS = 60 };

static int post(void *cfg, struct arena *a, const struct smtp_send *mail,
		const struct smtp_source *message, struct smtp_outcome *out, struct err *e)
{
	return send_mail(a, cfg, mail, message, net_now() + SECONDS * 1000, out, e);
}

static int act(struct arena *a, const struct quar_desk *desk, struct str action, struct str text,
	       struct err *e)
{
	struct quar_id id;

	if (quar_id_parse(text, &id, e) < 0)
		return -1;
	if (str_eq(action, STR("deliver")))
		return quar_deliver(a, desk, id, e);
	if (str_eq(action, STR("delete")))
		return quar_delete(a, desk, id, e);
	if (str_eq(action, STR("whitelist")))
		return quar_list_sender(a, desk, id, USERPREFS_WHITE, e);
	return quar_list_sender(a, desk, id, USERPREFS_BLACK, e);
}

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("quarantine", 64u << 20);
	const struct store_at at = { NULL, NULL };
	struct cfg_env env;
	struct cfg *cfg;
	struct err e;

	log_open("pmgdaemon", LOG_DAEMON);
	if (argc < 3 || cfg_env_system(a, &env, &e) < 0 || cfg_load(a, &env, &cfg, &e) < 0)
		return 2;
	for (int i = 2; i < argc; i++) {
		const struct quar_desk desk = { store_open(a, &at, NULL), SPOOL_ROOT,
						{ post, cfg }, time(NULL) };

		if (act(a, &desk, str_of(argv[1]), str_of(argv[i]), &e) < 0) {
			fprintf(stderr, "%s\n", e.msg);
			return 1;
		}
	}
	return 0;
}
