#include <errno.h>
#include <sys/stat.h>

#include "gw/apply/apply_int.h"
#include "gw/apply/keys.h"

#define API_CERT "/etc/pmg/pmg-api.pem"
#define TLS_CERT "/etc/pmg/pmg-tls.pem"
#define AUTH_KEY "/etc/pmg/pmg-authkey.key"
#define AUTH_PUBLIC "/etc/pmg/pmg-authkey.pub"
#define CSRF_KEY "/etc/pmg/pmg-csrf.key"

static const struct place {
	const char *path, *user, *group;
	mode_t mode;
} places[] = {
	{ "/etc/pmg", "root", "root", 0755 },
	{ "/etc/pmg/templates", "root", "root", 0755 },
	{ "/etc/pmg/dkim", "root", "pmg", 0755 },
	{ "/var/lib/pmg", "root", "root", 0755 },
	{ "/var/lib/pmg/ldap", "root", "pmg", 02750 },
	{ "/var/lib/pmg/spamassassin", "pmg-smtp-filter", "pmg", 0750 },
	{ "/var/lib/pmg/spamassassin/channels", "pmg-smtp-filter", "pmg", 0750 },
	{ "/var/spool/pmg", "root", "pmg", 0775 },
};

static int make_place(struct arena *a, const struct apply_env *env, const struct place *p,
		      struct err *e)
{
	struct file_attr attr = file_attr_of(env, p->user, p->group, p->mode);
	const char *path = at_root(a, env, str_of(p->path));

	if (mkdir(path, p->mode) < 0)
		return errno == EEXIST ? 0 : err_sys(e, "make directory %s", path);
	if (chmod(path, p->mode) < 0 ||
	    (attr.uid != (uid_t)-1 && chown(path, attr.uid, attr.gid) < 0))
		return err_sys(e, "set mode and owner of %s", path);
	return 0;
}

static bool exists(struct arena *a, const struct apply_env *env, const char *path)
{
	return access(at_root(a, env, str_of(path)), F_OK) == 0;
}

static int write_key(struct arena *a, const struct apply_env *env, const char *path,
		     struct str content, const char *group, mode_t mode, struct err *e)
{
	const struct file_attr attr = file_attr_of(env, "root", group, mode);

	return file_replace(at_root(a, env, str_of(path)), content, &attr, e);
}

/* A key without its public half is made anew together with it. */
static int make_keys(struct arena *a, const struct apply_env *env, struct err *e)
{
	struct str secret, public;

	if (!exists(a, env, AUTH_KEY) || !exists(a, env, AUTH_PUBLIC)) {
		if (key_pair(a, &secret, &public, e) < 0 ||
		    write_key(a, env, AUTH_KEY, secret, "root", 0600, e) < 0 ||
		    write_key(a, env, AUTH_PUBLIC, public, "root", 0644, e) < 0)
			return -1;
	}
	if (exists(a, env, CSRF_KEY))
		return 0;
	if (key_pair(a, &secret, &public, e) < 0)
		return -1;
	return write_key(a, env, CSRF_KEY, secret, "www-data", 0640, e);
}

int apply_api_cert(struct arena *a, const struct apply_env *env, bool force, struct err *e)
{
	struct cert_names names = { 0 };
	struct cfg_dns dns;
	struct str pem;

	if (!force && exists(a, env, API_CERT))
		return 0;
	if (cfg_dns_load(a, &env->cfg, &dns, e) < 0)
		return -1;
	names.common = str_z(a, dns.fqdn);
	names.organisation = "Proxmox Mail Gateway";
	names.alternatives = str_z(a, str_fmt(a, "DNS:%.*s,DNS:%.*s,DNS:localhost,IP:127.0.0.1",
					      STR_ARG(dns.fqdn), STR_ARG(dns.hostname)));
	if (cert_make(a, &names, &pem, e) < 0)
		return -1;
	return write_key(a, env, API_CERT, pem, "www-data", 0640, e);
}

int apply_tls_cert(struct arena *a, const struct apply_env *env, bool force, struct err *e)
{
	struct cert_names names = { .unit = "Proxmox Mail Gateway" };
	struct cfg_dns dns;
	struct str pem;

	if (!force && exists(a, env, TLS_CERT))
		return 0;
	if (cfg_dns_load(a, &env->cfg, &dns, e) < 0)
		return -1;
	names.common = str_z(a, str_fmt(a, "*.%.*s", STR_ARG(dns.domain)));
	names.organisation = str_z(a, dns.domain);
	if (cert_make(a, &names, &pem, e) < 0)
		return -1;
	return write_key(a, env, TLS_CERT, pem, "root", 0600, e);
}

/* Rules and scores of the site, for the spam engine; there before somebody looks for them. */
static int make_spam_files(struct arena *a, const struct apply_env *env, struct err *e)
{
	static const char *const files[] = { "/etc/mail/spamassassin/custom.cf",
					     "/etc/mail/spamassassin/pmg-scores.cf" };
	const struct file_attr attr = file_attr_of(env, "root", "root", 0644);

	if (!exists(a, env, "/etc/mail/spamassassin"))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (!exists(a, env, files[i]) &&
		    file_replace(at_root(a, env, str_of(files[i])), STR(""), &attr, e) < 0)
			return -1;
	return 0;
}

int apply_init(struct arena *a, const struct apply_env *env, struct err *e)
{
	struct apply_state s;

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (make_place(a, env, &places[i], e) < 0)
			return -1;
	if (maps_create(a, env, e) < 0 || make_spam_files(a, env, e) < 0 ||
	    make_keys(a, env, e) < 0 ||
	    apply_api_cert(a, env, false, e) < 0 || apply_read(a, env, true, &s, e) < 0)
		return -1;
	return s.cfg->mail.tls ? apply_tls_cert(a, env, false, e) : 0;
}
