#include "gw/spam/received.h"

#include "gw/spam/received_text.h"
#include "gw/spam/shape.h"

/* What is known of a line so far. */
struct hop {
	struct arena *a;
	struct str line; /* without "from " */
	struct spam_relay *r;
	bool has_envfrom, looks_up;
	struct str *scanner_sender;
};

/* ")by " to ") by " */
static struct str spaced_by(struct arena *a, struct str s)
{
	ptrdiff_t at = str_find(s, STR(")by "));

	if (at < 0)
		return s;
	return str_cat(a, str_cat(a, str_sub(s, 0, (size_t)at + 1), STR(" ")),
		       str_from(s, (size_t)at + 1));
}

static struct str option(struct str options, struct str name, bool may_be_empty)
{
	ptrdiff_t at = str_find(options, name);
	struct str value;
	size_t n = 0;

	if (at < 0)
		return STR_NONE;
	value = str_from(options, (size_t)at + name.n);
	while (n < value.n && !is_space(value.p[n]))
		n++;
	if (!n)
		return may_be_empty ? STR("") : STR_NONE;
	return str_sub(value, 0, n);
}

static void take(struct str *to, struct str found)
{
	if (found.p)
		*to = found;
}

/* "IDENT:user@host" */
static void split_ident(struct spam_relay *r)
{
	ptrdiff_t at = str_chr(r->rdns, '@');

	if (at < 0)
		return;
	r->ident = str_sub(r->rdns, 0, (size_t)at);
	if (str_starts(r->ident, STR("IDENT:")))
		r->ident = str_from(r->ident, 6);
	r->rdns = str_from(r->rdns, (size_t)at + 1);
}

/* Odd formats of Exim: bits and pieces from anywhere. False if they are not enough. */
static bool read_exim(struct hop *h)
{
	struct shape_finds f;

	if (shape_match("%r ", h->line, &f))
		h->r->rdns = f.rdns;
	if (shape_search(" (%h) ", h->line, &f))
		h->r->helo = f.helo;
	if (shape_search(" [%i{.%0|}] ", h->line, &f))
		h->r->ip = f.ip;
	if (!shape_search("by %b ", h->line, &f))
		return false;
	h->r->by = f.by;
	return h->r->ip.n > 0;
}

static void take_finds(struct hop *h, const struct shape_finds *f, unsigned flags)
{
	struct spam_relay *r = h->r;

	take(&r->helo, flags & RECEIVED_HELO_IS_RDNS ? f->rdns : f->helo);
	take(&r->rdns, f->rdns);
	take(&r->by, f->by);
	take(&r->ident, f->ident);
	take(&r->ip, f->ip);
	take(&r->helo, option(f->options, STR("helo="), false));
	take(&r->ident, option(f->options, STR("ident="), true));
}

/* What is particular to some formats. */
static void take_quirks(struct hop *h, unsigned flags)
{
	struct spam_relay *r = h->r;
	struct shape_finds f;

	h->looks_up = flags & RECEIVED_LOOKS_UP;
	if (flags & RECEIVED_UNKNOWN_IS_NONE && str_eq(r->rdns, STR("unknown")))
		r->rdns = STR("");
	if (flags & RECEIVED_IDENT_IN_RDNS)
		split_ident(r);
	if (flags & RECEIVED_NO_ID)
		r->id = STR("");
	if (flags & RECEIVED_XMAIL) {
		if (shape_search(" id <%p>", h->line, &f))
			r->id = f.id;
		if (shape_search(" from <%h>", h->line, &f)) {
			r->envfrom = f.helo;
			h->has_envfrom = true;
		}
	}
	if (flags & RECEIVED_QMAIL) {
		h->looks_up = !str_eq(r->rdns, STR("unknown"));
		if (!h->looks_up)
			r->rdns = STR("");
	}
	if (flags & RECEIVED_SOFT_DNS && str_eq(r->rdns, STR("softdnserr"))) {
		r->rdns = STR("");
		h->looks_up = false;
	}
	if (flags & RECEIVED_HOTMAIL) {
		r->by = str_cat(h->a, r->by, STR(".hotmail.msn.com"));
		r->ip = str_sub(h->line, 0, shape_ip_at(h->line, 0));
		if (!str_starts(str_from(h->line, r->ip.n), STR(" ")))
			r->ip = STR("");
	}
}

static enum spam_received try_format(struct hop *h, const struct received_format *format,
				     bool *done)
{
	struct shape_finds f = { 0 };
	bool anywhere = format->flags & RECEIVED_ANYWHERE;

	*done = anywhere ? shape_search(format->shape, h->line, &f)
			 : shape_match(format->shape, h->line, &f);
	if (!*done)
		return SPAM_RECEIVED_UNPARSEABLE;
	if (format->flags & RECEIVED_FETCH)
		return SPAM_RECEIVED_FETCHED;
	if (format->flags & RECEIVED_SCANNER && h->has_envfrom)
		*h->scanner_sender = h->r->envfrom;
	if (format->flags & RECEIVED_IGNORE)
		return SPAM_RECEIVED_IGNORED;
	if (format->flags & RECEIVED_EXIM) {
		*done = read_exim(h);
		return SPAM_RECEIVED_RELAY;
	}
	take_finds(h, &f, format->flags);
	take_quirks(h, format->flags);
	return SPAM_RECEIVED_RELAY;
}

static enum spam_received try_formats(struct hop *h, const struct received_format *format,
				      size_t max, bool *done)
{
	struct shape_finds f;

	*done = false;
	for (; max && format->shape; format++, max--) {
		enum spam_received result;

		if (format->flags & RECEIVED_NOT_QMAIL &&
		    shape_search(" by %n (qmail-%n) with ", h->line, &f))
			continue;
		result = try_format(h, format, done);
		if (*done)
			return result;
	}
	return SPAM_RECEIVED_UNPARSEABLE;
}

static enum spam_received try_servers(struct hop *h, bool *done)
{
	struct shape_finds f;

	*done = false;
	for (const struct received_server *s = received_servers; s->mark; s++)
		if (shape_search(s->mark, h->line, &f))
			return try_formats(h, s->formats, ARRAY_LEN(s->formats), done);
	return SPAM_RECEIVED_UNPARSEABLE;
}

/* "(SquirrelMail authenticated user x) by host with HTTP", with the address before it. */
static bool read_squirrel(struct hop *h)
{
	struct shape_finds f, by;

	if (!shape_search(" ({SquirrelMail|NaSMail} authenticated user ", h->line, &f) ||
	    !shape_search("by %b with HTTP", h->line, &by) || !shape_search("%i", h->line, &f) ||
	    f.ip.p > by.by.p)
		return false;
	h->r->ip = f.ip;
	h->r->by = by.by;
	return true;
}

/* "address by host (address) with HTTP (WebMailUI)" */
static bool read_aol(struct hop *h)
{
	struct shape_finds f;

	if (str_find(h->line, STR("aol.com")) < 0 ||
	    str_find(h->line, STR("with HTTP (WebMailUI)")) < 0 ||
	    !shape_search("%i by %b (%I) with HTTP (WebMailUI)", h->line, &f))
		return false;
	h->r->ip = f.ip;
	h->r->by = f.by;
	return true;
}

/* All the formats, in order. */
static enum spam_received read_from(struct hop *h)
{
	enum spam_received result;
	size_t n = 0;
	bool done;

	h->has_envfrom = received_guess_envfrom(h->line, &h->r->envfrom);
	if (read_squirrel(h))
		return SPAM_RECEIVED_RELAY;
	if (read_aol(h))
		return SPAM_RECEIVED_RELAY;
	result = try_servers(h, &done);
	if (!done)
		result = try_formats(h, received_others, SIZE_MAX, &done);
	if (done)
		return result;
	while (n < h->line.n && !is_space(h->line.p[n]))
		n++;
	while (n &&
	       (n == h->line.n || received_is_host_char(h->line.p[n]) || h->line.p[n] == ';') &&
	       !(n < h->line.n && h->line.p[n] == ';'))
		n--;
	if (!h->r->helo.n && n)
		h->r->helo = str_sub(h->line, 0, n);
	return SPAM_RECEIVED_UNPARSEABLE;
}

/* "FROM host (name [address]) BY host ID id" */
static enum spam_received read_upper_from(struct hop *h)
{
	struct shape_finds f;

	if (!shape_match("%h (%r [%i]) BY %b {(%)) WITH SMTP |}ID {<|}%p{>|}{ FOR <%n>|}%e",
			 h->line, &f))
		return SPAM_RECEIVED_UNPARSEABLE;
	take_finds(h, &f, 0);
	take(&h->r->id, f.id);
	h->looks_up = true;
	if (str_eq(h->r->rdns, STR("unverified")))
		h->r->rdns = STR("");
	return SPAM_RECEIVED_RELAY;
}

/* "(from …" */
static enum spam_received read_bracket_from(struct hop *h)
{
	struct shape_finds f;

	if (shape_match("%H [%i]) by %b (NAVGW %.) with ", h->line, &f)) {
		take_finds(h, &f, 0);
		return SPAM_RECEIVED_RELAY;
	}
	if (shape_match("%n@localhost) by %n ", h->line, &f) ||
	    shape_match("%u@%)) by %n(jqueuemail) id %n", h->line, &f))
		return SPAM_RECEIVED_IGNORED;
	return SPAM_RECEIVED_UNPARSEABLE;
}

/* Lines that no format is tried on. */
static bool is_no_hop(struct str line)
{
	struct shape_finds f;
	ptrdiff_t at;
	struct str by;

	if (!str_istarts(line, STR("from ")) && !str_istarts(line, STR("(from ")))
		return true;
	if (str_find(line, STR("with local for")) >= 0 &&
	    shape_search("%wwith local for%w", line, &f))
		return true;
	/* "from host by host;": an address in brackets would be worth something. */
	if (!str_istarts(line, STR("from ")))
		return false;
	by = str_from(line, 5);
	at = str_chr(by, ' ');
	if (at <= 0 || !str_istarts(str_from(by, (size_t)at), STR(" by ")))
		return false;
	if (shape_match("[%I] ", by, &f))
		return false;
	by = str_from(by, (size_t)at + 4);
	for (at = 0; (size_t)at < by.n && by.p[at] != ' ' && by.p[at] != ';';)
		at++;
	return at > 0 && (str_starts(str_from(by, (size_t)at), STR(";")) ||
			  str_starts(str_from(by, (size_t)at), STR(" ;")));
}

static enum spam_received read_hop(struct hop *h)
{
	enum spam_received result = SPAM_RECEIVED_UNPARSEABLE;
	struct str line = h->line;

	if (str_starts(line, STR("from "))) {
		h->line = str_from(line, 5);
		result = read_from(h);
	} else if (str_starts(line, STR("FROM "))) {
		h->line = str_from(line, 5);
		result = read_upper_from(h);
	} else if (str_starts(line, STR("(from "))) {
		h->line = str_from(line, 6);
		result = read_bracket_from(h);
	}
	if (result == SPAM_RECEIVED_UNPARSEABLE && !h->r->ip.n) {
		struct shape_finds f;

		if (shape_search("[%i]", h->line, &f))
			h->r->ip = f.ip;
	}
	if (result == SPAM_RECEIVED_UNPARSEABLE && h->r->ip.n && h->r->by.n)
		result = SPAM_RECEIVED_RELAY;
	return result;
}

enum spam_received spam_received_read(struct arena *a, struct str line, struct str *scanner_sender,
				      struct spam_relay *out)
{
	struct hop h = { .a = a, .r = out, .scanner_sender = scanner_sender };
	struct str said_before = *scanner_sender;
	enum spam_received result;

	*out = (struct spam_relay){ 0 };
	*scanner_sender = STR_NONE;
	line = received_squeezed(a, line);
	if (is_no_hop(line))
		return SPAM_RECEIVED_IGNORED;
	h.line = spaced_by(a, received_without_date(line));
	out->id = received_guess_id(h.line);
	out->helo = received_guess_helo(h.line);
	out->by = received_guess_by(h.line);
	out->auth = spam_received_auth(a, h.line);
	result = read_hop(&h);
	if (scanner_sender->n)
		*scanner_sender = received_clean_envfrom(a, *scanner_sender);
	if (result != SPAM_RECEIVED_RELAY)
		return result;
	received_clean(a, out, h.looks_up);
	if (said_before.n)
		out->envfrom = said_before;
	return result;
}
