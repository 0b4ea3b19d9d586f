#include "gw/spam/received_text.h"

#include "gw/spam/received.h"

/* White space as single blanks, none and no semicolon at the end. */
struct str received_squeezed(struct arena *a, struct str s)
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
struct str received_without_date(struct str s)
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

struct str received_guess_helo(struct str line)
{
	struct str helo = name_after(line, STR("helo=")), ehlo;

	if (helo.p)
		return helo;
	helo = name_after(line, STR("HELO "));
	ehlo = name_after(line, STR("EHLO "));
	return !helo.p || (ehlo.p && ehlo.p < helo.p) ? ehlo : helo;
}

bool received_is_host_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '.' || c == ';';
}

struct str received_guess_by(struct str line)
{
	struct str rest = line;
	ptrdiff_t at;

	while ((at = str_find(rest, STR(" by "))) >= 0) {
		size_t n = 0;

		rest = str_from(rest, (size_t)at + 4);
		while (n < rest.n && !is_space(rest.p[n]))
			n++;
		while (n && n < rest.n && received_is_host_char(rest.p[n]))
			n--;
		if (n)
			return str_sub(rest, 0, n);
	}
	return STR_NONE;
}

struct str received_guess_id(struct str line)
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
bool received_guess_envfrom(struct str line, struct str *out)
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

/* What must not stand in a relay string, made visible. */
static struct str flagged(struct arena *a, struct str s)
{
	char *p = (char *)str_copy(a, s).p;

	for (size_t i = 0; i < s.n; i++)
		if (is_space(p[i]) || !p[i] || strchr("#[]()<>|", p[i]))
			p[i] = '!';
	return (struct str){ p, s.n };
}

struct str received_clean_envfrom(struct arena *a, struct str s)
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

void received_clean(struct arena *a, struct spam_relay *r, bool looks_up)
{
	while (str_ends(r->rdns, STR(".")))
		r->rdns.n--;
	if (str_ieq(r->rdns, STR("unknown")) || str_starts(r->rdns, STR("[")))
		r->rdns = STR("");
	r->ip = clean_ip(r->ip);
	if (str_ends(r->by, STR(";")))
		r->by.n--;
	r->ip = flagged(a, r->ip);
	r->rdns = flagged(a, r->rdns);
	r->helo = flagged(a, r->helo);
	r->by = flagged(a, r->by);
	r->ident = flagged(a, r->ident);
	r->envfrom = received_clean_envfrom(a, r->envfrom);
	r->no_reverse_dns = !r->rdns.n && looks_up;
	r->ip_private = spam_ip_is_private(r->ip);
}
