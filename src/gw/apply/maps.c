/*
 * The tables that main.cf names. Postfix refuses mail when one is missing, so every one exists and
 * is compiled, if only empty, before it is first told to reload.
 */
#include <sys/stat.h>

#include "gw/apply/apply_int.h"

enum map_kind { MAP_HASH, MAP_ALIASES, MAP_PLAIN };

static const struct map_file {
	const char *path;
	enum map_kind kind;
} map_files[] = {
	{ "/etc/pmg/domains", MAP_HASH },
	{ "/etc/pmg/transport", MAP_HASH },
	{ "/etc/pmg/tls_policy", MAP_HASH },
	{ "/etc/pmg/tls_inbound_domains", MAP_HASH },
	{ "/etc/pmg/mynetworks", MAP_PLAIN },
	{ "/etc/postfix/postscreen_access", MAP_PLAIN },
	{ "/etc/postfix/clientaccess", MAP_PLAIN },
	{ "/etc/postfix/senderaccess", MAP_PLAIN },
	{ "/etc/postfix/rcptaccess", MAP_PLAIN },
	{ "/etc/aliases", MAP_ALIASES },
};

int maps_create(struct arena *a, const struct apply_env *env, struct err *e)
{
	const struct file_attr attr = file_attr_of(env, "root", "root", 0644);

	for (size_t i = 0; i < ARRAY_LEN(map_files); i++) {
		const char *path = at_root(a, env, str_of(map_files[i].path));

		if (access(path, F_OK) == 0)
			continue;
		if (file_replace(path, STR(""), &attr, e) < 0)
			return -1;
	}
	return 0;
}

static bool is_newer(const struct stat *x, const struct stat *y)
{
	if (x->st_mtim.tv_sec != y->st_mtim.tv_sec)
		return x->st_mtim.tv_sec > y->st_mtim.tv_sec;
	return x->st_mtim.tv_nsec > y->st_mtim.tv_nsec;
}

static bool needs_compiling(struct arena *a, const struct apply_env *env, const struct map_file *m)
{
	struct stat source, db;

	if (m->kind == MAP_PLAIN || stat(at_root(a, env, str_of(m->path)), &source) < 0)
		return false;
	if (stat(at_root(a, env, str_fmt(a, "%s.db", m->path)), &db) < 0)
		return true;
	return is_newer(&source, &db);
}

int maps_update(struct arena *a, const struct apply_env *env, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(map_files); i++) {
		const struct map_file *m = &map_files[i];
		const char *program = m->kind == MAP_ALIASES ? "/usr/sbin/postalias" :
							       "/usr/sbin/postmap";
		const char *argv[] = { program, str_z(a, str_fmt(a, "hash:%s", m->path)), NULL };

		if (needs_compiling(a, env, m) && run_checked(a, env, argv, e) < 0)
			return -1;
	}
	return 0;
}
