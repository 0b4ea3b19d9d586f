#!/usr/bin/python3
"""Our SPF against pyspf, on records made up at random (spf_peers.py PROGRAM; 77: skipped).

Two things are kept out of the records. Hosts of an mx that do not exist: pyspf counts them as void,
we count what a term asks itself, and RFC 7208 leaves it open. A record that includes itself: pyspf
calls that an error even where the check ends before it.
"""
import random
import sys

import suites

HOSTS = {"a.example": ["192.0.2.1"], "b.example": ["192.0.2.2", "198.51.100.7"],
         "c.example": ["203.0.113.9"], "d.example": ["192.0.2.130"]}
MAIL = {"m.example": ["a.example", "c.example"], "n.example": ["b.example"]}
POINTERS = {"192.0.2.1": ["a.example"], "198.51.100.7": ["b.example", "c.example"]}
CLIENTS = ["192.0.2.1", "192.0.2.2", "198.51.100.7", "203.0.113.9", "192.0.2.131"]
RECORDS = ["r0.example", "r1.example", "r2.example", "r3.example"]
SENDERS = ["user@{}", "strong-bad@{}", "a.b-c@{}", "@{}"]

TERMS = [
    "all", "a:{host}", "a:{host}/24", "a:{host}/30//64", "mx:{mail}", "mx:{mail}/25", "ptr:{host}",
    "ptr:example", "ip4:192.0.2.0/{bits}", "ip4:{client}", "ip6:2001:db8::/32", "exists:{host}",
    "include:{record}", "exists:%{{d}}", "a:%{{h}}", "exists:%{{l1r-}}.example",
    # and what is no record
    "ip4:192.0.2.0/33", "a:", "include", "ip4:1.2.3", "mx/33", "al", "a:{host}//129",
    "exists:%{{x}}",
    "all:x", "ip4:192.0.2.0/00", "-", "a:%", "a:.", "x=%{{d}}", "x=%", "ptr/24", "?all ",
]


def term(rng, own):
    text = rng.choice(TERMS[:16] * 4 + TERMS[16:])
    return rng.choice(["", "", "-", "~", "?", "+"]) + text.format(
        host=rng.choice(list(HOSTS)), mail=rng.choice(list(MAIL)), bits=rng.choice([0, 24, 25, 32]),
        client=rng.choice(CLIENTS), record=rng.choice([r for r in RECORDS if r != own]))


def record(rng, own):
    terms = [term(rng, own) for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.2:
        terms.insert(rng.randint(0, len(terms)), f"redirect={rng.choice(RECORDS)}")
    if rng.random() < 0.5:
        terms.append(rng.choice("-~?") + "all")
    return " ".join(["v=spf1"] + terms)


class Zone:
    """One made-up internet, for both."""
    def __init__(self, rng):
        self.rows = [(h, "A", a) for h, addresses in HOSTS.items() for a in addresses]
        self.rows += [(m, "MX", f"10 {h}") for m, hosts in MAIL.items() for h in hosts]
        self.rows += [(".".join(reversed(a.split("."))) + ".in-addr.arpa", "PTR", h)
                      for a, hosts in POINTERS.items() for h in hosts]
        self.rows += [(r, "TXT", record(rng, r)) for r in RECORDS]

    def lines(self):
        return [suites.line("reset")] + [suites.line("zone", *row) for row in self.rows]

    def lookup(self, name, rtype, *_):
        """As pyspf wants it."""
        name = name.rstrip(".").lower()
        for owner, kind, value in self.rows:
            if owner == name and kind == rtype:
                yield (name, rtype), {"TXT": lambda v: (v.encode(),),
                                      "MX": lambda v: (int(v.split()[0]), v.split()[1]),
                                      }.get(kind, lambda v: v)(value)


def main():
    try:
        import spf
    except ImportError:
        suites.skip("python3-spf is not installed")
    rng, lines, cases = random.Random(7208), [], []
    for _ in range(1500):
        zone = Zone(rng)
        lines += zone.lines()
        for client in CLIENTS:
            sender = rng.choice(SENDERS).format(RECORDS[0])
            helo = rng.choice(list(HOSTS))
            spf.DNSLookup = zone.lookup
            q = spf.query(i=client, s=sender, h=helo, receiver="receiver.example")
            cases.append((zone, client, helo, sender, q.check()))
            lines.append(suites.line("check", client, helo, sender))
    wrong, kinds = [], {}
    for (zone, client, helo, sender, theirs), ours in zip(cases, suites.run(sys.argv[1], lines)):
        kinds[theirs[0]] = kinds.get(theirs[0], 0) + 1
        if ours[0] != theirs[0]:
            records = [v for _, t, v in zone.rows if t == "TXT"]
            wrong.append(f"{records} {client} {helo} {sender}: {ours}, pyspf {theirs}")
    print("\n".join(wrong[:20] + [f"{kinds}", f"{len(cases)} cases, {len(wrong)} differences"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
