#!/usr/bin/python3
"""Holds `pmgspam learn` to `sa-learn`: the same commands, the same output, the same content after.

    compare_teaching.py PMGSPAM

Also the auto-whitelist there and back. Without SpamAssassin: status 77.
"""
import mailbox
import os
import shutil
import subprocess
import sys
import tempfile

from corpora import skip

MAIL = ("From: a{n}@x.example\nTo: b@y.example\nSubject: {kind} {n}\n"
        "Date: Fri, 27 Nov 2020 10:00:0{n} +0000\n\nword{n} {kind} text here\n")
IGNORES = ["--cf", "bayes_ignore_from *@out.example"]
AWL = "     1.9       (7.500/4)  --  foo@bar.example|ip=1.2\n"


def run(*command, stdin=None):
    """What a command prints, and its status if that is not 0."""
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=False)
    return done.stdout.decode() + (f"status {done.returncode}\n" if done.returncode else "")


def make_mails(directory):
    """Directories of mails, a mailbox, a maildir, a list of them, and a mail that is too large."""
    box = mailbox.mbox(os.path.join(directory, "some.mbox"))
    os.makedirs(os.path.join(directory, "maildir", "cur"))
    for kind in ("ham", "spam", "other"):
        os.makedirs(os.path.join(directory, kind), exist_ok=True)
        for n in range(1, 6):
            text = MAIL.format(kind=kind, n=n)
            if kind == "other" and n < 3:
                box.add(text)
                continue
            place = os.path.join("maildir", "cur") if kind == "other" else kind
            with open(os.path.join(directory, place, str(n)), "w", encoding="ascii") as mail:
                mail.write(text)
    box.close()
    with open(os.path.join(directory, "list"), "w", encoding="ascii") as names:
        names.write(f"{directory}/maildir\n")
    with open(os.path.join(directory, "large"), "w", encoding="ascii") as mail:
        mail.write(MAIL.format(kind="large", n=1) + "large words\n" * 50000)


def make_mbx(directory):
    """A mailbox as UW's IMAP server has it; one that ends within its last mail; a damaged one."""
    head = (b"*mbx*\r\n3e8a3a6d00000006\r\n" + b"\r\n" * 30).ljust(2048, b"\0")
    mails = b""
    for n, flags in enumerate((0, 2, 0x8000, 1), 1):
        mail = MAIL.format(kind="boxed", n=n).replace("\n", "\r\n").encode()
        mails += b" 3-Apr-2003 10:00:00 +0200,%d;00000000%04x-%08x\r\n" % (len(mail), flags, n)
        mails += mail
    for name, text in (("box.mbx", head + mails), ("cut.mbx", head + mails[:-9]),
                       ("empty.mbx", head), ("damaged.mbx", head + b"no mail\r\n" + mails)):
        with open(os.path.join(directory, name), "wb") as box:
            box.write(text)


def story(learn, directory):
    """All commands, one after the other, and what each prints."""
    def path(name):
        return os.path.join(directory, name)

    with open(path("ham/3"), "rb") as mail:
        third = mail.read()
    yield learn("--spam", path("spam"))
    yield learn("--ham", "--progress", path("ham/1"), path("ham/2"))
    yield learn("--ham", "--no-sync", "--dir", path("ham"))
    yield learn("--forget", stdin=third)
    yield learn("--forget", stdin=third)
    yield learn("--ham", path("spam/1"))    # as somebody who was wrong before
    yield learn("--spam", "-f", path("list"))
    yield learn("--ham", path("large"))
    yield learn("--ham", "--max-size=0", path("large"))
    with open(path("ignored"), "w", encoding="ascii") as mail:
        mail.write(MAIL.format(kind="ignored", n=1).replace("@x.example", "@out.example"))
    for how in ["--spam", "--use-ignores"], ["--forget"], ["--spam"], ["--forget", "--use-ignores"]:
        yield learn(*how, path("ignored"))
    yield learn("--spam", "--mbx", path("box.mbx"))
    yield learn("--forget", "--mbx", path("cut.mbx"), path("empty.mbx"))
    yield learn("--spam", "--mbx", path("empty.mbx"))
    # Of a mailbox that is damaged nothing is learnt; which status that gives is our own.
    for name in ("damaged.mbx", "spam/1"):
        yield learn("--spam", "--mbx", path(name)).split("status")[0]
    yield learn("--ham", path("ham") + "/[12]", path("spam") + "/{3,4}")
    with open(path("classes"), "w", encoding="ascii") as names:
        names.write(f"ham:file:{path('ham')}/1\nspam:dir:{path('spam')}\nspam:mbx:"
                    f"{path('box.mbx')}\nham:detect:{path('ham')}/*\n")
    for how in [], ["--ham"], ["--forget"], []:
        yield learn(*how, "--folders", path("classes"))
    yield learn("--sync")
    # What has no journal was never synchronised.
    yield [x for x in learn("--dump", "magic").splitlines() if "journal" not in x]
    yield sorted(learn("--dump", "data").splitlines())
    # Of keys as bytes: small letters; capitals; two of their bytes; digits at the end; none.
    for pattern in ("[a-z]", "[A-Z]", "^.{2}[a-z].", "[0-9]$", "(?i)a", "\\x8f", "zzzz"):
        yield sorted(learn("--dump", "data", "--regexp", pattern).splitlines())
    backup = learn("--backup")
    yield sorted(backup.splitlines())
    with open(path("backup"), "w", encoding="ascii") as text:
        text.write(backup)
    learn("--clear")
    learn("--restore", path("backup"))
    yield sorted(learn("--backup").splitlines())
    # Last: sa-learn takes the time of these mails from the lines between them.
    yield learn("--ham", "--mbox", path("some.mbox"))


def refusals(program, directory):
    """How many option lines are not refused with the reason that they should get."""
    lists = {"unclassed": "\nspam/1\n", "unformed": "ham:file:ham/1\nspam:mh:spam\n"}
    for name, text in lists.items():
        with open(os.path.join(directory, name), "w", encoding="ascii") as out:
            out.write(text)
    bad = 0
    for options, status, reason in [
            (["--import"], 2, "--import: stores of older formats are not read here"),
            (["--dump", "--regexp", "("], 65, "--regexp (: "),
            (["--folders", "unclassed"], 65, "unclassed:2: nothing says whether it is spam or ham"),
            (["--folders", "unformed"], 65, "unformed:2: mh is no format"),
            (["--folders", "unformed", "ham"], 65, "ham: say --spam, --ham or --forget")]:
        done = subprocess.run([program, "learn", "-L", "--dbpath", "refused", *options],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              cwd=directory)
        if done.returncode != status or reason not in done.stderr.decode():
            bad += 1
            print(f"{options}: status {done.returncode}, {done.stderr.decode()}")
    return bad


def main():
    """Compares step by step."""
    program = os.path.abspath(sys.argv[1])
    if not shutil.which("sa-learn"):
        skip("SpamAssassin is not installed")
    with tempfile.TemporaryDirectory() as directory:
        make_mails(directory)
        make_mbx(directory)

        def ours(*args, stdin=None):
            return run(program, "learn", "-L", "--dbpath", os.path.join(directory, "ours"), "--cf",
                       "loadplugin Mail::SpamAssassin::Plugin::AWL", "--cf",
                       f"auto_welcomelist_path {directory}/awl", *IGNORES, *args, stdin=stdin)

        def theirs(*args, stdin=None):
            return run("sa-learn", "-L", "--dbpath", os.path.join(directory, "theirs"), "-p",
                       "/dev/null", *IGNORES, *args, stdin=stdin)

        bad = steps = 0
        for mine, want in zip(story(ours, directory), story(theirs, directory)):
            steps += 1
            if mine != want:
                bad += 1
                print(f"--- step {steps}\n{want}\n{mine}")
        with open(os.path.join(directory, "awl.txt"), "w", encoding="ascii") as text:
            text.write(AWL)
        ours("--awl-restore", os.path.join(directory, "awl.txt"))
        bad += ours("--awl-backup") != AWL
        bad += refusals(program, directory)
    print(f"{steps} steps compared, {bad} differ")
    sys.exit(bad > 0 or steps < 15)


if __name__ == "__main__":
    main()
