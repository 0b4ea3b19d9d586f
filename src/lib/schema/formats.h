/*
 * formats - the named checks of strings.
 *
 * Each has the name it bears in the interface contract. They check text as an administrator types
 * it: no blanks around, no NUL.
 */
#pragma once

#include "lib/schema/prop.h"

extern const struct format fmt_dns_name;    /* labels of letters, digits, inner dashes */
extern const struct format fmt_configid;    /* a letter, then letters, digits, _ and - */
extern const struct format fmt_ip;          /* IPv4 or IPv6 */
extern const struct format fmt_cidr;        /* a network; host bits must be zero */
extern const struct format fmt_address;     /* ip or dns-name */
extern const struct format fmt_email;
extern const struct format fmt_http_proxy;  /* http://… */
extern const struct format fmt_dnsbl_sites; /* list of name[=filter][*weight] */
extern const struct format fmt_banner;      /* parameters of Postfix in it are well-formed */
extern const struct format fmt_languages;   /* "all" or two-letter codes */
extern const struct format fmt_printable;   /* 1 to 998 printable characters */
extern const struct format fmt_path;        /* absolute, at least one directory, a file name */

extern const struct format fmt_transport_domain;  /* dns-name, optionally with a dot in front */
extern const struct format fmt_transport_key;     /* transport-domain or a mail address */
extern const struct format fmt_transport_address; /* address, or "ipv6:ADDRESS" */
extern const struct format fmt_tls_destination;   /* transport-domain, or [address]:port */
extern const struct format fmt_tls_policy;        /* none, may, encrypt, … with attributes */

/*
 * Next element of a list separated by commas, semicolons or blanks; false at the end. Empty ones
 * are skipped.
 */
bool format_list_next(struct str *rest, struct str *element);
