/* Any lines as what sa-awl prints: what was taken comes out again, and is taken again. */
#include <stdint.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/net.h"
#include "gw/spam/awl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATIENCE = 10000, TEXT_MAX = 64 << 20 };

/* One store for all inputs; its file is gone with the process. */
static struct awl *store(void)
{
	static struct awl *w;
	char path[] = "/tmp/awl-fuzz-XXXXXX";
	static struct arena *a;
	struct err e;
	int fd;

	if (w)
		return w;
	fd = mkstemp(path);
	ASSERT(fd >= 0);
	close(fd);
	a = arena_open("fuzz store", 1 << 20);
	ASSERT(awl_open(a, path, true, &w, &e) == 0);
	unlink(path);
	unlink(str_z(a, str_fmt(a, "%s-lock", path)));
	unlink(str_z(a, str_fmt(a, "%s-writer", path)));
	return w;
}

static int keep(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	buf_add(ctx, bytes);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 256u << 20);
	struct str text = { (const char *)data, size };
	size_t skipped;
	struct buf out;
	struct sink to = { keep, &out };
	struct err e;

	buf_init(&out, a, TEXT_MAX);
	if (awl_import(store(), text, net_now() + PATIENCE, &skipped, &e) < 0)
		return 0;
	ASSERT(awl_export(store(), &to, &e) == 0 && !out.failed);
	ASSERT(awl_import(store(), buf_str(&out), net_now() + PATIENCE, &skipped, &e) == 0);
	ASSERT(skipped == 0);
	return 0;
}
