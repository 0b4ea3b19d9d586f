#!/usr/bin/python3
"""Holds our DecodeShortURLs to SpamAssassin's plugin where services speak TLS, and behind a proxy.

    compare_short_urls_https.py PMGSPAM

In a network and a file system of its own there is a CA that both trust, a DNS server, services
whose certificates are good or not, and a proxy. Both must ask and believe the same. Without
SpamAssassin, or where no network can be made: status 77.
"""
import http.server
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading

from compare_short_urls import Services, check, site
from corpora import RULES, skip

RESOLVER, PROXY = "127.0.0.1", ("198.18.8.1", 3128)
LOGIN = "Basic am9lOmFAYg=="        # joe:a@b
# Services: what their certificates are for; days from now that they are good for; who signed them.
SERVICES = {
    "good.com": ("good.com", 30, "ca"),
    "wildcard.good.com": ("*.good.com", 30, "ca"),
    "wrong-name.com": ("other.com", 30, "ca"),
    "expired.com": ("expired.com", -1, "ca"),
    "self-signed.com": ("self-signed.com", 30, None),
    "unknown-ca.com": ("unknown-ca.com", 30, "stranger"),
}
ADDRESSES = {name: f"198.18.8.{i}" for i, name in enumerate(SERVICES, 10)}
BELIEVED = {"good.com", "wildcard.good.com"}
# Only the proxy can find it.
FAR = "far.com"
LINES = ["clear_url_shortener", "url_shortener " + " ".join([*SERVICES, FAR])]
VIA = {"http_proxy": f"http://joe:a%40b@{PROXY[0]}:{PROXY[1]}/",
       "https_proxy": f"http://joe:a%40b@{PROXY[0]}:{PROXY[1]}/"}
# What is checked: a link, and the environment.
CASES = {
    **{f"https {name}": (f"https://{name}/target", {}) for name in SERVICES},
    "through the proxy": (f"http://{FAR}/target", VIA),
    "a page that the proxy does not find": (f"http://{FAR}/gone", VIA),
    "only found by the proxy": (f"http://{FAR}/target", {}),
    "without a password": (f"http://{FAR}/target", {"http_proxy": "http://198.18.8.1:3128"}),
    "through a tunnel": ("https://good.com/target", VIA),
    "through a tunnel that is refused": (f"https://{FAR}/target", VIA),
    "wrong name through a tunnel": ("https://wrong-name.com/target", VIA),
    "not for https": ("https://good.com/target", {"http_proxy": VIA["http_proxy"]}),
    "not for this host": ("http://good.com/target", {**VIA, "no_proxy": "b.com, good.com"}),
    "for all other hosts": ("http://good.com/target", {**VIA, "no_proxy": "b.com,god.com"}),
    "a proxy that is gone": (f"http://{FAR}/target", {"http_proxy": "http://198.18.8.1:3129/"}),
}


class Proxy(Services):
    """Serves what it is asked for itself, and tunnels to the services."""

    def login_is_good(self):
        """Answers if it is not."""
        if self.headers["Proxy-Authorization"] == LOGIN:
            return True
        self.send_error(407)
        return False

    def do_HEAD(self):      # pylint: disable=invalid-name
        """As the host in the URL would, had it been asked."""
        Services.asked.append(f"proxy {self.command} {self.path}")
        if self.login_is_good():
            self.path = "/" + self.path.split("/", 3)[3]
            super().do_HEAD()

    def do_CONNECT(self):       # pylint: disable=invalid-name
        """Both ways until one side has enough."""
        Services.asked.append(f"proxy {self.command} {self.path}")
        name = self.path.partition(":")[0]
        if not self.login_is_good():
            return
        if name not in ADDRESSES:
            self.send_response(302)
            self.send_header("Location", "http://target.example.com/x")
            self.end_headers()
            return
        with socket.create_connection((ADDRESSES[name], 443)) as far:
            self.send_response(200)
            self.send_header("Location", "http://of-the-proxy.example.com/")
            self.end_headers()
            threading.Thread(target=pump, args=(far, self.connection), daemon=True).start()
            pump(self.connection, far)
        self.close_connection = True


def pump(source, sink):
    """Copies to the end."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Resolver(socketserver.BaseRequestHandler):
    """Knows the addresses of the services, and no others."""

    def handle(self):
        """One question."""
        question, sock = self.request
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
            at += 1 + question[at]
        address = ADDRESSES.get(".".join(labels))
        is_a = address and question[at + 1:at + 3] == b"\0\1"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address) if is_a else b""
        sock.sendto(question[:2] + (b"\x81\x80" if address else b"\x81\x83") + b"\0\1\0"
                    + bytes([bool(is_a)]) + b"\0\0\0\0" + question[12:at + 5] + answer,
                    self.client_address)


def openssl(*words):
    """Runs it."""
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make_ca(top, name):
    """A CA of that name."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 30, "-subj", f"/CN={name}",
            "-keyout", f"{top}/{name}.key", "-out", f"{top}/{name}.pem")


def make_certificate(top, name):
    """The key and certificate of a service."""
    subject, days, signer = SERVICES[name]
    key, request, crt = (f"{top}/{name}.{end}" for end in ("key", "csr", "pem"))
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=service", "-keyout", key,
            "-out", request)
    with open(f"{top}/extensions", "w", encoding="ascii") as out:
        print(f"subjectAltName=DNS:{subject}", file=out)
    by = (["-CA", f"{top}/{signer}.pem", "-CAkey", f"{top}/{signer}.key", "-CAcreateserial"]
          if signer else ["-signkey", key])
    openssl("x509", "-req", "-in", request, "-days", days, "-extfile", f"{top}/extensions",
            "-out", crt, *by)
    return crt, key


def trust(top, name):
    """The CA is the only one on this machine."""
    certs = f"{top}/certs"
    os.mkdir(certs)
    for link in (f"{name}.pem", "ca-certificates.crt"):
        with open(f"{top}/{name}.pem", encoding="ascii") as pem, \
                open(f"{certs}/{link}", "w", encoding="ascii") as out:
            out.write(pem.read())
    openssl("rehash", certs)
    subprocess.run(["mount", "--bind", certs, "/etc/ssl/certs"], check=True)


def serve(server):
    """From now on, aside."""
    threading.Thread(target=server.serve_forever, daemon=True).start()


class TLSServer(http.server.ThreadingHTTPServer):
    """One whose clients may hang up when they see its certificate."""
    context = None

    def finish_request(self, request, client_address):
        try:
            tls = self.context.wrap_socket(request, server_side=True)
        except OSError:
            return
        super().finish_request(tls, client_address)

    def handle_error(self, request, client_address):
        """Nothing."""


def serve_tls(top, name):
    """The service, with its certificate."""
    server = TLSServer((ADDRESSES[name], 443), Services)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(*make_certificate(top, name))
    serve(server)


def start(top):
    """Everything that is asked."""
    for words in (["link", "set", "lo", "up"], *(["addr", "add", f"{address}/32", "dev", "lo"]
                                                 for address in [*ADDRESSES.values(), PROXY[0]])):
        subprocess.run(["ip", *words], check=True)
    with open(f"{top}/resolv.conf", "w", encoding="ascii") as out:
        print(f"nameserver {RESOLVER}\noptions timeout:1 attempts:1", file=out)
    subprocess.run(["mount", "--bind", f"{top}/resolv.conf", "/etc/resolv.conf"], check=True)
    serve(socketserver.ThreadingUDPServer((RESOLVER, 53), Resolver))
    for name in ("ca", "stranger"):
        make_ca(top, name)
    trust(top, "ca")
    for name in SERVICES:
        serve_tls(top, name)
    serve(http.server.ThreadingHTTPServer(("0.0.0.0", 80), Services))
    serve(http.server.ThreadingHTTPServer(PROXY, Proxy))


def compare(program, top):
    """How much is wrong."""
    where, path, bad = site(top), os.path.join(top, "mail"), 0
    for name, (link, environment) in CASES.items():
        with open(path, "w", encoding="ascii") as mail:
            mail.write(f"From: a@example.com\nSubject: x\n\n{link}\n")
        want = check("spamassassin", where, LINES, path, **environment)
        got = check(program, where, LINES, path, **environment)
        wrong = want != got
        if name.startswith("https "):
            wrong |= ("TARGET" in got[0]) != (name.split()[1] in BELIEVED)
        print(f"{name}: {got}{', SpamAssassin ' + str(want) if want != got else ''}"
              f"{' WRONG' if wrong else ''}")
        bad += wrong
    print(f"{len(CASES)} cases, {bad} wrong")
    return bad


def main():
    """In a network of its own, with the servers in it."""
    own = ["unshare", "--net", "--mount"]
    if "--inside" not in sys.argv:
        probe = subprocess.run([*own, "true"], check=False, capture_output=True)
        if probe.returncode or not os.path.isdir(RULES):
            skip("no network of its own can be made, or SpamAssassin is not installed")
        sys.exit(subprocess.run([*own, sys.executable, *sys.argv, "--inside"],
                                check=False).returncode)
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    with tempfile.TemporaryDirectory() as top:
        start(top)
        sys.exit(compare(sys.argv[1], top) > 0)


if __name__ == "__main__":
    main()
