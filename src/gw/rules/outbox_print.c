/* An outbox as text, for people and tests. */
#include "gw/rules/outbox.h"

enum { PRINT_MAX = 256 << 20 };

struct printer {
	const struct outbox *o;
	const struct scan *s;
	bool all; /* nothing is left out or replaced */
	struct buf *out;
};

static int to_buf(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	buf_add(ctx, bytes);
	return 0;
}

static void print_text(struct printer *p, struct str s)
{
	if (p->all)
		buf_add(p->out, s);
	else
		buf_add_visible(p->out, s, SIZE_MAX);
}

/* A CR is shown as ^M, so that one sees which line ends there are. */
static void print_line(struct printer *p, struct str line)
{
	buf_addz(p->out, line.n ? "  | " : "  |");
	while (line.n) {
		struct str rest = line;

		print_text(p, str_cut(&rest, '\r'));
		if (rest.p)
			buf_addz(p->out, "^M");
		line = rest;
	}
	buf_addc(p->out, '\n');
}

static void print_lines(struct printer *p, struct str text)
{
	struct str rest = text;
	size_t n = 0;

	while (rest.n) {
		if (!p->all && n++ == OUTBOX_LINES_MAX) {
			buf_addf(p->out, "  ... %zu more bytes\n", rest.n);
			return;
		}
		print_line(p, str_cut(&rest, '\n'));
	}
}

static void print_rcpt(struct printer *p, const struct outbox_effect *ef)
{
	for (size_t i = 0; i < ef->n_rcpt; i++) {
		buf_addz(p->out, i ? ", <" : " for <");
		print_text(p, p->s->env->rcpt[ef->rcpt[i]].address);
		buf_addc(p->out, '>');
	}
	buf_addz(p->out, " (rule: ");
	print_text(p, ef->rule);
	buf_addz(p->out, ")\n");
}

static int print_mail(struct printer *p, const struct outbox_effect *ef, struct err *e)
{
	struct buf mail;
	struct sink sink = { to_buf, &mail };
	struct str text;

	if (!ef->edit) {
		buf_addz(p->out, "  as received\n");
		return 0;
	}
	buf_init(&mail, p->out->a, PRINT_MAX);
	if (mime_write(p->s->mime, ef->edit, &sink, e) < 0 || buf_done(&mail, &text, e) < 0)
		return -1;
	print_lines(p, text);
	return 0;
}

static int print_draft(struct printer *p, const struct outbox_effect *ef, struct err *e)
{
	struct buf mail;
	struct sink sink = { to_buf, &mail };
	struct str text;

	buf_init(&mail, p->out->a, PRINT_MAX);
	if (mime_draft_write(p->out->a, &ef->draft, &sink, e) < 0 || buf_done(&mail, &text, e) < 0)
		return -1;
	print_lines(p, text);
	return 0;
}

static void print_targets(struct printer *p, const struct outbox_effect *ef)
{
	for (size_t i = 0; i < ef->n_target; i++) {
		buf_addz(p->out, i ? ", " : " to ");
		print_text(p, ef->target[i]);
	}
}

static void print_note(struct printer *p, const struct outbox_effect *ef)
{
	static const char *const names[] = {
		[LINE_NO_LDAP_PROFILE] = "no LDAP profile ",
		[LINE_WHITELISTED] = "sender in whitelist of ",
		[LINE_BLACKLISTED] = "sender in blacklist of ",
		[LINE_HEADER_MODIFIED] = "modified header ",
		[LINE_ATTACHMENT_REMOVED] = "removed attachment ",
		[LINE_DISCLAIMER_ADDED] = "added disclaimer",
		[LINE_DISCLAIMER_FAILED] = "adding disclaimer failed",
		[LINE_DISCLAIMER_SEALED] = "left alone, signed or encrypted, part ",
		[LINE_BCC_IGNORED] = "bcc to nobody",
		[LINE_NOTIFY_IGNORED] = "notify nobody",
		[LINE_REGEX_GAVE_UP] = "regular expression gave up, object ",
	};

	buf_addf(p->out, "NOTE %s", names[ef->line]);
	if (ef->line == LINE_ATTACHMENT_REMOVED || ef->line == LINE_REGEX_GAVE_UP ||
	    ef->line == LINE_DISCLAIMER_SEALED)
		buf_addf(p->out, "%lld", (long long)ef->number);
	if (ef->line == LINE_ATTACHMENT_REMOVED)
		buf_addz(p->out, " '");
	print_text(p, ef->text);
	if (ef->line == LINE_ATTACHMENT_REMOVED)
		buf_addc(p->out, '\'');
	if (ef->n_rcpt || ef->rule.n)
		print_rcpt(p, ef);
	else
		buf_addc(p->out, '\n');
}

static int print_quarantine(struct printer *p, const struct outbox_effect *ef, struct err *e)
{
	buf_addf(p->out, "QUARANTINE %s",
		 ef->store == OUTBOX_VIRUS  ? "virus"
		 : ef->store == OUTBOX_SPAM ? "spam"
					    : "attachment");
	print_rcpt(p, ef);
	buf_addf(p->out, "  level %lld info ", (long long)ef->spam_level);
	print_text(p, ef->info.n ? ef->info : STR("none"));
	buf_addc(p->out, '\n');
	print_lines(p, ef->header);
	buf_addz(p->out, "  --\n");
	return print_mail(p, ef, e);
}

static int print_effect(struct printer *p, const struct outbox_effect *ef, struct err *e)
{
	switch (ef->kind) {
	case OUTBOX_NOTE:
		print_note(p, ef);
		return 0;
	case OUTBOX_QUARANTINE:
		return print_quarantine(p, ef, e);
	case OUTBOX_DELIVER:
		buf_addz(p->out, "DELIVER");
		print_rcpt(p, ef);
		return print_mail(p, ef, e);
	case OUTBOX_BLOCK:
		buf_addz(p->out, "BLOCK");
		print_rcpt(p, ef);
		return 0;
	case OUTBOX_BCC:
		buf_addz(p->out, "BCC");
		print_targets(p, ef);
		print_rcpt(p, ef);
		return print_mail(p, ef, e);
	case OUTBOX_NOTIFY:
		buf_addf(p->out, "NOTIFY%s", ef->smtputf8 ? " smtputf8" : "");
		print_targets(p, ef);
		print_rcpt(p, ef);
		return print_draft(p, ef, e);
	}
	return 0;
}

static void print_fates(struct printer *p)
{
	static const char *const names[] = { [OUTBOX_QUARANTINE] = "quarantine",
					     [OUTBOX_DELIVER] = "deliver",
					     [OUTBOX_BLOCK] = "block" };

	for (size_t i = 0; i < p->s->env->n_rcpt; i++) {
		buf_addz(p->out, "FATE <");
		print_text(p, p->s->env->rcpt[i].address);
		buf_addf(p->out, "> %s (rule: ", names[p->o->rcpt[i].fate]);
		print_text(p, p->o->rcpt[i].rule);
		buf_addz(p->out, ")\n");
	}
}

/* The rules whose counters go up. */
static void print_counted(struct printer *p)
{
	buf_addz(p->out, "COUNTED");
	for (size_t i = 0; i < p->o->n_counted; i++)
		buf_addf(p->out, " %lld", (long long)p->o->counted[i]);
	buf_addc(p->out, '\n');
}

int outbox_print(const struct outbox *o, const struct scan *s, enum outbox_reader reader,
		 struct buf *out, struct err *e)
{
	struct printer p = { o, s, reader == OUTBOX_FOR_TESTS, out };

	for (size_t i = 0; i < o->n_effects; i++)
		if (print_effect(&p, &o->effects[i], e) < 0)
			return -1;
	print_fates(&p);
	if (p.all)
		print_counted(&p);
	return 0;
}
