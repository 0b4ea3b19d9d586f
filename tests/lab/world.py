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
DNS = "198.18.25.53"
MX_OUTSIDE = "198.18.25.10"     # mail server of all outside domains, and the usual sender
SPAMMER = "198.18.25.66"
MX_INSIDE = "10.9.0.10"

DOMAIN = "inside.test"
OUTSIDE = "sender.example"
SLOW = "slow.example"           # a domain whose name server never answers
BOUNCES = "bounces.example"     # a domain whose server never answers

HOSTNAMES = {"inet": "mx.sender.example", "gw": "gw", "lan": "mail"}
ADDRESSES = {
    "inet": [DNS, MX_OUTSIDE, SPAMMER],
    "gw": [GATEWAY, GATEWAY_INSIDE],
    "lan": [MX_INSIDE],
}

# Every domain that a sample uses as a sender or that a mail of the gateway's own goes to:
# admin@domain.tld is where notifications go until somebody sets another address.
OUTSIDE_DOMAINS = ["sender.example", "news.example", "spam.example", "domain.tld",
                   "fromthisdomain.com", "fromthisdomain.example"]

DKIM_SELECTOR = "lab"
DKIM_DOMAIN = "news.example"

NOBODY = "198.18.25.99"         # in the net, but no host has it


def zone_lines(dkim_record):
    """The records as (zone, [record text]) for unbound's local-data; `dkim_record`: its text."""
    zones = [
        (DOMAIN, [f"{DOMAIN}. MX 10 {GATEWAY_NAME}.", f"{GATEWAY_NAME}. A {GATEWAY}",
                  f"mail.{DOMAIN}. A {MX_INSIDE}"]),
        (BOUNCES, [f"{BOUNCES}. MX 10 mx.{BOUNCES}.", f"mx.{BOUNCES}. A {NOBODY}"]),
    ]
    for domain in OUTSIDE_DOMAINS:
        records = [f"{domain}. A {MX_OUTSIDE}", f"{domain}. MX 10 mx.{OUTSIDE}.",
                   f'{domain}. TXT "v=spf1 ip4:{MX_OUTSIDE} ip4:{SPAMMER} -all"']
        if domain == OUTSIDE:
            records.append(f"mx.{OUTSIDE}. A {MX_OUTSIDE}")
            records.append(f"dns.{OUTSIDE}. A {DNS}")
        if domain == DKIM_DOMAIN and dkim_record:
            records.append(f'{DKIM_SELECTOR}._domainkey.{domain}. TXT {dkim_record}')
        if domain == "spam.example":
            records.append(f"bulk.{domain}. A {SPAMMER}")
        zones.append((domain, records))
    return zones


POINTERS = {MX_OUTSIDE: f"mx.{OUTSIDE}", SPAMMER: "bulk.spam.example", GATEWAY: GATEWAY_NAME,
            DNS: f"dns.{OUTSIDE}", MX_INSIDE: f"mail.{DOMAIN}", GATEWAY_INSIDE: GATEWAY_NAME}
