#include "gw/spam/eval_help.h"

#include "gw/spam/received.h"
#include "lib/uri/domains.h"

void eval_patterns(struct spam_conf *c, const char *const *patterns, size_t n, struct re **out)
{
	struct err e;

	for (size_t i = 0; i < n; i++) {
		bool ok = re_compile_perl(c->keep, str_of(patterns[i]), 0, &out[i], &e) == 0;

		ASSERT(ok);
	}
}

bool eval_has_header(struct eval_run *r, const char *name)
{
	struct spam_header_query q = spam_header_query_parse(str_of(name));

	return spam_header(r->m, &q).n > 0;
}

struct str eval_first(struct eval_run *r, const char *name)
{
	struct spam_header_query q = spam_header_query_parse(str_of(name));
	struct spam_texts t = spam_header(r->m, &q);

	return t.n ? t.v[0] : STR_NONE;
}

struct str eval_header(struct eval_run *r, const char *name)
{
	struct spam_header_query q = spam_header_query_parse(str_of(name));
	struct str text;

	spam_header_text(r->m, &q, &text);
	return text;
}

struct addrs {
	VEC(struct str) v;
};

static void add_addrs(struct eval_run *r, struct str header, unsigned which, struct addrs *out)
{
	struct spam_header_query q = { header, SPAM_HEADER_ADDR | which };
	struct spam_texts t = spam_header(r->m, &q);

	for (size_t i = 0; i < t.n; i++)
		if (t.v[i].n)
			vec_add(r->a, &out->v, str_lower(r->a, t.v[i]));
}

struct spam_texts eval_senders(struct eval_run *r)
{
	static const struct str headers[] = { STR_INIT("From"), STR_INIT("Envelope-Sender"),
					      STR_INIT("Resent-Sender"),
					      STR_INIT("X-Envelope-From"),
					      STR_INIT("EnvelopeFrom") };
	struct addrs out = { 0 };

	add_addrs(r, STR("Resent-From"), SPAM_HEADER_FIRST, &out);
	for (size_t i = 0; i < ARRAY_LEN(headers) && (i > 0 || out.v.n == 0); i++)
		add_addrs(r, headers[i], 0, &out);
	return (struct spam_texts){ out.v.p, out.v.n };
}

/* `for <addr>;` */
static bool received_for(struct str line, struct str *addr)
{
	ptrdiff_t at;

	for (; (at = str_find(line, STR(" for "))) >= 0; line = str_from(line, 1)) {
		size_t n = 0;

		line = str_from(line, (size_t)at + 5);
		*addr = str_from(line, str_starts(line, STR("<")));
		while (n < addr->n && !ascii_is_blank(addr->p[n]) && addr->p[n] != ';')
			n++;
		if (n == addr->n || addr->p[n] != ';')
			continue;
		addr->n = n - (n && addr->p[n - 1] == '>');
		return str_chr(*addr, '@') > 0;
	}
	return false;
}

struct spam_texts eval_recipients(struct eval_run *r)
{
	enum { HOPS = 3 };
	static const struct str headers[] = {
		STR_INIT("To"), STR_INIT("Apparently-To"), STR_INIT("Delivered-To"),
		STR_INIT("Envelope-Recipients"), STR_INIT("Apparently-Resent-To"),
		STR_INIT("X-Envelope-To"), STR_INIT("Envelope-To"), STR_INIT("X-Delivered-To"),
		STR_INIT("X-Original-To"), STR_INIT("X-Rcpt-To"), STR_INIT("X-Real-To"),
		STR_INIT("Cc"),
	};
	struct spam_header_query q = { STR("Received"), 0 };
	struct spam_texts hops = spam_header(r->m, &q);
	struct addrs out = { 0 };
	struct str addr;

	add_addrs(r, STR("Resent-To"), SPAM_HEADER_FIRST, &out);
	add_addrs(r, STR("Resent-Cc"), SPAM_HEADER_FIRST, &out);
	if (out.v.n)
		return (struct spam_texts){ out.v.p, out.v.n };
	for (size_t i = 0; i < hops.n && i < HOPS; i++)
		if (received_for(hops.v[i], &addr))
			vec_add(r->a, &out.v, str_lower(r->a, addr));
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		add_addrs(r, headers[i], 0, &out);
	return (struct spam_texts){ out.v.p, out.v.n };
}

struct str eval_current_word(struct arena *a, struct str key)
{
	static const struct str words[][2] = {
		{ STR_INIT("whitelist"), STR_INIT("welcomelist") },
		{ STR_INIT("blacklist"), STR_INIT("blocklist") },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		ptrdiff_t at = str_find(key, words[i][0]);

		if (at >= 0)
			return str_fmt(a, "%.*s%.*s%.*s", (int)at, key.p, STR_ARG(words[i][1]),
				       STR_ARG(str_from(key, (size_t)at + words[i][0].n)));
	}
	return key;
}

struct str eval_domain(struct eval_run *r, struct str host)
{
	return uri_domains_registered(r->a, r->view->domains, host);
}

struct str eval_addr_host(struct str addr)
{
	return str_from(addr, (size_t)(str_rchr(addr, '@') + 1));
}

static bool is_octet(struct str s)
{
	int64_t n;

	return s.n > 0 && ascii_is_digit(s.p[0]) && (s.p[0] != '0' || s.n == 1) &&
	       str_int(s, 0, 255, &n);
}

bool eval_is_ipv4(struct str s)
{
	int octets = 0;

	for (; s.p; octets++)
		if (!is_octet(str_cut(&s, '.')))
			return false;
	return octets == 4;
}

bool eval_is_public_ipv4(struct str s)
{
	return eval_is_ipv4(s) && !spam_ip_is_private(s);
}

struct str eval_arg(const struct eval_args *args, size_t i)
{
	return i < args->n ? args->v[i] : STR_NONE;
}

double eval_arg_number(struct eval_run *r, const struct eval_args *args, size_t i,
		       double otherwise)
{
	char *z = str_z(r->a, eval_arg(args, i)), *end;
	double n = strtod(z, &end);

	return end > z ? n : otherwise;
}
