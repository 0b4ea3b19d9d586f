#!/usr/bin/python3
"""Holds our signatures of mails to those of Razor's own agents.

    compare_razor.py SPAM_RAZOR

Every mail of the collections must have the same parts and the same signatures of both engines,
with the usual recipe for engine 4 and with another one. Without the collections or the agents:
status 77.
"""
import os
import subprocess
import sys
import tempfile

from corpora import HERE, skip, unpack

COLLECTIONS = ["mail-spamassassin-public", "mime-torture"]
EP4 = ["7542-10", "31337-32"]
BATCH = 500  # mails per run of our program
SHOWN = 20


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
