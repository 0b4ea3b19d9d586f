/* The header of a mail as tokens: which fields count, under which name, and in what form. */
#include "gw/spam/bayes_int.h"
#include "gw/spam/message_int.h"

/*
 * Fields that change with every mail, that the site's own programs add, or that would teach the
 * classifier what somebody else's filter thought.
 */
static const char *const ignored[] = {
	"Authentication-Results",
	"Content-Class",
	"Content-Length",
	"Date",
	"Delivered-To",
	"Delivery-Date",
	"DKIM-Signature",
	"DomainKey-Signature",
	"Envelope-To",
	"Lines",
	"List-Archive",
	"List-Help",
	"List-Id",
	"List-Owner",
	"List-Post",
	"List-Subscribe",
	"List-Unsubscribe",
	"Mail-Followup-To",
	"Mailing-List",
	"Precedence",
	"Resent-Date",
	"Resent-From",
	"Resent-To",
	"Sender",
	"Status",
	"Subject",
	"Thread-Index",
	"Thread-Topic",
	"X-Antiabuse",
	"X-BeenThere",
	"X-Bugzilla-*",
	"X-DCC-*-Metrics",
	"X-Delivered-To",
	"X-eGroups-From",
	"X-eGroups-Return",
	"X-Envelope-To",
	"X-Face",
	"X-GnuPG-Fingerprint",
	"X-GnuPG-Key-Fingerprint",
	"X-Gnus-Mail-Source",
	"X-GPG-Fingerprint",
	"X-GPG-Key-Fingerprint",
	"X-IMAPbase",
	"X-Keywords",
	"X-List",
	"X-List-Admin",
	"X-List-Help",
	"X-List-Host",
	"X-List-Id",
	"X-List-Manager",
	"X-List-Name",
	"X-List-Subscribe",
	"X-List-Unsubscribe",
	"X-Loop",
	"X-MailScanner",
	"X-MailScanner-SpamCheck",
	"X-Mailing-List",
	"X-Mailman-Version",
	"X-MDaemon-Deliver-To",
	"X-MDMailing-List",
	"X-MIME-Autoconverted",
	"X-Original-Date",
	"X-Original-From",
	"X-Original-To",
	"X-OriginalArrivalTime",
	"X-PGP-Fingerprint",
	"X-PGP-Key-Fingerprint",
	"X-Pyzor",
	"X-RBL-Warning",
	"X-Resent-Date",
	"X-Resent-From",
	"X-Resent-To",
	"X-Scanner",
	"X-Sender",
	"X-SMTPD",
	"X-Spam-Flag",
	"X-Spam-Level",
	"X-Spam-Status",
	"X-SpamCop-Checked",
	"X-SpamCop-Disposition",
	"X-Status",
	"X-UID",
	"X-UIDL",
	"Xref",
};

/* Names that stand for themselves in a short form; upper and lower case matter. */
static const struct {
	const char *name, *code;
} codes[] = {
	{ "Content-Disposition", "*cd" },
	{ "Content-Transfer-Encoding", "*ce" },
	{ "Content-Type", "*ct" },
	{ "From", "*F" },
	{ "In-Reply-To", "*i" },
	{ "Message-ID", "*M" },
	{ "Message-Id", "*m" },
	{ "Organisation", "*o" },
	{ "Organization", "*o" },
	{ "Received", "*r" },
	{ "References", "*f" },
	{ "Reply-To", "*R" },
	{ "Return-Path", "*p" },
	{ "Return-path", "*rp" },
	{ "User-Agent", "*u" },
	{ "X-Authentication-Warning", "*a" },
	{ "X-Mailer", "*x" },
};

/* Fields that are one kind of thing are also collected under one name. */
static const struct {
	const char *name, *group;
} groups[] = {
	{ "Cc", "*Ad" },          { "From", "*Ad" },       { "To", "*Ad" },
	{ "In-Reply-To", "*MI" }, { "Message-Id", "*MI" }, { "References", "*MI" },
	{ "User-Agent", "*UA" },  { "X-Mailer", "*UA" },
};

static const char *const address_fields[] = {
	"Cc", "Errors-To", "From", "Mail-Followup-To", "Reply-To", "Return-Path", "Sender", "To",
};

static const struct bayes_style header_style = { .max = BAYES_HEADER_TOKENS_MAX };

struct header_walk {
	struct bayes_collector *bc;
	struct spam_message *m;
	size_t left;
	size_t received; /* lines still to come that are too old */
};

static bool in_list(struct str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str row = str_of(list[i]);
		ptrdiff_t star = str_chr(row, '*');

		if (star < 0 ? str_ieq(name, row)
			     : str_istarts(name, str_sub(row, 0, (size_t)star)) &&
				       str_iends(name, str_from(row, (size_t)star + 1)))
			return true;
	}
	return false;
}

static bool is_ignored(const struct bayes_conf *c, struct arena *a, struct str name)
{
	return in_list(name, ignored, ARRAY_LEN(ignored)) ||
	       map_get(&c->ignored_headers, str_lower(a, name));
}

static struct str without_resent(struct str name)
{
	if (str_istarts(name, STR("X-")))
		return str_from(name, 2);
	if (str_istarts(name, STR("Resent-")))
		return str_from(name, 7);
	return name;
}

static struct str chewed(struct header_walk *w, struct spam_field *f)
{
	struct arena *a = w->bc->a;
	struct str base = without_resent(f->name);
	struct str value = spam_field_value(w->m, f);
	ptrdiff_t at;

	if (str_ieq(base, STR("Message-Id")))
		return bayes_chew_message_id(a, value);
	if (in_list(base, address_fields, ARRAY_LEN(address_fields)))
		return bayes_chew_addresses(a, value);
	if (str_ieq(f->name, STR("Received")))
		return bayes_chew_received(a, value);
	if (str_eq(f->name, STR("Content-Type")))
		return bayes_chew_content_type(a, value);
	at = str_eq(f->name, STR("MIME-Version")) ? str_find(value, STR("1.0")) : -1;
	if (at >= 0)
		return str_cat(a, str_sub(value, 0, (size_t)at), str_from(value, (size_t)at + 3));
	return value;
}

static void add(struct header_walk *w, const char *code, struct str name, struct str value)
{
	struct str prefix = str_fmt(w->bc->a, "H%s%.*s:", code, STR_ARG(name));

	bayes_line(w->bc, value, &header_style, prefix, &w->left);
}

static void add_field(struct header_walk *w, struct spam_field *f)
{
	struct str value = chewed(w, f), name = f->name;
	const char *code = "";

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (str_eq(f->name, str_of(codes[i].name))) {
			code = codes[i].code;
			name = STR_NONE;
		}
	add(w, code, name, value);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (str_ieq(f->name, str_of(groups[i].name)))
			add(w, groups[i].group, STR_NONE, value);
}

static void add_relays(struct header_walk *w)
{
	static const struct {
		enum spam_relay_list list;
		const char *name;
	} lists[] = {
		{ SPAM_RELAYS_TRUSTED, "*RT" },
		{ SPAM_RELAYS_UNTRUSTED, "*RU" },
		{ SPAM_RELAYS_INTERNAL, "x-spam-relays-internal" },
		{ SPAM_RELAYS_EXTERNAL, "x-spam-relays-external" },
	};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		add(w, lists[i].name, STR_NONE,
		    bayes_chew_relays(w->bc->a, spam_relays(w->m, lists[i].list)->text));
}

static void add_metadata(struct header_walk *w)
{
	for (size_t i = 0; i < w->m->metadata.n; i++) {
		const struct spam_added_header *h = &w->m->metadata.p[i];
		struct str name = str_lower(w->bc->a, h->name);

		if (!map_get(&w->bc->c->ignored_headers, name))
			add(w, "", name, h->value);
	}
}

void bayes_headers(struct bayes_collector *bc, struct spam_message *m)
{
	struct header_walk w = { .bc = bc, .m = m, .left = header_style.max };
	const size_t n = m->root.fields.n;

	for (size_t i = 0; i < n; i++)
		w.received += str_ieq(m->root.fields.p[i].name, STR("Received"));
	w.received = w.received > 2 ? w.received - 2 : 0;
	add_relays(&w);
	add_metadata(&w);
	for (size_t i = 0; i < n; i++) {
		struct spam_field *f = &m->root.fields.p[i];

		if (str_ieq(f->name, STR("Received")) && w.received > 0)
			w.received--;
		else if (!is_ignored(bc->c, bc->a, f->name))
			add_field(&w, f);
	}
}
