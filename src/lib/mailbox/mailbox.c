#include "lib/mailbox/mailbox.h"

#include "base/enc.h"

enum {
	MBX_HEADER = 2048,
	MBX_DATE = 26, /* " 3-Apr-2003 10:00:00 +0200" */
	MBX_FLAGS = 12,
	MBX_NUMBER = 8,
};

static bool is_hex(struct str s, size_t n)
{
	for (size_t i = 0; i < s.n; i++)
		if (enc_hex_digit(s.p[i]) < 0)
			return false;
	return s.n == n;
}

/* "DATE,LENGTH;FLAGS-NUMBER" */
static bool mbx_line(struct str line, size_t *length)
{
	struct str date = str_cut(&line, ','), size = str_cut(&line, ';'), flags;
	int64_t n;

	flags = str_cut(&line, '-');
	if (date.n != MBX_DATE || !str_int(size, 0, INT64_MAX, &n) || !is_hex(flags, MBX_FLAGS) ||
	    !is_hex(str_rtrim(line), MBX_NUMBER))
		return false;
	*length = (size_t)n;
	return true;
}

static bool mbx_next(struct str *rest, struct str *mail)
{
	struct str line, behind = *rest;
	size_t length;

	if (!str_line(&behind, &line) || !mbx_line(line, &length))
		return false;
	*mail = str_sub(behind, 0, length);
	*rest = str_from(behind, mail->n);
	return true;
}

static int mbx_check(struct str text, struct err *e)
{
	struct str rest = str_from(text, MBX_HEADER), mail;

	if (!str_starts(text, STR("*mbx*\r\n")) || text.n < MBX_HEADER)
		return err_set(e, ERR_INVALID, "this is no mbx mailbox");
	while (mbx_next(&rest, &mail))
		;
	if (rest.n)
		return err_set(e, ERR_INVALID,
			       "this mbx mailbox is damaged: no mail begins at byte %zu, where one "
			       "should",
			       text.n - rest.n);
	return 0;
}

int mailbox_open(struct mailbox *b, enum mailbox_kind kind, struct str text, struct err *e)
{
	if (kind == MAILBOX_MBX && mbx_check(text, e) < 0)
		return -1;
	b->kind = kind;
	b->rest = kind == MAILBOX_MBX ? str_from(text, MBX_HEADER) : text;
	return 0;
}

/* Up to the line "From …" of the mail behind it. */
static bool mbox_next(struct str *rest, struct str *mail)
{
	struct str all = *rest, line;
	bool blank = false;

	if (!str_line(rest, &line))
		return false;
	while (rest->n && !(blank && str_starts(*rest, STR("From ")))) {
		str_line(rest, &line);
		blank = line.n == 0 || str_eq(line, STR("\r"));
	}
	*mail = str_sub(all, 0, all.n - rest->n);
	return true;
}

bool mailbox_next(struct mailbox *b, struct str *mail)
{
	return b->kind == MAILBOX_MBX ? mbx_next(&b->rest, mail) : mbox_next(&b->rest, mail);
}
