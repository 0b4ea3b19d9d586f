#include "gw/policy/cache.h"

#include <sys/random.h>

enum { MX_PLACES = 512, SPF_PLACES = 2048 };

struct place {
	int64_t until; /* net_now(); 0: empty */
	size_t key_n;
	char key[CACHE_KEY_MAX];
};

struct cache {
	uint64_t seed;
	struct {
		struct place place;
		struct cache_mx mx;
	} * mx;
	struct {
		struct place place;
		struct cache_spf spf;
	} * spf;
};

struct cache *cache_new(struct arena *a)
{
	struct cache *c = NEW(a, struct cache);

	c->mx = arena_alloc_n(a, MX_PLACES, sizeof(*c->mx));
	c->spf = arena_alloc_n(a, SPF_PLACES, sizeof(*c->spf));
	while (getrandom(&c->seed, sizeof(c->seed), 0) != (ssize_t)sizeof(c->seed))
		;
	return c;
}

/* FNV-1a from a secret start. */
static size_t place_of(const struct cache *c, struct str key, size_t places)
{
	uint64_t h = c->seed;

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * 0x100000001b3u;
	return (h ^ h >> 32) % places;
}

static bool holds(const struct place *p, struct str key, int64_t now)
{
	return p->until > now && str_eq((struct str){ p->key, p->key_n }, key);
}

static void take(struct place *p, struct str key, int64_t until)
{
	p->until = until;
	p->key_n = key.n;
	memcpy(p->key, key.p, key.n);
}

const struct cache_mx *cache_mx_get(const struct cache *c, struct str domain, int64_t now)
{
	size_t i = place_of(c, domain, MX_PLACES);

	return holds(&c->mx[i].place, domain, now) ? &c->mx[i].mx : NULL;
}

void cache_mx_put(struct cache *c, struct str domain, const struct cache_mx *mx, int64_t now)
{
	size_t i = place_of(c, domain, MX_PLACES);
	int64_t seconds = mx->known ? CACHE_MX_SECONDS : CACHE_FAILURE_SECONDS;

	if (!domain.n || domain.n > CACHE_KEY_MAX)
		return;
	take(&c->mx[i].place, domain, now + seconds * 1000);
	c->mx[i].mx = *mx;
}

/* Lines of a request hold no line feeds. */
static struct str spf_key(const struct policy_request *r, char buf[static CACHE_KEY_MAX])
{
	int n = snprintf(buf, CACHE_KEY_MAX, "%.*s\n%.*s\n%.*s", STR_ARG(r->client),
			 STR_ARG(r->sender), STR_ARG(r->helo));

	return (struct str){ buf, n < CACHE_KEY_MAX ? (size_t)n : 0 };
}

bool cache_spf_get(const struct cache *c, const struct policy_request *r, int64_t now,
		   struct policy_spf *out)
{
	char buf[CACHE_KEY_MAX];
	struct str key = spf_key(r, buf);
	size_t i = place_of(c, key, SPF_PLACES);
	const struct cache_spf *spf = &c->spf[i].spf;

	if (!holds(&c->spf[i].place, key, now))
		return false;
	*out = (struct policy_spf){ spf->result,
				    { spf->header, spf->header_n },
				    { spf->explanation, spf->explanation_n } };
	return true;
}

void cache_spf_put(struct cache *c, const struct policy_request *r, const struct policy_spf *spf,
		   int64_t now)
{
	char buf[CACHE_KEY_MAX];
	struct str key = spf_key(r, buf);
	size_t i = place_of(c, key, SPF_PLACES);
	struct cache_spf *to = &c->spf[i].spf;

	if (!key.n || spf->header.n > POLICY_TEXT_MAX || spf->explanation.n > POLICY_TEXT_MAX)
		return;
	take(&c->spf[i].place, key, now + CACHE_SPF_SECONDS * 1000);
	to->result = spf->result;
	to->header_n = spf->header.n;
	to->explanation_n = spf->explanation.n;
	if (spf->header.n)
		memcpy(to->header, spf->header.p, spf->header.n);
	if (spf->explanation.n)
		memcpy(to->explanation, spf->explanation.p, spf->explanation.n);
}

bool cache_mx_has(const struct cache_mx *mx, struct str client)
{
	struct cidr_addr addr;

	if (!cidr_addr_parse(client, &addr) || addr.family != 4)
		return false;
	for (size_t i = 0; i < mx->n; i++)
		if (memcmp(mx->addresses[i], addr.b, 4) == 0)
			return true;
	return false;
}
