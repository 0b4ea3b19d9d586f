#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clean.h"
#include "base/file.h"
#include "gw/people/people_int.h"

static struct arena *a;
static struct err e;
static char root[64];
static struct people *p;

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s", e.msg);                                                     \
	} while (0)

#define LIST(...)                                                                                  \
	(struct people_list)                                                                       \
	{                                                                                          \
		(struct str[]){ __VA_ARGS__ }, sizeof((struct str[]){ __VA_ARGS__ }) /             \
						       sizeof(struct str)                          \
	}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	snprintf(root, sizeof(root), "/tmp/pmg-people-test.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	p = people_open(a, root);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static const char *file_of(const char *profile)
{
	return str_z(a, str_fmt(a, "%s/%s.mdb", root, profile));
}

/* A profile with two users, one of them as `alice` says. */
static void write_profile(const char *profile, struct str alice)
{
	struct people_writer *w;
	const struct people_user users[] = {
		{ STR("Alice"), STR("CN=Alice,DC=x"), LIST(alice, STR("A.Liddell@x.example")),
		  LIST(STR("alice"), STR("ALiddell")), LIST(STR("CN=Staff,DC=x"),
		  STR("CN=A\\, B,DC=x")) },
		{ STR("bob"), STR("CN=Bob,DC=x"), LIST(STR("bob@x.example")), LIST(STR("bob")),
		  { NULL, 0 } },
	};

	OK(people_write(a, root, str_of(profile), &w, &e));
	OK(people_write_user(w, &users[0], &e));
	OK(people_write_user(w, &users[1], &e));
	OK(people_write_end(w, &e));
}

static enum people_answer has(const char *profile, const char *address)
{
	return people_has(p, str_of(profile), str_of(address));
}

static enum people_answer in_group(const char *profile, const char *group, const char *address)
{
	return people_in_group(p, str_of(profile), str_of(group), str_of(address));
}

static enum people_answer has_account(const char *profile, const char *name, const char *address)
{
	return people_has_account(p, str_of(profile), str_of(name), str_of(address));
}

static void nobody(void **state)
{
	(void)state;
	people_refresh(p);
	assert_int_equal(has("", "alice@x.example"), PEOPLE_ABSENT);
	assert_int_equal(has("hq", "alice@x.example"), PEOPLE_ABSENT);
	assert_int_equal(in_group("hq", "CN=Staff,DC=x", "alice@x.example"), PEOPLE_ABSENT);
	assert_int_equal(has_account("hq", "alice", "alice@x.example"), PEOPLE_ABSENT);
	assert_true(str_eq(people_primary(p, a, STR("Alice@X.example")), STR("alice@x.example")));
}

static void addresses(void **state)
{
	(void)state;
	write_profile("hq", STR("alice@x.example"));
	people_refresh(p);
	assert_int_equal(has("hq", "alice@x.example"), PEOPLE_YES);
	assert_int_equal(has("hq", "ALICE@X.example"), PEOPLE_YES);
	assert_int_equal(has("hq", "a.liddell@x.example"), PEOPLE_YES);
	assert_int_equal(has("", "bob@x.example"), PEOPLE_YES);
	assert_int_equal(has("hq", "carol@x.example"), PEOPLE_NO);
	assert_int_equal(has("", "carol@x.example"), PEOPLE_NO);
	assert_int_equal(has("hq", ""), PEOPLE_NO);
	assert_int_equal(has("HQ", "bob@x.example"), PEOPLE_ABSENT);
	assert_int_equal(people_has(p, STR("hq"), (struct str){ NEW_N(a, char, 1000), 1000 }),
			 PEOPLE_NO);
}

static void groups_and_accounts(void **state)
{
	(void)state;
	write_profile("hq", STR("alice@x.example"));
	people_refresh(p);
	assert_int_equal(in_group("hq", "CN=Staff,DC=x", "A.LIDDELL@x.example"), PEOPLE_YES);
	assert_int_equal(in_group("hq", "CN=A\\, B,DC=x", "alice@x.example"), PEOPLE_YES);
	assert_int_equal(in_group("hq", "cn=staff,dc=x", "alice@x.example"), PEOPLE_NO);
	assert_int_equal(in_group("hq", "CN=Staff,DC=x", "bob@x.example"), PEOPLE_NO);
	assert_int_equal(in_group("hq", "CN=Staff,DC=x", "carol@x.example"), PEOPLE_NO);
	assert_int_equal(has_account("hq", "aliddell", "alice@x.example"), PEOPLE_YES);
	assert_int_equal(has_account("hq", "Alice", "a.liddell@x.example"), PEOPLE_YES);
	assert_int_equal(has_account("hq", "bob", "alice@x.example"), PEOPLE_NO);
	assert_int_equal(has_account("hq", "carol", "carol@x.example"), PEOPLE_NO);
	assert_int_equal(has_account("hq", "", "alice@x.example"), PEOPLE_NO);
}

static void whole_user(void **state)
{
	struct people_user u;
	struct str profile;

	(void)state;
	write_profile("zz", STR("other@x.example"));
	write_profile("hq", STR("Alice@x.example"));
	people_refresh(p);
	assert_true(people_find(p, a, STR("a.LIDDELL@x.example"), &profile, &u));
	assert_true(str_eq(profile, STR("hq")));
	assert_true(str_eq(u.account, STR("Alice")));
	assert_true(str_eq(u.dn, STR("CN=Alice,DC=x")));
	assert_int_equal(u.addresses.n, 2);
	assert_true(str_eq(u.addresses.p[0], STR("alice@x.example")));
	assert_int_equal(u.groups.n, 2);
	assert_true(str_eq(people_primary(p, a, STR("A.Liddell@x.example")),
			   STR("alice@x.example")));
	assert_false(people_find(p, a, STR("carol@x.example"), &profile, &u));
}

/* Readers see the old file until the new one is complete, and then the new one. */
static void replaced(void **state)
{
	struct people_writer *w;
	const struct people_user u = { STR("c"), STR("c"), LIST(STR("carol@x.example")),
				       { NULL, 0 }, { NULL, 0 } };

	(void)state;
	write_profile("hq", STR("alice@x.example"));
	people_refresh(p);
	OK(people_write(a, root, STR("hq"), &w, &e));
	OK(people_write_user(w, &u, &e));
	people_refresh(p);
	assert_int_equal(has("hq", "alice@x.example"), PEOPLE_YES);
	OK(people_write_end(w, &e));
	assert_int_equal(has("hq", "alice@x.example"), PEOPLE_YES);
	people_refresh(p);
	assert_int_equal(has("hq", "alice@x.example"), PEOPLE_NO);
	assert_int_equal(has("hq", "carol@x.example"), PEOPLE_YES);
	assert_int_equal(unlink(file_of("hq")), 0);
	people_refresh(p);
	assert_int_equal(has("hq", "carol@x.example"), PEOPLE_ABSENT);
}

/* What was begun and not ended leaves nothing behind. */
static void given_up(void **state)
{
	struct arena *b = arena_open("writer", 16u << 20);
	struct people_writer *w;

	(void)state;
	OK(people_write(b, root, STR("hq"), &w, &e));
	arena_close(b);
	assert_int_equal(rmdir(root), 0);
	assert_int_equal(mkdir(root, 0700), 0);
}

static void bad_users(void **state)
{
	struct people_user u = { STR("c"), STR("c"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	struct people_writer *w;

	(void)state;
	assert_int_equal(people_write(a, root, STR("../x"), &w, &e), -1);
	assert_int_equal(people_write(a, root, STR(".x"), &w, &e), -1);
	assert_int_equal(people_write(a, root, STR(""), &w, &e), -1);
	OK(people_write(a, root, STR("hq"), &w, &e));
	assert_int_equal(people_write_user(w, &u, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	u.addresses = LIST(STR("x@x.example"), (struct str){ NEW_N(a, char, 321), 321 });
	assert_int_equal(people_write_user(w, &u, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	u.addresses = LIST(STR("carol@x.example"));
	OK(people_write_user(w, &u, &e));
	u.account = STR("second");
	OK(people_write_user(w, &u, &e));
	OK(people_write_end(w, &e));
	people_refresh(p);
	assert_int_equal(has("hq", "carol@x.example"), PEOPLE_YES);
	assert_true(people_find(p, a, STR("carol@x.example"), &(struct str){ 0 }, &u));
	assert_true(str_eq(u.account, STR("c")));
}

/* As a new file that was renamed into place. */
static void put_file(const char *profile, struct str content)
{
	const struct file_attr attr = { 0640, (uid_t)-1, (gid_t)-1 };

	OK(file_replace(file_of(profile), content, &attr, &e));
}

static void assert_broken(struct str content)
{
	put_file("hq", content);
	people_refresh(p);
	assert_int_equal(has("hq", "alice@x.example"), PEOPLE_BROKEN);
	assert_int_equal(has("hq", "carol@x.example"), PEOPLE_BROKEN);
	assert_int_equal(in_group("hq", "CN=Staff,DC=x", "alice@x.example"), PEOPLE_BROKEN);
	assert_int_equal(has_account("hq", "alice", "alice@x.example"), PEOPLE_BROKEN);
	assert_true(str_eq(people_primary(p, a, STR("A.Liddell@x.example")),
			   STR("a.liddell@x.example")));
}

/* Cut at every block, and a bit turned in every block: never used, never a crash. */
static void broken_files(void **state)
{
	struct str whole;
	char *copy;

	(void)state;
	write_profile("hq", STR("alice@x.example"));
	OK(file_read(a, file_of("hq"), 1 << 20, &whole, &e));
	for (size_t n = 0; n < whole.n; n += 997)
		assert_broken(str_sub(whole, 0, n));
	copy = arena_alloc(a, whole.n);
	for (size_t at = 13; at < whole.n; at += 499) {
		memcpy(copy, whole.p, whole.n);
		copy[at] ^= 4;
		assert_broken((struct str){ copy, whole.n });
	}
	assert_broken(STR("SQLite format 3"));
	assert_broken(str_cat(a, whole, STR("x")));
	/* another profile still answers, but that nobody has an address, nobody can say */
	write_profile("zz", STR("zoe@x.example"));
	people_refresh(p);
	assert_int_equal(has("zz", "zoe@x.example"), PEOPLE_YES);
	assert_int_equal(has("", "zoe@x.example"), PEOPLE_YES);
	assert_int_equal(has("", "carol@x.example"), PEOPLE_BROKEN);
	put_file("hq", whole);
	people_refresh(p);
	assert_int_equal(has("hq", "alice@x.example"), PEOPLE_YES);
}

/* The check sum is right, what it covers is not LMDB's. */
static void sealed_rubbish(void **state)
{
	unsigned char hash[PEOPLE_HASH];
	struct str rubbish = { arena_alloc(a, 65536), 65536 };
	CLEAN_FD int fd = -1;

	(void)state;
	put_file("hq", rubbish);
	fd = open(file_of("hq"), O_RDWR | O_APPEND);
	OK(people_hash(fd, rubbish.n, hash, &e));
	OK(file_write_all(fd, STR(PEOPLE_MAGIC), &e));
	OK(file_write_all(fd, (struct str){ (const char *)hash, PEOPLE_HASH }, &e));
	people_refresh(p);
	assert_int_equal(has("hq", "alice@x.example"), PEOPLE_BROKEN);
}

/* Names that are no file of ours. */
static void strange_files(void **state)
{
	(void)state;
	assert_int_equal(mkdir(file_of("dir"), 0700), 0);
	assert_int_equal(symlink("/nowhere", file_of("link")), 0);
	assert_int_equal(mkfifo(file_of("fifo"), 0600), 0);
	put_file("x y", STR("x"));
	write_profile("hq", STR("alice@x.example"));
	people_refresh(p);
	assert_int_equal(has("hq", "alice@x.example"), PEOPLE_YES);
	assert_int_equal(has("dir", "alice@x.example"), PEOPLE_BROKEN);
	assert_int_equal(has("fifo", "alice@x.example"), PEOPLE_BROKEN);
	assert_int_equal(has("link", "alice@x.example"), PEOPLE_ABSENT);
	assert_int_equal(has("x y", "alice@x.example"), PEOPLE_ABSENT);
}

enum { CROWD = 20000 };

static void many(void **state)
{
	struct people_writer *w;

	(void)state;
	OK(people_write(a, root, STR("hq"), &w, &e));
	for (int i = 0; i < CROWD; i++) {
		struct people_user u = { STR("u"), STR("u"), LIST(str_fmt(a, "u%d@x.example", i)),
					 LIST(str_fmt(a, "u%d", i)), { NULL, 0 } };

		OK(people_write_user(w, &u, &e));
	}
	OK(people_write_end(w, &e));
	people_refresh(p);
	for (int i = 0; i < CROWD; i += 7) {
		struct str address = str_fmt(a, "u%d@x.example", i);

		assert_int_equal(people_has(p, STR(""), address), PEOPLE_YES);
		assert_int_equal(people_has_account(p, STR("hq"), str_fmt(a, "u%d", i), address),
				 PEOPLE_YES);
	}
	assert_int_equal(has("hq", "u20000@x.example"), PEOPLE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(groups_and_accounts, setup, teardown),
		cmocka_unit_test_setup_teardown(whole_user, setup, teardown),
		cmocka_unit_test_setup_teardown(replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_users, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_files, setup, teardown),
		cmocka_unit_test_setup_teardown(sealed_rubbish, setup, teardown),
		cmocka_unit_test_setup_teardown(strange_files, setup, teardown),
		cmocka_unit_test_setup_teardown(many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
