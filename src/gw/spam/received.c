#include "gw/spam/received.h"

#include "gw/spam/shape.h"

/* What is known of a line so far. */
struct hop {
	struct arena *a;
	struct str line; /* without "from " */
	struct spam_relay *r;
	bool has_envfrom, looks_up;
	struct str *scanner_sender;
};

/* White space as single blanks, none and no semicolon at the end. */
static struct str squeezed(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!is_space(s.p[i]))
			out[n++] = s.p[i];
		else if (n && out[n - 1] != ' ')
			out[n++] = ' ';
	while (n && (out[n - 1] == ' ' || out[n - 1] == ';'))
		n--;
	return (struct str){ out, n };
}

/* The last word of *s, which is cut off. */
static struct str take_last(struct str *s)
{
	ptrdiff_t blank = str_rchr(*s, ' ');
	struct str word = str_from(*s, (size_t)(blank + 1));

	*s = str_sub(*s, 0, blank < 0 ? 0 : (size_t)blank);
	return word;
}

static bool is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_time(struct str s)
{
	struct str rest = s, hour = str_cut(&rest, ':'), minute = str_cut(&rest, ':');

	return is_digits(hour) && is_digits(minute) && (!rest.p || is_digits(rest));
}

static bool is_one_of(struct str s, const char *list)
{
	ptrdiff_t at = s.n == 3 ? str_find(str_of(list), s) : -1;

	return at >= 0 && at % 4 == 0;
}

/* Drops "; Tue, 23 May 2006 13:06:35 -0400" from the end; not if a comment follows it. */
static struct str without_date(struct str s)
{
	struct str rest = s, day;
	size_t n;

	take_last(&rest);
	if (!is_time(take_last(&rest)) || !is_digits(take_last(&rest)) ||
	    !is_one_of(take_last(&rest), "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"))
		return s;
	day = take_last(&rest);
	for (n = day.n; n && ascii_is_digit(day.p[n - 1]);)
		n--;
	if (n == day.n || (n ? day.p[n - 1] != ';' : !rest.n))
		return s;
	if (!n && rest.n > 4 && rest.p[rest.n - 1] == ',' &&
	    is_one_of(str_sub(rest, rest.n - 4, 3), "Mon Tue Wed Thu Fri Sat Sun") &&
	    strchr(" ;", rest.p[rest.n - 5]))
		rest.n -= 4;
	else
		rest.n += n ? 1 + n : 0;
	while (rest.n && (rest.p[rest.n - 1] == ' ' || rest.p[rest.n - 1] == ';'))
		rest.n--;
	return rest;
}

/* ")by " to ") by " */
static struct str spaced_by(struct arena *a, struct str s)
{
	ptrdiff_t at = str_find(s, STR(")by "));

	if (at < 0)
		return s;
	return str_cat(a, str_cat(a, str_sub(s, 0, (size_t)at + 1), STR(" ")),
		       str_from(s, (size_t)at + 1));
}

static bool is_name_char(char c)
{
	return c && (ascii_is_alpha(c) || ascii_is_digit(c) || strchr("-.^+_&:=?!@%*$\\/", c));
}

/* The name after `word`; STR_NONE if there is none. */
static struct str name_after(struct str line, struct str word)
{
	struct str rest = line;
	ptrdiff_t at;

	while ((at = str_find(rest, word)) >= 0) {
		const char *p = rest.p + at;
		size_t n = 0;

		rest = str_from(rest, (size_t)at + word.n);
		while (n < rest.n && is_name_char(rest.p[n]))
			n++;
		if (n && (p == line.p || !is_word(p[-1])))
			return str_sub(rest, 0, n);
	}
	return STR_NONE;
}

static struct str guess_helo(struct str line)
{
	struct str helo = name_after(line, STR("helo=")), ehlo;

	if (helo.p)
		return helo;
	helo = name_after(line, STR("HELO "));
	ehlo = name_after(line, STR("EHLO "));
	return !helo.p || (ehlo.p && ehlo.p < helo.p) ? ehlo : helo;
}

static bool is_host_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '.' || c == ';';
}

static struct str guess_by(struct str line)
{
	struct str rest = line;
	ptrdiff_t at;

	while ((at = str_find(rest, STR(" by "))) >= 0) {
		size_t n = 0;

		rest = str_from(rest, (size_t)at + 4);
		while (n < rest.n && !is_space(rest.p[n]))
			n++;
		while (n && n < rest.n && is_host_char(rest.p[n]))
			n--;
		if (n)
			return str_sub(rest, 0, n);
	}
	return STR_NONE;
}

static struct str guess_id(struct str line)
{
	struct str rest = line;
	ptrdiff_t at;

	while ((at = str_find(rest, STR(" id "))) >= 0) {
		size_t n = 0;

		rest = str_from(rest, (size_t)at + 4);
		if (rest.n && *rest.p == '<')
			rest = str_from(rest, 1);
		while (n < rest.n && !is_space(rest.p[n]) && !strchr("<>;", rest.p[n]))
			n++;
		if (n >= 3)
			return str_sub(rest, 0, n);
	}
	return STR_NONE;
}

/* "return-path ", "envelope-from=" and their like at the front of `s`: their length, or 0. */
static size_t envfrom_mark(struct str s)
{
	static const char *const marks[] = { "return-path:", "return-path", "envelope-sender",
					     "envelope-from" };

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		size_t n = strlen(marks[i]);

		if (n < s.n && str_istarts(s, str_of(marks[i])) &&
		    (s.p[n] == ' ' || (s.p[n] == '=' && i > 1)))
			return n + 1;
	}
	return 0;
}

/* "(envelope-from <a@b>)" and its like: up to the last letter or digit of the word. */
static bool guess_envfrom(struct str line, struct str *out)
{
	for (size_t at = 0; at < line.n; at++) {
		size_t mark = strchr("rReE", line.p[at]) ? envfrom_mark(str_from(line, at)) : 0;
		struct str word = str_from(line, at + mark);
		size_t n = 0;

		if (!mark)
			continue;
		while (n < word.n && !is_space(word.p[n]))
			n++;
		while (n && is_word(word.p[n - 1]) == (n < word.n && is_word(word.p[n])))
			n--;
		if (n) {
			*out = str_sub(word, 0, n);
			return true;
		}
	}
	return false;
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

/* All the formats, in order. */
static enum spam_received read_from(struct hop *h)
{
	enum spam_received result;
	size_t n = 0;
	bool done;

	h->has_envfrom = guess_envfrom(h->line, &h->r->envfrom);
	if (read_squirrel(h))
		return SPAM_RECEIVED_RELAY;
	result = try_formats(h, received_first, SIZE_MAX, &done);
	if (!done)
		result = try_servers(h, &done);
	if (!done)
		result = try_formats(h, received_others, SIZE_MAX, &done);
	if (done)
		return result;
	while (n < h->line.n && !is_space(h->line.p[n]))
		n++;
	while (n && (n == h->line.n || is_host_char(h->line.p[n]) || h->line.p[n] == ';') &&
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
	if (shape_search("%wwith local for%w", line, &f))
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

/* What must not stand in a relay string, made visible. */
static struct str flagged(struct arena *a, struct str s)
{
	char *p = (char *)str_copy(a, s).p;

	for (size_t i = 0; i < s.n; i++)
		if (is_space(p[i]) || !p[i] || strchr("#[]()<>|", p[i]))
			p[i] = '!';
	return (struct str){ p, s.n };
}

static struct str clean_envfrom(struct arena *a, struct str s)
{
	if (!s.p)
		return s;
	s = str_trim(s);
	while (s.n && *s.p == '<')
		s = str_from(s, 1);
	while (s.n && s.p[s.n - 1] == '>')
		s.n--;
	return flagged(a, s);
}

/* Without brackets, zone, "IPv6:" and the prefix of an IPv4 address that was made one of IPv6. */
static struct str clean_ip(struct str ip)
{
	ptrdiff_t zone, v4;

	if (str_istarts(ip, STR("ipv6:")))
		ip = str_from(ip, 5);
	if (str_starts(ip, STR("[")))
		ip = str_from(ip, 1);
	if (str_ends(ip, STR("]")))
		ip.n--;
	zone = str_chr(ip, '%');
	if (zone >= 0)
		ip.n = (size_t)zone;
	v4 = str_ifind(ip, STR("ffff:"));
	if (v4 < 2 || str_chr(str_from(ip, (size_t)v4 + 5), ':') >= 0 || str_chr(ip, '.') < 0)
		return ip;
	for (size_t i = 0; i < (size_t)v4; i++)
		if (ip.p[i] != '0' && ip.p[i] != ':')
			return ip;
	return str_from(ip, (size_t)v4 + 5);
}

static void clean(struct hop *h)
{
	struct spam_relay *r = h->r;

	while (str_ends(r->rdns, STR(".")))
		r->rdns.n--;
	if (str_ieq(r->rdns, STR("unknown")) || str_starts(r->rdns, STR("[")))
		r->rdns = STR("");
	r->ip = clean_ip(r->ip);
	if (str_ends(r->by, STR(";")))
		r->by.n--;
	r->ip = flagged(h->a, r->ip);
	r->rdns = flagged(h->a, r->rdns);
	r->helo = flagged(h->a, r->helo);
	r->by = flagged(h->a, r->by);
	r->ident = flagged(h->a, r->ident);
	r->envfrom = clean_envfrom(h->a, r->envfrom);
	r->no_reverse_dns = !r->rdns.n && h->looks_up;
	r->ip_private = spam_ip_is_private(r->ip);
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
	line = squeezed(a, line);
	if (is_no_hop(line))
		return SPAM_RECEIVED_IGNORED;
	h.line = spaced_by(a, without_date(line));
	out->id = guess_id(h.line);
	out->helo = guess_helo(h.line);
	out->by = guess_by(h.line);
	out->auth = spam_received_auth(a, h.line);
	result = read_hop(&h);
	if (scanner_sender->n)
		*scanner_sender = clean_envfrom(a, *scanner_sender);
	if (result != SPAM_RECEIVED_RELAY)
		return result;
	clean(&h);
	if (said_before.n)
		out->envfrom = said_before;
	return result;
}
