"""The dialogue on ports 10024 and 10023, spoken by hand (filter.md, section 2)."""

import pytest

from lab.wait import until

CAPABILITIES = ["PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "DSN",
                "XFORWARD NAME ADDR PROTO HELO", "OK."]


@pytest.fixture(params=[10024, 10023])
def talk(lab, request):
    """A fresh connection to the filter."""
    with lab.gw.dialogue("127.0.0.1", request.param) as dialogue:
        dialogue.port = request.param
        yield dialogue


def begin(talk, rcpt="bob@inside.test"):
    """As far as MAIL and RCPT."""
    talk.say("LHLO test")
    talk.say("MAIL FROM:<alice@sender.example>")
    talk.say(f"RCPT TO:<{rcpt}>")


def spool(lab):
    """Files in the active spool."""
    return lab.gw.exec(["ls", "-A", "/var/spool/pmg/active"]).out.split()


def test_greeting(talk):
    assert (talk.greeting.code, talk.greeting.lines) == (220, ["Proxmox SMTP Ready."])


@pytest.mark.parametrize("verb", ["LHLO", "EHLO", "HELO"])
def test_hello_lists_the_extensions(talk, verb):
    reply = talk.say(f"{verb} test")
    assert (reply.code, reply.lines) == (250, CAPABILITIES)


@pytest.mark.parametrize("line, answer", [
    ("", "500 5.5.1 Error: bad syntax"),
    ("VRFY bob", "500 5.5.1 Error: unknown command"),
    ("HELP", "500 5.5.1 Error: unknown command"),
    ("NOOP", "250 2.5.0 OK"),
    ("noop", "250 2.5.0 OK"),
    ("RSET", "250 2.5.0 OK"),
    ("XFORWARD NAME=x ADDR=198.18.25.10 PROTO=ESMTP HELO=y", "250 2.5.0 OK"),
    ("MAIL FROM:<alice@sender.example>", "250 2.5.0 OK"),
    ("MAIL FROM:<>", "250 2.5.0 OK"),
    ("MAIL FROM: <alice@sender.example> SIZE=100 BODY=8BITMIME", "250 2.5.0 OK"),
    ("MAIL FROM:alice@sender.example", "501 5.5.2 Syntax: MAIL FROM: <address>"),
    ("MAIL FROM:<a b@sender.example>", "501 5.5.2 Syntax: MAIL FROM: <address>"),
    ("MAIL", "501 5.5.2 Syntax: MAIL FROM: <address>"),
    ("RCPT TO:<>", "501 5.5.2 Syntax: RCPT TO: <address>"),
    ("RCPT TO:bob@inside.test", "501 5.5.2 Syntax: RCPT TO: <address>"),
    ("DATA", "503 5.5.1 Tell me who you are."),
])
def test_one_command(talk, line, answer):
    talk.say("LHLO test")
    assert repr(talk.say(line)) == answer


def test_data_needs_a_recipient(talk):
    talk.say("LHLO test")
    talk.say("MAIL FROM:<alice@sender.example>")
    assert repr(talk.say("DATA")) == "503 5.5.1 Tell me who to send it."


def test_reset_forgets_the_sender(talk):
    begin(talk)
    talk.say("RSET")
    assert repr(talk.say("DATA")) == "503 5.5.1 Tell me who you are."


def test_quit_closes(talk):
    assert repr(talk.say("QUIT")) == "221 2.2.0 OK"
    assert talk.closed()


def test_a_mail_with_pipelining_and_dots(lab, letter):
    body = b".\r\n..\r\n.leading\r\nlast.\r\n"
    mail = letter("dots", body=b"").text.replace(b"\n", b"\r\n") + body
    with lab.gw.dialogue("127.0.0.1", 10024) as talk:
        talk.send(b"LHLO test\r\nMAIL FROM:<alice@sender.example>\r\n"
                  b"RCPT TO:<bob@inside.test>\r\nDATA\r\n")
        assert [talk.reply().code for _ in range(4)] == [250, 250, 250, 354]
        talk.send(mail.replace(b"\r\n.", b"\r\n..") + b".\r\nQUIT\r\n")
        final = talk.reply()
        assert final.code == 250 and final.text.startswith("2.5.0 OK (")
        assert talk.reply().code == 221
    message_id = mail.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode()
    assert lab.lan.wait("bob@inside.test", message_id)[0].raw.endswith(b"\r\n\r\n" + body)


def test_one_reply_for_each_recipient_in_order(lab, letter):
    with lab.gw.dialogue("127.0.0.1", 10024) as talk:
        talk.say("LHLO test")
        talk.say("MAIL FROM:<nomail@fromthisdomain.com>")
        for name in ("carol", "bob", "carol"):
            talk.say(f"RCPT TO:<{name}@inside.test>")
        talk.say("DATA")
        talk.send(letter("block").text.replace(b"\n", b"\r\n") + b".\r\n")
        replies = [talk.reply() for _ in range(3)]
    assert all(reply.code == 250 and reply.text.startswith("2.7.0 BLOCKED (") for reply in replies)


def test_duplicate_recipient_gets_one_mail(lab, letter):
    mail = letter("twice")
    with lab.gw.dialogue("127.0.0.1", 10024) as talk:
        talk.say("LHLO test")
        talk.say("MAIL FROM:<alice@sender.example>")
        for _ in range(2):
            talk.say("RCPT TO:<bob@inside.test>")
        talk.say("DATA")
        talk.send(mail.text.replace(b"\n", b"\r\n") + b".\r\n")
        assert [talk.reply().code for _ in range(2)] == [250, 250]
    got = lab.lan.wait("bob@inside.test", mail.message_id)
    lab.gw.wait_queue_empty()
    assert len(lab.lan.mails("bob@inside.test", mail.message_id)) == len(got) == 1
    assert got[0].recipients == ["bob@inside.test"]


def test_smtp_gets_one_reply(lab, letter):
    with lab.gw.dialogue("127.0.0.1", 10024) as talk:
        talk.say("EHLO test")
        talk.say("MAIL FROM:<alice@sender.example>")
        talk.say("RCPT TO:<bob@inside.test>")
        talk.say("RCPT TO:<carol@inside.test>")
        talk.say("DATA")
        talk.send(letter("smtp").text.replace(b"\n", b"\r\n") + b".\r\nNOOP\r\n")
        final = talk.reply()
        assert final.code == 250 and final.text.startswith("2.5.0 OK (")


def test_smtp_refuses_what_is_blocked_for_all(lab, letter):
    with lab.gw.dialogue("127.0.0.1", 10024) as talk:
        talk.say("EHLO test")
        talk.say("MAIL FROM:<nomail@fromthisdomain.com>")
        talk.say("RCPT TO:<bob@inside.test>")
        talk.say("DATA")
        talk.send(letter("smtp").text.replace(b"\n", b"\r\n") + b".\r\n")
        final = talk.reply()
        assert final.code == 554
        assert final.text.startswith("5.7.1 Rejected for policy reasons (")


def test_unfinished_data_is_refused_and_leaves_no_file(lab, talk):
    begin(talk)
    assert talk.say("DATA").code == 354
    talk.send(b"Subject: half\r\n\r\nhalf a line")
    talk.connection.shutdown(1)
    assert repr(talk.reply()) == "451 4.5.0 Local delivery failed: unfinished data"
    until(lambda: not spool(lab), "the aborted mail stays in the spool")


def test_hang_up_in_data_leaves_no_file(lab, talk):
    begin(talk)
    talk.say("DATA")
    talk.send(b"Subject: half\r\n\r\n" + b"x" * 100000)
    until(lambda: spool(lab), "no file appears in the spool")
    talk.abort()
    until(lambda: not spool(lab), "the aborted mail stays in the spool")


def test_dot_with_bare_line_feed_is_data(lab, letter):
    mail = letter("bare").text.replace(b"\n", b"\r\n")
    with lab.gw.dialogue("127.0.0.1", 10024, seconds=10) as talk:
        begin(talk)
        talk.say("DATA")
        talk.send(mail + b"before\n.\nafter\r\n.\r\n")
        assert talk.reply().code == 250
        assert repr(talk.say("NOOP")) == "250 2.5.0 OK"


@pytest.mark.parametrize("values", ["ADDR=<script>", "ADDR=a\x01b", "NAME=" + "n" * 1000])
def test_what_postfix_does_not_take_as_xforward_costs_no_mail(lab, letter, values):
    mail = letter("xforward")
    with lab.gw.dialogue("127.0.0.1", 10024) as talk:
        talk.say("LHLO test")
        talk.say(f"XFORWARD {values}")
        talk.say("MAIL FROM:<alice@sender.example>")
        talk.say("RCPT TO:<bob@inside.test>")
        talk.say("DATA")
        talk.send(mail.text.replace(b"\n", b"\r\n") + b".\r\n")
        assert talk.reply().code == 250
    assert lab.lan.wait("bob@inside.test", mail.message_id)
    lab.gw.wait_log(r"pmg-smtp-filter\[\d+\]: .*xforward error - got: 501 ")


def test_garbage_is_answered(lab, talk):
    for junk in (b"\0\1\2\xff\r\n", b"MAIL \xff\xfe\r\n", b"LHLO" + b" x" * 2000 + b"\r\n"):
        try:
            talk.send(junk)
            assert 200 <= talk.reply().code < 600
        except ConnectionError:
            break                       # to hang up on a line that is too long is an answer too
    with lab.gw.dialogue("127.0.0.1", talk.port) as again:
        assert again.greeting.code == 220
