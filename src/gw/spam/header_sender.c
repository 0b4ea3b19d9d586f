/* The envelope sender: told by the gateway, or guessed. */
#include "gw/spam/header_int.h"

static bool first_address(struct spam_message *m, struct str name, struct str *out)
{
	struct spam_header_query q = { name, SPAM_HEADER_FIRST | SPAM_HEADER_ADDR };
	struct spam_texts t = spam_header(m, &q);

	if (t.n)
		*out = t.v[0];
	return t.n > 0;
}

/* Does a Received line stand above a field of that name? */
static bool is_below_received(const struct spam_message *m, struct str name)
{
	bool received = false;

	for (size_t i = 0; i < m->root.fields.n; i++) {
		struct str n = m->root.fields.p[i].name;

		if (received && str_ieq(n, name))
			return true;
		received |= str_ieq(n, STR("Received"));
	}
	return false;
}

/* fetchmail makes up a sender from X-Sender, which lists use for something else. */
static bool is_fetchmail_guess(struct spam_message *m)
{
	struct str sender;

	if (!first_address(m, STR("X-Sender"), &sender) || str_chr(sender, '@') < 0)
		return false;
	for (size_t i = 0; i < m->root.fields.n; i++) {
		struct spam_field *f = &m->root.fields.p[i];

		if (str_ieq(f->name, STR("Received")) &&
		    str_find(spam_field_value(m, f), STR("(fetchmail")) >= 0)
			return true;
	}
	return false;
}

/* The hop where the mail came in, or if all of them are trusted the first one. */
static bool of_relay(struct spam_message *m, struct str *out)
{
	const struct spam_relays *untrusted = spam_relays(m, SPAM_RELAYS_UNTRUSTED);
	const struct spam_relays *trusted = spam_relays(m, SPAM_RELAYS_TRUSTED);
	const struct spam_relay *r = untrusted->n ? &untrusted->v[0]
				     : trusted->n ? &trusted->v[trusted->n - 1]
						  : NULL;

	if (!r || !r->envfrom.p || (r->envfrom.n && str_chr(r->envfrom, '@') <= 0))
		return false;
	*out = r->envfrom;
	return true;
}

bool spam_envelope_sender(struct spam_message *m, struct str *out)
{
	static const struct str guesses[] = { STR_INIT("X-Envelope-From"),
					      STR_INIT("Envelope-Sender"),
					      STR_INIT("Return-Path") };

	if (m->o->envelope_sender_header.n)
		return first_address(m, m->o->envelope_sender_header, out) &&
		       str_chr(*out, '@') > 0;
	if (of_relay(m, out))
		return true;
	if (is_fetchmail_guess(m))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(guesses); i++) {
		if (!first_address(m, guesses[i], out))
			continue;
		if (!is_below_received(m, guesses[i]))
			return true;
		if (i == 0)
			return false;
	}
	return false;
}
