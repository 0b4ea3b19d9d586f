#include <sys/mman.h>

#include "base/log.h"
#include "base/net.h"
#include "gw/filter/filter_int.h"
#include "gw/spam/channels.h"
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

static struct spam_conf_paths spam_paths(const struct filter *f, const char *state_dir)
{
	return (struct spam_conf_paths){
		.state_dir = state_dir,
		/* gw/scan hands the envelope sender over in this header. */
		.extra = STR("envelope_sender_header X-Proxmox-Envelope-From\n"),
		.set = score_set(&f->cfg->spam),
		.bayes = true,
		.spare = true,
	};
}

static void log_mistake(const struct channel *c)
{
	const struct spam_note *m = &c->mistake;

	log_err("spam rules: channel %.*s is wrong (%zu mistakes), %s: %.*s:%u: %.*s%s%.*s",
		STR_ARG(c->name), c->mistakes,
		c->used ? "its rules of before stay" : "it is not used", STR_ARG(m->file), m->line,
		STR_ARG(m->rule), m->rule.n ? ": " : "", STR_ARG(m->message));
}

/* Rules of before are better than none, so that nothing here keeps mail from being filtered. */
static void adopt_channels(struct filter *f)
{
	const struct spam_conf_paths paths = spam_paths(f, SPAM_STATE_DIR);
	struct channels *channels = NEW(f->a, struct channels);
	struct err e;

	f->updates = channels_fingerprint(SPAM_STATE_DIR);
	if (channels_adopt(f->a, CHANNELS_STORE, &paths, channels, &e) < 0)
		log_err("spam rules: updates are not used, rules of before stay: %s", e.msg);
	for (size_t i = 0; i < channels->n; i++)
		if (channels->p[i].mistakes)
			log_mistake(&channels->p[i]);
		else
			log_info("spam rules: channel %.*s is new", STR_ARG(channels->p[i].name));
}

static int load_spam_rules(struct filter *f, struct err *e)
{
	struct spam_load_report report = { 0 };
	struct spam_conf_paths paths = spam_paths(f, CHANNELS_CURRENT);
	struct spam_rules *rules;

	paths.sets_dir = FILTER_SETS_DIR;
	if (spam_rules_load(f->a, &paths, &rules, &report, e) < 0)
		return err_wrap(e, "spam rules");
	for (size_t i = 0; i < report.unknown.n; i++) {
		const struct spam_note *note = &report.unknown.p[i];

		log_debug("%.*s:%u: %.*s", STR_ARG(note->file), note->line,
			  STR_ARG(note->message));
	}
	log_info("spam rules: %zu active of %zu in %zu files, %zu off for want of a test, sets %s",
		 report.active, report.rules, report.files, report.disabled.n,
		 report.sets_loaded ? "loaded" : "not there yet");
	f->scan.spam = rules;
	f->sets_missing = !report.sets_loaded;
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
	if (f->parent)
		adopt_channels(f);
	if (magic_load(f->a, MAGIC_DIR, &magic, e) < 0)
		return err_wrap(e, "content types");
	f->scan.magic = magic;
	return load_spam_rules(f, e);
}

int filter_load_spam(struct filter *f, struct err *e)
{
	return load_settings(f, e) < 0 ? -1 : load_spam_rules(f, e);
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
	if (f->sets_missing)
		filter_build_sets(f);
	*workers = n;
	return 0;
}
