#include <unistd.h>

#include "base/log.h"
#include "gw/spam/learnt.h"

enum { STORE_MEMORY = 1 << 20 };

struct learnt_worker {
	const struct learnt_kind *kind;
	pid_t pid; /* whose everything below is */
	struct arena *a; /* of the store; NULL: there is none */
	void *store;
	bool broken;
};

static void worker_close(void *p)
{
	struct learnt_worker *w = p;

	if (w->a && w->pid == getpid())
		arena_close(w->a);
}

struct learnt_worker *learnt_worker_new(struct arena *a, const struct learnt_kind *kind)
{
	struct learnt_worker *w = NEW(a, struct learnt_worker);

	w->kind = kind;
	arena_on_free(a, worker_close, w);
	return w;
}

static void worker_open(struct learnt_worker *w, struct str path, bool create)
{
	struct arena *a = arena_open("learnt", STORE_MEMORY);
	const char *file = str_z(a, str_fmt(a, "%.*s" LEARNT_SUFFIX, STR_ARG(path)));
	struct err e;

	if (w->kind->open(a, file, create, &w->store, &e) == 0) {
		w->a = a;
		return;
	}
	w->store = NULL;
	arena_close(a);
	if (e.code == ERR_NOTFOUND)
		return;
	w->broken = true;
	log_err("%s is off: %s", w->kind->name, e.msg);
}

void *learnt_worker_store(struct learnt_worker *w, struct str path, bool create)
{
	/* What the parent had open is not for its children: forget it without closing. */
	if (w->pid != getpid()) {
		w->pid = getpid();
		w->store = NULL;
		w->a = NULL;
		w->broken = false;
	}
	if (!w->store && !w->broken)
		worker_open(w, path, create);
	return w->store;
}
