/* Whatever is in it: mails are parts of the text, one behind the other, and it comes to an end. */
#include <stdint.h>

#include "lib/mailbox/mailbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(enum mailbox_kind kind, struct str text)
{
	const char *at = text.p;
	struct mailbox b;
	struct str mail;
	struct err e;

	if (mailbox_open(&b, kind, text, &e) < 0)
		return;
	while (mailbox_next(&b, &mail)) {
		ASSERT(mail.p >= at && mail.p + mail.n <= text.p + text.n);
		at = mail.p + mail.n;
	}
	ASSERT(b.rest.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };

	walk(MAILBOX_MBOX, text);
	walk(MAILBOX_MBX, text);
	return 0;
}
