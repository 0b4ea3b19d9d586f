"""SMTP hygiene: what is not clean SMTP smuggles nothing, injects nothing and breaks nothing.

Every hop is asked: port 25 from outside, 26 from inside, the filter's own LMTP and SMTP on 10024
and 10023, and 10025 behind it. The real swaks is a client too.
"""

import contextlib
import re
import ssl

import pytest

from lab import smtp, world
from lab.settings import settings

SMUGGLER = "smuggler@sender.example"
EARLY_TALKER, HASTY_TALKER = world.CLIENTS[9], world.CLIENTS[10]    # new to postscreen

# What some server somewhere has taken for the end of a message, and is none (RFC 5321 4.1.1.4).
FALSE_ENDS = {
    "LF . LF": b"\n.\n", "LF . CRLF": b"\n.\r\n", "CRLF . LF": b"\r\n.\n", "CR . CR": b"\r.\r",
    "CR . CRLF": b"\r.\r\n", "CRLF . CR": b"\r\n.\r", "LF . CR": b"\n.\r",
    "LF CR . CRLF": b"\n\r.\r\n",
    "CRLF NUL . CRLF": b"\r\n\0.\r\n", "CRLF . NUL CRLF": b"\r\n.\0\r\n",
    "CR CRLF . CRLF": b"\r\r\n.\r\r\n", "CRLF . CR CR LF": b"\r\n.\r\r\n",
}


class Hop:
    """A port, and who speaks to it."""

    def __init__(self, name, node, address, port, lmtp=False):
        self.name, self.node, self.address, self.port, self.lmtp = name, node, address, port, lmtp

    def dialogue(self, lab, client=None):
        """A connection after the greeting."""
        node = getattr(lab, self.node)
        return node.dialogue(self.address, self.port, client or getattr(node, "own", None))

    def begin(self, lab):
        """A connection, as far as 354."""
        dialogue = self.dialogue(lab)
        for line in (f"{'LHLO' if self.lmtp else 'EHLO'} mx.sender.example",
                     "MAIL FROM:<alice@sender.example>", "RCPT TO:<bob@inside.test>"):
            assert dialogue.say(line).code == 250
        assert dialogue.say("DATA").code == 354
        return dialogue


PUBLIC = [Hop("25", "inet", world.GATEWAY, 25), Hop("26", "lan", world.GATEWAY_INSIDE, 26)]
FILTER = [Hop(f"{port} {verb}", "gw", "127.0.0.1", port, verb == "LMTP")
          for port in (10024, 10023) for verb in ("LMTP", "SMTP")]
HOPS = [*PUBLIC, *FILTER, Hop("10025", "gw", "127.0.0.1", 10025)]
every_hop = pytest.mark.parametrize("hop", HOPS, ids=lambda hop: hop.name)
public_hop = pytest.mark.parametrize("hop", PUBLIC, ids=lambda hop: hop.name)


@pytest.fixture(scope="module", autouse=True)
def plain(lab):
    """Both ports offer STARTTLS; SPF has no say."""
    with settings(lab.gw, tls=1, spf=0):
        yield


@contextlib.contextmanager
def nothing_smuggled(lab):
    """No mail of the smuggler arrives, neither inside nor outside."""
    yield
    lab.gw.wait_queue_empty()
    assert not [mail for node in (lab.lan, lab.inet) for mail in node.mails()
                if SMUGGLER in (mail.sender, *mail.recipients)]


# The end of a message


def one_mail_stays_one(lab, letter, hop):
    """After each false end a second envelope; the server must take it for text."""
    with nothing_smuggled(lab):
        for name, end in FALSE_ENDS.items():
            mail = letter("smuggling")
            second = (b"MAIL FROM:<" + SMUGGLER.encode() + b">\r\nRCPT TO:<bob@inside.test>\r\n"
                      b"DATA\r\nSubject: smuggled\r\n\r\nx")
            with hop.begin(lab) as dialogue:
                dialogue.send(smtp.crlf(mail.text) + b"text" + end + second + b"\r\n.\r\n")
                assert dialogue.reply().code == 250, name
                assert dialogue.say("QUIT").code == 221, name
                assert dialogue.closed(), name
            kept = lab.lan.wait("bob@inside.test", mail.message_id)
            assert len(kept) == 1 and kept[0].sender == "alice@sender.example", name
            assert b"\r\nSubject: smuggled\r\n" in kept[0].raw, name


@every_hop
def test_one_mail_stays_one(lab, letter, hop):
    one_mail_stays_one(lab, letter, hop)


def test_no_false_end_goes_out(lab, letter):
    """What we pass on has no line end but CRLF, so the next server cannot be fooled either."""
    for name, end in FALSE_ENDS.items():
        mail = letter("outbound")
        with PUBLIC[1].begin(lab) as dialogue:
            dialogue.send(smtp.crlf(mail.text) + b"text" + end + b"more\r\n.\r\n")
            assert dialogue.reply().code == 250, name
        raw = lab.lan.wait("bob@inside.test", mail.message_id)[0].raw
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw), name


def test_one_mail_stays_one_before_the_queue(lab, letter):
    with settings(lab.gw, before_queue_filtering=1, spf=0):
        for hop in PUBLIC:
            one_mail_stays_one(lab, letter, hop)


def test_bdat_counts_bytes(lab, letter):
    """CHUNKING: a lone dot is text, whatever its line ends."""
    mail = letter("chunks")
    text = smtp.crlf(mail.text) + b"one\r\n.\r\ntwo\n.\nthree\r\n"
    with lab.inet.dialogue(world.GATEWAY, 25, lab.inet.own) as dialogue:
        assert "CHUNKING" in smtp.hello(dialogue, lab.inet.helo, lmtp=False).lines
        dialogue.say("MAIL FROM:<alice@sender.example> BODY=8BITMIME")
        dialogue.say("RCPT TO:<bob@inside.test>")
        for piece, last in ((text[:100], ""), (text[100:], " LAST")):
            dialogue.send(f"BDAT {len(piece)}{last}\r\n".encode() + piece)
            assert dialogue.reply().code == 250
    kept = lab.lan.wait("bob@inside.test", mail.message_id)[0]
    assert kept.raw.endswith(b"\r\none\r\n.\r\ntwo\r\n.\r\nthree\r\n")


# Commands


def wrap(dialogue):
    """From here on inside TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    dialogue.connection = context.wrap_socket(dialogue.connection)
    dialogue.file = dialogue.connection.makefile("rb")


@public_hop
def test_starttls_forgets_what_came_before(lab, hop):
    """Commands in the clear behind STARTTLS, as somebody on the line would add them, are lost."""
    with hop.dialogue(lab) as dialogue:
        smtp.hello(dialogue, "mx.sender.example", lmtp=False)
        dialogue.send(b"STARTTLS\r\nRSET\r\nMAIL FROM:<" + SMUGGLER.encode() + b">\r\n")
        assert dialogue.reply().code == 220
        wrap(dialogue)
        hello = smtp.hello(dialogue, "mx.sender.example", lmtp=False)
        assert hello.code == 250 and len(hello.lines) > 3       # EHLO's own, nobody else's
        assert dialogue.say("RCPT TO:<bob@inside.test>").code == 503    # there is no sender
        assert dialogue.say("QUIT").code == 221 and dialogue.closed()


@public_hop
def test_starttls_forgets_the_envelope(lab, hop):
    with hop.dialogue(lab) as dialogue:
        smtp.hello(dialogue, "mx.sender.example", lmtp=False)
        dialogue.say(f"MAIL FROM:<{SMUGGLER}>")
        if dialogue.say("STARTTLS").code == 220:
            wrap(dialogue)
            smtp.hello(dialogue, "mx.sender.example", lmtp=False)
        assert dialogue.say("RCPT TO:<bob@inside.test>").code in (250, 503)


def test_who_speaks_before_the_greeting_is_refused(lab):
    before = len(lab.gw.log("PREGREET"))
    connection = lab.inet.connect(world.GATEWAY, 25, EARLY_TALKER)
    connection.sendall(b"EHLO mx.sender.example\r\n")
    with smtp.Dialogue(connection) as dialogue:
        dialogue.say("HELO mx.sender.example")      # the first one was thrown away
        dialogue.say("MAIL FROM:<alice@sender.example>")
        answer = dialogue.say("RCPT TO:<bob@inside.test>")
    assert answer.code == 550 and answer.text.startswith("5.5.1 Protocol error")
    lines = lab.gw.wait_log(rf"PREGREET \d+ after .* from \[{EARLY_TALKER}\]", 1)
    assert lines and len(lab.gw.log("PREGREET")) > before


def test_who_does_not_wait_for_354_is_refused(lab, letter):
    """HELO promises no pipelining, and nobody may send text before 354."""
    mail = letter("hasty")
    with nothing_smuggled(lab), lab.inet.dialogue(world.GATEWAY, 25, HASTY_TALKER) as dialogue:
        assert dialogue.say("HELO mx.sender.example").code == 250
        dialogue.send(f"MAIL FROM:<{SMUGGLER}>\r\nRCPT TO:<bob@inside.test>\r\nDATA\r\n".encode() +
                      smtp.stuff(smtp.crlf(mail.text)))
        assert [dialogue.reply().code for _ in range(3)] == [250, 250, 503]


@pytest.mark.parametrize("limit", [2048, 8192])     # Postfix's, the filter's
@every_hop
def test_a_line_too_long_is_one_bad_command(lab, hop, limit):
    """What stands behind the limit is no command of its own."""
    with nothing_smuggled(lab), hop.dialogue(lab) as dialogue:
        smtp.hello(dialogue, "mx.sender.example", hop.lmtp)
        dialogue.send(b"NOOP " + b"x" * (limit - 5) + f"MAIL FROM:<{SMUGGLER}>\r\n".encode())
        assert dialogue.reply().code in (250, 500)
        dialogue.say("RCPT TO:<bob@inside.test>")
        assert dialogue.say("DATA").code == 503      # nobody has said who sends


@every_hop
def test_nul_and_controls_in_commands(lab, hop):
    """They are refused, or cut, but never a way around the syntax; the next client is served."""
    with hop.dialogue(lab) as dialogue:
        smtp.hello(dialogue, "mx.sender.example", hop.lmtp)
        for line in (b"NO\0OP", b"MAIL FROM:<a\0b@sender.example>", b"\x80\xff\x01", b"\0" * 200):
            dialogue.send(line + b"\r\n")
            assert 200 <= dialogue.reply().code < 600
            dialogue.say("RSET")
    with hop.dialogue(lab) as dialogue:
        assert dialogue.greeting.code == 220


@public_hop
def test_long_lines_and_nul_in_text(lab, letter, hop):
    """They arrive; the mail is neither cut nor split at them."""
    mail = letter("odd text", body=b"a" * 1_000_000 + b"\nnul \0 nul\n.\nend\n")
    with hop.begin(lab) as dialogue:
        dialogue.send(smtp.stuff(smtp.crlf(mail.text)))
        assert dialogue.reply().code == 250
    raw = lab.lan.wait("bob@inside.test", mail.message_id)[0].raw
    assert raw.endswith(b"\r\n" + b"a" * 1_000_000 + b"\r\nnul \0 nul\r\n.\r\nend\r\n")


@public_hop
def test_many_bad_commands_end_the_connection(lab, hop):
    """smtpd_hard_error_limit: who only errs is sent away."""
    with hop.dialogue(lab, world.CLIENTS[11] if hop.port == 25 else None) as dialogue:
        smtp.hello(dialogue, "mx.sender.example", lmtp=False)
        dialogue.send(b"NONSENSE\r\n" * 100)
        codes = []
        with contextlib.suppress(ConnectionError):
            while True:
                codes.append(dialogue.reply().code)
    assert codes[-1] == 421 and len(codes) <= 21


KEYWORDS = {25: {"DSN"}, 26: set()}     # what is not announced there


@public_hop
def test_what_is_announced(lab, hop):
    with hop.dialogue(lab) as dialogue:
        words = {line.split()[0] for line in smtp.hello(dialogue, "mx.sender.example",
                                                        lmtp=False).lines[1:]}
    every = {"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES", "DSN"}
    assert words >= every - KEYWORDS[hop.port]
    assert not words & KEYWORDS[hop.port]


# Clients that we did not write


@pytest.mark.parametrize("options", [["--pipeline"], ["--tls"], ["--tls", "--pipeline"], []],
                         ids=" ".join)
def test_swaks(lab, letter, options):
    mail = letter("swaks")
    done = lab.inet.exec(["swaks", "--server", world.GATEWAY, "--helo", lab.inet.helo,
                          "--local-interface", lab.inet.own, "--from", "alice@sender.example",
                          "--to", "bob@inside.test", "--suppress-data",
                          "--data", mail.text.decode(), *options])
    assert ("=== TLS started" in done.out) == ("--tls" in options)
    assert lab.lan.wait("bob@inside.test", mail.message_id)
