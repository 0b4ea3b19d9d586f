#include "lib/dkim/sign.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/enc.h"
#include "lib/dkim/dkim_int.h"

enum { VALUE_MAX = 32 * 1024, LINE = 70, SIGNATURE_MAX = DKIM_RSA_BITS_MAX / 8 };

struct dkim_key {
	EVP_PKEY *pkey;
	bool ed25519;
};

struct dkim_signer {
	struct arena *a;
	const struct dkim_sign_options *o;
	struct sink sink;
	struct buf head;
	bool in_body;
	size_t line; /* bytes of the last line of the header; a CR at its end does not count */
	struct dkim_body body;
};

static void free_key(void *pkey)
{
	EVP_PKEY_free(pkey);
}

static int no_password(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return -1;
}

static EVP_PKEY *read_pem(struct str pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	BIO_free(bio);
	return pkey;
}

int dkim_key_read(struct arena *a, struct str pem, struct dkim_key **out, struct err *e)
{
	struct dkim_key *key = NEW(a, struct dkim_key);
	int type, bits;

	if (pem.n > DKIM_PEM_MAX)
		return err_set(e, ERR_LIMIT, "a key has at most %d bytes", DKIM_PEM_MAX);
	key->pkey = read_pem(pem);
	if (!key->pkey)
		return err_set(e, ERR_INVALID, "no private key in PEM");
	arena_on_free(a, free_key, key->pkey);
	type = EVP_PKEY_base_id(key->pkey);
	bits = EVP_PKEY_bits(key->pkey);
	key->ed25519 = type == EVP_PKEY_ED25519;
	if (!key->ed25519 && type != EVP_PKEY_RSA)
		return err_set(e, ERR_INVALID, "neither an RSA nor an Ed25519 key");
	if (!key->ed25519 && (bits < DKIM_RSA_BITS || bits > DKIM_RSA_BITS_MAX))
		return err_set(e, ERR_INVALID, "an RSA key of %d bits; %d to %d will do", bits,
			       DKIM_RSA_BITS, DKIM_RSA_BITS_MAX);
	*out = key;
	return 0;
}

const char *dkim_key_type(const struct dkim_key *key)
{
	return key->ed25519 ? "ed25519" : "rsa";
}

int dkim_key_bits(const struct dkim_key *key)
{
	return key->ed25519 ? 0 : EVP_PKEY_bits(key->pkey);
}

struct str dkim_key_public(struct arena *a, const struct dkim_key *key)
{
	unsigned char *der = NULL, raw[32];
	size_t n = sizeof(raw);
	int der_n;
	struct buf b;

	buf_init(&b, a, VALUE_MAX);
	if (key->ed25519) {
		ASSERT(EVP_PKEY_get_raw_public_key(key->pkey, raw, &n) == 1);
		enc_base64_add(&b, (struct str){ (const char *)raw, n }, STR_NONE);
		return buf_str(&b);
	}
	der_n = i2d_PUBKEY(key->pkey, &der);
	ASSERT(der_n > 0);
	enc_base64_add(&b, (struct str){ (const char *)der, (size_t)der_n }, STR_NONE);
	OPENSSL_free(der);
	return buf_str(&b);
}

/* How many bytes of `bytes` belong to the header, with the empty line that ends it. */
static size_t header_part(struct dkim_signer *s, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] != '\n') {
			s->line += bytes.p[i] != '\r';
			continue;
		}
		if (s->line == 0) {
			s->in_body = true;
			return i + 1;
		}
		s->line = 0;
	}
	return bytes.n;
}

static int take(void *ctx, struct str bytes, struct err *e)
{
	struct dkim_signer *s = ctx;

	if (!s->in_body) {
		size_t n = header_part(s, bytes);

		buf_add(&s->head, str_sub(bytes, 0, n));
		bytes = str_from(bytes, n);
	}
	if (s->head.failed)
		return err_set(e, ERR_LIMIT, "a header of more than %d bytes is not signed",
			       DKIM_HEADER_MAX);
	dkim_body_add(&s->body, bytes);
	return 0;
}

struct dkim_signer *dkim_sign(struct arena *a, const struct dkim_sign_options *options)
{
	struct dkim_signer *s = NEW(a, struct dkim_signer);

	ASSERT(options->name_count <= DKIM_SIGN_NAMES_MAX);
	*s = (struct dkim_signer){ .a = a, .o = options, .sink = { take, s } };
	buf_init(&s->head, a, DKIM_HEADER_MAX);
	dkim_body_open(a, &s->body, true, false, -1);
	return s;
}

const struct sink *dkim_sign_sink(struct dkim_signer *s)
{
	return &s->sink;
}

/* Adds a piece of the field, on a new line if it would not fit on this one. */
static void add_piece(struct buf *b, size_t *column, struct str piece)
{
	if (*column + piece.n > LINE) {
		buf_addz(b, "\n\t");
		*column = 8;
	} else if (*column && b->n && b->p[b->n - 1] == ';') {
		buf_addc(b, ' ');
		(*column)++;
	}
	buf_add(b, piece);
	*column += piece.n;
}

static void add_base64(struct arena *a, struct buf *b, size_t *column, struct str bytes)
{
	struct buf text;
	struct str rest;

	buf_init(&text, a, VALUE_MAX);
	enc_base64_add(&text, bytes, STR_NONE);
	rest = buf_str(&text);
	while (rest.n) {
		size_t room = *column < LINE ? LINE - *column : LINE;
		struct str part = str_sub(rest, 0, room);

		add_piece(b, column, part);
		rest = str_from(rest, part.n);
	}
}

static size_t count(const struct dkim_message *m, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += str_ieq(m->fields[i].name, name);
	return n;
}

/* h=, each name as often as it is to be signed. False if From is not there. */
static bool add_names(struct dkim_signer *s, const struct dkim_message *m, struct buf *b,
		      size_t *column)
{
	bool first = true, from = false;

	for (size_t i = 0; i < s->o->name_count; i++) {
		const struct dkim_sign_name *name = &s->o->names[i];
		size_t there = count(m, name->name), n = there;

		from |= there && str_ieq(name->name, STR("From"));
		if (name->over && (there || !name->if_present))
			n++;
		for (; n > 0; n--, first = false) {
			struct str piece = str_lower(s->a, name->name);

			add_piece(b, column, str_cat(s->a, first ? STR("h=") : STR(":"), piece));
		}
	}
	buf_addc(b, ';');
	return from;
}

/* The field up to "b=". */
static int make_value(struct dkim_signer *s, const struct dkim_message *m, struct buf *b,
		      size_t *column, struct err *e)
{
	const struct dkim_sign_options *o = s->o;
	struct dkim_hash hash = dkim_body_done(&s->body);

	buf_addf(b, "v=1; a=%s-sha256; c=relaxed/relaxed;", dkim_key_type(o->key));
	*column = STR("DKIM-Signature: ").n + b->n;
	add_piece(b, column, str_fmt(s->a, "d=%.*s;", STR_ARG(o->domain)));
	add_piece(b, column, str_fmt(s->a, "s=%.*s;", STR_ARG(o->selector)));
	add_piece(b, column, str_fmt(s->a, "t=%lld;", (long long)o->now));
	if (o->expires)
		add_piece(b, column, str_fmt(s->a, "x=%lld;", (long long)o->expires));
	if (!add_names(s, m, b, column))
		return err_set(e, ERR_INVALID, "a mail without From is not signed");
	add_piece(b, column, STR("bh="));
	add_base64(s->a, b, column, (struct str){ (const char *)hash.p, hash.n });
	buf_addc(b, ';');
	add_piece(b, column, STR("b="));
	return 0;
}

static bool sign_ed25519(EVP_PKEY *pkey, const struct dkim_hash *hash, unsigned char *out,
			 size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	     EVP_DigestSign(ctx, out, n, hash->p, hash->n) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool sign_rsa(EVP_PKEY *pkey, const struct dkim_hash *hash, unsigned char *out, size_t *n)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	bool ok;

	ok = ctx && EVP_PKEY_sign_init(ctx) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	     EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	     EVP_PKEY_sign(ctx, out, n, hash->p, hash->n) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* The hash is that of the verifier, over the field as it is without a signature. */
static int sign_value(struct dkim_signer *s, const struct dkim_message *m, struct buf *b,
		      size_t *column, struct err *e)
{
	unsigned char signature[SIGNATURE_MAX];
	struct dkim_parsed p = { .relaxed_header = true };
	struct dkim_field field = { .name = STR("DKIM-Signature") };
	size_t n = sizeof(signature);
	struct dkim_hash hash;
	bool ok;

	field.whole = str_fmt(s->a, "DKIM-Signature: %.*s", STR_ARG(buf_str(b)));
	field.value = str_from(field.whole, STR("DKIM-Signature:").n);
	p.field = &field;
	ok = dkim_tags_parse(field.value, &p.tags);
	ASSERT(ok);
	hash = dkim_header_hash(s->a, m, &p);
	ok = s->o->key->ed25519 ? sign_ed25519(s->o->key->pkey, &hash, signature, &n)
				: sign_rsa(s->o->key->pkey, &hash, signature, &n);
	if (!ok)
		return err_set(e, ERR_SYS, "the key does not sign");
	add_base64(s->a, b, column, (struct str){ (const char *)signature, n });
	return 0;
}

int dkim_sign_done(struct dkim_signer *s, struct str *out, struct err *e)
{
	struct dkim_message m = { .a = s->a };
	struct str head, body;
	size_t column;
	struct buf b;

	if (buf_done(&s->head, &head, e) < 0)
		return -1;
	/* The field on top of it would swallow its first line. */
	if (str_starts(head, STR(" ")) || str_starts(head, STR("\t")))
		return err_set(e, ERR_INVALID,
			       "a mail that begins with a folded line is not signed");
	dkim_fields_read(s->a, head, &m.fields, &m.n, &body);
	buf_init(&b, s->a, VALUE_MAX);
	if (make_value(s, &m, &b, &column, e) < 0 || sign_value(s, &m, &b, &column, e) < 0)
		return -1;
	return buf_done(&b, out, e);
}
