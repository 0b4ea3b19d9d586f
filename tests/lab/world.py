"""Names and addresses of the lab: one outside net, one inside net, the gateway between.

    inet  198.18.25.0/24   a sender per address, the DNS of everything, an outside mail server
    gw    198.18.25.25 and 10.9.0.25
    lan   10.9.0.0/24      the mail server of inside.test

Nothing here is reachable from outside the lab; the nets are those set aside for documentation and
private use, and DNS knows nothing but the zones below.
"""

GATEWAY = "198.18.25.25"
GATEWAY_INSIDE = "10.9.0.25"
GATEWAY_NAME = "gw.inside.test"
DNS, DNS6 = "198.18.25.53", "2001:db8:25::53"
MX_OUTSIDE = "198.18.25.10"     # mail server of all outside domains, and the usual sender
SPAMMER = "198.18.25.66"
SPAM_LISTED = "198.18.25.67"     # a client on a block list
LISTED_LINK = "listed-link.com"   # a domain on a list of those that are advertised
MX_INSIDE = "10.9.0.10"
GATEWAY6, GATEWAY6_INSIDE = "2001:db8:25::25", "2001:db8:9::25"
OUTSIDE6, MX_INSIDE6 = "2001:db8:25::10", "2001:db8:9::10"
# Senders that a test has for itself, since limits count for each address; not in the net of the
# gateway, which is trusted. NAMELESS has no name in DNS.
CLIENTS = [f"203.0.113.{number}" for number in range(81, 99)]
NAMELESS = "203.0.113.77"
LISTED, HALF_LISTED = CLIENTS[0], CLIENTS[1]
DNS_LIST, OTHER_LIST = "list.example", "other-list.example"

DOMAIN = "inside.test"
OUTSIDE = "sender.example"
SLOW = "slow.example"           # a domain whose name server never answers
SIX = "six.example"             # a domain with an IPv6 address only
BOUNCES = "bounces.example"     # a domain whose server never answers

HOSTNAMES = {"inet": "mx.sender.example", "gw": "gw", "lan": "mail"}
ADDRESSES = {
    "inet": [DNS, DNS6, MX_OUTSIDE, SPAMMER, SPAM_LISTED, *CLIENTS, NAMELESS, OUTSIDE6],
    "gw": [GATEWAY, GATEWAY_INSIDE],
    "lan": [MX_INSIDE, MX_INSIDE6],
}

# Every domain that a sample uses as a sender or that a mail of the gateway's own goes to:
# admin@domain.tld is where notifications go until somebody sets another address.
OUTSIDE_DOMAINS = ["sender.example", "news.example", "spam.example", "domain.tld",
                   "fromthisdomain.com", "fromthisdomain.example"]

DKIM_SELECTOR = "lab"
DKIM_DOMAIN = "news.example"

NOBODY = "198.18.25.99"         # in the net, but no host has it


# Real names, since the stock rules ask for them. 127.0.0.2 is what such a list must have.
BLOCK_LISTS = {"psbl.surriel.com": ["2.0.0.127", "67.25.18.198"],
               "multi.uribl.com": [LISTED_LINK]}
RAZOR = "discovery.razor.cloudmark.com"     # a test may listen there, at DNS


def zone_lines(dkim_record):
    """The records as (zone, [record text]) for unbound's local-data; `dkim_record`: its text."""
    zones = [
        (DOMAIN, [f"{DOMAIN}. MX 10 {GATEWAY_NAME}.", f"{GATEWAY_NAME}. A {GATEWAY}",
                  f"mail.{DOMAIN}. A {MX_INSIDE}"]),
        (f"byname.{DOMAIN}", [f"byname.{DOMAIN}. MX 10 mail.{DOMAIN}.",
                              f"byname.{DOMAIN}. A {NOBODY}"]),
        (DNS_LIST, [f"81.113.0.203.{DNS_LIST}. A 127.0.0.2",
                    f"82.113.0.203.{DNS_LIST}. A 127.0.0.9"]),
        (OTHER_LIST, [f"{address}.113.0.203.{OTHER_LIST}. A 127.0.0.1" for address in (81, 82)]),
        (SIX, [f"{SIX}. MX 10 mx.{SIX}.", f"mx.{SIX}. AAAA {OUTSIDE6}",
               f'{SIX}. TXT "v=spf1 ip6:{OUTSIDE6} -all"']),
        (BOUNCES, [f"{BOUNCES}. MX 10 mx.{BOUNCES}.", f"mx.{BOUNCES}. A {NOBODY}"]),
        (RAZOR, [f"{RAZOR}. A {DNS}"]),
    ]
    for domain in OUTSIDE_DOMAINS:
        records = [f"{domain}. A {MX_OUTSIDE}", f"{domain}. MX 10 mx.{OUTSIDE}.",
                   f'{domain}. TXT "v=spf1 ip4:{MX_OUTSIDE} ip4:{SPAMMER} -all"']
        if domain == OUTSIDE:
            records.append(f"mx.{OUTSIDE}. A {MX_OUTSIDE}")
            records.append(f"dns.{OUTSIDE}. A {DNS}")
            records += [f"c{address[-2:]}.{OUTSIDE}. A {address}" for address in CLIENTS]
        if domain == DKIM_DOMAIN and dkim_record:
            records.append(f'{DKIM_SELECTOR}._domainkey.{domain}. TXT {dkim_record}')
        if domain == "spam.example":
            records.append(f"bulk.{domain}. A {SPAMMER}")
        zones.append((domain, records))
    for zone, listed in BLOCK_LISTS.items():
        zones.append((zone, [f"{name}.{zone}. A 127.0.0.2" for name in listed]))
    return zones


POINTERS = {MX_OUTSIDE: f"mx.{OUTSIDE}", SPAMMER: "bulk.spam.example", GATEWAY: GATEWAY_NAME,
            OUTSIDE6: f"mx.{SIX}", DNS: f"dns.{OUTSIDE}", MX_INSIDE: f"mail.{DOMAIN}",
            GATEWAY_INSIDE: GATEWAY_NAME,
            **{address: f"c{address[-2:]}.{OUTSIDE}" for address in CLIENTS}}
