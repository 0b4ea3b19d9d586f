/* URIEval and HTTPSMismatch: links that are not what their text says. */
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"
#include "lib/uri/domains.h"

enum { RE_IP_LINK, RE_IP_TEXT, RE_REDIRECT, RES };

static const char *const patterns[RES] = {
	[RE_IP_LINK] = "(?i)^https?:/*(?:[^@/]+@)?\\d+\\.\\d+\\.\\d+\\.\\d+",
	[RE_IP_TEXT] = "(?i)^https:/*(?:[^@/]+@)?\\d+\\.\\d+\\.\\d+\\.\\d+",
	[RE_REDIRECT] = "(?i)^https?://([^/:?]+).+?(https?:/{0,2}?([^/:?]+).*)$",
};

struct uri_conf {
	struct re *re[RES];
};

static void conf_init(struct spam_conf *c, void *conf)
{
	eval_patterns(c, patterns, RES, ((struct uri_conf *)conf)->re);
}

static bool is_re(const struct eval_run *r, int which, struct str s)
{
	const struct uri_conf *c = r->conf;

	return re_match(c->re[which], s) == RE_MATCH;
}

static bool says_https(const struct eval_run *r, struct str text)
{
	return !is_re(r, RE_IP_TEXT, text) && str_ifind(text, STR("https:")) >= 0;
}

/* check_https_ip_mismatch(): a link to an address whose text says https: and a name. */
static unsigned https_ip_mismatch(struct eval_run *r, const struct eval_args *args)
{
	size_t n;
	const struct spam_uri *uris = spam_uri_details(r->m, &n);

	(void)args;
	for (size_t i = 0; i < n; i++) {
		if (uris[i].anchor_text.n == 0 || !is_re(r, RE_IP_LINK, uris[i].raw))
			continue;
		for (size_t k = 0; k < uris[i].anchor_text.n; k++)
			if (says_https(r, uris[i].anchor_text.v[k]))
				return 1;
	}
	return 0;
}

static unsigned uri_truncated(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	spam_uris(r->m);
	return spam_message_flags(r->m)->uri_truncated;
}

/* What is compared of the host in a URI: the host itself if nobody could have registered it. */
static struct str domain_or_host(struct eval_run *r, struct str host)
{
	return uri_domains_has_tld(r->view->domains, host) ? eval_domain(r, host) : host;
}

static bool leads_elsewhere(struct eval_run *r, struct str uri)
{
	const struct uri_conf *c = r->conf;
	struct re_caps caps;

	while (re_search(c->re[RE_REDIRECT], uri, 0, &caps) == RE_MATCH) {
		if (!str_eq(domain_or_host(r, re_group(&caps, uri, 1)),
			    domain_or_host(r, re_group(&caps, uri, 3))))
			return true;
		uri = re_group(&caps, uri, 2);
	}
	return false;
}

/* check_for_http_redirector(): a URI with one of another domain in it. */
static unsigned http_redirector(struct eval_run *r, const struct eval_args *args)
{
	struct spam_texts uris = spam_uris(r->m);

	(void)args;
	for (size_t i = 0; i < uris.n; i++)
		if (leads_elsewhere(r, uris.v[i]))
			return 1;
	return 0;
}

static const struct eval uri_evals[] = {
	{ .name = "check_for_http_redirector", .call = http_redirector },
	{ .name = "check_https_ip_mismatch", .call = https_ip_mismatch },
	{ .name = "check_uri_truncated", .call = uri_truncated },
	{ 0 },
};

const struct eval_family eval_uri = {
	.plugin = "URIEval",
	.evals = uri_evals,
	.conf_size = sizeof(struct uri_conf),
	.conf_init = conf_init,
};

struct mismatch_mail {
	bool known, found;
	size_t anchors; /* links to names, with or without a text */
};

static bool ends_host(char c)
{
	return ascii_is_blank(c) || c == '/' || c == ':' || c == '?' || c == '#';
}

static struct str host_text(struct str s)
{
	size_t n = 0;

	while (n < s.n && !ends_host(s.p[n]))
		n++;
	return str_sub(s, 0, n);
}

static bool is_dotted(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]) && s.p[i] != '.')
			return false;
	return s.n > 0;
}

/* What is compared of a host; empty if it is no name that can be. */
static struct str compared(struct eval_run *r, struct str host)
{
	if (!uri_domains_has_tld(r->view->domains, host))
		return STR_NONE;
	return eval_domain(r, host);
}

static struct str link_domain(struct eval_run *r, struct str raw)
{
	size_t scheme = str_istarts(raw, STR("https://"))  ? 8
			: str_istarts(raw, STR("http://")) ? 7
							   : 0;

	return scheme ? compared(r, host_text(str_from(raw, scheme))) : STR_NONE;
}

/* Does the first https:// in the text name another domain? An address always is another. */
static bool text_differs(struct eval_run *r, struct str text, struct str domain)
{
	ptrdiff_t at = str_ifind(text, STR("https://"));
	struct str host;

	if (at < 0)
		return false;
	host = host_text(str_from(text, (size_t)at + 8));
	if (is_dotted(host))
		return eval_is_ipv4(host);
	host = compared(r, host);
	return host.n && !str_ieq(host, domain);
}

static void mismatch_find(struct eval_run *r)
{
	struct mismatch_mail *mail = r->mail;
	size_t n;
	const struct spam_uri *uris = spam_uri_details(r->m, &n);

	mail->known = true;
	for (size_t i = 0; i < n; i++) {
		struct str domain;

		if (uris[i].anchor_text.n == 0)
			continue;
		domain = link_domain(r, uris[i].raw);
		if (domain.n == 0)
			continue;
		mail->anchors++;
		for (size_t k = 0; k < uris[i].anchor_text.n; k++)
			mail->found |= text_differs(r, uris[i].anchor_text.v[k], domain);
	}
}

/* check_https_http_mismatch(MIN, MAX): in a mail with so many links, less than MAX. */
static unsigned https_http_mismatch(struct eval_run *r, const struct eval_args *args)
{
	struct mismatch_mail *mail = r->mail;

	if (!mail->known)
		mismatch_find(r);
	return mail->found && (double)mail->anchors >= eval_arg_number(r, args, 0, 0) &&
	       (args->n < 2 || (double)mail->anchors < eval_arg_number(r, args, 1, 0));
}

static const struct eval https_evals[] = {
	{ .name = "check_https_http_mismatch", .call = https_http_mismatch },
	{ 0 },
};

const struct eval_family eval_https = {
	.plugin = "HTTPSMismatch",
	.evals = https_evals,
	.mail_size = sizeof(struct mismatch_mail),
};
