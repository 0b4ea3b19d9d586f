#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "gw/filter/poison.h"

static char path[] = "/tmp/poison_test.XXXXXX";

static void put(struct str content)
{
	struct file_attr attr = { 0600, (uid_t)-1, (gid_t)-1 };
	struct err e;

	assert_int_equal(file_replace(path, content, &attr, &e), 0);
}

static void test_counts_by_content_across_processes(void **state)
{
	struct poison *p;
	struct err e;
	int status;

	(void)state;
	assert_int_equal(poison_open(&p, &e), 0);
	assert_int_equal(poison_deaths(p, STR("bad")), 0);
	put(STR("bad"));
	for (unsigned i = 1; i <= POISON_DEATHS; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			poison_count(p, path);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(poison_deaths(p, STR("bad")), i);
		assert_int_equal(poison_deaths(p, STR("good")), 0);
	}
}

/* The mail that is too large for a worker's memory is one that ends it. */
static void test_has_no_limit_of_size(void **state)
{
	const size_t size = ((size_t)1 << 30) + 1;
	struct poison *p;
	struct err e;
	void *zeros;

	(void)state;
	assert_int_equal(poison_open(&p, &e), 0);
	put(STR(""));
	assert_int_equal(truncate(path, (off_t)size), 0);
	poison_count(p, path);
	zeros = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(zeros != MAP_FAILED);
	assert_int_equal(poison_deaths(p, (struct str){ zeros, size }), 1);
	munmap(zeros, size);
}

/* More poisonous mails than places: the oldest is forgotten, the newest never. */
static void test_is_bounded(void **state)
{
	struct arena *a = arena_open("test", 1 << 20);
	struct poison *p;
	struct err e;

	(void)state;
	assert_int_equal(poison_open(&p, &e), 0);
	for (int i = 0; i <= POISON_MAILS; i++) {
		struct str mail = str_fmt(a, "mail %d", i);

		put(mail);
		poison_count(p, path);
		assert_int_equal(poison_deaths(p, mail), 1);
	}
	assert_int_equal(poison_deaths(p, STR("mail 0")), 0);
	assert_int_equal(poison_deaths(p, STR("mail 1")), 1);
	arena_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_by_content_across_processes),
		cmocka_unit_test(test_has_no_limit_of_size),
		cmocka_unit_test(test_is_bounded),
	};
	int failed, fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	freopen("/dev/null", "w", stderr);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
