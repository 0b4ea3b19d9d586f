#include <openssl/evp.h>

#include "base/enc.h"
#include "lib/pyzor/pyzor.h"

enum { SHA1_SIZE = 20 };

static struct str sha1(struct arena *a, struct str s)
{
	unsigned char *digest = arena_alloc(a, SHA1_SIZE);
	unsigned n;
	bool ok = EVP_Digest(s.p, s.n, digest, &n, EVP_sha1(), NULL) == 1;

	ASSERT(ok && n == SHA1_SIZE);
	return (struct str){ (char *)digest, n };
}

/* Signed as whoever has no account signs: with the hash of that name and no key. */
struct str pyzor_question(struct arena *a, struct str digest, uint16_t thread, int64_t now)
{
	struct str key = enc_hex(a, sha1(a, STR("anonymous:")));
	struct str text = str_fmt(a,
				  "Op: check\nOp-Digest: %.*s\nThread: %d\nPV: 2.1\n"
				  "User: anonymous\nTime: %lld",
				  STR_ARG(digest), thread, (long long)now);
	struct str seal = str_fmt(a, ":%lld:%.*s", (long long)now, STR_ARG(key));

	seal = enc_hex(a, sha1(a, str_cat(a, sha1(a, text), seal)));
	return str_fmt(a, "%.*s\nSig: %.*s\n\n", STR_ARG(text), STR_ARG(seal));
}

/* The number that a field of the packet gives. */
static bool field(struct str packet, const char *name, int64_t *out)
{
	struct str line;

	while (str_line(&packet, &line) && line.n) {
		struct str value = line, key = str_cut(&value, ':');

		if (str_ieq(key, str_of(name)))
			return str_int(str_trim(value), 0, INT32_MAX, out);
	}
	return false;
}

bool pyzor_answer_read(struct str packet, uint16_t thread, struct pyzor_answer *out)
{
	int64_t code, number;

	return field(packet, "Code", &code) && code == 200 && field(packet, "Thread", &number) &&
	       number == thread && field(packet, "Count", &out->reported) &&
	       field(packet, "WL-Count", &out->welcome);
}
