#include <stdint.h>
#include <unistd.h>

#include "base/err.h"
#include "base/net.h"
#include "gw/spam/bayes_store.h"
#include "lib/uri/domains.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATIENCE = 10000 };

static int count_bytes(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	*(size_t *)ctx += bytes.n;
	return 0;
}

/* One store for all inputs; its file is gone with the process. */
static struct bayes_store *store(void)
{
	static struct bayes_store *s;
	char path[] = "/tmp/bayes-fuzz-XXXXXX";
	static struct arena *a;
	struct err e;
	int fd;

	if (s)
		return s;
	fd = mkstemp(path);
	ASSERT(fd >= 0);
	close(fd);
	a = arena_open("fuzz store", 1 << 20);
	ASSERT(bayes_store_open(a, path, true, &s, &e) == 0);
	unlink(path);
	unlink(str_z(a, str_fmt(a, "%s-lock", path)));
	unlink(str_z(a, str_fmt(a, "%s-writer", path)));
	return s;
}

static void fuzz_tokens(struct arena *a, struct str raw)
{
	struct uri_domains *domains = uri_domains_new(a);
	struct spam_mail mail = { .raw = raw };
	struct spam_view_options o;
	struct bayes_conf conf;
	struct bayes_keys keys;
	struct map tokens;

	uri_domains_add(domains, STR("com"));
	spam_view_options_init(&o, domains);
	bayes_conf_init(a, &conf);
	bayes_tokens(a, spam_message_read(a, &mail, &o), &conf, &tokens);
	keys = bayes_keys(a, &tokens);
	ASSERT(keys.n <= tokens.n);
	for (size_t i = 1; i < keys.n; i++)
		ASSERT(keys.v[i - 1] < keys.v[i]);
}

/* What was read must come out again, and be readable. */
static void fuzz_text(struct str text)
{
	struct bayes_store *s = store();
	size_t skipped, n = 0;
	struct sink to = { count_bytes, &n };
	struct err e;

	if (bayes_store_import(s, text, net_now() + PATIENCE, &skipped, &e) < 0)
		return;
	ASSERT(bayes_store_export(s, &to, &e) == 0 && n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str input = { (const char *)data, size };

	if (str_starts(input, STR("v\t")))
		fuzz_text(input);
	else
		fuzz_tokens(a, input);
	return 0;
}
