"""The spam engine's processor time: spam_scan.

    python3 tests/bench/spam.py spam_scan

500 mails of the public corpus, local tests only, stock rules, everything from bytes to verdict:
milliseconds of processor per mail of our engine, of SpamAssassin in one process (the oracle of
../shared/tools) and of the worker of Debian's rspamd, all without a network, and of our engine with
3,600 generated rules more, which is the size of the KAM rule set.
"""

import ctypes
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [f"{ROOT}/tests/bench", f"{ROOT}/tests/spam"]

from corpora import HERE, RULES, need_spamassassin, unpack     # noqa: E402 (the path must be set)

ENGINE = os.path.join(ROOT, os.environ.get("PMG_LAB_BUILD", "build/release"),
                      "tests/bench/spam_rules")
SETS = f"{ROOT}/build/bench-sets"
MAILS, PASSES, RSPAMD_PASSES = 500, 10, 3
CLONE_NEWNET = 0x40000000
TICK = os.sysconf("SC_CLK_TCK")

# What KAM adds to the stock rules, by type (spam-engine.md 1.1).
KAM = {"header": 1050, "body": 1113, "uri": 221, "rawbody": 70, "mimeheader": 39, "full": 4,
       "meta": 1082}
HEADERS = ["Subject", "From", "From:addr", "From:name", "X-Mailer", "Received", "To", "Reply-To",
           "Content-Type", "Message-ID"]


def sample(directory):
    """MAILS mails, evenly out of all."""
    found = unpack("mail-spamassassin-public", directory)
    return found[::max(1, len(found) // MAILS)][:MAILS]


def ours(site, files):
    """Milliseconds per mail; the sets are compiled if they are missing."""
    os.makedirs(SETS, exist_ok=True)
    command = [ENGINE, "--sets", SETS, "--rules", RULES, "--site", site, "--spare",
               "--repeat", str(PASSES), *files]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return float(re.search(rb"([\d.]+) ms CPU per mail", done.stderr)[1])


def oracle_seconds(site, files):
    """Processor time of one run."""
    done = subprocess.run(["perl", need_spamassassin(), "--rules", RULES, "--site", site,
                           "--list", "-"], input="\n".join(files).encode(), check=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    summary = json.loads(done.stderr.splitlines()[-1])
    return summary["cpu_user_s"] + summary["cpu_sys_s"]


def spamassassin(site, files):
    """Milliseconds per mail, without what the start takes."""
    start = oracle_seconds(site, files[:1])
    return 1000 * (oracle_seconds(site, files) - start) / (len(files) - 1)


def rspamd_ticks():
    """Clock ticks that rspamd's scanning workers have used."""
    used = 0
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as line:
                scans = b"rspamd: normal process" in line.read()
            with open(path.replace("cmdline", "stat"), encoding="utf-8") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        used += scans and int(fields[11]) + int(fields[12])
    return used


def rspamc(files):
    """Has them scanned by the worker's own port."""
    return subprocess.run(["rspamc", "-h", "127.0.0.1:11333", "-n", "1", "symbols", *files],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def rspamd(files):
    """Milliseconds per mail in its worker, after a first pass."""
    command = ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 60
            while rspamc(files[:1]).returncode and time.monotonic() < until:
                time.sleep(0.2)
            rspamc(files)
            before = rspamd_ticks()
            for _ in range(RSPAMD_PASSES):
                rspamc(files)
            used = rspamd_ticks() - before
        finally:
            process.terminate()
    assert used > 0, "rspamd has scanned nothing"
    return 1000 * used / TICK / RSPAMD_PASSES / len(files)


def offline():
    """No network but our own loopback, here and in what we start."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def words():
    """What the generated patterns are made of."""
    syllables = ["ba", "cor", "den", "fi", "gal", "hu", "ker", "lo", "min", "nor", "pra", "qui",
                 "ras", "sto", "tel", "van", "wex", "zu"]
    dice = random.Random(1)
    return ["".join(dice.choices(syllables, k=dice.randint(2, 3))) for _ in range(3000)]


def pattern(dice, known):
    """One of the usual shapes."""
    one, two, three = dice.sample(known, 3)
    return dice.choice([rf"/\b{one} {two}\b/i", rf"/\b(?:{one}|{two}).{{0,30}}{three}/i",
                        rf"/{one}[- _]?{two}/i", rf"/\b{one}(?! {two})/",
                        rf"/(?:{one}|{two}|{three})\d{{2,6}}/i", rf"/^{one}.{{1,20}}{two}/i"])


def kam_sized(directory):
    """A site with the stock plugins and as many rules more as KAM has."""
    site = os.path.join(directory, "kam")
    shutil.copytree(os.path.join(HERE, "sites", "stock"), site)
    dice, known, names, lines = random.Random(2), words(), [], []
    for kind, count in KAM.items():
        for number in range(count):
            name = f"__BENCH_{kind.upper()}_{number}"
            if kind == "meta":
                lines.append(f"meta BENCH_{number} {' && '.join(dice.sample(names, 3))}")
            elif kind in ("header", "mimeheader"):
                header = dice.choice(HEADERS) if kind == "header" else "Content-Type"
                lines.append(f"{kind} {name} {header} =~ {pattern(dice, known)}")
            else:
                lines.append(f"{kind} {name} {pattern(dice, known)}")
            names += [name] * (kind != "meta")
    with open(os.path.join(site, "kam.cf"), "w", encoding="ascii") as out:
        out.write("\n".join(lines) + "\n")
    return site


def spam_scan():
    """All of it, one after the other on the same mails."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        files = sample(directory)
        offline()
        site = os.path.join(HERE, "sites", "stock")
        mine, kam = ours(site, files), ours(kam_sized(directory), files)
        perl, worker = spamassassin(site, files), rspamd(files)
    return [f"spam_scan: {mine:.3f} ms (ratio {perl / mine:.1f} to SpamAssassin's {perl:.1f} ms)",
            f"spam_scan_rspamd: {mine:.3f} ms "
            f"(ratio {worker / mine:.2f} to rspamd's {worker:.2f} ms)",
            f"spam_scan_kam: {kam:.3f} ms (ratio {mine / kam:.2f} to the stock rules alone)"]


BENCHES = {"spam_scan": spam_scan}


def main(names):
    """Runs the named benchmarks, or all."""
    for name in names or BENCHES:
        for figure in BENCHES[name]():
            print(figure, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
