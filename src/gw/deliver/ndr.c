#include "gw/deliver/ndr.h"

#include "base/buf.h"
#include "gw/send/send.h"
#include "gw/track/lines.h"
#include "lib/mime/build.h"

struct report {
	const struct ndr *n;
	struct str boundary;
	bool utf8; /* any address that needs it (RFC 6533) */
	struct buf text;
};

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* NOTIFY of RFC 3461: without it failures are reported. */
static bool wants_failures(struct str notify)
{
	struct str rest = notify;

	while (rest.n)
		if (str_ieq(str_cut(&rest, ','), STR("FAILURE")))
			return true;
	return notify.n == 0;
}

const char *ndr_omitted(const struct cfg *cfg, const struct smtp_envelope *env,
			const struct smtp_rcpt *rcpt)
{
	if (!cfg->mail.ndr_on_block)
		return "ndr_on_block is 0";
	if (!env->sender.n)
		return "the sender is empty";
	if (!wants_failures(rcpt->notify))
		return "the sender asked for no report";
	return NULL;
}

static bool is_told(const struct ndr *n, size_t i)
{
	const struct smtp_rcpt *rcpt = &n->env->rcpt[i];

	return rcpt->same_as == i && n->rcpt[i].fate == DELIVER_BLOCKED &&
	       !ndr_omitted(n->cfg, n->env, rcpt);
}

static void add_headers(struct report *r, struct arena *a)
{
	const struct ndr *n = r->n;
	const struct cfg *c = n->cfg;
	struct buf *b = &r->text;

	buf_addf(b, "From: %.*s\n",
		 STR_ARG(mime_build_from(a, c->admin.admin_mail_from, c->dns.fqdn)));
	buf_addf(b, "To: <%.*s>\n", STR_ARG(n->env->sender));
	buf_addf(b, "Subject: Undelivered Mail\nDate: %.*s\n", STR_ARG(mime_build_date(a, n->now)));
	buf_addf(b, "Message-ID: <%.*s.ndr@%.*s>\n", STR_ARG(n->id), STR_ARG(c->dns.fqdn));
	buf_addf(b,
		 "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
		 "Content-Type: multipart/report; report-type=delivery-status;\n"
		 "\tboundary=\"%.*s\"\n",
		 STR_ARG(r->boundary));
}

static void add_words(struct report *r)
{
	const struct ndr *n = r->n;
	struct buf *b = &r->text;

	buf_addf(b,
		 "\n--%.*s\nContent-Type: text/plain; charset=UTF-8\n"
		 "Content-Transfer-Encoding: 8bit\n\n"
		 "This is the mail system at host %.*s.\n\n"
		 "Your mail was refused for policy reasons for these recipients:\n\n",
		 STR_ARG(r->boundary), STR_ARG(n->cfg->dns.fqdn));
	for (size_t i = 0; i < n->env->n_rcpt; i++)
		if (is_told(n, i))
			buf_addf(b, "  <%.*s>\n", STR_ARG(n->env->rcpt[i].address));
}

static void add_recipient(struct report *r, struct str address)
{
	const char *type = is_ascii(address) ? "rfc822" : "utf-8";

	buf_addf(&r->text,
		 "\nFinal-Recipient: %s; %.*s\nOriginal-Recipient: %s; %.*s\n"
		 "Action: failed\nStatus: 5.7.1\n"
		 "Diagnostic-Code: smtp; 554 5.7.1 Rejected for policy reasons (%.*s)\n",
		 type, STR_ARG(address), type, STR_ARG(address), STR_ARG(r->n->id));
}

static void add_status(struct report *r)
{
	const struct ndr *n = r->n;

	buf_addf(&r->text,
		 "\n--%.*s\nContent-Type: message/%sdelivery-status\n"
		 "Content-Description: Delivery report\nContent-Transfer-Encoding: %s\n\n"
		 "Reporting-MTA: dns; %.*s\nX-Proxmox-Queue-ID: %.*s\nX-Proxmox-Sender: %s; %.*s\n",
		 STR_ARG(r->boundary), r->utf8 ? "global-" : "", r->utf8 ? "8bit" : "7bit",
		 STR_ARG(n->cfg->dns.fqdn), STR_ARG(n->id),
		 is_ascii(n->env->sender) ? "rfc822" : "utf-8", STR_ARG(n->env->sender));
	for (size_t i = 0; i < n->env->n_rcpt; i++)
		if (is_told(n, i))
			add_recipient(r, n->env->rcpt[i].address);
	buf_addf(&r->text, "\n--%.*s--\n", STR_ARG(r->boundary));
}

static int write_text(void *ctx, const struct sink *to, struct err *e)
{
	struct report *r = ctx;

	return sink_write(to, buf_str(&r->text), e);
}

/* How many recipients it is about. */
static size_t prepare(struct report *r)
{
	size_t told = 0;

	r->utf8 = !is_ascii(r->n->env->sender);
	for (size_t i = 0; i < r->n->env->n_rcpt; i++) {
		if (!is_told(r->n, i))
			continue;
		r->utf8 = r->utf8 || !is_ascii(r->n->env->rcpt[i].address);
		told++;
	}
	return told;
}

int ndr_send(struct arena *a, const struct ndr *n, struct err *e)
{
	struct report r = { .n = n, .boundary = str_fmt(a, "=_%.*s", STR_ARG(n->id)) };
	const struct smtp_rcpt to = { .address = n->env->sender };
	struct smtp_send mail = { .sender = STR(""), .rcpt = &to, .n_rcpt = 1 };
	const struct smtp_source source = { write_text, &r };
	struct smtp_outcome got;

	if (prepare(&r) == 0)
		return 0;
	mail.smtputf8 = r.utf8;
	buf_init(&r.text, a, SIZE_MAX);
	add_headers(&r, a);
	add_words(&r);
	add_status(&r);
	if (send_mail(a, n->cfg, &mail, &source, n->deadline, &got, e) < 0) {
		line_ndr_failed();
		e->code = got.code >= 500 ? ERR_INVALID : ERR_TEMP;
		return -1;
	}
	line_ndr(got.queue_id);
	return 0;
}
