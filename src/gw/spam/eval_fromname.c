/* FromNameSpoof: an address in the name of From that is not the one behind it. */
#include "base/vec.h"
#include "gw/spam/addr_list.h"
#include "gw/spam/auth.h"
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/ruleset.h"
#include "lib/uri/domains.h"

enum {
	ENTRIES_MAX = 10000, /* of all lists */
	HEADERS_MAX = 100,
	EXTRA_CHARS = 50, /* default of fns_extrachars */
	EXTRA_CHARS_MAX = 100000,
	CHECK_ADDRESS = 0, /* fns_check */
	CHECK_OWNER = 1,
	CHECK_DOMAIN = 2,
};

enum { RE_ADDRESS, RES };

static const char *const patterns[RES] = {
	[RE_ADDRESS] = "\\b([\\w.!#$%&'*+/=?^_`{|}~-]+@\\w[\\w-]*\\.\\w[\\w.-]++)\\b",
};

/* Addresses that belong to one. */
struct owner {
	struct str name;
	struct addr_list addresses;
};

struct fromname_conf {
	VEC(struct owner) owners;
	VEC(struct str) ignored_headers;
	struct map ignored_signers;
	size_t entries;
	int64_t extra_chars, check;
	struct re *re[RES];
};

struct sender {
	struct str address, domain, owner;
};

struct fromname_mail {
	bool known, has_address, differs, domain_differs, owner_differs, is_recipient, is_reply_to;
};

static void conf_init(struct spam_conf *c, void *conf)
{
	struct fromname_conf *f = conf;

	map_init(&f->ignored_signers, c->keep);
	f->extra_chars = EXTRA_CHARS;
	f->check = CHECK_OWNER;
	eval_patterns(c, patterns, RES, f->re);
}

static struct owner *owner_named(struct fromname_conf *f, struct arena *a, struct str name)
{
	struct owner *o;

	for (size_t i = 0; i < f->owners.n; i++)
		if (str_eq(f->owners.p[i].name, name))
			return &f->owners.p[i];
	o = vec_push(a, &f->owners);
	o->name = str_copy(a, name);
	addr_list_init(&o->addresses, a);
	return o;
}

/* `(OWNER) address address …` */
static enum conf_verdict addresses(struct conf_parser *p, struct fromname_conf *f, struct str value,
				   bool add)
{
	struct str name = str_lower(p->conf->tmp, value), rest, word;
	ptrdiff_t close = str_chr(name, ')');
	struct owner *o;

	if (!str_starts(name, STR("(")) || close < 2)
		return CONF_MISSING;
	rest = str_from(name, (size_t)close + 1);
	name = str_sub(name, 1, (size_t)close - 1);
	if (!rest.n || !ascii_is_blank(rest.p[0]) || !str_trim(rest).n)
		return CONF_MISSING;
	o = owner_named(f, p->conf->keep, name);
	while (str_word(&rest, &word))
		if (!add)
			addr_list_remove(&o->addresses, word);
		else if (f->entries++ < ENTRIES_MAX)
			addr_list_add(&o->addresses, word);
	return CONF_OK;
}

static enum conf_verdict number(struct str value, int64_t most, int64_t *out)
{
	if (value.n == 0)
		return CONF_MISSING;
	return str_int(value, 0, most, out) ? CONF_OK : CONF_INVALID;
}

static enum conf_verdict words(struct conf_parser *p, struct fromname_conf *f, struct str value,
			       bool signers)
{
	struct str word;

	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word))
		if (signers && f->ignored_signers.n < ENTRIES_MAX)
			map_set(&f->ignored_signers, str_lower(p->conf->tmp, word), f);
		else if (!signers && f->ignored_headers.n < HEADERS_MAX)
			vec_add(p->conf->keep, &f->ignored_headers, str_copy(p->conf->keep, word));
	return CONF_OK;
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct fromname_conf *f = conf;

	if (str_eq(key, STR("fns_add_addrlist")) || str_eq(key, STR("fns_remove_addrlist")))
		return addresses(p, f, value, str_eq(key, STR("fns_add_addrlist")));
	if (str_eq(key, STR("fns_ignore_dkim")) || str_eq(key, STR("fns_ignore_headers")))
		return words(p, f, value, str_eq(key, STR("fns_ignore_dkim")));
	if (str_eq(key, STR("fns_extrachars")))
		return number(value, EXTRA_CHARS_MAX, &f->extra_chars);
	if (str_eq(key, STR("fns_check")))
		return number(value, CHECK_DOMAIN, &f->check);
	return CONF_UNKNOWN;
}

/* False if there is no domain that somebody could have registered. */
static bool domain_of(struct eval_run *r, struct str address, struct str *out)
{
	struct str host = eval_addr_host(address);

	if (str_chr(address, '@') < 0 || str_chr(address, '@') != str_rchr(address, '@'))
		return false;
	if (!eval_is_ipv4(host) && !uri_domains_has_tld(r->view->domains, host))
		return false;
	*out = eval_is_ipv4(host) ? host : eval_domain(r, host);
	return true;
}

/* Whom an address belongs to: as configured, else the name that its domain begins with. */
static struct str owner_of(struct eval_run *r, struct str address, struct str domain)
{
	const struct fromname_conf *f = r->conf;
	struct str rest = domain;

	for (size_t i = 0; i < f->owners.n; i++)
		if (addr_list_has(&f->owners.p[i].addresses, address))
			return f->owners.p[i].name;
	if (!str_eq(eval_addr_host(address), domain)) {
		struct str local = str_sub(address, 0, (size_t)str_chr(address, '@'));

		address = str_fmt(r->a, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain));
		return owner_of(r, address, domain);
	}
	return str_cut(&rest, '.');
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_is_digit(c);
}

static int64_t odd_chars(struct str s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += !is_plain(s.p[i]);
	return n;
}

/* A name that says much besides the address does not pretend to be it. */
static bool is_close(const struct fromname_conf *f, struct str name, struct str address)
{
	return (int64_t)name.n - (int64_t)address.n + odd_chars(name) - odd_chars(address) <=
	       f->extra_chars;
}

static bool has_ignored_header(struct eval_run *r)
{
	const struct fromname_conf *f = r->conf;

	for (size_t i = 0; i < f->ignored_headers.n; i++)
		if (eval_has_header(r, str_z(r->a, f->ignored_headers.p[i])))
			return true;
	return false;
}

static bool is_recipient(struct eval_run *r, struct str address)
{
	struct spam_texts to = eval_recipients(r);

	for (size_t i = 0; i < to.n; i++)
		if (str_eq(to.v[i], address))
			return true;
	return false;
}

static struct str lower_first(struct eval_run *r, const char *header)
{
	return str_lower(r->a, eval_first(r, header));
}

static const char *const tags[] = {
	"FNSFNAMEADDR", "FNSFNAMEDOMAIN", "FNSFNAMEOWNER",
	"FNSFADDRADDR", "FNSFADDRDOMAIN", "FNSFADDROWNER", NULL,
};

static void tell(struct eval_run *r, const struct sender *said, const struct sender *from)
{
	const struct str values[] = { said->address, said->domain, said->owner,
				      from->address, from->domain, from->owner };

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		captures_tell(r->captures, tags[i], values[i]);
}

static void compare(struct eval_run *r)
{
	const struct fromname_conf *f = r->conf;
	struct fromname_mail *mail = r->mail;
	struct sender from = { .address = lower_first(r, "From:addr") }, said;
	struct str name = lower_first(r, "From:name");
	struct re_caps caps;

	if (has_ignored_header(r) || !domain_of(r, from.address, &from.domain) ||
	    re_search(f->re[RE_ADDRESS], name, 0, &caps) != RE_MATCH)
		return;
	said.address = re_group(&caps, name, 1);
	if (!domain_of(r, said.address, &said.domain))
		return;
	mail->has_address = true;
	if (!is_close(f, name, said.address))
		return;
	said.owner = owner_of(r, said.address, said.domain);
	from.owner = owner_of(r, from.address, from.domain);
	mail->differs = !str_eq(said.address, from.address);
	mail->domain_differs = !str_eq(said.domain, from.domain);
	mail->owner_differs = !str_eq(said.owner, from.owner);
	mail->is_reply_to = str_eq(said.address, lower_first(r, "Reply-To:addr"));
	mail->is_recipient = is_recipient(r, said.address);
	if (mail->differs)
		tell(r, &said, &from);
}

static bool is_signed_by_ignored(struct eval_run *r, bool *done)
{
	const struct fromname_conf *f = r->conf;
	const struct dkim_verifier *v;

	*done = true;
	if (!r->dns || f->ignored_signers.n == 0)
		return false;
	v = auth_dkim(r, done);
	for (size_t i = 0; i < v->n; i++)
		if (v->signatures[i].result == DKIM_PASS &&
		    map_get(&f->ignored_signers, v->signatures[i].domain))
			return true;
	return false;
}

/* NULL while it depends on a signature that is not verified yet. */
static const struct fromname_mail *facts(struct eval_run *r)
{
	struct fromname_mail *mail = r->mail;
	bool done;

	if (mail->known)
		return mail;
	if (is_signed_by_ignored(r, &done)) {
		mail->known = true;
		return mail;
	}
	if (!done)
		return NULL;
	mail->known = true;
	compare(r);
	return mail;
}

/* check_fromname_spoof(WHAT): WHAT instead of fns_check. */
static unsigned spoof(struct eval_run *r, const struct eval_args *args)
{
	const struct fromname_conf *f = r->conf;
	const struct fromname_mail *mail = facts(r);
	int64_t check;

	if (!mail)
		return EVAL_PENDING;
	if (!str_int(eval_arg(args, 0), CHECK_ADDRESS, CHECK_DOMAIN, &check))
		check = f->check;
	return mail->differs &&
	       (check == CHECK_ADDRESS ||
		(check == CHECK_OWNER ? mail->owner_differs : mail->domain_differs));
}

#define FACT_EVAL(function, fact)                                                                  \
	static unsigned function(struct eval_run *r, const struct eval_args *args)                 \
	{                                                                                          \
		const struct fromname_mail *mail = facts(r);                                       \
                                                                                                   \
		(void)args;                                                                        \
		return mail ? mail->fact : EVAL_PENDING;                                           \
	}

FACT_EVAL(different, differs)
FACT_EVAL(domain_differ, domain_differs)
FACT_EVAL(owners_differ, owner_differs)
FACT_EVAL(contains_email, has_address)
FACT_EVAL(equals_to, is_recipient)
FACT_EVAL(equals_replyto, is_reply_to)

static const struct eval evals[] = {
	{ .name = "check_fromname_contains_email", .call = contains_email },
	{ .name = "check_fromname_different", .call = different },
	{ .name = "check_fromname_domain_differ", .call = domain_differ },
	{ .name = "check_fromname_equals_replyto", .call = equals_replyto },
	{ .name = "check_fromname_equals_to", .call = equals_to },
	{ .name = "check_fromname_owners_differ", .call = owners_differ },
	{ .name = "check_fromname_spoof", .call = spoof },
	{ 0 },
};

const struct eval_family eval_fromname = {
	.plugin = "FromNameSpoof",
	.evals = evals,
	.conf_size = sizeof(struct fromname_conf),
	.mail_size = sizeof(struct fromname_mail),
	.conf_init = conf_init,
	.setting = setting,
	.tags = tags,
};
