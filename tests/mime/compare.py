#!/usr/bin/python3
"""Holds our reading of real and malformed mails against Python's email and MIME-tools.

    compare.py MIME_FACTS [-n MAILS] [--show CLASS]

Every mail of the shared corpora (../shared/data or $PMG_SHARED/data), or MAILS of them: type, file
name and decoded content of each leaf. A difference must be of one of the classes below, or stand in
differences.txt with its reason; any other fails. Without the corpora or MIME-tools: status 77.

Mails that clients read differently have several readings of ours (lib/mime/readings.h), so what
another parser shows is looked for in all of them.
"""
import argparse
import collections
import json
import os
import random
import subprocess
import sys
import tempfile

import python_leaves

HERE = os.path.dirname(os.path.abspath(__file__))
CORPORA = ["mail-spamassassin-public", "mail-bounces", "mime-torture"]
# Beside the mails: notes, sources and expected structures.
NOT_MAIL = (".md", ".json", ".py", ".java", ".xml", ".out", ".yml", ".png", ".gif", ".jpg", ".ras",
            ".pbm", ".pgm", ".ppm", ".bmp", ".au", ".wav", ".aifc", ".sgi", ".tiff", ".doc", ".pdf",
            ".cfg", "LICENSE", "COPYING", ".sh", ".rb", ".pm", ".webp", ".exr", ".zip")
CLASSES = {
    "blanks": "same leaves; line ends (CRLF read as LF, the last one of a part) or blanks at the "
              "ends of quoted-printable lines are kept by one and dropped by the other",
    "reading": "all that it shows is among our readings of the mail",
    "type": "the same file under another type: multiparts without parts, invalid types, unknown "
            "encodings, message/partial",
    "8-bit name": "a name with bytes that are no ASCII, which the other shows as such or as '?'",
    "undecoded": "base64 of an impossible length, which Python then does not decode at all",
    "bare CR": "lines that end in bare CRs, in quoted-printable or base64; the other decodes them "
               "as one",
    "encoded": "a message or multipart in base64 or quoted-printable, which the other does not "
               "decode",
    "empty": "an empty leaf that only one of the two counts",
    "error": "the other parser fails or takes more than 20 seconds",
}


def skip(why):
    """Nothing to compare with."""
    print(f"skipped: {why}")
    sys.exit(77)


def mails(directory, count):
    """All mails of the corpora, or the same `count` of them each time, as paths below it."""
    shared = os.environ.get("PMG_SHARED") or os.path.join(HERE, "..", "..", "..", "shared")
    for name in CORPORA:
        archive = os.path.join(shared, "data", name + ".tar.zst")
        if not os.path.exists(archive):
            skip(f"{archive} is absent")
        subprocess.run(["tar", "--zstd", "-xf", archive, "-C", directory], check=True)
    found = []
    for root, _, names in os.walk(directory):
        found += [os.path.relpath(os.path.join(root, n), directory) for n in names
                  if not n.endswith(NOT_MAIL)]
    found.sort()
    return sorted(random.Random(1).sample(found, count)) if 0 < count < len(found) else found


def ask(command, files, directory):
    """What a program prints for the files: path -> object."""
    done = subprocess.run(command, input="".join(f + "\n" for f in files).encode(),
                          stdout=subprocess.PIPE, cwd=directory, check=False)
    if done.returncode == 77:
        skip("MIME-tools is not installed")
    if done.returncode:
        sys.exit(f"{command[0]}: {done.returncode}")
    return {o["file"]: o for o in map(json.loads, done.stdout.splitlines())}


def text(octets):
    """UTF-8 that was printed octet by octet."""
    return octets.encode("latin-1").decode("utf-8", "replace")


def ascii_only(name):
    """A name without what is no plain character."""
    name = name.replace("\\x", "").replace("?", "")
    return "".join(c for c in name if " " < c <= "~")


def explain_leaf(theirs, pool):
    """The class of one of their leaves, given all of ours; None if we have nothing like it."""
    name = theirs["name"].strip()
    same = [p for p in pool if theirs.get("loose") in (None, p["loose"])]
    named = [p for p in same if name == p["name"] or name in p["names"]]
    if any(p["type"] == theirs["type"] for p in named):
        return "reading"
    if named:
        return "type"
    if any(not name.isascii() or not p["name"].isascii() for p in same
           if ascii_only(name).startswith(ascii_only(p["name"])[:3])):
        return "8-bit name"
    if theirs.get("undecoded") and any(p["type"] == theirs["type"] for p in pool):
        return "undecoded"
    if any(p.get("how") == "bare CRs as line ends" for p in pool):
        return "bare CR"
    return "empty" if theirs.get("size") == 0 and not name else None


def explain(ours, leaves, error):
    """The classes that a mail's differences are of; empty: none; {None}: unexplained."""
    if error:
        return {"error"}
    tree = [p for p in ours["parts"] if "loose" in p]
    pairs = list(zip(tree, leaves))
    if len(tree) == len(leaves) and all(
            a["type"] == b["type"] and a["name"] == b["name"].strip() and
            b.get("loose", a["loose"]) == a["loose"] for a, b in pairs):
        exact = all(b.get("sha256", a["sha256"]) == a["sha256"] for a, b in pairs)
        return set() if exact else {"blanks"}
    found = {explain_leaf(b, tree + ours["readings"]) for b in leaves}
    if None in found and "encoded multipart or message" in ours["anomalies"]:
        found = found - {None} | {"encoded"}
    # That a leaf of theirs is among our readings explains only what is ambiguous.
    if found == {"reading"} and not ours["ambiguous"] and len(tree) != len(leaves):
        small = [p for p in tree if p["size"] == 0]
        return {"empty"} if len(tree) - len(small) <= len(leaves) else {None}
    return found - {"reading"} or {"reading"}


def exceptions():
    """differences.txt: (oracle, file) -> reason."""
    out, reason = {}, None
    with open(os.path.join(HERE, "differences.txt"), encoding="utf-8") as f:
        for line in f:
            if line.startswith("= "):
                reason = line[2:].strip()
            elif line.strip() and not line.startswith("#"):
                oracle, path = line.split()
                out[oracle, path] = reason
    return out


def show(path, oracle, ours, leaves, error):
    """One difference, in full."""
    print(f"{oracle} {path} [{ours['anomalies']}] {error}")
    for who, them in (("  ours  ", [p for p in ours["parts"] if "loose" in p]),
                      ("  again ", ours["readings"]), ("  theirs", leaves)):
        for p in them:
            print(who, p["type"], repr(p["name"]), p.get("size"), p.get("loose", "")[:8])


def report(oracle, ours, theirs, args):
    """Prints what there is; returns how many differences nobody has explained."""
    known, counts, bad = exceptions(), collections.Counter(), 0
    for path in sorted(ours):
        leaves, error = theirs[path]
        found = explain(ours[path], leaves, error)
        listed = (oracle, path) in known
        if None in found and not listed:
            bad += 1
        if None in found and not listed or args.show and args.show in found:
            show(path, oracle, ours[path], leaves, error)
        counts.update({"listed" if listed else "unexplained"} if None in found else
                      found or {"same"})
    print(f"{oracle}: {len(ours)} mails, {counts.pop('same', 0)} the same")
    for name, n in counts.most_common():
        print(f"  {n:5} {name}: {CLASSES.get(name, 'see differences.txt')}")
    return bad


def main():
    """Both parsers, one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mime_facts")
    parser.add_argument("-n", type=int, default=0, help="how many mails; 0: all")
    parser.add_argument("--show", help="print the differences of this class, too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        files = mails(directory, args.n)
        ours = ask([os.path.abspath(args.mime_facts), "-"], files, directory)
        for o in ours.values():
            for p in o["parts"] + o["readings"]:
                p["name"], p["names"] = text(p["name"]), list(map(text, p["names"]))
        perl = ask(["perl", os.path.join(HERE, "mimetools_facts.pl")], files, directory)
        theirs = {"python": {f: python_leaves.leaves(os.path.join(directory, f)) for f in files},
                  "mimetools": {f: (o["leaves"], o["error"]) for f, o in perl.items()}}
    bad = sum(report(oracle, ours, t, args) for oracle, t in theirs.items())
    print(f"{bad} unexplained differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
