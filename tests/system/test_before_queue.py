"""Filtering before the queue: one reply, and nobody's mail goes away unsaid (filter.md, section 2).

The real Postfix hands mail to the filter as a proxy while the sender still waits for its reply.
"""

import email
import email.policy

import pytest

from lab import rules, smtp, world
from lab.peer import Peer
from lab.settings import settings
from lab.wait import until

BLOCKED = "carol@inside.test"
REJECTED = r"pmg-smtp-filter\[\d+\]: \w+: reject mail "


@pytest.fixture(scope="module", autouse=True)
def before_queue(lab):
    """The settings of this file, and a rule that blocks one recipient."""
    with settings(lab.gw, before_queue_filtering=1), block(lab):
        yield


@pytest.fixture(scope="module")
def reporting(lab, before_queue):
    """With reports of non-delivery."""
    with settings(lab.gw, before_queue_filtering=1, ndr_on_block=1):
        yield


def block(lab):
    """Nothing reaches carol."""
    return rules.Rule(lab.gw, "no mail for carol", 99, direction=rules.BOTH,
                      to=[(rules.MAIL, BLOCKED)], action=[(rules.BLOCK, None)])


def explain(lab, mail, sender, *recipients):
    """What pmgdb says about it."""
    lab.gw.write("/root/explained.eml", mail.text)
    words = [word for to in recipients for word in ("--to", to)]
    return lab.gw.exec(["pmgdb", "explain", "/root/explained.eml", "--from", sender, *words]).out


def reports(lab, mail, address="alice@sender.example"):
    """Bounces that the outside has received for it."""
    needle = mail.blocked_as.encode()
    return [copy for copy in lab.inet.mails(address)
            if copy.sender == "" and needle in copy.raw]


def send_mixed(lab, mail, **envelope):
    """To bob and carol; returns when bob has it and the block line is there."""
    before = len(lab.gw.log(f"block mail to <{BLOCKED}>"))
    answer = lab.inet.send(mail.text, to=["bob@inside.test", BLOCKED], **envelope)
    lines = lab.gw.wait_log(f"block mail to <{BLOCKED}>", before + 1)
    mail.blocked_as = lines[-1].split("]: ")[1].split(":")[0]
    lab.lan.wait("bob@inside.test", mail.message_id)
    lab.gw.wait_queue_empty()
    assert lab.lan.mails(BLOCKED, mail.message_id) == []
    assert len(lab.lan.mails("bob@inside.test", mail.message_id)) == 1
    return answer


def test_postfix_uses_the_filter_as_a_proxy(lab, letter):
    mail = letter("proxied", body=b".\nline\n..\n")
    assert lab.inet.send(mail.text, to="bob@inside.test").code == 250
    got = lab.lan.wait("bob@inside.test", mail.message_id)[0]
    assert got.raw.endswith(b"\r\n\r\n.\r\nline\r\n..\r\n")
    assert not lab.gw.log(r"postfix/lmtp\[\d+\]: .*" + mail.message_id)
    lab.gw.wait_log(r"proxy-accept: .*from=<alice@sender.example>")


def test_what_is_announced_works(lab, letter):
    """The proxy takes all that port 25 announces, and BDAT's chunks arrive as one mail."""
    mail = letter("chunks", body="Grüße\n.\n".encode())
    text = smtp.crlf(mail.text)
    with lab.inet.dialogue(world.GATEWAY, 25, world.MX_OUTSIDE) as dialogue:
        words = {line.split()[0] for line in smtp.hello(dialogue, lab.inet.helo,
                                                        lmtp=False).lines[1:]}
        assert words >= {"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING"}
        dialogue.send("MAIL FROM:<alíce@sender.example> BODY=8BITMIME SMTPUTF8\r\n"
                      "RCPT TO:<böb@inside.test>\r\n".encode())
        assert [dialogue.reply().code for _ in range(2)] == [250, 250]
        for part, last in ((text[:40], ""), (text[40:], " LAST")):
            dialogue.send(f"BDAT {len(part)}{last}\r\n".encode() + part)
            assert dialogue.reply().code == 250
    got = lab.lan.wait("böb@inside.test", mail.message_id)[0]
    assert got.sender == "alíce@sender.example" and "SMTPUTF8" in got.envelope["mail"]
    assert got.raw.endswith("Grüße\r\n.\r\n".encode())


def test_another_postfix_hears_the_verdict(lab, letter):
    """What is refused in the session, that server tells the sender itself."""
    mail, other = letter("peer"), Peer(lab.inet)
    other.start()
    try:
        assert other.send(mail.text, BLOCKED, sender="alice@sender.example").code == 250
        until(lambda: any(mail.message_id.encode() in copy.raw and copy.sender == "" and
                          b"Rejected for policy reasons" in copy.raw
                          for copy in lab.inet.mails("alice@sender.example")), "no bounce comes")
        assert other.send(mail.text, "bob@inside.test").code == 250
        assert lab.lan.wait("bob@inside.test", mail.message_id)
    finally:
        other.stop()


def test_outgoing_mail_too(lab, letter):
    mail = letter("outgoing")
    assert lab.lan.send(mail.text, to="alice@sender.example").code == 250
    assert lab.inet.wait("alice@sender.example", mail.message_id)
    refused = lab.lan.send(letter("outgoing").text, to=BLOCKED)
    assert refused.code == 554 and refused.final.text.startswith("5.7.1 Rejected for policy")


@pytest.mark.parametrize("sender", ["alice@sender.example", ""])
def test_blocked_for_all_is_refused_in_the_session(lab, letter, sender):
    mail, before = letter("all"), len(lab.gw.log(REJECTED))
    answer = lab.inet.send(mail.text, to=BLOCKED, sender=sender)
    assert answer.code == 554
    assert answer.final.text.startswith("5.7.1 Rejected for policy reasons (")
    lab.gw.wait_log(REJECTED, before + 1)
    assert lab.gw.queue() == []
    assert "the client is answered 554" in explain(lab, mail, sender, BLOCKED)


def test_virus_is_refused_or_kept_but_never_passed(lab, letter):
    text = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*" + b"\n"
    mail = letter("virus", body=text)
    assert lab.inet.send(mail.text, to="bob@inside.test").code == 250
    assert lab.gw.quarantine("virus").find(mail.message_id)
    assert lab.lan.mails("bob@inside.test", mail.message_id) == []


def test_mixed_without_a_report(lab, letter):
    mail = letter("mixed")
    assert send_mixed(lab, mail).code == 250
    assert reports(lab, mail) == []
    text = explain(lab, mail, "alice@sender.example", "bob@inside.test", BLOCKED)
    assert f"<{BLOCKED}> blocked: discarded, nobody is told (ndr_on_block is 0)" in text


def test_mixed_with_a_report(lab, letter, reporting):
    mail = letter("mixed")
    assert send_mixed(lab, mail).code == 250
    lab.gw.wait_log(r"pmg-smtp-filter\[\d+\]: " + mail.blocked_as + ": sent NDR for rejecting "
                    r"recipients - \w+")
    until(lambda: reports(lab, mail), "no report comes")
    assert len(reports(lab, mail)) == 1
    report = email.message_from_bytes(reports(lab, mail)[0].raw, policy=email.policy.default)
    assert report.defects == []
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    assert report["Subject"] == "Undelivered Mail" and report["Date"].datetime
    assert report["To"].addresses[0].addr_spec == "alice@sender.example"
    assert report["From"].addresses[0].addr_spec == "postmaster@gw.inside.test"
    assert report["Auto-Submitted"] == "auto-replied"
    words, status = report.iter_parts()
    assert f"<{BLOCKED}>" in words.get_content() and "bob@" not in words.get_content()
    assert status.get_content_type() == "message/delivery-status"
    whole, one = status.get_payload()
    assert whole["Reporting-MTA"] == "dns; gw.inside.test"
    assert whole["X-Proxmox-Queue-ID"] == mail.blocked_as
    assert whole["X-Proxmox-Sender"] == "rfc822; alice@sender.example"
    assert one["Final-Recipient"] == one["Original-Recipient"] == f"rfc822; {BLOCKED}"
    assert (one["Action"], one["Status"]) == ("failed", "5.7.1")
    assert one["Diagnostic-Code"].startswith("smtp; 554 5.7.1 ")
    text = explain(lab, mail, "alice@sender.example", "bob@inside.test", BLOCKED)
    assert f"<{BLOCKED}> blocked: the sender is told by a report of non-delivery from the " \
           "filter" in text


def test_a_bounce_gets_no_report(lab, letter, reporting):
    mail, before = letter("bounce"), len(lab.gw.log("sent NDR"))
    assert send_mixed(lab, mail, sender="").code == 250
    assert len(lab.gw.log("sent NDR")) == before
    text = explain(lab, mail, "", "bob@inside.test", BLOCKED)
    assert f"<{BLOCKED}> blocked: discarded, nobody is told (the sender is empty)" in text


def test_who_wants_no_report_gets_none(lab, letter, reporting):
    mail, before = letter("never"), len(lab.gw.log("sent NDR"))
    to = ["alice@sender.example", (BLOCKED, "NOTIFY=NEVER")]
    assert lab.lan.send(mail.text, to=to).code == 250
    assert lab.inet.wait("alice@sender.example", mail.message_id)
    assert len(lab.gw.log("sent NDR")) == before


def test_a_report_about_names_in_utf8(lab, letter, reporting):
    mail = letter("mixed")
    assert send_mixed(lab, mail, sender="älice@sender.example",
                      mail_parameters="SMTPUTF8").code == 250
    until(lambda: reports(lab, mail, "älice@sender.example"), "no report comes")
    copy = reports(lab, mail, "älice@sender.example")[0]
    assert "SMTPUTF8" in copy.envelope["mail"]
    assert b"Content-Type: message/global-delivery-status" in copy.raw
    assert "X-Proxmox-Sender: utf-8; älice@sender.example".encode() in copy.raw


def test_all_blocked_needs_no_report(lab, letter, reporting):
    before = len(lab.gw.log("sent NDR"))
    assert lab.inet.send(letter("all").text, to=BLOCKED).code == 554
    assert len(lab.gw.log("sent NDR")) == before


# What goes wrong: the sender keeps the mail.


def refused_for_now(lab, letter):
    """Sends a mail that must be answered 4xx, and leaves nothing behind."""
    mail = letter("later")
    answer = lab.inet.send(mail.text, to=["bob@inside.test", "dave@inside.test"])
    assert 400 <= answer.code < 500, answer
    assert [one for one in lab.gw.queue() if one["sender"] == "alice@sender.example"] == []
    assert lab.lan.mails(message_id=mail.message_id) == []
    return mail, answer


def accepted_again(lab, mail):
    """The sender's next try succeeds, and everybody has the mail once."""
    assert lab.inet.send(mail.text, to=["bob@inside.test", "dave@inside.test"]).code == 250
    for name in ("bob", "dave"):
        assert len(lab.lan.wait(f"{name}@inside.test", mail.message_id)) == 1


def test_filter_down(lab, letter):
    lab.gw.filter("stop")
    try:
        mail, _ = refused_for_now(lab, letter)
    finally:
        lab.gw.filter("start")
    accepted_again(lab, mail)


def test_scanner_down(lab, letter):
    lab.gw.clamd("stop")
    try:
        mail, answer = refused_for_now(lab, letter)
        assert answer.code == 451
        assert answer.final.text.startswith("4.4.0 detected undelivered mail (")
    finally:
        lab.gw.clamd("start")
    accepted_again(lab, mail)


def test_one_delivery_fails(lab, letter):
    """A group of recipients is refused behind the filter: the single reply is for now, for all."""
    mail = letter("half")
    with rules.Rule(lab.gw, "large copy for dave", 90, to=[(rules.MAIL, "dave@inside.test")],
                    action=[(rules.QUARANTINE, None)]):
        lab.gw.postgres("stop")
        try:
            answer = lab.inet.send(mail.text, to=["bob@inside.test", "dave@inside.test"])
        finally:
            lab.gw.postgres("start")
        assert answer.code == 451, answer
        assert answer.final.text.startswith("4.4.0 detected undelivered mail (")
        assert lab.inet.send(mail.text, to=["bob@inside.test", "dave@inside.test"]).code == 250
    assert lab.lan.wait("bob@inside.test", mail.message_id)
    assert lab.lan.mails("dave@inside.test", mail.message_id) == []


def test_broken_mime_is_refused_in_the_session(lab, letter):
    mail = letter("broken", headers=["Content-Type: text/plain", "Content-Type: text/html"])
    with settings(lab.gw, before_queue_filtering=1, accept__broken__mime=0):
        answer = lab.inet.send(mail.text, to="bob@inside.test")
    assert answer.code == 554 and answer.final.text.startswith("5.6.0 Message refused: ")
