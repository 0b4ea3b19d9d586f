#!/usr/bin/python3
"""Holds the functions of plugins that no rule of SpamAssassin's own calls to its answers.

    compare_plugins.py SPAM_RULES [FAMILY]...

plugin_cases.py has, for each family, lines of rules and mails made for them. SpamAssassin and our
engine check each mail with these rules alone and must hit the same ones, as often, with the same
score; each rule must hit some mail and miss another. Without SpamAssassin: status 77.
"""
import json
import os
import subprocess
import sys
import tempfile

from corpora import RULES, json_lines, need_spamassassin
from plugin_cases import FAMILIES

SHARED_FILES = ["20_aux_tlds.cf", "languages"]
PLUGIN = "Mail::SpamAssassin::Plugin::"


def site(directory, family):
    """The rule directory, the site directory and the mails of a family, on disk."""
    rules, here = os.path.join(directory, "rules"), os.path.join(directory, "site")
    os.makedirs(rules)
    os.makedirs(here)
    for name in SHARED_FILES:
        os.symlink(os.path.join(RULES, name), os.path.join(rules, name))
    with open(os.path.join(here, "plugins.pre"), "w", encoding="ascii") as pre:
        print("enable_compat welcomelist_blocklist", file=pre)
        for plugin in ["Check", *family.plugins]:
            print(f"loadplugin {PLUGIN}{plugin}", file=pre)
    with open(os.path.join(here, "local.cf"), "w", encoding="ascii") as conf:
        conf.write(family.rules)
    files = []
    for name, mail in family.mails.items():
        files.append(os.path.join(directory, name))
        with open(files[-1], "wb") as out:
            out.write(mail)
    return rules, here, files


def verdict(answer):
    """Rules with how often they hit, and the score."""
    hits = {rule: answer.get("multi", {}).get(rule, 1) for rule in answer["hits"]}
    return {**hits, "score": round(answer["score"], 3)}


def compare(program, name, family):
    """Prints what differs; the number of mails and rules that are wrong."""
    with tempfile.TemporaryDirectory() as directory:
        rules, here, files = site(directory, family)
        where = ["--rules", rules, "--site", here]
        oracle = ["perl", need_spamassassin(), "--subtests", *where, "--list", "-"]
        theirs = [verdict(a) for a in json_lines(oracle, files)]
        out = subprocess.run([program, *where, *files], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, check=True).stdout.decode("ascii")
        ours = [verdict(json.loads(line)) for line in out.splitlines()]
    bad = 0
    for mail, want, got in zip(family.mails, theirs, ours, strict=True):
        if want != got:
            bad += 1
            print(f"{name}/{mail}: SpamAssassin {want}, ours {got}")
    for rule in family.names():
        hits = sum(rule in answer for answer in theirs)
        if hits in (0, len(theirs)) and rule not in family.constant:
            bad += 1
            print(f"{name}: {rule} hits {hits} of {len(theirs)} mails, which shows little")
    print(f"{name}: {len(theirs)} mails, {len(family.names())} rules, {bad} wrong")
    return bad


def main():
    """Compares all families, or those named."""
    program, *names = sys.argv[1:]
    sys.exit(sum(compare(program, n, FAMILIES[n]) for n in names or FAMILIES) > 0)


if __name__ == "__main__":
    main()
