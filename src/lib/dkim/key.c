/* Keys from DNS (RFC 6376, 3.6.1; RFC 8463, 4), and what they say about a hash. */
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/enc.h"
#include "lib/dkim/dkim_int.h"

enum { KEY_MAX = 8192, ED25519_BYTES = 32 };

struct key {
	struct dkim_tags tags;
	struct str type, bytes;
	EVP_PKEY *pkey;
};

static struct dkim_verdict verdict(enum dkim_result result, const char *reason)
{
	return (struct dkim_verdict){ .result = result, .reason = reason };
}

/* Of several records the first that is a key. */
static bool find_key(const struct dns_question *q, struct key *out)
{
	for (size_t i = 0; i < q->n; i++) {
		const struct dkim_tag *v;

		if (!dkim_tags_parse(q->records[i].text, &out->tags) || !dkim_tag(&out->tags, "p"))
			continue;
		v = dkim_tag(&out->tags, "v");
		if (!v || (v == &out->tags.p[0] && str_eq(v->value, STR("DKIM1"))))
			return true;
	}
	return false;
}

static bool is_listed(const struct key *k, const char *tag, struct str word, bool star)
{
	const struct dkim_tag *t = dkim_tag(&k->tags, tag);

	return !t || dkim_list_has(t->value, word) || (star && dkim_list_has(t->value, STR("*")));
}

/* What is wrong with the record for this signature, or NULL. */
static const char *complaint(struct key *k, enum dkim_algorithm algorithm)
{
	const struct dkim_tag *type = dkim_tag(&k->tags, "k");

	k->type = type ? type->value : STR("rsa");
	if (!str_eq(k->type, algorithm == DKIM_ED25519_SHA256 ? STR("ed25519") : STR("rsa")))
		return "the key is of another type";
	if (!is_listed(k, "h", algorithm == DKIM_RSA_SHA1 ? STR("sha1") : STR("sha256"), false))
		return "the key is not for this hash";
	if (!is_listed(k, "s", STR("email"), true))
		return "the key is not for mail";
	if (dkim_tag_value(&k->tags, "p").n == 0)
		return "the key has been revoked";
	return NULL;
}

static void free_key(void *pkey)
{
	EVP_PKEY_free(pkey);
}

/* A SubjectPublicKeyInfo, or, as some publish, the RSAPublicKey inside it. */
static EVP_PKEY *read_rsa(struct str der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)der.n);

	if (pkey)
		return pkey;
	p = (const unsigned char *)der.p;
	return d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.n);
}

static bool read_key(struct arena *a, struct key *k)
{
	bool ed25519 = str_eq(k->type, STR("ed25519"));
	struct err e;

	if (enc_base64_decode(a, dkim_tag_value(&k->tags, "p"), KEY_MAX, &k->bytes, &e) < 0)
		return false;
	if (ed25519 && k->bytes.n == ED25519_BYTES)
		k->pkey = EVP_PKEY_new_raw_public_key(
			EVP_PKEY_ED25519, NULL, (const unsigned char *)k->bytes.p, k->bytes.n);
	else if (!ed25519)
		k->pkey = read_rsa(k->bytes);
	if (!k->pkey)
		return false;
	arena_on_free(a, free_key, k->pkey);
	return EVP_PKEY_base_id(k->pkey) == (ed25519 ? EVP_PKEY_ED25519 : EVP_PKEY_RSA);
}

static bool verify_ed25519(EVP_PKEY *pkey, struct str b, const struct dkim_hash *hash)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	     EVP_DigestVerify(ctx, (const unsigned char *)b.p, b.n, hash->p, hash->n) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool verify_rsa(EVP_PKEY *pkey, struct str b, const struct dkim_hash *hash, bool sha1)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	bool ok;

	ok = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	     EVP_PKEY_CTX_set_signature_md(ctx, sha1 ? EVP_sha1() : EVP_sha256()) == 1 &&
	     EVP_PKEY_verify(ctx, (const unsigned char *)b.p, b.n, hash->p, hash->n) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool verify(EVP_PKEY *pkey, const struct dkim_parsed *p, const struct dkim_hash *hash)
{
	if (p->algorithm == DKIM_ED25519_SHA256)
		return verify_ed25519(pkey, p->b, hash);
	return verify_rsa(pkey, p->b, hash, p->algorithm == DKIM_RSA_SHA1);
}

static struct dkim_verdict judge(struct arena *a, struct key *k, const struct dkim_parsed *p,
				 const struct dkim_options *options, const struct dkim_hash *hash)
{
	int least = options->rsa_bits ? options->rsa_bits : DKIM_RSA_BITS, bits;
	struct dkim_verdict out = verdict(DKIM_PASS, "");

	if (!read_key(a, k))
		return verdict(DKIM_PERMERROR, "the key cannot be read");
	bits = EVP_PKEY_bits(k->pkey);
	if (bits > DKIM_RSA_BITS_MAX)
		return verdict(DKIM_PERMERROR, "the key is too long");
	if (!verify(k->pkey, p, hash))
		out = verdict(DKIM_FAIL, "the signature does not match the header");
	else if (p->algorithm != DKIM_ED25519_SHA256 && bits < least)
		out = verdict(DKIM_POLICY, "the key is too short");
	else if (p->algorithm == DKIM_RSA_SHA1 && !options->sha1)
		out = verdict(DKIM_POLICY, "rsa-sha1 is not accepted");
	out.key_bits = bits;
	out.testing = dkim_list_has(dkim_tag_value(&k->tags, "t"), STR("y"));
	out.same_domain = dkim_list_has(dkim_tag_value(&k->tags, "t"), STR("s"));
	return out;
}

struct dkim_verdict dkim_verify_hash(struct arena *a, const struct dkim_parsed *p,
				     const struct dkim_options *options,
				     const struct dkim_hash *hash)
{
	const char *wrong;
	struct key k = { 0 };

	if (!dns_is_known(p->key))
		return verdict(DKIM_TEMPERROR, "the key could not be fetched");
	if (!find_key(p->key, &k))
		return verdict(DKIM_PERMERROR, "there is no key");
	wrong = complaint(&k, p->algorithm);
	if (wrong)
		return verdict(DKIM_PERMERROR, wrong);
	return judge(a, &k, p, options, hash);
}
