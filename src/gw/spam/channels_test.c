#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "gw/spam/channels.h"

static struct arena *a;
static char root[] = "/tmp/channels-test-XXXXXX";
static struct channels *seen;

static const char *at(const char *name)
{
	return str_z(a, str_fmt(a, "%s/%s", root, name));
}

static void put(const char *name, const char *text)
{
	struct file_attr attr = { 0644, (uid_t)-1, (gid_t)-1 };
	struct err e;

	assert_int_equal(file_replace(at(name), str_of(text), &attr, &e), 0);
}

/* A channel with one rule, as sa-update leaves it. */
static void put_channel(const char *name, const char *rule)
{
	const char *dir = str_z(a, str_fmt(a, "state/%s", name));

	mkdir(at(dir), 0755);
	put(str_z(a, str_fmt(a, "state/%s.cf", name)),
	    str_z(a, str_fmt(a, "# UPDATE version 7\ninclude %s/rules.cf\n", name)));
	put(str_z(a, str_fmt(a, "state/%s/rules.cf", name)), rule);
}

static int adopt(struct err *e)
{
	const struct spam_conf_paths paths = {
		.state_dir = at("state"), .rules_dir = at("none"), .site_dir = at("none"),
	};

	return channels_adopt(a, at("store"), &paths, seen, e);
}

static const struct channel *channel(const char *name)
{
	for (size_t i = 0; i < seen->n; i++)
		if (str_eq(seen->p[i].name, str_of(name)))
			return &seen->p[i];
	fail_msg("no channel %s", name);
	return NULL;
}

/* Has the set in use this rule? */
static bool in_use(const char *rule)
{
	const struct spam_conf_paths paths = {
		.state_dir = at("store/current"), .rules_dir = at("none"), .site_dir = at("none"),
	};
	struct spam_envelope env = { .now = 1000000000 };
	struct spam_load_report report;
	struct spam_rules *rules;
	struct spam_result r;
	struct err e;

	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0)
		return false;
	assert_int_equal(report.unknown.n, 0);
	assert_int_equal(spam_check(a, rules, STR("Subject: x\n\nx\n"), &env, 0, &r, &e), 0);
	for (size_t i = 0; i < r.n_hits; i++)
		if (str_eq(r.hits[i].name, str_of(rule)))
			return true;
	return false;
}

static int n_sets(void)
{
	CLEAN_DIR DIR *dir = opendir(at("store"));
	struct dirent *d;
	int n = 0;

	while ((d = readdir(dir)))
		n += str_starts(str_of(d->d_name), STR("set."));
	return n;
}

static void test_adopts_what_is_sound(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(adopt(&e), 0); /* nothing there, nothing to do */
	assert_int_equal(seen->n, 0);
	assert_int_equal(channels_fingerprint(at("state")), 0);
	mkdir(at("state"), 0755);
	put_channel("updates_spamassassin_org", "body ONE /x/\n");
	put_channel("kam", "body KAM /x/\n");
	assert_int_equal(adopt(&e), 0);
	assert_int_equal(seen->n, 2);
	assert_true(channel("kam")->used && channel("kam")->mistakes == 0);
	assert_true(in_use("ONE") && in_use("KAM"));
	assert_int_equal(adopt(&e), 0);
	assert_int_equal(seen->n, 0);
	assert_int_equal(n_sets(), 1);
}

static void test_a_wrong_channel_keeps_its_rules(void **state)
{
	uint64_t before;
	struct err e;

	test_adopts_what_is_sound(state);
	before = channels_fingerprint(at("state"));
	put_channel("updates_spamassassin_org", "body TWO /x/\n");
	put_channel("kam", "body OTHER /x/\nbody KAM /(x/\n");
	assert_true(channels_fingerprint(at("state")) != before);
	assert_int_equal(adopt(&e), 0);
	assert_true(in_use("TWO") && !in_use("ONE") && in_use("KAM") && !in_use("OTHER"));
	assert_true(channel("updates_spamassassin_org")->mistakes == 0);

	const struct channel *kam = channel("kam");

	assert_true(kam->used && kam->mistakes == 1 && kam->mistake.line == 2);
	assert_string_equal(str_z(a, kam->mistake.file), at("state/kam/rules.cf"));
	assert_int_equal(adopt(&e), 0); /* said again, until it is put right */
	assert_int_equal(channel("kam")->mistakes, 1);
	assert_true(in_use("KAM"));
	put_channel("kam", "body OTHER /x/\n");
	assert_int_equal(adopt(&e), 0);
	assert_true(!in_use("KAM") && in_use("OTHER"));
	assert_int_equal(n_sets(), 1);
}

static void test_one_that_was_never_sound(void **state)
{
	struct err e;

	(void)state;
	mkdir(at("state"), 0755);
	put_channel("updates_spamassassin_org", "body ONE /x/\n");
	put_channel("kam", "bdoy KAM /x/\n");
	assert_int_equal(adopt(&e), 0);
	assert_true(in_use("ONE") && !in_use("KAM"));
	assert_true(!channel("kam")->used && channel("kam")->mistakes == 1);
}

/* The rules of the package count then, not other channels alone. */
static void test_official_was_never_sound(void **state)
{
	struct err e;

	(void)state;
	mkdir(at("state"), 0755);
	put_channel("updates_spamassassin_org", "include missing.cf\n");
	put_channel("kam", "body KAM /x/\n");
	assert_int_equal(adopt(&e), 0);
	assert_int_equal(access(at("store/current"), F_OK), -1);
	assert_int_equal(n_sets(), 0);
}

static void test_while_sa_update_writes(void **state)
{
	struct err e;

	test_adopts_what_is_sound(state);
	assert_int_equal(unlink(at("state/kam.cf")), 0);
	assert_int_equal(unlink(at("state/kam/rules.cf")), 0);
	assert_int_equal(adopt(&e), 0);
	assert_true(channel("kam")->used && in_use("KAM"));
	assert_int_equal(rmdir(at("state/kam")), 0); /* given up by the administrator */
	assert_int_equal(adopt(&e), 0);
	assert_true(!in_use("KAM") && in_use("ONE"));
	assert_int_equal(rename(at("state"), at("away")), 0);
	assert_int_equal(adopt(&e), 0);
	assert_int_equal(access(at("store/current"), F_OK), -1);
	assert_int_equal(n_sets(), 0);
}

static void test_links_are_not_followed(void **state)
{
	struct err e;

	(void)state;
	mkdir(at("state"), 0755);
	put("secret", "body SECRET /x/\n");
	put_channel("updates_spamassassin_org", "body ONE /x/\n");
	assert_int_equal(symlink(at("secret"), at("state/kam.cf")), 0);
	assert_int_equal(adopt(&e), 0);
	assert_true(in_use("ONE") && !in_use("SECRET"));
	assert_int_equal(channel("kam")->mistakes, 1);
}

/* What is in use stays when the new set cannot be made. */
static void test_too_many_channels(void **state)
{
	struct err e;

	test_adopts_what_is_sound(state);
	for (int i = 0; i < CHANNELS_MAX; i++)
		put_channel(str_z(a, str_fmt(a, "c%d", i)), "body MANY /x/\n");
	assert_int_equal(adopt(&e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_true(in_use("ONE") && !in_use("MANY"));
	assert_int_equal(n_sets(), 1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 1u << 30);
	seen = NEW(a, struct channels);
	return mkdir(at("store"), 0755);
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_adopts_what_is_sound),
		T(test_a_wrong_channel_keeps_its_rules),
		T(test_one_that_was_never_sound),
		T(test_official_was_never_sound),
		T(test_while_sa_update_writes),
		T(test_links_are_not_followed),
		T(test_too_many_channels),
	};
	int failed;

	if (!mkdtemp(root))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(root);
	return failed;
}
