"""The custom check, heuristic finds, and scanners that do not answer."""

import contextlib
import io
import zipfile
import base64

import pytest

from lab import rules
from lab.evidence import Trace
from lab.wait import until

CHECK = "/usr/local/bin/pmg-custom-check"


@contextlib.contextmanager
def settings(lab, section, lines):
    """pmg.conf with more lines in one section, for as long as the block lasts."""
    good = lab.gw.read("/etc/pmg/pmg.conf").decode()
    head = f"section: {section}\n"
    added = head + "".join(f"\t{line}\n" for line in lines)
    text = good.replace(head, added) if head in good else f"{good}\n{added}"
    lab.gw.write("/etc/pmg/pmg.conf", text)
    try:
        lab.gw.exec(["pmgconfig", "sync", "--restart"])
        lab.gw.filter("reload")
        yield
    finally:
        lab.gw.write("/etc/pmg/pmg.conf", good)
        lab.gw.exec(["pmgconfig", "sync", "--restart"])
        lab.gw.filter("reload")


def send(lab, mail):
    """Sends to bob, waits, returns the filter's trace."""
    assert lab.inet.send(mail.text, to="bob@inside.test").code == 250
    lab.gw.wait_queue_empty()
    return Trace(lab.gw.log(), mail.message_id)


SCRIPTS = {     # name -> (what the check does, verdict)
    "ok": ("echo v1; echo OK", "accept"),
    "virus": ("echo v1; echo 'VIRUS: Test.Find'", "quarantine"),
    "score": ("echo v1; echo 'SCORE: 4'", "quarantine"),
    "small-score": ("echo v1; echo 'SCORE: 1.5'", "accept"),
    "wrong-version": ("echo v2; echo 'VIRUS: Wrong.Version'", "accept"),
    "nonsense-after-score": ("echo v1; echo 'SCORE: 100'; echo nonsense", "accept"),
    "failure-after-score": ("echo v1; echo 'SCORE: 100'; exit 3", "accept"),
    "nothing": ("exit 0", "accept"),
    "killed": ("kill -9 $$", "accept"),
    "endless": ("yes", "accept"),
}


@pytest.fixture(scope="module")
def check(lab):
    """A custom check that does as the field X-Check of the mail says."""
    cases = "".join(f"'X-Check: {name}') {script};;\n" for name, (script, _) in SCRIPTS.items())
    lab.gw.write(CHECK, f'#!/bin/sh\ncase "$(grep -a ^X-Check "$2" | tr -d \'\\r\')" in\n{cases}'
                        "*) echo v1; echo OK;;\nesac\n")
    lab.gw.exec(["chmod", "755", CHECK])
    with settings(lab, "admin", ["custom_check 1", f"custom_check_path {CHECK}"]):
        yield


@pytest.mark.parametrize("name", SCRIPTS)
def test_custom_check(lab, letter, check, name):
    mail = letter("custom", headers=[f"X-Check: {name}"])
    trace = send(lab, mail)
    assert trace.final("bob@inside.test")[0] == SCRIPTS[name][1], trace.lines
    failed = [line for line in trace.lines if line.startswith("custom check failed")]
    assert bool(failed) == (name not in ("ok", "virus", "score", "small-score"))
    if name == "virus":
        kept = lab.gw.quarantine("virus").find(mail.message_id)
        assert kept[0].row["info"] == "Test.Find"
        assert "virus detected: Test.Find (custom)" in trace.lines


def encrypted_zip():
    """A zip whose one member has the encryption flag set: nobody can look inside."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("secret.txt", "x" * 100)
    raw = bytearray(data.getvalue())
    raw[6] |= 1
    raw[raw.index(b"PK\1\2") + 8] |= 1
    return bytes(raw)


def test_heuristic_find_is_spam_not_virus(lab, letter):
    text = base64.encodebytes(encrypted_zip())
    mail = letter("encrypted", headers=[
        "MIME-Version: 1.0", 'Content-Type: application/zip; name="a.zip"',
        "Content-Transfer-Encoding: base64"], body=text)
    with settings(lab, "clamav", ["archiveblockencrypted 1"]):
        lab.gw.clamd("restart")
        trace = send(lab, mail)
    lab.gw.clamd("restart")
    assert trace.final("bob@inside.test") == ("quarantine", "Quarantine/Mark Spam (Level 3)"), \
        trace.lines
    assert any("ClamAVHeuristics(3)" in line for line in trace.lines), trace.lines
    assert lab.gw.quarantine("virus").find(mail.message_id) == []


@pytest.mark.parametrize("what, found", [
    ((rules.ARCHIVE_NAME, r".*\.exe"), True), ((rules.ARCHIVE_NAME, r".*\.vbs"), False),
    ((rules.ARCHIVE, "content-type:text/plain$"), True),
    ((rules.ARCHIVE, "content-type:proxmox/unreadable-archive"), False)])
def test_archive_rules(lab, letter, what, found):
    """The lister, locked down below a worker as it runs in earnest."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("dir/tool.exe", "no program")
    mail = letter("archive", headers=[
        "MIME-Version: 1.0", 'Content-Type: application/zip; name="a.zip"',
        "Content-Transfer-Encoding: base64"], body=base64.encodebytes(data.getvalue()))
    with rules.Rule(lab.gw, "archive", 97, what=[what], action=[(rules.BLOCK, None)]):
        trace = send(lab, mail)
    assert (trace.final("bob@inside.test")[0] == "block") == found, trace.lines
    assert "found archive 'a.zip' (application/zip)" in trace.lines
    assert not any("failed" in line for line in trace.lines), trace.lines


def test_scanner_that_hangs_defers(lab, letter):
    """clamd stopped in its tracks: a 451 at the deadline, and the mail later."""
    mail = letter("hangs")
    pid = lab.gw.read("/run/clamav/lab.pid").decode().strip()
    with settings(lab, "mail", ["filter-timeout 3"]):
        lab.gw.exec(["kill", "-STOP", pid])
        try:
            assert lab.inet.send(mail.text, to="bob@inside.test").code == 250
            lab.gw.wait_log(r"status=deferred \(host 127.0.0.1.*said: 451 ", seconds=30)
            until(lambda: lab.gw.queue(), "the mail is not in the queue")
        finally:
            lab.gw.exec(["kill", "-CONT", pid])
        lab.gw.wait_queue_empty()
    assert len(lab.lan.mails("bob@inside.test", mail.message_id)) == 1
