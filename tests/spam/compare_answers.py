#!/usr/bin/python3
"""Holds rules and scores of our engine to the kept answers of SpamAssassin, mail by mail.

    compare_answers.py SPAM_RULES SITE [--show N] [--sample N] [--sets DIR] [--option WORD]...

Every mail of the collections that answers/SITE.json.xz knows is checked with the plugins of
sites/SITE, and must hit the same rules with the same score (to 0.001). A difference is named with
its reason in answers/differences.txt; one that is not named there fails, and so does a name there
without a difference. Without the collections or the rule files: status 77.

`make oracle` makes the answers. --sample takes every N-th mail; --sets has the patterns compiled in
sets, which are kept in DIR; --option goes to SPAM_RULES.
"""
import argparse
import collections
import json
import lzma
import os
import subprocess
import sys
import tempfile

from corpora import HERE, RULES, skip, unpack

LEAST = {"mail-spamassassin-public": 99.9, "mime-torture": 99.0}  # per cent of mails


def kept_answers(site):
    """The answers by file, subrules by name with their counts."""
    path = os.path.join(HERE, "answers", f"{site}.json.xz")
    answers = {}
    with lzma.open(path, "rt", encoding="ascii") as lines:
        names = json.loads(next(lines))["subtests"]
        for line in lines:
            a = json.loads(line)
            pairs = ((s if isinstance(s, list) else (s, 1)) for s in a["subtests"])
            a["subtests"] = {names[i]: count for i, count in pairs}
            answers[a["file"]] = a
    return answers


def explained(site):
    """Rules that differ, by the end of a file's name (`*`: of any), below a `# reason`."""
    found = {}
    with open(os.path.join(HERE, "answers", "differences.txt"), encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words and words[0] == site:
                found[words[1]] = set(words[2:])
    return found


def our_answers(program, site, directory, files, options):
    """What our engine says, by the same names."""
    command = [program, "--rules", RULES, "--site", os.path.join(HERE, "sites", site), *options,
               *(os.path.join(directory, f) for f in files)]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    answers = map(json.loads, out.stdout.decode("ascii").splitlines())
    return {os.path.relpath(a["file"], directory): a for a in answers}


def difference(theirs, ours):
    """Names of the rules that hit only here (+) or there (-), or how often; "score" by itself."""
    both = set(theirs["hits"]) | set(ours["hits"])
    names = [f"{'+' if n in ours['hits'] else '-'}{n}" for n in sorted(both)
             if (n in ours["hits"]) != (n in theirs["hits"])
             or ours["multi"].get(n, 1) != theirs["multi"].get(n, 1)]
    if not names and abs(theirs["score"] - ours["score"]) > 0.0011:
        names = ["score"]
    return names


def report(site, answers, ours, show):
    """Prints the agreement; the number of what must not be."""
    known = explained(site)
    per, wrong, rules = collections.Counter(), collections.Counter(), collections.Counter()
    bad = 0
    for name in sorted(ours):
        found = [r for r in difference(answers[name], ours[name])
                 if r not in known.get("*", ())]
        collection = name.split("/")[0]
        per[collection] += 1
        wrong[collection] += bool(found)
        rules.update(found)
        if set(found) == known.get("/".join(name.split("/")[-2:]), set()):
            continue
        bad += 1
        if bad <= show:
            print(f"{site} {name} {' '.join(found) or 'agrees, but is in differences.txt'}")
    for collection, n in sorted(per.items()):
        share = 100 * (n - wrong[collection]) / n
        print(f"{site}: {collection}: {n - wrong[collection]} of {n} mails agree ({share:.2f} %)")
        bad += share < LEAST[collection]
    for rule, n in rules.most_common(show):
        print(f"  {n} times {rule}")
    return bad


def main():
    """Compares one site."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("site")
    parser.add_argument("--show", type=int, default=20)
    parser.add_argument("--sample", type=int, default=1)
    parser.add_argument("--sets")
    parser.add_argument("--option", action="append", default=[])
    args = parser.parse_args()
    if args.sets:
        os.makedirs(args.sets, exist_ok=True)
        args.option += ["--sets", args.sets]
    if not os.path.isdir(RULES):
        skip("SpamAssassin's rule files are not installed")
    answers = kept_answers(args.site)
    with tempfile.TemporaryDirectory() as directory:
        for name in LEAST:
            unpack(name, directory)
        files = sorted(answers)[::args.sample]
        ours = our_answers(args.program, args.site, directory, files, args.option)
    bad = report(args.site, answers, ours, args.show)
    print(f"{args.site}: {len(ours)} mails, {bad} unexplained")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
