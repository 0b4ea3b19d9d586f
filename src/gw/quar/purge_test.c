#define _GNU_SOURCE /* symlink, utimensat */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "gw/quar/purge.h"
#include "gw/quar/testing.h"

enum { MIDNIGHT = 1600000000, DAY = 86400, SPAM_DAYS = 7, VIRUS_DAYS = 2 };
enum { SPAM_LIMIT = MIDNIGHT - SPAM_DAYS * DAY, VIRUS_LIMIT = MIDNIGHT - VIRUS_DAYS * DAY };

static struct buf said;

static void say(void *arg, const char *path)
{
	assert_ptr_equal(arg, root);
	assert_true(str_starts(str_of(path), str_of(root)));
	buf_addf(&said, "%s ", path + strlen(root) + 1);
}

static struct quar_purged purge(bool check)
{
	const struct quar_purge p = { root, MIDNIGHT, SPAM_DAYS, VIRUS_DAYS, check, say, root };
	struct quar_purged done;

	buf_init(&said, a, 1 << 20);
	OK(quar_purge(a, db, &p, &done, &e));
	return done;
}

static bool exists(struct str file)
{
	return access(below_root(str_z(a, file)), F_OK) == 0;
}

static struct str keep(enum quar_type type, int64_t time)
{
	struct quar_mail mail = spam();

	mail.type = type;
	mail.time = time;
	return put(&mail, STR("x\n"));
}

/* A file, and when it was touched. */
static void leave(const char *name, int64_t time)
{
	const struct timespec times[] = { { time, 0 }, { time, 0 } };
	struct str rest = str_of(name), all = rest;

	while (str_chr(rest, '/') >= 0) {
		str_cut(&rest, '/');
		mkdir(below_root(str_z(a, str_sub(all, 0, all.n - rest.n - 1))), 0755);
	}
	OK(file_replace(below_root(name), STR("x"), &(struct file_attr){ 0600, -1u, -1u }, &e));
	assert_int_equal(utimensat(AT_FDCWD, below_root(name), times, 0), 0);
}

static void test_each_kind_at_its_midnight(void **state)
{
	struct str old[] = { keep(QUAR_SPAM, SPAM_LIMIT - 1), keep(QUAR_ATTACHMENT, SPAM_LIMIT - 1),
			     keep(QUAR_VIRUS, VIRUS_LIMIT - 1) };
	struct str young[] = { keep(QUAR_SPAM, SPAM_LIMIT), keep(QUAR_ATTACHMENT, SPAM_LIMIT),
			       keep(QUAR_VIRUS, VIRUS_LIMIT), keep(QUAR_SPAM, MIDNIGHT + 5) };
	struct quar_purged done;

	(void)state;
	done = purge(true);
	assert_int_equal(done.mails + done.receivers + done.files, 0);
	is_text("SELECT count(*)::text FROM CMailStore", STR("7"));
	done = purge(false);
	assert_int_equal(done.mails, 3);
	assert_int_equal(done.receivers, 6);
	assert_int_equal(done.files, 0);
	for (size_t i = 0; i < ARRAY_LEN(old); i++)
		assert_false(exists(old[i]));
	for (size_t i = 0; i < ARRAY_LEN(young); i++)
		assert_true(exists(young[i]));
	is_text("SELECT string_agg(RID::text, ' ' ORDER BY RID) FROM CMailStore", STR("4 5 6 7"));
	is_text("SELECT count(*)::text FROM CMSReceivers", STR("8"));
	done = purge(false);
	assert_int_equal(done.mails + done.receivers + done.files, 0);
}

static void test_leftover_files(void **state)
{
	static const char *const old[] = { "spam/5A/1C", "spam/5A/1600.1.2.3", "attachment/00/2",
					   "cluster/3/attachment/FF/3", "cluster/3/spam/FF/4" };
	static const char *const young[] = { "spam/5A/2C", "attachment/00/9",
					     "cluster/3/attachment/FF/9" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(old); i++)
		leave(old[i], SPAM_LIMIT - 1);
	for (size_t i = 0; i < ARRAY_LEN(young); i++)
		leave(young[i], SPAM_LIMIT);
	leave("virus/01/1", VIRUS_LIMIT - 1);
	leave("cluster/3/virus/01/1", VIRUS_LIMIT - 1);
	leave("virus/01/2", VIRUS_LIMIT);
	assert_int_equal(purge(true).files, 7);
	for (size_t i = 0; i < ARRAY_LEN(old); i++) {
		assert_true(exists(str_of(old[i])));
		assert_true(str_find(buf_str(&said), str_of(old[i])) >= 0);
	}
	assert_int_equal(purge(false).files, 7);
	for (size_t i = 0; i < ARRAY_LEN(old); i++) {
		assert_false(exists(str_of(old[i])));
		assert_true(str_find(buf_str(&said), str_of(old[i])) >= 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(young); i++)
		assert_true(exists(str_of(young[i])));
	assert_true(exists(STR("virus/01/2")));
	assert_int_equal(purge(false).files, 0);
}

static void test_nothing_else_is_touched(void **state)
{
	(void)state;
	leave("active/1C", 1);
	leave("outside/5A/1C", 1);
	leave("outside/spam/5A/1C", 1);
	leave("1C", 1);
	assert_int_equal(symlink("../outside/5A", below_root("spam/5A")), 0);
	assert_int_equal(symlink("../outside/5A/1C", below_root("spam/1D")), 0);
	assert_int_equal(mkdir(below_root("cluster"), 0755), 0);
	assert_int_equal(symlink("../outside", below_root("cluster/2")), 0);
	assert_int_equal(rmdir(below_root("virus")), 0);
	assert_int_equal(symlink("outside", below_root("virus")), 0);
	assert_int_equal(purge(false).files, 0);
	assert_true(exists(STR("active/1C")));
	assert_true(exists(STR("outside/5A/1C")));
	assert_true(exists(STR("outside/spam/5A/1C")));
	assert_true(exists(STR("1C")));
}

static void test_rows_and_files_that_do_not_agree(void **state)
{
	struct str file = keep(QUAR_SPAM, SPAM_LIMIT - 1);
	struct quar_purged done;

	(void)state;
	leave("active/1C", 1);
	leave("spam/5A/D/x", MIDNIGHT);
	OK(db_script(other,
		     "INSERT INTO CMailStore (CID, RID, Time, QType, Bytes, Spamlevel, Sender, "
		     "Header, File) VALUES (0, 100, 5, 'S', 1, 1, '', '', 'spam/00/ABC'), "
		     "(0, 101, 5, 'S', 1, 1, '', '', 'active/1C'), "
		     "(0, 102, 5, 'V', 1, 1, '', '', '/etc/../../x'), "
		     "(0, 103, 5, 'S', 1, 1, '', '', 'spam/5A/D')",
		     &e));
	OK(db_script(other,
		     "INSERT INTO CMSReceivers VALUES (7, 7, 'a@x', NULL, 1, 'N', 'N', 0, 1)", &e));
	done = purge(false);
	assert_int_equal(done.mails, 4);
	assert_int_equal(done.receivers, 3);
	assert_false(exists(file));
	assert_true(exists(STR("active/1C")));
	is_text("SELECT File FROM CMailStore", STR("spam/5A/D"));
}

static void test_many(void **state)
{
	struct quar_purged done;

	(void)state;
	OK(db_script(other,
		     "INSERT INTO CMailStore (CID, RID, Time, QType, Bytes, Spamlevel, Sender, "
		     "Header, File) SELECT i % 3, i, 5, 'S', 1, 1, '', '', 'spam/00/' || i "
		     "FROM generate_series(1, 3000) AS s(i)",
		     &e));
	done = purge(false);
	assert_int_equal(done.mails, 3000);
	is_text("SELECT count(*)::text FROM CMailStore", STR("0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_kind_at_its_midnight),
		TEST(test_leftover_files),
		TEST(test_nothing_else_is_touched),
		TEST(test_rows_and_files_that_do_not_agree),
		TEST(test_many),
	};

	log_open_stderr("purge");
	return cmocka_run_group_tests(tests, make_database, NULL);
}
