/* The table of generated files: which template makes which, and who reads it. */
#include <sys/stat.h>

#include "base/buf.h"
#include "gw/apply/apply_int.h"

/* VERSION in a path is that of PostgreSQL. */
static const struct target {
	const char *template;
	const char *path;
	const char *user, *group;
	mode_t mode;
	unsigned services;
} targets[] = {
	{ "main.cf.in", "/etc/postfix/main.cf", "root", "root", 0644,
	  SERVICE_BIT(SERVICE_POSTFIX) },
	{ "master.cf.in", "/etc/postfix/master.cf", "root", "root", 0644,
	  SERVICE_BIT(SERVICE_POSTFIX) },
	{ "pg_hba.conf.in", "/etc/postgresql/VERSION/main/pg_hba.conf", "postgres", "postgres",
	  0640, SERVICE_NONE },
	{ "postgresql.conf.in", "/etc/postgresql/VERSION/main/postgresql.conf", "postgres",
	  "postgres", 0644, SERVICE_NONE },
	{ "clamd.conf.in", "/etc/clamav/clamd.conf", "root", "root", 0644,
	  SERVICE_BIT(SERVICE_CLAMD) },
	{ "freshclam.conf.in", "/etc/clamav/freshclam.conf", "clamav", "adm", 0600,
	  SERVICE_BIT(SERVICE_FRESHCLAM) },
	{ "local.cf.in", "/etc/mail/spamassassin/local.cf", "root", "root", 0644,
	  SERVICE_BIT(SERVICE_FILTER) },
	{ "init.pre.in", "/etc/mail/spamassassin/init.pre", "root", "root", 0644,
	  SERVICE_BIT(SERVICE_FILTER) },
	{ "v310.pre.in", "/etc/mail/spamassassin/v310.pre", "root", "root", 0644,
	  SERVICE_BIT(SERVICE_FILTER) },
	{ "v320.pre.in", "/etc/mail/spamassassin/v320.pre", "root", "root", 0644,
	  SERVICE_BIT(SERVICE_FILTER) },
	{ "v342.pre.in", "/etc/mail/spamassassin/v342.pre", "root", "root", 0644,
	  SERVICE_BIT(SERVICE_FILTER) },
	{ "v400.pre.in", "/etc/mail/spamassassin/v400.pre", "root", "root", 0644,
	  SERVICE_BIT(SERVICE_FILTER) },
};

/* Overrides first. */
static const char *const template_dirs[] = { "/etc/pmg/templates", "/var/lib/pmg/templates" };

static bool is_plain_name(struct str name)
{
	return name.n > 0 && name.p[0] != '/' && str_find(name, STR("..")) < 0 &&
	       str_chr(name, '\0') < 0;
}

static int find_template(const struct apply_env *env, struct arena *a, struct str name,
			 struct str *found, struct str *text, struct err *e)
{
	if (!is_plain_name(name))
		return err_set(e, ERR_NOTFOUND, "not the name of a template");
	for (size_t i = 0; i < ARRAY_LEN(template_dirs); i++) {
		struct str path = str_fmt(a, "%s/%.*s", template_dirs[i], STR_ARG(name));

		*found = path;
		if (file_read(a, at_root(a, env, path), TMPL_FILE_MAX, text, e) == 0)
			return 0;
		if (e->code != ERR_NOTFOUND)
			return -1;
	}
	return err_set(e, ERR_NOTFOUND, "template %.*s is neither in %s nor in %s", STR_ARG(name),
		       template_dirs[0], template_dirs[1]);
}

static int load_template(void *ctx, struct arena *a, struct str name, struct str *text,
			 struct err *e)
{
	struct str path;

	return find_template(ctx, a, name, &path, text, e);
}

/* Each template gets variables of its own: what one sets, the next does not see. */
static int render(struct arena *a, const struct apply_env *env, const struct apply_state *s,
		  const char *name, struct target_file *out, struct err *e)
{
	const struct tmpl_source source = { load_template, (void *)env };
	struct tmpl *t;
	struct str path, text;

	if (find_template(env, a, str_of(name), &path, &text, e) < 0)
		return -1;
	if (tmpl_parse(a, path, text, &t, e) < 0 ||
	    tmpl_render(a, t, apply_vars(a, env, s), &source, &out->content, &out->places, e) < 0)
		return err_wrap(e, "template");
	return 0;
}

static struct str target_path(struct arena *a, const struct apply_env *env, const char *path)
{
	ptrdiff_t at = str_find(str_of(path), STR("VERSION"));

	if (at < 0)
		return str_of(path);
	return str_fmt(a, "%.*s%.*s%s", (int)at, path, STR_ARG(env->facts.postgres), path + at + 7);
}

/* A service that is not installed has no directory for its configuration. */
static bool has_directory(struct arena *a, const struct apply_env *env, struct str path)
{
	struct str dir = str_sub(path, 0, (size_t)str_rchr(path, '/'));
	struct stat st;

	return stat(at_root(a, env, dir), &st) == 0 && S_ISDIR(st.st_mode);
}

static void add(struct arena *a, const struct apply_env *env, struct target_files *out,
		struct target_file file)
{
	if (has_directory(a, env, file.path))
		vec_add(a, &out->list, file);
}

/*
 * What the filter's parent and other programs may read without knowing pmg.conf: the explicitly set
 * values of these keys, "section.key:value", sorted (config.md section 5).
 */
static struct str filter_dump(struct arena *a, const struct cfg *c)
{
	static const char *const keys[][2] = {
		{ "admin", "admin-mail-from" },    { "admin", "dkim-use-domain" },
		{ "admin", "dkim_selector" },      { "admin", "dkim_sign" },
		{ "admin", "dkim_sign_all_mail" }, { "mail", "accept-broken-mime" },
		{ "mail", "hide_received" },       { "mail", "log-headers" },
		{ "mail", "ndr_on_block" },        { "mail", "smtputf8" },
	};
	struct buf b;

	buf_init(&b, a, PROP_VALUE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct cfg_section *s = cfg_sections;

		while (strcmp(s->name, keys[i][0]) != 0)
			s++;
		if (cfg_given(c, keys[i][0], keys[i][1]))
			buf_addf(&b, "%s.%s:%.*s\n", keys[i][0], keys[i][1],
				 STR_ARG(prop_print(a, prop_find(s->props, str_of(keys[i][1])),
						    (const char *)c + s->off)));
	}
	return buf_str(&b);
}

/* What pmgpolicy's answers depend on. */
static struct str policy_dump(struct arena *a, const struct cfg *c)
{
	const struct cfg_mail *m = &c->mail;

	return str_fmt(a,
		       "admin.demo:%d\nmail.greylist:%d\nmail.greylist6:%d\n"
		       "mail.greylistmask4:%lld\nmail.greylistmask6:%lld\nmail.max_policy:%lld\n"
		       "mail.spf:%d\ndns.fqdn:%.*s\n",
		       c->admin.demo, m->greylist, m->greylist6, (long long)m->greylistmask4,
		       (long long)m->greylistmask6, (long long)m->max_policy, m->spf,
		       STR_ARG(c->dns.fqdn));
}

static void add_plain(struct arena *a, const struct apply_env *env, struct target_files *out,
		      const char *path, struct str content, unsigned services)
{
	add(a, env, out,
	    (struct target_file){ .path = str_of(path),
				  .content = content,
				  .attr = file_attr_of(env, "root", "root", 0644),
				  .services = services });
}

/* Files without a template. Our daemons read the settings themselves; these tell of a change. */
static void add_others(struct arena *a, const struct apply_env *env, const struct apply_state *s,
		       struct target_files *out)
{
	struct tmpl_value *pmg = tmpl_hash_get(apply_vars(a, env, s), STR("pmg"));

	add_plain(a, env, out, "/root/.forward",
		  str_fmt(a, "%.*s\n", STR_ARG(s->cfg->admin.email)), SERVICE_NONE);
	add_plain(a, env, out, "/run/pmg-smtp-filter/pmg-smtp-filter.cfg", filter_dump(a, s->cfg),
		  SERVICE_BIT(SERVICE_FILTER));
	add_plain(a, env, out, "/run/pmg-smtp-filter/settings", apply_dump(a, pmg),
		  SERVICE_BIT(SERVICE_FILTER));
	add_plain(a, env, out, "/run/pmgpolicy/settings", policy_dump(a, s->cfg),
		  SERVICE_BIT(SERVICE_POLICY));
}

/* pmgpolicy reads the whitelist in the database, so it is told, too. */
static void add_access(struct arena *a, const struct apply_env *env, struct target_files *out)
{
	const unsigned services = SERVICE_BIT(SERVICE_POSTFIX) | SERVICE_BIT(SERVICE_POLICY);

	add_plain(a, env, out, "/etc/postfix/senderaccess", env->access->senders, services);
	add_plain(a, env, out, "/etc/postfix/rcptaccess", env->access->receivers, services);
	add_plain(a, env, out, "/etc/postfix/clientaccess", env->access->clients, services);
	add_plain(a, env, out, "/etc/postfix/postscreen_access", env->access->postscreen, services);
}

int targets_render(struct arena *a, const struct apply_env *env, const struct apply_state *s,
		   struct target_files *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		const struct target *t = &targets[i];
		struct target_file file = { .path = target_path(a, env, t->path),
					    .attr = file_attr_of(env, t->user, t->group, t->mode),
					    .services = t->services };

		if (render(a, env, s, t->template, &file, e) < 0)
			return -1;
		add(a, env, out, file);
	}
	add_others(a, env, s, out);
	if (env->access)
		add_access(a, env, out);
	return 0;
}
