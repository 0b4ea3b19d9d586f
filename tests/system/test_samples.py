"""Every sample meets the fate that samples/expected.toml names."""

import time

import pytest

from lab import dkim, evidence, samples, smtp
from lab.lab import dkim_record
from lab.run import add_rules

MAILS = samples.load()


@pytest.fixture(scope="module")
def sent(lab):
    """All samples sent and settled: name -> bytes on the wire."""
    add_rules(lab)
    wire = {"since": time.time()}
    for sample in MAILS:
        answer, mail = sample.send(lab)
        assert answer.code == 250 and not answer.refused, f"{sample.name}: {answer}"
        wire[sample.name] = smtp.crlf(mail)
    evidence.settled(lab, MAILS)
    return wire


@pytest.mark.parametrize("sample", MAILS, ids=lambda sample: sample.name)
def test_fate(lab, sent, sample):
    look = evidence.Evidence(lab)
    assert evidence.complaints(lab, look, sample, sent[sample.name], sent["since"]) == []


def test_signature_of_the_newsletter_survives(lab, sent):
    sample = next(sample for sample in MAILS if sample.name == "newsletter")
    assert dkim.verifies(sent["newsletter"], dkim_record())
    got = lab.lan.mails("bob@inside.test", sample.message_id)[0]
    assert dkim.verifies(got.raw, dkim_record())


def test_a_changed_newsletter_would_be_noticed(sent):
    forged = sent["newsletter"].replace(b"cut the roses", b"cut the hedges")
    assert not dkim.verifies(forged, dkim_record())


def test_quarantined_file_carries_its_envelope(lab, sent):
    sample = next(sample for sample in MAILS if sample.name == "gtube")
    kept = lab.gw.quarantine("spam").find(sample.message_id, "bob@inside.test")[0]
    lines = kept.raw.splitlines()
    assert lines[0] == b"Delivered-To: bob@inside.test"
    assert b"Return-Path: test@sender.example" in lines[:2]
    assert kept.row["sender"] == "test@sender.example"
    assert "Subject: SPAM: The standard test for spam filters" in kept.row["header"]


def test_every_row_has_its_file_and_every_file_its_row(lab, sent):
    """Files of other tests may lack their row: those where the filter was killed in between."""
    ids = {sample.message_id.encode() for sample in MAILS}
    for kind in ("spam", "virus"):
        quarantine = lab.gw.quarantine(kind)
        rows, files = {kept.row["file"] for kept in quarantine}, set(quarantine.files())
        assert rows <= files
        for name in files - rows:
            assert not any(one in lab.gw.read(f"/var/spool/pmg/{name}") for one in ids), name


def test_nothing_is_left_in_the_active_spool(lab, sent):
    assert lab.gw.exec(["ls", "-A", "/var/spool/pmg/active"]).out == ""
