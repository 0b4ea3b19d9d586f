/* The header views of views.h (§2.10). */
#include "gw/spam/address.h"
#include "gw/spam/header_int.h"
#include "gw/spam/text.h"
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

static void add(struct values *v, struct str s)
{
	vec_add(v->m->a, &v->list, s);
}

static void add_texts(struct values *v, struct spam_texts t)
{
	for (size_t i = 0; i < t.n; i++)
		add(v, t.v[i]);
}

struct str spam_field_unfolded(struct spam_message *m, struct spam_field *f)
{
	struct str s = f->raw;
	struct buf b;

	buf_init(&b, m->a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		size_t lf = i + (s.p[i] == '\r'), end = lf + 1;

		while (end < s.n && is_space(s.p[end]))
			end++;
		if (lf < s.n && s.p[lf] == '\n' && end > lf + 1) {
			buf_addc(&b, ' ');
			i = end - 1;
		} else {
			buf_addc(&b, s.p[i]);
		}
	}
	return buf_str(&b);
}

static struct str plain_value(struct spam_message *m, struct spam_field *f)
{
	return str_cat(m->a, spam_field_value(m, f), STR("\n"));
}

/* Fields of that name; `unfold`: raw ones without their folds. */
static void add_named(struct values *v, struct str name, bool raw, bool unfold)
{
	struct spam_node *root = &v->m->root;

	for (size_t i = 0; i < root->fields.n; i++) {
		struct spam_field *f = &root->fields.p[i];

		if (str_ieq(f->name, name))
			add(v, !raw     ? plain_value(v->m, f)
			       : unfold ? spam_field_unfolded(v->m, f)
					: f->raw);
	}
}

static bool is_raw(const struct values *v)
{
	return v->forms & SPAM_HEADER_RAW;
}

static void add_all(struct values *v)
{
	add_texts(v, spam_header_all(v->m, is_raw(v)));
}

static void add_trusted(struct values *v)
{
	spam_relays(v->m, SPAM_RELAYS_TRUSTED);
	add_texts(v, spam_header_range(v->m, v->m->last_trusted + 1, false, is_raw(v)));
}

static void add_untrusted(struct values *v)
{
	spam_relays(v->m, SPAM_RELAYS_TRUSTED);
	add_texts(v, spam_header_range(v->m, v->m->last_trusted + 1, true, is_raw(v)));
}

static void add_internal(struct values *v)
{
	spam_relays(v->m, SPAM_RELAYS_TRUSTED);
	add_texts(v, spam_header_range(v->m, v->m->last_internal + 1, false, is_raw(v)));
}

static void add_external(struct values *v)
{
	spam_relays(v->m, SPAM_RELAYS_TRUSTED);
	add_texts(v, spam_header_range(v->m, v->m->last_internal + 1, true, is_raw(v)));
}

static void add_message_ids(struct values *v)
{
	static const struct str names[] = { STR_INIT("X-Message-Id"), STR_INIT("Resent-Message-Id"),
					    STR_INIT("X-Original-Message-ID"),
					    STR_INIT("Message-Id") };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		add_named(v, names[i], is_raw(v), true);
}

static void add_to_cc(struct values *v)
{
	add_named(v, STR("To"), is_raw(v), true);
	add_named(v, STR("Cc"), is_raw(v), true);
}

static void add_envelope_sender(struct values *v)
{
	struct str sender;

	if (spam_envelope_sender(v->m, &sender))
		add(v, sender);
}

static void add_relays_trusted(struct values *v)
{
	add(v, spam_relays(v->m, SPAM_RELAYS_TRUSTED)->text);
}

static void add_relays_untrusted(struct values *v)
{
	add(v, spam_relays(v->m, SPAM_RELAYS_UNTRUSTED)->text);
}

static void add_relays_internal(struct values *v)
{
	add(v, spam_relays(v->m, SPAM_RELAYS_INTERNAL)->text);
}

static void add_relays_external(struct values *v)
{
	add(v, spam_relays(v->m, SPAM_RELAYS_EXTERNAL)->text);
}

static const struct {
	struct str name;
	bool any_case;
	void (*add)(struct values *v);
} specials[] = {
	{ STR_INIT("ALL"), false, add_all },
	{ STR_INIT("ALL-TRUSTED"), false, add_trusted },
	{ STR_INIT("ALL-UNTRUSTED"), false, add_untrusted },
	{ STR_INIT("ALL-INTERNAL"), false, add_internal },
	{ STR_INIT("ALL-EXTERNAL"), false, add_external },
	{ STR_INIT("MESSAGEID"), false, add_message_ids },
	{ STR_INIT("ToCc"), true, add_to_cc },
	{ STR_INIT("EnvelopeFrom"), true, add_envelope_sender },
	{ STR_INIT("X-Spam-Relays-Trusted"), true, add_relays_trusted },
	{ STR_INIT("X-Spam-Relays-Untrusted"), true, add_relays_untrusted },
	{ STR_INIT("X-Spam-Relays-Internal"), true, add_relays_internal },
	{ STR_INIT("X-Spam-Relays-External"), true, add_relays_external },
};

/* The domains of sender and author, for rules that compare them; in place of such a header. */
static void add_domains(struct values *v, struct str name)
{
	bool sender = str_ieq(name, STR("X-SenderDomain"));
	struct spam_header_query q = { sender ? STR("EnvelopeFrom") : STR("From"),
				       SPAM_HEADER_ADDR | SPAM_HEADER_HOST };
	struct str all = STR_NONE;
	struct spam_texts hosts;

	if (!sender && !str_ieq(name, STR("X-AuthorDomain")))
		return;
	hosts = spam_header(v->m, &q);
	for (size_t i = 0; i < hosts.n && (i == 0 || !sender); i++) {
		size_t k = 0;

		while (k < i && !str_eq(hosts.v[k], hosts.v[i]))
			k++;
		if (k == i)
			all = str_cat(v->m->a, i ? str_cat(v->m->a, all, STR(" ")) : all,
				      str_lower(v->m->a, hosts.v[i]));
	}
	if (hosts.n)
		add(v, all);
}

void spam_add_metadata(struct spam_message *m, struct str name, struct str value)
{
	vec_add(m->a, &m->metadata, ((struct spam_added_header){ name, value }));
}

static void add_metadata(struct values *v, struct str name)
{
	for (size_t i = 0; i < v->m->metadata.n; i++)
		if (str_ieq(v->m->metadata.p[i].name, name))
			add(v, v->m->metadata.p[i].value);
}

/* True if the name was a special one whose text is final. */
static bool collect(struct values *v, struct str name)
{
	bool raw = v->forms & (SPAM_HEADER_RAW | SPAM_HEADER_ADDR | SPAM_HEADER_NAME);

	for (size_t i = 0; i < ARRAY_LEN(specials); i++)
		if (specials[i].any_case ? str_ieq(name, specials[i].name)
					 : str_eq(name, specials[i].name)) {
			specials[i].add(v);
			return str_starts(name, STR("ALL"));
		}
	add_named(v, name, raw, false);
	if (!v->list.n)
		add_metadata(v, name);
	if (!v->list.n)
		add_domains(v, name);
	return false;
}

/* A name as people read it: decoded, blanks squeezed, one pair of single quotes off. */
static struct str display_name(struct arena *a, struct str phrase)
{
	struct str s = spam_words_decoded(a, STR(""), phrase);
	char *out = arena_alloc(a, s.n);
	size_t n = 0;

	if (!str_trim(s).n)
		return s;
	s = str_trim(s);
	for (size_t i = 0; i < s.n; i++)
		if (!is_space(s.p[i]))
			out[n++] = s.p[i];
		else if (out[n - 1] != ' ')
			out[n++] = ' ';
	s = (struct str){ out, n };
	if (n > 1 && str_starts(s, STR("'")) && str_ends(s, STR("'")))
		s = str_sub(s, 1, n - 2);
	return s;
}

static void narrow_to_addresses(struct values *v)
{
	struct spam_texts from = { v->list.p, v->list.n };

	v->list.p = NULL;
	v->list.n = v->list.cap = 0;
	for (size_t i = 0; i < from.n; i++) {
		struct spam_addresses all = spam_addresses_read(v->m->a, from.v[i]);

		for (size_t k = 0; k < all.n; k++) {
			if (v->forms & SPAM_HEADER_ADDR) {
				if (all.v[k].addr.p)
					add(v, all.v[k].addr);
			} else if (all.v[k].phrase.p) {
				add(v, is_raw(v) ? all.v[k].phrase
						 : display_name(v->m->a, all.v[k].phrase));
			}
		}
	}
}

static void narrow_to_hosts(struct values *v)
{
	bool host = v->forms & (SPAM_HEADER_HOST | SPAM_HEADER_DOMAIN);
	size_t kept = 0;

	for (size_t i = 0; i < v->list.n; i++) {
		struct str found =
			host ? spam_value_host(v->m, v->list.p[i], v->forms & SPAM_HEADER_ADDR)
			     : spam_value_ip(v->m->a, v->list.p[i], v->forms & SPAM_HEADER_REVIP);

		if (found.n && v->forms & SPAM_HEADER_DOMAIN)
			found = uri_domains_registered(v->m->a, v->m->o->domains, found);
		if (found.n)
			v->list.p[kept++] = found;
	}
	v->list.n = kept;
}

static struct spam_texts make(struct spam_message *m, const struct spam_header_query *q)
{
	struct values v = { .m = m, .forms = q->forms };

	if (!collect(&v, q->name) && v.list.n) {
		if (q->forms & SPAM_HEADER_FIRST) {
			v.list.n = 1;
		} else if (q->forms & SPAM_HEADER_LAST) {
			v.list.p += v.list.n - 1;
			v.list.n = v.list.cap = 1;
		}
		if (q->forms & (SPAM_HEADER_ADDR | SPAM_HEADER_NAME))
			narrow_to_addresses(&v);
		if (q->forms &
		    (SPAM_HEADER_HOST | SPAM_HEADER_DOMAIN | SPAM_HEADER_IP | SPAM_HEADER_REVIP))
			narrow_to_hosts(&v);
	}
	return (struct spam_texts){ v.list.p, v.list.n };
}

/* One view of a header, kept. */
struct spam_header_view {
	struct spam_header_query query;
	struct spam_texts values;
	struct str text;
	bool joined;
	struct spam_header_view *next; /* in the same slot */
};

static struct spam_header_view **slot_of(struct spam_message *m, const struct spam_header_query *q)
{
	size_t n = q->name.n, sum = q->forms;

	if (n)
		sum += n + 5 * (unsigned char)q->name.p[0] + 11 * (unsigned char)q->name.p[n - 1];
	return &m->headers[sum % SPAM_HEADER_SLOTS];
}

static struct spam_header_view *keep(struct spam_message *m, const struct spam_header_query *q)
{
	struct spam_header_view **slot = slot_of(m, q), *k = *slot;

	while (k && (k->query.forms != q->forms || !str_eq(k->query.name, q->name)))
		k = k->next;
	if (k)
		return k;
	k = NEW(m->a, struct spam_header_view);
	k->query = (struct spam_header_query){ str_copy(m->a, q->name), q->forms };
	k->values = make(m, q);
	/* Making it may have made others. */
	k->next = *slot;
	*slot = k;
	return k;
}

struct spam_texts spam_header(struct spam_message *m, const struct spam_header_query *q)
{
	return keep(m, q)->values;
}

bool spam_header_text(struct spam_message *m, const struct spam_header_query *q, struct str *out)
{
	struct spam_header_view *k = keep(m, q);
	struct spam_texts t = k->values;
	struct buf b;

	if (!k->joined) {
		buf_init(&b, m->a, SIZE_MAX);
		for (size_t i = 0; i < t.n; i++) {
			if (i && !str_ends(t.v[0], STR("\n")))
				buf_addc(&b, '\n');
			buf_add(&b, t.v[i]);
		}
		k->text = t.n == 1 ? t.v[0] : buf_str(&b);
		k->joined = true;
	}
	*out = k->text;
	return t.n > 0;
}

static struct str joined(struct arena *a, struct spam_texts t)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (size_t i = 0; i < t.n; i++)
		buf_add(&b, t.v[i]);
	return buf_str(&b);
}

bool spam_part_header(struct spam_message *m, const struct spam_part *part, struct str name,
		      bool raw, struct str *out)
{
	/* spam_node begins with the part that was handed out. */
	struct spam_node *node = (struct spam_node *)(uintptr_t)part;
	struct spam_field *f;

	if (str_eq(name, STR("ALL"))) {
		*out = joined(m->a, spam_header_lines(m, node, raw));
		return true;
	}
	f = spam_field_last(node, name);
	*out = !f ? STR_NONE : raw ? f->raw : plain_value(m, f);
	/* A raw value that is not there is an empty one: [if-unset: does not apply. */
	return f || raw;
}
