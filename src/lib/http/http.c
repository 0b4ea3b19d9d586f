#include "lib/http/http.h"

#include <curl/curl.h>

#include "base/net.h"

/* One question under way. */
struct exchange {
	struct arena *a;
	struct http_ask *ask;
	CURL *easy;
	struct curl_slist *to;
	size_t header;
	struct str location;
};

/* Only what the caller's process has not got yet: names are never looked up, so there is no thread.
 */
static bool ready(void)
{
	static bool done;

	if (!done)
		done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	return done;
}

static bool part(struct arena *a, CURLU *u, CURLUPart which, struct str *out)
{
	char *text = NULL;

	if (curl_url_get(u, which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK || !text)
		return false;
	*out = str_copy(a, str_of(text));
	curl_free(text);
	return true;
}

bool http_url_host(struct arena *a, struct str url, struct str *host, uint16_t *port)
{
	struct str scheme, name, number;
	int64_t n = 0;
	bool ok;
	CURLU *u;

	if (!ready() || url.n > HTTP_URL_MAX || str_chr(url, '\0') >= 0)
		return false;
	u = curl_url();
	ok = u && curl_url_set(u, CURLUPART_URL, str_z(a, url), 0) == CURLUE_OK &&
	     part(a, u, CURLUPART_SCHEME, &scheme) && part(a, u, CURLUPART_HOST, &name) &&
	     part(a, u, CURLUPART_PORT, &number) && str_int(number, 1, UINT16_MAX, &n) &&
	     (str_ieq(scheme, STR("http")) || str_ieq(scheme, STR("https")));
	curl_url_cleanup(u);
	if (!ok)
		return false;
	if (str_starts(name, STR("[")) && str_ends(name, STR("]")))
		name = str_sub(name, 1, name.n - 2);
	*host = name;
	*port = (uint16_t)n;
	return true;
}

static int read_proxy(struct arena *a, struct str url, struct http_proxy *out, struct err *e)
{
	struct str rest = url, authority;
	ptrdiff_t at;

	*out = (struct http_proxy){ .port = 0 };
	if (url.n == 0)
		return 0;
	if (!str_istarts(url, STR("http://")) || !http_url_host(a, url, &out->host, &out->port) ||
	    out->host.n == 0)
		return err_set(e, ERR_INVALID,
			       "the proxy is to be written as http://USER:PASSWORD@HOST:PORT/");
	rest = str_from(url, strlen("http://"));
	authority = str_cut(&rest, '/');
	at = str_rchr(authority, '@');
	if (at > 0)
		out->login = str_copy(a, str_sub(authority, 0, (size_t)at));
	return 0;
}

int http_proxies_read(struct arena *a, struct str http, struct str https, struct str except,
		      struct http_proxies *out, struct err *e)
{
	struct http_proxies p = { .except = str_copy(a, except) };

	if (read_proxy(a, http, &p.http, e) < 0 || read_proxy(a, https, &p.https, e) < 0)
		return -1;
	*out = p;
	return 0;
}

const struct http_proxy *http_proxy_for(const struct http_proxies *p, struct str url,
					struct str host)
{
	const struct http_proxy *proxy;
	struct str except = p->except;

	proxy = str_istarts(url, STR("https:")) ? &p->https : &p->http;
	while (except.n) {
		struct str end = str_trim(str_cut(&except, ','));

		if (end.n && str_iends(host, end))
			return NULL;
	}
	return proxy->host.n ? proxy : NULL;
}

static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	struct str rest = { p, size * n }, name = str_cut(&rest, ':');

	x->header += size * n;
	if (x->header > HTTP_HEADER_MAX)
		return 0;
	if (rest.p && str_ieq(name, STR("location")) && x->location.n == 0)
		x->location = str_copy(x->a, str_trim(rest));
	return size * n;
}

/* The body begins: all that is wanted is known, so the transfer is broken off. */
static size_t refuse_body(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)size;
	(void)n;
	(void)arg;
	return 0;
}

/* The server at its address, or the proxy at its own. */
static bool set_peer(struct exchange *x)
{
	const struct http_proxy *proxy = x->ask->proxy;
	const struct cidr_addr *addr = &x->ask->addr;
	struct arena *a = x->a;
	struct str at =
		str_fmt(a, addr->family == 6 ? "[%.*s]" : "%.*s", STR_ARG(cidr_addr_text(a, addr)));

	if (!proxy) {
		x->to = curl_slist_append(NULL, str_z(a, str_fmt(a, "::%.*s:", STR_ARG(at))));
		return x->to && curl_easy_setopt(x->easy, CURLOPT_CONNECT_TO, x->to) == CURLE_OK &&
		       curl_easy_setopt(x->easy, CURLOPT_PROXY, "") == CURLE_OK;
	}
	at = str_fmt(a, "http://%.*s:%d", STR_ARG(at), proxy->port);
	return curl_easy_setopt(x->easy, CURLOPT_PROXY, str_z(a, at)) == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_NOPROXY, "") == CURLE_OK &&
	       (proxy->login.n == 0 || curl_easy_setopt(x->easy, CURLOPT_PROXYUSERPWD,
							str_z(a, proxy->login)) == CURLE_OK) &&
	       /* What it says about the tunnel to the server is no answer of the server. */
	       curl_easy_setopt(x->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK;
}

static bool set(struct exchange *x, const char *user_agent, int64_t left)
{
	const char *url = str_z(x->a, x->ask->url);

	return set_peer(x) && curl_easy_setopt(x->easy, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_NOBODY, x->ask->get ? 0L : 1L) == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_USERAGENT, user_agent) == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, (long)left) == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       /* A directory is read as far as it is needed, the one large file wholly each time.
		*/
	       curl_easy_setopt(x->easy, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_CAPATH, "/etc/ssl/certs") == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x) == CURLE_OK &&
	       curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, refuse_body) == CURLE_OK;
}

static void begin(CURLM *multi, struct exchange *x, const char *user_agent, int64_t left)
{
	x->easy = curl_easy_init();
	if (x->easy && (!set(x, user_agent, left) || curl_multi_add_handle(multi, x->easy))) {
		curl_easy_cleanup(x->easy);
		x->easy = NULL;
	}
}

static void finish(CURLM *multi, struct exchange *x)
{
	long status = 0;

	if (x->easy) {
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
		curl_multi_remove_handle(multi, x->easy);
		curl_easy_cleanup(x->easy);
	}
	curl_slist_free_all(x->to);
	/* What says 100 to 199 has not answered yet. */
	if (status < 200 || x->header > HTTP_HEADER_MAX)
		return;
	x->ask->status = (int)status;
	x->ask->location = x->location;
}

static void talk(CURLM *multi, int64_t deadline)
{
	int running = 1;

	while (running) {
		int64_t left = deadline - net_now();

		if (curl_multi_perform(multi, &running) != CURLM_OK || !running || left <= 0)
			return;
		if (curl_multi_poll(multi, NULL, 0, left > 60000 ? 60000 : (int)left, NULL) !=
		    CURLM_OK)
			return;
	}
}

void http_ask_all(struct arena *a, struct http_ask *asks, size_t n, const char *user_agent,
		  int64_t deadline)
{
	struct exchange *x = NEW_N(a, struct exchange, n);
	const int64_t left = deadline - net_now();
	CURLM *multi = ready() ? curl_multi_init() : NULL;

	for (size_t i = 0; i < n; i++) {
		x[i] = (struct exchange){ .a = a, .ask = &asks[i] };
		asks[i].status = 0;
		asks[i].location = STR_NONE;
	}
	if (!multi || left <= 0 || n > HTTP_ASKS_MAX) {
		curl_multi_cleanup(multi);
		return;
	}
	for (size_t i = 0; i < n; i++)
		begin(multi, &x[i], user_agent, left);
	talk(multi, deadline);
	for (size_t i = 0; i < n; i++)
		finish(multi, &x[i]);
	curl_multi_cleanup(multi);
}
