/*
 * send - hand a mail to Postfix: back into its queue on port 10025 (filter.md §7.9).
 *
 * One call is one copy of the mail with one queue id. It has been taken over only when Postfix has
 * said so; whatever else happened, the caller still owns the mail for these recipients.
 */
#pragma once

#include "gw/cfg/cfg.h"
#include "lib/smtp/client.h"

#define SEND_ADDRESS "127.0.0.1"
enum { SEND_PORT = 10025 };

/*
 * Sends `mail` (an empty helo becomes the name of this machine). On failure *out says what Postfix
 * answered: out->code is 0 if it did not answer, or if it is not known whether it has taken the
 * mail.
 */
MUST_CHECK int send_mail(struct arena *a, const struct cfg *cfg, const struct smtp_send *mail,
			 const struct smtp_source *message, int64_t deadline,
			 struct smtp_outcome *out, struct err *e);
