#include <sys/mman.h>

#include "base/log.h"
#include "base/net.h"
#include "gw/filter/filter_int.h"
#include "lib/clamd/clamd.h"

enum {
	GENERATION_MEMORY_MAX = 1 << 30,
	LOAD_MS = 60 * 1000, /* for the rules; a server that takes longer is asked again later */
};

struct db *filter_database(struct filter *f, struct arena *a)
{
	struct db_target *target = NEW(a, struct db_target);

	*target = (struct db_target){ NULL, f->options.database, FILTER_USER };
	return db_open(a, target);
}

static int load_settings(struct filter *f, struct err *e)
{
	struct cfg_env env;

	if (cfg_env_system(f->a, &env, e) < 0 || cfg_load(f->a, &env, &f->cfg, e) < 0)
		return err_wrap(e, "settings");
	for (size_t i = 0; i < f->cfg->problems.list.n; i++) {
		struct str text = cfg_problem_text(f->a, &f->cfg->problems.list.p[i]);

		log_warn("%.*s", STR_ARG(text));
	}
	f->scan.cfg = f->cfg;
	f->scan.clamd_socket = CLAMD_SOCKET;
	return 0;
}

/* Which of a rule's scores count: each kind of test that is on moves the others. */
static enum spam_score_set score_set(const struct cfg_spam *spam)
{
	enum spam_score_set set = SPAM_SET_LOCAL;

	if (spam->rbl_checks)
		set |= SPAM_SET_NET;
	return set;
}

static int load_spam_rules(struct filter *f, struct err *e)
{
	struct spam_load_report report = { 0 };
	/* gw/scan hands the envelope sender over in this header. */
	const struct spam_conf_paths paths = {
		.extra = STR("envelope_sender_header X-Proxmox-Envelope-From\n"),
		.set = score_set(&f->cfg->spam),
		.spare = true,
	};
	struct spam_rules *rules;

	if (spam_rules_load(f->a, &paths, &rules, &report, e) < 0)
		return err_wrap(e, "spam rules");
	for (size_t i = 0; i < report.unknown.n; i++) {
		const struct spam_note *note = &report.unknown.p[i];

		log_debug("%.*s:%u: %.*s", STR_ARG(note->file), note->line,
			  STR_ARG(note->message));
	}
	log_info("spam rules: %zu active of %zu in %zu files, %zu off for want of a test",
		 report.active, report.rules, report.files, report.disabled.n);
	f->scan.spam = rules;
	return 0;
}

static int load_rules(struct filter *f, struct err *e)
{
	struct db *db = filter_database(f, f->a);
	int ret;

	db_deadline(db, net_now() + LOAD_MS);
	ret = rules_load(f->a, db, &f->rules, e);
	db_disconnect(db);
	if (ret < 0)
		return err_wrap(e, "rules");
	rules_warn(f->rules);
	return 0;
}

static int make_slots(struct filter *f, size_t workers, struct err *e)
{
	void *p = mmap(NULL, workers * sizeof(*f->slots), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return err_sys(e, "shared memory");
	f->slots = p;
	return 0;
}

int filter_load_context(struct filter *f, struct err *e)
{
	struct magic *magic;

	if (load_settings(f, e) < 0 || load_rules(f, e) < 0)
		return -1;
	if (magic_load(f->a, MAGIC_DIR, &magic, e) < 0)
		return err_wrap(e, "content types");
	f->scan.magic = magic;
	return load_spam_rules(f, e);
}

int filter_load(void *ctx, size_t *workers, struct err *e)
{
	struct filter *f = ctx;
	size_t n;

	f->a = arena_open("generation", GENERATION_MEMORY_MAX);
	if (filter_load_context(f, e) < 0 ||
	    signing_load(f->a, CFG_DIR, f->cfg, &f->signing, e) < 0)
		return -1;
	n = (size_t)f->cfg->mail.max_filters;
	if (make_slots(f, n, e) < 0)
		return -1;
	log_info("Filter daemon (re)started (max. %zu processes)", n);
	*workers = n;
	return 0;
}
