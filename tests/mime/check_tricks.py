#!/usr/bin/python3
"""Holds the filter against the tricks of tricks.py.

    check_tricks.py MIME_ASK [-k TEXT] [-v]

In each mail, whichever client it is meant for: a Match Filename object finds every name that some
client shows; a ContentType object finds the program by its content; a virus scanner gets its bytes,
in the mail as it is or in what it gets beside it (both read by Python's email here); and the
Ambiguous object matches exactly if clients differ. When a rule has removed the attachment, by
content, by name, for not having its harmless name or as all attachments are, none of that finds it
any more: the filter is asked again about what it delivers, and a virus scanner gets nothing of it.
"""
import argparse
import email
import email.policy
import os
import re
import subprocess
import sys
import tempfile

import tricks

FILENAME, CONTENT_TYPE, AMBIGUOUS = 3004, 3003, 3100
EXE = ".exe"
MATCHING, ALL = "0,0", "1,0"  # values of the action
PROGRAM = r"content-type:application/vnd\.microsoft\.portable-executable"


def contents(mail):
    """The decoded leaves of a mail that is plain to read."""
    message = email.message_from_bytes(mail, policy=email.policy.compat32)
    return [p.get_payload(decode=True) for p in message.walk() if not p.is_multipart()]


def holds_payload(mail):
    """Whether one of them is the hidden file, but for line ends around it."""
    return any(c is not None and c.strip(b"\r\n") == tricks.PAYLOAD for c in contents(mail))


def pattern(name):
    """A regular expression for exactly this name; tabs end questions, line ends are none."""
    return re.escape(name).replace("\\\t", "\\x09").replace("\\\n", "\\x0a")


class Asker:
    """mime_ask, asked many questions at once."""

    def __init__(self, program):
        self.program = program

    def __call__(self, lines):
        done = subprocess.run([self.program], check=False, capture_output=True,
                              input="".join(line + "\n" for line in lines).encode("utf-8"))
        if done.returncode:
            print(done.stderr.decode().strip().rpartition("\n")[2])
            sys.exit(f"{self.program}: {done.returncode}")
        return [answer == b"1" for answer in done.stdout.split()]


class Case:
    """A mail, with what is to be asked about it."""

    def __init__(self, trick, path):
        self.trick, self.path, self.wrong = trick, path, []
        with open(path, "wb") as f:
            f.write(trick.mail)

    def finds(self):
        """(what is asked, object, the answer that is right)."""
        for name in self.trick.names:
            yield f"name {name!r}", f"{FILENAME}\t{pattern(name)}", True
        yield "type by content", f"{CONTENT_TYPE}\t{PROGRAM}", True
        yield "ambiguous", f"{AMBIGUOUS}\t", self.trick.differ

    def finders(self):
        """Objects that find the file, by name or by content."""
        yield f"{CONTENT_TYPE}\t{PROGRAM}"
        yield from (f"{FILENAME}\t{pattern(n)}" for n in self.trick.names if EXE in n)


def check_found(ask, cases):
    """Whether the filter finds the file, and a scanner gets it."""
    asked = [(case, q) for case in cases for q in case.finds()]
    for (case, (what, _, right)), answer in zip(
            asked, ask(f"{case.path}\t{q[1]}" for case, q in asked)):
        if answer != right:
            case.wrong.append(f"{what}: {answer}")
    for case, beside in zip(cases, scanned(ask, [case.path for case in cases])):
        if not (holds_payload(beside) if beside else holds_payload(case.trick.mail)):
            case.wrong.append("the scanner does not get it")


def scanned(ask, paths):
    """What scanners get beside these mails."""
    for path, answer in zip(paths, ask(f"{path}\tscan\t{path}.scan" for path in paths)):
        yield read(path + ".scan") if answer else b""


def check_removed(ask, cases):
    """Whether it is gone when a rule has removed it."""
    todo = []
    for case in cases:
        finders = list(case.finders())
        ways = [(f, MATCHING) for f in finders] + [(finders[0], ALL)]
        ways += [(f"!{FILENAME}\t{pattern(n)}", MATCHING)
                 for n in case.trick.names if EXE not in n and case.trick.differ]
        for n, (what, action) in enumerate(ways):
            todo.append((case, f"{case.path}.{n}", what, action))
    ask(f"{path}\tremove\t{out}\t{action}\t{what}"
        for path, out, what, action in ((case.path, *rest) for case, *rest in todo))
    asked = [(t, finder) for t in todo for finder in t[0].finders()]
    for ((case, _, what, action), finder), answer in zip(
            asked, ask(f"{t[1]}\t{finder}" for t, finder in asked)):
        if answer:
            case.wrong.append(f"found again by {finder!r}, removed {action} by {what!r}")
    for (case, path, what, action), beside in zip(todo, scanned(ask, [t[1] for t in todo])):
        if holds_payload(beside) or holds_payload(read(path)):
            case.wrong.append(f"a scanner still gets it, removed {action} by {what!r}")


def read(path):
    """The bytes of a file."""
    with open(path, "rb") as f:
        return f.read()


def main():
    """Asks everything at once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mime_ask")
    parser.add_argument("-k", default="", help="only tricks with this in their name")
    parser.add_argument("-v", action="store_true", help="show the mails")
    args = parser.parse_args()
    ask = Asker(args.mime_ask)
    with tempfile.TemporaryDirectory() as directory:
        cases = [Case(t, os.path.join(directory, f"{i}.eml"))
                 for i, t in enumerate(t for t in tricks.ALL if args.k in t.name)]
        check_found(ask, cases)
        check_removed(ask, cases)
    failed = [case for case in cases if case.wrong]
    for case in failed:
        print(f"{case.trick.name} ({case.trick.why}): {'; '.join(case.wrong)}")
        if args.v:
            print(case.trick.mail.decode("latin-1"))
    differ = sum(case.trick.differ for case in cases)
    print(f"{len(cases)} tricks, {differ} of them ambiguous, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
