"""Envelope parameters come through the filter: DSN, SMTPUTF8, the null sender, client data."""

from lab import rules
from lab.wait import until


def test_dsn_parameters_survive(lab, letter):
    mail = letter("dsn")
    to = ("alice@sender.example", "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Alice@sender.example")
    assert lab.lan.send(mail.text, to=to, mail_parameters="RET=HDRS ENVID=QQ314159").code == 250
    got = lab.inet.wait("alice@sender.example", mail.message_id)[0]
    assert "RET=HDRS" in got.envelope["mail"]
    assert "ENVID=QQ314159" in got.envelope["mail"]
    parameters = got.envelope["to"][0][1]
    assert "NOTIFY=SUCCESS,DELAY" in parameters
    assert "ORCPT=rfc822;Alice@sender.example" in parameters


def test_recipients_keep_their_own_parameters(lab, letter):
    mail = letter("dsn2")
    to = [("alice@sender.example", "NOTIFY=NEVER"), ("eve@sender.example", "NOTIFY=FAILURE")]
    assert lab.lan.send(mail.text, to=to).code == 250
    lab.inet.wait("alice@sender.example", mail.message_id)
    lab.inet.wait("eve@sender.example", mail.message_id)
    lab.gw.wait_queue_empty()
    got = {address: parameters for copy in lab.inet.mails(message_id=mail.message_id)
           for address, parameters in copy.envelope["to"]}
    assert "NOTIFY=NEVER" in got["alice@sender.example"]
    assert "NOTIFY=FAILURE" in got["eve@sender.example"]


def test_smtputf8_survives(lab, letter):
    mail = letter("utf8", headers=["X-Greeting: žluťoučký"])
    answer = lab.inet.send(mail.text, to="böb@inside.test", sender="alíce@sender.example",
                           mail_parameters="SMTPUTF8 BODY=8BITMIME")
    assert answer.code == 250
    got = lab.lan.wait("böb@inside.test", mail.message_id)[0]
    assert got.sender == "alíce@sender.example"
    assert "SMTPUTF8" in got.envelope["mail"]


def test_smtputf8_for_every_copy(lab, letter):
    """Two groups of recipients, two copies; both need the parameter."""
    mail = letter("utf8-two")
    with rules.Rule(lab.gw, "mark for carol", 91, to=[(rules.MAIL, "cärol@inside.test")],
                    action=[(rules.HEADER, "X-Copy:carol")]):
        answer = lab.inet.send(mail.text, to=["böb@inside.test", "cärol@inside.test"],
                               mail_parameters="SMTPUTF8")
        assert answer.code == 250
        for name in ("böb", "cärol"):
            got = lab.lan.wait(f"{name}@inside.test", mail.message_id)[0]
            assert "SMTPUTF8" in got.envelope["mail"]
            assert got.header("X-Copy") == (["carol"] if name == "cärol" else [])


def test_bounce_keeps_its_empty_sender(lab, letter):
    mail = letter("bounce")
    assert lab.inet.send(mail.text, to="bob@inside.test", sender="").code == 250
    assert lab.lan.wait("bob@inside.test", mail.message_id)[0].sender == ""


def test_eight_bit_is_announced(lab, letter):
    mail = letter("eight", body="Grüße\n".encode())
    assert lab.inet.send(mail.text, to="bob@inside.test",
                         mail_parameters="BODY=8BITMIME").code == 250
    got = lab.lan.wait("bob@inside.test", mail.message_id)[0]
    assert "BODY=8BITMIME" in got.envelope["mail"]


def test_client_is_forwarded(lab, letter):
    mail = letter("client")
    assert lab.inet.send(mail.text, to="bob@inside.test", client="198.18.25.66").code == 250
    got = lab.lan.wait("bob@inside.test", mail.message_id)[0]
    assert any("bulk.spam.example [198.18.25.66]" in value for value in got.header("Received"))
    lines = lab.gw.log(r"postfix/smtpd\[\d+\]: \w+: client=.*198\.18\.25\.66")
    assert len([line for line in lines if "orig_client=" in line or "client=bulk" in line]) >= 2


def test_recipients_keep_their_case(lab, letter):
    mail = letter("case")
    assert lab.inet.send(mail.text, to="Bob.Builder@inside.test").code == 250
    assert lab.lan.wait("Bob.Builder@inside.test", mail.message_id)


def test_refusal_behind_the_filter_bounces_not_loses(lab, letter):
    """10025 takes it, the inside server refuses: Postfix tells the sender."""
    mail = letter("refused")
    lab.lan.behave(rcpt="550 5.1.1 no such user")
    try:
        assert lab.inet.send(mail.text, to="nobody@inside.test").code == 250
        until(lambda: any(mail.message_id.encode() in copy.raw and copy.sender == ""
                          for copy in lab.inet.mails("alice@sender.example")), "no bounce comes")
    finally:
        lab.lan.behave()


def test_temporary_failure_inside_is_retried(lab, letter):
    mail = letter("later")
    lab.lan.behave(data="451 4.3.0 come back later")
    try:
        assert lab.inet.send(mail.text, to="bob@inside.test").code == 250
        lab.gw.wait_log("to=<bob@inside.test>.*status=deferred.*come back later")
    finally:
        lab.lan.behave()
    lab.gw.wait_queue_empty()
    assert len(lab.lan.mails("bob@inside.test", mail.message_id)) == 1
