"""The thread: one mail in, one mail out."""


def test_incoming_mail_reaches_the_mail_server(lab, letter):
    mail = letter("in")
    assert lab.inet.send(mail.text, to="bob@inside.test").code == 250
    got = lab.lan.wait("bob@inside.test", mail.message_id)[0]
    assert got.sender == "alice@sender.example"
    assert got.header("Subject") == [mail.subject]


def test_outgoing_mail_reaches_the_outside(lab, letter):
    mail = letter("out")
    assert lab.lan.send(mail.text, to="alice@sender.example").code == 250
    got = lab.inet.wait("alice@sender.example", mail.message_id)[0]
    assert got.sender == "bob@inside.test"


def test_open_relay_is_closed(lab, letter):
    answer = lab.inet.send(letter("relay").text, to="somebody@domain.tld")
    assert answer.code >= 400 and "Relay access denied" in answer.final.text
