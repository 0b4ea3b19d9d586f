/* Compiling the sets of the spam rules, aside: filter_int.h. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/net.h"
#include "gw/filter/filter_int.h"

/* Nobody waits for it, and mail goes first. */
enum { NICENESS = 19 };

/* The daemon's parent starts a generation that finds the sets. */
static void build(const struct spam_rules *rules, pid_t daemon)
{
	int64_t start = net_now();
	struct err e;

	if (spam_sets_build(rules, FILTER_SETS_DIR, &e) < 0) {
		log_warn("spam rules stay without compiled sets, which only costs time: %s", e.msg);
		return;
	}
	log_info("spam rules: sets compiled in %lld ms", (long long)(net_now() - start));
	if (kill(daemon, SIGHUP) < 0)
		log_warn("start a generation with the compiled sets: %m");
}

void filter_build_sets(const struct filter *f)
{
	pid_t daemon = getppid(), generation = getpid(), pid;
	sigset_t none;

	pid = fork();
	if (pid < 0)
		log_warn("fork for compiling the sets of the spam rules: %m");
	if (pid != 0)
		return;
	/* It goes with its generation, at once: nothing of it needs to be finished. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != generation)
		_exit(0);
	if (setpriority(PRIO_PROCESS, 0, NICENESS) < 0)
		log_warn("nice: %m");
	build(f->scan.spam, daemon);
	_exit(0);
}

int filter_compile(struct arena *a, bool *made, struct err *e)
{
	struct filter *f = NEW(a, struct filter);

	f->a = a;
	if (filter_load_spam(f, e) < 0)
		return -1;
	*made = f->sets_missing;
	return *made ? spam_sets_build(f->scan.spam, FILTER_SETS_DIR, e) : 0;
}
