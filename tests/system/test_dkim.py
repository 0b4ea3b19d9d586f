"""DKIM signatures on outgoing mail (filter.md, section 10), verified outside by dkimpy."""

import contextlib
import os
import re

import pytest

from lab import rules, samples
from lab.gateway import PMG_CONF
from lab.world import DNS, DOMAIN

pytest.importorskip("dkim", reason="python3-dkim is missing")

PORT = 5354             # of the name server that has the records as they were printed
OTHER = "other.example"     # a domain without keys of its own
BOTH = {f"{DOMAIN} e1 ed25519-sha256 pass", f"{DOMAIN} r1 rsa-sha256 pass"}
ONE = {f"{OTHER} main rsa-sha256 pass"}
OUTSIDE = "alice@sender.example"

ZONE = """\
$ORIGIN {origin}.
@ 60 IN SOA ns hostmaster 1 60 60 60 60
@ 60 IN NS ns
ns 60 IN A 198.18.25.53
"""
CONFIGURATION = """\
server:
  directory: "/etc/unbound"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  interface: {dns}@{port}
  do-not-query-localhost: no
  access-control: 0.0.0.0/0 allow
  module-config: "iterator"
  local-zone: "test." nodefault
remote-control:
  control-enable: no
"""
AUTH_ZONE = 'auth-zone:\n  name: "{origin}."\n  zonefile: "/etc/unbound/{origin}.zone"\n'


def publish(lab, records):
    """A name server outside with these zones {origin: lines}."""
    text = CONFIGURATION.format(dns=DNS, port=PORT)
    for origin, lines in records.items():
        lab.inet.exec(["tee", f"/etc/unbound/{origin}.zone"],
                      stdin=ZONE.format(origin=origin) + lines)
        text += AUTH_ZONE.format(origin=origin)
    lab.inet.exec(["tee", "/etc/unbound/dkim.conf"], stdin=text)
    process = lab.inet.start(["unbound", "-d", "-c", "/etc/unbound/dkim.conf"],
                             os.path.join(lab.inet.directory, "unbound-dkim.log"))
    lab.inet.wait_port(PORT, DNS)
    return process


def use(lab, admin, more):
    """The filter with these settings of the section admin, and `more` sections."""
    lines = "".join(f"\t{name} {value}\n" for name, value in admin.items())
    lab.gw.write("/etc/pmg/pmg.conf", f"{PMG_CONF}section: admin\n{lines}\n{more}")
    lab.gw.exec(["pmgconfig", "sync"])
    lab.gw.filter("reload")


@contextlib.contextmanager
def settings(lab, more="", **admin):
    """Signing with these settings beside dkim_sign, as long as the block lasts."""
    before = lab.gw.read("/etc/pmg/pmg.conf")
    use(lab, {"dkim_sign": 1, "dkim_selector": "main",
              **{name.replace("0", "-"): value for name, value in admin.items()}}, more)
    try:
        yield
    finally:
        lab.gw.write("/etc/pmg/pmg.conf", before)
        lab.gw.exec(["pmgconfig", "sync"])
        lab.gw.filter("reload")


@pytest.fixture(scope="module", name="keys")
def make_keys(lab):
    """Two keys for our domain, one for all others, made and published as the tool says."""
    before = lab.gw.read("/etc/pmg/pmg.conf")
    lab.gw.exec(["pmgconfig", "dkim", DOMAIN, "--create", "rsa", "--selector", "r1"])
    own = lab.gw.exec(["pmgconfig", "dkim", DOMAIN, "--create", "ed25519", "--selector", "e1"]).out
    lab.gw.exec(["pmgconfig", "dkim_set", "--selector", "main", "--keysize", "1024"])
    assert b"\tdkim_selector main\n" in lab.gw.read("/etc/pmg/pmg.conf")
    single = lab.gw.exec(["pmgconfig", "dkim_record"]).out
    lab.gw.write("/etc/pmg/pmg.conf", before)
    lab.gw.write("/etc/pmg/dkim/domains", f"{DOMAIN} 1\n{OTHER} 1\n")
    server = publish(lab, {DOMAIN: own, OTHER: single})
    yield lab
    server.terminate()
    server.wait()
    lab.gw.exec(["rm", "-r", f"/etc/pmg/dkim/{DOMAIN}", "/etc/pmg/dkim/main.private",
                 "/etc/pmg/dkim/domains"])


@pytest.fixture(scope="module")
def signing(keys):
    """Signing is on for the domains listed."""
    with settings(keys):
        yield keys


def verdicts(lab, mail):
    """What dkimpy says about each signature of a mail that arrived outside."""
    done = lab.inet.exec(["python3", "-m", "lab.dkim_peer", DNS, str(PORT)], stdin=mail.raw)
    return done.out.splitlines()


def leave(lab, mail, sender=f"bob@{DOMAIN}", to=OUTSIDE):
    """Sends a mail from inside; as it arrives outside."""
    assert lab.lan.send(mail.text, to=to, sender=sender).code == 250
    return lab.inet.wait(to, mail.message_id)[0]


def test_two_selectors_sign(signing, letter):
    arrived = leave(signing, letter("signed"))
    assert set(verdicts(signing, arrived)) == BOTH
    assert len(arrived.header("DKIM-Signature")) == 2


def test_a_changed_mail_does_not_verify(signing, letter):
    """The verifier is no rubber stamp."""
    arrived = leave(signing, letter("signed"))
    changed = arrived.raw.replace(b"Hello.", b"Hallo.")
    done = signing.inet.exec(["python3", "-m", "lab.dkim_peer", DNS, str(PORT)], stdin=changed)
    assert [line.split()[-1] for line in done.out.splitlines()] == ["fail", "fail"]


@pytest.mark.parametrize("body", [
    b"",
    b"\n\n\n",
    b"no line end",
    b"Gr\xfc\xdfe, \xe2\x82\xac\n",
    b"x" * 5000 + b"\n" + b"y " * 3000 + b"\n",
    b"blanks  \n\t\n \t tabs\t \n   \n\n\n",
    b".\n..\n. dots\n.",
    b"a bare \r in a line\nat its end\r\r\n\r\rat its start\n",
    b"\r\r\n\r\n",
    b"nul \0 and \x7f\n",
    b"From the start\n>From\n",
], ids=["empty", "empty lines", "no line end", "8-bit", "long lines", "blanks", "dots", "bare CR",
        "lines of CR", "controls", "From"])
def test_odd_bodies_verify(signing, letter, body):
    assert set(verdicts(signing, leave(signing, letter("odd", body=body)))) == BOTH


@pytest.mark.parametrize("headers", [
    ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"],
    ["X-Folded: a", "\tb", "  c", "Cc: x@sender.example,", " y@sender.example"],
    ["Reply-To: Gr\u00fc\u00dfe <x@sender.example>"],
    ["To: second@sender.example", "Sender: s@inside.test"],
], ids=["type", "folded", "8-bit", "twice"])
def test_odd_headers_verify(signing, letter, headers):
    assert set(verdicts(signing, leave(signing, letter("odd", headers=headers)))) == BOTH


def test_a_disclaimer_is_signed(signing, letter):
    with rules.Rule(signing.gw, "note", 91, direction=rules.OUT,
                    action=[(rules.DISCLAIMER, "Small print")]):
        arrived = leave(signing, letter("disclaimer", body=b"Text \xc3\xbc.\n"))
    assert b"Small print" in arrived.raw
    assert set(verdicts(signing, arrived)) == BOTH


def test_versions_are_signed_each(signing, letter):
    """Two recipients, of whom one gets another subject."""
    mail = letter("versions")
    with rules.Rule(signing.gw, "mark", 91, direction=rules.OUT,
                    to=[(rules.MAIL, OUTSIDE)], action=[(rules.HEADER, "X-Marked:yes")]):
        other = "carol@sender.example"
        assert signing.lan.send(mail.text, to=[OUTSIDE, other]).code == 250
        first = signing.inet.wait(OUTSIDE, mail.message_id)[0]
        second = signing.inet.wait(other, mail.message_id)[0]
    assert first.header("X-Marked") == ["yes"] and second.header("X-Marked") == []
    assert set(verdicts(signing, first)) == set(verdicts(signing, second)) == BOTH


def test_the_single_key_serves_other_domains(signing, letter):
    arrived = leave(signing, letter("single"), sender=f"x@sub.{OTHER}")
    assert set(verdicts(signing, arrived)) == ONE


def test_foreign_and_lookalike_domains_are_not_signed(signing, letter):
    for sender in (f"x@evil{DOMAIN}", "x@sender.example"):
        arrived = leave(signing, letter("foreign"), sender=sender)
        assert arrived.header("DKIM-Signature") == []
        signing.gw.wait_log(f"not DKIM signing mail from {re.escape(sender)}$")


def test_bounces_have_no_domain(signing, letter):
    arrived = leave(signing, letter("bounce"), sender="")
    assert arrived.header("DKIM-Signature") == []
    signing.gw.wait_log("DKIM signing: no domain found in ''$")


def notify(lab, letter):
    """A notification of a rule, as it arrives outside."""
    mail = letter("notify")
    to = "admin-notify@sender.example"
    action = (rules.NOTIFY, to, {"subject": "About __SUBJECT__", "body": "It happened.",
                                 "attach": "N"})
    with rules.Rule(lab.gw, "tell", 91, direction=rules.OUT, action=[action]):
        leave(lab, mail)
        return [told for told in lab.inet.wait(to)
                if told.header("Subject") == [f"About {mail.subject}"]][0]


def test_notifications_have_no_domain_in_their_envelope(signing, letter):
    assert notify(signing, letter).header("DKIM-Signature") == []
    signing.gw.wait_log("DKIM signing: no domain found in 'postmaster'$")


def test_the_header_decides_if_told_so(keys, letter):
    admin = {"dkim0use0domain": "header", "admin0mail0from": f"Gateway <postmaster@{DOMAIN}>"}
    with settings(keys, **admin):
        assert set(verdicts(keys, notify(keys, letter))) == BOTH
        arrived = leave(keys, letter("header"), sender=f"x@{OTHER}")
        assert arrived.header("DKIM-Signature") == []      # From is sender.example's


def test_spam_reports_are_signed(keys, letter):
    """Their envelope has no sender, so From must decide."""
    user, to = f"reported@{DOMAIN}", "report@sender.example"
    gtube = next(sample for sample in samples.load() if sample.name == "gtube").text
    mail = letter("spam", body=gtube.partition(b"\n\n")[2])
    assert keys.inet.send(mail.text, to=user).code == 250
    keys.gw.wait_queue_empty()
    more = f"section: spamquar\n\tmailfrom Gateway <postmaster@{DOMAIN}>\n\n"
    with settings(keys, more, dkim0use0domain="header"):
        keys.gw.exec(["pmgqm", "send", "--receiver", user, "--redirect", to])
        assert set(verdicts(keys, keys.inet.wait(to)[0])) == BOTH


def test_all_mail(keys, letter):
    """All that goes out, that is."""
    incoming, own = letter("incoming"), f"bob@{DOMAIN}"
    with settings(keys, dkim_sign_all_mail=1):
        assert keys.inet.send(incoming.text, to=own).code == 250
        assert keys.lan.wait(own, incoming.message_id)[0].header("DKIM-Signature") == []
        arrived = leave(keys, letter("all"), sender="x@foreign.example")
        assert len(arrived.header("DKIM-Signature")) == 1
        assert "d=foreign.example;" in arrived.header("DKIM-Signature")[0]


def test_a_key_that_the_filter_may_not_read(keys, letter):
    path = "/etc/pmg/dkim/main.private"
    keys.gw.exec(["chmod", "600", path])
    try:
        with settings(keys):
            arrived = leave(keys, letter("unreadable"), sender=f"x@{OTHER}")
    finally:
        keys.gw.exec(["chmod", "640", path])
    assert arrived.header("DKIM-Signature") == []
    keys.gw.wait_log(f"Could not create DKIM-Signature - disabling Signing: .*'{OTHER}'")


def test_keys_are_not_for_everybody(keys):
    listed = keys.gw.exec(["stat", "-c", "%U:%G %a", f"/etc/pmg/dkim/{DOMAIN}",
                           f"/etc/pmg/dkim/{DOMAIN}/r1.private",
                           "/etc/pmg/dkim/main.private"]).out.splitlines()
    assert listed == ["root:pmg 750", "root:pmg 640", "root:pmg 640"]


def test_another_size_is_a_conflict(keys):
    done = keys.gw.exec(["pmgconfig", "dkim_set", "--selector", "main", "--keysize", "2048"],
                        check=False)
    assert done.code != 0 and "--force" in done.err
