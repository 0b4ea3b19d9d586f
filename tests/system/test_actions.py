"""Each kind of action, for all recipients and for some of them."""

import base64
import re

import pytest

from lab import rules, samples
from lab.wait import until


def deliver(lab, mail, to="bob@inside.test", **how):
    """Sends it and waits for the queue; returns the copies inside by recipient."""
    names = [to] if isinstance(to, str) else to
    assert lab.inet.send(mail.text, to=names, **how).code == 250
    lab.gw.wait_queue_empty()
    return {name: lab.lan.mails(name, mail.message_id) for name in names}


@pytest.fixture
def picture(letter):
    """A mail with a text and a PNG."""
    sample = next(sample for sample in samples.load() if sample.name == "two-recipients")
    text = sample.text.partition(b"Content-Type: multipart")
    body = (text[1] + text[2]).partition(b"\n\n")
    return letter("picture", body=body[2],
                  headers=["MIME-Version: 1.0", body[0].decode().rstrip("\n")])


def test_header_is_set_for_its_recipients_only(lab, letter):
    mail = letter("header")
    with rules.Rule(lab.gw, "mark carol", 91, to=[(rules.MAIL, "carol@inside.test")],
                    action=[(rules.HEADER, "X-Marked:for carol")]):
        got = deliver(lab, mail, ["bob@inside.test", "carol@inside.test"])
    assert got["carol@inside.test"][0].header("X-Marked") == ["for carol"]
    assert got["bob@inside.test"][0].header("X-Marked") == []


def test_header_from_outside_is_removed_first(lab, letter):
    mail = letter("forged", headers=["X-Marked: forged", "X-SPAM-LEVEL: none, believe me"])
    with rules.Rule(lab.gw, "mark carol", 91, to=[(rules.MAIL, "carol@inside.test")],
                    action=[(rules.HEADER, "X-Marked:for carol")]):
        got = deliver(lab, mail)["bob@inside.test"][0]
    assert got.header("X-Marked") == []
    assert len(got.header("X-SPAM-LEVEL")) == 1
    assert "believe me" not in got.header("X-SPAM-LEVEL")[0]


def test_block(lab, letter):
    mail = letter("block")
    with rules.Rule(lab.gw, "block carol", 94, to=[(rules.MAIL, "carol@inside.test")],
                    action=[(rules.BLOCK, None)]):
        got = deliver(lab, mail, ["bob@inside.test", "carol@inside.test"])
    assert len(got["bob@inside.test"]) == 1 and got["carol@inside.test"] == []


def test_quarantine_for_one_delivery_for_another(lab, letter):
    mail = letter("quarantine")
    with rules.Rule(lab.gw, "keep carol's", 94, to=[(rules.MAIL, "carol@inside.test")],
                    action=[(rules.QUARANTINE, None)]):
        got = deliver(lab, mail, ["bob@inside.test", "carol@inside.test"])
    assert got["carol@inside.test"] == []
    kept = lab.gw.quarantine("spam").find(mail.message_id)
    assert [entry.receiver for entry in kept] == ["carol@inside.test"]
    bob = got["bob@inside.test"][0]
    assert bob.header("Delivered-To") == [] and bob.header("Return-Path") == []


def test_notification_with_the_original(lab, letter):
    mail = letter("notify")
    action = (rules.NOTIFY, "watch@sender.example",
              {"subject": "Seen: __SUBJECT__", "body": "Rule __RULE__ for __SENDER__",
               "attach": "O"})
    with rules.Rule(lab.gw, "watch", 91, action=[action]):
        got = deliver(lab, mail)
    assert len(got["bob@inside.test"]) == 1
    note = lab.inet.wait("watch@sender.example")[0]
    assert note.header("Subject") == [f"Seen: {mail.subject}"]
    assert note.header("Auto-Submitted") == ["auto-generated"]
    assert b"Rule watch for alice@sender.example" in note.raw
    assert b"message/rfc822" in note.raw and mail.message_id.encode() in note.raw


def test_bcc_gets_the_mail_as_it_was_received(lab, letter):
    mail = letter("bcc")
    with rules.Rule(lab.gw, "copy", 91, action=[(rules.BCC, "1:archive@inside.test")]):
        got = deliver(lab, mail)
    assert len(got["bob@inside.test"]) == 1
    copy = lab.lan.wait("archive@inside.test", mail.message_id)[0]
    assert copy.sender == "alice@sender.example"
    assert copy.header("X-SPAM-LEVEL") == []


def test_disclaimer_at_the_end_and_at_the_start(lab, letter):
    mail = letter("disclaimer", body=b"Text.\n")
    with rules.Rule(lab.gw, "note", 91, action=[(rules.DISCLAIMER, "<b>Small</b> print")]):
        got = deliver(lab, mail)["bob@inside.test"][0].raw
    body = got.partition(b"\r\n\r\n")[2]
    assert re.match(rb"Text\.\r\n\s*--\s*\r\nSmall print\s*$", body), body
    mail = letter("disclaimer", body=b"Text.\n")
    action = (rules.DISCLAIMER, "Small print", {"top": "1", "separator": "0"})
    with rules.Rule(lab.gw, "note", 91, action=[action]):
        got = deliver(lab, mail)["bob@inside.test"][0].raw
    body = got.partition(b"\r\n\r\n")[2]
    assert body.startswith(b"Small print") and body.rstrip().endswith(b"Text."), body


def test_removal_with_a_copy_in_the_quarantine(lab, picture):
    action = (rules.REMOVE, "0,1:Gone: __FILENAME__")
    with rules.Rule(lab.gw, "no pictures", 92, what=[(rules.CONTENT_TYPE, "content-type:image/.*")],
                    action=[action]):
        assert lab.inet.send(picture.text, to="bob@inside.test").code == 250
        lab.gw.wait_queue_empty()
    got = until(lambda: [mail for mail in lab.lan.mails("bob@inside.test")
                         if mail.header("Subject") == [picture.subject]], "it does not arrive")[0]
    assert b"gate.png" in got.raw and b"image/png" not in got.raw
    assert b"REMOVED_ATTACHMENT_" in got.raw
    assert re.match(r"<pmg-aquar-\w+-", got.message_id)
    kept = lab.gw.quarantine("attachment").find(picture.message_id, "bob@inside.test")
    assert len(kept) == 1 and b"image/png" in kept[0].raw


def test_time_frame(lab, letter):
    mail = letter("always")
    with rules.Rule(lab.gw, "always", 91, when=[(rules.TIME_FRAME, "00:00-24:00")],
                    action=[(rules.HEADER, "X-When:always")]):
        got = deliver(lab, mail)["bob@inside.test"][0]
    assert got.header("X-When") == ["always"]


WHAT = [
    ((rules.FIELD, "subject:match\\s+me"), True),
    ((rules.FIELD, "subject:other"), False),
    ((rules.CONTENT_TYPE, "content-type:text/plain"), True),
    ((rules.CONTENT_TYPE, "content-type:TEXT/PLAIN"), False),
    ((rules.FILENAME, ".*\\.txt"), True),
    ((rules.FILENAME, "\\.txt"), False),
    ((rules.SPAM, "0"), True),
    ((rules.SPAM, "50"), False),
    ((rules.VIRUS, None), False),
]
WHO = [
    ((rules.MAIL, "ALICE@sender.example"), True),
    ((rules.DOMAIN, "sender.example"), True),
    ((rules.DOMAIN, "example"), False),
    ((rules.WHO_REGEX, "al.*@.*"), True),
    ((rules.WHO_REGEX, "lice@sender"), False),
    ((rules.ADDRESS, "198.18.25.10"), True),
    ((rules.NETWORK, "198.18.25.0/28"), True),
    ((rules.NETWORK, "198.18.26.0/24"), False),
]


def test_what_and_who_objects(lab, letter):
    """One mail, a rule for each object, each rule with a header field of its own."""
    part = base64.b64encode(b"hello\n").decode()
    mail = letter("match me", headers=["MIME-Version: 1.0",
                                       "Content-Type: multipart/mixed; boundary=b"],
                  body=(f"--b\nContent-Type: text/plain; name=\"a.TXT\"\n"
                        f"Content-Transfer-Encoding: base64\n\n{part}\n--b--\n").encode())
    made = [rules.Rule(lab.gw, f"object {number}", 91, **{kind: [item]},
                       action=[(rules.HEADER, f"X-Hit-{number}:yes")])
            for number, (kind, item) in enumerate([("what", item) for item, _ in WHAT] +
                                                  [("from_", item) for item, _ in WHO])]
    with rules.Rules(made):
        got = deliver(lab, mail)["bob@inside.test"][0]
    for number, (item, hit) in enumerate(WHAT + WHO):
        assert got.header(f"X-Hit-{number}") == (["yes"] if hit else []), item


def test_personal_lists(lab, letter):
    gtube = next(sample for sample in samples.load() if sample.name == "gtube").text
    spam = letter("listed", body=gtube.partition(b"\n\n")[2])
    lab.gw.sql("INSERT INTO userprefs (pmail, name, data, mtime) VALUES "
               "('carol@inside.test', 'WL', 'alice@sender.example', 0), "
               "('dave@inside.test', 'BL', '*@sender.example', 0)")
    try:
        got = deliver(lab, spam, ["bob@inside.test", "carol@inside.test"])
        assert len(got["carol@inside.test"]) == 1 and got["bob@inside.test"] == []
        ham = letter("listed")
        assert deliver(lab, ham, "dave@inside.test")["dave@inside.test"] == []
        kept = lab.gw.quarantine("spam").find(ham.message_id, "dave@inside.test")
        assert [entry.row["spamlevel"] for entry in kept] == ["100"]
        assert kept[0].row["info"] == "USER_IN_BLOCKLIST:100"
    finally:
        lab.gw.sql("DELETE FROM userprefs")


def test_a_rule_with_an_unknown_object_is_inactive_as_a_whole(lab, letter):
    mail = letter("unknown")
    with rules.Rule(lab.gw, "half known", 97, from_=[(rules.DOMAIN, "sender.example"), (9999, "x")],
                    action=[(rules.BLOCK, None)]):
        got = deliver(lab, mail)
        dump = lab.gw.exec(["pmgdb", "dump"]).out
    assert len(got["bob@inside.test"]) == 1
    assert "half known" in dump and "9999" in dump
    warnings = [line for line in lab.gw.log(r"pmg-smtp-filter\[\d+\]: .*half known")]
    assert len(warnings) == 1
