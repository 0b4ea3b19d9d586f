"""extract_text: from the setting to a rule that hits on text within a PDF."""

import base64
import contextlib
import re

import pytest

from lab.wait import until
from spam.documents import text_pdf
from test_scan import send, settings

RULES = "/etc/mail/spamassassin/zz-extract.cf"
TOOL = "/usr/local/bin/lab-hang"


@contextlib.contextmanager
def rules(lab, text):
    """A rule file more, in effect on both ends."""
    lab.gw.write(RULES, text)
    lab.gw.filter("reload")
    yield
    lab.gw.exec(["rm", RULES])
    lab.gw.filter("reload")


def attachment(letter, name, content):
    """A mail that is one attachment."""
    return letter("attached", base64.encodebytes(content), [
        "MIME-Version: 1.0", f'Content-Type: application/octet-stream; name="{name}"',
        "Content-Transfer-Encoding: base64"])


def hits(trace):
    """The rules that hit."""
    line = trace.first(r"^SA score=.* hits=(\S*)$")
    return set(re.findall(r"(\w+)\(", line.group(1)))


def test_text_within_a_pdf(lab, letter):
    lines = "body LAB_OFFER /limited stock offer/\nscore LAB_OFFER 8\n" \
            "header LAB_TOOL X-ExtractText-Tools =~ /^pdftotext$/\nscore LAB_TOOL 0.5\n"
    with rules(lab, lines):
        trace = send(lab, attachment(letter, "a.pdf", text_pdf(b"A limited stock offer")))
        assert not hits(trace) & {"LAB_OFFER", "LAB_TOOL"}, trace.lines
        with settings(lab, "spam", ["extract_text 1"]):
            trace = send(lab, attachment(letter, "a.pdf", text_pdf(b"A limited stock offer")))
        assert hits(trace) >= {"LAB_OFFER", "LAB_TOOL"}, trace.lines
        assert trace.final("bob@inside.test") == ("quarantine", "Quarantine/Mark Spam (Level 3)"), \
            trace.lines


def test_setting_is_in_effect(lab):
    with settings(lab, "spam", ["extract_text 1"]):
        assert "not yet effective" not in lab.gw.exec(["pmgconfig", "sync"]).err
        assert b"ExtractText" in lab.gw.read("/etc/mail/spamassassin/v400.pre")
        lint = lab.gw.exec(["pmgspam", "--lint"], check=False)
        assert not re.search("extracttext", lint.out + lint.err, re.IGNORECASE), lint
    assert b"ExtractText" not in lab.gw.read("/etc/mail/spamassassin/v400.pre")


@pytest.fixture
def hanging(lab):
    """Documents that keep their program busy for ever, and leave more of them running."""
    lab.gw.write(TOOL, "#!/bin/sh\necho within\nsleep 4711 &\nsleep 4711\n")
    lab.gw.exec(["chmod", "755", TOOL])
    with settings(lab, "spam", ["extract_text 1"]), rules(
            lab, f"extracttext_timeout 1 2\nextracttext_external hang {TOOL} {{}}\n"
                 "extracttext_use hang .hang\nextracttext_external gone /nonexistent/gone {}\n"
                 "extracttext_use gone .gone\nbody LAB_WITHIN /within/\nscore LAB_WITHIN 0.1\n"):
        yield
    lab.gw.exec(["rm", TOOL])


def test_program_that_hangs(lab, letter, hanging):
    trace = send(lab, attachment(letter, "a.hang", b"x"))
    assert "LAB_WITHIN" in hits(trace), trace.lines
    assert 1000 <= trace.milliseconds < 5000, trace.lines
    assert trace.first(rf"^text of an attachment: {TOOL}: it did not end in time$"), trace.lines
    assert trace.final("bob@inside.test")[0] == "accept"
    until(lambda: lab.gw.exec(["pgrep", "-f", "sleep 4711"], check=False).code == 1,
          "what the program has started is still there")


def test_missing_program_is_one_warning(lab, letter, hanging):
    before = len(lab.gw.log())
    lab.gw.filter("reload")
    send(lab, attachment(letter, "a.gone", b"x"))
    said = [line for line in lab.gw.log()[before:] if "/nonexistent/gone" in line]
    assert len(said) == 1 and "cannot be run; install what is missing" in said[0], said
