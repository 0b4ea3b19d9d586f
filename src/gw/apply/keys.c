/* Keys and self-signed certificates (config.md section 14). */
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "gw/apply/keys.h"

enum { AUTH_KEY_BITS = 2048, CERT_KEY_BITS = 4096, CERT_DAYS = 3650, PEM_MAX = 64 * 1024 };

static void clean_pkey(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void clean_x509(X509 **cert)
{
	X509_free(*cert);
}

static void clean_bio(BIO **bio)
{
	BIO_free(*bio);
}
#define CLEAN_PKEY __attribute__((cleanup(clean_pkey)))
#define CLEAN_X509 __attribute__((cleanup(clean_x509)))
#define CLEAN_BIO __attribute__((cleanup(clean_bio)))

static int openssl_error(struct err *e, const char *what)
{
	char text[200];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	return err_set(e, ERR_SYS, "%s: %s", what, text);
}

static struct str bio_text(struct arena *a, BIO *bio)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	return str_copy(a, (struct str){ p, n > 0 ? (size_t)n : 0 });
}

int key_pair(struct arena *a, struct str *private_pem, struct str *public_pem, struct err *e)
{
	CLEAN_PKEY EVP_PKEY *key = EVP_RSA_gen(AUTH_KEY_BITS);
	CLEAN_BIO BIO *secret = BIO_new(BIO_s_mem()), *public = BIO_new(BIO_s_mem());

	if (!key || !secret || !public ||
	    PEM_write_bio_PrivateKey_traditional(secret, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_PUBKEY(public, key) != 1)
		return openssl_error(e, "make a key");
	*private_pem = bio_text(a, secret);
	*public_pem = bio_text(a, public);
	return 0;
}

int key_dkim(struct arena *a, int bits, struct str *pem, struct err *e)
{
	CLEAN_PKEY EVP_PKEY *key = bits ? EVP_RSA_gen((unsigned)bits)
					: EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	CLEAN_BIO BIO *bio = BIO_new(BIO_s_mem());

	if (!key || !bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		return openssl_error(e, "make a key");
	*pem = bio_text(a, bio);
	return 0;
}

static bool add_name(X509_NAME *name, const char *field, const char *value)
{
	return !value || X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
						    (const unsigned char *)value, -1, -1, 0) == 1;
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool set_serial(X509 *cert)
{
	BIGNUM *n = BN_new();
	bool ok = n && BN_rand(n, 159, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
		  BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));

	BN_free(n);
	return ok;
}

static bool fill(X509 *cert, EVP_PKEY *key, const struct cert_names *n)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), 0) &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), CERT_DAYS, 0, NULL) &&
	       X509_set_pubkey(cert, key) == 1 && add_name(name, "O", n->organisation) &&
	       add_name(name, "OU", n->unit) && add_name(name, "CN", n->common) &&
	       X509_set_issuer_name(cert, name) == 1 &&
	       add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	       (!n->alternatives || add_extension(cert, NID_subject_alt_name, n->alternatives)) &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

int cert_make(struct arena *a, const struct cert_names *names, struct str *pem, struct err *e)
{
	CLEAN_PKEY EVP_PKEY *key = EVP_RSA_gen(CERT_KEY_BITS);
	CLEAN_X509 X509 *cert = X509_new();
	CLEAN_BIO BIO *bio = BIO_new(BIO_s_mem());

	if (!key || !cert || !bio || !fill(cert, key, names) ||
	    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_X509(bio, cert) != 1)
		return openssl_error(e, "make a certificate");
	*pem = bio_text(a, bio);
	return 0;
}
