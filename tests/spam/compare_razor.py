#!/usr/bin/python3
"""Holds our signatures of mails to those of Razor's own agents.

    compare_razor.py SPAM_RAZOR

Every mail of the collections, and mails that are put together from pieces at random (always the
same ones), must have the same parts and the same signatures of both engines, with the usual recipe
for engine 4 and with another one. Without the collections or the agents: status 77.
"""
import os
import random
import subprocess
import sys
import tempfile

from corpora import HERE, skip, unpack

COLLECTIONS = ["mail-spamassassin-public", "mime-torture"]
EP4 = ["7542-10", "31337-32"]
BATCH = 500  # mails per run of our program
SHOWN = 20
COMPOSED = 4000
STARTS = [b"", b"From: x\nSubject: y\n", b"From: x\nContent-Id: <b\n",
          b"Content-Type: text/html\n", b"Content-Type: multipart/mixed; boundary=\"b\"\n",
          b"Content-Type: multipart/mixed;\n boundary=c\n",
          b"Content-Transfer-Encoding: base64\n",
          b"Content-Transfer-Encoding: quoted-printable\n"]
PIECES = [b"\n", b"\n\n", b"\r\n", b"\r", b" ", b"\t", b"\0", b"\v", b"\xe9", b"0", b"=", b"@",
          b":", b".", b"Content-Type: text/html", b"Content-Type: text/plain; charset=x",
          b"Content: y", b"Content-Type: multipart/mixed; boundary=\"c\"", b"X-Razor2-X: y",
          b"Content-X: \"y", b"--b", b"\n--b\n", b"\n--b--", b"\n--c\n", b"\n--c--\n",
          b"content-transfer-encoding: BASE64", b"Content-Transfer-Encoding: quoted-printable",
          b"SGVsbG8gd29ybGQ=", b"SGVsbG8gd29ybGQhIQ", b"=3D=\n", b"=41=", b"=\r\n", b"=4=\n1",
          b"<html>", b"<", b"<b", b">", b"<a href=\"http://www.foo.com/x\">", b"</ xml>", b"<! p>",
          b"<A HREF=http://x.y.co.uk>", b"http://a@b.net/", b"https:/q.edu.au", b"http://",
          b"http://1.2.3.4/", b"http://%41.org", b"http://&#109;j.biz/", b"www.foo.de",
          b" www.bar.com ", b"href = ", b"http://x=y.com:80/", b"http://a.sf.ca.us",
          b"http://x.lkd.co.im", b"http://a.b.kr", b"&nbsp;", b"&eacute", b"&ampx", b"<!-- ",
          b"-->", b"'", b"\"", b"hello world, this is text", b"a" * 30,
          b"a line of some text that is so long that two stretches of it count\n" * 9]


def compose(directory):
    """Writes mails from random pieces; their paths."""
    choose, paths = random.Random(COMPOSED), []
    os.makedirs(os.path.join(directory, "composed"))
    for number in range(COMPOSED):
        pieces = choose.choices(PIECES, k=choose.randint(1, choose.choice([3, 8, 20, 40])))
        paths.append(os.path.join(directory, "composed", f"{number:05}"))
        with open(paths[-1], "wb") as out:
            out.write(choose.choice(STARTS) + choose.choice([b"", b"\n"]) + b"".join(pieces))
    return paths


def agents(files, ep4):
    """Lines by mail, from Razor's agents."""
    out = subprocess.run(["perl", os.path.join(HERE, "razor.pl"), ep4], check=True,
                         input="".join(f"{f}\n" for f in files).encode(), stdout=subprocess.PIPE)
    return by_mail(out.stdout)


def ours(program, files, ep4):
    """The same from our program."""
    lines = b""
    for start in range(0, len(files), BATCH):
        command = [program, "--ep4", ep4, *files[start:start + BATCH]]
        lines += subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return by_mail(lines)


def by_mail(output):
    """Path to signatures; a mail without any is there, too."""
    found = {}
    for line in output.decode().splitlines():
        path, *signature = line.rsplit(" ", 3) if not line.endswith(" .") else [line[:-2]]
        found.setdefault(path, []).extend([" ".join(signature)] if signature else [])
    return found


def main():
    """Compares all mails."""
    program = sys.argv[1]
    if subprocess.run(["perl", "-MRazor2::Client::Agent", "-e1"], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        skip("the package razor is not installed")
    wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        files = [f for name in COLLECTIONS for f in unpack(name, directory)]
        files += compose(directory)
        for ep4 in EP4:
            theirs, got = agents(files, ep4), ours(program, files, ep4)
            bad = [f for f in files if theirs[f] != got.get(f)]
            for name in bad[:SHOWN]:
                print(f"{os.path.relpath(name, directory)}: Razor {theirs[name]}, "
                      f"ours {got.get(name)}")
            wrong += len(bad)
            print(f"ep4 {ep4}: {len(files)} mails, {sum(map(len, theirs.values()))} signatures, "
                  f"{len(bad)} mails differ")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
