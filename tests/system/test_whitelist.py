"""The SMTP whitelist in Postfix: who is on it is spared every test (manual 4.5.8, policy.md 7).

pmgpolicy's own part is in test_policy. Each client and sender below is refused without its entry.
"""

import contextlib

import pytest

from lab import world
from lab.settings import settings
from lab.wait import until

REGEX, EMAIL, DOMAIN, IP, NET = 1000, 1001, 1002, 1003, 1004
TO_EMAIL, TO_DOMAIN, TO_REGEX = 1007, 1008, 1009
FILES = ("senderaccess", "rcptaccess", "clientaccess", "postscreen_access")


@pytest.fixture(scope="module", autouse=True)
def strict(lab):
    """Every test that there is, and a server inside that knows nobody."""
    with settings(lab.gw, files={"tls_inbound_domains": "tls.example reject_plaintext_session\n"},
                  helotests=1, rejectunknown=1, rejectunknownsender=1, verifyreceivers=550,
                  greylist=1, spf=1, tls=1, dnsbl_threshold=1, dnsbl_sites=world.DNS_LIST):
        lab.gw.sql("TRUNCATE cgreylist")
        yield


def escaped(value):
    """As text of a bytea."""
    return value.replace("\\", "\\\\")


@contextlib.contextmanager
def entries(lab, *objects):
    """Objects (kind, value) on the whitelist, after a sync."""
    values = ", ".join(f"({kind}, (SELECT id FROM objectgroup WHERE class = 'greylist'), "
                       f"'{escaped(value)}')" for kind, value in objects)
    lab.gw.sql(f"INSERT INTO object (objecttype, objectgroup_id, value) VALUES {values}")
    lab.gw.exec(["pmgconfig", "sync", "--restart"])
    try:
        yield
    finally:
        lab.gw.sql("DELETE FROM object WHERE objectgroup_id IN "
                   "(SELECT id FROM objectgroup WHERE class = 'greylist')")
        lab.gw.exec(["pmgconfig", "sync", "--restart"])


def verdict(lab, to="bob@inside.test", **envelope):
    """The reply that decided."""
    answer = lab.inet.send(b"Subject: x\n\nx\n", to=to, **envelope)
    return answer.refused[0][1] if answer.refused else answer.final


def refused(reply, *words):
    """For one of these reasons."""
    return reply.code >= 400 and any(word in reply.text for word in words)


# What is refused without an entry: envelope, words of the refusal.
CASES = {
    "HELO": ({"helo": "localhost", "client": world.CLIENTS[12]}, "need fully-qualified hostname"),
    "client without a name": ({"client": world.NAMELESS}, "cannot find your hostname"),
    "unknown sender": ({"sender": "x@nowhere.example", "client": world.CLIENTS[12]},
                       "Domain not found"),
    "TLS demanded": ({"sender": "x@tls.example", "client": world.CLIENTS[12]},
                     "Session encryption is required"),
    "SPF": ({"sender": "alice@sender.example", "client": world.CLIENTS[12]}, "Rejected by SPF"),
    "greylisting": ({"sender": "x@bounces.example", "client": world.CLIENTS[12]}, "try later"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_client_is_spared(lab, case):
    envelope, words = CASES[case]
    assert refused(verdict(lab, **envelope), words)
    with entries(lab, (IP, envelope["client"])):
        assert verdict(lab, **envelope).code == 250
    assert refused(verdict(lab, **envelope), words)


@pytest.mark.parametrize("case", [name for name, (envelope, _) in CASES.items()
                                  if "sender" in envelope])
@pytest.mark.parametrize("kind", [EMAIL, DOMAIN, REGEX])
def test_a_sender_is_spared(lab, case, kind):
    envelope, words = CASES[case]
    sender = envelope["sender"]
    domain = sender.partition("@")[2]
    value = {EMAIL: sender, DOMAIN: domain,
             REGEX: "[a-z]+@example|.*@" + domain.replace(".", "\\.")}[kind]
    with entries(lab, (kind, value)):
        assert verdict(lab, **envelope).code == 250
        other = verdict(lab, helo="localhost", client=world.CLIENTS[12], sender="a@news.example")
        assert refused(other, "need fully-qualified")
    assert refused(verdict(lab, **envelope), words)


@pytest.mark.parametrize("kind, value", [(TO_EMAIL, "bob@inside.test"), (TO_DOMAIN, "inside.test"),
                                         (TO_REGEX, "b.b@inside\\.test")])
def test_a_receiver_is_spared(lab, kind, value):
    with entries(lab, (kind, value)):
        for case, (envelope, words) in CASES.items():
            if case == "TLS demanded":      # the administrator's word about the sender stands
                assert refused(verdict(lab, **envelope), words)
            else:
                assert verdict(lab, **envelope).code == 250
        if kind != TO_DOMAIN:
            answer = verdict(lab, to="carol@inside.test", **CASES["SPF"][0])
            assert refused(answer, "Rejected by SPF")


@pytest.mark.parametrize("kind, value", [(IP, world.LISTED), (NET, "203.0.113.81/32"),
                                         (NET, "203.0.113.80/30")])
def test_a_listed_client_gets_past_dns_lists(lab, kind, value):
    envelope = {"client": world.LISTED, "sender": "x@bounces.example"}

    def listed():
        return refused(verdict(lab, **envelope), "Service unavailable; client")

    # postscreen waits a second for the lists; on a busy machine their answer may take longer
    until(listed, "the DNS list has no effect")
    with entries(lab, (kind, value)):
        assert verdict(lab, **envelope).code == 250
    until(listed, "the DNS list has no effect any more")


@pytest.mark.long
@pytest.mark.parametrize("kind, value", [(IP, world.CLIENTS[12]), (EMAIL, "x@bounces.example"),
                                         (TO_EMAIL, "nobody@inside.test")])
@pytest.mark.parametrize("policy", [0, 1])
def test_receivers_are_not_verified(lab, kind, value, policy):
    """With and without pmgpolicy: the tables alone end the list."""
    envelope = {"client": world.CLIENTS[12], "sender": "x@bounces.example"}
    lab.lan.behave(rcpt="550 5.1.1 nobody")
    try:
        with settings(lab.gw, verifyreceivers=550, greylist=policy, spf=0), \
                entries(lab, (kind, value)):
            assert verdict(lab, to="nobody@inside.test", **envelope).code == 250
        with settings(lab.gw, verifyreceivers=550, greylist=0, spf=0):
            answer = verdict(lab, to="nobody@inside.test", **envelope)
            assert answer.code == 550 and "undeliverable" in answer.text
    finally:
        lab.lan.behave()
        lab.gw.exec(["postsuper", "-d", "ALL"])


def test_it_is_no_open_relay(lab):
    with entries(lab, (IP, world.CLIENTS[12]), (EMAIL, "x@bounces.example"), (REGEX, ".*"),
                 (TO_REGEX, ".*")):
        answer = verdict(lab, to="x@elsewhere.example", client=world.CLIENTS[12],
                         sender="x@bounces.example")
    assert refused(answer, "Relay access denied")


def test_what_postfix_cannot_read_stays_out(lab):
    """Nothing gets a line of its own into a table, and Postfix has nothing to complain about."""
    before = len(lab.gw.log("(cidr|regexp) map"))
    with entries(lab, (EMAIL, "a@b\n/.*/ OK"), (REGEX, "(?i)x.*?"), (NET, "10.0.0.1/8"),
                 (IP, "2001:db8::7"), (EMAIL, "o/brien@x.test")):
        texts = {name: lab.gw.read(f"/etc/postfix/{name}").decode() for name in FILES}
        verdict(lab, client=world.CLIENTS[12])
    assert texts == {"senderaccess": "/^o\\/brien@x\\.test$/ OK\n", "rcptaccess": "",
                     "clientaccess": "10.0.0.0/8 OK\n2001:db8::7 OK\n",
                     "postscreen_access": "10.0.0.0/8 permit\n2001:db8::7 permit\n"}
    assert len(lab.gw.log("(cidr|regexp) map")) == before


def test_without_the_database_the_tables_stay(lab):
    with entries(lab, (IP, world.CLIENTS[12])):
        kept = lab.gw.read("/etc/postfix/clientaccess")
        lab.gw.postgres("stop")
        try:
            lab.gw.exec(["pmgconfig", "sync", "--restart"])
            assert lab.gw.read("/etc/postfix/clientaccess") == kept != b""
        finally:
            lab.gw.postgres("start")
