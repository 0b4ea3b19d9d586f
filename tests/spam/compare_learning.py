#!/usr/bin/python3
"""Holds what pmgspam learns from mails, and what it then says of others, to SpamAssassin.

    compare_learning.py PMGSPAM [-n MAILS] [--seed N] [--show N]

Both check the same mails in the same order, twice, with the auto-whitelist on and the Bayes
classifier empty at first; a mail that was spam the first time is ham the second. Rules, their
scores and whether a mail was learnt must be the same for each: the score set with Bayes is entered
on the way, and every mail pulls later ones of its sender. A mail that hits other rules without all
that is not used: it would pull in another way. Without
SpamAssassin or the corpora: status 77.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

from compare_render import sample
from corpora import HERE, RULES, json_lines, need_spamassassin

PLUGINS = ["loadplugin Mail::SpamAssassin::Plugin::AWL"]
CONF = ["report_safe 0", "fold_headers 0", "bayes_auto_learn_threshold_spam 6",
        "bayes_auto_learn_threshold_nonspam 1", "bayes_min_spam_num 2", "bayes_min_ham_num 2",
        "add_header all Learning score=_SCORE_ learnt=_AUTOLEARN_ tests=_TESTSSCORES_"]
# Half of the mails are made spam, with points of both kinds; what is left to Bayes are their words.
CONF += ["header LT_HEADER X-Learning =~ /./", "score LT_HEADER 4",
         "header LT_BODY X-Learning =~ /./", "score LT_BODY 4 4 5 5",
         "tflags LT_BODY autolearn_body"]
OFF = ["use_auto_welcomelist 0", "bayes_auto_learn 0"]


def ours(program, site, conf, path):
    """What pmgspam says of one mail."""
    lines = [f"--cf={line}" for line in conf]
    out = subprocess.run([program, "-L", "-C", RULES, "--siteconfigpath", site, *lines, path],
                         stdout=subprocess.PIPE, check=True).stdout
    return re.search(rb"(?m)^X-Spam-Learning: (.*?)\r?$", out)[1].decode("ascii")


def theirs(site, state, conf, files):
    """What SpamAssassin says of all of them, one after the other."""
    os.makedirs(state, exist_ok=True)
    perl = ["perl", os.path.join(HERE, "learning.pl"), site, state, "\n".join(conf)]
    return [answer["said"] for answer in json_lines(perl, files)]


def site_with_awl(directory):
    """The stock site with one more plugin."""
    stock, site = os.path.join(HERE, "sites", "stock"), os.path.join(directory, "site")
    os.makedirs(site)
    for name in os.listdir(stock):
        os.symlink(os.path.join(stock, name), os.path.join(site, name))
    with open(os.path.join(site, "zz-awl.pre"), "w", encoding="ascii") as pre:
        pre.write("\n".join(PLUGINS) + "\n")
    return site


def versions(directory, files):
    """Every mail as spam and as ham, in turns."""
    made = []
    for turn in range(2):
        for i, path in enumerate(files):
            with open(path, "rb") as mail:
                text = mail.read()
            if (i + turn) % 2:
                start = text.index(b"\n") + 1 if text.startswith(b"From ") else 0
                text = text[:start] + b"X-Learning: yes\n" + text[start:]
            made.append(os.path.join(directory, f"mail-{turn}-{i}"))
            with open(made[-1], "wb") as mail:
                mail.write(text)
    return made


def main():
    """Compares mail by mail."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("-n", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=3)
    args = parser.parse_args()
    need_spamassassin()
    bad, said = 0, []
    with tempfile.TemporaryDirectory() as directory:
        site = site_with_awl(directory)
        corpus = os.path.join(directory, "corpus")
        os.makedirs(corpus)
        files = sample(corpus, args.n, args.seed)
        plain = theirs(site, os.path.join(directory, "off"), [*CONF, *OFF], files)
        files = [f for f, want in zip(files, plain)
                 if ours(args.program, site, [*CONF, *OFF], f) == want]
        paths = [f"bayes_path {directory}/ours", f"auto_welcomelist_path {directory}/awl"]
        mails = versions(directory, files)
        for path, want in zip(mails, theirs(site, os.path.join(directory, "on"), CONF, mails)):
            mine = ours(args.program, site, CONF + paths, path)
            said.append(want)
            if mine == want:
                continue
            bad += 1
            if bad <= args.show:
                print(f"--- {path}\n{want}\n{mine}")
    counts = {word: sum(word in line for line in said)
              for word in ("AWL=", "BAYES_", "learnt=ham", "learnt=spam", "learnt=unavailable")}
    print(f"{len(said)} answers compared, {bad} differ; among them "
          + ", ".join(f"{n} with {word}" for word, n in counts.items()))
    sys.exit(bad > 0 or not all(counts.values()))


if __name__ == "__main__":
    main()
