/*
 * The header views of views.h (§2.10). What follows from the Received lines (X-Spam-Relays-…, the
 * header above and below the trusted ones) is not here: such a header is absent.
 */
#include "gw/spam/message_int.h"
#include "lib/mime/mime.h"
#include "lib/uri/domains.h"

static const struct {
	struct str word;
	unsigned forms;
} modifiers[] = {
	{ STR_INIT("raw"), SPAM_HEADER_RAW },
	{ STR_INIT("addr"), SPAM_HEADER_ADDR },
	{ STR_INIT("name"), SPAM_HEADER_NAME },
	{ STR_INIT("host"), SPAM_HEADER_HOST },
	{ STR_INIT("domain"), SPAM_HEADER_DOMAIN | SPAM_HEADER_HOST },
	{ STR_INIT("ip"), SPAM_HEADER_IP },
	{ STR_INIT("revip"), SPAM_HEADER_REVIP | SPAM_HEADER_IP },
	{ STR_INIT("first"), SPAM_HEADER_FIRST },
	{ STR_INIT("last"), SPAM_HEADER_LAST },
};

struct spam_header_query spam_header_query_parse(struct str text)
{
	struct spam_header_query q = { .name = str_cut(&text, ':') };

	while (text.n) {
		struct str word = str_cut(&text, ':');

		for (size_t i = 0; i < ARRAY_LEN(modifiers); i++)
			if (str_eq(word, modifiers[i].word))
				q.forms |= modifiers[i].forms;
	}
	return q;
}

struct values {
	struct spam_message *m;
	VEC(struct str) list;
	unsigned forms;
};

static void add_addresses(struct values *v, struct str raw)
{
	struct mime_addresses all = mime_address_list(v->m->a, raw);

	for (size_t i = 0; i < all.n; i++) {
		struct str s = v->forms & SPAM_HEADER_ADDR ? all.p[i].addr : all.p[i].name;

		if (s.n)
			vec_add(v->m->a, &v->list, str_cat(v->m->a, s, STR("\n")));
	}
}

static void add_field(struct values *v, struct spam_field *f)
{
	if (v->forms & (SPAM_HEADER_ADDR | SPAM_HEADER_NAME))
		add_addresses(v, f->raw);
	else if (v->forms & SPAM_HEADER_RAW)
		vec_add(v->m->a, &v->list, f->raw);
	else
		vec_add(v->m->a, &v->list,
			str_cat(v->m->a, spam_field_value(v->m, f), STR("\n")));
}

static void add_named(struct values *v, struct str name)
{
	struct spam_node *root = &v->m->root;

	for (size_t i = 0; i < root->fields.n; i++)
		if (str_ieq(root->fields.p[i].name, name))
			add_field(v, &root->fields.p[i]);
}

/* All fields of a part as one text. */
static struct str all_fields(struct spam_message *m, struct spam_node *node, bool raw)
{
	struct buf b;

	buf_init(&b, m->a,
		 SPAM_HEADER_ALL_MAX + SPAM_HEADER_NAME_MAX + 2 * SPAM_HEADER_VALUE_MAX);
	for (size_t i = 0; i < node->fields.n && b.n < SPAM_HEADER_ALL_MAX; i++) {
		struct spam_field *f = &node->fields.p[i];

		buf_add(&b, f->name);
		buf_addz(&b, raw ? ":" : ": ");
		buf_add(&b, raw ? f->raw : spam_field_value(m, f));
		if (!raw)
			buf_addc(&b, '\n');
	}
	return str_sub(buf_str(&b), 0, SPAM_HEADER_ALL_MAX);
}

static void add_all(struct values *v)
{
	vec_add(v->m->a, &v->list,
		all_fields(v->m, &v->m->root, v->forms & SPAM_HEADER_RAW));
}

static void add_each(struct values *v, const struct str *names, size_t n, bool first_only)
{
	for (size_t i = 0; i < n && !(first_only && v->list.n); i++)
		add_named(v, names[i]);
}

static void add_message_ids(struct values *v)
{
	static const struct str names[] = { STR_INIT("X-Message-Id"), STR_INIT("Resent-Message-Id"),
					    STR_INIT("X-Original-Message-ID"),
					    STR_INIT("Message-Id") };

	add_each(v, names, ARRAY_LEN(names), false);
}

static void add_to_cc(struct values *v)
{
	static const struct str names[] = { STR_INIT("To"), STR_INIT("Cc") };

	add_each(v, names, ARRAY_LEN(names), false);
}

static void add_envelope_sender(struct values *v)
{
	static const struct str guesses[] = { STR_INIT("X-Envelope-From"),
					      STR_INIT("Envelope-Sender"),
					      STR_INIT("Return-Path") };

	if (v->m->o->envelope_sender_header.n)
		add_named(v, v->m->o->envelope_sender_header);
	else
		add_each(v, guesses, ARRAY_LEN(guesses), true);
}

static const struct {
	struct str name;
	bool any_case;
	void (*add)(struct values *v);
} specials[] = {
	{ STR_INIT("ALL"), false, add_all },
	{ STR_INIT("MESSAGEID"), false, add_message_ids },
	{ STR_INIT("ToCc"), true, add_to_cc },
	{ STR_INIT("EnvelopeFrom"), true, add_envelope_sender },
};

static void collect(struct values *v, struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(specials); i++)
		if (specials[i].any_case ? str_ieq(name, specials[i].name) :
					   str_eq(name, specials[i].name)) {
			specials[i].add(v);
			return;
		}
	add_named(v, name);
}

/* From an address or any text: what stands after the last @, or its registered domain. */
static struct str host_of(struct spam_message *m, struct str value, bool domain)
{
	struct str host = str_trim(str_from(value, (size_t)(str_rchr(value, '@') + 1)));

	while (host.n && !ascii_is_alpha(host.p[host.n - 1]) && !ascii_is_digit(host.p[host.n - 1]))
		host.n--;
	if (!uri_host_is_fqdn(host))
		return STR_NONE;
	return domain ? uri_domains_registered(m->a, m->o->domains, host) : host;
}

static void narrow_to_hosts(struct values *v)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->list.n; i++) {
		struct str host = host_of(v->m, v->list.p[i], v->forms & SPAM_HEADER_DOMAIN);

		if (host.n)
			v->list.p[kept++] = str_cat(v->m->a, host, STR("\n"));
	}
	v->list.n = kept;
}

struct spam_texts spam_header(struct spam_message *m, const struct spam_header_query *q)
{
	struct values v = { .m = m, .forms = q->forms };

	if (q->forms & (SPAM_HEADER_IP | SPAM_HEADER_REVIP))
		return (struct spam_texts){ 0 };
	collect(&v, q->name);
	if (q->forms & SPAM_HEADER_HOST)
		narrow_to_hosts(&v);
	if (v.list.n > 1 && q->forms & SPAM_HEADER_FIRST)
		v.list.n = 1;
	if (v.list.n > 1 && q->forms & SPAM_HEADER_LAST)
		return (struct spam_texts){ &v.list.p[v.list.n - 1], 1 };
	return (struct spam_texts){ v.list.p, v.list.n };
}

bool spam_header_text(struct spam_message *m, const struct spam_header_query *q, struct str *out)
{
	struct spam_texts values = spam_header(m, q);
	struct buf b;

	*out = STR_NONE;
	if (values.n == 1)
		*out = values.v[0];
	if (values.n <= 1)
		return values.n == 1;
	buf_init(&b, m->a, (size_t)SPAM_HEADER_VALUE_MAX * 8192);
	for (size_t i = 0; i < values.n; i++) {
		buf_add(&b, values.v[i]);
		if (!str_ends(values.v[i], STR("\n")))
			buf_addc(&b, '\n');
	}
	*out = buf_str(&b);
	return true;
}

bool spam_part_header(struct spam_message *m, const struct spam_part *part, struct str name,
		      bool raw, struct str *out)
{
	/* spam_node begins with the part that was handed out. */
	struct spam_node *node = (struct spam_node *)(uintptr_t)part;
	struct spam_field *f;

	if (str_eq(name, STR("ALL"))) {
		*out = all_fields(m, node, raw);
		return true;
	}
	f = spam_field_last(node, name);
	if (!f) {
		*out = STR_NONE;
		return false;
	}
	*out = raw ? f->raw : str_cat(m->a, spam_field_value(m, f), STR("\n"));
	return true;
}
