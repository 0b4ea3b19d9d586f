#!/usr/bin/python3
"""Holds our Bayes classifier to SpamAssassin's.

    compare_bayes.py SPAM_BAYES verdicts [--least PERCENT]
    compare_bayes.py SPAM_BAYES tokens [-n MAILS] [--least PERCENT] [FILE...]
    compare_bayes.py SPAM_BAYES exchange

verdicts: what SpamAssassin has learnt from half of the public corpus is imported as text, the other
half is checked with it, and the BAYES_* rules are compared with its own (answers/bayes.json.xz,
made by oracle_bayes.py). tokens: the tokens of mails, and the names under which they are
remembered, against those that the installed SpamAssassin makes now. exchange: `sa-learn` restores
our export, and we import its backup; nothing may be lost on either way.
Without SpamAssassin (tokens, exchange), the corpus or the answers: status 77.
"""
import argparse
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
import tempfile

from compare_render import shared, skip
from oracle_bayes import ANSWERS, HERE, corpus

HEAD = "v\t3\tdb_version # this must be the first line!!!\n"
RANGES = {"00": (None, .01), "05": (.01, .05), "20": (.05, .2), "40": (.2, .4), "50": (.4, .6),
          "60": (.6, .8), "80": (.8, .95), "95": (.95, .99), "99": (.99, 1), "999": (.999, 1)}


def run(*command, **kw):
    return subprocess.run(list(command), check=True, stdout=subprocess.PIPE, **kw).stdout


def in_slices(files, command, cwd):
    """One JSON object per mail, by file; a command line takes only so many paths."""
    found = {}
    for i in range(0, len(files), 1000):
        for line in run(*command, *files[i:i + 1000], cwd=cwd).decode("ascii").splitlines():
            o = json.loads(line)
            found[o["file"]] = o
    return found


def backup_text(db):
    lines = [HEAD, f"v\t{db['num_spam']}\tnum_spam\n", f"v\t{db['num_nonspam']}\tnum_nonspam\n"]
    key = 0
    for step, spam, ham in zip(db["keys"], db["spam"], db["ham"]):
        key += step
        lines.append(f"t\t{spam}\t{ham}\t1000000000\t{key:010x}\n")
    return "".join(lines)


def rules_of(probability):
    if probability is None:
        return []
    return sorted("BAYES_" + name for name, (above, upto) in RANGES.items()
                  if (above is None or probability > above) and probability <= upto)


def percent(args, what, good, total):
    share = 100 * good / max(1, total)
    print(f"{what}: {good} of {total} agree ({share:.2f} %)")
    return 0 if share >= args.least else 1


def verdicts(args):
    if not os.path.exists(ANSWERS):
        skip(f"{ANSWERS} is absent")
    with lzma.open(ANSWERS, "rt") as f:
        answers = json.load(f)
    with tempfile.TemporaryDirectory() as directory:
        corpus(directory)
        store, text = os.path.join(directory, "store.mdb"), os.path.join(directory, "backup")
        with open(text, "w") as f:
            f.write(backup_text(answers["database"]))
        run(args.program, "import", store, text)
        ours = in_slices(sorted(answers["mails"]), [args.program, "scan", store], directory)
    good = near = 0
    for name, (probability, rules) in answers["mails"].items():
        mine = ours[name].get("bayes")
        good += rules_of(mine) == rules
        near += mine is not None and abs(mine - probability) < 1e-6
        if rules_of(mine) != rules:
            print(f"  {name}: SA {rules} {probability}, ours {mine}")
    print(f"probability within 0.000001: {near}")
    return percent(args, "BAYES_* rules", good, len(answers["mails"]))


def tokens(args):
    if not shutil.which("sa-learn"):
        skip("SpamAssassin is not installed")
    with tempfile.TemporaryDirectory() as directory:
        if args.files:
            files = [os.path.abspath(f) for f in args.files]
        else:
            files = sorted(random.Random(1).sample(sum(corpus(directory), []), args.n))
        out = run("perl", os.path.join(HERE, "bayes_tap.pl"), input="\n".join(files).encode(),
                  cwd=directory, stderr=subprocess.DEVNULL)
        theirs = [json.loads(line) for line in out.decode("ascii").splitlines()]
        ours = in_slices([o["file"] for o in theirs], [args.program, "tokens"], directory)
    good = same_id = 0
    for o in theirs:
        mine = ours[o["file"]]
        same_id += mine["seen"] == o["seen"]
        a, b = set(o["tokens"]), set(mine["tokens"])
        good += a == b
        if a != b:
            print(f"  {o['file']}: SA {sorted(a - b)[:8]}, ours {sorted(b - a)[:8]}")
    return percent(args, "names of mails", same_id, len(theirs)) | \
        percent(args, "sets of tokens", good, len(theirs))


def exchange(args):
    if not shutil.which("sa-learn"):
        skip("SpamAssassin is not installed")
    with tempfile.TemporaryDirectory() as directory:
        files = corpus(directory)[0][:40]
        store, text = os.path.join(directory, "store.mdb"), os.path.join(directory, "text")
        again = os.path.join(directory, "again.mdb")
        for kind in ["ham", "spam"]:
            chosen = [f for f in files if f"/{kind}/" in f] or files[:1]
            run(args.program, kind, store, *chosen, cwd=directory)
        ours = run(args.program, "export", store)
        with open(text, "wb") as f:
            f.write(ours)
        learner = ["sa-learn", "-L", "--dbpath", os.path.join(directory, "bayes"), "--prefspath",
                   os.path.join(directory, "prefs")]
        run(*learner, "--restore", text)
        theirs = run(*learner, "--backup")
        with open(text, "wb") as f:
            f.write(theirs)
        run(args.program, "import", again, text)
        back = run(args.program, "export", again)
    good = sorted(ours.splitlines()) == sorted(theirs.splitlines()) == sorted(back.splitlines())
    print(f"{len(ours.splitlines())} lines there and back: {'the same' if good else 'changed'}")
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("what", choices=["verdicts", "tokens", "exchange"])
    parser.add_argument("-n", type=int, default=300)
    parser.add_argument("--least", type=float, default=0, help="status 1 if fewer percent agree")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    args.program = os.path.abspath(args.program)
    if not os.path.exists(os.path.join(shared(), "data")):
        skip("../shared/data is absent")
    return {"verdicts": verdicts, "tokens": tokens, "exchange": exchange}[args.what](args)


if __name__ == "__main__":
    sys.exit(main())
