"""Mail from clients that we did not write: another Postfix, smtp-source, Python's smtplib.

test_hygiene has swaks. Postfix's SMTP client sends no BDAT; test_hygiene does.
"""

import re

import pytest

from lab import smtp, world
from lab.peer import Peer
from lab.settings import settings
from lab.wait import until


@pytest.fixture(scope="module")
def gateway(lab):
    """With TLS, and a greylist that SPF does not switch off."""
    with settings(lab.gw, tls=1, spf=0):
        yield lab


@pytest.fixture(scope="module")
def peer(gateway):
    """The other Postfix."""
    other = Peer(gateway.inet)
    other.start()
    yield other
    other.stop()


def wait_peer(peer, pattern):
    """Waits until the other Postfix has logged that, and returns the match."""
    return until(lambda: re.search(pattern, peer.log()),
                 lambda: f"no {pattern} in\n{peer.log()[-3000:]}")


def test_postfix_over_tls(gateway, peer, letter):
    """Opportunistic TLS, pipelining, 8BITMIME: the mail arrives as it was, byte by byte."""
    mail = letter("peer", body="Grüße, 8 bits.\n.\n..\nFrom me\n".encode() + b"x" * 990 + b"\n")
    assert peer.send(mail.text, "bob@inside.test", mail_parameters="BODY=8BITMIME").code == 250
    got = gateway.lan.wait("bob@inside.test", mail.message_id)[0]
    assert "BODY=8BITMIME" in got.envelope["mail"]
    assert got.raw.endswith(smtp.crlf(mail.text).partition(b"\r\n\r\n")[2])
    wait_peer(peer, r"TLS connection established to 198\.18\.25\.25\[198\.18\.25\.25\]:25")
    wait_peer(peer, r"to=<bob@inside\.test>, relay=198\.18\.25\.25.*status=sent \(250 ")


def test_postfix_with_smtputf8(gateway, peer, letter):
    mail = letter("peer utf8", headers=["X-Greeting: žluťoučký"])
    assert peer.send(mail.text, "böb@inside.test", sender="alíce@sender.example",
                     mail_parameters="SMTPUTF8 BODY=8BITMIME").code == 250
    got = gateway.lan.wait("böb@inside.test", mail.message_id)[0]
    assert got.sender == "alíce@sender.example" and "SMTPUTF8" in got.envelope["mail"]


def test_postfix_learns_who_is_refused(gateway, peer, letter):
    """Pipelined recipients have a verdict each; the sender is told of the one that is refused."""
    mail = letter("peer refused")
    to = ["bob@inside.test", "x@elsewhere.test", "carol@inside.test"]
    assert peer.send(mail.text, to, sender="alice@sender.example").code == 250
    for name in ("bob", "carol"):
        assert gateway.lan.wait(f"{name}@inside.test", mail.message_id)
    wait_peer(peer, r"to=<x@elsewhere\.test>.*status=bounced .*Relay access denied")
    until(lambda: any(mail.message_id.encode() in copy.raw and copy.sender == ""
                      for copy in gateway.inet.mails("alice@sender.example")), "no bounce comes")


def test_postfix_reports_where_dsn_ends(gateway, peer, letter):
    """Port 25 announces no DSN, so the other Postfix says itself that it has relayed the mail."""
    mail = letter("peer dsn")
    to = ("bob@inside.test", "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@inside.test")
    assert peer.send(mail.text, to, sender="alice@sender.example",
                     mail_parameters="RET=HDRS ENVID=peer").code == 250
    assert "NOTIFY" not in gateway.lan.wait("bob@inside.test",
                                            mail.message_id)[0].envelope["to"][0][1]
    until(lambda: any(b"Action: relayed" in copy.raw and mail.message_id.encode() in copy.raw
                      for copy in gateway.inet.mails("alice@sender.example")), "no report comes")


def test_postfix_is_greylisted_and_comes_again(gateway, peer, letter):
    mail = letter("peer grey")
    gateway.gw.sql("TRUNCATE cgreylist")
    with settings(gateway.gw, tls=1, spf=0, greylist=1):
        assert peer.send(mail.text, "bob@inside.test").code == 250
        wait_peer(peer, r"status=deferred .*Service is unavailable \(try later\)")
        gateway.gw.sql("UPDATE cgreylist SET rctime = rctime - 181")    # as if time had passed
        peer.flush()
        assert gateway.lan.wait("bob@inside.test", mail.message_id)


@pytest.mark.parametrize("options", [["-d"], ["-o"], []],
                         ids=["on kept connections", "with HELO", "ESMTP"])
def test_smtp_source(gateway, letter, options):
    """Many at once, each with its own connection or not: all are taken, none is lost or twice."""
    mail, file = letter("source"), f"{gateway.inet.directory}/source.eml"
    with open(file, "wb") as out:
        out.write(mail.text)
    gateway.inet.exec(["smtp-source", *options, "-s", "8", "-m", "60", "-F", file,
                       "-f", "alice@sender.example", "-t", "many@inside.test",
                       "-M", "mx.sender.example", f"inet:{world.GATEWAY}:25"])
    gateway.lan.wait("many@inside.test", mail.message_id, count=60, seconds=60)
    gateway.gw.wait_queue_empty()
    assert len(gateway.lan.mails("many@inside.test", mail.message_id)) == 60


def test_smtp_source_speaks_lmtp_to_the_filter(gateway, letter):
    mail = letter("source")
    gateway.gw.write("/tmp/source.eml", mail.text)
    gateway.gw.exec(["smtp-source", "-L", "-s", "3", "-m", "12", "-F", "/tmp/source.eml",
                     "-f", "alice@sender.example", "-t", "bob@inside.test",
                     "-M", "gw.inside.test", "inet:127.0.0.1:10024"])
    assert len(gateway.lan.wait("bob@inside.test", mail.message_id, count=12)) == 12


SMTPLIB = """
import smtplib, sys
with smtplib.SMTP(sys.argv[1], 25, "mx.sender.example", source_address=(sys.argv[2], 0)) as client:
    client.starttls()
    client.sendmail("alice@sender.example", ["bob@inside.test"], sys.stdin.buffer.read(),
                    mail_options=["BODY=8BITMIME"])
"""


def test_smtplib(gateway, letter):
    mail = letter("smtplib", body="Grüße\n.\n".encode())
    gateway.inet.exec(["/usr/bin/python3", "-c", SMTPLIB, world.GATEWAY, gateway.inet.own],
                      stdin=smtp.crlf(mail.text))
    got = gateway.lan.wait("bob@inside.test", mail.message_id)[0]
    assert got.raw.endswith("Grüße\r\n.\r\n".encode())
