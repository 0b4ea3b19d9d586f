/* Which hops of a mail are trusted, and which are our own (§3.8). */
#include "gw/spam/message_int.h"
#include "gw/spam/networks.h"
#include "gw/spam/received.h"
#include "gw/spam/shape.h"

enum { RELAY_TEXT_MAX = 1 << 24 };

struct relay_list {
	VEC(struct spam_relay) v;
};

struct walk {
	struct spam_message *m;
	const struct spam_networks *trusted, *internal;
	bool configured, in_trusted, in_internal, found_msa, may_fetch;
	struct relay_list lists[SPAM_RELAY_LISTS];
	struct str scanner_sender;
};

/* Where no network is known, a private address or a login is what makes a hop ours. */
static void judge_unconfigured(struct walk *w, const struct spam_relay *r)
{
	if (!r->ip_private && !r->auth.n)
		w->in_trusted = w->in_internal = false;
}

static void judge_configured(struct walk *w, struct spam_relay *r)
{
	if (!r->auth.n && !spam_networks_have(w->trusted, r->ip, true)) {
		w->in_trusted = w->in_internal = false;
		return;
	}
	if (!r->auth.n && !spam_networks_have(w->internal, r->ip, true))
		w->in_internal = false;
	if (spam_networks_have(w->m->o->msa, r->ip, false))
		w->found_msa = r->msa = true;
}

static void add_relay(struct walk *w, struct spam_relay *r)
{
	struct spam_message *m = w->m;

	if (w->in_trusted && !w->found_msa) {
		if (w->configured)
			judge_configured(w, r);
		else
			judge_unconfigured(w, r);
	}
	r->internal = w->in_internal;
	vec_add(m->a, &w->lists[w->in_trusted ? SPAM_RELAYS_TRUSTED : SPAM_RELAYS_UNTRUSTED].v, *r);
	vec_add(m->a, &w->lists[w->in_internal ? SPAM_RELAYS_INTERNAL : SPAM_RELAYS_EXTERNAL].v,
		*r);
	w->may_fetch = w->in_trusted;
	m->last_trusted += w->in_trusted;
	m->last_internal += w->in_internal;
}

/* The mail was fetched from a mailbox: what is above happened at the mailbox's host. */
static void restart(struct walk *w)
{
	if (!w->may_fetch)
		return;
	w->lists[SPAM_RELAYS_TRUSTED].v.n = 0;
	w->lists[SPAM_RELAYS_INTERNAL].v.n = 0;
	w->lists[SPAM_RELAYS_EXTERNAL].v.n = 0;
}

static void take_line(struct walk *w, struct str line)
{
	struct spam_relay r;

	switch (spam_received_read(w->m->a, line, &w->scanner_sender, &r)) {
	case SPAM_RECEIVED_RELAY:
		add_relay(w, &r);
		return;
	case SPAM_RECEIVED_FETCHED:
		restart(w);
		break;
	case SPAM_RECEIVED_UNPARSEABLE:
		w->m->unparseable++;
		break;
	case SPAM_RECEIVED_IGNORED:
		break;
	}
	w->m->last_trusted += w->in_trusted;
	w->m->last_internal += w->in_internal;
}

static struct str list_text(struct arena *a, const struct relay_list *list)
{
	struct buf b;

	buf_init(&b, a, RELAY_TEXT_MAX);
	for (size_t i = 0; i < list->v.n; i++) {
		const struct spam_relay *r = &list->v.p[i];

		if (i)
			buf_addc(&b, ' ');
		buf_addz(&b, "[ ip=");
		buf_add(&b, r->ip);
		buf_addz(&b, " rdns=");
		buf_add(&b, r->rdns);
		buf_addz(&b, " helo=");
		buf_add(&b, r->helo);
		buf_addz(&b, " by=");
		buf_add(&b, r->by);
		buf_addz(&b, " ident=");
		buf_add(&b, r->ident);
		buf_addz(&b, " envfrom=");
		buf_add(&b, r->envfrom);
		buf_addz(&b, r->internal ? " intl=1 id=" : " intl=0 id=");
		buf_add(&b, r->id);
		buf_addz(&b, " auth=");
		buf_add(&b, r->auth);
		buf_addz(&b, r->msa ? " msa=1 ]" : " msa=0 ]");
	}
	return buf_str(&b);
}

/* A header that holds the sender's address, as if it were a hop below all others. */
static void take_originating(struct walk *w)
{
	const struct spam_texts *names = &w->m->o->originating_ip_headers;

	for (size_t i = 0; i < names->n; i++) {
		struct spam_field *f = spam_field_last(&w->m->root, names->v[i]);
		struct str ip = f ? shape_find_ip(spam_field_value(w->m, f)) : STR_NONE;

		if (ip.n)
			take_line(w, str_cat(w->m->a, STR("from X-Originating-IP: "), ip));
	}
}

static void read_relays(struct spam_message *m)
{
	const struct spam_view_options *o = m->o;
	struct walk w = { .m = m,
			  .trusted = o->trusted ? o->trusted : o->internal,
			  .internal = o->internal ? o->internal : o->trusted,
			  .configured = o->trusted || o->internal,
			  .in_trusted = true,
			  .in_internal = true,
			  .may_fetch = true };
	size_t lines = 0;

	m->last_trusted = m->last_internal = -1;
	for (size_t i = 0; i < m->root.fields.n && lines < SPAM_RECEIVED_MAX; i++) {
		struct spam_field *f = &m->root.fields.p[i];

		if (!str_ieq(f->name, STR("Received")))
			continue;
		take_line(&w, spam_field_value(m, f));
		lines++;
	}
	take_originating(&w);
	for (int i = 0; i < SPAM_RELAY_LISTS; i++)
		m->relays[i] = (struct spam_relays){ w.lists[i].v.p, w.lists[i].v.n,
						     list_text(m->a, &w.lists[i]) };
	m->have_relays = true;
}

const struct spam_relays *spam_relays(struct spam_message *m, enum spam_relay_list which)
{
	if (!m->have_relays)
		read_relays(m);
	return &m->relays[which];
}

unsigned spam_relays_unparseable(struct spam_message *m)
{
	if (!m->have_relays)
		read_relays(m);
	return m->unparseable;
}
