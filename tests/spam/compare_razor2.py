#!/usr/bin/python3
"""Holds our check_razor2() to Razor's agents and to SpamAssassin's plugin, before the same server.

    compare_razor2.py SPAM_RULES

A small Razor server of our own says what the cases want. razor-check, SpamAssassin with its stock
rules about Razor2, and our engine with the same rules ask it about the same mail: all must ask for
the same signatures, and come to the same verdict. Without razor or SpamAssassin: status 77.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from corpora import RULES, skip
from razor_server import Server

MAIL = b"""\
From: "A. Name" <a@Example.com>
To: first@lists.example.com,
 Second@lists.example.com
Received: from one.example
Received: from two.example
X-List-ID: <some.list>
Subject: three parts
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

Buy now at http://shop.example.com/
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<html><p>Buy now <a href=3D"http://www.example.co.uk/x">here</a></p></html>
--b
Content-Type: text/plain
Content-Transfer-Encoding: base64

QnV5IG5vdyBhdCBodHRwOi8vMTkyLjAuMi4xLyBhbmQgbm93aGVyZSBlbHNl
--b--
"""
# The same, without anything to sign in its first part.
EMPTY = MAIL.replace(b"Buy now at http://shop.example.com/\n", b"\n \n", 1)
SURE = ["p=1&cf=100"]
# razor-agent.conf, what the server says about each signature in turn (the rest is unknown), and
# razor-whitelist.
CASES = {
    "unknown": ("", []),
    "sure": ("", ["p=1&cf=100"]),
    "the second part": ("", ["p=0", "p=0", "p=1&cf=70"]),
    "a host of the last part": ("", ["p=0"] * 5 + ["p=1&cf=51"]),
    "less sure than the server wants": ("", ["p=1&cf=19"]),
    "as sure as the server wants": ("", ["p=1&cf=20"]),
    "not rated": ("", ["p=1"]),
    "contested": ("", ["p=1&cf=100&ct=1", "p=0&ct=1"]),
    "contested by its last signature": ("", ["p=1&cf=100", "p=0&ct=1"]),
    "contested but for its last signature": ("", ["p=1&cf=100&ct=1", "p=0"]),
    "one part contested": ("", ["p=1&cf=100&ct=1", "p=0&ct=1", "p=1&cf=60"]),
    "an error": ("", ["err=230", "p=1&cf=30"]),
    "own threshold": ("min_cf = 60", ["p=1&cf=59"]),
    "own threshold, reached": ("min_cf = 60", ["p=1&cf=60"]),
    "above the server's": ("min_cf = ac + 10", ["p=1&cf=29"]),
    "above the server's, reached": ("min_cf = ac+10", ["p=1&cf=30"]),
    "below the server's": ("min_cf=ac-5", ["p=1&cf=15"]),
    "every part": ("logic_method = 5", ["p=1&cf=90", "p=0", "p=1&cf=90"]),
    "every part, but the contested": ("logic_method = 5", ["p=0", "p=0&ct=1", "p=1&cf=90", "p=0",
                                                            "p=1&cf=90"]),
    "any part, contested": ("logic_method = 1", ["p=0"] * 4 + ["p=1&cf=90&ct=1"]),
    "any part, none": ("logic_method = 1", ["p=0&ct=1", "p=1&cf=19"]),
    "the first part": ("logic_method = 2", ["p=0", "p=1"]),
    "the first part, contested": ("logic_method = 2", ["p=1&ct=1", "p=0&ct=1"]),
    "all but the first part": ("logic_method = 2", ["p=0"] * 2 + ["p=1"] * 4),
    "truly every part": ("logic_method = 3", ["p=1", "p=0", "p=0&ct=1", "p=1&ct=1", "p=0", "p=1"]),
    "not truly every part": ("logic_method = 3", ["p=1", "p=0", "p=0", "p=0&ct=1", "p=1", "p=1"]),
    "whitelisted": ("", SURE, "# ours\n\ncc a@\nfrom a@example.com"),
    "whitelisted for another address": ("", SURE, "to a@example\nfrom b@\nfrom"),
    "whitelisted by a pattern": ("", SURE, "\tFROM\t^.a.*EXAMPLE.com>$"),
    "whitelisted by a folded line": ("", SURE, "to second@"),
    "not whitelisted by the fold": ("", SURE, "to com, second@"),
    "whitelisted by the second field": ("", SURE, "received two"),
    "not whitelisted by a piece of a name": ("", SURE, "rom a@\nsubj parts\nb now"),
    "whitelisted by a sum that is none": ("", SURE, "sha1 ."),
    "whitelist of another name": ("whitelist = mine", SURE, "from a@"),
    "of a mailing list": ("ignorelist = 1", SURE),
    "of a mailing list, but asked": ("ignorelist = 0", SURE),
}
EMPTY_CASES = {
    "an empty first part": ("logic_method = 2", ["p=1"]),
    "an empty first part, not known": ("logic_method = 2", ["p=0"] * 2 + ["p=1"] * 2),
    "every part that is signed": ("logic_method = 3", ["p=1"] * 4),
}


def site(top):
    """The stock rules about Razor2 alone."""
    rules, here = os.path.join(top, "rules"), os.path.join(top, "site")
    os.makedirs(rules)
    os.makedirs(here)
    for name in ("25_razor2.cf", "20_aux_tlds.cf", "languages"):
        os.symlink(os.path.join(RULES, name), os.path.join(rules, name))
    with open(os.path.join(here, "plugins.pre"), "w", encoding="ascii") as pre:
        print("loadplugin Mail::SpamAssassin::Plugin::Check\n"
              "loadplugin Mail::SpamAssassin::Plugin::Razor2", file=pre)
    with open(os.path.join(here, "local.cf"), "w", encoding="ascii") as conf:
        print("dns_available no\nuse_bayes 0\nrazor_fork 0\n"
              "full RAZOR2_4 eval:check_razor2_range('4','51','100')\ntflags RAZOR2_4 net\n"
              "full RAZOR2_8 eval:check_razor2_range('8','51','100')\ntflags RAZOR2_8 net\n"
              "priority RAZOR2_4 30\npriority RAZOR2_8 30", file=conf)
    return rules, here


def agent_home(top, name, lines, port, whitelist=""):
    """A home of Razor's that knows nothing but where to ask, and whom not to ask about."""
    home = os.path.join(top, name)
    os.makedirs(home)
    conf = os.path.join(home, "razor-agent.conf")
    with open(conf, "w", encoding="ascii") as out:
        print(f"razorhome = {home}\nrazordiscovery = 127.0.0.1:{port}\n"
              f"logfile = {home}/log\ndebuglevel = 9\n{lines}", file=out)
    with open(os.path.join(home, "razor-whitelist"), "w", encoding="ascii") as out:
        print(whitelist, file=out)
    return home, conf


def run(command, **more):
    """Its output and status, whatever that is."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
                          timeout=120, **more)
    return done.stdout.decode(), done.returncode


def razor_check(home, conf, mail):
    """Whether the agents call it spam."""
    _, status = run(["razor-check", f"-home={home}", f"-conf={conf}", mail])
    return {0: True, 1: False}.get(status, f"status {status}")


def spamassassin(where, conf, mail):
    """The rules that hit in SpamAssassin."""
    with open(mail, "rb") as text:
        out, _ = run(["spamassassin", "-x", "-C", where[0], f"--siteconfigpath={where[1]}",
                      f"--cf=razor_config {conf}", "--cf=add_header all Hits _TESTS(,)_",
                      "--cf=report_safe 0"], stdin=text)
    header = out.replace("\n\t", "").split("\nX-Spam-Hits: ")[1].split("\n")[0]
    return sorted(name.strip() for name in header.split(",") if "RAZOR" in name)


def ours(program, where, conf, home, mail):
    """The rules that hit in our engine."""
    out, _ = run([program, "--net", "--rules", where[0], "--site", where[1], "--conf",
                  f"razor_config {conf}", "--conf", f"razor_home {home}", mail])
    return sorted(json.loads(out)["hits"])


def compare(program, top, where, mail, name, case, server):
    """Prints what differs; whether anything does."""
    lines, server.answers, *whitelist = case
    port = server.server_address[1]
    asked, bad = {}, False
    for who in ("agents", "spamassassin", "ours"):
        home, conf = agent_home(top, f"{name} {who}".replace(" ", "-"), lines, port,
                                *whitelist)
        server.asked = []
        if who == "agents":
            spam = razor_check(home, conf, mail)
        elif who == "spamassassin":
            theirs = spamassassin(where, conf, mail)
        else:
            got = ours(program, where, conf, home, mail)
        asked[who] = server.asked
    if got != theirs or spam != ("RAZOR2_CHECK" in got):
        bad = True
        print(f"{name}: razor-check {spam}, SpamAssassin {theirs}, ours {got}")
    for who in ("agents", "spamassassin"):
        if asked[who] != asked["ours"]:
            bad = True
            print(f"{name}: {who} asked {asked[who]}, we asked {asked['ours']}")
    print(f"{name}: {len(asked['ours'])} signatures, {got}")
    return bad


def main():
    """All cases."""
    program = sys.argv[1]
    for tool in ("razor-check", "spamassassin"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    wrong = 0
    with tempfile.TemporaryDirectory() as top, Server(("127.0.0.1", 0)) as server:
        where = site(top)
        for text, cases in ((MAIL, CASES), (EMPTY, EMPTY_CASES)):
            mail = os.path.join(top, "mail")
            with open(mail, "wb") as out:
                out.write(text)
            for name, case in cases.items():
                wrong += compare(program, top, where, mail, name, case, server)
    print(f"{len(CASES) + len(EMPTY_CASES)} cases, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
