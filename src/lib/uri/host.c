#include "lib/uri/canon.h"

/* %21 to %7e: what would have been written plainly, were it not to hide something. */
static bool has_hidden(struct str s)
{
	for (size_t i = 0; i + 2 < s.n; i++) {
		char hi = s.p[i + 1], lo = s.p[i + 2];
		bool hex = ascii_is_digit(lo) || (lo >= 'a' && lo <= 'f');

		if (s.p[i] != '%' || !hex)
			continue;
		if ((hi == '2' && lo != '0') || (hi >= '3' && hi <= '6') ||
		    (hi == '7' && lo != 'f'))
			return true;
	}
	return false;
}

static struct str before_any(struct str s, const char *stop)
{
	size_t i = 0;

	while (i < s.n && !(s.p[i] && strchr(stop, s.p[i])))
		i++;
	return str_sub(s, 0, i);
}

/* What is after the only @ of an address. */
static struct str mail_host(struct str s)
{
	ptrdiff_t at;

	s = before_any(s, "?");
	at = str_chr(s, '@');
	if (at < 0 || str_rchr(s, '@') != at)
		return STR_NONE;
	return str_from(s, (size_t)at + 1);
}

static struct str web_host(struct str s)
{
	size_t i = 0;
	ptrdiff_t at;

	while (i < s.n && ascii_is_alpha(s.p[i]))
		i++;
	if (i > 0 && i < s.n && s.p[i] == ':') {
		i++;
		for (int k = 0; k < 2 && i < s.n && s.p[i] == '/'; k++)
			i++;
		s = str_from(s, i);
	}
	s = before_any(s, "/?#");
	at = str_rchr(s, '@');
	s = str_from(s, (size_t)(at + 1));
	for (i = s.n; i && ascii_is_digit(s.p[i - 1]);)
		i--;
	return i && s.p[i - 1] == ':' ? str_sub(s, 0, i - 1) : s;
}

static bool is_ipv4(struct str s)
{
	int octets = 0;

	for (; s.p && octets < 5; octets++) {
		struct str octet = str_cut(&s, '.');
		int64_t n;

		if (octet.n > 3 || (octet.n > 1 && *octet.p == '0') || !octet.n ||
		    !ascii_is_digit(*octet.p) || !str_int(octet, 0, 255, &n))
			return false;
	}
	return octets == 4;
}

bool uri_host(struct arena *a, const struct uri_domains *d, struct str uri, struct str *host,
	      struct str *domain)
{
	struct str s = str_lower(a, uri);

	if (str_starts(s, STR("javascript:")) || str_starts(s, STR("cid:")) ||
	    str_starts(s, STR("file:")))
		return false;
	s = str_starts(s, STR("mailto:")) ? mail_host(str_from(s, 7)) : web_host(s);
	if (!s.n || has_hidden(s))
		return false;
	*host = *domain = s;
	if (is_ipv4(s))
		return true;
	if (!uri_host_is_fqdn(s) || !uri_domains_has_tld(d, s))
		return false;
	*domain = uri_domains_registered(a, d, s);
	return true;
}
