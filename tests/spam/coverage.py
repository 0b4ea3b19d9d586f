"""Which rules of the stock set the tests hit: the rules, the kept mails, and who hits what."""
import json
import lzma
import os
import subprocess
import tempfile

from compare_answers import kept_answers
from corpora import HERE, RULES, json_lines, need_spamassassin

SITE = os.path.join(HERE, "sites", "stock")
KEPT = os.path.join(HERE, "answers", "coverage.json.xz")


def local_rules():
    """What SpamAssassin runs without a network, by name."""
    command = ["perl", os.path.join(HERE, "rules.pl"), RULES, SITE]
    out = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode("ascii")
    return {r["name"]: r for r in map(json.loads, out.splitlines())}


def is_active(rule):
    """Does it run where there is no network?"""
    return rule["score"] != 0 and rule["type"] != "none"


def counts(answer):
    """Rules and subrules of an answer with how often they hit."""
    return {**{n: answer.get("multi", {}).get(n, 1) for n in answer["hits"]}, **answer["subtests"]}


def corpus_hits():
    """Every rule that a mail of the collections hits, as SpamAssassin says."""
    found = set()
    for answer in kept_answers("stock").values():
        found |= set(counts(answer))
    return found


def on_disk(directory, mails):
    """The mails as files, in order."""
    files = []
    for i, text in enumerate(mails):
        files.append(os.path.join(directory, f"{i:05}"))
        with open(files[-1], "wb") as out:
            out.write(text.encode("latin-1"))
    return files


def our_answers(program, mails):
    """What our engine says of each."""
    with tempfile.TemporaryDirectory() as directory:
        command = [program, "--rules", RULES, "--site", SITE, *on_disk(directory, mails)]
        out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             check=True).stdout.decode("ascii")
        return [json.loads(line) for line in out.splitlines()]


def our_hits(program, mails):
    """The same, without scores."""
    return [counts(a) for a in our_answers(program, mails)]


def ask(mails):
    """What SpamAssassin says of each: records to be kept."""
    with tempfile.TemporaryDirectory() as directory:
        files = on_disk(directory, mails)
        command = ["perl", need_spamassassin(), "--subtests", "--rules", RULES, "--site", SITE,
                   "--list", "-"]
        answers = json_lines(command, files)
        return [{"mail": text, "score": a["score"], "all": counts(a)}
                for text, a in zip(mails, answers, strict=True)]


def kept_lines():
    """The first line of answers/coverage.json.xz, and the records after it."""
    if not os.path.exists(KEPT):
        return {"active": []}, []
    with lzma.open(KEPT, "rt", encoding="ascii") as lines:
        about, *records = map(json.loads, lines)
    return about, records


def kept_mails():
    """The composed mails with SpamAssassin's answers."""
    return kept_lines()[1]


def active_rules():
    """The names of the rules that SpamAssassin runs without a network."""
    return kept_lines()[0]["active"]


def write_kept(about, records):
    """Keeps them, with the rules that there are now."""
    names = [name for name, rule in local_rules().items() if is_active(rule)]
    about = {**about, "active": names}
    with lzma.open(KEPT, "wt", encoding="ascii", preset=9) as out:
        for line in [about, *records]:
            print(json.dumps(line, separators=(",", ":"), sort_keys=True), file=out)
