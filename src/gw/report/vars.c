#include <time.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "gw/report/report_int.h"
#include "lib/charset/charset.h"
#include "lib/mime/mime.h"

/* A hash of texts in the making. */
struct table {
	struct arena *a;
	struct tmpl_value *hash;
};

static void put(const struct table *t, const char *name, struct str value)
{
	tmpl_hash_set(t->hash, str_of(name), tmpl_text(t->a, value));
}

static void put_int(const struct table *t, const char *name, int64_t value)
{
	tmpl_hash_set(t->hash, str_of(name), tmpl_int(t->a, value));
}

static struct str html(struct arena *a, struct str s)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (size_t i = 0; i < s.n; i++) {
		const char *entity = s.p[i] == '&'    ? "&amp;"
				     : s.p[i] == '<'  ? "&lt;"
				     : s.p[i] == '>'  ? "&gt;"
				     : s.p[i] == '"'  ? "&quot;"
				     : s.p[i] == '\'' ? "&#39;"
						      : NULL;

		if (entity)
			buf_addz(&b, entity);
		else
			buf_addc(&b, s.p[i]);
	}
	return buf_str(&b);
}

/* What turns the direction of the text behind it, so that it reads like another one. */
static bool turns(int32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
	       c == 0x200f || c == 0x61c;
}

/* One line of UTF-8 that says what it shows, whatever the sender wrote. */
static struct str clean(struct arena *a, struct str s)
{
	struct str rest = charset_scrub(a, s);
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	while (rest.n) {
		struct str from = rest;
		int32_t c = utf8_next(&rest);

		if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
			buf_addc(&b, ' ');
		else if (!turns(c))
			buf_add(&b, str_sub(from, 0, from.n - rest.n));
	}
	return buf_str(&b);
}

/* NAME for HTML, NAME_plain as it is. */
static void put_both(const struct table *t, const char *name, struct str value)
{
	struct str text = clean(t->a, value);

	put(t, name, html(t->a, text));
	put(t, str_z(t->a, str_fmt(t->a, "%s_plain", name)), text);
}

static struct tm local_time(int64_t at)
{
	time_t t = (time_t)at;
	struct tm local;

	localtime_r(&t, &local);
	return local;
}

static struct str date_of(struct arena *a, int64_t at)
{
	struct tm t = local_time(at);

	return str_fmt(a, "%04d-%02d-%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
}

static struct str time_of(struct arena *a, int64_t at)
{
	struct tm t = local_time(at);

	return str_fmt(a, "%02d:%02d:%02d", t.tm_hour, t.tm_min, t.tm_sec);
}

static struct str field(struct arena *a, const struct mime *m, struct str name)
{
	const struct mime_header *h = mime_find(m, name);

	return h ? str_trim(mime_header_text(a, h)) : STR_NONE;
}

/* https://host:port, the port only where it is not the protocol's own. */
static struct str host_and_port(struct arena *a, const struct report *r)
{
	const struct cfg_spamquar *q = &r->cfg->spamquar;
	struct str host = q->hostname.n ? q->hostname : r->cfg->dns.fqdn;
	bool https = q->protocol == QUAR_HTTPS;
	bool v6 = str_chr(host, ':') >= 0;
	struct str base = str_fmt(a, "%s://%s%.*s%s", https ? "https" : "http", v6 ? "[" : "",
				  STR_ARG(host), v6 ? "]" : "");

	return q->port == (https ? 443 : 80)
		       ? base
		       : str_fmt(a, "%.*s:%lld", STR_ARG(base), (long long)q->port);
}

static struct str percent(struct arena *a, struct str s)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_alpha(s.p[i]) || ascii_is_digit(s.p[i]) ||
		    (s.p[i] && strchr("-_.~", s.p[i])))
			buf_addc(&b, s.p[i]);
		else
			buf_addf(&b, "%%%02X", (unsigned char)s.p[i]);
	return buf_str(&b);
}

/* Links begin with this; those to one mail go on with "cselect=". */
struct link {
	struct str manage, mail;
};

static struct link make_link(struct arena *a, const struct report *r, struct str ticket)
{
	struct str page = str_fmt(a, "%.*s/quarantine", STR_ARG(host_and_port(a, r)));
	struct str with;

	if (r->cfg->spamquar.authmode == AUTH_LDAP)
		return (struct link){ page, str_cat(a, page, STR("?")) };
	with = str_fmt(a, "%.*s?ticket=%.*s", STR_ARG(page), STR_ARG(percent(a, ticket)));
	return (struct link){ with, str_cat(a, with, STR("&")) };
}

static void put_sender(const struct table *t, const struct mime *m)
{
	struct str from = field(t->a, m, STR("From")), sender = field(t->a, m, STR("Sender"));

	put(t, "sender", html(t->a, clean(t->a, sender)));
	if (sender.n)
		from = str_fmt(t->a, "%.*s on behalf of %.*s", STR_ARG(sender), STR_ARG(from));
	put_both(t, "from", from);
}

static struct tmpl_value *item(struct arena *a, const struct quar_row *row, const struct link *link)
{
	struct table t = { a, tmpl_hash(a) };
	struct str id = quar_id_print(a, row->id), subject, date;
	struct mime *m;
	struct err e;

	ASSERT(mime_parse(a, row->header, NULL, &m, &e) == 0);
	subject = field(a, m, STR("Subject"));
	date = date_of(a, row->time);
	put(&t, "id", id);
	put_both(&t, "subject", subject.n ? subject : STR("No Subject"));
	put_sender(&t, m);
	put(&t, "envelope_sender", html(a, clean(a, row->sender)));
	put(&t, "receiver", html(a, clean(a, row->receiver)));
	put(&t, "pmail", html(a, clean(a, row->pmail)));
	put(&t, "date", date);
	put(&t, "time", time_of(a, row->time));
	put_int(&t, "bytes", row->bytes);
	put_int(&t, "spamlevel", row->spam_level);
	put(&t, "spaminfo", html(a, clean(a, row->info)));
	put(&t, "file", html(a, clean(a, row->file)));
	put(&t, "href",
	    str_fmt(a, "%.*scselect=%.*s&date=%.*s", STR_ARG(link->mail), STR_ARG(id),
		    STR_ARG(date)));
	return t.hash;
}

static void put_settings(const struct table *t, const struct report *r)
{
	static const char *const authmodes[] = { "ticket", "ldap", "ldapticket" };
	const struct cfg_spamquar *q = &r->cfg->spamquar;

	put(t, "protocol", q->protocol == QUAR_HTTPS ? STR("https") : STR("http"));
	put_int(t, "port", q->port);
	put(t, "fqdn", q->hostname.n ? q->hostname : r->cfg->dns.fqdn);
	put(t, "hostname", r->cfg->dns.hostname);
	put(t, "protocol_fqdn_port", host_and_port(t->a, r));
	put(t, "authmode", str_of(authmodes[q->authmode]));
	put(t, "timespan", r->timespan);
	put(t, "date", date_of(t->a, r->span.end - 1));
}

int report_vars(struct arena *a, const struct report *r, const struct quar_row *rows, size_t n,
		struct tmpl_value **out, struct err *e)
{
	struct table t = { a, tmpl_hash(a) };
	struct tmpl_value *items = tmpl_list(a);
	struct str ticket;
	struct link link;

	if (ticket_quarantine(a, r->key, rows[0].pmail, r->now, &ticket, e) < 0)
		return -1;
	link = make_link(a, r, ticket);
	put_settings(&t, r);
	put_both(&t, "pmail", rows[0].pmail);
	put_int(&t, "mailcount", (int64_t)n);
	put(&t, "managehref", link.manage);
	put(&t, "ticket", percent(a, ticket));
	for (size_t i = 0; i < n; i++)
		tmpl_list_add(a, items, item(a, &rows[i], &link));
	tmpl_hash_set(t.hash, STR("items"), items);
	*out = t.hash;
	return 0;
}
