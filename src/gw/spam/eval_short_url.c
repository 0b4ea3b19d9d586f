/*
 * DecodeShortURLs: links through services that shorten them. With network tests the services are
 * asked where they lead, before anything is matched: their targets are links of the mail, too.
 */
#include "gw/spam/eval_short_url.h"

#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/learnt.h"
#include "gw/spam/message_int.h"

/* What a service is. */
static char short_head, short_get;

/* A link: its host, and what follows host and port if there is a word in it. */
static const char *const patterns[SHORT_RES] = {
	[SHORT_RE_LINK] = "(?i)^https?://(?:[^@/?#]*@)?([^/?#:]+)(?::\\d+)?(.*?\\w)?",
	[SHORT_RE_ABSOLUTE] = "(?i)^[a-z]+://",
};

static int open_cache(struct arena *a, const char *path, bool create, void **out, struct err *e)
{
	struct short_cache *c = NULL;
	int rc = short_cache_open(a, path, create, &c, e);

	*out = c;
	return rc;
}

static const struct learnt_kind cache_kind = { SHORT_CACHE_NAME, open_cache };

static void conf_init(struct spam_conf *c, void *conf)
{
	struct short_conf *s = conf;

	s->seconds = 5;
	s->links = 10;
	s->redirections = 10;
	s->user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0";
	s->ttl = SHORT_TTL_S;
	s->worker = learnt_worker_new(c->keep, &cache_kind);
	map_init(&s->services, c->keep);
	eval_patterns(c, patterns, SHORT_RES, s->re);
}

static enum conf_verdict services(struct conf_parser *p, struct short_conf *s, struct str value,
				  void *what)
{
	struct str word;

	if (value.n == 0 && what)
		return CONF_MISSING;
	if (value.n == 0)
		map_init(&s->services, p->conf->keep);
	while (str_word(&value, &word))
		if (s->services.n < SHORT_SERVICES_MAX)
			map_set(&s->services, str_lower(p->conf->tmp, word), what);
	return CONF_OK;
}

static enum conf_verdict number(struct str value, int64_t max, int64_t *out)
{
	if (value.n == 0)
		return CONF_MISSING;
	return str_int(value, 0, max, out) ? CONF_OK : CONF_INVALID;
}

static enum conf_verdict cache_type(struct str value, struct short_conf *s)
{
	s->cache = str_ieq(value, STR("dbi"));
	return s->cache ? CONF_OK : value.n ? CONF_INVALID : CONF_MISSING;
}

/* "dbi:SQLite:dbname=PATH", "dbi:SQLite:PATH" */
static enum conf_verdict cache_dsn(struct conf_parser *p, struct str value, struct short_conf *s)
{
	static const struct str prefix = STR_INIT("dbi:SQLite:"), name = STR_INIT("dbname=");
	struct str path = str_from(value, prefix.n);

	if (value.n == 0)
		return CONF_MISSING;
	if (str_istarts(path, name))
		path = str_from(path, name.n);
	if (!str_istarts(value, prefix) || !str_starts(path, STR("/"))) {
		conf_note(p, "url_shortener_cache_dsn: nothing is kept; give "
			     "\"dbi:SQLite:dbname=PATH\", the path of a file of its own");
		return CONF_NOTED;
	}
	s->cache_path = str_copy(p->conf->keep, path);
	return CONF_OK;
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct short_conf *s = conf;

	if (str_eq(key, STR("url_shortener")))
		return services(p, s, value, &short_head);
	if (str_eq(key, STR("url_shortener_get")))
		return services(p, s, value, &short_get);
	if (str_eq(key, STR("clear_url_shortener")))
		return services(p, s, value, NULL);
	if (str_eq(key, STR("url_shortener_timeout")))
		return number(value, SHORT_SECONDS_MAX, &s->seconds);
	if (str_eq(key, STR("max_short_urls")))
		return number(value, SHORT_LINKS_MAX, &s->links);
	if (str_eq(key, STR("max_short_url_redirections")))
		return number(value, SHORT_REDIRECTIONS_MAX, &s->redirections);
	if (str_eq(key, STR("url_shortener_cache_type")))
		return cache_type(value, s);
	if (str_eq(key, STR("url_shortener_cache_dsn")))
		return cache_dsn(p, value, s);
	if (str_eq(key, STR("url_shortener_cache_ttl")))
		return number(value, INT32_MAX, &s->ttl);
	if (!str_eq(key, STR("url_shortener_user_agent")))
		return CONF_UNKNOWN;
	if (value.n == 0)
		return CONF_MISSING;
	s->user_agent = str_z(p->conf->keep, value);
	return CONF_OK;
}

static size_t dots(struct str host)
{
	size_t n = 0;

	for (size_t i = 0; i < host.n; i++)
		n += host.p[i] == '.';
	return n;
}

/* A service itself, its www., or one of the names that a service (".page.link") hands out. */
static struct str service_of(const struct short_conf *s, struct str host)
{
	size_t levels = dots(host), first = (size_t)str_chr(host, '.');

	if (map_get(&s->services, host) || levels != 2 || first == 0)
		return host;
	if (str_starts(host, STR("www.")))
		return str_from(host, first + 1);
	return str_starts(host, STR("www")) ? host : str_from(host, first);
}

bool short_link_read(struct eval_run *r, struct str uri, struct short_link *out)
{
	const struct short_conf *s = r->conf;
	const void *what;
	struct re_caps caps;
	struct str host, service;

	if (re_search(s->re[SHORT_RE_LINK], uri, 0, &caps) != RE_MATCH)
		return false;
	host = str_lower(r->a, re_group(&caps, uri, 1));
	/* A host of two labels alone is the front page of the service. */
	if (dots(host) == 1 && re_group(&caps, uri, 2).n == 0)
		return false;
	service = service_of(s, host);
	what = map_get(&s->services, service);
	if (!what)
		return false;
	*out = (struct short_link){ .uri = uri, .service = service, .get = what == &short_get };
	return true;
}

static bool has_link(const struct short_mail *mail, struct str uri)
{
	for (size_t i = 0; i < mail->links.n; i++)
		if (str_eq(mail->links.p[i].uri, uri))
			return true;
	return false;
}

/* What is between ? or # and the end of a link is not for the service. */
static struct str page_of(struct str uri)
{
	size_t end = 0;

	while (end < uri.n && uri.p[end] != '#' && uri.p[end] != '?')
		end++;
	return str_sub(uri, 0, end);
}

static void find_links(struct eval_run *r)
{
	const struct short_conf *s = r->conf;
	struct short_mail *mail = r->mail;
	struct short_link link;
	size_t n;
	const struct spam_uri *uris;

	if (s->services.n == 0)
		return;
	uris = spam_uri_details(r->m, &n);
	for (size_t i = 0; i < n; i++) {
		struct str uri = page_of(uris[i].raw);

		if (!uris[i].host_count || !uris[i].cleaned.n || has_link(mail, uri) ||
		    !short_link_read(r, uri, &link))
			continue;
		vec_add(r->a, &mail->links, link);
		if ((int64_t)mail->links.n >= s->links)
			break;
	}
	if (mail->links.n && r->dns && s->links)
		short_links_follow(r, mail);
}

static unsigned short_url(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return ((const struct short_mail *)r->mail)->links.n > 0;
}

static unsigned redirected(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return ((const struct short_mail *)r->mail)->redirected;
}

static unsigned chained(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return ((const struct short_mail *)r->mail)->chained;
}

static unsigned longest(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return ((const struct short_mail *)r->mail)->longest;
}

static unsigned loop(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return ((const struct short_mail *)r->mail)->loop;
}

static unsigned code_200(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return ((const struct short_mail *)r->mail)->code[200];
}

static unsigned code_404(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return ((const struct short_mail *)r->mail)->code[404];
}

static unsigned code(struct eval_run *r, const struct eval_args *args)
{
	struct str text = eval_arg(args, 0);
	int64_t n;

	return text.n == 3 && str_int(text, 0, SHORT_CODES - 1, &n) &&
	       ((const struct short_mail *)r->mail)->code[n];
}

static const struct eval evals[] = {
	{ .name = "short_url", .call = short_url },
	{ .name = "short_url_200", .call = code_200 },
	{ .name = "short_url_404", .call = code_404 },
	{ .name = "short_url_chained", .call = chained },
	{ .name = "short_url_code", .call = code },
	{ .name = "short_url_loop", .call = loop },
	{ .name = "short_url_maxchain", .call = longest },
	{ .name = "short_url_redir", .call = redirected },
	{ 0 },
};

const struct eval_family eval_short_url = {
	.plugin = "DecodeShortURLs",
	.evals = evals,
	.conf_size = sizeof(struct short_conf),
	.mail_size = sizeof(struct short_mail),
	.conf_init = conf_init,
	.setting = setting,
	.read = find_links,
	.learn = short_links_keep,
};
