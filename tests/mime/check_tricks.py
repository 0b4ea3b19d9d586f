#!/usr/bin/python3
"""Holds the filter against the tricks of tricks.py.

    check_tricks.py MIME_ASK [-k TEXT] [-v]

In each mail, whichever client it is meant for: a Match Filename object finds every name that some
client shows; a ContentType object finds the program by its content; a virus scanner gets its bytes,
in the mail as it is or in what it gets beside it (both read by Python's email here); and the
Ambiguous object matches exactly if clients differ.
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


def questions(trick, path):
    """(what is asked, line for mime_ask, the answer that is right)."""
    for name in trick.names:
        yield f"name {name!r}", f"{path}\t{FILENAME}\t{pattern(name)}", True
    yield "type by content", f"{path}\t{CONTENT_TYPE}\t{PROGRAM}", True
    yield "ambiguous", f"{path}\t{AMBIGUOUS}\t", trick.differ
    yield "scan", f"{path}\tscan\t{path}.scan", None


def check(trick, path, asked, answers):
    """What is wrong with the answers."""
    for (what, _, right), answer in zip(asked, answers):
        if what != "scan":
            if answer != right:
                yield f"{what}: {answer}"
            continue
        with open(path + ".scan", "rb") as f:
            beside = f.read()
        if not (holds_payload(beside) if answer else holds_payload(trick.mail)):
            yield "the scanner does not get it"


def main():
    """Asks everything at once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mime_ask")
    parser.add_argument("-k", default="", help="only tricks with this in their name")
    parser.add_argument("-v", action="store_true", help="show the mails")
    args = parser.parse_args()
    chosen = [t for t in tricks.ALL if args.k in t.name]
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        paths, asked = [], []
        for i, trick in enumerate(chosen):
            paths.append(os.path.join(directory, f"{i}.eml"))
            with open(paths[-1], "wb") as f:
                f.write(trick.mail)
            asked.append(list(questions(trick, paths[-1])))
        lines = "".join(line + "\n" for a in asked for _, line, _ in a)
        done = subprocess.run([args.mime_ask], input=lines.encode("utf-8"), check=False,
                              capture_output=True)
        if done.returncode:
            print(done.stderr.decode().strip().rpartition("\n")[2])
            sys.exit(f"{args.mime_ask}: {done.returncode}")
        answers = [a == b"1" for a in done.stdout.split()]
        for trick, path, a in zip(chosen, paths, asked):
            mine, answers = answers[:len(a)], answers[len(a):]
            wrong = list(check(trick, path, a, mine))
            if wrong:
                failed += 1
                print(f"{trick.name} ({trick.why}): {'; '.join(wrong)}")
                if args.v:
                    print(trick.mail.decode("latin-1"))
    differ = sum(t.differ for t in chosen)
    print(f"{len(chosen)} tricks, {differ} of them ambiguous, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
