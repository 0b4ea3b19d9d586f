#include <sys/utsname.h>

#include "base/file.h"
#include "gw/cfg/tables.h"

enum { RESOLV_CONF_MAX = 64 * 1024, MEMINFO_MAX = 64 * 1024 };

/* "MemTotal:       16309772 kB" in a file of the kernel, which has no size. */
static int64_t memory_mib(void)
{
	CLEAN_FILE FILE *f = fopen("/proc/meminfo", "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		struct str rest = str_of(line), name, number;
		int64_t kib;

		if (str_word(&rest, &name) && str_eq(name, STR("MemTotal:")) &&
		    str_word(&rest, &number) && str_int(number, 0, INT64_MAX, &kib))
			return kib / 1024;
	}
	return 0;
}

int cfg_env_system(struct arena *a, struct cfg_env *out, struct err *e)
{
	struct utsname names;

	if (uname(&names) < 0)
		return err_sys(e, "uname");
	*out = (struct cfg_env){ .dir = CFG_DIR,
				 .hostname = str_z(a, str_of(names.nodename)),
				 .resolv_conf = "/etc/resolv.conf",
				 .memory = memory_mib() };
	return out->memory > 0 ? 0 : err_set(e, ERR_SYS, "/proc/meminfo: no MemTotal");
}

static bool is_dns_name(struct str s)
{
	struct err e;

	return fmt_dns_name.check(s, &e) == 0;
}

/* The first name of the last "search" or "domain" line. */
static struct str search_domain(struct str text)
{
	struct str domain = STR("localdomain"), line, word, name;

	while (str_line(&text, &line)) {
		if (!str_word(&line, &word) || !str_word(&line, &name))
			continue;
		if (!str_eq(word, STR("search")) && !str_eq(word, STR("domain")))
			continue;
		if (str_ends(name, STR(".")))
			name.n--;
		if (is_dns_name(name))
			domain = name;
	}
	return domain;
}

int cfg_dns_load(struct arena *a, const struct cfg_env *env, struct cfg_dns *out, struct err *e)
{
	struct str name = str_of(env->hostname), text;

	if (file_read(a, env->resolv_conf, RESOLV_CONF_MAX, &text, e) < 0) {
		if (e->code != ERR_NOTFOUND)
			return -1;
		text = STR_NONE;
	}
	name = str_cut(&name, '.');
	out->hostname = is_dns_name(name) ? str_lower(a, name) : STR("localhost");
	out->domain = str_lower(a, search_domain(text));
	out->fqdn = str_fmt(a, "%.*s.%.*s", STR_ARG(out->hostname), STR_ARG(out->domain));
	return 0;
}
