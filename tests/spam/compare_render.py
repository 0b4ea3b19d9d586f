#!/usr/bin/python3
"""Holds the views that spam rules are matched against to those of SpamAssassin, view by view.

    compare_render.py SPAM_VIEWS [-n MAILS] [-v VIEW] [--seed N] [FILE...]

Runs the oracle of ../shared/tools (or $PMG_SHARED/tools) and our spam_views program over the same
mails, by default a sample of the public corpora, and prints for each view how many mails agree.
-v VIEW shows the first differences of one view. Without SpamAssassin or the corpora: status 77.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

from corpora import NOT_MAIL, RULES, need_spamassassin, shared, skip

CORPORA = ["mail-spamassassin-public", "mime-torture", "mail-bounces"]
VIEWS = ["parts", "flags", "body", "visible", "invisible", "rawbody", "uris", "uri_detail",
         "relays", "headers", "html"]
UNUSED = ("script", "backhair_count")  # results that no stock rule asks for


def sample(directory, count, seed):
    """The same mails for the same numbers: half of them from the large corpus."""
    chosen = []
    for i, name in enumerate(CORPORA):
        archive = os.path.join(shared(), "data", name + ".tar.zst")
        if not os.path.exists(archive):
            skip(f"{archive} is absent")
        subprocess.run(["tar", "--zstd", "-xf", archive, "-C", directory], check=True)
        files = []
        for root, _, names in os.walk(directory):
            files += [os.path.join(root, n) for n in names if not n.endswith(NOT_MAIL)]
        files = sorted(f for f in files if os.path.getsize(f) > 0 and f not in chosen)
        share = count // 2 if i == 0 else count // 4
        chosen += random.Random(seed).sample(files, min(share, len(files)))
        for f in files:
            if f not in chosen:
                os.unlink(f)
    return sorted(chosen)


def run(command, **kw):
    """One JSON object per line; by file."""
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                         **kw)
    objects = [json.loads(line) for line in out.stdout.decode("ascii").splitlines()]
    return {o["file"]: o for o in objects}


def configuration(directory):
    """Tables and redirectors of the stock rules, no rules: they take time and change nothing."""
    rules = os.path.join(directory, "rules")
    site = os.path.join(directory, "site")
    os.makedirs(rules)
    os.makedirs(site)
    keep = ("util_rb_", "clear_util_rb", "redirector_pattern")
    with open(os.path.join(rules, "tables.cf"), "w") as out:
        for name in sorted(os.listdir(RULES)):
            if name.endswith(".cf"):
                with open(os.path.join(RULES, name), encoding="latin-1") as f:
                    out.writelines(line for line in f if line.startswith(keep))
        out.write("header ONE exists:Subject\n")
    with open(os.path.join(site, "one.pre"), "w") as f:
        f.write("loadplugin Mail::SpamAssassin::Plugin::Check\n")
    return ["--rules", rules, "--site", site]


def oracle(files):
    listed = "\n".join(files).encode()
    with tempfile.TemporaryDirectory() as directory:
        command = ["perl", need_spamassassin(), "--render", "--no-warmup", "--list", "-"]
        found = run(command + configuration(directory), input=listed)
    return {name: o.get("render", {}) for name, o in found.items()}


def same_figures(theirs, ours):
    """Results of one HTML part: Perl's numbers come as text, and what is not set as null."""
    theirs = {k: v for k, v in theirs.items() if v is not None and k not in UNUSED}
    for key in set(theirs) | set(ours):
        a, b = theirs.get(key), ours.get(key)
        if isinstance(b, (int, float)) and a is not None:
            a, b = round(float(a), 8), round(b, 8)
        if isinstance(b, dict) and isinstance(a, dict):
            a = {k: int(v) for k, v in a.items()}
        if a != b:
            return False
    return True


def uri_summary(uri):
    marks = ("nocanon", "noclean")  # say how a URI was entered, not where it was found
    return (sorted(t for t in uri["types"] if t not in marks), sorted(uri["cleaned"]),
            uri["hosts"], sorted(uri["anchor_text"]))


def same(view, theirs, ours):
    if view == "html":
        theirs = [t for t in theirs or [] if t]  # of an empty part there are none
        return len(theirs) == len(ours) and all(map(same_figures, theirs, ours))
    if view == "uris":
        theirs, ours = sorted(theirs or []), sorted(ours)
    if view == "uri_detail":
        theirs = {k: uri_summary(v) for k, v in (theirs or {}).items()}
        ours = {k: uri_summary(v) for k, v in ours.items()}
    if view == "headers":
        ours = {k: v for k, v in ours.items() if k}
        theirs = theirs or {}
    if view == "flags" and theirs is None:
        theirs = type(ours)()
    return theirs == ours


def show(name, view, theirs, ours):
    print(f"--- {name} {view}")
    if view != "uris" and isinstance(theirs, list) and isinstance(ours, list):
        for i in range(max(len(theirs), len(ours))):
            a = theirs[i] if i < len(theirs) else None
            b = ours[i] if i < len(ours) else None
            if a != b:
                at = next((k for k in range(min(len(a or ""), len(b or ""))) if a[k] != b[k]),
                          0) if isinstance(a, str) and isinstance(b, str) else 0
                cut = slice(max(0, at - 60), at + 100) if at else slice(0, 200)
                print(f"  [{i}] SA   {a[cut] if isinstance(a, str) else a!r}")
                print(f"  [{i}] ours {b[cut] if isinstance(b, str) else b!r}")
                return
    if view == "uris":
        print(f"  SA only   {sorted(set(theirs) - set(ours))}")
        print(f"  ours only {sorted(set(ours) - set(theirs))}")
        return
    if view == "uri_detail":
        theirs = {k: uri_summary(v) for k, v in (theirs or {}).items()}
        ours = {k: uri_summary(v) for k, v in ours.items()}
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted(set(theirs) | set(ours)):
            if theirs.get(key) != ours.get(key):
                print(f"  {key}: SA   {json.dumps(theirs.get(key))[:600]}")
                print(f"  {key}: ours {json.dumps(ours.get(key))[:600]}")
        return
    print(f"  SA   {theirs!r}")
    print(f"  ours {ours!r}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("-n", type=int, default=300)
    parser.add_argument("-v", "--view", action="append", default=[])
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", help="keep mails and the oracle's answers in this directory")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    need_spamassassin()
    with tempfile.TemporaryDirectory() as fresh:
        directory = args.cache or fresh
        answers = os.path.join(directory, "oracle.json")
        if args.cache and os.path.exists(answers):
            with open(answers) as f:
                theirs = json.load(f)
            files = sorted(theirs)
        else:
            os.makedirs(directory, exist_ok=True)
            files = args.files or sample(directory, args.n, args.seed)
            theirs = oracle(files)
            if args.cache:
                with open(answers, "w") as f:
                    json.dump(theirs, f)
        ours = run([args.program, RULES] + files)
    return report(files, theirs, ours, args)


def report(files, theirs, ours, args):
    shown = 0
    for view in VIEWS:
        both = [f for f in files if f in ours and view in ours[f]]
        if not both:
            continue
        bad = [f for f in both if not same(view, theirs[f].get(view), ours[f][view])]
        print(f"{view}: {len(both) - len(bad)} of {len(both)} agree "
              f"({100 * (len(both) - len(bad)) / len(both):.1f} %)")
        for f in bad if view in args.view else []:
            if shown < args.show:
                show(f, view, theirs[f].get(view), ours[f][view])
                shown += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
