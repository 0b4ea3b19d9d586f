#include "mails/mails.h"

#include "base/net.h"
#include "base/vec.h"
#include "lib/proc/spawn.h"

enum { UNPACKED_MAX = 1 << 28, UNPACK_MS = 60 * 1000, BLOCK = 512 };

static char *archive_path(struct arena *a, const char *name)
{
	const char *shared = getenv("PMG_SHARED"), *root = getenv("PMG_SOURCE_ROOT");

	if (shared)
		return str_z(a, str_fmt(a, "%s/data/%s.tar.zst", shared, name));
	return str_z(a, str_fmt(a, "%s/../shared/data/%s.tar.zst", root ? root : ".", name));
}

static int unpack(struct arena *a, const char *path, struct str *tar, struct err *e)
{
	const char *argv[] = { "/usr/bin/zstd", "-qdc", path, NULL };
	struct spawn s = { .argv = argv,
			   .deadline = net_now() + UNPACK_MS,
			   .output_max = UNPACKED_MAX };
	struct spawn_result result;

	if (access(path, R_OK) < 0)
		return err_set(e, ERR_NOTFOUND, "%s is not there", path);
	if (spawn_run(a, &s, &result, e) < 0)
		return -1;
	if (result.status != 0)
		return err_set(e, ERR_SYS, "zstd: %.*s", STR_ARG(result.errors));
	*tar = result.out;
	return 0;
}

/* A number in octal digits, ended by anything else. */
static size_t octal(struct str digits)
{
	size_t n = 0;

	for (size_t i = 0; i < digits.n && digits.p[i] >= '0' && digits.p[i] <= '7'; i++)
		n = n * 8 + (size_t)(digits.p[i] - '0');
	return n;
}

static struct str field(struct str header, size_t off, size_t n)
{
	struct str s = str_sub(header, off, n);

	return str_cut(&s, '\0');
}

int mails_read(struct arena *a, const char *name, struct mail_files *out, struct err *e)
{
	VEC(struct mail_file) files = { 0 };
	struct str tar;

	if (unpack(a, archive_path(a, name), &tar, e) < 0)
		return err_wrap(e, "mails of %s", name);
	while (tar.n >= BLOCK && tar.p[0]) {
		struct str header = str_sub(tar, 0, BLOCK);
		size_t size = octal(field(header, 124, 12));
		struct mail_file file = { field(header, 0, 100), str_sub(tar, BLOCK, size) };

		if (header.p[156] == '0' || header.p[156] == '\0')
			vec_add(a, &files, file);
		tar = str_from(tar, BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK);
	}
	*out = (struct mail_files){ files.p, files.n };
	return 0;
}

bool mails_is_mail(struct str bytes)
{
	size_t n = 0;

	if (str_starts(bytes, STR("From ")))
		return true;
	while (n < bytes.n && (ascii_is_alpha(bytes.p[n]) || bytes.p[n] == '-'))
		n++;
	return n > 1 && n < bytes.n && bytes.p[n] == ':';
}
