/* FreeMail: senders at providers where anybody gets an address, who want answers elsewhere. */
#include "base/buf.h"
#include "gw/spam/emails.h"
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"

enum {
	FREEMAIL_WORDS_MAX = 100000, /* domains and exceptions */
	LINKS_MAX = 20,              /* mailto: links that are read */
	EMAILS_MAX = 40,             /* addresses in the body that are read */
};

enum { RE_BULK, RE_URL, RE_QUOTE, RES };

#define BULK                                                                                       \
	"(?i)^(?:post|host)master@|\\bnoreply@|-(?:admin|bounces?|owner|request)@|"                \
	"^(?:bounce|owner|return|sentto)-.+@|^.+=.+@"

static const char *const patterns[RES] = {
	/* What lists and machines send with; the answers to those go elsewhere for good reason. */
	[RE_BULK] = BULK,
	[RE_URL] = "(?i)<?https?://\\S{0,255}(?:@|%40)\\S{0,255}",
	/* `joe@example.com wrote:`, not `joe@example.com fax:` */
	[RE_QUOTE] = "(?i)^\\s{1,10}(?!(?:fa(?:x|csi)|tel|phone|e?-?mail))[a-z]{2,11}:",
};

struct freemail_conf {
	struct map domains, excepted; /* in lower case */
	struct buf globs;             /* the domains with wildcards, as alternatives of a pattern */
	struct re *glob;              /* … compiled; NULL if there are none */
	bool skip_bulk, skip_many;
	int64_t emails_max, freemails_max;
	size_t words;
	struct re *re[RES];
};

static void conf_init(struct spam_conf *c, void *conf)
{
	struct freemail_conf *f = conf;

	map_init(&f->domains, c->keep);
	map_init(&f->excepted, c->keep);
	buf_init(&f->globs, c->tmp, RE_PATTERN_MAX / 2);
	f->skip_bulk = f->skip_many = true;
	f->emails_max = 5;
	f->freemails_max = 3;
	eval_patterns(c, patterns, RES, f->re);
}

static void conf_done(struct spam_conf *c, void *conf)
{
	struct freemail_conf *f = conf;
	struct str pattern = str_fmt(c->tmp, "^(?:%.*s)$", STR_ARG(buf_str(&f->globs)));
	struct err e;

	if (f->globs.n == 0 || re_compile(c->keep, pattern, 0, &f->glob, &e) == 0)
		return;
	f->glob = NULL;
	vec_add(c->keep, &c->unknown,
		((struct spam_note){ .message = str_fmt(c->keep, "freemail_domains: %s", e.msg) }));
}

static bool is_domain_pattern(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    !memchr(".*?-", s.p[i], 4))
			return false;
	return s.n > 0;
}

/* A wildcard stays within its label. */
static void add_glob(struct freemail_conf *f, struct str domain)
{
	if (f->globs.n)
		buf_addc(&f->globs, '|');
	for (size_t i = 0; i < domain.n; i++) {
		if (domain.p[i] == '*' || domain.p[i] == '?')
			buf_addz(&f->globs, domain.p[i] == '*' ? "[^.]*" : "[^.]");
		else if (domain.p[i] == '.')
			buf_addz(&f->globs, "\\.");
		else
			buf_addc(&f->globs, domain.p[i]);
	}
}

static enum conf_verdict add_domains(struct conf_parser *p, struct freemail_conf *f,
				     struct str value)
{
	enum conf_verdict v = CONF_OK;
	struct str word;

	while (str_word(&value, &word)) {
		word = str_lower(p->conf->tmp, word);
		if (!is_domain_pattern(word) || f->words == FREEMAIL_WORDS_MAX) {
			v = CONF_INVALID;
			continue;
		}
		f->words++;
		if (str_chr(word, '*') >= 0 || str_chr(word, '?') >= 0)
			add_glob(f, word);
		else
			map_set(&f->domains, word, f);
	}
	return v;
}

static enum conf_verdict add_excepted(struct conf_parser *p, struct freemail_conf *f,
				      struct str value)
{
	struct str word;

	while (str_word(&value, &word))
		if (f->words++ < FREEMAIL_WORDS_MAX)
			map_set(&f->excepted, str_lower(p->conf->tmp, word), f);
	return CONF_OK;
}

static enum conf_verdict set_number(struct str value, int64_t *out)
{
	return str_int(value, 0, 1000000, out) ? CONF_OK : CONF_INVALID;
}

static enum conf_verdict set_bool(struct str value, bool *out)
{
	*out = str_eq(value, STR("1")) || str_ieq(value, STR("yes"));
	return *out || str_eq(value, STR("0")) || str_ieq(value, STR("no")) ? CONF_OK
									    : CONF_INVALID;
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct freemail_conf *f = conf;

	if (!str_starts(key, STR("freemail_")) || value.n == 0)
		return CONF_UNKNOWN;
	key = eval_current_word(p->conf->tmp, key);
	if (str_eq(key, STR("freemail_domains")))
		return add_domains(p, f, value);
	if (str_eq(key, STR("freemail_welcomelist")))
		return add_excepted(p, f, value);
	if (str_eq(key, STR("freemail_skip_bulk_envfrom")))
		return set_bool(value, &f->skip_bulk);
	if (str_eq(key, STR("freemail_skip_when_over_max")))
		return set_bool(value, &f->skip_many);
	if (str_eq(key, STR("freemail_max_body_emails")))
		return set_number(value, &f->emails_max);
	if (str_eq(key, STR("freemail_max_body_freemails")))
		return set_number(value, &f->freemails_max);
	return CONF_UNKNOWN;
}

struct freemail_mail {
	bool have_body;
	VEC(struct str) found;     /* addresses in links and text, each once, in lower case */
	VEC(struct str) freemails; /* those that count */
	struct map seen;
};

static bool is_re(const struct eval_run *r, int which, struct str s)
{
	const struct freemail_conf *f = r->conf;

	return re_match(f->re[which], s) == RE_MATCH;
}

/* `addr` in lower case. */
static bool is_freemail(const struct eval_run *r, struct str addr)
{
	const struct freemail_conf *f = r->conf;
	struct str domain = eval_addr_host(addr);

	if (addr.n == 0 || map_get(&f->excepted, addr) || map_get(&f->excepted, domain))
		return false;
	return map_get(&f->domains, domain) || (f->glob && re_match(f->glob, domain) == RE_MATCH);
}

/* Takes an address if there is room for one more. */
static void take(struct eval_run *r, struct str addr)
{
	struct freemail_mail *mail = r->mail;

	addr = str_lower(r->a, addr);
	if (map_get(&mail->seen, addr))
		return;
	map_set(&mail->seen, addr, r);
	vec_add(r->a, &mail->found, addr);
}

static struct str email_text(struct str text, const struct email *e)
{
	return str_sub(text, e->from, e->to - e->from);
}

/* Links that are no text at the same time. */
static void read_links(struct eval_run *r)
{
	struct freemail_mail *mail = r->mail;
	const struct spam_uri *uris;
	struct email e;
	size_t n;

	uris = spam_uri_details(r->m, &n);
	for (size_t i = 0; i < n && mail->found.n < LINKS_MAX; i++) {
		if (!(uris[i].types & SPAM_URI_A) || uris[i].types & SPAM_URI_PARSED ||
		    !str_istarts(uris[i].raw, STR("mailto:")))
			continue;
		if (email_find(r->view->domains, uris[i].raw, 7, &e) && e.from == 7)
			take(r, email_text(uris[i].raw, &e));
	}
}

/* URLs with an address inside become a space. */
static struct str without_urls(struct eval_run *r, struct str line)
{
	const struct freemail_conf *f = r->conf;
	struct re_caps caps;
	struct re_walk walk = { .caps = &caps };
	struct buf b;
	size_t done = 0;

	if (str_find(line, STR("://")) < 0)
		return line;
	buf_init(&b, r->a, line.n + 1);
	while (re_next(f->re[RE_URL], line, &walk) == RE_MATCH) {
		buf_add(&b, str_sub(line, done, caps.group[0].from - done));
		buf_addc(&b, ' ');
		done = caps.group[0].to;
	}
	if (done == 0)
		return line;
	buf_add(&b, str_from(line, done));
	return buf_str(&b);
}

/* How much behind an address makes it a quoted one: `>` or `wrote:`; 0 if nothing does. */
static size_t quote_mark(struct eval_run *r, struct str rest)
{
	const struct freemail_conf *f = r->conf;
	struct re_caps caps;

	if (str_starts(rest, STR(">")))
		return 1;
	return re_search(f->re[RE_QUOTE], rest, 0, &caps) == RE_MATCH ? caps.group[0].to : 0;
}

/* Where a quoted address begins, with its `<`; false for `mailto:` and no other reading. */
static bool quote_start(struct str line, size_t done, struct email e, size_t *start)
{
	do {
		struct str before = str_sub(line, 0, e.from);

		*start = e.from;
		if (e.from > done && str_ends(before, STR("<"))) {
			*start = e.from - 1;
			return true;
		}
		if (!str_iends(before, STR("mailto:")))
			return true;
	} while (email_shorten(line, &e));
	return false;
}

/* Addresses that somebody is quoted with become a space. */
static struct str without_quoted(struct eval_run *r, struct str line)
{
	struct buf b;
	size_t done = 0, at = 0, start, n;
	struct email e;

	if (str_chr(line, '@') < 0)
		return line;
	buf_init(&b, r->a, line.n + 1);
	while (email_find(r->view->domains, line, at, &e)) {
		n = quote_mark(r, str_from(line, e.to));
		at = e.to;
		if (n == 0 || !quote_start(line, done, e, &start))
			continue;
		buf_add(&b, str_sub(line, done, start - done));
		buf_addc(&b, ' ');
		done = at = e.to + n;
	}
	if (done == 0)
		return line;
	buf_add(&b, str_from(line, done));
	return buf_str(&b);
}

static void read_line(struct eval_run *r, struct str line)
{
	struct freemail_mail *mail = r->mail;
	struct email e;

	for (size_t at = 0; mail->found.n < EMAILS_MAX; at = e.to) {
		if (!email_find(r->view->domains, line, at, &e))
			return;
		take(r, email_text(line, &e));
	}
}

/*
 * The text of the mail; what is cut from it stays cut for all body rules that come later, as in
 * SpamAssassin (spam-engine.md 7.3).
 */
static void read_text(struct eval_run *r)
{
	struct freemail_mail *mail = r->mail;
	struct spam_texts body = spam_body(r->m);
	struct str *lines = NEW_N(r->a, struct str, body.n);
	bool changed = false;

	for (size_t i = 0; i < body.n; i++) {
		lines[i] = body.v[i];
		if (mail->found.n >= EMAILS_MAX)
			continue;
		lines[i] = without_quoted(r, without_urls(r, body.v[i]));
		changed |= lines[i].p != body.v[i].p;
		read_line(r, lines[i]);
	}
	if (changed)
		spam_body_replace(r->m, (struct spam_texts){ lines, body.n });
}

/* The free addresses in the body; none if there are so many that it looks like a list. */
static const struct freemail_mail *read_body(struct eval_run *r)
{
	const struct freemail_conf *f = r->conf;
	struct freemail_mail *mail = r->mail;

	if (mail->have_body)
		return mail;
	mail->have_body = true;
	map_init(&mail->seen, r->a);
	read_links(r);
	read_text(r);
	for (size_t i = 0; i < mail->found.n; i++)
		if (is_freemail(r, mail->found.p[i]))
			vec_add(r->a, &mail->freemails, mail->found.p[i]);
	if (f->skip_many && ((int64_t)mail->found.n >= f->emails_max ||
			     (int64_t)mail->freemails.n >= f->freemails_max))
		mail->freemails.n = 0;
	return mail;
}

/* One of `addrs` that is free and, if there is a pattern, matches it. */
static unsigned any_freemail(struct eval_run *r, struct spam_texts addrs, const struct re *re)
{
	for (size_t i = 0; i < addrs.n; i++) {
		struct str addr = str_lower(r->a, addrs.v[i]);

		if (!is_freemail(r, addr) || (re && re_match(re, addr) != RE_MATCH))
			continue;
		r->found = addr;
		return 1;
	}
	return 0;
}

static unsigned freemail_from(struct eval_run *r, const struct eval_args *args)
{
	return any_freemail(r, eval_senders(r), args->prepared);
}

static unsigned freemail_header(struct eval_run *r, const struct eval_args *args)
{
	struct str name = eval_arg(args, 0);
	struct spam_header_query q = spam_header_query_parse(name);

	q.forms |= SPAM_HEADER_ADDR;
	return any_freemail(r, spam_header(r->m, &q), args->prepared);
}

static unsigned freemail_body(struct eval_run *r, const struct eval_args *args)
{
	const struct freemail_mail *mail = read_body(r);

	return any_freemail(r, (struct spam_texts){ mail->freemails.p, mail->freemails.n },
			    args->prepared);
}

/* Addresses of a header in lower case; whether one of them is free. */
struct parties {
	struct spam_texts addrs;
	bool freemail;
};

static struct parties parties(struct eval_run *r, struct str header)
{
	struct spam_header_query q = { header, SPAM_HEADER_ADDR };
	struct spam_texts all = spam_header(r->m, &q);
	struct str *v = NEW_N(r->a, struct str, all.n);
	struct parties out = { { v, all.n }, false };

	for (size_t i = 0; i < all.n; i++) {
		v[i] = str_lower(r->a, all.v[i]);
		out.freemail |= is_freemail(r, v[i]);
	}
	return out;
}

static bool have_in_common(struct spam_texts x, struct spam_texts y)
{
	for (size_t i = 0; i < x.n; i++)
		for (size_t k = 0; k < y.n; k++)
			if (str_eq(x.v[i], y.v[k]))
				return true;
	return false;
}

/* A free address in the body that is not the one address to answer to; of several none is. */
static unsigned body_differs(struct eval_run *r, const struct parties *known)
{
	const struct freemail_mail *mail = read_body(r);

	for (size_t i = 0; i < mail->freemails.n; i++)
		for (size_t k = 0; k < known->addrs.n; k++)
			if (!str_eq(mail->freemails.p[i], known->addrs.v[k])) {
				r->found = mail->freemails.p[i];
				return 1;
			}
	return 0;
}

/* check_freemail_replyto(replyto|reply) */
static unsigned freemail_replyto(struct eval_run *r, const struct eval_args *args)
{
	const struct freemail_conf *f = r->conf;
	struct parties from = parties(r, STR("From")), reply = parties(r, STR("Reply-To"));

	if (f->skip_bulk && is_re(r, RE_BULK, eval_header(r, "EnvelopeFrom")))
		return 0;
	if (from.freemail && reply.freemail && !have_in_common(from.addrs, reply.addrs)) {
		r->found = reply.addrs.v[0];
		return 1;
	}
	if (!str_eq(eval_arg(args, 0), STR("reply")))
		return reply.freemail && body_differs(r, &reply);
	if (!from.freemail || (reply.addrs.n && !reply.freemail))
		return 0;
	return body_differs(r, reply.addrs.n ? &reply : &from);
}

/*
 * A pattern of the rule's own. SpamAssassin takes the first pattern that a process meets for all
 * rules of the function; no rule set has two.
 */
static int prepare(struct spam_conf *c, struct eval_args *args, size_t i, struct err *e)
{
	struct re *re;

	if (args->n <= i)
		return 0;
	if (re_compile_perl(c->keep, args->v[i], 0, &re, e) < 0)
		return -1;
	args->prepared = re;
	return 0;
}

static int prepare_first(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	(void)conf;
	return prepare(c, args, 0, e);
}

static int prepare_second(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	(void)conf;
	return prepare(c, args, 1, e);
}

static const struct eval evals[] = {
	{ .name = "check_freemail_from", .call = freemail_from, .prepare = prepare_first },
	{ .name = "check_freemail_header", .call = freemail_header, .prepare = prepare_second },
	{ .name = "check_freemail_body",
	  .call = freemail_body,
	  .prepare = prepare_first,
	  .rewrites = true },
	{ .name = "check_freemail_replyto", .call = freemail_replyto, .rewrites = true },
	{ 0 },
};

const struct eval_family eval_freemail = {
	.plugin = "FreeMail",
	.evals = evals,
	.conf_size = sizeof(struct freemail_conf),
	.mail_size = sizeof(struct freemail_mail),
	.conf_init = conf_init,
	.conf_done = conf_done,
	.setting = setting,
};
