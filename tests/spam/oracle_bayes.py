#!/usr/bin/python3
"""Makes the answers that compare_bayes.py holds our Bayes classifier to: answers/bayes.json.xz.

    oracle_bayes.py [ANSWERS]

Every second mail of the public corpus (in order of their names) is learnt by the installed
SpamAssassin, and all others are checked with what it has learnt. The file has the whole content of
its database (keys as differences, without times) and the probability and BAYES_* rules of every
mail checked. A run takes some ten minutes. Without SpamAssassin or the corpus: status 77.
"""
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile

from compare_render import shared, skip

HERE = os.path.dirname(os.path.abspath(__file__))
ANSWERS = os.path.join(HERE, "answers", "bayes.json.xz")
ARCHIVE = "mail-spamassassin-public"
PACKAGES = ["spamassassin", "perl", "libdb5.3", "libemail-address-xs-perl",
            "libencode-detect-perl"]


def corpus(directory):
    """The mails' paths below `directory`, sorted: those to learn, those to check."""
    archive = os.path.join(shared(), "data", ARCHIVE + ".tar.zst")
    if not os.path.exists(archive):
        skip(f"{archive} is absent")
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", directory], check=True)
    files = []
    for root, _, names in os.walk(directory):
        files += [os.path.relpath(os.path.join(root, n), directory) for n in names]
    files = sorted(f for f in files if "/ham/" in f or "/spam/" in f)
    return files[1::2], files[0::2]


def learn(command, directory, files):
    for kind in ["ham", "spam"]:
        chosen = [f for f in files if f"/{kind}/" in f]
        with open(os.path.join(directory, "list"), "w") as f:
            f.writelines(os.path.join(directory, name) + "\n" for name in chosen)
        subprocess.run(command + ["--no-sync", "--" + kind, "-f", os.path.join(directory, "list")],
                       check=True, stdout=subprocess.DEVNULL)
    subprocess.run(command + ["--sync"], check=True)
    return subprocess.run(command + ["--backup"], check=True, stdout=subprocess.PIPE).stdout


def database(backup):
    """The text of `sa-learn --backup` as numbers that compress well."""
    rows = [line.split("\t") for line in backup.decode().splitlines()]
    totals = {r[2]: int(r[1]) for r in rows if r[0] == "v"}
    tokens = sorted((int(r[4], 16), int(r[1]), int(r[2])) for r in rows if r[0] == "t")
    keys = [t[0] for t in tokens]
    return {"num_spam": totals["num_spam"], "num_nonspam": totals["num_nonspam"],
            "keys": [b - a for a, b in zip([0] + keys, keys)],
            "spam": [t[1] for t in tokens], "ham": [t[2] for t in tokens]}


def check(directory, prefix, files):
    tool = os.path.join(shared(), "tools", "sa-oracle.pl")
    if not os.path.exists(tool):
        skip(f"{tool} is absent")
    listed = "\n".join(os.path.join(directory, f) for f in files).encode()
    out = subprocess.run(["perl", tool, "--bayes", prefix, "--only", "^BAYES_", "--no-summary",
                          "--list", "-"], input=listed, check=True, stdout=subprocess.PIPE).stdout
    mails = {}
    for line in out.decode("ascii").splitlines():
        o = json.loads(line)
        rules = sorted(h for h in o["hits"] if h.startswith("BAYES_"))
        mails[os.path.relpath(o["file"], directory)] = [o.get("bayes"), rules]
    return mails


def versions():
    found = {}
    for name in PACKAGES:
        out = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        found[name] = out.stdout or "absent"
    return found


def main():
    if not shutil.which("sa-learn"):
        skip("SpamAssassin is not installed")
    with tempfile.TemporaryDirectory() as directory:
        to_learn, to_check = corpus(directory)
        prefix = os.path.join(directory, "db", "bayes")
        os.mkdir(os.path.dirname(prefix))
        command = ["sa-learn", "-L", "--dbpath", prefix, "--cf", "bayes_auto_expire 0",
                   "--cf", "bayes_learn_to_journal 0",
                   "--prefspath", os.path.join(directory, "prefs")]
        backup = learn(command, directory, to_learn)
        answers = {"packages": versions(), "database": database(backup),
                   "mails": check(directory, prefix, to_check)}
    path = sys.argv[1] if len(sys.argv) > 1 else ANSWERS
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with lzma.open(path, "wt", preset=9 | lzma.PRESET_EXTREME) as f:
        json.dump(answers, f, separators=(",", ":"), sort_keys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
