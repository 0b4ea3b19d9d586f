#include "gw/deliver/deliver.h"

#include "base/buf.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/quar/store.h"
#include "gw/send/send.h"
#include "gw/stat/stat.h"
#include "gw/track/lines.h"

struct delivery {
	struct arena *a;
	const struct deliver_context *ctx;
	const struct scan *s;
	const struct outbox *o;
	struct deliver_rcpt *rcpt;
	struct str *quarantine_id; /* of each effect that was stored */
	bool *failed;		   /* recipients for whom something that mattered failed */
};

static bool too_late(const struct delivery *d)
{
	return net_now() >= d->s->deadline;
}

/* Whether any recipient of the effect can still profit from it. */
static bool concerns_nobody(const struct delivery *d, const struct outbox_effect *f)
{
	for (size_t i = 0; i < f->n_rcpt; i++)
		if (!d->failed[f->rcpt[i]])
			return false;
	return f->n_rcpt > 0;
}

static bool concerns_a_failed_one(const struct delivery *d, const struct outbox_effect *f)
{
	for (size_t i = 0; i < f->n_rcpt; i++)
		if (d->failed[f->rcpt[i]])
			return true;
	return false;
}

static void fail_all(struct delivery *d, const struct outbox_effect *f)
{
	for (size_t i = 0; i < f->n_rcpt; i++)
		d->failed[f->rcpt[i]] = true;
}

static const struct smtp_rcpt *recipient(const struct delivery *d, size_t i)
{
	return &d->s->env->rcpt[i];
}

struct version {
	const struct scan *s;
	const struct mime_edit *edit;
};

static int write_version(void *ctx, const struct sink *to, struct err *e)
{
	const struct version *v = ctx;

	return mime_write(v->s->mime, v->edit, to, e);
}

/*
 * The two fields on top by which a quarantined mail remembers its envelope (filter.md 7.3). Fields
 * of these names that it had stay, since who releases it gives back what was sent.
 */
static const struct mime_edit *with_envelope(struct delivery *d, const struct outbox_effect *f)
{
	struct mime_edit *edit = NEW(d->a, struct mime_edit);
	struct buf rcpt;

	if (f->edit)
		mime_edit_copy(edit, f->edit);
	else
		mime_edit_init(edit, d->a, d->s->mime);
	buf_init(&rcpt, d->a, (size_t)SMTP_RCPT_MAX * (SMTP_ADDRESS_MAX + 1));
	for (size_t i = 0; i < f->n_rcpt; i++)
		buf_addf(&rcpt, "%s%.*s", i ? "," : "", STR_ARG(recipient(d, f->rcpt[i])->address));
	mime_edit_prepend(edit, d->s->mime, STR("Return-Path"), d->s->env->sender);
	mime_edit_prepend(edit, d->s->mime, STR("Delivered-To"), buf_str(&rcpt));
	return edit;
}

static int store_effect(struct delivery *d, const struct outbox_effect *f, struct str *id,
			struct err *e)
{
	struct version version = { d->s, with_envelope(d, f) };
	const struct quar_source source = { write_version, &version };
	struct quar_rcpt *rcpt = NEW_N(d->a, struct quar_rcpt, f->n_rcpt);
	const struct quar_mail mail = {
		.type = (enum quar_type)f->store,
		.time = d->s->now,
		.bytes = d->s->raw.n,
		.spam_level = f->spam_level,
		.info = f->info,
		.sender = d->s->env->sender,
		.header = f->header,
		.rcpt = rcpt,
		.n_rcpt = f->n_rcpt,
	};

	for (size_t i = 0; i < f->n_rcpt; i++)
		rcpt[i] = (struct quar_rcpt){ recipient(d, f->rcpt[i])->address,
					      d->ctx->pmail[f->rcpt[i]] };
	if (too_late(d))
		return err_set(e, ERR_TEMP, "the time for this mail is over");
	return quar_store(d->a, d->ctx->db, d->ctx->spool, &mail, &source, id, e);
}

/* First all that goes into a quarantine: a copy that fails keeps its recipients' mail open. */
static void store_all(struct delivery *d)
{
	for (size_t i = 0; i < d->o->n_effects; i++) {
		const struct outbox_effect *f = &d->o->effects[i];
		struct err e;

		if (f->kind != OUTBOX_QUARANTINE)
			continue;
		if (concerns_a_failed_one(d, f)) {
			fail_all(d, f);
		} else if (store_effect(d, f, &d->quarantine_id[i], &e) < 0) {
			log_err("ERROR: quarantine (rule: %.*s): %s", STR_ARG(f->rule), e.msg);
			fail_all(d, f);
		}
	}
}

static void log_stored(struct delivery *d, const struct outbox_effect *f, struct str id)
{
	const char *store = f->store == OUTBOX_VIRUS ? "virus" :
			    f->store == OUTBOX_SPAM  ? "spam" :
						       "attachment";

	for (size_t i = 0; i < f->n_rcpt; i++) {
		line_quarantine(recipient(d, f->rcpt[i])->address, store, id, f->rule);
		if (f->store != OUTBOX_ATTACHMENT)
			d->rcpt[f->rcpt[i]].fate = DELIVER_DONE;
	}
}

/* Those of the effect whose mail is not kept open already. */
static size_t still_wanted(struct delivery *d, const struct outbox_effect *f, size_t **order)
{
	size_t n = 0;

	*order = NEW_N(d->a, size_t, f->n_rcpt);
	for (size_t i = 0; i < f->n_rcpt; i++)
		if (!d->failed[f->rcpt[i]])
			(*order)[n++] = f->rcpt[i];
	return n;
}

static void note_refusal(struct delivery *d, const size_t *order, size_t n,
			 const struct smtp_outcome *got, const struct err *e)
{
	log_err("%s", e->msg);
	for (size_t i = 0; i < n; i++) {
		struct deliver_rcpt *rcpt = &d->rcpt[order[i]];

		line_reinject_failed(recipient(d, order[i])->address, d->o->rcpt[order[i]].rule);
		d->failed[order[i]] = true;
		if (got->code >= 400)
			*rcpt = (struct deliver_rcpt){ DELIVER_REFUSED, got->code, got->text };
	}
}

/* What leaves us is signed as it leaves us: outgoing mails and our own. */
static struct smtp_source signed_source(const struct delivery *d, struct str sender, bool ours,
					struct smtp_source source)
{
	const struct signing_mail mail = { sender, ours, d->s->now };

	return ours || d->s->trusted ? signing_add(d->a, d->ctx->signing, &mail, source) : source;
}

static void deliver_effect(struct delivery *d, const struct outbox_effect *f)
{
	struct version version = { d->s, f->edit };
	struct smtp_source source = { write_version, &version };
	struct smtp_send mail = { .sender = d->s->env->sender,
				  .rcpt = d->s->env->rcpt,
				  .forward = d->s->env };
	struct smtp_outcome got;
	size_t *order;
	struct err e;

	mail.n_rcpt = still_wanted(d, f, &order);
	mail.order = order;
	if (too_late(d)) {
		log_err("not delivered: the time for this mail is over");
		fail_all(d, f);
		return;
	}
	source = signed_source(d, mail.sender, false, source);
	if (send_mail(d->a, d->ctx->cfg, &mail, &source, d->s->deadline, &got, &e) < 0) {
		note_refusal(d, order, mail.n_rcpt, &got, &e);
		return;
	}
	FAILPOINT("after-reinject", d->s->raw);
	for (size_t i = 0; i < mail.n_rcpt; i++) {
		d->rcpt[order[i]].fate = DELIVER_DONE;
		line_accept(recipient(d, order[i])->address, got.queue_id,
			    d->o->rcpt[order[i]].rule);
	}
}

static void block_effect(struct delivery *d, const struct outbox_effect *f)
{
	size_t *order, n = still_wanted(d, f, &order);

	for (size_t i = 0; i < n; i++) {
		d->rcpt[order[i]].fate = DELIVER_BLOCKED;
		line_block(recipient(d, order[i])->address, f->rule);
	}
}

struct draft {
	struct arena *a;
	const struct mime_draft *draft;
};

static int write_draft(void *ctx, const struct sink *to, struct err *e)
{
	const struct draft *d = ctx;

	return mime_draft_write(d->a, d->draft, to, e);
}

/* A mail to others: it is tried once, and its failure is only logged. */
static int send_aside(struct delivery *d, const struct outbox_effect *f,
		      struct smtp_source source, struct smtp_outcome *got, struct err *e)
{
	bool ours = f->kind == OUTBOX_NOTIFY;
	struct smtp_rcpt *rcpt = NEW_N(d->a, struct smtp_rcpt, f->n_target);
	const struct smtp_send mail = {
		.sender = ours ? STR("postmaster") : d->s->env->sender,
		.rcpt = rcpt,
		.n_rcpt = f->n_target,
		.forward = ours ? NULL : d->s->env,
		.smtputf8 = f->smtputf8,
	};

	for (size_t i = 0; i < f->n_target; i++)
		rcpt[i] = (struct smtp_rcpt){
			.address = f->target[i],
			.notify = ours ? STR_NONE : STR("NEVER"),
			.same_as = i,
		};
	if (too_late(d))
		return err_set(e, ERR_TEMP, "the time for this mail is over");
	source = signed_source(d, mail.sender, ours, source);
	return send_mail(d->a, d->ctx->cfg, &mail, &source, d->s->deadline, got, e);
}

static void log_aside(const struct outbox_effect *f, struct str target, bool sent, struct str id)
{
	if (f->kind == OUTBOX_NOTIFY)
		sent ? line_notify(target, f->rule, id) : line_notify_failed(target, f->rule);
	else
		sent ? line_bcc(target, f->rule, id) : line_bcc_failed(target, f->rule);
}

static void aside_effect(struct delivery *d, const struct outbox_effect *f)
{
	struct version version = { d->s, f->edit };
	struct draft draft = { d->a, &f->draft };
	const struct smtp_source copy = { write_version, &version }, ours = { write_draft, &draft };
	struct smtp_outcome got;
	struct err e;
	bool sent = send_aside(d, f, f->kind == OUTBOX_NOTIFY ? ours : copy, &got, &e) == 0;

	if (!sent)
		log_err("%s", e.msg);
	for (size_t i = 0; i < f->n_target; i++)
		log_aside(f, f->target[i], sent, got.queue_id);
}

static void carry_out(struct delivery *d, size_t i)
{
	const struct outbox_effect *f = &d->o->effects[i];

	if (concerns_nobody(d, f))
		return;
	switch (f->kind) {
	case OUTBOX_NOTE:
		outbox_log(f);
		break;
	case OUTBOX_QUARANTINE:
		log_stored(d, f, d->quarantine_id[i]);
		break;
	case OUTBOX_DELIVER:
		deliver_effect(d, f);
		break;
	case OUTBOX_BLOCK:
		block_effect(d, f);
		break;
	case OUTBOX_BCC:
	case OUTBOX_NOTIFY:
		aside_effect(d, f);
		break;
	}
}

/* Statistics of a mail that is settled for nobody would count it again at its next try. */
static bool anybody_settled(const struct delivery *d)
{
	for (size_t i = 0; i < d->s->env->n_rcpt; i++)
		if (d->rcpt[i].fate == DELIVER_DONE || d->rcpt[i].fate == DELIVER_BLOCKED)
			return true;
	return false;
}

static int64_t sooner(int64_t x, int64_t y)
{
	return x < y ? x : y;
}

/* The mail is where it belongs and only the reply is missing: a locked table must not delay it. */
static void record(struct delivery *d, int64_t ms)
{
	const struct smtp_envelope *env = d->s->env;
	struct stat_rcpt *rcpt = NEW_N(d->a, struct stat_rcpt, env->n_rcpt);
	struct stat_mail mail = {
		.time = d->s->now,
		.bytes = d->s->raw.n,
		.incoming = !d->s->trusted,
		.spam_level = d->s->spam ? d->s->spam->level : 0,
		.virus = d->s->virus,
		.ms = ms,
		.sender = env->sender,
		.rcpt = rcpt,
		.rules = d->o->counted,
		.n_rules = d->o->n_counted,
	};
	struct err e;

	for (size_t i = 0; i < env->n_rcpt; i++)
		if (env->rcpt[i].same_as == i)
			rcpt[mail.n_rcpt++] = (struct stat_rcpt){
				env->rcpt[i].address, d->rcpt[i].fate == DELIVER_BLOCKED
			};
	db_deadline(d->ctx->db, sooner(d->s->deadline, net_now() + DELIVER_STATISTICS_MS));
	if (anybody_settled(d) && stat_record(d->a, d->ctx->db, &mail, &e) < 0)
		log_err("statistics: %s", e.msg);
	FAILPOINT("statistics", d->s->raw);
}

int64_t deliver(struct arena *a, const struct deliver_context *ctx, const struct scan *s,
		const struct outbox *o, struct deliver_rcpt *rcpt)
{
	struct delivery d = {
		.a = a, .ctx = ctx, .s = s, .o = o, .rcpt = rcpt,
		.quarantine_id = NEW_N(a, struct str, o->n_effects),
		.failed = NEW_N(a, bool, s->env->n_rcpt),
	};
	int64_t ms;

	store_all(&d);
	for (size_t i = 0; i < o->n_effects; i++)
		carry_out(&d, i);
	for (size_t i = 0; i < s->env->n_rcpt; i++)
		rcpt[i] = rcpt[s->env->rcpt[i].same_as];
	ms = net_now() - ctx->start;
	record(&d, ms);
	return ms;
}
