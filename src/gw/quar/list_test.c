#define _GNU_SOURCE /* symlink */
#include <sys/stat.h>
#include <unistd.h>

#include "gw/quar/file.h"
#include "gw/quar/list.h"
#include "gw/quar/testing.h"

static void test_ids(void **state)
{
	static const char *const bad[] = { "",        "C1R2",     "C1R2T",
					   "C1R2T3 ", "c1r2t3",   "C-1R2T3",
					   "C1R2T3;", "C1R2T3T4", " C1R2T3",
					   "C+1R2T3", "C1R2T",    "C0R2147483648T1",
					   "CR1T1",   "C1R0x1T2", "C1R99999999999999999999T1" };
	struct quar_id id = { 9, 9, 9 };

	(void)state;
	OK(quar_id_parse(STR("C0R12T268435455"), &id, &e));
	assert_int_equal(id.cid, 0);
	assert_int_equal(id.rid, 12);
	assert_int_equal(id.ticket, 268435455);
	is_str(quar_id_print(a, id), STR("C0R12T268435455"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		fails(quar_id_parse(str_of(bad[i]), &id, &e), ERR_INVALID);
	fails(quar_id_parse((struct str){ "C1R2T3\0", 7 }, &id, &e), ERR_INVALID);
}

static size_t count(struct quar_query query)
{
	struct quar_row *rows;
	size_t n;

	OK(quar_list(a, db, &query, &rows, &n, &e));
	return n;
}

static void test_list(void **state)
{
	struct quar_mail mail = spam();
	struct quar_query all = { QUAR_SPAM, QUAR_NEW, 1500000000, 1500000001, STR_NONE };
	struct quar_row *rows;
	size_t n;

	(void)state;
	put(&mail, STR("x\n"));
	mail.type = QUAR_VIRUS;
	put(&mail, STR("x\n"));
	OK(quar_list(a, db, &all, &rows, &n, &e));
	assert_int_equal(n, 2);
	is_str(rows[0].pmail, STR("ann@example.com"));
	is_str(rows[0].receiver, STR("alias@example.com"));
	is_str(rows[1].receiver, STR("bob@example.com"));
	assert_int_equal(rows[1].spam_level, 7);
	assert_int_equal(rows[1].bytes, 100);
	assert_int_equal(rows[1].time, 1500000000);
	assert_int_equal(rows[1].id.rid, 1);
	assert_int_equal(rows[1].type, QUAR_SPAM);
	assert_false(rows[1].seen);
	is_str(rows[1].info, STR("GTUBE:1000"));
	is_str(rows[1].sender, STR("envelope@x.example"));
	is_str(rows[1].header, spam().header);
	assert_int_equal(count((struct quar_query){ QUAR_SPAM, QUAR_NEW, 0, 1500000000, STR_NONE }),
			 0);
	assert_int_equal(
		count((struct quar_query){ QUAR_SPAM, QUAR_NEW, 1500000001, INT64_MAX, STR_NONE }),
		0);
	all.pmail = STR("bob@example.com");
	assert_int_equal(count(all), 1);
	all.pmail = STR("Bob@Example.COM");
	assert_int_equal(count(all), 0);
	all = (struct quar_query){ QUAR_SPAM, QUAR_DONE, 0, INT64_MAX, STR_NONE };
	assert_int_equal(count(all), 0);
	OK(db_script(other,
		     "UPDATE CMSReceivers SET Status = 'D' WHERE PMail LIKE 'ann%' "
		     "AND CMailStore_RID = 1",
		     &e));
	assert_int_equal(count(all), 1);
}

static void test_users(void **state)
{
	struct quar_query query = { QUAR_SPAM, QUAR_NEW, 1500000000, 1500000001, STR_NONE };
	struct quar_mail mail = spam();
	struct quar_user *users;
	size_t n;

	(void)state;
	put(&mail, STR("x\n"));
	mail.spam_level = 8;
	mail.n_rcpt = 1;
	put(&mail, STR("x\n"));
	mail.time++;
	put(&mail, STR("x\n"));
	OK(quar_users(a, db, &query, &users, &n, &e));
	assert_int_equal(n, 2);
	is_str(users[0].pmail, STR("ann@example.com"));
	assert_int_equal(users[0].mails, 1);
	assert_true(users[0].spam_level == 7.0);
	is_str(users[1].pmail, STR("bob@example.com"));
	assert_int_equal(users[1].mails, 2);
	assert_true(users[1].spam_level == 7.5);
}

static void test_file_names(void **state)
{
	static const char *const good[] = { "spam/5A/1C0F3ABCDEF0123456789", "virus/00/A",
					    "cluster/2/attachment/FF/0" };
	static const char *const bad[] = { "",
					   "spam/5A/",
					   "spam/5a/1C",
					   "spam/5A/1c",
					   "/spam/5A/1C",
					   "spam//5A/1C",
					   "spam/../1C",
					   "spam/5A/../1C",
					   "active/5A/1C",
					   "spam/5A/1C/2D",
					   "cluster/x/spam/5A/1C",
					   "cluster/../spam/5A/1C",
					   "cluster/2/5A/1C",
					   "cluster//spam/5A/1C",
					   "spam/5A/1C.x",
					   "spam/5AB/1C",
					   "spam/5A/111111111122222222223333333333444",
					   "../../../etc/passwd",
					   "/etc/passwd" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(quar_file_is_name(str_of(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (quar_file_is_name(str_of(bad[i])))
			fail_msg("%s", bad[i]);
	assert_false(quar_file_is_name((struct str){ "spam/5A/1C\0", 11 }));
}

static void make_file(const char *name)
{
	OK(file_replace(below_root(name), STR("secret"), &(struct file_attr){ 0600, -1u, -1u },
			&e));
}

static void test_links_are_not_followed(void **state)
{
	struct str bytes;

	(void)state;
	assert_int_equal(mkdir(below_root("spam/5A"), 0755), 0);
	make_file("spam/5A/1");
	OK(quar_file_map(a, root, STR("spam/5A/1"), &bytes, &e));
	is_str(bytes, STR("secret"));
	assert_int_equal(symlink("1", below_root("spam/5A/2")), 0);
	fails(quar_file_map(a, root, STR("spam/5A/2"), &bytes, &e), ERR_SYS);
	assert_int_equal(symlink("5A", below_root("spam/5B")), 0);
	fails(quar_file_map(a, root, STR("spam/5B/1"), &bytes, &e), ERR_SYS);
	fails(quar_file_remove(root, STR("spam/5B/1"), &e), ERR_SYS);
	assert_int_equal(mkfifo(below_root("spam/5A/3"), 0600), 0);
	fails(quar_file_map(a, root, STR("spam/5A/3"), &bytes, &e), ERR_INVALID);
	fails(quar_file_map(a, root, STR("spam/5A/4"), &bytes, &e), ERR_NOTFOUND);
	fails(quar_file_map(a, root, STR("virus/5A/1"), &bytes, &e), ERR_NOTFOUND);
	fails(quar_file_remove(root, STR("../x"), &e), ERR_INVALID);
	OK(quar_file_remove(root, STR("spam/5A/1"), &e));
	OK(quar_file_remove(root, STR("spam/5A/1"), &e));
	OK(quar_file_remove(root, STR("virus/5A/1"), &e));
	assert_int_equal(access(below_root("spam/5A/1"), F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ids),
		TEST(test_list),
		TEST(test_users),
		TEST(test_file_names),
		TEST(test_links_are_not_followed),
	};

	return cmocka_run_group_tests(tests, make_database, NULL);
}
