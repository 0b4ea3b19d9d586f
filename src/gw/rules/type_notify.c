#include "gw/rules/targets.h"
#include "gw/rules/types.h"

struct notify {
	struct str to, subject, body;
	bool attach;
};

static const struct str default_subject = STR_INIT("Notification: __SUBJECT__");
static const struct str default_body = STR_INIT("Proxmox Notification:\n\n"
						"Sender:   __SENDER__\n"
						"Receiver: __RECEIVERS__\n"
						"Targets:  __TARGETS__\n\n"
						"Subject:  __SUBJECT__\n\n"
						"Matching Rule: __RULE__\n\n"
						"__RULE_INFO__\n\n"
						"__VIRUS_INFO__\n"
						"__SPAM_INFO__\n");

#define T struct notify
static const struct prop props[] = {
	P_TEXT(T, to, 200, NULL, "Addresses that get the notification; macros are filled in."),
	P_TEXT(T, subject, 100, NULL, "Its subject; macros are filled in."),
	P_TEXT(T, body, 2048, NULL, "Its text; macros are filled in.", .flags = PROP_LINES),
	P_BOOL(T, attach, "0", "Attach the mail as it was received."), P_END
};
#undef T

static int decode(const struct rule_source *src, void *o, struct err *e)
{
	struct notify *n = o;

	if (!src->value.n)
		return err_set(e, ERR_INVALID, "nobody to notify");
	n->to = src->value;
	n->subject = rule_attr(src, "subject");
	n->body = rule_attr(src, "body");
	n->attach = str_eq(rule_attr(src, "attach"), STR("O"));
	if (!n->subject.n)
		n->subject = default_subject;
	if (!n->body.n)
		n->body = default_body;
	return 0;
}

static void encode(struct arena *a, const void *o, struct rule_stored *out)
{
	const struct notify *n = o;

	(void)a;
	out->value = n->to;
	type_store_attr(out, "subject", n->subject);
	type_store_attr(out, "body", n->body);
	type_store_attr(out, "attach", n->attach ? STR("O") : STR("N"));
}

static struct str describe(struct arena *a, const void *o)
{
	const struct notify *n = o;

	return str_fmt(a, "notify %.*s", STR_ARG(n->to));
}

static bool mentions(const void *o, struct str text)
{
	const struct notify *n = o;

	return str_find(n->to, text) >= 0 || str_find(n->subject, text) >= 0 ||
	       str_find(n->body, text) >= 0;
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static struct str to_value(struct act *x, const struct targets *t)
{
	struct buf b;

	buf_init(&b, x->a, SIZE_MAX);
	for (size_t i = 0; i < t->n; i++) {
		buf_add(&b, i ? STR(",\n\t") : STR_NONE);
		buf_add(&b, t->p[i]);
	}
	return buf_str(&b);
}

static struct str headers(struct act *x, const struct targets *t, struct str subject)
{
	struct buf b;

	buf_init(&b, x->a, SIZE_MAX);
	buf_add(&b, STR("From: "));
	buf_add(&b, mime_build_from(x->a, x->cfg->admin.admin_mail_from, x->cfg->dns.fqdn));
	buf_add(&b, STR("\nTo: "));
	buf_add(&b, to_value(x, t));
	buf_add(&b, STR("\nSubject: "));
	buf_add(&b, mime_encode_text(x->a, subject));
	buf_add(&b, STR("\nDate: "));
	buf_add(&b, mime_build_date(x->a, x->s->now));
	buf_add(&b, STR("\nMessage-ID: <"));
	buf_add(&b, act_token(x));
	buf_addf(&b, "@%.*s>\n", STR_ARG(x->cfg->dns.fqdn));
	buf_add(&b, STR("Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"));
	return buf_str(&b);
}

static void write_group(const struct notify *o, struct act *x, const struct act_group *g,
			const struct targets *t)
{
	struct str head = headers(x, t, act_text(x, o->subject));
	struct outbox_effect *ef;

	ef = act_effect(x, OUTBOX_NOTIFY, g->rcpt, g->n);
	ef->target = t->p;
	ef->n_target = t->n;
	ef->smtputf8 = x->cfg->mail.smtputf8 && !is_ascii(head);
	ef->draft.headers = head;
	ef->draft.text = act_text(x, o->body);
	if (o->attach) {
		ef->draft.attach = &x->s->raw;
		ef->draft.attach_name = STR("original_message.eml");
		ef->draft.boundary = act_boundary(x);
	}
}

/* One notification, unless what it prints differs between recipients. */
static void carry_out(const void *o, struct act *x)
{
	const struct notify *n = o;
	struct act_group *g;
	size_t count = act_groups(x, mentions(o, STR("__SPAM")) ? ACT_BY_VIEW : 0, &g);

	for (size_t i = 0; i < count; i++) {
		struct targets t;

		x->view = g[i].view;
		t = targets_of(x->a, act_text(x, n->to), ";, \t\r\n");
		if (!t.n)
			act_note(x, &g[i], LINE_NOTIFY_IGNORED, STR_NONE, STR_NONE, 0);
		else
			write_group(n, x, &g[i], &t);
	}
}

const struct rule_type type_notify = {
	.otype = 4002,
	.class = CLASS_ACTION,
	.name = "Notification",
	.slug = "notification",
	.props = props,
	.size = sizeof(struct notify),
	.decode = decode,
	.encode = encode,
	.describe = describe,
	.act = carry_out,
	.mentions = mentions,
	.priority = 89,
};
