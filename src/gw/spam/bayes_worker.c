#include "gw/spam/bayes_store.h"

#include <unistd.h>

#include "base/log.h"

enum { STORE_MEMORY = 1 << 20 };

struct bayes_worker {
	pid_t pid; /* whose everything below is */
	struct arena *a;
	struct bayes_store *store;
	bool broken;
};

struct bayes_worker *bayes_worker_new(struct arena *a)
{
	return NEW(a, struct bayes_worker);
}

static void worker_open(struct bayes_worker *w, struct str path, bool create)
{
	struct arena *a = arena_open("bayes store", STORE_MEMORY);
	struct err e;

	w->store = NULL;
	if (bayes_store_open(a, str_z(a, str_fmt(a, "%.*s.mdb", STR_ARG(path))), create, &w->store,
			     &e) == 0) {
		w->a = a;
		return;
	}
	arena_close(a);
	if (e.code == ERR_NOTFOUND)
		return;
	w->broken = true;
	log_err("the Bayes classifier is off: %s", e.msg);
}

struct bayes_store *bayes_worker_store(const struct bayes_conf *c, bool create)
{
	struct bayes_worker *w = c->worker;

	/* What the parent had open is not for its children: forget it without closing. */
	if (w->pid != getpid())
		*w = (struct bayes_worker){ .pid = getpid() };
	if (!w->store && !w->broken)
		worker_open(w, c->path, create);
	return w->store;
}
