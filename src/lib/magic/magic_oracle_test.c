/*
 * Holds our reading of shared-mime-info's files against GLib's, on real files: the programs, icons,
 * documents and libraries that this machine happens to have, by content and by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <gio/gio.h>

#include "base/clean.h"
#include "lib/magic/magic.h"

enum { FILES_PER_DIRECTORY = 300, PATH_SIZE = 4096 };

static const char *const directories[] = {
	"/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/share/perl5", "/usr/share/mime/application",
	"/usr/share/doc/perl", "/usr/share/man/man1", "/usr/share/spamassassin", "/etc",
};

static struct arena *a;
static struct magic *m;
static int compared, differing;

static void compare(struct str ours, const char *theirs, const char *path, const char *by)
{
	struct str expected = magic_canonical(str_of(theirs));

	compared++;
	if (str_eq(ours, expected))
		return;
	differing++;
	printf("%s by %s: %.*s, GLib says %s\n", path, by, STR_ARG(ours), theirs);
}

static void compare_file(const char *dir, const char *name, char *head, size_t head_max)
{
	char path[PATH_SIZE];
	CLEAN_FD int fd = -1;
	gboolean uncertain;
	struct stat st;
	ssize_t n;
	char *type;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	n = read(fd, head, head_max);
	if (n <= 0)
		return;
	type = g_content_type_guess(NULL, (const guchar *)head, (gsize)n, &uncertain);
	compare(magic_of_bytes(m, (struct str){ head, (size_t)n }), type, path, "content");
	g_free(type);
	type = g_content_type_guess(name, NULL, 0, &uncertain);
	if (!g_content_type_is_unknown(type))
		compare(magic_of_name(m, str_of(name)), type, path, "name");
	g_free(type);
}

static void test_like_glib(void **state)
{
	size_t head_max = magic_head(m);
	char *head = arena_alloc(a, head_max);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(directories); i++) {
		CLEAN_DIR DIR *dir = opendir(directories[i]);
		struct dirent *entry;

		for (int n = 0; dir && n < FILES_PER_DIRECTORY && (entry = readdir(dir)); n++)
			compare_file(directories[i], entry->d_name, head, head_max);
	}
	printf("%d comparisons, %d differences\n", compared, differing);
	assert_true(compared > 100);
	assert_int_equal(differing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_like_glib) };
	struct err e;
	int failed;

	a = arena_open("test", 64u << 20);
	if (magic_load(a, MAGIC_DIR, &m, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(a);
	return failed;
}
