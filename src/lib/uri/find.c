#include "lib/uri/find.h"

#include <stdint.h>

enum { HOST_LABELS_MAX = 252, PORT_DIGITS_MAX = 5 };

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_odd_blank(char c)
{
	return is_space(c) || c == '\x1b' || c == '\xa0';
}

/* What an octet may do: looked up, since every octet of every text is asked about. */
enum {
	WORD = 1 << 0,
	ENDS_LINK = 1 << 1,
	ENDS_MAIL = 1 << 2,
	STARTS_LINK = 1 << 3,
	STARTS_HOST = 1 << 4,
};

static uint8_t classes[256];

static unsigned class_of(char c)
{
	bool odd = is_odd_blank(c), ends = odd || is_one_of(c, "><\"`}]{[|");
	unsigned class = is_word(c) ? WORD : 0;

	class |= ends ? ENDS_LINK | ENDS_MAIL : 0;
	class |= is_one_of(c, ",('") || (c & 0x80) ? ENDS_MAIL : 0;
	class |= odd || is_one_of(c, "><\"'`,{[(|") ? STARTS_LINK : 0;
	class |= odd || is_one_of(c, "!\"#$&'()*+,/:;<=>?@[\\]^`{|}~") ? STARTS_HOST : 0;
	return class;
}

static void classes_make(void)
{
	for (unsigned c = 0; c < ARRAY_LEN(classes); c++)
		classes[c] = (uint8_t)class_of((char)c);
}

static bool is(char c, unsigned class)
{
	return classes[(unsigned char)c] & class;
}

/* Where a link may start: at an edge of a word, after a delimiter, after a shift of ISO-2022-JP. */
static bool may_start(struct str s, size_t i)
{
	if (i == 0)
		return is(s.p[0], WORD);
	if (is(s.p[i - 1], WORD) != is(s.p[i], WORD) || is(s.p[i - 1], STARTS_LINK))
		return true;
	return i >= 3 && s.p[i - 3] == '\x1b' && s.p[i - 2] == '(';
}

/* Octets from `i` on up to the first of that class. */
static size_t run(struct str s, size_t i, unsigned class)
{
	size_t n = 0;

	while (i + n < s.n && !is(s.p[i + n], class))
		n++;
	return n;
}

/* Length of "http://", "www1.", … at the front of `s`. */
static size_t scheme_at(struct str s)
{
	static const char *const schemes[] = { "http://", "https://", "ftp://", "ftp." };
	size_t i = 3;

	for (size_t k = 0; k < ARRAY_LEN(schemes); k++)
		if (str_istarts(s, str_of(schemes[k])))
			return strlen(schemes[k]);
	if (!str_istarts(s, STR("www")))
		return 0;
	while (i < 5 && i < s.n && ascii_is_digit(s.p[i]))
		i++;
	return i < s.n && s.p[i] == '.' ? i + 1 : 0;
}

static size_t link_at(struct str s, size_t i)
{
	/* Nearly every word starts with another letter. */
	bool may_be = is_one_of(s.p[i], "hHfFwW");
	size_t scheme = may_be ? scheme_at(str_from(s, i)) : 0, n;

	if (!scheme)
		return 0;
	n = run(s, i + scheme, ENDS_LINK);
	return n >= 1 && n <= URI_FOUND_MAX ? scheme + n : 0;
}

static size_t mail_at(struct str s, size_t i, size_t at)
{
	size_t n;

	if (ascii_lower(s.p[i]) == 'm' && str_istarts(str_from(s, i), STR("mailto:"))) {
		n = run(s, i + 7, ENDS_MAIL);
		if (n >= 1 && n <= URI_FOUND_MAX)
			return 7 + n;
	}
	if (at <= i || at - i > URI_MAIL_SIDE_MAX || run(s, i, ENDS_MAIL) < at - i)
		return 0;
	n = run(s, at + 1, ENDS_MAIL);
	return n >= 1 && n <= URI_MAIL_SIDE_MAX ? at + 1 - i + n : 0;
}

static bool ends_host(char c)
{
	return !ascii_is_alpha(c) && !ascii_is_digit(c) && c != '.' && c != '_' && c != '-';
}

static size_t host_length(struct str s)
{
	size_t n = 0;

	while (n < s.n && !ends_host(s.p[n]))
		n++;
	return n;
}

/* Port and path after a host name; the length of all, 0 if no delimiter follows it. */
static size_t host_tail(struct str s, size_t i)
{
	size_t n = i, more;

	if (n < s.n && s.p[n] == '.')
		n++;
	if (n < s.n && s.p[n] == ':') {
		for (more = 0; n + 1 + more < s.n && ascii_is_digit(s.p[n + 1 + more]);)
			more++;
		if (more < 1 || more > PORT_DIGITS_MAX)
			return 0;
		n += 1 + more;
	}
	if (n < s.n && s.p[n] == '/') {
		more = run(s, n + 1, ENDS_LINK);
		if (more < 1 || more > URI_FOUND_MAX)
			return 0;
		n += 1 + more;
	}
	return n == s.n || is(s.p[n], ENDS_LINK) ? n : 0;
}

static size_t host_at(const struct uri_domains *d, struct str s, size_t i, struct str *host)
{
	struct str name = str_sub(s, i, host_length(str_from(s, i)));
	ptrdiff_t dot;
	size_t end;

	if ((i > 0 && !is(s.p[i - 1], STARTS_HOST)) || !name.n || ends_host(*name.p) ||
	    is_one_of(*name.p, "._-"))
		return 0;
	if (str_ends(name, STR(".")))
		name.n--;
	dot = str_rchr(name, '.');
	if (dot < 1 || dot > HOST_LABELS_MAX ||
	    !uri_domains_is_tld(d, str_from(name, (size_t)dot + 1)))
		return 0;
	end = host_tail(s, i + name.n);
	*host = name;
	return end ? end - i : 0;
}

static bool try_at(const struct uri_domains *d, struct str s, size_t i, size_t at,
		   struct uri_found *out)
{
	size_t n = link_at(s, i);

	out->host = STR_NONE;
	out->kind = URI_KIND_SCHEME;
	if (!n && (n = mail_at(s, i, at)) > 0)
		out->kind = URI_KIND_MAIL;
	if (!n && (n = host_at(d, s, i, &out->host)) > 0)
		out->kind = URI_KIND_HOST;
	out->text = str_sub(s, i, n);
	return n > 0;
}

bool uri_find(const struct uri_domains *d, struct str line, size_t *at, struct uri_found *out)
{
	size_t sign = 0;

	if (!classes['a'])
		classes_make();
	for (size_t i = *at; i < line.n; i++) {
		if (!may_start(line, i))
			continue;
		/* The next @ is looked for once per stretch without one. */
		if (sign <= i) {
			ptrdiff_t next = str_chr(str_from(line, i), '@');

			sign = next < 0 ? line.n : i + (size_t)next;
			if (sign == i)
				sign = 0;
		}
		if (!try_at(d, line, i, sign < line.n ? sign : 0, out))
			continue;
		*at = i + out->text.n;
		return true;
	}
	*at = line.n;
	return false;
}
