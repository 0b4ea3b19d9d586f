#include <sys/stat.h>

#include "base/buf.h"
#include "base/log.h"
#include "gw/apply/apply_int.h"

#define LOCK_FILE "/var/lock/pmgconfig.lck"

/*
 * Which services have not yet been told of a change: names, one a line. It is written before the
 * first file is replaced and emptied when all have been told, so that neither a crash in between
 * nor a sync without --restart makes a change forgotten. A boot starts everything anew.
 */
#define PENDING_FILE "/run/pmgconfig.pending"

int apply_read(struct arena *a, const struct apply_env *env, bool lenient, struct apply_state *out,
	       struct err *e)
{
	struct cfg_problems *problems;

	if (cfg_load(a, &env->cfg, &out->cfg, e) < 0)
		return -1;
	problems = &out->cfg->problems;
	if (cfg_lists_load(a, env->cfg.dir, &out->lists, problems, e) < 0)
		return -1;
	if (!lenient)
		check_mail_flow(a, env, out);
	for (size_t i = 0; i < problems->list.n; i++)
		env->say(env->ctx, str_z(a, cfg_problem_text(a, &problems->list.p[i])));
	if (problems->list.n == 0 || lenient)
		return 0;
	return err_set(e, ERR_INVALID, "%zu %s: nothing was changed", problems->list.n,
		       problems->list.n == 1 ? "setting is wrong" : "settings are wrong");
}

static bool differs(struct arena *a, const struct apply_env *env, const struct target_file *f)
{
	struct str now;
	struct err e;

	return file_read(a, at_root(a, env, f->path), TMPL_OUTPUT_MAX, &now, &e) < 0 ||
	       !str_eq(now, f->content);
}

static unsigned pending_read(struct arena *a, const struct apply_env *env)
{
	struct str text = STR_NONE, line;
	unsigned services = 0;
	struct err e;

	if (file_read(a, at_root(a, env, STR(PENDING_FILE)), 4096, &text, &e) < 0)
		return 0;
	while (str_line(&text, &line))
		for (int i = 0; i < SERVICE_COUNT; i++)
			if (str_eq(line, str_of(service_name((enum service)i))))
				services |= SERVICE_BIT(i);
	return services;
}

static int pending_write(struct arena *a, const struct apply_env *env, unsigned services,
			 struct err *e)
{
	const struct file_attr attr = file_attr_of(env, "root", "root", 0644);
	struct buf b;

	buf_init(&b, a, 4096);
	for (int i = 0; i < SERVICE_COUNT; i++)
		if (services & SERVICE_BIT(i))
			buf_addf(&b, "%s\n", service_name((enum service)i));
	return file_replace(at_root(a, env, STR(PENDING_FILE)), buf_str(&b), &attr, e);
}

/* Leaves in `files` those that differ, and adds their readers to *services. */
static void keep_different(struct arena *a, const struct apply_env *env, struct target_files *files,
			   unsigned *services)
{
	size_t n = 0;

	for (size_t i = 0; i < files->list.n; i++) {
		if (!differs(a, env, &files->list.p[i]))
			continue;
		*services |= files->list.p[i].services;
		files->list.p[n++] = files->list.p[i];
	}
	files->list.n = n;
}

static int check_postfix(struct arena *a, const struct apply_env *env,
			 const struct target_files *files, struct err *e)
{
	for (size_t i = 0; i < files->list.n; i++) {
		const struct target_file *f = &files->list.p[i];

		if ((f->services & SERVICE_BIT(SERVICE_POSTFIX)) && differs(a, env, f))
			return postfix_judge(a, env, files, e);
	}
	return 0;
}

static int replace_all(struct arena *a, const struct apply_env *env,
		       const struct target_files *files, struct err *e)
{
	for (size_t i = 0; i < files->list.n; i++) {
		const struct target_file *f = &files->list.p[i];

		if (file_replace(at_root(a, env, f->path), f->content, &f->attr, e) < 0)
			return -1;
	}
	return 0;
}

/* All are told, even when one refuses; the first refusal is the error. */
static int tell_services(struct arena *a, const struct apply_env *env, unsigned services,
			 unsigned *untold, struct err *e)
{
	int result = 0;

	*untold = 0;
	for (int i = 0; i < SERVICE_COUNT; i++) {
		struct err one;

		if (!(services & SERVICE_BIT(i)))
			continue;
		log_info("configuration change detected for '%s', restarting",
			 service_name((enum service)i));
		if (service_refresh(a, env, (enum service)i, &one) == 0)
			continue;
		*untold |= SERVICE_BIT(i);
		if (result == 0)
			*e = one;
		result = -1;
	}
	return result;
}

static int finish(struct arena *a, const struct apply_env *env, bool restart, unsigned services,
		  struct err *e)
{
	unsigned untold;
	struct err ignored;
	int result;

	if (maps_update(a, env, e) < 0)
		return -1;
	if (!restart || services == 0)
		return 0;
	result = tell_services(a, env, services, &untold, e);
	if (pending_write(a, env, untold, result < 0 ? &ignored : e) < 0)
		return -1;
	return result;
}

/* Whoever switches something on should learn that nothing acts on it. */
static void tell_idle(struct arena *a, const struct cfg *c)
{
	struct str idle = cfg_idle(a, c);

	if (idle.n)
		log_notice("stored, but not yet effective: %.*s", STR_ARG(idle));
}

static int make_tls_cert(struct arena *a, const struct apply_env *env, const struct apply_state *s,
			 struct err *e)
{
	return s->cfg->mail.tls ? apply_tls_cert(a, env, false, e) : 0;
}

int apply_sync(struct arena *a, const struct apply_env *env, bool restart, size_t *changed,
	       struct err *e)
{
	struct target_files files = { 0 };
	struct apply_state s;
	CLEAN_FD int lock = -1;
	unsigned before, services;

	mkdir(at_root(a, env, STR("/run/lock")), 01777); /* where nothing has booted */
	if (file_lock(at_root(a, env, STR(LOCK_FILE)), &lock, e) < 0)
		return -1;
	if (apply_read(a, env, false, &s, e) < 0 || targets_render(a, env, &s, &files, e) < 0 ||
	    check_postfix(a, env, &files, e) < 0)
		return -1;
	tell_idle(a, s.cfg);
	services = before = pending_read(a, env);
	keep_different(a, env, &files, &services);
	if (services != before && pending_write(a, env, services, e) < 0)
		return -1;
	if (maps_create(a, env, e) < 0 || make_tls_cert(a, env, &s, e) < 0 ||
	    replace_all(a, env, &files, e) < 0 || forget_learnt(a, env, &s, e) < 0)
		return -1;
	*changed = files.list.n;
	return finish(a, env, restart, services, e);
}
