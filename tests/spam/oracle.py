#!/usr/bin/python3
"""Asks SpamAssassin about all mails of the collections and keeps its answers: `make oracle`.

    oracle.py [SITE]...

Each directory of sites/ is a set of plugins. Its answers go to answers/SITE.json.xz, where
compare_answers.py finds them: a first line about the SpamAssassin that was asked, then a line for
each mail with its score, the rules that hit, and the subrules as numbers of the list in the first
line. Half an hour for each site. Without SITE the mails of answers/coverage.json.xz are asked about
too; compose.py writes them.
"""
import collections
import json
import lzma
import os
import subprocess
import sys
import tempfile

import coverage
from corpora import HERE, RULES, json_lines, need_spamassassin, skip, unpack

COLLECTIONS = ["mail-spamassassin-public", "mime-torture"]
SITES = ["stock", "gateway"]
# What decides answers besides the package (spam-oracle.md 1).
MODULES = {"Email::Address::XS": True, "Encode::Detect": False, "Net::LibIDN": False,
           "Net::LibIDN2": False}
PACKAGES = ["spamassassin", "perl", "libhtml-parser-perl", "libemail-address-xs-perl"]


def environment():
    """What the answers depend on; refuses one that would give others."""
    for module, wanted in MODULES.items():
        status = subprocess.run(["perl", f"-M{module}", "-e1"], stderr=subprocess.DEVNULL,
                                check=False).returncode
        if (status == 0) != wanted:
            skip(f"Perl's {module} must be {'there' if wanted else 'absent'}")
    if os.path.isdir("/var/lib/spamassassin/4.000001"):
        skip("sa-update has been run here, so the rules are not those of the package")
    listed = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES],
                            stdout=subprocess.PIPE, check=True).stdout.decode()
    return {"packages": listed.splitlines(), "modules": MODULES, "rules": RULES}


def ask(site, directory, files):
    """One record per mail, file names relative to the collections."""
    command = ["perl", need_spamassassin(), "--subtests", "--rules", RULES,
               "--site", os.path.join(HERE, "sites", site), "--list", "-"]
    done = 0
    for answer in json_lines(command, files):
        done += 1
        if done % 500 == 0:
            print(f"{site}: {done} of {len(files)}", flush=True)
        yield {"file": os.path.relpath(answer["file"], directory), "score": answer["score"],
               "hits": answer["hits"], "multi": answer.get("multi", {}),
               "subtests": answer["subtests"]}


def write(path, about, answers):
    """Subrules are many and the same again and again: numbers of a list, most frequent first."""
    seen = collections.Counter(n for a in answers for n in a["subtests"])
    names = [name for name, _ in seen.most_common()]
    number = {name: i for i, name in enumerate(names)}
    with lzma.open(path, "wt", encoding="ascii", preset=9) as out:
        print(json.dumps({**about, "subtests": names}, separators=(",", ":")), file=out)
        for a in answers:
            a["subtests"] = [[number[n], c] if c > 1 else number[n]
                             for n, c in sorted(a["subtests"].items(), key=lambda x: number[x[0]])]
            print(json.dumps(a, separators=(",", ":"), sort_keys=True), file=out)


def main():
    """Asks for all sites, or for those named."""
    about = environment()
    with tempfile.TemporaryDirectory() as directory:
        files = [f for name in COLLECTIONS for f in unpack(name, directory)]
        for site in sys.argv[1:] or SITES:
            answers = list(ask(site, directory, files))
            write(os.path.join(HERE, "answers", f"{site}.json.xz"), about, answers)
    if not sys.argv[1:]:
        coverage.write_kept(about, coverage.ask([k["mail"] for k in coverage.kept_mails()]))


if __name__ == "__main__":
    main()
