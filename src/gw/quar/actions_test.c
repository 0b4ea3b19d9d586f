#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "gw/quar/release.h"
#include "gw/quar/testing.h"

enum { NOW = 1600000000 };

/* What was handed to Postfix, and what it says. */
struct outside {
	int sent, refuse;
	struct str helo, sender, rcpt, bytes;
	bool smtputf8;
	void (*meanwhile)(void);
};

static struct outside outside;

static int collect(void *ctx, struct str bytes, struct err *err)
{
	(void)err;
	buf_add(ctx, bytes);
	return 0;
}

static int post(void *ctx, struct arena *own, const struct smtp_send *mail,
		const struct smtp_source *message, struct smtp_outcome *out, struct err *err)
{
	struct outside *o = ctx;
	struct buf bytes;
	const struct sink to = { collect, &bytes };

	*out = (struct smtp_outcome){ 0 };
	if (o->meanwhile)
		o->meanwhile();
	if (o->refuse)
		return err_set(err, ERR_TEMP, "not now");
	buf_init(&bytes, own, 1 << 20);
	if (message->write(message->ctx, &to, err) < 0)
		return -1;
	assert_int_equal(mail->n_rcpt, 1);
	o->sent++;
	o->helo = str_copy(a, mail->helo);
	o->sender = str_copy(a, mail->sender);
	o->rcpt = str_copy(a, mail->rcpt[0].address);
	o->smtputf8 = mail->smtputf8;
	o->bytes = buf_str(&bytes);
	return 0;
}

static struct quar_desk desk_on(struct db *on)
{
	return (struct quar_desk){ on, root, { post, &outside }, NOW };
}

static int setup_outside(void **state)
{
	outside = (struct outside){ 0 };
	return setup(state);
}

#define ON_TOP "Delivered-To: Bob@Example.COM,alias@example.com\nReturn-Path: envelope@x.example\n"

/* The only row of this user. */
static struct quar_row row_of(const char *pmail)
{
	struct quar_query query = { QUAR_SPAM, QUAR_NEW, 0, INT32_MAX, str_of(pmail) };
	struct quar_row *rows;
	size_t n;

	OK(quar_list(a, other, &query, &rows, &n, &e));
	if (!n) {
		query.status = QUAR_DONE;
		OK(quar_list(a, other, &query, &rows, &n, &e));
	}
	assert_int_equal(n, 1);
	return rows[0];
}

/* Name, status, when it changed. */
static void is_state(struct str expected)
{
	is_text("SELECT string_agg(concat_ws(' ', split_part(PMail, '@', 1), Status, "
		"CASE MTime WHEN 1600000000 THEN 'now' ELSE 'before' END), ', ' ORDER BY PMail) "
		"FROM CMSReceivers",
		expected);
}

static void test_delivered_once(void **state)
{
	const struct str original =
		STR("From: x\nDelivered-To: old\nReturn-Path: old\n\n.\r\n\0\n");
	struct quar_desk desk = desk_on(db);
	struct quar_mail mail = spam();
	struct quar_row row;

	(void)state;
	put(&mail, str_cat(a, STR(ON_TOP), original));
	row = row_of("ann@example.com");
	OK(quar_deliver(a, &desk, row.id, &e));
	assert_int_equal(outside.sent, 1);
	is_str(outside.bytes, original);
	is_str(outside.rcpt, STR("alias@example.com"));
	is_str(outside.sender, STR("postmaster"));
	is_str(outside.helo, STR("quarantine"));
	assert_false(outside.smtputf8);
	is_state(STR("ann D now, bob N before"));
	OK(quar_deliver(a, &desk, row.id, &e));
	OK(quar_delete(a, &desk, row.id, &e));
	assert_int_equal(outside.sent, 1);
	OK(quar_deliver(a, &desk, row_of("bob@example.com").id, &e));
	is_str(outside.rcpt, STR("bob@example.com"));
	assert_int_equal(outside.sent, 2);
	is_str(file_text(row.file), str_cat(a, STR(ON_TOP), original));
}

static void test_only_what_quarantining_put_on_top_is_removed(void **state)
{
	static const char *const cases[][2] = {
		{ ON_TOP "A: b\n\nbody", "A: b\n\nbody" },
		{ ON_TOP " begins with a blank\n\nbody", " begins with a blank\n\nbody" },
		{ ON_TOP "\nno header", "\nno header" },
		{ ON_TOP "Delivered-To: own\nReturn-Path: own\n",
		  "Delivered-To: own\nReturn-Path: own\n" },
		{ ON_TOP, "" },
		{ "From a mailbox\n" ON_TOP "A: b\n", "From a mailbox\nA: b\n" },
		{ ">From a mailbox\n" ON_TOP "A: b\n", ">From a mailbox\nA: b\n" },
		{ ON_TOP "From a mailbox\nA: b\n", "From a mailbox\nA: b\n" },
		{ "Delivered-To: x\r\nReturn-Path: \r\nA: b\r\n", "A: b\r\n" },
		{ "Delivered-To: x\nReturn-Path: \n", "" },
		{ "A: b\n" ON_TOP, "A: b\n" ON_TOP },
		{ "Return-Path: own\nA: b\n", "Return-Path: own\nA: b\n" },
		{ "", "" },
	};
	struct quar_desk desk = desk_on(db);
	struct quar_mail mail = spam();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		OK(db_script(other, "TRUNCATE CMailStore, CMSReceivers", &e));
		put(&mail, str_of(cases[i][0]));
		OK(quar_deliver(a, &desk, row_of("bob@example.com").id, &e));
		is_str(outside.bytes, str_of(cases[i][1]));
	}
}

static void test_what_was_not_sent_stays_new(void **state)
{
	struct quar_desk desk = desk_on(db);
	struct quar_mail mail = spam();
	struct str file = put(&mail, STR(ON_TOP "A: b\n"));
	struct quar_id id = row_of("bob@example.com").id;

	(void)state;
	outside.refuse = 1;
	fails(quar_deliver(a, &desk, id, &e), ERR_TEMP);
	is_state(STR("ann N before, bob N before"));
	outside.refuse = 0;
	assert_int_equal(rename(below_root(str_z(a, file)), below_root("away")), 0);
	fails(quar_deliver(a, &desk, id, &e), ERR_NOTFOUND);
	assert_int_equal(rename(below_root("away"), below_root(str_z(a, file))), 0);
	OK(db_script(other, "UPDATE CMailStore SET File = '../../../etc/passwd'", &e));
	fails(quar_deliver(a, &desk, id, &e), ERR_INVALID);
	is_state(STR("ann N before, bob N before"));
	assert_int_equal(outside.sent, 0);
	id.ticket ^= 1 << 20;
	fails(quar_deliver(a, &desk, id, &e), ERR_NOTFOUND);
	fails(quar_delete(a, &desk, id, &e), ERR_NOTFOUND);
	fails(quar_mark_seen(a, &desk, id, true, &e), ERR_NOTFOUND);
}

static void test_utf8_address(void **state)
{
	static const struct quar_rcpt rcpt = { STR_INIT("j\xc3\xb6rg@x"),
					       STR_INIT("j\xc3\xb6rg@x") };
	struct quar_desk desk = desk_on(db);
	struct quar_mail mail = spam();

	(void)state;
	mail.rcpt = &rcpt;
	mail.n_rcpt = 1;
	put(&mail, STR(ON_TOP "Subject: \xc3\xb6\n\n"));
	OK(quar_deliver(a, &desk, row_of("j\xc3\xb6rg@x").id, &e));
	assert_true(outside.smtputf8);
}

static int start; /* a pipe's end: a byte starts the rival */

/* Until the other process waits for the row that this one has. */
static void let_rival_wait(void)
{
	assert_int_equal(write(start, "g", 1), 1);
	for (int i = 0; i < 1000; i++) {
		if (str_eq(text("SELECT count(*)::text FROM pg_stat_activity "
				"WHERE wait_event_type = 'Lock'"),
			   STR("1")))
			return;
		usleep(10000);
	}
	fail_msg("nobody waits");
}

/* In a process of its own: waits, then succeeds without sending. */
static int rival(struct quar_id id, int go)
{
	struct arena *own = arena_open("rival", 16u << 20);
	struct db *mine = store_open(own, &at, NULL);
	struct quar_desk desk = desk_on(mine);
	struct err err;
	char c;

	return read(go, &c, 1) != 1 || quar_deliver(own, &desk, id, &err) < 0 || outside.sent;
}

static void test_two_at_once_deliver_once(void **state)
{
	struct quar_desk desk = desk_on(db);
	struct quar_mail mail = spam();
	struct quar_id id;
	int status, ends[2];
	pid_t pid;

	(void)state;
	put(&mail, STR(ON_TOP "A: b\n"));
	id = row_of("bob@example.com").id;
	assert_int_equal(pipe(ends), 0);
	start = ends[1];
	pid = fork();
	if (pid == 0)
		_exit(rival(id, ends[0]));
	outside.meanwhile = let_rival_wait;
	OK(quar_deliver(a, &desk, id, &e));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(outside.sent, 1);
	close(ends[0]);
	close(ends[1]);
}

static void test_deleted(void **state)
{
	struct quar_desk desk = desk_on(db);
	struct quar_mail mail = spam();
	struct str file = put(&mail, STR(ON_TOP "A: b\n"));
	struct quar_id id = row_of("bob@example.com").id;

	(void)state;
	OK(quar_delete(a, &desk, id, &e));
	OK(quar_delete(a, &desk, id, &e));
	OK(quar_deliver(a, &desk, id, &e));
	assert_int_equal(outside.sent, 0);
	is_state(STR("ann N before, bob D now"));
	assert_true(file_text(file).n > 0);
}

static void test_seen(void **state)
{
	struct quar_desk desk = desk_on(db);
	struct quar_mail mail = spam();
	struct quar_id id;

	(void)state;
	put(&mail, STR("x\n"));
	id = row_of("bob@example.com").id;
	OK(quar_mark_seen(a, &desk, id, true, &e));
	assert_true(row_of("bob@example.com").seen);
	assert_false(row_of("ann@example.com").seen);
	is_state(STR("ann N before, bob N now"));
	is_text("SELECT SeenMTime::text FROM CMSReceivers WHERE Seen = 'S'", STR("1600000000"));
	desk.now++;
	OK(quar_mark_seen(a, &desk, id, false, &e));
	assert_false(row_of("bob@example.com").seen);
	is_text("SELECT max(SeenMTime)::text FROM CMSReceivers", STR("1600000001"));
}

#define LISTS                                                                                      \
	"SELECT coalesce(string_agg(concat_ws(' ', PMail, Name, Data), '; ' ORDER BY PMail, "      \
	"Name), "                                                                                  \
	"'') FROM UserPrefs"

static void test_sender_is_listed(void **state)
{
	struct quar_desk desk = desk_on(db);
	struct quar_mail mail = spam();

	(void)state;
	put(&mail, STR(ON_TOP "A: b\n"));
	OK(quar_list_sender(a, &desk, row_of("bob@example.com").id, USERPREFS_WHITE, &e));
	assert_int_equal(outside.sent, 1);
	OK(quar_list_sender(a, &desk, row_of("ann@example.com").id, USERPREFS_BLACK, &e));
	assert_int_equal(outside.sent, 1);
	is_state(STR("ann D now, bob D now"));
	is_text(LISTS, STR("ann@example.com BL from@x.example; ann@example.com WL ; "
			   "bob@example.com BL ; bob@example.com WL from@x.example"));
}

static void test_real_sender(void **state)
{
	static const char *const cases[][2] = {
		{ "Subject: s\nFrom: a@x, b@x\nSender: \"S\" <s@x>\n", "s@x" },
		{ "Subject: s\nFrom: a@x, b@x\nSender: \n", "a@x" },
		{ "From: =?utf-8?q?A?=\n\t<a@x>\n", "a@x" },
		{ "Subject: s\n", "envelope@x.example" },
		{ "", "envelope@x.example" },
	};
	struct quar_row row = { .sender = STR("envelope@x.example") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		row.header = str_of(cases[i][0]);
		is_str(quar_real_sender(a, &row), str_of(cases[i][1]));
	}
}

static void test_sender_that_cannot_be_listed(void **state)
{
	static const char *const cases[] = { "From: *@*\n", "From: a?@x\n", "From: a@b@c\n",
					     "From: \"a b\"@x\n" };
	struct quar_desk desk = desk_on(db);
	struct quar_mail mail = spam();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		OK(db_script(other, "TRUNCATE CMailStore, CMSReceivers", &e));
		mail.header = str_of(cases[i]);
		put(&mail, STR(ON_TOP "A: b\n"));
		fails(quar_list_sender(a, &desk, row_of("bob@example.com").id, USERPREFS_WHITE, &e),
		      ERR_INVALID);
	}
	mail.header = mail.sender = STR_NONE;
	OK(db_script(other, "TRUNCATE CMailStore, CMSReceivers", &e));
	put(&mail, STR(ON_TOP "A: b\n"));
	fails(quar_list_sender(a, &desk, row_of("bob@example.com").id, USERPREFS_WHITE, &e),
	      ERR_INVALID);
	assert_int_equal(outside.sent, 0);
	is_text(LISTS, STR(""));
	is_state(STR("ann N before, bob N before"));
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, setup_outside, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(test_delivered_once),
		DESK_TEST(test_only_what_quarantining_put_on_top_is_removed),
		DESK_TEST(test_what_was_not_sent_stays_new),
		DESK_TEST(test_utf8_address),
		DESK_TEST(test_two_at_once_deliver_once),
		DESK_TEST(test_deleted),
		DESK_TEST(test_seen),
		DESK_TEST(test_sender_is_listed),
		DESK_TEST(test_real_sender),
		DESK_TEST(test_sender_that_cannot_be_listed),
	};

	log_open_stderr("quarantine");
	return cmocka_run_group_tests(tests, make_database, NULL);
}
