/*
 * The order of effects and what a failure of one means for the others. The rooms below (quarantine,
 * Postfix, statistics) are played here, because only so they fail when told to; that they do their
 * own work is tested where they live and in the lab.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/deliver/ndr.h"
#include "gw/quar/store.h"
#include "gw/send/send.h"
#include "gw/stat/stat.h"

static struct arena *a;
static struct buf story; /* what was done, in its order */
static struct str fail_store_for, refuse_for, unreachable_for;
static int refuse_code;
static int64_t database_deadline;

void db_deadline(struct db *db, int64_t deadline)
{
	(void)db;
	database_deadline = deadline;
}

/* Collects what a source writes. */
static int into_story(void *ctx, struct str s, struct err *e)
{
	(void)ctx;
	(void)e;
	buf_add(&story, s);
	return 0;
}

static const struct sink story_sink = { into_story, NULL };

int quar_store(struct arena *arena, struct db *db, const char *spool, const struct quar_mail *mail,
	       const struct quar_source *source, struct str *id, struct err *e)
{
	(void)arena;
	(void)db;
	(void)spool;
	buf_addf(&story, "store %c", mail->type);
	for (size_t i = 0; i < mail->n_rcpt; i++) {
		buf_addf(&story, " %.*s", STR_ARG(mail->rcpt[i].pmail));
		if (str_eq(mail->rcpt[i].address, fail_store_for)) {
			buf_addz(&story, " FAILS|");
			return err_set(e, ERR_TEMP, "told to fail");
		}
	}
	buf_addz(&story, " {");
	assert_int_equal(source->write(source->ctx, &story_sink, e), 0);
	buf_addz(&story, "}|");
	*id = STR("QUID");
	return 0;
}

int send_mail(struct arena *arena, const struct cfg *cfg, const struct smtp_send *mail,
	      const struct smtp_source *message, int64_t deadline, struct smtp_outcome *out,
	      struct err *e)
{
	(void)arena;
	(void)cfg;
	(void)deadline;
	*out = (struct smtp_outcome){ .code = 250, .queue_id = STR("ABC") };
	buf_addf(&story, "send %.*s >", STR_ARG(mail->sender));
	for (size_t i = 0; i < mail->n_rcpt; i++) {
		struct str to = mail->rcpt[mail->order ? mail->order[i] : i].address;

		buf_addf(&story, " %.*s", STR_ARG(to));
		if (str_eq(to, refuse_for) || str_eq(to, unreachable_for)) {
			out->code = str_eq(to, refuse_for) ? refuse_code : 0;
			out->text = STR("5.7.1 no");
			buf_addz(&story, " FAILS|");
			return err_set(e, ERR_TEMP, "told to fail");
		}
	}
	buf_addz(&story, " {");
	assert_int_equal(message->write(message->ctx, &story_sink, e), 0);
	buf_addz(&story, "}|");
	return 0;
}

/* Notes what it is asked to sign, if signing is on. */
struct smtp_source signing_add(struct arena *arena, const struct signing *s,
			       const struct signing_mail *m, struct smtp_source source)
{
	(void)arena;
	if (s)
		buf_addf(&story, "sign %.*s%s|", STR_ARG(m->sender), m->ours ? " ours" : "");
	return source;
}

int stat_record(struct arena *arena, struct db *db, const struct stat_mail *mail, struct err *e)
{
	(void)arena;
	(void)db;
	(void)e;
	buf_addf(&story, "stat %zu", mail->bytes);
	for (size_t i = 0; i < mail->n_rcpt; i++)
		buf_addf(&story, " %.*s=%d", STR_ARG(mail->rcpt[i].address), mail->rcpt[i].blocked);
	buf_addz(&story, "|");
	return 0;
}

void outbox_log(const struct outbox_effect *effect)
{
	buf_addf(&story, "note %.*s|", STR_ARG(effect->text));
}

static struct smtp_rcpt rcpts[] = {
	{ STR_INIT("A@x"), { 0 }, { 0 }, 0 },
	{ STR_INIT("b@x"), { 0 }, { 0 }, 1 },
	{ STR_INIT("A@x"), { 0 }, { 0 }, 0 },
	{ STR_INIT("c@x"), { 0 }, { 0 }, 3 },
};
static const struct str pmail[] = { STR_INIT("a@x"), STR_INIT("b@x"), STR_INIT("a@x"),
				    STR_INIT("c@x") };
static const struct smtp_envelope envelope = {
	.sender = STR_INIT("s@y"),
	.rcpt = rcpts,
	.n_rcpt = 4,
};
static const size_t only_a[] = { 0 }, only_b[] = { 1 }, only_c[] = { 3 }, a_and_c[] = { 0, 3 };
static const struct str target[] = { STR_INIT("t@z") };
static struct outbox_rcpt finals[] = {
	{ .rule = STR_INIT("r") }, { .rule = STR_INIT("r") }, { .rule = STR_INIT("r") },
	{ .rule = STR_INIT("r") }
};

static struct deliver_rcpt fates[4];
static const struct signing *signing;
static bool trusted;

static const char *run_until(struct outbox_effect *effects, size_t n, int64_t deadline)
{
	static const struct cfg cfg;
	struct outbox outbox = { .effects = effects, .n_effects = n, .rcpt = finals };
	struct deliver_context ctx = { .cfg = &cfg, .signing = signing, .spool = "/nowhere",
				       .pmail = pmail };
	struct scan scan = { .a = a, .env = &envelope, .deadline = deadline, .trusted = trusted,
			     .raw = STR("Subject: x\n\nbody\n") };
	struct err e;

	log_open_stderr("test");
	assert_int_equal(mime_parse(a, scan.raw, NULL, &scan.mime, &e), 0);
	memset(fates, 0, sizeof(fates));
	buf_init(&story, a, 1 << 20);
	deliver(a, &ctx, &scan, &outbox, fates);
	return str_z(a, buf_str(&story));
}

static const char *run(struct outbox_effect *effects, size_t n)
{
	return run_until(effects, n, net_now() + 60000);
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	fail_store_for = refuse_for = unreachable_for = STR("-");
	refuse_code = 554;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct outbox_effect deliver_to(const size_t *to, size_t n)
{
	return (struct outbox_effect){ .kind = OUTBOX_DELIVER, .rcpt = to, .n_rcpt = n };
}

static struct outbox_effect store_for(enum outbox_store store, const size_t *to, size_t n)
{
	return (struct outbox_effect){
		.kind = OUTBOX_QUARANTINE, .store = store, .rcpt = to, .n_rcpt = n
	};
}

static struct outbox_effect notify_about(const size_t *to, size_t n)
{
	return (struct outbox_effect){
		.kind = OUTBOX_NOTIFY, .rcpt = to, .n_rcpt = n, .target = target, .n_target = 1,
		.draft = { .headers = STR("To: t@z\n"), .text = STR("hello\n") }
	};
}

static void test_quarantine_comes_first_and_carries_its_envelope(void **state)
{
	struct outbox_effect list[] = { deliver_to(only_b, 1), store_for(OUTBOX_SPAM, a_and_c, 2) };

	(void)state;
	assert_string_equal(run(list, 2),
			    "store S a@x c@x {Delivered-To: A@x,c@x\nReturn-Path: s@y\n"
			    "Subject: x\n\nbody\n}|"
			    "send s@y > b@x {Subject: x\n\nbody\n}|"
			    "stat 17 A@x=0 b@x=0 c@x=0|");
	for (int i = 0; i < 4; i++)
		assert_int_equal(fates[i].fate, DELIVER_DONE);
}

static void test_failed_quarantine_leaves_its_recipients_open(void **state)
{
	struct outbox_effect list[] = { notify_about(a_and_c, 2),
					store_for(OUTBOX_VIRUS, a_and_c, 2),
					deliver_to(only_b, 1) };

	(void)state;
	fail_store_for = STR("c@x");
	/* and nobody is notified of what did not happen: it will be tried again */
	assert_string_equal(run(list, 3), "store V a@x c@x FAILS|"
					  "send s@y > b@x {Subject: x\n\nbody\n}|"
					  "stat 17 A@x=0 b@x=0 c@x=0|");
	assert_int_equal(fates[0].fate, DELIVER_OPEN);
	assert_int_equal(fates[1].fate, DELIVER_DONE);
	assert_int_equal(fates[2].fate, DELIVER_OPEN);
	assert_int_equal(fates[3].fate, DELIVER_OPEN);
}

static void test_nothing_is_removed_before_its_copy_is_safe(void **state)
{
	struct outbox_effect list[] = { store_for(OUTBOX_ATTACHMENT, only_a, 1),
					deliver_to(a_and_c, 2) };

	(void)state;
	fail_store_for = STR("A@x");
	assert_string_equal(run(list, 2), "store A a@x FAILS|"
					  "send s@y > c@x {Subject: x\n\nbody\n}|"
					  "stat 17 A@x=0 b@x=0 c@x=0|");
	assert_int_equal(fates[0].fate, DELIVER_OPEN);
	assert_int_equal(fates[3].fate, DELIVER_DONE);
	fail_store_for = STR("-");
	run(list, 2);
	assert_int_equal(fates[0].fate, DELIVER_DONE);
}

static void test_a_stored_attachment_settles_nothing(void **state)
{
	struct outbox_effect list[] = { store_for(OUTBOX_ATTACHMENT, only_a, 1) };

	(void)state;
	run(list, 1);
	assert_int_equal(fates[0].fate, DELIVER_OPEN);
}

/* Nor is a mail thrown away before its copy is safe. */
static void test_nothing_is_blocked_before_its_copy_is_safe(void **state)
{
	struct outbox_effect list[] = {
		store_for(OUTBOX_ATTACHMENT, only_a, 1),
		{ .kind = OUTBOX_BLOCK, .rcpt = a_and_c, .n_rcpt = 2 },
	};

	(void)state;
	fail_store_for = STR("A@x");
	assert_string_equal(run(list, 2), "store A a@x FAILS|stat 17 A@x=0 b@x=0 c@x=1|");
	assert_int_equal(fates[0].fate, DELIVER_OPEN);
	assert_int_equal(fates[3].fate, DELIVER_BLOCKED);
}

static void test_statistics_do_not_keep_a_mail_waiting(void **state)
{
	struct outbox_effect list[] = { deliver_to(only_b, 1) };
	int64_t now = net_now();

	(void)state;
	run_until(list, 1, now + 600000);
	assert_in_range(database_deadline, now, net_now() + DELIVER_STATISTICS_MS);
	run_until(list, 1, now + 100);
	assert_int_equal(database_deadline, now + 100);
}

static void test_refusals_of_postfix_are_handed_on(void **state)
{
	struct outbox_effect list[] = { deliver_to(a_and_c, 2), deliver_to(only_b, 1) };

	(void)state;
	refuse_for = STR("c@x");
	run(list, 2);
	assert_int_equal(fates[0].fate, DELIVER_REFUSED);
	assert_int_equal(fates[0].code, 554);
	assert_true(str_eq(fates[2].text, STR("5.7.1 no")));
	assert_int_equal(fates[1].fate, DELIVER_DONE);
	refuse_code = 452;
	run(list, 2);
	assert_int_equal(fates[3].code, 452);
}

static void test_no_answer_is_not_a_refusal(void **state)
{
	struct outbox_effect list[] = { deliver_to(a_and_c, 2) };

	(void)state;
	unreachable_for = STR("A@x");
	/* nothing is settled, so nothing is counted: it will be counted when it is */
	assert_string_equal(run(list, 1), "send s@y > A@x FAILS|");
	assert_int_equal(fates[0].fate, DELIVER_OPEN);
	assert_int_equal(fates[3].fate, DELIVER_OPEN);
}

static void test_copies_and_notes_change_no_fate(void **state)
{
	struct outbox_effect list[] = {
		{ .kind = OUTBOX_NOTE, .text = STR("n") },
		{ .kind = OUTBOX_BCC, .rcpt = only_c, .n_rcpt = 1, .target = target,
		  .n_target = 1 },
		{ .kind = OUTBOX_BLOCK, .rcpt = only_c, .n_rcpt = 1 },
	};

	(void)state;
	unreachable_for = STR("t@z");
	assert_string_equal(run(list, 3),
			    "note n|send s@y > t@z FAILS|stat 17 A@x=0 b@x=0 c@x=1|");
	assert_int_equal(fates[3].fate, DELIVER_BLOCKED);
	assert_int_equal(fates[0].fate, DELIVER_OPEN);
}

static void test_notification_is_ours(void **state)
{
	struct outbox_effect list[] = { notify_about(only_a, 1) };
	const char *got = run(list, 1);

	(void)state;
	assert_memory_equal(got, "send postmaster > t@z {To: t@z\n", 30);
	assert_non_null(strstr(got, "hello"));
}

static void test_what_leaves_us_is_signed(void **state)
{
	struct outbox_effect list[] = {
		deliver_to(only_a, 1),
		{ .kind = OUTBOX_BCC, .rcpt = only_a, .n_rcpt = 1, .target = target,
		  .n_target = 1 },
		notify_about(only_a, 1),
	};
	const char *got;

	(void)state;
	signing = (const struct signing *)&envelope; /* never looked into */
	got = run(list, 3);
	assert_memory_equal(got, "send s@y > A@x {", 16);
	assert_null(strstr(got, "sign s@y"));
	assert_non_null(strstr(got, "|sign postmaster ours|send postmaster > t@z {"));
	trusted = true;
	got = run(list, 3);
	trusted = false;
	signing = NULL;
	assert_memory_equal(got, "sign s@y|send s@y > A@x {", 25);
	assert_non_null(strstr(got, "|sign s@y|send s@y > t@z {"));
}

static void test_nothing_begins_after_the_deadline(void **state)
{
	struct outbox_effect list[] = { store_for(OUTBOX_SPAM, only_a, 1), deliver_to(only_b, 1),
					notify_about(only_c, 1) };

	(void)state;
	assert_string_equal(run_until(list, 3, net_now() - 1), "");
	for (int i = 0; i < 4; i++)
		assert_int_equal(fates[i].fate, DELIVER_OPEN);
}

static const char *report_to(struct str sender, bool ndr_on_block, int *result, enum err_code *code)
{
	const struct cfg cfg = { .mail.ndr_on_block = ndr_on_block,
				 .admin.admin_mail_from = STR("Gate <postmaster>"),
				 .dns.fqdn = STR("gw.x") };
	const struct smtp_envelope env = { .sender = sender, .rcpt = rcpts, .n_rcpt = 4 };
	const struct ndr ndr = { .cfg = &cfg, .env = &env, .rcpt = fates, .id = STR("ID") };
	struct err e = { .code = ERR_NONE };

	log_open_stderr("test");
	buf_init(&story, a, 1 << 20);
	fates[1].fate = DELIVER_DONE;
	fates[0].fate = fates[2].fate = fates[3].fate = DELIVER_BLOCKED;
	*result = ndr_send(a, &ndr, &e);
	*code = e.code;
	return str_z(a, buf_str(&story));
}

static size_t count(const char *text, const char *needle)
{
	size_t n = 0;

	while ((text = strstr(text, needle))) {
		text++;
		n++;
	}
	return n;
}

static void test_report_names_each_blocked_recipient_once(void **state)
{
	enum err_code code;
	int result;
	const char *got = report_to(STR("s@y"), true, &result, &code);

	(void)state;
	assert_int_equal(result, 0);
	assert_memory_equal(got, "send  > s@y {From: Gate <postmaster@gw.x>\nTo: <s@y>\n", 50);
	assert_int_equal(count(got, "Final-Recipient: rfc822; A@x\n"), 1);
	assert_int_equal(count(got, "Final-Recipient: rfc822; c@x\n"), 1);
	assert_int_equal(count(got, "Final-Recipient: "), 2);
}

static void test_no_report_where_nobody_wants_one(void **state)
{
	enum err_code code;
	int result;

	(void)state;
	assert_string_equal(report_to(STR("s@y"), false, &result, &code), "");
	assert_int_equal(result, 0);
	assert_string_equal(report_to(STR(""), true, &result, &code), "");
	assert_int_equal(result, 0);
	rcpts[0].notify = STR("NEVER");
	rcpts[3].notify = STR("SUCCESS,DELAY");
	assert_string_equal(report_to(STR("s@y"), true, &result, &code), "");
	rcpts[3].notify = STR("SUCCESS,failure");
	report_to(STR("s@y"), true, &result, &code);
	assert_int_equal(count(str_z(a, buf_str(&story)), "Final-Recipient: "), 1);
	rcpts[0].notify = rcpts[3].notify = STR_NONE;
}

static void test_a_report_that_is_not_taken(void **state)
{
	enum err_code code;
	int result;

	(void)state;
	refuse_for = STR("s@y");
	refuse_code = 451;
	report_to(STR("s@y"), true, &result, &code);
	assert_int_equal(result, -1);
	assert_int_equal(code, ERR_TEMP);
	refuse_code = 554;
	report_to(STR("s@y"), true, &result, &code);
	assert_int_equal(result, -1);
	assert_int_not_equal(code, ERR_TEMP);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_quarantine_comes_first_and_carries_its_envelope),
		TEST(test_failed_quarantine_leaves_its_recipients_open),
		TEST(test_nothing_is_removed_before_its_copy_is_safe),
		TEST(test_a_stored_attachment_settles_nothing),
		TEST(test_nothing_is_blocked_before_its_copy_is_safe),
		TEST(test_statistics_do_not_keep_a_mail_waiting),
		TEST(test_refusals_of_postfix_are_handed_on),
		TEST(test_no_answer_is_not_a_refusal),
		TEST(test_copies_and_notes_change_no_fate),
		TEST(test_notification_is_ours),
		TEST(test_what_leaves_us_is_signed),
		TEST(test_nothing_begins_after_the_deadline),
		TEST(test_report_names_each_blocked_recipient_once),
		TEST(test_no_report_where_nobody_wants_one),
		TEST(test_a_report_that_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
