/*
 * Any mail and sender: whatever goes out ends with the mail as it came, has nothing before it but
 * signature fields, and each of those names a domain that is one.
 *
 * The first line is the envelope's sender, the rest the mail; an even length looks at From.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "gw/signing/signing.h"
#include "lib/schema/formats.h"

/* RFC 8463, A.2 */
static const char ed25519[] = "-----BEGIN PRIVATE KEY-----\n"
			      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
			      "-----END PRIVATE KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct signing *load(struct arena *a, int use_domain)
{
	const struct file_attr attr = { 0600, (uid_t)-1, (gid_t)-1 };
	const struct cfg cfg = { .admin = { .dkim_sign = true,
					    .dkim_sign_all_mail = true,
					    .dkim_use_domain = use_domain,
					    .dkim_selector = STR("s1") } };
	char dir[] = "/tmp/signing-fuzz-XXXXXX";
	struct signing *s;
	struct str key;
	struct err e;

	ASSERT(mkdtemp(dir));
	key = str_fmt(a, "%s/dkim/s1.private", dir);
	ASSERT(mkdir(str_z(a, str_fmt(a, "%s/dkim", dir)), 0700) == 0);
	ASSERT(file_replace(str_z(a, key), str_of(ed25519), &attr, &e) == 0);
	ASSERT(signing_load(a, dir, &cfg, &s, &e) == 0);
	unlink(str_z(a, key));
	rmdir(str_z(a, str_fmt(a, "%s/dkim", dir)));
	rmdir(dir);
	return s;
}

static int write_mail(void *ctx, const struct sink *to, struct err *e)
{
	return sink_write(to, *(const struct str *)ctx, e);
}

static int into_buf(void *ctx, struct str s, struct err *e)
{
	(void)e;
	buf_add(ctx, s);
	return 0;
}

/* d= of our own field, which stands between a blank and a semicolon. */
static void check_field(struct str field)
{
	ptrdiff_t at = str_find(field, STR("\td="));
	struct str domain;
	struct err e;

	if (at < 0)
		at = str_find(field, STR(" d="));
	ASSERT(str_starts(field, STR("DKIM-Signature: v=1; ")) && at > 0);
	domain = str_from(field, (size_t)at + 3);
	domain = str_cut(&domain, ';');
	ASSERT(fmt_dns_name.check(domain, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *keys, *a;
	static struct signing *by_header, *by_envelope;
	struct str mail = { (const char *)data, size };
	struct signing_mail m = { .now = 1700000000 };
	struct smtp_source source = { write_mail, &mail };
	struct sink sink = { into_buf, NULL };
	struct str sent;
	struct buf b;
	struct err e;

	if (!a) {
		log_quiet(true);
		keys = arena_open("keys", 16u << 20);
		by_header = load(keys, DKIM_DOMAIN_HEADER);
		by_envelope = load(keys, DKIM_DOMAIN_ENVELOPE);
		a = arena_open("signing fuzz", 256u << 20);
	}
	m.sender = str_cut(&mail, '\n');
	buf_init(&b, a, 64u << 20);
	sink.ctx = &b;
	source = signing_add(a, size % 2 ? by_envelope : by_header, &m, source);
	ASSERT(source.write(source.ctx, &sink, &e) == 0);
	sent = buf_str(&b);
	ASSERT(str_ends(sent, mail));
	if (sent.n > mail.n)
		check_field(str_sub(sent, 0, sent.n - mail.n));
	arena_reset(a);
	return 0;
}
