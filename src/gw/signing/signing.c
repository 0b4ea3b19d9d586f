#include "gw/signing/signing.h"

#include <idn2.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "gw/cfg/lists.h"
#include "gw/track/lines.h"
#include "lib/mime/mime.h"
#include "lib/schema/formats.h"

enum { HEAD_MAX = 1 << 20, FIELDS_MAX = SIGNING_KEYS_MAX * 32 * 1024 };

struct signing {
	struct signing_keys keys;
	struct conf_entries domains;
	bool all;         /* sign for every domain */
	bool from_header; /* the domain is that of From */
};

static const struct dkim_sign_name names[] = {
	{ STR_INIT("From"), true, false },
	{ STR_INIT("To"), true, false },
	{ STR_INIT("Cc"), true, false },
	{ STR_INIT("Reply-To"), true, false },
	{ STR_INIT("Subject"), true, false },
	{ STR_INIT("Content-Type"), true, true },
	/* Who adds one of these later does no harm: RFC 6376, 5.4.1. */
	{ STR_INIT("Sender"), false, false },
	{ STR_INIT("Date"), false, false },
	{ STR_INIT("Message-ID"), false, false },
	{ STR_INIT("In-Reply-To"), false, false },
	{ STR_INIT("References"), false, false },
	{ STR_INIT("MIME-Version"), false, false },
	{ STR_INIT("Content-Transfer-Encoding"), false, false },
};

/* dkim/domains, or the relay domains if nobody stands in it. */
static int load_domains(struct arena *a, const char *dir, struct conf_entries *out, struct err *e)
{
	const char *path = str_z(a, str_fmt(a, "%s/dkim/domains", dir));
	struct cfg_problems ignored = { 0 };
	struct cfg_lists lists;
	struct str text;

	if (file_read(a, path, CFG_LIST_MAX, &text, e) < 0) {
		if (e->code != ERR_NOTFOUND)
			return -1;
		text = STR_NONE;
	}
	*out = (struct conf_entries){ 0 };
	conf_lines_parse(a, cfg_list_kind(CFG_DOMAINS), text, out);
	for (size_t i = 0; i < out->problems.n; i++)
		log_warn("%s:%zu: %.*s", path, out->problems.p[i].line,
			 STR_ARG(out->problems.p[i].reason));
	if (out->list.n)
		return 0;
	if (cfg_lists_load(a, dir, &lists, &ignored, e) < 0)
		return -1;
	*out = lists.domains;
	return 0;
}

int signing_load(struct arena *a, const char *dir, const struct cfg *cfg, struct signing **out,
		 struct err *e)
{
	struct signing *s = NEW(a, struct signing);

	if (!cfg->admin.dkim_sign) {
		*out = NULL;
		return 0;
	}
	s->all = cfg->admin.dkim_sign_all_mail;
	s->from_header = cfg->admin.dkim_use_domain == DKIM_DOMAIN_HEADER;
	if (load_domains(a, dir, &s->domains, e) < 0)
		return err_wrap(e, "domains that sign");
	signing_keys_read(a, dir, cfg->admin.dkim_selector, &s->keys);
	for (size_t i = 0; i < s->keys.problems.n; i++)
		log_warn("DKIM: %.*s", STR_ARG(s->keys.problems.p[i]));
	*out = s;
	return 0;
}

/* Whether `domain` is `name` or lies below it. */
static bool lies_in(struct str domain, struct str name)
{
	if (str_ieq(domain, name))
		return true;
	return domain.n > name.n && domain.p[domain.n - name.n - 1] == '.' &&
	       str_iends(domain, name);
}

struct str signing_domain(const struct signing *s, struct str domain)
{
	struct str longest = STR("");

	if (s->all)
		return domain;
	for (size_t i = 0; i < s->domains.list.n; i++) {
		struct str name = s->domains.list.p[i].key;

		name = str_from(name, str_starts(name, STR(".")));
		if (name.n > longest.n && lies_in(domain, name))
			longest = name;
	}
	return longest;
}

/* The first bytes of a mail, up to the empty line; then the writer is stopped. */
struct head {
	struct buf text;
	size_t line; /* bytes of the last line so far; a CR does not count */
	bool complete;
};

static int take_head(void *ctx, struct str bytes, struct err *e)
{
	struct head *h = ctx;
	size_t i = 0;

	while (i < bytes.n && !h->complete) {
		char c = bytes.p[i++];

		h->complete = c == '\n' && h->line == 0;
		h->line = c == '\n' ? 0 : h->line + (c != '\r');
	}
	buf_add(&h->text, str_sub(bytes, 0, i));
	if (h->text.failed)
		return err_set(e, ERR_LIMIT, "a header of more than %d bytes", HEAD_MAX);
	return h->complete ? err_set(e, ERR_LIMIT, "that was the header") : 0;
}

static int read_head(struct arena *a, const struct smtp_source *source, struct mime **out,
		     struct err *e)
{
	struct head h = { 0 };
	const struct sink sink = { take_head, &h };

	buf_init(&h.text, a, HEAD_MAX);
	if (source->write(source->ctx, &sink, e) < 0 && !h.complete)
		return -1;
	return mime_parse(a, buf_str(&h.text), NULL, out, e);
}

/* The address in From, empty if there is none. Of several, nobody could say who it is. */
static int from_address(struct arena *a, const struct smtp_source *source, struct str *out,
			struct err *e)
{
	const struct mime_header *from;
	struct mime_addresses list;
	struct mime *head;

	if (read_head(a, source, &head, e) < 0)
		return -1;
	from = mime_find(head, STR("From"));
	if (from && mime_find_next(head, from, STR("From")))
		return err_set(e, ERR_INVALID, "more than one From header");
	list = from ? mime_address_list(a, from->value) : (struct mime_addresses){ 0 };
	if (list.n > 1)
		return err_set(e, ERR_INVALID, "more than one address in the From header");
	*out = list.n ? list.p[0].addr : STR("");
	return 0;
}

/* What is behind the @, in A-labels and lower case; empty if there is nothing. */
static int domain_of(struct arena *a, struct str address, struct str *out, struct err *e)
{
	ptrdiff_t at = str_rchr(address, '@');
	struct str domain = at < 0 ? STR("") : str_from(address, (size_t)at + 1);
	char *converted = NULL;
	struct err why;

	if (!domain.n) {
		*out = domain;
		return 0;
	}
	if (idn2_to_ascii_8z(str_z(a, domain), &converted, IDN2_NONTRANSITIONAL) == IDN2_OK)
		domain = str_copy(a, str_of(converted));
	idn2_free(converted);
	if (fmt_dns_name.check(domain, &why) < 0)
		return err_set(e, ERR_INVALID, "'%.*s' is no domain: %s",
			       STR_ARG(str_sub(domain, 0, 100)), why.msg);
	*out = str_lower(a, domain);
	return 0;
}

/* Who signs; empty if nobody does, and then the log says so. */
static int choose_domain(struct arena *a, const struct signing *s, const struct signing_mail *m,
			 const struct smtp_source *source, struct str *out, struct err *e)
{
	struct str address = m->sender, domain;

	if (s->from_header && from_address(a, source, &address, e) < 0)
		return -1;
	if (domain_of(a, address, &domain, e) < 0)
		return -1;
	if (!domain.n) {
		line_sign_no_domain(m->sender, s->from_header);
		*out = domain;
		return 0;
	}
	*out = signing_domain(s, domain);
	if (!out->n)
		line_not_signed(m->sender);
	return 0;
}

struct signers {
	struct dkim_sign_options options[SIGNING_KEYS_MAX];
	struct dkim_signer *p[SIGNING_KEYS_MAX];
	size_t n;
};

static int to_signers(void *ctx, struct str bytes, struct err *e)
{
	const struct signers *all = ctx;

	for (size_t i = 0; i < all->n; i++)
		if (sink_write(dkim_sign_sink(all->p[i]), bytes, e) < 0)
			return -1;
	return 0;
}

/* A signer for each key of the `owner`; none if it has no key. */
static void open_signers(struct arena *a, const struct signing_keys *keys, struct str owner,
			 const struct dkim_sign_options *options, struct signers *out)
{
	for (size_t i = 0; i < keys->list.n && out->n < SIGNING_KEYS_MAX; i++) {
		const struct signing_key *key = &keys->list.p[i];
		struct dkim_sign_options *o = &out->options[out->n];

		if (!str_ieq(key->domain, owner))
			continue;
		*o = *options;
		o->key = key->key;
		o->selector = key->selector;
		out->p[out->n++] = dkim_sign(a, o);
	}
}

/* The DKIM-Signature fields for the mail. */
static int make_fields(struct arena *a, const struct signing *s, struct dkim_sign_options options,
		       const struct smtp_source *source, struct str *out, struct err *e)
{
	struct signers *signers = NEW(a, struct signers);
	const struct sink sink = { to_signers, signers };
	struct str value;
	struct buf b;

	options.names = names;
	options.name_count = ARRAY_LEN(names);
	open_signers(a, &s->keys, options.domain, &options, signers);
	if (!signers->n)
		open_signers(a, &s->keys, STR(""), &options, signers);
	if (!signers->n)
		return err_set(e, ERR_NOTFOUND, "there is no key for '%.*s'",
			       STR_ARG(options.domain));
	if (source->write(source->ctx, &sink, e) < 0)
		return -1;
	buf_init(&b, a, FIELDS_MAX);
	for (size_t i = 0; i < signers->n; i++) {
		if (dkim_sign_done(signers->p[i], &value, e) < 0)
			return -1;
		buf_addf(&b, "DKIM-Signature: %.*s\n", STR_ARG(value));
	}
	return buf_done(&b, out, e);
}

struct signed_mail {
	struct str fields;
	struct smtp_source source;
};

static int write_signed(void *ctx, const struct sink *to, struct err *e)
{
	const struct signed_mail *m = ctx;

	if (sink_write(to, m->fields, e) < 0)
		return -1;
	return m->source.write(m->source.ctx, to, e);
}

struct smtp_source signing_add(struct arena *a, const struct signing *s,
			       const struct signing_mail *m, struct smtp_source source)
{
	struct signed_mail *mail = NEW(a, struct signed_mail);
	struct dkim_sign_options options = { .now = m->now };
	struct err e;

	if (!s)
		return source;
	mail->source = source;
	if (choose_domain(a, s, m, &source, &options.domain, &e) < 0 ||
	    (options.domain.n && make_fields(a, s, options, &source, &mail->fields, &e) < 0)) {
		line_sign_failed(m->ours, e.msg);
		return source;
	}
	return mail->fields.n ? (struct smtp_source){ write_signed, mail } : source;
}
