/* The keys on disk, and what is to be published about them. */
#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "gw/signing/signing.h"
#include "lib/schema/formats.h"

#define SUFFIX ".private"
enum { CHUNK = 250, RECORD_MAX = 8 * 1024 };

static void problem(struct arena *a, struct signing_keys *out, const struct err *e)
{
	vec_add(a, &out->problems, str_fmt(a, "%s", e->msg));
}

static bool is_name(struct str s)
{
	struct err e;

	return s.n && fmt_dns_name.check(s, &e) == 0;
}

static void add_key(struct arena *a, struct signing_keys *out, struct str dir, struct str domain,
		    struct str selector)
{
	struct str path = str_fmt(a, "%.*s/%.*s" SUFFIX, STR_ARG(dir), STR_ARG(selector)), pem;
	struct signing_key key = { .domain = domain, .selector = selector };
	struct err e;

	if (file_read(a, str_z(a, path), DKIM_PEM_MAX, &pem, &e) < 0)
		problem(a, out, &e);
	else if (dkim_key_read(a, pem, &key.key, &e) < 0) {
		(void)err_wrap(&e, "%.*s", STR_ARG(path));
		problem(a, out, &e);
	} else {
		vec_add(a, &out->list, key);
	}
}

struct names {
	VEC(struct str) list;
};

static int by_name(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* What is in a directory, sorted; entries that begin with a dot are left out. */
static void list_names(struct arena *a, struct str dir, size_t max, struct names *names,
		       struct signing_keys *out)
{
	CLEAN_DIR DIR *d = opendir(str_z(a, dir));
	const struct dirent *entry;
	struct err e;

	if (!d && errno != ENOENT) {
		(void)err_sys(&e, "%.*s", STR_ARG(dir));
		problem(a, out, &e);
	}
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (names->list.n == max) {
			(void)err_set(&e, ERR_LIMIT, "%.*s: only %zu entries are read",
				      STR_ARG(dir), max);
			problem(a, out, &e);
			break;
		}
		vec_add(a, &names->list, str_copy(a, str_of(entry->d_name)));
	}
	if (names->list.n)
		qsort(names->list.p, names->list.n, sizeof(*names->list.p), by_name);
}

static void add_domain(struct arena *a, struct signing_keys *out, struct str dir,
		       struct str domain)
{
	struct str path = str_fmt(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(domain));
	struct names files = { 0 };
	size_t n = 0;
	struct err e;

	list_names(a, path, SIGNING_DOMAINS_MAX, &files, out);
	for (size_t i = 0; i < files.list.n; i++) {
		struct str file = files.list.p[i];
		struct str selector = str_sub(file, 0, file.n - STR(SUFFIX).n);

		if (!str_ends(file, STR(SUFFIX)) || !is_name(selector))
			continue;
		if (n++ < SIGNING_KEYS_MAX) {
			add_key(a, out, path, str_lower(a, domain), selector);
			continue;
		}
		(void)err_set(&e, ERR_LIMIT, "%.*s/%.*s: a domain signs with at most %d keys",
			      STR_ARG(path), STR_ARG(file), SIGNING_KEYS_MAX);
		problem(a, out, &e);
	}
}

void signing_keys_read(struct arena *a, const char *dir, struct str selector,
		       struct signing_keys *out)
{
	struct str root = str_fmt(a, "%s/dkim", dir);
	struct names entries = { 0 };

	*out = (struct signing_keys){ 0 };
	if (selector.n)
		add_key(a, out, root, STR(""), selector);
	list_names(a, root, SIGNING_DOMAINS_MAX, &entries, out);
	for (size_t i = 0; i < entries.list.n; i++) {
		struct str name = entries.list.p[i];

		if (is_name(name) && !str_ends(name, STR(SUFFIX)) && !str_eq(name, STR("domains")))
			add_domain(a, out, root, name);
	}
}

struct str signing_record_text(struct arena *a, const struct signing_key *key)
{
	struct str p = dkim_key_public(a, key->key);

	return str_fmt(a, "v=DKIM1; h=sha256; k=%s; p=%.*s", dkim_key_type(key->key), STR_ARG(p));
}

/* A string of a TXT record holds 255 bytes at most, so a long key is cut (filter.md §10). */
struct str signing_record(struct arena *a, const struct signing_key *key)
{
	struct str rest = str_cat(a, STR("p="), dkim_key_public(a, key->key));
	struct buf b;

	buf_init(&b, a, RECORD_MAX);
	buf_addf(&b, "%.*s._domainkey", STR_ARG(key->selector));
	if (key->domain.n)
		buf_addf(&b, ".%.*s.", STR_ARG(key->domain));
	buf_addf(&b, "\tIN\tTXT\t( \"v=DKIM1; h=sha256; k=%s; \"", dkim_key_type(key->key));
	for (; rest.n; rest = str_from(rest, CHUNK))
		buf_addf(&b, "\n\t  \"%.*s\"", STR_ARG(str_sub(rest, 0, CHUNK)));
	buf_addf(&b, " )  ; ----- DKIM key %.*s\n", STR_ARG(key->selector));
	return buf_str(&b);
}
