#!/usr/bin/python3
"""Holds us to hitting, as SpamAssassin does, nearly all stock rules that need no network.

    compare_coverage.py SPAM_RULES [--show N]

answers/coverage.json.xz names the rules that SpamAssassin runs, and has mails that compose.py has
written for those that no mail of the collections hits, with its answers. Our engine checks these
mails, and as few mails of the collections as hit the rest. On each it must hit the same rules and
subrules, as often, with the same score. answers/uncovered.txt must name exactly the rules that no
mail hits: `never` where none could, `not yet` where one might. Of all rules but those that never
hit, 95 per cent must be hit. Without the collections or the rule files: status 77.
"""
import argparse
import os
import sys
import tempfile

from compare_answers import explained, kept_answers, our_answers
from corpora import HERE, RULES, skip, unpack
from coverage import active_rules, counts, kept_mails, on_disk

LEAST = 95.0  # per cent


def uncovered():
    """Rules by the word of their line, `never` or `not yet`."""
    found = {"never": set(), "not": set()}
    with open(os.path.join(HERE, "answers", "uncovered.txt"), encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words and words[0] in found:
                found[words[0]].update(words[1 + (words[0] == "not"):])
    return found["never"], found["not"]


def few_mails(answers, wanted):
    """Mails of the collections that hit all the wanted rules that any does: greedily chosen."""
    hits = {name: wanted & set(counts(a)) for name, a in answers.items()}
    left, chosen = set().union(*hits.values()), []
    while left:
        name = max(hits, key=lambda n: (len(hits[n] & left), n))
        chosen.append(name)
        left -= hits[name]
    return sorted(chosen)


def difference(want, score, ours):
    """Rules that hit more often (+) or less often (-) here; "score" by itself."""
    got = counts(ours)
    names = [f"{'+' if got.get(n, 0) > want.get(n, 0) else '-'}{n}"
             for n in sorted(set(want) | set(got)) if got.get(n, 0) != want.get(n, 0)]
    if not names and abs(score - ours["score"]) > 0.0011:
        names = ["score"]
    return names, set(got) & set(want)


def check(program):
    """What is wrong with the mails, as lines; the rules that were hit."""
    kept, answers = kept_mails(), kept_answers("stock")
    ours_already = {rule for k in kept for rule in k["all"]}
    chosen = few_mails(answers, set(active_rules()) - ours_already)
    known = explained("stock").get("*", set())
    wrong, hit = [], set()
    with tempfile.TemporaryDirectory() as directory:
        unpack("mail-spamassassin-public", directory)
        unpack("mime-torture", directory)
        composed = [os.path.relpath(f, directory)
                    for f in on_disk(directory, [k["mail"] for k in kept])]
        ours = our_answers(program, "stock", directory, composed + chosen, [])
    theirs = [(k["all"], k["score"]) for k in kept]
    theirs += [(counts(answers[name]), answers[name]["score"]) for name in chosen]
    for name, (want, score) in zip(composed + chosen, theirs, strict=True):
        names, both = difference(want, score, ours[name])
        hit |= both
        if set(names) - known:
            wrong.append(f"{name} {' '.join(names)}")
    print(f"{len(composed)} composed mails, {len(chosen)} of the collections")
    return wrong, hit


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--show", type=int, default=20)
    args = parser.parse_args()
    if not os.path.isdir(RULES):
        skip("SpamAssassin's rule files are not installed")
    never, not_yet = uncovered()
    rules = set(active_rules())
    wrong, hit = check(args.program)
    wrong += [f"{n} is not hit any more" for n in sorted(rules - hit - never - not_yet)]
    wrong += [f"{n} is hit, but is in uncovered.txt" for n in sorted((never | not_yet) & hit)]
    wrong += [f"{n} in uncovered.txt is no rule" for n in sorted((never | not_yet) - rules)]
    share = 100 * len(hit & rules) / len(rules - never)
    print(f"{len(hit & rules)} of {len(rules - never)} rules that can hit do ({share:.1f} %), "
          f"{len(never)} never can")
    if share < LEAST:
        wrong.append(f"less than {LEAST} % is too little")
    print("\n".join(wrong[:args.show]) + f"\n{len(wrong)} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
