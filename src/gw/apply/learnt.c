/* What was learnt goes when learning is switched off: it would be out of date later. */
#include "base/log.h"
#include "gw/apply/apply_int.h"
#include "gw/spam/awl.h"
#include "gw/spam/bayes.h"
#include "gw/spam/learnt.h"

static int forget(struct arena *a, const struct apply_env *env, struct str path,
		  const char *setting, struct err *e)
{
	const char *file = at_root(a, env, path);

	if (access(file, F_OK) < 0)
		return 0;
	if (learnt_remove(a, file, e) < 0)
		return -1;
	log_notice("spam.%s is off: %.*s is removed", setting, STR_ARG(path));
	return 0;
}

/* Only the stores of the gateway: those that custom.cf names are the administrator's. */
int forget_learnt(struct arena *a, const struct apply_env *env, const struct apply_state *s,
		  struct err *e)
{
	if (!s->cfg->spam.use_bayes &&
	    forget(a, env, STR(BAYES_PATH LEARNT_SUFFIX), "use_bayes", e) < 0)
		return -1;
	return s->cfg->spam.use_awl
		       ? 0
		       : forget(a, env, STR(AWL_PATH LEARNT_SUFFIX), "use_awl", e);
}
