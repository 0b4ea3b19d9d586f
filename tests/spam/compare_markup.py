#!/usr/bin/python3
"""Holds what `pmgspam` writes into mails to what SpamAssassin writes, line by line.

    compare_markup.py PMGSPAM [-n MAILS] [--seed N] [--show N]

Mails of ours go through both commands with their options. Each mail of the corpora is marked in
three ways: as an attachment of a new mail, in its header only, and with its Subject and From
rewritten. Left out are mails that hit other rules here, and of the others what
cannot be the same: dates, boundaries, whether something was learnt, and the content preview, whose
line breaks SpamAssassin chooses by rules of its own. Our markup must also come out again without a
trace. Without SpamAssassin or the corpora: status 77.
"""
import argparse
import base64
import difflib
import os
import re
import subprocess
import sys
import tempfile

from compare_render import sample
from corpora import HERE, RULES, json_lines, need_spamassassin

WAYS = {"attached": "",
        "header": "report_safe 0",
        "rewritten": "report_safe 0\nrewrite_header Subject [SPAM _SCORE_]\n"
                     "rewrite_header From (spam _YESNO_)\nrequired_score 1"}
CHANGING = [(rb"(?s)Content preview:  .*?\n(?=\r?\nContent analysis)", b""),
            (rb"----------=_[0-9A-F]{8}\.[0-9A-F]{8}", b"BOUNDARY"),
            (rb"(?m)^\t\w\w\w, [ \d]\d \w\w\w \d{4} [\d:]{8} [-+]\d{4}(\r?)$", rb"\tDATE\1"),
            (rb"autolearn=\w+(?: autolearn_force=\w+)?", b"autolearn=disabled"),
            (rb"\r\n", b"\n")]
# Entries of the report come in the order of hits, which in SpamAssassin is that of Perl's hashes.
ENTRY = rb"(?:\t\*)? ?[- ]?\d+(?:\.\d)? +\w+ .*\n(?:(?: {28}|\t\*  {5}).*\n)*"
TABLE = rb"(?:%s){2,}" % ENTRY


def stable(mail):
    """A marked mail without what changes from run to run."""
    for pattern, text in CHANGING:
        mail = re.sub(pattern, text, mail)
    return re.sub(TABLE, lambda m: b"".join(sorted(re.findall(ENTRY, m[0]))), mail)


def tests_of(mail):
    """The rules that hit, as the header says."""
    found = re.search(rb"tests=((?:\S*,\s+)*\S+)", mail)
    return re.sub(rb"\s", b"", found[1]) if found else None


def plain(path):
    """Has the mail one Subject and one From, each on a line of its own? Others come out oddly."""
    with open(path, "rb") as mail:
        head = re.split(rb"\r?\n\r?\n", mail.read(), maxsplit=1)[0]
    return all(len(re.findall(rb"(?mi)^" + name + rb": \S.*$(?!\r?\n[ \t])", head)) == 1
               for name in (b"Subject", b"From"))


def ours(program, site, conf, path, *options):
    """The mail as pmgspam marks it."""
    lines = [f"--cf={line}" for line in ["report_hostname host.example", "bayes_auto_learn 0",
                                         *conf.splitlines()]]
    return subprocess.run([program, "-L", "-C", RULES, "--siteconfigpath", site, *lines, *options,
                           path], stdout=subprocess.PIPE, check=True).stdout


HEAD = ("Received: from x.example (x.example [198.51.100.7]) by mx.example with ESMTP id 1;"
        " Fri, 27 Nov 2020 10:00:00 +0000\nFrom: \"A B\" <a@b.example>\nTo: c@d.example\n"
        "Subject: Something\nDate: Fri, 27 Nov 2020 10:00:00 +0000\n"
        "Message-ID: <a1b2c3d4@b.example>\n")
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
GERMAN = "Dann geht er am Abend nach Hause zu seiner Familie, wo sie zusammen essen.\n"
MAILS = {"ham": f"{HEAD}\nA text, to be read.\n",
         "spam": f"{HEAD}\n{GTUBE}\n",
         "german": f"{HEAD}\n{GERMAN * 5}",
         "crlf": f"{HEAD}\nA text, to be read.\n".replace("\n", "\r\n"),
         "endless": f"{HEAD}\nA text without an end"}
PREFS = ("report_hostname host.example\nuse_bayes 0\nrequired_score 4\n"
         "add_header all Extra _SCORE(0)_ of _REQD_\nheader FROM_B From =~ /b\\.example/\n"
         "describe FROM_B It is from B\nscore FROM_B 4.5\n")
OPTIONS = {"tested": ["-t"], "tested and without": ["-t", "-d"], "without": ["-d"],
           "status": ["-e"], "own rules": ["-p", "{prefs}"],
           "own rules, tested": ["-p", "{prefs}", "-t"],
           "languages": ["--cf=loadplugin Mail::SpamAssassin::Plugin::TextCat",
                         "--cf=add_header all Languages _LANGUAGES_"]}


def compare_options(program, directory):
    """How many of OPTIONS differ: what the two commands make of MAILS, given as files."""
    names = []
    for name, text in MAILS.items():
        names.append(os.path.join(directory, name))
        with open(names[-1], "w", encoding="ascii", newline="") as out:
            out.write(text)
    prefs, empty = os.path.join(directory, "prefs"), os.path.join(directory, "empty")
    for name, text in ((prefs, PREFS), (empty, "use_bayes 0\nreport_hostname host.example\n")):
        with open(name, "w", encoding="ascii") as out:
            out.write(text)
    bad, marked = 0, os.path.join(directory, "marked")
    for title, options in OPTIONS.items():
        words = [word.format(prefs=prefs) for word in options]
        words += [] if "-p" in words else ["-p", empty]
        answers = []
        for command in ([program], ["spamassassin", "-x"]):
            done = subprocess.run([*command, "-L", "-C", RULES, "--siteconfigpath",
                                   os.path.join(HERE, "sites", "stock"), *words,
                                   *([marked] if title == "without" else names)],
                                  stdout=subprocess.PIPE, check=False)
            answers.append((stable(done.stdout), done.returncode))
        if title == "tested and without":
            with open(marked, "wb") as out:
                out.write(done.stdout.split(b"\n\nSpam detection")[0])
        if answers[0] != answers[1] or len(answers[0][0]) < 500:
            bad += 1
            print(f"--- options: {title}: status {answers[1][1]} and {answers[0][1]}")
            lines = (a[0].decode("latin-1").splitlines() for a in reversed(answers))
            print("\n".join(list(difflib.unified_diff(*lines, lineterm="", n=1))[:30]))
    return bad


def main():
    """Compares all ways."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("-n", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=2)
    args = parser.parse_args()
    need_spamassassin()
    site = os.path.join(HERE, "sites", "stock")
    perl = ["perl", os.path.join(HERE, "markup.pl"), site]
    bad = compared = 0
    with tempfile.TemporaryDirectory() as directory:
        bad += compare_options(args.program, directory)
        files = sample(directory, args.n, args.seed)
        for way, conf in WAYS.items():
            for answer in json_lines([*perl, conf], files):
                path = answer["file"]
                mine = ours(args.program, site, conf, path)
                theirs = base64.b64decode(answer["marked"])
                if tests_of(mine) != tests_of(theirs) or (way == "rewritten" and not plain(path)):
                    continue
                compared += 1
                marked = os.path.join(directory, "marked")
                with open(marked, "wb") as out:
                    out.write(mine)
                removed = subprocess.run([args.program, "-d", marked], stdout=subprocess.PIPE,
                                         check=True).stdout
                with open(path, "rb") as original:
                    whole = original.read()
                mine, theirs = stable(mine), stable(theirs)
                # Without a line end there is no header that markup could be told from.
                lost = removed != whole and b"\nX-Spam" not in whole and b"\n" in whole
                if mine == theirs and not lost:
                    continue
                bad += 1
                if bad <= args.show:
                    print(f"--- {way} {path}{' is not the same without markup' if lost else ''}")
                    lines = (m.decode("latin-1").splitlines() for m in (theirs, mine))
                    print("\n".join(list(difflib.unified_diff(*lines, lineterm="", n=1))[:30]))
    print(f"{compared} of {len(WAYS) * len(files)} marked mails compared, {bad} differ")
    sys.exit(bad > 0 or compared == 0)


if __name__ == "__main__":
    main()
