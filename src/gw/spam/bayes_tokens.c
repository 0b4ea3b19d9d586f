/* A mail as a set of tokens, and the tokens as keys of the store. */
/* The plain functions: one call by way of EVP takes three times as long as the hash itself. */
#define OPENSSL_API_COMPAT 10100
#include <openssl/sha.h>

#include "base/enc.h"
#include "gw/spam/bayes_int.h"
#include "gw/spam/message_int.h"
#include "gw/spam/transfer.h"

enum { KEY_LEN = 5 };

static const struct bayes_style visible_style = {
	.sentences = true, .addresses = true, .variants = true, .max = BAYES_BODY_TOKENS_MAX
};
static const struct bayes_style invisible_style = {
	.sentences = true, .addresses = true, .variants = true, .max = BAYES_INVISIBLE_TOKENS_MAX
};
static const struct bayes_style uri_style = { .sentences = true,
					      .addresses = true,
					      .whole = true,
					      .variants = true,
					      .max = BAYES_URI_TOKENS_MAX };

static void add_texts(struct bayes_collector *bc, struct spam_texts texts,
		      const struct bayes_style *style, struct str prefix)
{
	size_t left = style->max;

	for (size_t i = 0; i < texts.n && left; i++)
		bayes_line(bc, texts.v[i], style, prefix, &left);
}

void bayes_tokens(struct arena *a, struct spam_message *m, const struct bayes_conf *c,
		  struct map *out)
{
	struct bayes_collector bc = { .a = a, .c = c, .out = out };

	map_init(out, a);
	if (c->sources & BAYES_VISIBLE)
		add_texts(&bc, spam_body_visible(m), &visible_style, STR_NONE);
	if (c->sources & BAYES_URI)
		add_texts(&bc, spam_uris(m), &uri_style, STR_NONE);
	if (c->sources & BAYES_INVISIBLE)
		add_texts(&bc, spam_body_invisible(m), &invisible_style, STR("I*:"));
	if (c->sources & BAYES_HEADER)
		bayes_headers(&bc, m);
}

static int by_value(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

static void sha1(struct str s, unsigned char out[SHA_DIGEST_LENGTH])
{
	SHA_CTX ctx;

	SHA1_Init(&ctx);
	SHA1_Update(&ctx, s.p, s.n);
	SHA1_Final(out, &ctx);
}

uint64_t bayes_key(struct str token)
{
	unsigned char hash[SHA_DIGEST_LENGTH];
	uint64_t key = 0;

	sha1(token, hash);
	for (int k = SHA_DIGEST_LENGTH - KEY_LEN; k < SHA_DIGEST_LENGTH; k++)
		key = key << 8 | hash[k];
	return key;
}

struct bayes_keys bayes_keys(struct arena *a, const struct map *tokens)
{
	uint64_t *v = NEW_N(a, uint64_t, tokens->n);
	size_t n = 0;

	for (size_t i = 0; i < tokens->n; i++)
		v[i] = bayes_key(tokens->entries[i].key);
	qsort(v, tokens->n, sizeof(*v), by_value);
	for (size_t i = 0; i < tokens->n; i++)
		if (i == 0 || v[i] != v[i - 1])
			v[n++] = v[i];
	return (struct bayes_keys){ v, n };
}

static struct str header(struct spam_message *m, const char *name)
{
	struct spam_header_query q = { .name = str_of(name) };
	struct str text;

	return spam_header_text(m, &q, &text) ? text : STR_NONE;
}

struct str bayes_seen_id(struct arena *a, struct spam_message *m)
{
	unsigned char hash[SHA_DIGEST_LENGTH];
	struct str to = header(m, "To"), date = header(m, "Date"), body, all;

	sha1(spam_lf(a, m->body), hash);
	body = enc_hex(a, (struct str){ (char *)hash, SHA_DIGEST_LENGTH });
	all = str_cat(a, str_cat(a, to, (struct str){ "", 1 }),
		      str_cat(a, str_cat(a, date, (struct str){ "", 1 }), body));
	sha1(all, hash);
	return str_fmt(a, "%.*s@sa_generated",
		       STR_ARG(enc_hex(a, (struct str){ (char *)hash, SHA_DIGEST_LENGTH })));
}
