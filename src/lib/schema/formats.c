#include "lib/schema/formats.h"

#include "lib/cidr/cidr.h"

enum { DNS_NAME_MAX = 253, DNS_LABEL_MAX = 63, DNSBL_WEIGHT_MAX = 1000000 };

static int refuse(struct err *e, struct str value, const char *what)
{
	return err_set(e, ERR_INVALID, "'%.*s' is not %s", STR_ARG(str_sub(value, 0, 200)), what);
}

static bool is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

static bool is_label(struct str s)
{
	if (s.n == 0 || s.n > DNS_LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
	return true;
}

static bool is_number(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_dns_name(struct str s)
{
	if (s.n == 0 || s.n > DNS_NAME_MAX || s.p[s.n - 1] == '.')
		return false;
	while (s.n)
		if (!is_label(str_cut(&s, '.')))
			return false;
	return true;
}

static bool is_ip(struct str s)
{
	struct cidr_addr addr;

	return cidr_addr_parse(s, &addr);
}

/* The C library reads as an address what ends in a number, "127.1" too; no host or domain does. */
static bool is_host_name(struct str s)
{
	return is_dns_name(s) && !is_number(str_from(s, (size_t)(str_rchr(s, '.') + 1)));
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* With the slip that it probably is. */
static int refuse_name(struct err *e, struct str s, const char *what)
{
	const char *slip = "";

	if (s.n && s.p[s.n - 1] == '.')
		slip = ": it ends in a dot";
	else if (s.n && s.p[0] == '[')
		slip = ": no brackets here";
	else if (!is_ascii(s))
		slip = ": DNS has it in ASCII, as in xn--bcher-kva.example";
	return err_set(e, ERR_INVALID, "'%.*s' is not %s%s", STR_ARG(str_sub(s, 0, 200)), what,
		       slip);
}

static int check_dns_name(struct str s, struct err *e)
{
	return is_dns_name(s) ? 0 : refuse_name(e, s, "a DNS name");
}

static int check_configid(struct str s, struct err *e)
{
	bool good = s.n >= 2 && ascii_is_alpha(s.p[0]);

	for (size_t i = 1; i < s.n; i++)
		good &= is_alnum(s.p[i]) || s.p[i] == '_' || s.p[i] == '-';
	return good ? 0 : refuse(e, s, "a name of a letter and then letters, digits, _ and -");
}

static int check_ip(struct str s, struct err *e)
{
	return is_ip(s) ? 0 : refuse(e, s, "an IP address");
}

static int check_cidr(struct str s, struct err *e)
{
	struct cidr net;

	if (cidr_parse(s, &net, e) < 0)
		return -1;
	if (cidr_has_host_bits(&net))
		return refuse(e, s, "a network: it has bits set beyond its prefix");
	return 0;
}

static int check_address(struct str s, struct err *e)
{
	return is_ip(s) || is_host_name(s) ? 0 : refuse_name(e, s, "an IP address or a DNS name");
}

static bool is_email_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && (s.p[i] == '\0' || !strchr("_+-~", s.p[i])))
			return false;
	return s.n > 0;
}

static bool is_email_domain_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
	return s.n > 0;
}

/* Every piece between dots; an empty last piece counts. */
static bool all_words(struct str s, bool (*is_word)(struct str))
{
	do {
		if (!is_word(str_cut(&s, '.')))
			return false;
	} while (s.p);
	return true;
}

static int check_email(struct str s, struct err *e)
{
	struct str domain = s, local = str_cut(&domain, '@');

	if (all_words(local, is_email_word) && all_words(domain, is_email_domain_word))
		return 0;
	return refuse(e, s, "a mail address");
}

static int check_http_proxy(struct str s, struct err *e)
{
	return str_starts(s, STR("http://")) ? 0 : refuse(e, s, "a URL that starts with http://");
}

bool format_list_next(struct str *rest, struct str *element)
{
	size_t n = 0;

	while (rest->n && (ascii_is_blank(rest->p[0]) || rest->p[0] == ',' || rest->p[0] == ';'))
		*rest = str_from(*rest, 1);
	while (n < rest->n && !ascii_is_blank(rest->p[n]) && rest->p[n] != ',' && rest->p[n] != ';')
		n++;
	*element = str_sub(*rest, 0, n);
	*rest = str_from(*rest, n);
	return n > 0;
}

static bool is_octet(struct str s, int64_t lo, int64_t *value)
{
	return is_number(s) && str_int(s, lo, 255, value);
}

/*
 * "4" or "[2..11]" at the start of `s`, which is moved behind it. postscreen gives up, and nobody
 * gets in, over one that is too large.
 */
static bool take_octet(struct str *s)
{
	size_t n = 0;
	struct str range, from;
	int64_t lo, hi;
	ptrdiff_t end;

	while (n < s->n && ascii_is_digit(s->p[n]))
		n++;
	if (n) {
		from = str_sub(*s, 0, n);
		*s = str_from(*s, n);
		return is_octet(from, 0, &lo);
	}
	end = str_chr(*s, ']');
	if (end < 0 || s->p[0] != '[')
		return false;
	range = str_sub(*s, 1, (size_t)end - 1);
	*s = str_from(*s, (size_t)end + 1);
	from = str_cut(&range, '.');
	return is_octet(from, 0, &lo) && str_starts(range, STR(".")) &&
	       is_octet(str_from(range, 1), lo, &hi);
}

static bool is_dnsbl_filter(struct str s)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0 && !str_starts(s, STR(".")))
			return false;
		s = str_from(s, i > 0);
		if (!take_octet(&s))
			return false;
	}
	return s.n == 0;
}

static bool is_dnsbl_entry(struct str s)
{
	struct str weight = s, filter = str_cut(&weight, '*'), name = str_cut(&filter, '=');

	int64_t value;

	if (weight.p && weight.n && weight.p[0] == '-')
		weight = str_from(weight, 1);
	return is_dns_name(name) && (!filter.p || is_dnsbl_filter(filter)) &&
	       (!weight.p ||
		(is_number(weight) && str_int(weight, 0, DNSBL_WEIGHT_MAX, &value)));
}

static int check_dnsbl_sites(struct str s, struct err *e)
{
	struct str entry;

	while (format_list_next(&s, &entry))
		if (!is_dnsbl_entry(entry))
			return refuse(e, entry,
				      "a DNS list (name[=filter][*weight], as in "
				      "list.example=127.0.0.[2..11]*2)");
	return 0;
}

static bool is_language_group(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 'a' || s.p[i] > 'z')
			return false;
	return s.n > 0 && s.n % 2 == 0;
}

static int check_languages(struct str s, struct err *e)
{
	struct str rest = s;

	if (str_eq(s, STR("all")))
		return 0;
	do {
		if (!is_language_group(str_cut(&rest, ' ')))
			return refuse(e, s, "'all' or a list of two-letter languages");
	} while (rest.p);
	return 0;
}

static int check_printable(struct str s, struct err *e)
{
	if (s.n == 0 || s.n > 998)
		return err_set(e, ERR_INVALID, "must have 1 to 998 characters");
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return err_set(e, ERR_INVALID, "has a character that is not printable");
	return 0;
}

static int check_path(struct str s, struct err *e)
{
	struct str rest = str_from(s, 1);
	size_t pieces = 0;

	if (!str_starts(s, STR("/")))
		return refuse(e, s, "an absolute path");
	do {
		if (str_cut(&rest, '/').n == 0)
			return refuse(e, s, "an absolute path of a file");
		pieces++;
	} while (rest.p);
	return pieces >= 2 ? 0 : refuse(e, s, "the path of a file below a directory");
}

/* Where in the text a parameter's name in braces ends; 0 if it does not. */
static size_t braced_length(struct str s, char open, char close)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		depth += s.p[i] == open;
		if (s.p[i] == close && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* What follows a '$' in a value of main.cf; 0: nothing that may. */
static size_t parameter_length(struct str s)
{
	size_t n = 0;

	if (str_starts(s, STR("$")))
		return 1;
	if (str_starts(s, STR("{")))
		return braced_length(s, '{', '}');
	if (str_starts(s, STR("(")))
		return braced_length(s, '(', ')');
	while (n < s.n && (is_alnum(s.p[n]) || s.p[n] == '_'))
		n++;
	return n;
}

static int check_banner(struct str s, struct err *e)
{
	ptrdiff_t at;

	while ((at = str_chr(s, '$')) >= 0) {
		size_t n;

		s = str_from(s, (size_t)at + 1);
		n = parameter_length(s);
		if (n == 0)
			return err_set(e, ERR_INVALID,
				       "a '$' begins the name of a parameter of Postfix, as in "
				       "$mail_name or ${mail_name}; write $$ for the sign itself");
		s = str_from(s, n);
	}
	return 0;
}

static bool is_transport_domain(struct str s)
{
	return is_host_name(str_from(s, str_starts(s, STR("."))));
}

static int check_transport_domain(struct str s, struct err *e)
{
	struct str name = str_from(s, str_starts(s, STR(".")));

	if (is_transport_domain(s))
		return 0;
	if (is_dns_name(name))
		return refuse(e, s, "a domain: none ends in a number");
	return refuse_name(e, name, "a DNS name");
}

static bool is_plain_local(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_blank(s.p[i]) || s.p[i] == '/' || s.p[i] == '@')
			return false;
	return s.n > 0;
}

static int check_transport_key(struct str s, struct err *e)
{
	ptrdiff_t at = str_rchr(s, '@');

	if (at < 0)
		return check_transport_domain(s, e);
	if (!is_plain_local(str_sub(s, 0, (size_t)at)))
		return refuse(e, s, "a mail address");
	return check_dns_name(str_from(s, (size_t)at + 1), e);
}

static int check_transport_address(struct str s, struct err *e)
{
	if (str_istarts(s, STR("ipv6:"))) {
		s = str_from(s, 5);
		return str_chr(s, ':') >= 0 ? check_ip(s, e) : refuse(e, s, "an IPv6 address");
	}
	return check_address(s, e);
}

static bool is_port(struct str s)
{
	int64_t port;

	return is_number(s) && str_int(s, 1, 65535, &port);
}

/* "[host]" or "[host]:port" or "host:port" */
static int check_nexthop(struct str s, struct err *e)
{
	ptrdiff_t close = str_chr(s, ']'), colon = str_rchr(s, ':');
	struct str port;

	if (!str_starts(s, STR("["))) {
		if (colon < 0 || !is_port(str_from(s, (size_t)colon + 1)))
			return refuse(e, s, "a domain or [host]:port");
		return check_address(str_sub(s, 0, (size_t)colon), e);
	}
	if (close < 0)
		return refuse(e, s, "a next hop: ']' is missing");
	port = str_from(s, (size_t)close + 1);
	if (port.n && (port.p[0] != ':' || !is_port(str_from(port, 1))))
		return refuse(e, s, "a next hop with a port from 1 to 65535");
	return check_transport_address(str_sub(s, 1, (size_t)close - 1), e);
}

static int check_tls_destination(struct str s, struct err *e)
{
	if (is_transport_domain(s) || is_ip(s))
		return 0;
	if (str_chr(s, ':') < 0 && str_chr(s, '[') < 0)
		return check_transport_domain(s, e);
	return check_nexthop(s, e);
}

/* Postfix sends nothing to a destination whose policy has an attribute that it does not know. */
static int check_tls_attribute(struct str level, struct str attribute, struct err *e)
{
	static const char *const names[] = { "ciphers", "connection_reuse", "exclude", "match",
					     "protocols", "servername", "tafile" };
	struct str value = attribute, name = str_cut(&value, '=');
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		known |= str_ieq(name, str_of(names[i]));
	if (!known)
		return refuse(e, attribute,
			      "an attribute of a TLS policy (match=, protocols=, ciphers=, "
			      "exclude=, servername=, tafile=, connection_reuse=)");
	if (value.n == 0)
		return refuse(e, attribute, "an attribute with a value");
	if (str_ieq(name, STR("match")) && !str_eq(level, STR("verify")) &&
	    !str_eq(level, STR("secure")) && !str_eq(level, STR("fingerprint")))
		return err_set(e, ERR_INVALID,
			       "match= belongs to the policies verify, secure and fingerprint");
	return 0;
}

static int check_tls_policy(struct str s, struct err *e)
{
	static const char *const levels[] = { "none", "may", "encrypt", "dane", "dane-only",
					      "fingerprint", "verify", "secure" };
	struct str rest = s, level, attribute;
	bool known = false;

	if (!str_word(&rest, &level))
		return err_set(e, ERR_INVALID, "no policy");
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		known |= str_eq(level, str_of(levels[i]));
	if (!known)
		return refuse(e, level, "a TLS policy (none, may, encrypt, dane, dane-only, "
					"fingerprint, verify, secure)");
	while (str_word(&rest, &attribute))
		if (check_tls_attribute(level, attribute, e) < 0)
			return -1;
	return 0;
}

const struct format fmt_dns_name = { .name = "dns-name", .check = check_dns_name };
const struct format fmt_configid = { .name = "pve-configid", .check = check_configid };
const struct format fmt_ip = { .name = "ip", .check = check_ip };
const struct format fmt_cidr = { .name = "CIDR", .check = check_cidr };
const struct format fmt_address = { .name = "address", .check = check_address };
const struct format fmt_email = { .name = "email", .check = check_email };
const struct format fmt_http_proxy = { .name = "http-proxy", .check = check_http_proxy };
const struct format fmt_dnsbl_sites = { .name = "dnsbl-entry-list", .check = check_dnsbl_sites };
const struct format fmt_banner = { .name = "banner", .check = check_banner };
const struct format fmt_languages = { .name = "languages", .check = check_languages };
const struct format fmt_printable = { .name = "printable", .check = check_printable };
const struct format fmt_path = { .name = "path", .check = check_path };
const struct format fmt_transport_domain = { .name = "transport-domain",
					     .check = check_transport_domain };
const struct format fmt_transport_key = { .name = "transport-domain-or-email",
					  .check = check_transport_key };
const struct format fmt_transport_address = { .name = "transport-address",
					      .check = check_transport_address };
const struct format fmt_tls_destination = { .name = "transport-domain-or-nexthop",
					    .check = check_tls_destination };
const struct format fmt_tls_policy = { .name = "tls-policy", .check = check_tls_policy };
