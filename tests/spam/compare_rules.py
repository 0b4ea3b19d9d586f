#!/usr/bin/python3
"""Holds the rules that hit a mail to those of SpamAssassin, rule type by rule type.

    compare_rules.py SPAM_RULES [-n MAILS] [-t TYPE] [--seed N] [--least PERCENT] [FILE...]

Runs the oracle of ../shared/tools (or $PMG_SHARED/tools) and our spam_rules program with the stock
rules over the same mails, by default a sample of the public corpora, and prints for each type how
many evaluations (rule x mail, with their counts) agree. Left out are rules that are disabled here,
and those whose pattern depends on the mail: SpamAssassin keeps the pattern of the first mail a
process sees. -t TYPE shows what differs. Without SpamAssassin or the corpora: status 77.
"""
import argparse
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

from compare_render import sample
from corpora import need_spamassassin


def lines(command, **kw):
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                         **kw)
    return [json.loads(line) for line in out.stdout.decode("ascii").splitlines()]


def oracle(files):
    listed = "\n".join(files).encode()
    return lines(["perl", need_spamassassin(), "--subtests", "--list", "-"], input=listed)


def comparable(listed):
    """Rules by name, without those that cannot be compared and whatever looks at them."""
    rules = {o["rule"]: o for o in listed if o["type"] != "none"}
    out = {name for name, r in rules.items() if r["state"] == "disabled" or r["template"]}
    while True:
        more = {name for name, r in rules.items() if name not in out and out & set(r["needs"])}
        if not more:
            return {name: r for name, r in rules.items() if name not in out}
        out |= more


def hits(mail):
    """Name to number of hits."""
    found = {name: 1 for name in mail.get("hits", {})}
    found.update(mail.get("multi", {}))
    found.update(mail.get("subtests", {}))
    return found


def compare(rules, theirs, ours):
    total = collections.Counter()
    hit = collections.Counter()
    wrong = collections.Counter()
    by_rule = collections.defaultdict(list)
    for sa in theirs:
        a, b = hits(sa), hits(ours[sa["file"]])
        for name, rule in rules.items():
            total[rule["type"]] += 1
            hit[rule["type"]] += name in a
            if a.get(name, 0) != b.get(name, 0):
                wrong[rule["type"]] += 1
                by_rule[name].append((sa["file"], a.get(name, 0), b.get(name, 0)))
    return total, hit, wrong, by_rule


def same_score(rules, theirs, ours):
    """Mails whose comparable rules add up to the same."""
    def score(mail):
        counts = hits(mail)
        return round(sum(counts[n] * s for n, s in mail.get("hits", {}).items() if n in rules), 3)
    return sum(score(sa) == score(ours[sa["file"]]) for sa in theirs)


def report(rules, theirs, ours, args):
    total, hit, wrong, by_rule = compare(rules, theirs, ours)
    for kind in sorted(total):
        print(f"{kind}: {total[kind]} evaluations, {hit[kind]} hits, {wrong[kind]} differ "
              f"({100 * (1 - wrong[kind] / total[kind]):.4f} % agree)")
    print(f"score of the rules compared: {same_score(rules, theirs, ours)} of {len(theirs)} mails")
    for name, found in sorted(by_rule.items(), key=lambda x: -len(x[1])):
        if rules[name]["type"] in args.type:
            path, a, b = found[0]
            print(f"  {name}: {len(found)} mails; in {path} SA {a}, ours {b}")
    agree = 100 * (1 - sum(wrong.values()) / max(1, sum(total.values())))
    print(f"{agree:.4f} % of {sum(total.values())} evaluations agree")
    return 0 if agree >= args.least else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("-n", type=int, default=100)
    parser.add_argument("-t", "--type", action="append", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=float, default=0, help="status 1 if fewer percent agree")
    parser.add_argument("--cache", help="keep mails and the oracle's answers in this directory")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    need_spamassassin()
    with tempfile.TemporaryDirectory() as fresh:
        directory = args.cache or fresh
        answers = os.path.join(directory, "oracle-rules.json")
        if os.path.exists(answers):
            with open(answers) as f:
                theirs = json.load(f)
        else:
            os.makedirs(directory, exist_ok=True)
            theirs = oracle(args.files or sample(directory, args.n, args.seed))
            with open(answers, "w") as f:
                json.dump(theirs, f)
        theirs = [o for o in theirs if "error" not in o]
        found = lines([args.program, "--list"] + [o["file"] for o in theirs])
    rules = comparable([o for o in found if "rule" in o])
    return report(rules, theirs, {o["file"]: o for o in found if "file" in o}, args)


if __name__ == "__main__":
    sys.exit(main())
