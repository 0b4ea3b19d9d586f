#include <sys/random.h>
#include <time.h>

#include "base/enc.h"
#include "gw/report/report_int.h"
#include "lib/charset/charset.h"
#include "lib/html/html.h"
#include "lib/mime/build.h"

#define DEFAULT_FROM "Proxmox Mail Gateway <postmaster>"

enum { TOKEN_BYTES = 12 };

static struct str token(struct arena *a)
{
	char bytes[TOKEN_BYTES];

	ASSERT(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
	return enc_hex(a, (struct str){ bytes, sizeof(bytes) });
}

struct title {
	struct buf text;
	bool inside, done;
};

static void look_for_title(void *ctx, const struct html_event *ev)
{
	struct title *t = ctx;

	if (ev->kind == HTML_TEXT && t->inside)
		buf_add(&t->text, ev->text);
	if (ev->kind != HTML_START && ev->kind != HTML_END)
		return;
	if (str_eq(ev->name, STR("title"))) {
		t->inside = ev->kind == HTML_START && !t->done;
		t->done = t->done || ev->kind == HTML_END;
	}
}

static struct str title_of(struct arena *a, struct str html)
{
	struct title t = { .inside = false };
	struct html_parser p;

	buf_init(&t.text, a, SIZE_MAX);
	html_init(&p, a, look_for_title, &t);
	html_feed(&p, html);
	html_end(&p);
	return str_trim(buf_str(&t.text));
}

/* A first line "subject: …" of the plain part, which is then not part of the text. */
static struct str take_subject(struct str *plain)
{
	struct str rest = *plain, line;

	if (!str_line(&rest, &line) || !str_istarts(line, STR("subject:")))
		return STR_NONE;
	*plain = rest;
	return str_trim(str_from(line, strlen("subject:")));
}

/* Only the name before "<address>" is encoded. */
static struct str from_value(struct arena *a, const struct cfg *cfg)
{
	struct str from = cfg->spamquar.mailfrom.n ? cfg->spamquar.mailfrom : STR(DEFAULT_FROM);
	ptrdiff_t at = str_rchr(from, '<');

	if (at <= 0)
		return mime_encode_text(a, from);
	return str_fmt(a, "%.*s %.*s",
		       STR_ARG(mime_encode_text(a, str_trim(str_sub(from, 0, (size_t)at)))),
		       STR_ARG(str_from(from, (size_t)at)));
}

/* An address stands in its field as it is; a control character would make it another field. */
static struct str address_value(struct arena *a, struct str address)
{
	struct str text = charset_scrub(a, address);
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] > ' ' && text.p[i] != 0x7f)
			buf_addc(&b, text.p[i]);
	return buf_str(&b);
}

static void add_part(struct buf *b, struct str boundary, const char *subtype, struct str text)
{
	if (!text.p)
		return;
	buf_addf(b,
		 "\n--%.*s\nContent-Type: text/%s; charset=UTF-8\n"
		 "Content-Transfer-Encoding: quoted-printable\n\n",
		 STR_ARG(boundary), subtype);
	enc_qp_add(b, text, STR("\n"));
}

struct str report_message(struct arena *a, const struct report *r, const struct report_mail *m)
{
	struct str plain = m->plain, subject = take_subject(&plain), boundary = token(a);
	struct str title = title_of(a, m->html);
	struct buf b;

	buf_init(&b, a, REPORT_MAIL_MAX);
	buf_addf(&b, "From: %.*s\n", STR_ARG(from_value(a, r->cfg)));
	buf_addf(&b, "To: %.*s\n", STR_ARG(address_value(a, m->to)));
	buf_addf(&b, "Subject: %.*s\n", STR_ARG(mime_encode_text(a, title.n ? title : subject)));
	buf_addf(&b, "Date: %.*s\n", STR_ARG(mime_build_date(a, (time_t)r->now)));
	buf_addf(&b, "Message-ID: <%.*s@%.*s>\n", STR_ARG(token(a)), STR_ARG(r->cfg->dns.fqdn));
	buf_addz(&b, "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n");
	buf_addf(&b, "Content-Type: multipart/alternative; boundary=\"%.*s\"\n", STR_ARG(boundary));
	add_part(&b, boundary, "plain", plain);
	add_part(&b, boundary, "html", m->html);
	buf_addf(&b, "\n--%.*s--\n", STR_ARG(boundary));
	return buf_str(&b);
}
