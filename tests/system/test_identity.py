"""A mail that no rule changes arrives byte for byte, but for lines on top."""

import pytest

from lab import evidence, smtp

LONG = b"x" * 900
BODIES = {
    "empty": b"",
    "plain": b"Hello.\n",
    "no-text-only-lines": b"\n\n\n",
    "blanks-at-line-ends": b"a \nb\t\n \n\t\n",
    "dots": b".\n..\n.a\n",
    "8-bit": "Grüße, žluťoučký kůň, 你好\n".encode(),
    "not-utf8": bytes(range(128, 256)) + b"\n",
    "control-characters": bytes(c for c in range(1, 32) if c not in (10, 13)) + b"\x7f\n",
    "long-lines": LONG + b"\n" + b"y" * 5000 + b"\n",
    "one-huge-line": b"z" * 200000 + b"\n",
    "mbox-from": b"From here on\n>From there on\n",
    "like-headers": b"Received: from nowhere\nX-SPAM-LEVEL: none\n\n",
    "without-multipart": b"--=_1\nContent-Type: text/plain\n\nx\n--=_1--\n",
}
HEADERS = {
    "folded": ["X-Folded: one", "\ttwo", "   three"],
    "repeated": ["X-Twice: 1", "X-Twice: 2", "Comments: a", "Comments: b"],
    "odd-spacing": ["X-None:no blank", "X-Many:    blanks   ", "X-Tab:\ttab", "X-Empty:"],
    "strange-names": ["x_y: 1", "X.Z: 2", "x-lower: 3", "X-UPPER: 4"],
    "8-bit": ["X-Eight: Grüße", "X-Encoded: =?utf-8?q?Gr=C3=BC=C3=9Fe?="],
    "long": [f"References: {' '.join(f'<{i}.very.long.id@sender.example>' for i in range(20))}",
             "X-Long: " + "x" * 900],
    "multipart": ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="=_1"'],
    "multipart-odd": ["MIME-Version: 1.0", "Content-Type: multipart/mixed;",
                      "\tboundary = =_1 ; x=y"],
}
CASES = [(f"body-{name}", body, []) for name, body in BODIES.items()]
CASES += [(f"header-{name}", BODIES["without-multipart"], lines) for name, lines in HEADERS.items()]


@pytest.fixture(scope="module")
def arrived(lab):
    """Sends all cases, incoming and outgoing; (name, direction) -> (sent, received) in CRLF."""
    from conftest import Letter
    pairs = []
    for name, body, headers in CASES:
        for direction in ("in", "out"):
            mail = Letter(f"identity {name}", body, headers)
            node, to = ((lab.inet, "bob@inside.test") if direction == "in"
                        else (lab.lan, "alice@sender.example"))
            answer = node.send(mail.text, to=to, mail_parameters="BODY=8BITMIME")
            assert answer.code == 250, f"{name}: {answer}"
            pairs.append(((name, direction), mail))
    lab.gw.wait_queue_empty()
    found = {}
    for key, mail in pairs:
        node = lab.lan if key[1] == "in" else lab.inet
        got = node.mails(message_id=mail.message_id)
        found[key] = (smtp.crlf(mail.text), got[0].raw if got else None)
    return found


@pytest.mark.parametrize("direction", ["in", "out"])
@pytest.mark.parametrize("name", [case[0] for case in CASES])
def test_bytes(arrived, name, direction):
    sent, got = arrived[name, direction]
    assert got is not None, "it did not arrive"
    assert evidence.same_bytes(sent, got, direction == "in"), \
        f"sent {sent[:2000]!r}\ngot {got[:3000]!r}"
