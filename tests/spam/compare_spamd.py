#!/usr/bin/python3
"""Holds `pmgspam daemon` to spamd: what the real spamc prints when it asks either.

    compare_spamd.py PMGSPAM [-n MAILS]

Every command of spamc, on mails of the corpora that hit the same rules with both; also teaching,
and forgetting, and what is answered to wrong requests. Left out is what cannot be the same (as in
compare_markup.py). Without spamc, spamd or the corpora: status 77.
"""
import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zlib

from compare_markup import stable
from compare_render import sample
from corpora import HERE, RULES, need_spamassassin, skip

CONF = ["report_hostname host.example", "use_auto_welcomelist 0", "bayes_auto_learn 0",
        "dns_available no"]
WAYS = {"CHECK": ["-c"], "SYMBOLS": ["-y"], "REPORT": ["-R"], "REPORT_IFSPAM": ["-r"],
        "PROCESS": [], "HEADERS": ["--headers"]}
PACKED = zlib.compress(b"Subject: x\n\nhello\n")
# Requests of a client that spamc would not send.
WRONG = [b"CHECK SPAMC/1.5\r\nnonsense\r\n\r\n", b"CHECK SPAMC/1.5\r\n",
         b"CHECK SPAMC/1.5\r\nContent-length: 9\r\n\r\nA: b\n\n", b"PING SPAMC/1.2\r\n",
         b"SKIP SPAMC/1.2\r\n", b"SYMBOLS SPAMC/1.2\r\n\r\nSubject: x\n\nhello\n",
         b"CHECK SPAMC/1.0\r\nSubject: x\n\nhello\n",
         b"PROCESS SPAMC/1.2\r\n\r\nSubject: x\n\nhello\n",
         b"CHECK SPAMC/1.5\r\nCompress: zlib\r\n\r\nSubject: x\n\nhello\n",
         b"PROCESS SPAMC/1.5\r\nCompress: zlib\r\nContent-length: %d\r\n\r\n%s"
         % (len(PACKED), PACKED)]


def free_port():
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


@contextlib.contextmanager
def service(command, port):
    """The service, while the block lasts; it must listen within a minute."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
        try:
            end = time.monotonic() + 60
            while subprocess.run(["spamc", "-d", "127.0.0.1", "-p", str(port), "-K"], check=False,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
                if p.poll() is not None or time.monotonic() > end:
                    sys.exit(f"{command[0]} does not listen")
            yield
        finally:
            p.send_signal(signal.SIGTERM)


def spamc(port, options, mail):
    """What spamc prints, and its status."""
    with open(mail, "rb") as text:
        done = subprocess.run(["spamc", "-d", "127.0.0.1", "-p", str(port), "-s", "10000000",
                               *options], stdin=text, stdout=subprocess.PIPE, check=False)
    return stable(done.stdout), done.returncode


def plainly(port, request):
    """What is answered to these bytes; the sender then says no more."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(request)
        s.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while got := s.recv(65536):
                answer += got
    return stable(re.sub(rb"X-Spam-Checker-Version:.*\n", b"", answer))


def main():
    """Starts both, asks both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("-n", type=int, default=16)
    args = parser.parse_args()
    need_spamassassin()
    if not shutil.which("spamc") or not shutil.which("spamd"):
        skip("spamc or spamd is not installed")
    bad = compared = 0
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)
        corpus = os.path.join(directory, "corpus")
        os.makedirs(corpus)
        mails = sample(corpus, args.n, 1)
        site = os.path.join(HERE, "sites", "stock")
        own, port = free_port(), free_port()
        lines = [f"--cf={line}" for line in CONF]
        ours = [args.program, "daemon", "-p", str(own), "-L", "-l", "-m", "2", "-u", "nobody",
                "-C", RULES,
                "--siteconfigpath", site, *lines, f"--cf=bayes_path {directory}/ours"]
        theirs = ["spamd", "-i", "127.0.0.1", "-p", str(port), "-L", "-l", "-x", "-m", "1",
                  "--min-children=1", "-u", "nobody", "-C", RULES, "--siteconfigpath", site,
                  *lines, f"--cf=bayes_path {directory}/theirs", f"--cf=bayes_file_mode 0777"]
        with service(ours, own), service(theirs, port):
            for mail in mails:
                if spamc(own, ["-y"], mail) != spamc(port, ["-y"], mail):
                    continue    # other rules
                for way, options in WAYS.items():
                    compared += 1
                    mine, want = spamc(own, options, mail), spamc(port, options, mail)
                    if mine != want:
                        bad += 1
                        print(f"--- {way} {mail}\n{want}\n{mine}"[:2000])
            for how in (["-L", "spam"], ["-L", "spam"], ["-L", "ham"], ["-L", "forget"]):
                compared += 1
                mine, want = spamc(own, how, mails[0]), spamc(port, how, mails[0])
                if mine != want:
                    bad += 1
                    print(f"--- {how}\n{want}\n{mine}")
            for request in WRONG:
                compared += 1
                mine, want = plainly(own, request), plainly(port, request)
                if mine != want:
                    bad += 1
                    print(f"--- {request}\n{want}\n{mine}")
    print(f"{compared} answers compared, {bad} differ")
    sys.exit(bad > 0 or compared < args.n * 3)


if __name__ == "__main__":
    main()
