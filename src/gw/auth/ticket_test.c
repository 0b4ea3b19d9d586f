#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/enc.h"
#include "gw/auth/ticket.h"

static struct arena *a;
static EVP_PKEY *pair;

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 1u << 20);
	pair = EVP_RSA_gen(2048);
	return pair ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(pair);
	arena_close(a);
	return 0;
}

static struct ticket_key *key(void)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct ticket_key *k;
	struct err e;
	char *p;
	long n;

	assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, pair, NULL, NULL, 0, NULL, NULL),
			 1);
	n = BIO_get_mem_data(bio, &p);
	assert_int_equal(ticket_key_read(a, (struct str){ p, (size_t)n }, &k, &e), 0);
	BIO_free(bio);
	return k;
}

static bool verifies(struct str text, struct str base64)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct str raw;
	struct err e;
	int ok;

	assert_int_equal(enc_base64_decode(a, base64, 4096, &raw, &e), 0);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pair), 1);
	ok = EVP_DigestVerify(ctx, (const unsigned char *)raw.p, raw.n,
			      (const unsigned char *)text.p, text.n);
	EVP_MD_CTX_free(ctx);
	return ok == 1;
}

static void test_shape_and_signature(void **state)
{
	const struct str text = STR("PMGQUAR:b%3Ao+b@x:0000ABCD");
	struct str ticket;
	struct err e;

	(void)state;
	assert_int_equal(ticket_quarantine(a, key(), STR("b:o+b@x"), 0xabcd, &ticket, &e), 0);
	assert_true(str_starts(ticket, text));
	assert_true(str_eq(str_sub(ticket, text.n, 2), STR("::")));
	assert_true(verifies(text, str_from(ticket, text.n + 2)));
	assert_int_equal(str_chr(ticket, '\n'), -1);
	assert_false(verifies(STR("PMGQUAR:other@x:0000ABCD"), str_from(ticket, text.n + 2)));
}

static void test_what_is_no_key(void **state)
{
	struct ticket_key *k;
	struct err e;

	(void)state;
	assert_int_equal(ticket_key_read(a, STR("-----BEGIN RSA PRIVATE KEY-----\nx"), &k, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shape_and_signature, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_key, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
