/* Keys for DKIM, and the setting that names the one for all domains. */
#include <errno.h>
#include <sys/stat.h>

#include "gw/apply/apply_int.h"
#include "gw/apply/keys.h"
#include "lib/conf/section.h"
#include "lib/dkim/sign.h"
#include "lib/schema/formats.h"

#define DKIM_PLACE "/etc/pmg/dkim"
#define SETTINGS "/etc/pmg/pmg.conf"
#define SETTINGS_LOCK "/var/lock/pmgconfig.lck"

static int check_name(const char *what, struct str name, struct err *e)
{
	return fmt_dns_name.check(name, e) < 0 ? err_wrap(e, "%s", what) : 0;
}

static int check_wish(const struct apply_dkim *w, struct err *e)
{
	if (check_name("selector", w->selector, e) < 0 ||
	    (w->domain.n && check_name("domain", w->domain, e) < 0))
		return -1;
	if (w->bits && (w->bits < DKIM_KEY_BITS_MIN || w->bits > DKIM_KEY_BITS_MAX))
		return err_set(e, ERR_INVALID, "an RSA key has %d to %d bits", DKIM_KEY_BITS_MIN,
			       DKIM_KEY_BITS_MAX);
	return 0;
}

/* The directory of the domain, which the filter, without privileges, must be able to enter. */
static int make_domain(struct arena *a, const struct apply_env *env, struct str domain,
		       struct str *out, struct err *e)
{
	const struct file_attr attr = file_attr_of(env, "root", "pmg", 0750);
	struct str place = str_fmt(a, DKIM_PLACE "/%.*s", STR_ARG(str_lower(a, domain)));
	const char *path = at_root(a, env, place);

	*out = place;
	if (mkdir(path, attr.mode) < 0)
		return errno == EEXIST ? 0 : err_sys(e, "make directory %s", path);
	if (attr.uid != (uid_t)-1 && chown(path, attr.uid, attr.gid) < 0)
		return err_sys(e, "set owner of %s", path);
	return 0;
}

/* *keep: there is such a key. Another one in its place is a conflict; mails were signed with it. */
static int look_at_old(struct arena *a, const char *path, const struct apply_dkim *w, bool *keep,
		       struct err *e)
{
	struct dkim_key *key;
	struct str pem;

	*keep = false;
	if (w->force)
		return 0;
	if (file_read(a, path, DKIM_PEM_MAX, &pem, e) < 0)
		return e->code == ERR_NOTFOUND ? 0 : -1;
	if (dkim_key_read(a, pem, &key, e) < 0)
		return err_wrap(e, "%s", path);
	*keep = dkim_key_bits(key) == w->bits;
	if (*keep)
		return 0;
	return err_set(e, ERR_CONFLICT,
		       "%s exists and is of another kind or size; --force replaces it", path);
}

int apply_dkim_make(struct arena *a, const struct apply_env *env, const struct apply_dkim *w,
		    struct err *e)
{
	const struct file_attr attr = file_attr_of(env, "root", "pmg", 0640);
	struct str place = STR(DKIM_PLACE), pem;
	const char *path;
	bool keep;

	if (check_wish(w, e) < 0 || (w->domain.n && make_domain(a, env, w->domain, &place, e) < 0))
		return -1;
	path = at_root(a, env, str_fmt(a, "%.*s/%.*s.private", STR_ARG(place),
				       STR_ARG(w->selector)));
	if (look_at_old(a, path, w, &keep, e) < 0)
		return -1;
	if (keep)
		return 0;
	return key_dkim(a, w->bits, &pem, e) < 0 ? -1 : file_replace(path, pem, &attr, e);
}

static struct conf_section *section_admin(struct arena *a, struct conf_file *f)
{
	for (size_t i = 0; i < f->sections.n; i++)
		if (str_eq(f->sections.p[i].id, STR("admin")))
			return &f->sections.p[i];
	vec_add(a, &f->sections, ((struct conf_section){ STR("section"), STR("admin"), 0, { 0 } }));
	return &f->sections.p[f->sections.n - 1];
}

static void set(struct arena *a, struct conf_section *s, struct str key, struct str value)
{
	for (size_t i = 0; i < s->settings.n; i++)
		if (str_eq(s->settings.p[i].key, key)) {
			s->settings.p[i].value = value;
			return;
		}
	vec_add(a, &s->settings, ((struct conf_setting){ key, value, 0 }));
}

/* A file with a mistake in it is left alone: writing it would lose that line. */
static int parse_settings(struct arena *a, const char *path, struct conf_file *out, struct err *e)
{
	struct str text;

	if (file_read(a, path, CFG_FILE_MAX, &text, e) < 0) {
		if (e->code != ERR_NOTFOUND)
			return -1;
		text = STR_NONE;
	}
	conf_parse(a, text, out);
	if (out->problems.n)
		return err_set(e, ERR_INVALID, "%s:%zu: %.*s", path, out->problems.p[0].line,
			       STR_ARG(out->problems.p[0].reason));
	return 0;
}

int apply_dkim_select(struct arena *a, const struct apply_env *env, struct str selector,
		      struct err *e)
{
	const struct file_attr attr = file_attr_of(env, "root", "root", 0644);
	const char *path = at_root(a, env, STR(SETTINGS));
	struct conf_file f = { 0 };
	CLEAN_FD int lock = -1;

	if (check_name("selector", selector, e) < 0 ||
	    file_lock(at_root(a, env, STR(SETTINGS_LOCK)), &lock, e) < 0 ||
	    parse_settings(a, path, &f, e) < 0)
		return -1;
	set(a, section_admin(a, &f), STR("dkim_selector"), selector);
	return file_replace(path, conf_print(a, &f, NULL), &attr, e);
}
