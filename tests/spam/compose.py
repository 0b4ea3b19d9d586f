#!/usr/bin/python3
"""Writes mails for rules that no mail of the collections hits, and asks SpamAssassin about them.

    compose.py SPAM_RULES [--rounds N] [--tries N] [--seed N] [--only RULE]... [--add MAIL]...

From each rule's pattern come texts that it might match, and from a meta what must hit for it; they
are put into mails, our engine shows quickly which are worth keeping, and SpamAssassin says what
they hit. A few for each rule that ours sees nowhere go to SpamAssassin too: it may. New mails are
added to answers/coverage.json.xz: see compare_coverage.py. So are the files after --add, as far as
they hit something that is missing: mails written by hand. Run by hand; the mails stay as they are
when SpamAssassin is asked anew.
"""
import argparse
import ast
import glob
import os
import random
import re
import zlib

from corpora import RULES, need_spamassassin
from coverage import ask, corpus_hits, is_active, kept_mails, local_rules, our_hits, write_kept
from drafts import Draft
from oracle import environment
from sampler import Sampler

BATCH = 4000
ASKED_ANYWAY = 3  # mails for each rule


def expressions(rules):
    """Metas as trees. SpamAssassin keeps no text of them, so that of the files is taken whose names
    are those it has kept."""
    found = {}
    for path in sorted(glob.glob(os.path.join(RULES, "*.cf"))):
        with open(path, encoding="latin-1") as lines:
            for line in lines:
                words = line.split("#")[0].split(None, 2)
                if len(words) != 3 or words[0] != "meta" or words[1] not in rules:
                    continue
                text = re.sub(r"!(?!=)", "~", words[2]).replace("&&", " and ")
                names = sorted(set(re.findall(r"\b[A-Za-z_]\w*", words[2])))
                if names == rules[words[1]].get("needs"):
                    text = text.replace("||", " or ").strip()
                    found[words[1]] = ast.parse(text, mode="eval").body
    return found


class Solver:
    """What must hit, and what must not, for a meta to be true: a random choice of the ways."""

    def __init__(self, trees, rules, rng):
        self.trees, self.rules, self.rng = trees, rules, rng

    def want(self, name, out, depth=0):
        if depth < 12 and name in self.trees:
            self.true(self.trees[name], out, depth + 1)
        else:
            out.append(name)

    def true(self, t, out, depth):
        rng = self.rng
        if isinstance(t, ast.Name):
            self.want(t.id, out, depth)
        elif isinstance(t, ast.BoolOp) and isinstance(t.op, ast.And):
            for value in t.values:
                self.true(value, out, depth)
        elif isinstance(t, ast.BoolOp):
            self.true(rng.choice(t.values), out, depth)
        elif isinstance(t, ast.BinOp) and isinstance(t.op, ast.Mult):
            self.true(t.left, out, depth)
            self.true(t.right, out, depth)
        elif isinstance(t, ast.BinOp):
            self.true(rng.choice(self.terms(t)), out, depth)
        elif isinstance(t, ast.UnaryOp):
            self.false(t.operand, out, depth)
        elif isinstance(t, ast.Compare):
            self.compare(t, out, depth)

    def false(self, t, out, depth):
        """Nothing is put in; only a negation within asks for something."""
        if isinstance(t, ast.UnaryOp):
            self.true(t.operand, out, depth)
        elif isinstance(t, ast.BoolOp) and isinstance(t.op, ast.Or):
            for value in t.values:
                self.false(value, out, depth)

    def terms(self, t):
        if isinstance(t, ast.BinOp) and isinstance(t.op, ast.Add):
            return self.terms(t.left) + self.terms(t.right)
        return [t]

    def compare(self, t, out, depth):
        operator = t.ops[0]
        number = getattr(t.comparators[0], "value", 0)
        number = number if isinstance(number, (int, float)) else 0
        if isinstance(operator, (ast.Lt, ast.LtE)):
            return
        terms = self.terms(t.left)
        count = int(number) + isinstance(operator, ast.Gt)
        chosen = self.rng.sample(terms, min(count, len(terms)))
        while len(chosen) < count:
            chosen.append(self.rng.choice(terms))
        for term in chosen:
            self.true(term, out, depth)


class Composer:
    """Drafts for rules."""

    def __init__(self, rules):
        self.rules, self.trees = rules, expressions(rules)
        self.samplers, self.proven = {}, {}

    def sample(self, name, rng):
        if name in self.proven and rng.random() < 0.8:
            return rng.choice(self.proven[name])
        pattern = self.rules[name].get("pattern")
        if not pattern:
            return ""
        if name not in self.samplers:
            # Of the addresses that patterns are filled in with, the mails here have this one.
            pattern = pattern.replace(r"%\{GB_TO_ADDR\}", r"bob@example\.org")
            self.samplers[name] = Sampler(pattern)
        return self.samplers[name].text(rng)

    def prove(self, program, tries):
        """Finds texts that do match, for metas need many at once."""
        names = [n for n, r in self.rules.items() if r.get("pattern") and is_active(r)]
        texts = {}
        for name in names:
            rng = random.Random(zlib.crc32(name.encode()))
            texts[name] = [self.sample(name, rng) for _ in range(tries)]
        mails = []
        for name in names:
            for i, text in enumerate(texts[name]):
                draft = Draft(random.Random(i))
                draft.require(self.rules[name], text)
                mails.append((name, text, draft.text()))
        for start in range(0, len(mails), BATCH):
            batch = mails[start:start + BATCH]
            hits = our_hits(program, [m for _, _, m in batch])
            for (name, text, _), hit in zip(batch, hits, strict=True):
                if name in hit:
                    self.proven.setdefault(name, []).append(text)

    def mail(self, name, seed):
        """One try; the same for the same seed."""
        rng = random.Random(zlib.crc32(f"{name} {seed}".encode()))
        wanted, draft = [], Draft(rng)
        Solver(self.trees, self.rules, rng).want(name, wanted)
        for leaf in wanted:
            rule = self.rules.get(leaf)
            if not rule:
                continue
            draft.require(rule, self.sample(leaf, rng))
        return draft.text()


def tried(composer, names, seeds):
    """(rule, mail) for each rule and seed, without those that come out the same."""
    seen = set()
    for seed in seeds:
        for name in names:
            text = composer.mail(name, seed)
            if text not in seen:
                seen.add(text)
                yield name, text


def read(path):
    """The octets of a file as characters."""
    with open(path, encoding="latin-1", newline="") as mail:
        return mail.read()


def keep_useful(program, tries, missing):
    """Mails that hit rules that are still missing, each at least one more than those before."""
    kept, missing = [], set(missing)
    for start in range(0, len(tries), BATCH):
        batch = [text for _, text in tries[start:start + BATCH]]
        for text, hits in zip(batch, our_hits(program, batch), strict=True):
            new = missing & set(hits)
            if new:
                kept.append(text)
                missing -= new
    return kept, missing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tries", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append")
    parser.add_argument("--add", action="append", default=[])
    args = parser.parse_args()
    need_spamassassin()
    rules = local_rules()
    kept = kept_mails()
    covered = corpus_hits() | {r for k in kept for r in k["all"]}
    missing = {n for n, r in rules.items() if is_active(r)} - covered
    print(f"{len(missing)} rules are not hit yet")
    found, missing = keep_useful(args.program, [(p, read(p)) for p in args.add], missing)
    composer = Composer(rules)
    composer.prove(args.program, 6)
    print(f"{len(composer.proven)} patterns have texts that match")
    for turn in range(args.rounds):
        names = sorted(set(args.only or missing) & missing)
        first = args.seed + turn * args.tries
        tries = list(tried(composer, names, range(first, first + args.tries)))
        new, missing = keep_useful(args.program, tries, missing)
        found += new
        print(f"round {turn}: {len(tries)} mails, {len(new)} kept, {len(missing)} missing",
              flush=True)
    doubtful = [text for _, text in tried(composer, sorted(missing), range(ASKED_ANYWAY))]
    answers = ask(found + doubtful)
    judged = answers[:len(found)] + [a for a in answers[len(found):] if missing & set(a["all"])]
    print(f"SpamAssassin alone sees {len(judged) - len(found)} mails hit what is missing")
    write_kept(environment(), kept + judged)
    print("\n".join(sorted(missing)))


if __name__ == "__main__":
    main()
