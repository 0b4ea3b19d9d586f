#include "gw/spam/addr_list.h"

#include "base/buf.h"

void addr_list_init(struct addr_list *l, struct arena *a)
{
	*l = (struct addr_list){ .a = a };
	map_init(&l->entries, a);
}

/* As it is compared: some octets that no address has become _, as SpamAssassin has it. */
static struct str normal(struct arena *a, struct str pattern)
{
	struct str s = str_lower(a, pattern);

	for (size_t i = 0; i < s.n; i++)
		if (memchr("\0\\(", s.p[i], 3))
			((char *)s.p)[i] = '_';
	return s;
}

static bool is_wild(char c)
{
	return c == '*' || c == '?';
}

static bool has_wild(struct str s)
{
	return str_chr(s, '*') >= 0 || str_chr(s, '?') >= 0;
}

static bool is_whole_domain(struct str pattern)
{
	return str_starts(pattern, STR("*@")) && !has_wild(str_from(pattern, 1)) &&
	       str_chr(str_from(pattern, 2), '@') < 0;
}

struct addr_entry *addr_list_add(struct addr_list *l, struct str pattern)
{
	struct str key = normal(l->a, pattern);
	struct addr_entry *e = map_get(&l->entries, key);

	if (!e) {
		e = NEW(l->a, struct addr_entry);
		e->pattern = key;
		map_set(&l->entries, key, e);
		if (has_wild(key) && !is_whole_domain(key))
			vec_add(l->a, &l->globs, e);
	}
	if (e->removed)
		e->value = NULL;
	e->removed = false;
	return e;
}

void addr_list_remove(struct addr_list *l, struct str pattern)
{
	struct addr_entry *e = map_get(&l->entries, normal(l->a, pattern));

	if (e)
		e->removed = true;
}

bool addr_glob(struct str pattern, struct str text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			resume = t;
		} else if (p < pattern.n && text.p[t] != '\n' &&
			   (pattern.p[p] == '?' ||
			    (!is_wild(pattern.p[p]) && pattern.p[p] == text.p[t]))) {
			p++;
			t++;
		} else if (star != SIZE_MAX && text.p[resume] != '\n') {
			p = star + 1;
			t = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static bool one(const struct addr_list *l, struct str key,
		bool (*fn)(void *ctx, const struct addr_entry *e), void *ctx)
{
	const struct addr_entry *e = map_get(&l->entries, key);

	return e && !e->removed && fn(ctx, e);
}

/* The key of the entry for all of the domain of `addr`. */
static bool domain_found(const struct addr_list *l, struct str addr,
			 bool (*fn)(void *ctx, const struct addr_entry *e), void *ctx)
{
	enum { KEY_MAX = 512 };
	struct str host = str_from(addr, (size_t)(str_rchr(addr, '@') + 1));
	char key[KEY_MAX];

	if (host.n == addr.n || host.n + 2 > sizeof(key) || has_wild(host) ||
	    str_chr(addr, '\n') >= 0)
		return false;
	memcpy(key, "*@", 2);
	memcpy(key + 2, host.p, host.n);
	return one(l, (struct str){ key, host.n + 2 }, fn, ctx);
}

bool addr_list_each(const struct addr_list *l, struct str addr,
		    bool (*fn)(void *ctx, const struct addr_entry *e), void *ctx)
{
	if (l->entries.n == 0)
		return false;
	/* An address that looks like a pattern is none. */
	if ((!has_wild(addr) && one(l, addr, fn, ctx)) || domain_found(l, addr, fn, ctx))
		return true;
	for (size_t i = 0; i < l->globs.n; i++)
		if (!l->globs.p[i]->removed && addr_glob(l->globs.p[i]->pattern, addr) &&
		    fn(ctx, l->globs.p[i]))
			return true;
	return false;
}

static bool yes(void *ctx, const struct addr_entry *e)
{
	(void)ctx;
	(void)e;
	return true;
}

bool addr_list_has(const struct addr_list *l, struct str addr)
{
	return addr_list_each(l, addr, yes, NULL);
}
