/* What is encoded decodes to itself; what is decoded at all fits; UTF-8 is cut where it may be. */
#include "base/enc.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_base64(struct arena *a, struct str in)
{
	struct str out;
	struct buf b;
	struct err e;

	ASSERT(enc_base64_decode(a, in, in.n, &out, &e) == 0);
	buf_init(&b, a, in.n * 2 + 64);
	enc_base64_add(&b, in, STR("\n"));
	ASSERT(enc_base64_decode(a, buf_str(&b), in.n, &out, &e) == 0);
	ASSERT(str_eq(in, out));
}

/* Line ends are text to it, so the input is compared without them. */
static void check_qp(struct arena *a, struct str in)
{
	struct str out;
	struct buf b;
	struct err e;

	ASSERT(enc_qp_decode(a, in, in.n, &out, &e) == 0);
	buf_init(&b, a, in.n * 4 + 64);
	enc_qp_add(&b, in, STR("\n"));
	ASSERT(enc_qp_decode(a, buf_str(&b), in.n, &out, &e) == 0);
	if (str_find(in, STR("\r\n")) < 0)
		ASSERT(str_eq(in, out));
}

static void check_utf8(struct str in)
{
	size_t valid = utf8_valid_prefix(in), i;
	struct str rest = in;

	while (rest.n) {
		bool ok = (size_t)(rest.p - in.p) < valid;
		int32_t cp = utf8_next(&rest);

		ASSERT(!ok || cp >= 0);
	}
	for (i = 0; i < 8 && i <= valid; i++)
		ASSERT(utf8_valid(utf8_cut(str_sub(in, 0, valid), i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str in = { (const char *)data, size }, out;
	struct err e;

	check_base64(a, in);
	check_qp(a, in);
	check_utf8(in);
	if (enc_hex_decode(a, in, &out, &e) == 0)
		ASSERT(str_ieq(enc_hex(a, out), in));
	return 0;
}
