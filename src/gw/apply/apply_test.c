/*
 * On a directory of its own: what sync writes, what it leaves alone, what it would run. The
 * templates are those that are shipped.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "gw/apply/apply.h"

#define STORES "/var/lib/pmg/spamassassin/"

static struct arena *a;
static char root[64];
static struct apply_env env;
static struct buf ran, said;    /* lines */
static int systemctl_status;
static const char *domains_in_effect;
static bool postfix_runs, reload_fails, postfix_refuses;

static const char *path_of(const char *path)
{
	return str_z(a, str_fmt(a, "%s%s", root, path));
}

static void put(const char *path, const char *content)
{
	const struct file_attr attr = { 0644, (uid_t)-1, (gid_t)-1 };
	struct err e;

	if (file_replace(path_of(path), str_of(content), &attr, &e) < 0)
		fail_msg("%s", e.msg);
}

static char *get(const char *path)
{
	struct str text;
	struct err e;

	if (file_read(a, path_of(path), 1 << 20, &text, &e) < 0)
		fail_msg("%s", e.msg);
	return str_z(a, text);
}

/* Stands in for the programs: postmap makes the file it would make. */
static int fake_run(void *ctx, struct arena *arena, const char *const *argv, struct str *output,
		    int *status, struct err *e)
{
	(void)ctx;
	(void)arena;
	(void)e;
	*output = STR("it says why\n");
	*status = postfix_refuses;
	if (strstr(argv[0], "/post") && strcmp(argv[1], "-c") == 0)
		return 0;
	if (strcmp(argv[1], "-s") == 0) {
		*output = str_of(domains_in_effect);
		*status = 0;
		return 0;
	}
	for (int i = 0; argv[i]; i++)
		buf_addf(&ran, "%s%s", i > 0 ? " " : "", argv[i]);
	buf_addc(&ran, '\n');
	if (strstr(argv[0], "postmap") || strstr(argv[0], "postalias"))
		put(str_z(a, str_fmt(a, "%s.db", argv[1] + strlen("hash:"))), "compiled\n");
	*status = 0;
	if (strcmp(argv[0], "/usr/bin/systemctl") == 0)
		*status = systemctl_status;
	if (strcmp(argv[0], "/usr/sbin/postfix") == 0) {
		if (strcmp(argv[1], "status") == 0)
			*status = postfix_runs ? 0 : 1;
		else if (reload_fails)
			*status = 1;
	}
	return 0;
}

static void fake_say(void *ctx, const char *line)
{
	(void)ctx;
	buf_addf(&said, "%s\n", line);
}

static void make_tree(void)
{
	static const char *const dirs[] = {
		"/etc",		  "/etc/postfix",	   "/etc/clamav",	"/root",
		"/run",		  "/run/pmg-smtp-filter", "/var",		"/var/lock",
		"/var/lib",	  "/var/lib/pmg",	   "/var/lib/pmg/spamassassin",
		"/var/spool",
		"/var/lib/pmg/templates", "/etc/postgresql", "/etc/postgresql/15",
		"/etc/postgresql/15/main", "/etc/mail",	   "/etc/mail/spamassassin",
	};
	static const char *const templates[] = {
		"main.cf.in",	 "master.cf.in",       "clamd.conf.in",
		"freshclam.conf.in", "postgresql.conf.in", "pg_hba.conf.in",
		"local.cf.in",	 "init.pre.in",	       "v310.pre.in",
		"v320.pre.in",	 "v342.pre.in",	       "v400.pre.in",
	};

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		assert_return_code(mkdir(path_of(dirs[i]), 0755), 0);
	for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
		struct str text, from = str_fmt(a, "%s/templates/%s", getenv("PMG_SOURCE_ROOT"),
						templates[i]);
		struct err e;

		if (file_read(a, str_z(a, from), 1 << 20, &text, &e) < 0)
			fail_msg("%s", e.msg);
		put(str_z(a, str_fmt(a, "/var/lib/pmg/templates/%s", templates[i])),
		    str_z(a, text));
	}
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 128u << 20);
	snprintf(root, sizeof(root), "%s/pmg-apply-test.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"); /* many an fsync */
	if (!mkdtemp(root))
		return -1;
	make_tree();
	env = (struct apply_env){
		.sysroot = root,
		.cfg = { path_of("/etc/pmg"), "gate", path_of("/etc/resolv.conf"), 2000 },
		.facts = { { 4, { 192, 0, 2, 10 } }, { { 4, { 192, 0, 2, 0 } }, 24 },
			   STR("15"), { 0 } },
		.run = fake_run,
		.say = fake_say,
	};
	put("/etc/resolv.conf", "search example.com\n");
	assert_return_code(mkdir(path_of("/etc/pmg"), 0755), 0);
	buf_init(&ran, a, 1 << 20);
	buf_init(&said, a, 1 << 20);
	postfix_runs = true;
	domains_in_effect = "";
	reload_fails = postfix_refuses = false;
	systemctl_status = 0;
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
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_close(a);
	return 0;
}

static size_t sync_ok(bool restart)
{
	size_t changed = 0;
	struct err e;

	ran.n = said.n = 0;
	if (apply_sync(a, &env, restart, &changed, &e) < 0)
		fail_msg("%s", e.msg);
	return changed;
}

static struct err sync_fails(bool restart)
{
	size_t changed = 0;
	struct err e = { 0 };

	ran.n = said.n = 0;
	assert_int_equal(apply_sync(a, &env, restart, &changed, &e), -1);
	return e;
}

static char *ran_text(void)
{
	return str_z(a, buf_str(&ran));
}

static void assert_has(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("not there: %s\nin: %s", wanted, text);
}

static void assert_lacks(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted))
		fail_msg("there: %s", unwanted);
}

static void test_first_sync(void **state)
{
	char *main_cf;

	(void)state;
	assert_int_equal(sync_ok(true), 15);
	main_cf = get("/etc/postfix/main.cf");
	assert_has(main_cf, "\nmyhostname = gate.example.com\n");
	assert_has(main_cf, "\nmynetworks = 127.0.0.0/8 192.0.2.0/24 [::1]/128\n");
	assert_has(main_cf, "\nsmtpd_banner = $myhostname ESMTP Proxmox\n");
	assert_has(main_cf, "\nlmtp_data_done_timeout = 660s\n");
	assert_has(main_cf, "check_policy_service inet:127.0.0.1:10022");
	assert_has(get("/etc/postfix/master.cf"), "-o mynetworks=127.0.0.0/8,192.0.2.10\n");
	assert_string_equal(get("/root/.forward"), "admin@domain.tld\n");
	assert_has(get("/etc/clamav/clamd.conf"), "\nMaxFileSize 25000000\n");
	assert_has(get("/etc/postgresql/15/main/postgresql.conf"),
		   "\ndata_directory = '/var/lib/postgresql/15/main'\n");
	assert_string_equal(get("/run/pmg-smtp-filter/pmg-smtp-filter.cfg"), "");
	assert_has(ran_text(), "/usr/sbin/postmap hash:/etc/pmg/transport\n");
	assert_has(ran_text(), "/usr/sbin/postalias hash:/etc/aliases\n");
	assert_string_equal(get("/etc/postfix/rcptaccess"), "");
	assert_string_equal(said.n ? "said" : "", "");
}

/* clamd takes for clean what is larger than its limits; no mail that passes may be that. */
static void test_no_mail_is_too_large_to_be_scanned(void **state)
{
	(void)state;
	put("/etc/pmg/pmg.conf", "section: mail\n\tmaxsize 300000000\n");
	sync_ok(false);
	assert_has(get("/etc/clamav/clamd.conf"), "\nMaxFileSize 600000000\n");
	assert_has(get("/etc/clamav/clamd.conf"), "\nMaxScanSize 600000000\n");
	assert_has(get("/etc/clamav/clamd.conf"), "\nMaxScanTime 660000\n");
}

/* The settings of section spam, as rule files say them (config.md section 7). */
static void test_spam_files(void **state)
{
	static const char plugin[] = "\nloadplugin Mail::SpamAssassin::Plugin::";
	char *v310, *local;

	(void)state;
	sync_ok(false);
	local = get("/etc/mail/spamassassin/local.cf");
	assert_has(local, "\nuse_bayes 1\n");
	assert_has(local, "\nok_languages all\n");
	assert_lacks(local, "skip_rbl_checks");
	assert_lacks(local, "ANY_BOUNCE_MESSAGE");
	v310 = get("/etc/mail/spamassassin/v310.pre");
	assert_has(v310, str_z(a, str_fmt(a, "%sRazor2\n", plugin)));
	assert_has(v310, str_z(a, str_fmt(a, "%sAWL\n", plugin)));
	assert_has(get("/etc/mail/spamassassin/init.pre"),
		   "\nenable_compat welcomelist_blocklist\n");
	assert_has(get("/etc/mail/spamassassin/v342.pre"), "HashBL\n");

	put("/etc/pmg/pmg.conf", "section: spam\n\trbl_checks 0\n\tuse_bayes 0\n\tuse_awl 0\n"
				 "\tbounce_score 4\n\twl_bounce_relays a.example b.example\n"
				 "\tlanguages en de\n");
	sync_ok(false);
	local = get("/etc/mail/spamassassin/local.cf");
	assert_has(local, "\nuse_bayes 0\n");
	assert_has(local, "\nok_languages en de\n");
	assert_has(local, "\nskip_rbl_checks 1\n"
			  "welcomelist_bounce_relays a.example b.example\n"
			  "score ANY_BOUNCE_MESSAGE 4\n");
	v310 = get("/etc/mail/spamassassin/v310.pre");
	assert_lacks(v310, "Razor2");
	assert_lacks(v310, "AWL");
	assert_has(v310, "TextCat\n");
	assert_lacks(get("/etc/mail/spamassassin/init.pre"), "SPF");
	assert_has(get("/etc/mail/spamassassin/init.pre"), "DKIM\n");
	assert_lacks(get("/etc/mail/spamassassin/v342.pre"), "loadplugin");
	assert_has(get("/etc/mail/spamassassin/v400.pre"), "DMARC\n");
}

static bool is_there(const char *path)
{
	return access(path_of(path), F_OK) == 0;
}

/* config.md section 5: learning that is switched off keeps nothing; the other one stays. */
static void test_what_was_learnt_goes_with_its_setting(void **state)
{
	(void)state;
	put(STORES "bayes.mdb", "x");
	put(STORES "bayes.mdb-lock", "x");
	put(STORES "bayes.mdb-writer", "x");
	put(STORES "auto-whitelist.mdb", "x");
	sync_ok(false);
	assert_true(is_there(STORES "bayes.mdb") && is_there(STORES "auto-whitelist.mdb"));
	put("/etc/pmg/pmg.conf", "section: spam\n\tuse_bayes 0\n");
	sync_ok(false);
	assert_false(is_there(STORES "bayes.mdb") || is_there(STORES "bayes.mdb-lock") ||
		     is_there(STORES "bayes.mdb-writer"));
	assert_true(is_there(STORES "auto-whitelist.mdb"));
	put("/etc/pmg/pmg.conf", "section: spam\n\tuse_awl 0\n");
	sync_ok(false);
	assert_false(is_there(STORES "auto-whitelist.mdb"));
}

/* Everything Postfix opens exists and is compiled before it is told to reload. */
static void test_maps_come_before_the_reload(void **state)
{
	char *text, *reload;

	(void)state;
	sync_ok(true);
	text = ran_text();
	reload = strstr(text, "postfix reload");
	assert_non_null(reload);
	assert_true(strstr(text, "postalias") < reload);
	assert_true(strstr(text, "tls_inbound_domains") < reload);
	assert_null(strstr(reload, "postmap"));
}

static void test_second_sync_changes_nothing(void **state)
{
	(void)state;
	sync_ok(true);
	assert_int_equal(sync_ok(true), 0);
	assert_string_equal(ran_text(), "");
}

static void test_only_what_changed_is_told(void **state)
{
	(void)state;
	sync_ok(true);
	put("/etc/pmg/pmg.conf", "section: mail\n\tdwarning 0\n");
	assert_int_equal(sync_ok(true), 2); /* main.cf, and the settings that the filter sees */
	assert_lacks(get("/etc/postfix/main.cf"), "delay_warning_time");
	assert_string_equal(ran_text(), "/usr/sbin/postfix status\n"
					"/usr/sbin/postfix reload\n"
					"/usr/bin/pmg-smtp-filter status\n"
					"/usr/bin/pmg-smtp-filter reload\n");
	put("/etc/pmg/pmg.conf", "section: mail\n\tdwarning 0\n\nsection: admin\n\tavast 1\n");
	assert_int_equal(sync_ok(true), 1);
	assert_string_equal(ran_text(), "/usr/bin/pmg-smtp-filter status\n"
					"/usr/bin/pmg-smtp-filter reload\n");
}

static void test_without_restart_it_stays_to_be_told(void **state)
{
	(void)state;
	sync_ok(true);
	put("/etc/pmg/pmg.conf", "section: mail\n\tbanner x\n");
	assert_int_equal(sync_ok(false), 2);
	assert_string_equal(ran_text(), "");
	assert_int_equal(sync_ok(true), 0);
	assert_has(ran_text(), "postfix reload");
	sync_ok(true);
	assert_string_equal(ran_text(), "");
}

static void test_failed_reload_is_tried_again(void **state)
{
	struct err e;

	(void)state;
	reload_fails = true;
	e = sync_fails(true);
	assert_string_equal(e.msg, "/usr/sbin/postfix reload: exit status 1: it says why");
	assert_has(ran_text(), "pmg-smtp-filter reload"); /* the others are told all the same */
	reload_fails = false;
	assert_int_equal(sync_ok(true), 0);
	assert_string_equal(ran_text(), "/usr/sbin/postfix status\n/usr/sbin/postfix reload\n");
}

static void test_what_does_not_run_is_left_alone(void **state)
{
	(void)state;
	postfix_runs = false;
	sync_ok(true);
	assert_has(ran_text(), "/usr/sbin/postfix status\n");
	assert_lacks(ran_text(), "postfix reload");
	assert_lacks(ran_text(), "clamd");
}

static void test_systemd(void **state)
{
	(void)state;
	env.systemd = true;
	sync_ok(true);
	assert_has(ran_text(), "/usr/bin/systemctl try-reload-or-restart postfix\n");
	assert_has(ran_text(), "/usr/bin/systemctl try-restart clamav-daemon\n");
	assert_has(ran_text(), "/usr/bin/systemctl try-restart clamav-freshclam\n");
	assert_has(ran_text(), "/usr/bin/systemctl try-reload-or-restart pmg-smtp-filter\n");
}

/* A process of that name that ends on SIGTERM, and a pid file that names it. */
static pid_t fake_clamd(const char *comm)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NAME, comm);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	mkdir(path_of("/run/clamav"), 0755);
	put("/run/clamav/clamd.pid", str_z(a, str_fmt(a, "%d\n", pid)));
	return pid;
}

static bool has_name(pid_t pid, const char *comm)
{
	char name[32] = "";
	CLEAN_FILE FILE *f = fopen(str_z(a, str_fmt(a, "/proc/%d/comm", pid)), "re");

	return f && fgets(name, sizeof(name), f) && str_eq(str_trim(str_of(name)), str_of(comm));
}

static void test_clamd_is_ended_and_started(void **state)
{
	pid_t pid;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	pid = fake_clamd("clamd");
	while (!has_name(pid, "clamd"))
		sched_yield();
	sync_ok(true);
	assert_has(ran_text(), "/usr/sbin/clamd -c /etc/clamav/clamd.conf\n");
	assert_int_equal(kill(pid, 0), -1);
	/* A number that now belongs to somebody else is left alone. */
	pid = fake_clamd("other");
	while (!has_name(pid, "other"))
		sched_yield();
	put("/etc/pmg/pmg.conf", "section: clamav\n\tmaxcccount 3\n");
	sync_ok(true);
	assert_lacks(ran_text(), "clamd");
	assert_return_code(kill(pid, SIGKILL), 0);
	signal(SIGCHLD, SIG_DFL);
}

static void test_systemd_without_the_unit_or_refusing(void **state)
{
	struct err e;

	(void)state;
	env.systemd = true;
	systemctl_status = 5; /* what systemctl(1) says when there is no such unit */
	sync_ok(true);
	put("/etc/pmg/pmg.conf", "section: mail\n\tdwarning 1\n");
	systemctl_status = 1;
	e = sync_fails(true);
	assert_string_equal(e.msg,
			    "systemctl try-reload-or-restart postfix: exit status 1: it says why");
}

static void test_wrong_settings_touch_nothing(void **state)
{
	char *before;
	struct err e;

	(void)state;
	sync_ok(true);
	before = get("/etc/postfix/main.cf");
	put("/etc/pmg/pmg.conf", "section: mail\n\tbanner new\n\tmaxsize 5\n\tunknown 1\n");
	put("/etc/pmg/mynetworks", "192.0.2.1/24 #*\n");
	e = sync_fails(true);
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.msg, "3 settings are wrong: nothing was changed");
	assert_has(str_z(a, buf_str(&said)),
		   "/etc/pmg/pmg.conf:3: section mail, setting maxsize, value "
		   "'5': must be at least 1024\n");
	assert_has(str_z(a, buf_str(&said)), "/etc/pmg/pmg.conf:4: section mail, setting unknown");
	assert_has(str_z(a, buf_str(&said)), "/etc/pmg/mynetworks:1: ");
	assert_string_equal(get("/etc/postfix/main.cf"), before);
	assert_string_equal(ran_text(), "");
}

/* With this text in this file, sync says `why` and touches nothing; then the file is removed. */
static void assert_refused(const char *file, const char *text, const char *why)
{
	char *before = get("/etc/postfix/main.cf");
	struct err e;

	put(file, text);
	e = sync_fails(true);
	assert_int_equal(e.code, ERR_INVALID);
	assert_has(str_z(a, buf_str(&said)), why);
	assert_string_equal(get("/etc/postfix/main.cf"), before);
	assert_string_equal(ran_text(), "");
	assert_return_code(unlink(path_of(file)), 0);
}

static void test_a_mail_loop_is_refused(void **state)
{
	const struct cidr_addr other = { 4, { 198, 51, 100, 1 } };
	static const char *const fine[] = { "a.org smtp:[127.0.0.1]:2525\n",
					    "a.org lmtp:inet:localhost:24\n",
					    "a.org smtp:[192.0.2.11]:25\n" };

	(void)state;
	sync_ok(true);
	vec_add(a, &env.facts.own, other);
	assert_refused("/etc/pmg/pmg.conf", "section: mail\n\trelay 127.0.0.1\n",
		       "/etc/pmg/pmg.conf: section mail, setting relay, value '127.0.0.1': "
		       "'127.0.0.1' port 25 is this gateway itself: a mail loop\n");
	assert_refused("/etc/pmg/pmg.conf",
		       "section: mail\n\tsmarthost gate.example.com\n\tsmarthostport 26\n",
		       "setting smarthost, value 'gate.example.com': 'gate.example.com' port 26 is "
		       "this gateway itself");
	assert_refused("/etc/pmg/transport", "a.org smtp:mx.a.org:25\nb.org smtp:[192.0.2.10]:25\n",
		       "/etc/pmg/transport:2: '192.0.2.10' port 25 is this gateway itself");
	assert_refused("/etc/pmg/transport", "b.org smtp:[198.51.100.1]:26\n", "a mail loop");
	assert_refused("/etc/pmg/transport", "b.org smtp:[ipv6:::1]:25\n", "a mail loop");
	assert_refused("/etc/pmg/transport", "b.org smtp:[0.0.0.0]:25\n", "a mail loop");
	assert_refused("/etc/pmg/transport", "b.org smtp:[ipv6:::]:25\n", "a mail loop");
	assert_refused("/etc/pmg/transport", "b.org smtp:[ipv6:::ffff:127.0.0.1]:25\n",
		       "a mail loop");
	assert_refused("/etc/pmg/transport", "b.org smtp:[127.1]:25\n", "'127.1' is not");
	assert_refused("/etc/pmg/transport", "b.org lmtp:inet:localhost:10024\n", "a mail loop");
	assert_refused("/etc/pmg/domains", "b.org 1\nGATE.example.com 1\n",
		       "/etc/pmg/domains:2: value 'GATE.example.com': this is the gateway itself");
	assert_refused("/etc/pmg/domains", "localhost 1\n", "it cannot be a relay domain");
	for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
		put("/etc/pmg/transport", fine[i]);
		sync_ok(true);
	}
}

static void test_a_mail_has_room_in_the_queue(void **state)
{
	const char *huge = "section: mail\n\tmaxsize 2305843009213693951\n";

	(void)state;
	put("/etc/pmg/pmg.conf", huge);
	sync_ok(true); /* no queue, no disk to ask about */
	assert_has(get("/etc/postfix/main.cf"), "\nmessage_size_limit = 2305843009213693951\n"
						"mailbox_size_limit = 4611686018427387902\n");
	assert_return_code(mkdir(path_of("/var/spool/postfix"), 0755), 0);
	put("/etc/pmg/pmg.conf", "");
	sync_ok(true);
	assert_refused("/etc/pmg/pmg.conf", huge,
		       "setting maxsize, value '2305843009213693951': the file system of "
		       "/var/spool/postfix has ");
}

static void test_the_last_relay_domain_is_not_lost(void **state)
{
	(void)state;
	sync_ok(true);
	sync_ok(true); /* without any: a gateway that never had one */
	put("/etc/pmg/domains", "example.com 1\n");
	sync_ok(true);
	domains_in_effect = "example.com\t1\n";
	assert_refused("/etc/pmg/domains", "#example.com 1\n",
		       "/etc/pmg/domains: no relay domain is left, so all incoming mail would be "
		       "refused; if that is wanted, remove domains.db first\n");
	assert_return_code(unlink(path_of("/etc/pmg/domains.db")), 0);
	sync_ok(true);
}

/* The last template is wrong: the ones before it have not been written either. */
static void test_wrong_template_touches_nothing(void **state)
{
	char *before;
	struct err e;

	(void)state;
	sync_ok(true);
	before = get("/etc/postfix/main.cf");
	put("/etc/pmg/pmg.conf", "section: mail\n\tbanner new\n");
	assert_return_code(mkdir(path_of("/etc/pmg/templates"), 0755), 0);
	put("/etc/pmg/templates/freshclam.conf.in", "# mine\n\n[% SWITCH pmg.mail.tls %]\n");
	e = sync_fails(true);
	assert_string_equal(e.msg, "template: /etc/pmg/templates/freshclam.conf.in line 3: "
				   "SWITCH is not supported");
	assert_string_equal(get("/etc/postfix/main.cf"), before);
	assert_string_equal(ran_text(), "");
}

static void test_what_postfix_refuses_is_not_installed(void **state)
{
	char *before;
	struct err e;

	(void)state;
	sync_ok(true);
	before = get("/etc/postfix/main.cf");
	put("/etc/pmg/pmg.conf", "section: mail\n\tbanner new\n");
	postfix_refuses = true;
	e = sync_fails(true);
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.msg, "Postfix does not accept its new configuration, nothing was "
				   "changed");
	assert_string_equal(str_z(a, buf_str(&said)),
			    "/usr/sbin/postconf: exit status 1: it says why\n");
	assert_string_equal(get("/etc/postfix/main.cf"), before);
	assert_string_equal(ran_text(), "");
}

static void test_override_wins(void **state)
{
	(void)state;
	assert_return_code(mkdir(path_of("/etc/pmg/templates"), 0755), 0);
	put("/etc/pmg/templates/freshclam.conf.in", "[% INCLUDE part.in x = 1 %]");
	put("/etc/pmg/templates/part.in", "Mirror [% pmg.clamav.dbmirror %][% x %]\n");
	sync_ok(true);
	assert_string_equal(get("/etc/clamav/freshclam.conf"), "Mirror database.clamav.net1\n");
}

static void test_changed_table_is_compiled(void **state)
{
	struct timespec later[2] = { { .tv_sec = 4000000000 }, { .tv_sec = 4000000000 } };

	(void)state;
	sync_ok(true);
	put("/etc/pmg/domains", "example.com 1\n");
	assert_return_code(utimensat(AT_FDCWD, path_of("/etc/pmg/domains"), later, 0), 0);
	assert_int_equal(sync_ok(true), 0);
	assert_string_equal(ran_text(), "/usr/sbin/postmap hash:/etc/pmg/domains\n");
}

static void test_what_is_not_installed_is_left_out(void **state)
{
	(void)state;
	rmdir(path_of("/etc/clamav"));
	rmdir(path_of("/etc/postgresql/15/main"));
	assert_int_equal(sync_ok(true), 11);
	assert_int_equal(access(path_of("/etc/clamav"), F_OK), -1);
}

static struct tmpl_value *vars_of(const char *pmg_conf)
{
	struct apply_state s;
	struct err e;

	put("/etc/pmg/pmg.conf", pmg_conf);
	if (apply_read(a, &env, false, &s, &e) < 0)
		fail_msg("%s", e.msg);
	return apply_vars(a, &env, &s);
}

static void test_networks(void **state)
{
	char *dump;

	(void)state;
	put("/etc/pmg/mynetworks", "10.9.0.0/24 #x\n2001:db8:0::/32 #*\n10.9.0.0/25 #*\n");
	put("/etc/pmg/transport", "a.org smtp:[198.51.100.7]:25\nb.org smtp:[ipv6:2001:db8::7]:25\n"
				  "c.org smtp:[198.51.100.7]:26\nd.org smtp:mail.d.org:25\n");
	dump = str_z(a, apply_dump(a, vars_of("section: mail\n\trelay 203.0.113.5\n")));
	assert_has(dump,
		   "\npostfix.mynetworks = 10.9.0.0/24 10.9.0.0/25 127.0.0.0/8 192.0.2.0/24 "
		   "198.51.100.7/32 203.0.113.5/32 [2001:db8::7]/128 [2001:db8::]/32 [::1]/128\n");
}

static void test_dump(void **state)
{
	char *dump = str_z(a, apply_dump(a, vars_of("section: admin\n\thttp_proxy "
						    "http://joe:s3:cret@proxy.example.com:3128/\n"
						    "\nsection: mail\n\tqueue-lifetime 3\n"
						    "\tdnsbl_sites a.org*2, b.org\n")));

	(void)state;
	assert_has(dump, "composed.wl_bounce_relays = gate.example.com\n"
			 "dns.domain = example.com\n"
			 "dns.fqdn = gate.example.com\n"
			 "dns.hostname = gate\n"
			 "ipconfig.int_ip = 192.0.2.10\n");
	assert_has(dump, "\npmg.mail.max_smtpd_in = 99\n");
	assert_has(dump, "\npmg.mail.queue-lifetime = 3\n");
	assert_lacks(dump, "pmg.mail.relay =");
	assert_has(dump, "\npostfix.dnsbl_sites = a.org*2,b.org\n");
	assert_has(dump, "\npostfix.usepolicy = 1\n");
	assert_has(dump,
		   "\nproxy.host = proxy.example.com\nproxy.password = s3:cret\nproxy.port = 3128\n"
		   "proxy.username = joe\n");
	assert_has(dump, "\npostgres.version = 15\n");
}

/* config.md §4: greylist or greylist6 or spf. */
static void test_policy_service(void **state)
{
	static const struct {
		const char *settings;
		bool used;
	} cases[] = {
		{ "", true },
		{ "\tspf 0\n", true },
		{ "\tgreylist 0\n", true },
		{ "\tspf 0\n\tgreylist 0\n", false },
		{ "\tspf 0\n\tgreylist 0\n\tgreylist6 1\n", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put("/etc/pmg/pmg.conf",
		    str_z(a, str_fmt(a, "section: mail\n%s", cases[i].settings)));
		sync_ok(false);
		if (cases[i].used)
			assert_has(get("/etc/postfix/main.cf"),
				   "check_policy_service inet:127.0.0.1:10022");
		else
			assert_lacks(get("/etc/postfix/main.cf"), "check_policy_service");
	}
}

static void test_relay_forms(void **state)
{
	static const struct {
		const char *conf, *line;
	} forms[] = {
		{ "relay mail.example.com", "\nrelay_transport = smtp:mail.example.com:25\n" },
		{ "relay mail.example.com\n\trelaynomx 1\n\trelayport 26",
		  "\nrelay_transport = smtp:[mail.example.com]:26\n" },
		{ "relay 192.0.2.7", "\nrelay_transport = smtp:[192.0.2.7]:25\n" },
		{ "relay 2001:db8::7", "\nrelay_transport = smtp:[2001:db8::7]:25\n" },
		{ "relay mail.example.com\n\trelayprotocol lmtp\n\trelayport 24",
		  "\nrelay_transport = lmtp:inet:mail.example.com:24\n" },
		{ "smarthost out.example.com", "\ndefault_transport = smtp:out.example.com:25\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		put("/etc/pmg/pmg.conf",
		    str_z(a, str_fmt(a, "section: mail\n\t%s\n", forms[i].conf)));
		sync_ok(false);
		assert_has(get("/etc/postfix/main.cf"), forms[i].line);
	}
}

static void test_filter_dump(void **state)
{
	(void)state;
	put("/etc/pmg/pmg.conf", "section: mail\n\tsmtputf8 0\n\tlog-headers 1\n\tmaxsize 2048\n\n"
				 "section: admin\n\tdkim_sign 1\n\tadmin-mail-from A <a@b>\n");
	sync_ok(false);
	assert_string_equal(get("/run/pmg-smtp-filter/pmg-smtp-filter.cfg"),
			    "admin.admin-mail-from:A <a@b>\nadmin.dkim_sign:1\nmail.log-headers:1\n"
			    "mail.smtputf8:0\n");
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat st;

	assert_return_code(stat(path_of(path), &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void test_init(void **state)
{
	char *key, *cert;
	struct err e;

	(void)state;
	put("/etc/pmg/pmg-api.pem", "mine\n");
	if (apply_init(a, &env, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(get("/etc/pmg/pmg-api.pem"), "mine\n");
	if (apply_api_cert(a, &env, true, &e) < 0)
		fail_msg("%s", e.msg);
	assert_mode("/etc/pmg/pmg-authkey.key", 0600);
	assert_mode("/etc/pmg/pmg-csrf.key", 0640);
	assert_mode("/etc/pmg/pmg-api.pem", 0640);
	key = get("/etc/pmg/pmg-authkey.key");
	cert = get("/etc/pmg/pmg-api.pem");
	assert_has(key, "-----BEGIN RSA PRIVATE KEY-----");
	assert_has(get("/etc/pmg/pmg-authkey.pub"), "-----BEGIN PUBLIC KEY-----");
	assert_true(strstr(cert, "-----BEGIN CERTIFICATE-----") >
		    strstr(cert, "-----BEGIN PRIVATE KEY-----"));
	assert_string_equal(get("/etc/pmg/domains"), "");
	assert_string_equal(get("/etc/mail/spamassassin/custom.cf"), "");
	assert_string_equal(get("/etc/mail/spamassassin/pmg-scores.cf"), "");
	assert_int_equal(access(path_of("/etc/pmg/pmg-tls.pem"), F_OK), -1);
	put("/etc/pmg/pmg.conf", "section: mail\n\ttls 1\n");
	if (apply_init(a, &env, &e) < 0)
		fail_msg("%s", e.msg);
	assert_mode("/etc/pmg/pmg-tls.pem", 0600);
	assert_string_equal(get("/etc/pmg/pmg-authkey.key"), key);
	assert_string_equal(get("/etc/pmg/pmg-api.pem"), cert);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static int make_dkim(const char *domain, const char *selector, int bits, bool force,
		     struct err *e)
{
	const struct apply_dkim w = { str_of(domain), str_of(selector), bits, force };

	return apply_dkim_make(a, &env, &w, e);
}

static void test_dkim_keys(void **state)
{
	const char *first;
	struct stat st;
	struct err e;

	(void)state;
	put("/etc/pmg/pmg.conf", "section: admin\n\tdkim_sign 1\n");
	assert_int_equal(apply_init(a, &env, &e), 0);
	assert_int_equal(make_dkim("", "main", 1024, false, &e), 0);
	first = get("/etc/pmg/dkim/main.private");
	assert_int_equal(stat(path_of("/etc/pmg/dkim/main.private"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(make_dkim("", "main", 1024, false, &e), 0);
	assert_string_equal(get("/etc/pmg/dkim/main.private"), first);
	assert_int_equal(make_dkim("", "main", 2048, false, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_string_equal(get("/etc/pmg/dkim/main.private"), first);
	assert_int_equal(make_dkim("", "main", 1024, true, &e), 0);
	assert_string_not_equal(get("/etc/pmg/dkim/main.private"), first);
	assert_int_equal(make_dkim("Example.org", "ed", 0, false, &e), 0);
	assert_has(get("/etc/pmg/dkim/example.org/ed.private"), "BEGIN PRIVATE KEY");
	assert_int_equal(stat(path_of("/etc/pmg/dkim/example.org"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
}

static void test_dkim_wishes_that_are_refused(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(apply_init(a, &env, &e), 0);
	assert_int_equal(make_dkim("../x", "s", 1024, false, &e), -1);
	assert_int_equal(make_dkim("example.org", "../s", 1024, false, &e), -1);
	assert_int_equal(make_dkim("example.org", "", 1024, false, &e), -1);
	assert_int_equal(make_dkim("example.org", "s", 512, false, &e), -1);
	assert_int_equal(access(path_of("/etc/pmg/dkim/example.org"), F_OK), -1);
}

static void test_dkim_selector_is_written(void **state)
{
	struct err e;

	(void)state;
	(void)mkdir(path_of("/var/lock"), 0755);
	put("/etc/pmg/pmg.conf", "section: mail\n\tspf 0\n\nsection: admin\n\tdkim_sign 1\n");
	if (apply_dkim_select(a, &env, STR("main"), &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(get("/etc/pmg/pmg.conf"), "section: mail\n\tspf 0\n\n"
						      "section: admin\n\tdkim_selector main\n"
						      "\tdkim_sign 1\n\n");
	assert_int_equal(apply_dkim_select(a, &env, STR("a b"), &e), -1);
	put("/etc/pmg/pmg.conf", "nonsense\n");
	assert_int_equal(apply_dkim_select(a, &env, STR("main"), &e), -1);
	assert_string_equal(get("/etc/pmg/pmg.conf"), "nonsense\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first_sync),
		TEST(test_no_mail_is_too_large_to_be_scanned),
		TEST(test_spam_files),
		TEST(test_what_was_learnt_goes_with_its_setting),
		TEST(test_maps_come_before_the_reload),
		TEST(test_second_sync_changes_nothing),
		TEST(test_only_what_changed_is_told),
		TEST(test_without_restart_it_stays_to_be_told),
		TEST(test_failed_reload_is_tried_again),
		TEST(test_what_does_not_run_is_left_alone),
		TEST(test_clamd_is_ended_and_started),
		TEST(test_systemd),
		TEST(test_systemd_without_the_unit_or_refusing),
		TEST(test_wrong_settings_touch_nothing),
		TEST(test_a_mail_loop_is_refused),
		TEST(test_a_mail_has_room_in_the_queue),
		TEST(test_the_last_relay_domain_is_not_lost),
		TEST(test_wrong_template_touches_nothing),
		TEST(test_what_postfix_refuses_is_not_installed),
		TEST(test_override_wins),
		TEST(test_changed_table_is_compiled),
		TEST(test_what_is_not_installed_is_left_out),
		TEST(test_networks),
		TEST(test_dump),
		TEST(test_policy_service),
		TEST(test_relay_forms),
		TEST(test_filter_dump),
		TEST(test_init),
		TEST(test_dkim_keys),
		TEST(test_dkim_wishes_that_are_refused),
		TEST(test_dkim_selector_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
