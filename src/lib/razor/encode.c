#include <openssl/evp.h>

#include "base/enc.h"
#include "lib/razor/razor_int.h"

void razor_hash(struct str x, struct str y, unsigned char hash[RAZOR_HASH])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned n = 0;
	bool ok = c && EVP_DigestInit_ex(c, EVP_sha1(), NULL) == 1 &&
		  EVP_DigestUpdate(c, x.p ? x.p : "", x.n) == 1 &&
		  EVP_DigestUpdate(c, y.p ? y.p : "", y.n) == 1 &&
		  EVP_DigestFinal_ex(c, hash, &n) == 1;

	ASSERT(ok && n == RAZOR_HASH);
	EVP_MD_CTX_free(c);
}

/* Hex digit `i` of the hash with its bits in reverse, 0 behind the last. */
static unsigned digit(const unsigned char *hash, size_t i, size_t digits)
{
	unsigned v = i < digits ? hash[i / 2] >> (i % 2 ? 0 : 4) & 0xf : 0;

	return (v & 1) << 3 | (v & 2) << 1 | (v & 4) >> 1 | v >> 3;
}

struct str razor_encode(struct arena *a, const unsigned char *hash, size_t digits)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct buf b;

	buf_init(&b, a, digits + 2);
	for (size_t i = 0; i < digits; i += 3) {
		unsigned v = digit(hash, i, digits) << 8 | digit(hash, i + 1, digits) << 4 |
			     digit(hash, i + 2, digits);

		buf_addc(&b, letters[v >> 6]);
		buf_addc(&b, letters[v & 0x3f]);
	}
	return buf_str(&b);
}

struct str razor_unescaped(struct arena *a, struct str s, char mark)
{
	struct buf b;
	ptrdiff_t at;

	buf_init(&b, a, s.n + 1);
	while ((at = str_chr(s, mark)) >= 0) {
		size_t i = (size_t)at;
		int high = i + 2 < s.n ? enc_hex_digit(s.p[i + 1]) : -1;
		int low = i + 2 < s.n ? enc_hex_digit(s.p[i + 2]) : -1;
		bool named = high >= 0 && low >= 0;

		buf_add(&b, str_sub(s, 0, i));
		buf_addc(&b, named ? (char)(high << 4 | low) : mark);
		s = str_from(s, i + (named ? 3 : 1));
	}
	buf_add(&b, s);
	return buf_str(&b);
}
