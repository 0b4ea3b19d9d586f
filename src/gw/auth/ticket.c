#include "gw/auth/ticket.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/buf.h"
#include "base/enc.h"

enum { SIGNATURE_MAX = 2048, TICKET_MAX = 8192 };

struct ticket_key {
	EVP_PKEY *key;
};

static void free_key(void *key)
{
	EVP_PKEY_free(key);
}

int ticket_key_read(struct arena *a, struct str pem, struct ticket_key **out, struct err *e)
{
	struct ticket_key *k = NEW(a, struct ticket_key);
	BIO *bio = BIO_new_mem_buf(pem.p, (int)(pem.n < TICKET_KEY_MAX ? pem.n : TICKET_KEY_MAX));

	if (bio)
		k->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) "");
	BIO_free(bio);
	if (!k->key)
		return err_set(e, ERR_INVALID, "the key for tickets cannot be read");
	arena_on_free(a, free_key, k->key);
	*out = k;
	return 0;
}

static int sign(const struct ticket_key *key, struct str text, unsigned char *signature, size_t *n,
		struct err *e)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->key) == 1 &&
		  EVP_DigestSign(ctx, signature, n, (const unsigned char *)text.p, text.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok ? 0 : err_set(e, ERR_SYS, "a ticket cannot be signed");
}

static void add_data(struct buf *b, struct str data)
{
	for (size_t i = 0; i < data.n; i++)
		if (data.p[i] == ':')
			buf_addz(b, "%3A");
		else
			buf_addc(b, data.p[i]);
}

int ticket_quarantine(struct arena *a, const struct ticket_key *key, struct str pmail, int64_t now,
		      struct str *out, struct err *e)
{
	unsigned char signature[SIGNATURE_MAX];
	size_t n = sizeof(signature);
	struct buf b;

	buf_init(&b, a, TICKET_MAX);
	buf_addz(&b, "PMGQUAR:");
	add_data(&b, pmail);
	buf_addf(&b, ":%08llX", (unsigned long long)now & 0xffffffff);
	if (sign(key, buf_str(&b), signature, &n, e) < 0)
		return -1;
	buf_addz(&b, "::");
	enc_base64_add(&b, (struct str){ (const char *)signature, n }, STR_NONE);
	return buf_done(&b, out, e);
}
