/* Host names and IP addresses inside header values. */
#include "gw/spam/header_int.h"
#include "gw/spam/shape.h"
#include "lib/cidr/cidr.h"
#include "lib/uri/domains.h"

enum { HOST_MAX = 251 };

static bool in_label(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-';
}

static char char_at(struct str s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}

/* Length of the longest word at `at` that ends in a known top level name; 0 if there is none. */
static size_t host_at(struct spam_message *m, struct str s, size_t at)
{
	size_t end = at;

	if (at && strchr("._-", s.p[at - 1]) && s.p[at - 1])
		return 0;
	while (end < s.n && !is_space(s.p[end]) && end - at <= HOST_MAX)
		end++;
	for (size_t dot = end; dot-- > at + 1;) {
		size_t tld = dot + 1;

		if (s.p[dot] != '.')
			continue;
		while (in_label(char_at(s, tld)))
			tld++;
		if (!uri_domains_is_tld(m->o->domains, str_sub(s, dot + 1, tld - dot - 1)))
			continue;
		if (char_at(s, tld) != '.' && char_at(s, tld) != '_')
			return tld - at;
	}
	return 0;
}

static struct str after_last_at(struct str value)
{
	ptrdiff_t at = str_rchr(value, '@');
	size_t n = 0;

	if (at < 0)
		return STR_NONE;
	value = str_from(value, (size_t)at + 1);
	while (n < value.n && !is_space(value.p[n]))
		n++;
	return str_sub(value, 0, n);
}

struct str spam_value_host(struct spam_message *m, struct str value, bool is_addr)
{
	if (is_addr)
		return after_last_at(value);
	for (size_t at = value.n; at-- > 0;) {
		size_t n = value.p[at] == '@' ? host_at(m, value, at + 1) : 0;
		struct str host = str_sub(value, at + 1, n);

		if (n && uri_host_is_fqdn(host))
			return host;
		if (n)
			break;
	}
	for (size_t at = 0; at < value.n; at++) {
		size_t n = is_space(value.p[at]) ? 0 : host_at(m, value, at);
		struct str host = str_sub(value, at, n);

		if (n && uri_host_is_fqdn(host))
			return host;
		if (n)
			at += n - 1;
	}
	return STR_NONE;
}

/* 192.0.2.1 is 1.2.0.192; of IPv6 every digit stands by itself. */
static struct str reversed_ip(struct arena *a, struct str ip)
{
	struct cidr_addr addr;
	struct buf b;

	if (!cidr_addr_parse(ip, &addr))
		return STR_NONE;
	if (addr.family == 4)
		return str_fmt(a, "%d.%d.%d.%d", addr.b[3], addr.b[2], addr.b[1], addr.b[0]);
	buf_init(&b, a, 64);
	for (int i = 15; i >= 0; i--)
		buf_addf(&b, "%s%x.%x", i < 15 ? "." : "", addr.b[i] & 15, addr.b[i] >> 4);
	return buf_str(&b);
}

struct str spam_value_ip(struct arena *a, struct str value, bool reversed)
{
	for (size_t at = 0; at < value.n; at++) {
		size_t n = shape_ip_at(value, at);

		if (!n || (at && value.p[at - 1] == '.') || char_at(value, at + n) == '.')
			continue;
		return reversed ? reversed_ip(a, str_sub(value, at, n)) : str_sub(value, at, n);
	}
	return STR_NONE;
}
