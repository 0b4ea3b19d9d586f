/* What is in a signature field, and the hash that it has signed. */
#include "base/enc.h"
#include "lib/dkim/dkim_int.h"

enum { SIGNATURE_MAX = DKIM_RSA_BITS_MAX / 8, HASH_MAX = 64 };

static const struct {
	const char *name;
	enum dkim_algorithm algorithm;
} algorithms[] = {
	{ "rsa-sha256", DKIM_RSA_SHA256 },
	{ "rsa-sha1", DKIM_RSA_SHA1 },
	{ "ed25519-sha256", DKIM_ED25519_SHA256 },
};

const char *dkim_algorithm_name(enum dkim_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

static bool parse_algorithm(struct str name, enum dkim_algorithm *out)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		if (str_eq(name, str_of(algorithms[i].name))) {
			*out = algorithms[i].algorithm;
			return true;
		}
	}
	return false;
}

/* Base64 with blanks anywhere, and nothing else. */
static bool parse_base64(struct arena *a, struct str text, size_t max, struct str *out)
{
	struct err e;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && !ascii_is_blank(c) && c != '+' &&
		    c != '/' && c != '=')
			return false;
	}
	return enc_base64_decode(a, text, max, out, &e) == 0 && out->n > 0;
}

static bool parse_form(struct str word, bool *relaxed)
{
	*relaxed = str_eq(word, STR("relaxed"));
	return *relaxed || str_eq(word, STR("simple"));
}

/* c=header/body; the body's form is simple if it is not said. */
static bool parse_forms(const struct dkim_tags *tags, struct dkim_parsed *out)
{
	const struct dkim_tag *c = dkim_tag(tags, "c");
	struct str body, header;

	out->relaxed_header = out->relaxed_body = false;
	if (!c)
		return true;
	body = c->value;
	header = str_cut(&body, '/');
	return parse_form(header, &out->relaxed_header) &&
	       (!body.p || parse_form(body, &out->relaxed_body));
}

static const char *parse_body_tags(struct arena *a, struct dkim_parsed *p)
{
	if (!parse_base64(a, dkim_tag_value(&p->tags, "bh"), HASH_MAX, &p->bh))
		return "bh= is missing or no hash";
	if (!parse_forms(&p->tags, p))
		return "c= is unknown";
	if (!dkim_tag_number(&p->tags, "l", &p->length))
		return "l= is no number";
	if (!dkim_tag(&p->tags, "h"))
		return "h= is missing";
	return NULL;
}

const char *dkim_parse(struct arena *a, const struct dkim_field *field, bool body,
		       struct dkim_parsed *out)
{
	*out = (struct dkim_parsed){ .field = field, .length = -1, .expires = -1, .signed_at = -1 };
	if (!dkim_tags_parse(field->value, &out->tags))
		return "no list of tags";
	out->domain = str_lower(a, dkim_tag_value(&out->tags, "d"));
	out->selector = str_lower(a, dkim_tag_value(&out->tags, "s"));
	if (!dns_name_is_valid(out->domain) || !dns_name_is_valid(out->selector))
		return "d= or s= is missing or no name";
	if (!parse_algorithm(dkim_tag_value(&out->tags, "a"), &out->algorithm))
		return "a= is missing or unknown";
	if (!parse_base64(a, dkim_tag_value(&out->tags, "b"), SIGNATURE_MAX, &out->b))
		return "b= is missing or no signature";
	if (!dkim_tag_number(&out->tags, "t", &out->signed_at))
		return "t= is no number";
	if (!dkim_tag_number(&out->tags, "x", &out->expires))
		return "x= is no number";
	return body ? parse_body_tags(a, out) : NULL;
}

void dkim_ask_key(struct arena *a, struct dns *d, struct dkim_parsed *p)
{
	struct str name =
		str_fmt(a, "%.*s._domainkey.%.*s", STR_ARG(p->selector), STR_ARG(p->domain));

	p->key = dns_ask(d, name, DNS_TXT);
}

/* The lowest field of that name that has not been taken yet (5.4.2), or NULL. */
static const struct dkim_field *take_field(const struct dkim_message *m, struct str name,
					   bool *taken)
{
	for (size_t i = m->n; i-- > 0;) {
		if (taken[i] || !str_ieq(m->fields[i].name, name))
			continue;
		taken[i] = true;
		return &m->fields[i];
	}
	return NULL;
}

struct dkim_hash dkim_header_hash(struct arena *a, const struct dkim_message *m,
				  const struct dkim_parsed *p)
{
	bool taken[DKIM_FIELDS_MAX] = { false };
	struct str names = dkim_tag_value(&p->tags, "h");
	struct dkim_digest digest;

	dkim_digest_open(a, &digest, p->algorithm == DKIM_RSA_SHA1, -1);
	for (int i = 0; names.n && i < DKIM_NAMES_MAX; i++) {
		struct str name = str_trim(str_cut(&names, ':'));
		const struct dkim_field *field = name.n ? take_field(m, name, taken) : NULL;

		if (field)
			dkim_digest_field(&digest, field->whole, p->relaxed_header, true);
	}
	dkim_digest_signature(a, &digest, p->field, &p->tags, p->relaxed_header);
	return dkim_digest_done(&digest);
}

bool dkim_body_matches(struct dkim_message *m, const struct dkim_parsed *p)
{
	uint64_t length;
	struct dkim_hash hash = dkim_message_hash(m, p->relaxed_body, p->algorithm == DKIM_RSA_SHA1,
						  p->length, &length);

	return p->length <= (int64_t)length && hash.n == p->bh.n &&
	       memcmp(hash.p, p->bh.p, hash.n) == 0;
}
