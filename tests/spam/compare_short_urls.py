#!/usr/bin/python3
"""Holds our DecodeShortURLs to SpamAssassin's plugin, before the same web server.

    compare_short_urls.py PMGSPAM

In a network of its own a small web server is all the services that shorten links. SpamAssassin and
our engine check the same mails: both must ask it for the same pages in the same way, hit the same
rules, and see the same links; then again with a cache, while it fills and when it is full.
Without SpamAssassin, or where no network can be made: status 77.
"""
import http.server
import os
import subprocess
import sys
import tempfile
import threading

from corpora import RULES, skip, small_site

HOST = "198.18.7.7"
OTHER = "198.18.7.8"
RULE_LINES = f"""
url_shortener {HOST}
url_shortener_get {OTHER}
max_short_urls 3
max_short_url_redirections 4
url_shortener_timeout 20
body SHORT eval:short_url()
body REDIRECTED eval:short_url_redir()
body CHAINED eval:short_url_chained()
body LONGEST eval:short_url_maxchain()
body LOOP eval:short_url_loop()
body FOUND eval:short_url_200()
body GONE eval:short_url_404()
body CODE_410 eval:short_url_code('410')
body CODE_500 eval:short_url_code('500')
uri TARGET m{{^http://target\\.example\\.com/x$}}
uri ROOTED m{{^http://198\\.18\\.7\\.7/rooted\\?x$}}
uri CHAIN m{{/chain/[0-9]$}}
"""
# What is answered to which page: a status, or where to go.
PAGES = {
    "/target": "http://target.example.com/x", "/ok": 200, "/gone": 404, "/410": 410, "/500": 503,
    "/self": f"http://{HOST}/self", "/a": f"http://{HOST}/b", "/b": f"http://{HOST}/a",
    "/rooted-here": "/rooted?x", "/rooted": 200, "/other": f"http://{OTHER}/got", "/got": 404,
    "/nowhere": "ftp://target.example.com/", "/query": f"http://{HOST}/ok?a=b",
    **{f"/chain/{i}": f"http://{HOST}/chain/{i + 1}" for i in range(9)},
}
MAILS = {"none": "nothing", "front page": f"http://{HOST}",
         **{page: f"http://{HOST}{page}" for page in PAGES},
         "with a query": f"http://{HOST}/target?x=1#y", "get": f"http://{OTHER}/target",
         "two": f"http://{HOST}/target http://{OTHER}/gone", "no server": f"http://{HOST}/closed"}
# What SpamAssassin keeps though it may soon be otherwise; we ask again.
NOT_KEPT = {"/500", "no server"}


class Services(http.server.BaseHTTPRequestHandler):
    """Answers as PAGES says, and keeps what was asked."""
    asked = []

    def do_HEAD(self):      # pylint: disable=invalid-name
        """One question."""
        host = self.headers["Host"]
        Services.asked.append(f"{self.command} {host}{self.path}")
        answer = PAGES.get(self.path.partition("?")[0], 404)
        if self.path == "/closed":
            self.close_connection = True
            return
        if isinstance(answer, int):
            self.send_response(answer)
        else:
            self.send_response(302)
            self.send_header("Location", answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *_):      # pylint: disable=arguments-differ
        """Nothing."""


def site(top):
    """The rule directory and the site directory."""
    return small_site(top, ["Check", "DecodeShortURLs"],
                      "dns_available yes\nuse_bayes 0\n" + RULE_LINES)


def check(program, where, lines, mail, **environment):
    """The rules that hit, and what was asked."""
    rules, here = where
    Services.asked = []
    with open(mail, "rb") as text:
        out = subprocess.run([program, "-x", "-C", rules, f"--siteconfigpath={here}",
                              "--cf=add_header all Hits _TESTS(,)_", "--cf=report_safe 0",
                              *(f"--cf={line}" for line in lines)],
                             stdin=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             check=True, timeout=120,
                             env={**os.environ, **environment}).stdout.decode()
    header = ("\n" + out).replace("\n\t", "").split("\nX-Spam-Hits: ")[1].split("\n")[0]
    return (sorted(name.strip() for name in header.split(",")
                   if name.strip() not in ("", "none")), sorted(Services.asked))


def cache_lines(top, name):
    """The settings that make a cache of that name."""
    return ["url_shortener_cache_type dbi",
            f"url_shortener_cache_dsn dbi:SQLite:dbname={top}/{name}.cache"]


def compare(program, top, where, cached, full):
    """The number of mails that differ, each printed; the rules that have hit."""
    path, bad, seen = os.path.join(top, "mail"), 0, set()
    for name, body in MAILS.items():
        with open(path, "w", encoding="ascii") as mail:
            mail.write(f"From: a@example.com\nSubject: x\n\n{body}\n")
        want = check("spamassassin", where, cache_lines(top, "theirs") * cached, path)
        got = check(program, where, cache_lines(top, "ours") * cached, path)
        seen |= set(got[0])
        if full and name in NOT_KEPT:
            assert not want[1]
            want = want[0], [f"HEAD {HOST}{body.partition(HOST)[2]}"]
        if want != got or (full and name not in NOT_KEPT and got[1]):
            bad += 1
            print(f"{name}{cached * ', cached'}: SpamAssassin {want}, ours {got}")
    print(f"{len(MAILS)} mails, {bad} wrong")
    return bad, seen


def compare_all(program, top):
    """How much is wrong."""
    where, wrong, seen = site(top), 0, set()
    for cached, full in ((False, False), (True, False), (True, True)):
        bad, hits = compare(program, top, where, cached, full)
        wrong += bad
        seen |= hits
    never = {line.split()[1] for line in RULE_LINES.splitlines()
             if line.startswith(("body", "uri "))} - seen
    if never:
        print(f"no mail hits {sorted(never)}")
    return wrong + len(never)


def main():
    """In a network of its own, with the server in it."""
    if "--inside" not in sys.argv:
        probe = subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True)
        if probe.returncode or not os.path.isdir(RULES):
            skip("no network of its own can be made, or SpamAssassin is not installed")
        sys.exit(subprocess.run(["unshare", "--net", sys.executable, *sys.argv, "--inside"],
                                check=False).returncode)
    for words in (["addr", "add", f"{HOST}/32", "dev", "lo"],
                  ["addr", "add", f"{OTHER}/32", "dev", "lo"], ["link", "set", "lo", "up"]):
        subprocess.run(["ip", *words], check=True)
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 80), Services)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as top:
        sys.exit(compare_all(sys.argv[1], top) > 0)


if __name__ == "__main__":
    main()
