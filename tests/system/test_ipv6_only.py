"""A gateway that has no IPv4 address but the loopback's: mail in and out, DNS, policy.

It is a lab of its own, since the others' clients could not reach it any more.
"""

import os

import pytest

from conftest import ROOT
from lab import world
from lab.lab import Lab
from lab.settings import settings


@pytest.fixture(scope="module")
def six():
    """The lab, the outside mail server, the inside one."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    build = os.path.join(ROOT, os.environ.get("PMG_LAB_BUILD", "build/debug"))
    lab = Lab.up(f"six-{os.path.basename(build)}", build)
    try:
        lose_ipv4(lab.gw)
        outside = lab.inet.sink("six", world.OUTSIDE6, 25)
        inside = lab.lan.sink("six", world.MX_INSIDE6, 25)
        with settings(lab.gw, files={"mynetworks": "2001:db8:9::/64\n"}, relay=world.MX_INSIDE6,
                      spf=1, greylist6=1, rejectunknown=1, verifyreceivers=550):
            for service in (lab.gw.filter, lab.gw.policy, lab.gw.postfix):
                service("stop")         # they have read /etc/resolv.conf
                service("start")
            lab.gw.wait_port(25, world.GATEWAY6)
            yield lab, outside, inside
    finally:
        lab.down()
    assert lab.reports() == [], "the sanitizers have found something"


def lose_ipv4(gw):
    """Leaves the machine what a network of IPv6 gives it."""
    for link in ("outside", "inside"):
        gw.exec(["ip", "-4", "address", "flush", "dev", link])
    gw.write("/etc/resolv.conf", f"search {world.DOMAIN}\nnameserver {world.DNS6}\n")
    gw.write("/etc/hosts", f"127.0.0.1 localhost\n::1 localhost\n"
             f"{world.GATEWAY6} {world.GATEWAY_NAME} gw\n")


def send(lab, mail, sender, to="bob@inside.test"):
    """From the outside mail server."""
    return lab.inet.send(mail.text, to=to, sender=sender, gateway=world.GATEWAY6,
                         client=world.OUTSIDE6, helo=f"mx.{world.SIX}")


def test_there_is_no_other_address(six):
    lab = six[0]
    words = lab.gw.exec(["ip", "-4", "-o", "address"]).out.split()
    assert [word for word in words if "/" in word] == ["127.0.0.1/8"]
    assert lab.gw.exec(["postconf", "-h", "inet_protocols"]).out == "all\n"


def test_incoming(six, letter):
    lab, _, inside = six
    mail = letter("in")
    assert send(lab, mail, f"alice@{world.SIX}").code == 250
    kept = inside.wait("bob@inside.test", mail.message_id)[0]
    assert kept.envelope["client"] == world.GATEWAY6_INSIDE
    assert any(f"IPv6:{world.OUTSIDE6}" in value for value in kept.header("Received"))
    assert kept.header("Received-SPF")[0].startswith("pass")
    assert kept.header("X-SPAM-LEVEL")       # it came through the filter


def test_policy(six, letter):
    lab = six[0]
    answer = send(lab, letter("grey"), "alice@sender.example")      # whose SPF allows IPv4 only
    assert answer.refused[0][1].code == 554 and "Rejected by SPF" in answer.refused[0][1].text
    answer = send(lab, letter("grey"), "alice@none.example")
    assert answer.refused[0][1].code == 450
    assert "Service is unavailable" in answer.refused[0][1].text


def test_verification(six, letter):
    lab, _, inside = six
    inside.behave(rcpt="550 5.1.1 nobody")
    try:
        answer = send(lab, letter("nobody"), f"alice@{world.SIX}", to="nobody@inside.test")
        assert answer.refused[0][1].code == 550
    finally:
        inside.behave()


def test_outgoing(six, letter):
    lab, outside, _ = six
    mail = letter("out")
    assert lab.lan.send(mail.text, to=f"x@{world.SIX}", gateway=world.GATEWAY6_INSIDE,
                        client=world.MX_INSIDE6).code == 250
    kept = outside.wait(f"x@{world.SIX}", mail.message_id)[0]
    assert kept.envelope["client"] == world.GATEWAY6
    lab.gw.wait_queue_empty()
