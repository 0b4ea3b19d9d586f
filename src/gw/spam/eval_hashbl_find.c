/* What of a mail lists of hashes are asked about. */
#include "gw/spam/auth.h"
#include "gw/spam/emails.h"
#include "gw/spam/eval_hashbl.h"
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_uribl.h"
#include "gw/spam/message_int.h"
#include "gw/spam/tags.h"
#include "lib/uri/domains.h"

enum {
	URI_LOOK_BACK = 262, /* octets before an address in which a URI that holds it begins */
	QUOTE_BLANKS_MAX = 10,
	QUOTE_WORD_MIN = 2,
	QUOTE_WORD_MAX = 11,
};

/* SpamAssassin draws lots if there are too many; here those count that come first. */
static bool is_full(const struct hashbl_keys *keys)
{
	return keys->values.n >= keys->rule->max;
}

static void add(struct eval_run *r, struct hashbl_keys *keys, struct str value)
{
	if (!(keys->rule->options & HASHBL_CASE))
		value = str_lower(r->a, value);
	if (value.n && !is_full(keys))
		map_set(&keys->values, value, keys);
}

static bool is_skipped(struct eval_run *r, struct str host)
{
	const struct hashbl_settings *s = r->conf;

	host = str_lower(r->a, host);
	return uribl_skips(s->uribl, host, eval_domain(r, host));
}

/* Of the mail's own recipients, nobody asks. */
static bool is_ours(struct eval_run *r, struct str addr)
{
	static const char *const headers[] = { "X-Original-To:addr", "Apparently-To:addr",
					       "Delivered-To:addr", "Envelope-To:addr" };

	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		if (str_ieq(eval_first(r, headers[i]), addr))
			return true;
	return false;
}

/* Without its dots, without what is behind a plus sign. */
static struct str user_of(struct eval_run *r, unsigned options, struct str user)
{
	char *p = str_z(r->a, user);
	size_t n = 0;

	for (size_t i = 0; i < user.n; i++) {
		if (user.p[i] == '+' && options & HASHBL_NOTAG)
			break;
		if (user.p[i] != '.' || !(options & HASHBL_NODOT))
			p[n++] = user.p[i];
	}
	return (struct str){ p, n };
}

static void add_email(struct eval_run *r, struct hashbl_keys *keys, struct str addr)
{
	const struct hashbl_rule *rule = keys->rule;
	const struct hashbl_settings *s = r->conf;
	struct str host = auth_domain(addr), user, *real;

	if (host.n == 0 || is_full(keys))
		return;
	user = str_sub(addr, 0, addr.n - host.n - 1);
	real = map_get(&s->aliases, str_lower(r->a, host));
	if (real) {
		host = *real;
		addr = str_fmt(r->a, "%.*s@%.*s", STR_ARG(user), STR_ARG(host));
	}
	if (rule->domains && !map_get(rule->domains, host))
		return;
	if (is_ours(r, addr) || re_match(s->welcome, addr) == RE_MATCH)
		return;
	if (!rule->listed_only && is_skipped(r, host))
		return;
	user = user_of(r, rule->options, user);
	if (rule->options & HASHBL_DOMAIN)
		add(r, keys, eval_domain(r, host));
	else if (rule->options & HASHBL_HOST)
		add(r, keys, host);
	else if (rule->options & HASHBL_USER)
		add(r, keys, user);
	else
		add(r, keys, str_fmt(r->a, "%.*s@%.*s", STR_ARG(user), STR_ARG(host)));
}

/* Is it part of a URI? One may begin within the address, whose name may have slashes. */
static bool is_in_uri(struct str text, size_t from, size_t to)
{
	size_t back = from > URI_LOOK_BACK ? from - URI_LOOK_BACK : 0, i = from;
	struct str word;

	while (i > back && !ascii_is_blank(text.p[i - 1]))
		i--;
	word = str_sub(text, i, to - i);
	return str_ifind(word, STR("http://")) >= 0 || str_ifind(word, STR("https://")) >= 0;
}

/* `fax:`, `e-mail:` and their like announce an address; other words say who wrote something. */
static bool announces(struct str word)
{
	static const char *const words[] = { "fax",   "facsi",  "tel", "phone",
					     "email", "e-mail", "mail" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_istarts(word, str_of(words[i])))
			return true;
	return false;
}

/* `<a@b.com>`, or `a@b.com wrote:`, but not `mailto:a@b.com`: whom somebody answers. */
static bool is_quoted(struct str text, size_t from, size_t to)
{
	struct str rest = str_from(text, to), word;
	size_t blanks = 0, n = 0;

	if (str_iends(str_sub(text, 0, from), STR("mailto:")))
		return false;
	if (str_starts(rest, STR(">")))
		return true;
	while (blanks < rest.n && ascii_is_blank(rest.p[blanks]))
		blanks++;
	word = str_from(rest, blanks);
	while (n < word.n && ascii_is_alpha(word.p[n]))
		n++;
	return blanks > 0 && blanks <= QUOTE_BLANKS_MAX && n >= QUOTE_WORD_MIN &&
	       n <= QUOTE_WORD_MAX && n < word.n && word.p[n] == ':' && !announces(word);
}

static bool next_email(struct eval_run *r, struct str text, size_t at, struct email *e)
{
	const struct hashbl_settings *s = r->conf;
	struct re_caps caps;

	if (!s->email)
		return email_find(r->view->domains, text, at, e);
	if (re_search(s->email, text, at, &caps) != RE_MATCH || caps.group[0].to <= at)
		return false;
	e->from = caps.group[0].from;
	e->to = caps.group[0].to;
	return true;
}

/* The addresses in a text, without those that `leave` (options) leaves out. */
static void emails_in(struct eval_run *r, struct hashbl_keys *keys, struct str text, unsigned leave)
{
	struct email e;

	for (size_t at = 0; !is_full(keys) && next_email(r, text, at, &e); at = e.to) {
		if (leave & HASHBL_NOURI && is_in_uri(text, e.from, e.to))
			continue;
		if (leave & HASHBL_NOQUOTE && is_quoted(text, e.from, e.to))
			continue;
		add_email(r, keys, str_sub(text, e.from, e.to - e.from));
	}
}

/* Links are no part of the text that is shown. */
static void emails_in_body(struct eval_run *r, struct hashbl_keys *keys)
{
	struct spam_texts body = spam_body(r->m);
	size_t n;
	const struct spam_uri *uris = spam_uri_details(r->m, &n);

	for (size_t i = 0; i < n; i++)
		if (uris[i].types & SPAM_URI_A && !(uris[i].types & SPAM_URI_PARSED) &&
		    str_istarts(uris[i].raw, STR("mailto:")))
			emails_in(r, keys, str_from(uris[i].raw, strlen("mailto:")), 0);
	for (size_t i = 0; i < body.n; i++)
		emails_in(r, keys, body.v[i], keys->rule->options);
}

bool hashbl_emails(struct eval_run *r, struct hashbl_keys *keys)
{
	for (size_t i = 0; i < keys->rule->n_headers; i++) {
		struct str header = keys->rule->headers[i];
		struct spam_texts senders;

		if (str_eq(header, STR("body"))) {
			emails_in_body(r, keys);
		} else if (str_eq(header, STR("ALLFROM"))) {
			senders = eval_senders(r);
			for (size_t k = 0; k < senders.n; k++)
				add_email(r, keys, senders.v[k]);
		} else {
			emails_in(r, keys, eval_header(r, str_z(r->a, header)), 0);
		}
	}
	return true;
}

static bool leads_somewhere(struct eval_run *r, const struct spam_uri *u)
{
	const struct hashbl_settings *s = r->conf;

	if (str_istarts(u->raw, STR("mailto:")) || u->host_count == 0 ||
	    !(u->types & (SPAM_URI_A | SPAM_URI_PARSED)))
		return false;
	for (size_t i = 0; i < u->host_count; i++)
		if (uribl_skips(s->uribl, u->hosts[i].host, u->hosts[i].domain))
			return false;
	return true;
}

bool hashbl_uris(struct eval_run *r, struct hashbl_keys *keys)
{
	size_t n;
	const struct spam_uri *uris = spam_uri_details(r->m, &n);

	for (size_t i = 0; i < n && !is_full(keys); i++)
		for (size_t k = 0; k < uris[i].cleaned.n && leads_somewhere(r, &uris[i]); k++)
			add(r, keys, uris[i].cleaned.v[k]);
	return true;
}

static struct str digits_of(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_digit(s.p[i]))
			p[n++] = s.p[i];
	return (struct str){ p, n };
}

bool hashbl_texts(struct eval_run *r, struct hashbl_keys *keys)
{
	struct spam_texts texts =
		keys->type == RULE_RAWBODY_EVAL ? spam_rawbody(r->m) : spam_body(r->m);
	struct str full = spam_full(r->m);

	if (keys->type == RULE_FULL_EVAL)
		texts = (struct spam_texts){ &full, 1 };
	for (size_t i = 0; i < texts.n; i++) {
		struct re_caps caps;
		struct re_walk walk = { .caps = &caps };

		while (!is_full(keys) && re_next(keys->rule->re, texts.v[i], &walk) == RE_MATCH) {
			struct str found = caps.n > 1 ? re_group(&caps, texts.v[i], 1) : STR_NONE;

			if (keys->rule->options & HASHBL_NUM)
				found = digits_of(r->a, found);
			add(r, keys, found);
		}
	}
	return true;
}

static void add_ip(struct eval_run *r, struct hashbl_keys *keys, const struct cidr_addr *addr,
		   struct str value)
{
	unsigned options = keys->rule->options;

	if ((options & HASHBL_IPV4 && addr->family != 4) ||
	    (options & HASHBL_IPV6 && addr->family == 4))
		return;
	add(r, keys, options & HASHBL_REVIP ? dns_reverse(r->a, addr) : value);
}

static void add_name(struct eval_run *r, struct hashbl_keys *keys, struct str value)
{
	unsigned options = keys->rule->options;
	bool valid = uri_host_is_fqdn(value);

	if (options & (HASHBL_IP | HASHBL_IPV4 | HASHBL_IPV6) || (options & HASHBL_FQDN && !valid))
		return;
	if (valid && is_skipped(r, value))
		return;
	if (options & HASHBL_TLD && !uri_domains_has_tld(r->view->domains, value))
		return;
	add(r, keys, valid && options & HASHBL_TRIM ? eval_domain(r, value) : value);
}

bool hashbl_tag(struct eval_run *r, struct hashbl_keys *keys)
{
	struct spam_texts values;
	struct cidr_addr addr;

	if (!tag_values(r, keys->rule->tag, &values))
		return false;
	for (size_t i = 0; i < values.n; i++) {
		if (cidr_addr_parse(values.v[i], &addr))
			add_ip(r, keys, &addr, values.v[i]);
		else
			add_name(r, keys, values.v[i]);
	}
	return true;
}

bool hashbl_files(struct eval_run *r, struct hashbl_keys *keys)
{
	const struct hashbl_settings *s = r->conf;
	const struct hashbl_rule *rule = keys->rule;
	size_t n;
	const struct spam_part *const *parts = spam_parts(r->m, &n);

	for (size_t i = 0; i < n && !is_full(keys); i++) {
		struct str bytes;

		if (!parts[i]->leaf || map_get(&s->ignore, parts[i]->type) ||
		    map_get(&s->ignore, str_lower(r->a, parts[i]->name)))
			continue;
		bytes = spam_node_decoded(r->m, (struct spam_node *)parts[i]);
		if (bytes.n == 0 || bytes.n < rule->size_min ||
		    (rule->size_max && bytes.n > rule->size_max))
			continue;
		add(r, keys, hashbl_hashed(r->a, rule->hash, bytes));
	}
	return true;
}
