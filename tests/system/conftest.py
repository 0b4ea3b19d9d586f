"""The lab that all system tests of a session share, and marks that tell mails apart."""

import email.utils
import itertools
import os
import sys

import pytest

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, f"{ROOT}/tests")

from lab.lab import Lab      # noqa: E402 (the path must be set first)

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def lab():
    """A lab with the programs of $PMG_LAB_BUILD (default: build/debug)."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    build = os.path.join(ROOT, os.environ.get("PMG_LAB_BUILD", "build/debug"))
    running = Lab.up(f"test-{os.path.basename(build)}", build)
    yield running
    running.down()
    assert running.reports() == [], "the sanitizers have found something"


class Letter:
    """A small mail with an id of its own."""

    def __init__(self, subject, body, headers):
        number = next(NUMBERS)
        self.subject = f"{subject} {number}"
        self.message_id = f"<test.{number}.{os.getpid()}@sender.example>"
        lines = [f"Date: {email.utils.formatdate()}", "From: Alice <alice@sender.example>",
                 "To: Bob <bob@inside.test>", f"Subject: {self.subject}",
                 f"Message-ID: {self.message_id}", *headers]
        self.text = "\n".join(lines).encode() + b"\n\n" + body


@pytest.fixture
def letter():
    """letter(subject, body=b"…", headers=[…]) makes a Letter."""
    def make(subject="letter", body=b"Hello.\n", headers=()):
        return Letter(subject, body, headers)
    return make
