"""What each key of the section mail does, seen over real connections (manual 4.5).

Five sets of settings, each in effect for several tests, since every change costs seconds. Other
files test greylist*, spf, max_policy (test_policy), before_queue_filtering, ndr_on_block and
accept-broken-mime (test_before_queue); the last test tells which key nobody tests.
JUDGED_BY_POSTCONF are the keys whose effect takes minutes or hours.
"""

import os
import re
import ssl

import pytest

from lab import smtp, world
from lab.settings import settings
from lab.wait import until

pytestmark = pytest.mark.long      # it is Postfix that is looked at

JUDGED_BY_POSTCONF = {
    # key: (value, what postconf has to say)
    "dwarning": (7, ("-h", "delay_warning_time", "7h")),                  # hours
    "queue__lifetime": (3, ("-h", "maximal_queue_lifetime", "3d")),       # days
    "filter__timeout": (90, ("-h", "lmtp_data_done_timeout", "150s")),    # see also test_scan
}
TABLES = {
    "domains": "inside.test 1\nPlain.TEST 1\nlmtp.test 1\nsix.test 1\n.wide.test 1\n",
    "transport": "plain.test smtp:10.9.0.10:2025\nLMTP.test lmtp:inet:10.9.0.10:2024\n"
                 f"six.test smtp:[IPv6:{world.MX_INSIDE6}]:25\n",
    "mynetworks": "10.9.0.0/24\n203.0.113.89/32 #a branch office\n",
    "tls_policy": "news.example encrypt\n",
    "tls_inbound_domains": "spam.example reject_plaintext_session\n",
}


def ehlo(lab, node=None, port=None, **where):
    """A dialogue after EHLO, and the keywords of the reply."""
    node = node or lab.inet
    dialogue = node.dialogue(where.get("gateway") or node.gateway, port or node.port,
                             where.get("client") or node.own)
    return dialogue, smtp.hello(dialogue, node.helo, lmtp=False).lines


def verdict(lab, to="bob@inside.test", **envelope):
    """The reply that decided about a small mail."""
    answer = lab.inet.send(b"Subject: x\n\nx\n", to=to, **envelope)
    return answer.refused[0][1] if answer.refused else answer.final


# First set: everything strict.


@pytest.fixture(scope="module")
def strict(lab):
    """Tests of clients, HELO and senders, sizes, TLS."""
    with settings(lab.gw, files=TABLES, banner="ESMTP Postern, $$1, $mail_name", maxsize=20000,
                  helotests=1, rejectunknown=1, rejectunknownsender=1, smtputf8=0, tls=1, tlslog=1,
                  tlsheader=1, hide_received=1, log__headers=1, max_filters=4, spf=0,
                  conn_count_limit=3,
                  relay=f"byname.{world.DOMAIN}", relaynomx=None,
                  dnsbl_sites=f"{world.DNS_LIST}=127.0.0.[2..8]*2, {world.OTHER_LIST}",
                  dnsbl_threshold=3):
        yield lab


def test_banner_and_keywords(strict):
    dialogue, keywords = ehlo(strict)
    with dialogue:
        assert dialogue.greeting.text == "gw.inside.test ESMTP Postern, $1, Proxmox"
    assert "SIZE 20000" in keywords and "STARTTLS" in keywords
    assert "SMTPUTF8" not in keywords


def test_maxsize(strict, letter):
    fits = letter("fits", body=b"x\n" * 5000)
    assert strict.inet.send(fits.text, to="bob@inside.test").code == 250
    large = letter("large", body=b"x\n" * 12000)
    assert strict.inet.send(large.text, to="bob@inside.test").code == 552
    early = strict.inet.send(large.text, to="bob@inside.test", mail_parameters="SIZE=36000")
    assert early.code == 552
    # relay with MX: the A record of that name leads nowhere
    assert strict.lan.wait("bob@inside.test", fits.message_id)


@pytest.mark.parametrize("helo, code", [("localhost", 504), ("bad..name", 504),
                                        ("mx.sender.example", 250)])
def test_helotests(strict, helo, code):
    assert verdict(strict, helo=helo).code == code


def test_helo_is_required(strict):
    with strict.inet.dialogue(world.GATEWAY, 25, world.MX_OUTSIDE) as dialogue:
        assert dialogue.say("MAIL FROM:<alice@sender.example>").code == 503


def test_rejectunknown(strict):
    answer = verdict(strict, client=world.NAMELESS)
    assert answer.code == 450 and "cannot find your hostname" in answer.text


def test_rejectunknownsender(strict):
    answer = verdict(strict, sender="x@nowhere.example")
    assert answer.code == 450 and "Domain not found" in answer.text


def test_connections_at_once(strict):
    held = [strict.inet.dialogue(world.GATEWAY, 25, world.CLIENTS[3]) for _ in range(3)]
    with strict.inet.dialogue(world.GATEWAY, 25, world.CLIENTS[3]) as fourth:
        assert fourth.greeting.code == 421
    for dialogue in held:
        dialogue.close()


def test_dns_lists(strict):
    """Listed with the filter's address and weight 2, and by another with 1: 3 reaches 3.

    postscreen adds up what the lists have said by the end of postscreen_greet_wait, which is short
    in the lab, and forgets it after a second; on a busy machine an answer may come later.
    """
    def refused():
        answer = verdict(strict, client=world.LISTED)
        return answer if answer.code == 550 else None
    answer = until(refused, "a listed client is let in")
    assert "Service unavailable" in answer.text
    assert world.DNS_LIST in answer.text
    strict.gw.wait_log(r"postscreen\[\d+\]: DNSBL rank 3 for \[203.0.113.81\]")
    assert verdict(strict, client=world.HALF_LISTED).code == 250


def starttls(lab, node, port):
    """A dialogue inside TLS."""
    dialogue, _ = ehlo(lab, node, port)
    assert dialogue.say("STARTTLS").code == 220
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    dialogue.connection = context.wrap_socket(dialogue.connection)
    dialogue.file = dialogue.connection.makefile("rb")
    smtp.hello(dialogue, node.helo, lmtp=False)
    return dialogue


def test_tls(strict, letter):
    mail = letter("tls")
    with starttls(strict, strict.inet, 25) as dialogue:
        assert dialogue.connection.version() in ("TLSv1.2", "TLSv1.3")
        assert smtp.transaction(dialogue, smtp.crlf(mail.text), "x@spam.example",
                                ["bob@inside.test"]).code == 250
    kept = strict.lan.wait("bob@inside.test", mail.message_id)[0]
    assert any("using TLSv1" in value for value in kept.header("Received"))     # tlsheader
    strict.gw.wait_log(r"TLS connection established from .*198\.18\.25\.10")   # tlslog


@pytest.mark.parametrize("domain", ["spam.example", "Below.Spam.Example"])
def test_tls_inbound_domains(strict, domain):
    answer = verdict(strict, sender=f"x@{domain}")
    assert answer.code == 450 and "Session encryption is required" in answer.text


def test_tls_policy(strict, letter):
    """The outside server offers no TLS: only the destination with a policy cares."""
    mail, before = letter("policy"), len(strict.gw.log("TLS is required, but was not offered"))
    assert strict.lan.send(mail.text, to=["x@news.example", "x@sender.example"]).code == 250
    assert strict.inet.wait("x@sender.example", mail.message_id)
    strict.gw.wait_log(r"to=<x@news.example>.*TLS is required, but was not offered", before + 1)
    strict.gw.exec(["postsuper", "-d", "ALL", "deferred"])


def test_hide_received(strict, letter):
    mail = letter("hidden", headers=["Received: from desk.inside.test by mail.inside.test; now"])
    assert strict.lan.send(mail.text, to="alice@sender.example").code == 250
    received = strict.inet.wait("alice@sender.example", mail.message_id)[0].header("Received")
    assert received and not any("desk" in value or "10.9.0.10" in value for value in received)


def test_log_headers(strict, letter):
    mail = letter("headers are logged")
    assert strict.inet.send(mail.text, to="bob@inside.test").code == 250
    strict.gw.wait_log(r"pmg-smtp-filter\[\d+\]: .*" + re.escape(mail.subject))


def test_relay_domains(strict):
    assert verdict(strict, to="x@sub.wide.test").code == 250
    assert verdict(strict, to="x@plain.test").code == 250
    for domain in ("sub.inside.test", "elsewhere.test"):
        answer = verdict(strict, to=f"x@{domain}")
        assert answer.code == 554 and "Relay access denied" in answer.text


def test_transports(strict, letter):
    mail = letter("transports")
    plain = strict.lan.sink("plain", world.MX_INSIDE, 2025)
    lmtp = strict.lan.sink("lmtp", world.MX_INSIDE, 2024)
    six = strict.lan.sink("six", world.MX_INSIDE6, 25)
    try:
        to = ["a@plain.test", "b@lmtp.test", "c@lmtp.test", "d@six.test"]
        assert strict.inet.send(mail.text, to=to).code == 250
        assert plain.wait("a@plain.test", mail.message_id)[0].envelope["verb"] == "EHLO"
        assert lmtp.wait("b@lmtp.test", mail.message_id)[0].envelope["verb"] == "LHLO"
        assert lmtp.wait("c@lmtp.test", mail.message_id)
        kept = six.wait("d@six.test", mail.message_id)[0]
        assert kept.envelope["client"] == world.GATEWAY6_INSIDE
        strict.gw.wait_queue_empty()
    finally:
        for sink in (plain, lmtp, six):
            sink.behave(up=False)


def test_networks(strict, letter):
    """Who is in mynetworks may send out; the same on the same port from elsewhere may not."""
    mail = letter("branch")
    assert strict.inet.send(mail.text, to="x@sender.example", client=world.CLIENTS[8],
                            port=26).code == 250
    assert strict.inet.wait("x@sender.example", mail.message_id)
    answer = verdict(strict, to="x@sender.example", client=world.CLIENTS[7], port=26)
    assert answer.code == 554 and "Relay access denied" in answer.text


# Second set: other ways out, verification with 550.


@pytest.fixture(scope="module")
def ways(lab):
    """Smarthost, relay over LMTP, other ports, limits on rates, receiver verification."""
    smart = lab.inet.sink("smart", world.MX_OUTSIDE, 2525)
    inside = lab.lan.sink("relay", world.MX_INSIDE, 2026)
    with settings(lab.gw, int_port=587, ext_port=2500, smarthost=world.MX_OUTSIDE,
                  smarthostport=2525, relay=f"mail.{world.DOMAIN}", relaynomx=1, relayport=2026,
                  relayprotocol="lmtp", message_rate_limit=2, spf=0):
        lab.gw.wait_port(587)
        yield lab, smart, inside
    lab.gw.wait_port(25)
    smart.behave(up=False)
    inside.behave(up=False)


def test_ports(ways):
    lab = ways[0]
    assert lab.gw.listening(587) and lab.gw.listening(2500)
    until(lambda: not lab.gw.listening(25) and not lab.gw.listening(26), "the old ports stay")


def test_smarthost(ways, letter):
    lab, smart, _ = ways
    mail = letter("smart")
    assert lab.lan.send(mail.text, to="x@news.example", port=587).code == 250
    assert smart.wait("x@news.example", mail.message_id)


def test_relay_over_lmtp(ways, letter):
    lab, _, inside = ways
    mail = letter("relay")
    assert lab.inet.send(mail.text, to="bob@inside.test", port=2500).code == 250
    assert inside.wait("bob@inside.test", mail.message_id)[0].envelope["verb"] == "LHLO"


def test_message_rate(ways):
    lab = ways[0]
    where = {"client": world.CLIENTS[4], "port": 2500}
    codes = [verdict(lab, **where).code for _ in range(3)]
    assert codes == [250, 250, 450]


# Third set: receiver verification. The inside server is asked once for each address.


@pytest.fixture(scope="module", params=[550, 450])
def verifying(lab, request):
    """Receiver verification with either code; answers of before are forgotten by the address."""
    with settings(lab.gw, verifyreceivers=request.param, hide_received=request.param // 550,
                  spf=0):
        yield lab, request.param
    lab.lan.behave()


def test_unknown_receiver(verifying):
    lab, code = verifying
    lab.lan.behave(rcpt="550 5.1.1 nobody of that name at desk.inside.test")
    try:
        answer = verdict(lab, to=f"nobody{code}@inside.test")
        assert answer.code == code
        assert ("desk.inside.test" in answer.text) == (code == 450)     # hide_received
        lab.lan.behave()
        again = verdict(lab, to=f"nobody{code}@inside.test")
        assert again.code == code       # from the cache
    finally:
        lab.lan.behave()
    assert verdict(lab, to=f"known{code}@inside.test").code == 250


def test_inside_server_down(verifying):
    """Nobody can be asked: the sender keeps the mail, and those known before get theirs."""
    lab, code = verifying
    assert verdict(lab, to=f"before{code}@inside.test").code == 250
    lab.gw.wait_queue_empty()
    lab.lan.behave(up=False)
    try:
        assert verdict(lab, to=f"down{code}@inside.test").code == 450
        assert verdict(lab, to=f"before{code}@inside.test").code == 250
    finally:
        lab.lan.behave()
    lab.gw.wait_queue_empty()


def test_inside_server_slow(verifying):
    """No answer within the time that Postfix waits: come again."""
    lab, code = verifying
    lab.lan.behave(slow_rcpt=20)
    try:
        assert verdict(lab, to=f"slow{code}@inside.test").code == 450
    finally:
        lab.lan.behave()


# Fourth set: what postconf judges, and connections per minute.


def test_judged_by_postconf(lab):
    with settings(lab.gw, conn_rate_limit=3,
                  **{key: value for key, (value, _) in JUDGED_BY_POSTCONF.items()}):
        main = lab.gw.exec(["postconf", "-n"]).out
        assert "\ndelay_warning_time = 7h\n" in main
        assert "\nmaximal_queue_lifetime = 3d\n" in main
        assert "\nbounce_queue_lifetime = 3d\n" in main
        assert "\nlmtp_data_done_timeout = 150s\n" in main
        greetings = []
        for _ in range(4):
            with lab.inet.dialogue(world.GATEWAY, 25, world.CLIENTS[5]) as dialogue:
                greetings.append(dialogue.greeting.code)
        assert greetings == [220, 220, 220, 421]


@pytest.fixture(scope="module")
def few(lab):
    """The fewest SMTP daemons that there may be.

    When all are busy Postfix is impatient with everybody, for a quarter of an hour: it begins anew.
    """
    with settings(lab.gw, max_smtpd_in=3, max_smtpd_out=3, spf=0):
        yield lab
    lab.gw.postfix("stop")
    lab.gw.postfix("start")
    lab.gw.wait_port(25, world.GATEWAY)
    lab.gw.wait_port(10025)


@pytest.mark.parametrize("port", [25, 26], ids=["max_smtpd_in", "max_smtpd_out"])
def test_sessions_at_once(few, port):
    """Who is one too many waits for a greeting until another one has gone."""
    node = few.inet if port == 25 else few.lan
    held = [node.dialogue(node.gateway, port, node.own) for _ in range(3)]
    waiting = node.connect(node.gateway, port, node.own, seconds=1)
    with pytest.raises(TimeoutError):
        waiting.recv(3)
    held.pop().close()
    waiting.settimeout(30)
    assert waiting.recv(3) == b"220"
    waiting.close()
    for dialogue in held:
        dialogue.close()


@pytest.mark.parametrize("key, to", [(f"[{world.MX_INSIDE}]:25", "bob@inside.test"),
                                     (f"{world.MX_INSIDE}:2024", "bob@lmtp.test")],
                         ids=["SMTP", "LMTP"])
def test_tls_policy_of_a_next_hop(lab, letter, key, to):
    """Where a transport names the next hop, the policy has its key: in the way Postfix is told."""
    mail, deferred = letter("policy"), f"to=<{to}>.*TLS is required, but was not offered"
    before = len(lab.gw.log(deferred))
    sink = lab.lan.sink("lmtp-policy", world.MX_INSIDE, 2024)
    try:
        with settings(lab.gw, tls=1, spf=0, files={**TABLES, "tls_policy": f"{key} encrypt\n"}):
            assert lab.inet.send(mail.text, to=to).code == 250
            lab.gw.wait_log(deferred, before + 1)
            lab.gw.exec(["postsuper", "-d", "ALL", "deferred"])
    finally:
        sink.behave(up=False)


def test_tls_policy_with_keys_from_dns(lab, letter):
    """Nobody has such a key here, so `dane` sends as `may` does, once Postfix may look for one."""
    mail, complaint = letter("dane"), "dane configured with dnssec lookups disabled"
    before = len(lab.gw.log(complaint))
    with settings(lab.gw, tls=1, spf=0,
                  files={"tls_policy": f"[{world.MX_INSIDE}]:25 dane\n"}):
        assert lab.inet.send(mail.text, to="bob@inside.test").code == 250
        assert lab.lan.wait("bob@inside.test", mail.message_id)
    assert len(lab.gw.log(complaint)) == before


# Fifth set: IPv6 on both sides, and how many work.


@pytest.fixture(scope="module")
def six(lab):
    """The mail server inside has an IPv6 address only, and may send from it."""
    sink = lab.lan.sink("only-six", world.MX_INSIDE6, 25)
    with settings(lab.gw, relay=world.MX_INSIDE6, spf=0, max_filters=4,
                  files={"mynetworks": "10.9.0.0/24\n2001:db8:9::/64\n"}):
        yield lab, sink
    sink.behave(up=False)


@pytest.mark.parametrize("gateway, client", [(world.GATEWAY6, world.OUTSIDE6), (None, None)],
                         ids=["IPv6 alone", "from IPv4 to IPv6"])
def test_incoming_over_ipv6(six, letter, gateway, client):
    lab, sink = six
    mail = letter("six")
    assert lab.inet.send(mail.text, to="bob@inside.test", gateway=gateway,
                         client=client).code == 250
    kept = sink.wait("bob@inside.test", mail.message_id)[0]
    assert kept.envelope["client"] == world.GATEWAY6_INSIDE
    if client:
        assert any(f"IPv6:{client}" in value for value in kept.header("Received"))


def test_outgoing_over_ipv6(six, letter):
    lab, _ = six
    mail = letter("six out")
    assert lab.lan.send(mail.text, to="x@sender.example", gateway=world.GATEWAY6_INSIDE,
                        client=world.MX_INSIDE6).code == 250
    assert lab.inet.wait("x@sender.example", mail.message_id)
    refused = lab.inet.send(mail.text, to="x@sender.example", gateway=world.GATEWAY6, port=26,
                            client=world.OUTSIDE6)
    assert refused.code == 554      # that network is not among those trusted


def filters(lab):
    """How many children the filter's generations have."""
    lines = lab.gw.exec("ps -eo pid=,ppid=,args=").out.splitlines()
    parents = {words[0]: words[1] for words in map(str.split, lines)
               if words[2].endswith("pmg-smtp-filter")}
    return sum(parents.get(parent) in parents for parent in parents.values())


def test_max_filters(six):
    """Two fewer than in the lab. The housekeeper of a generation is always there, and perhaps for a
    while one that compiles its spam rules."""
    lab, _ = six
    until(lambda: filters(lab) in (4 + 1, 4 + 2), lambda: f"{filters(lab)} children")
    assert re.search(r"^scan +unix .* 4 +lmtp ", lab.gw.exec(["postconf", "-M"]).out, re.M)


# Sixth set: as small and as large as may be.


SMALLEST = {"conn_count_limit": 0, "conn_rate_limit": 0, "dnsbl_threshold": 1, "dwarning": 0,
            "filter__timeout": 20, "max_filters": 3, "max_policy": 2, "max_smtpd_in": 3,
            "max_smtpd_out": 3, "maxsize": 1024, "message_rate_limit": 0, "queue__lifetime": 1,
            "banner": "", "before_queue_filtering": 1}
LARGEST = {"conn_count_limit": 2147483647, "conn_rate_limit": 2147483647,
           "dnsbl_threshold": 2147483647, "dwarning": 500000, "filter__timeout": 86400,
           "max_filters": 40, "max_policy": 10, "max_smtpd_in": 100, "max_smtpd_out": 100,
           "maxsize": 100000000, "message_rate_limit": 2147483647, "queue__lifetime": 100,
           "banner": "x" * 1024}


@pytest.mark.parametrize("values", [SMALLEST, LARGEST], ids=["smallest", "largest"])
def test_mail_flows_at_the_limits(lab, letter, values):
    """A daemon that does not like a value says so only when it starts."""
    mail = letter("limits")
    sites = (f"{world.DNS_LIST}=127.[0..255].0.0*1000000, {world.OTHER_LIST}=255.255.255.255*0, "
             f"{world.OTHER_LIST}*-1000000")
    with settings(lab.gw, spf=0, dnsbl_sites=sites, **values):
        assert lab.inet.send(mail.text, to="bob@inside.test").code == 250
        assert lab.lan.send(mail.text, to="alice@sender.example").code == 250
        assert lab.lan.wait("bob@inside.test", mail.message_id)
        assert lab.inet.wait("alice@sender.example", mail.message_id)


# All of them


def test_every_key_has_its_test(lab):
    """A key that no system test sets has no effect that anybody has seen."""
    keys = re.findall(r"^pmg\.mail\.(\S+) =", lab.gw.exec(["pmgconfig", "dump"]).out, re.M)
    assert len(keys) > 30
    here = os.path.dirname(__file__)
    texts = ""
    for name in os.listdir(here):
        if name.endswith(".py"):
            with open(f"{here}/{name}", encoding="utf-8") as file:
                texts += file.read()
    set_in_tests = {name.replace("__", "-") for name in re.findall(r"\b([a-z0-9_]+)=", texts)}
    judged = {name.replace("__", "-") for name in JUDGED_BY_POSTCONF}
    missing = sorted(set(keys) - set_in_tests - judged)
    assert not missing, f"no test sets {', '.join(missing)}"
