#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/mailbox/mailbox.h"

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 4u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

/* The mails, each in brackets; or the error. */
static const char *mails(enum mailbox_kind kind, struct str text)
{
	struct mailbox b;
	struct str mail;
	struct buf out;
	struct err e;

	if (mailbox_open(&b, kind, text, &e) < 0)
		return str_z(a, str_of(e.msg));
	buf_init(&out, a, 1 << 20);
	while (mailbox_next(&b, &mail))
		buf_addf(&out, "[%.*s]", STR_ARG(mail));
	return str_z(a, buf_str(&out));
}

static void mbox(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "a", "[a]" },
		{ "From x\n\na\n", "[From x\n\na\n]" },
		{ "From x\n\na\n\nFrom y\nb\n", "[From x\n\na\n\n][From y\nb\n]" },
		{ "From x\r\na\r\n\r\nFrom y\r\nb", "[From x\r\na\r\n\r\n][From y\r\nb]" },
		{ "a\nFrom y\nb\n", "[a\nFrom y\nb\n]" },
		{ "From x\nFrom: y\n\n>From z\n", "[From x\nFrom: y\n\n>From z\n]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(mails(MAILBOX_MBOX, str_of(cases[i].text)), cases[i].want);
}

/* With the header that mbx has. */
static struct str mbx(const char *mails)
{
	char *header = arena_alloc(a, 2048);

	memset(header, 0, 2048);
	memcpy(header, "*mbx*\r\n3e8a3a6d00000006\r\n", 25);
	return str_cat(a, (struct str){ header, 2048 }, str_of(mails));
}

#define AT(length) " 3-Apr-2003 10:00:00 +0200," length ";000000000001-00000001\r\n"
#define NO_MBX "this is no mbx mailbox"
#define DAMAGED "this mbx mailbox is damaged: no mail begins at byte "

static void mbx_mails(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ AT("3") "a\r\n", "[a\r\n]" },
		{ AT("3") "a\r\n" AT("0") AT("4") "b\nc\n", "[a\r\n][][b\nc\n]" },
		/* Whatever is in a mail is its own. */
		{ AT("53") AT("1") "!", "[" AT("1") "!]" },
		{ "13-Apr-2003 10:00:00 +0200,2;0000aFfF8002-0000001f\r\nab", "[ab]" },
		/* Cut short. */
		{ AT("9999999999") "abc", "[abc]" },
		{ AT("3"), "[]" },
		/* Damaged. */
		{ AT("1") "ab", DAMAGED "2101, where one should" },
		{ "x" AT("1") "a", DAMAGED "2048, where one should" },
		{ AT("-1") "a", DAMAGED "2048, where one should" },
		{ AT("99999999999999999999") "a", DAMAGED "2048, where one should" },
		{ " 3-Apr-2003 10:00:00 +0200,1;00000000001-00000001\r\na",
		  DAMAGED "2048, where one should" },
		{ " 3-Apr-2003 10:00:00 +0200,1;00000000000g-00000001\r\na",
		  DAMAGED "2048, where one should" },
		{ " 3-Apr-2003 10:00:00 +0200,1;000000000000-0000001\r\na",
		  DAMAGED "2048, where one should" },
		{ " 3-Apr-2003 10:00:00 +0200,1", DAMAGED "2048, where one should" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(mails(MAILBOX_MBX, mbx(cases[i].text)), cases[i].want);
	assert_string_equal(mails(MAILBOX_MBX, str_sub(mbx(""), 0, 2047)), NO_MBX);
	assert_string_equal(mails(MAILBOX_MBX, str_from(mbx(AT("1") "a"), 1)), NO_MBX);
	assert_string_equal(mails(MAILBOX_MBX, STR("")), NO_MBX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mbox),
		cmocka_unit_test(mbx_mails),
	};

	return cmocka_run_group_tests_name("mailbox", tests, open_arena, close_arena);
}
