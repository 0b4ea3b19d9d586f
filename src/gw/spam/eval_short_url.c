/*
 * DecodeShortURLs: links through services that shorten them. Only the links of the mail itself are
 * looked at; nobody is asked where they lead, so what is about that never hits.
 */
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"

enum { SHORTENERS_MAX = 10000 };

enum { RE_LINK, RES };

/* Its host, and what follows host and port if there is a word in it. */
static const char *const patterns[RES] = {
	[RE_LINK] = "(?i)^https?://(?:[^@/?#]*@)?([^/?#:]+)(?::\\d+)?(.*?\\w)?",
};

struct short_conf {
	struct map services; /* value NULL: taken off again */
	struct re *re[RES];
};

struct short_mail {
	bool known, found;
};

static void conf_init(struct spam_conf *c, void *conf)
{
	struct short_conf *s = conf;

	map_init(&s->services, c->keep);
	eval_patterns(c, patterns, RES, s->re);
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct short_conf *s = conf;
	bool clear = str_eq(key, STR("clear_url_shortener"));
	struct str word;

	if (!clear && !str_eq(key, STR("url_shortener")) && !str_eq(key, STR("url_shortener_get")))
		return CONF_UNKNOWN;
	if (value.n == 0 && !clear)
		return CONF_MISSING;
	if (value.n == 0)
		map_init(&s->services, p->conf->keep);
	while (str_word(&value, &word))
		if (s->services.n < SHORTENERS_MAX)
			map_set(&s->services, str_lower(p->conf->tmp, word), clear ? NULL : s);
	return CONF_OK;
}

static bool is_listed(const struct short_conf *s, struct str host)
{
	return map_get(&s->services, host) != NULL;
}

static size_t dots(struct str host)
{
	size_t n = 0;

	for (size_t i = 0; i < host.n; i++)
		n += host.p[i] == '.';
	return n;
}

/* A service itself, its www., or one of the names that a service (".page.link") hands out. */
static bool is_service(const struct short_conf *s, struct str host)
{
	size_t levels = dots(host), first = (size_t)str_chr(host, '.');

	if (is_listed(s, host))
		return true;
	if (levels != 2 || first == 0)
		return false;
	if (str_starts(host, STR("www.")))
		return is_listed(s, str_from(host, first + 1));
	return !str_starts(host, STR("www")) && is_listed(s, str_from(host, first));
}

static bool is_short(struct eval_run *r, struct str uri)
{
	const struct short_conf *s = r->conf;
	struct re_caps caps;
	struct str host;
	size_t end = 0;

	while (end < uri.n && uri.p[end] != '#' && uri.p[end] != '?')
		end++;
	uri = str_sub(uri, 0, end);
	if (re_search(s->re[RE_LINK], uri, 0, &caps) != RE_MATCH)
		return false;
	host = str_lower(r->a, re_group(&caps, uri, 1));
	/* A host of two labels alone is the front page of the service. */
	if (dots(host) == 1 && re_group(&caps, uri, 2).n == 0)
		return false;
	return is_service(s, host);
}

static unsigned short_url(struct eval_run *r, const struct eval_args *args)
{
	struct short_mail *mail = r->mail;
	size_t n;
	const struct spam_uri *uris;

	(void)args;
	if (mail->known)
		return mail->found;
	mail->known = true;
	uris = spam_uri_details(r->m, &n);
	for (size_t i = 0; i < n && !mail->found; i++)
		mail->found = uris[i].host_count && uris[i].cleaned.n && is_short(r, uris[i].raw);
	return mail->found;
}

/* What only the service could tell. */
static unsigned not_asked(struct eval_run *r, const struct eval_args *args)
{
	(void)r;
	(void)args;
	return 0;
}

static const struct eval evals[] = {
	{ .name = "short_url", .call = short_url },
	{ .name = "short_url_200", .call = not_asked },
	{ .name = "short_url_404", .call = not_asked },
	{ .name = "short_url_chained", .call = not_asked },
	{ .name = "short_url_code", .call = not_asked },
	{ .name = "short_url_loop", .call = not_asked },
	{ .name = "short_url_maxchain", .call = not_asked },
	{ .name = "short_url_redir", .call = not_asked },
	{ 0 },
};

const struct eval_family eval_short_url = {
	.plugin = "DecodeShortURLs",
	.evals = evals,
	.conf_size = sizeof(struct short_conf),
	.mail_size = sizeof(struct short_mail),
	.conf_init = conf_init,
	.setting = setting,
};
