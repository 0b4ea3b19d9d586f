#!/usr/bin/python3
"""Our resolver against Unbound on a loopback port (dns_unbound.py PROGRAM; 77: skipped)."""
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import suites

LONG = "".join(f"{i:04}" for i in range(900))  # more than fits into a UDP answer

CONFIG = """server:
  directory: "{d}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  interface: 127.0.0.1
  port: {port}
  do-daemonize: no
  access-control: 127.0.0.0/8 allow
  module-config: "iterator"
  local-zone: "example." static
  local-zone: "refused.example." always_refuse
  local-zone: "silent.example." always_deny
  local-data: "two.example. A 192.0.2.1"
  local-data: "two.example. A 192.0.2.2"
  local-data: "six.example. AAAA 2001:db8::1"
  local-data: "mx.example. MX 10 Two.Example."
  local-data: "mx.example. TXT v=x"
  local-data: "ns.example. NS a.ns.example."
  local-data: "alias.example. CNAME two.example."
  local-data: 'ns.example. SOA a.ns.example. Root.ns.example. 7 3600 600 86400 60'
  local-data: '_smtp._tcp.ns.example. SRV 1 2 25 Mx.Example.'
  local-data: 'ns.example. CAA 0 issue "ca.example; a=b"'
  local-data: 'ns.example. TLSA 3 1 1 {digest}'
  local-data: 'ns.example. NAPTR 100 50 "s" "z3950+N2L" "" _z._tcp.ns.example.'
  local-data: '1.2.0.192.in-addr.arpa. PTR two.example.'
  local-data: 'long.example. TXT {long}'
{many}
remote-control:
  control-enable: no
"""

DIGEST = "0123456789abcdef" * 4
MANY = 100  # what a socket buffer of Unbound holds, however late it comes to read it

CASES = [
    ("two.example", "A", "OK", {"192.0.2.1", "192.0.2.2"}),
    ("TWO.example.", "A", "OK", {"192.0.2.1", "192.0.2.2"}),
    ("six.example", "AAAA", "OK", {"2001:db8::1"}),
    ("six.example", "A", "no data", set()),
    ("mx.example", "MX", "OK", {"10 Two.example."}),
    ("mx.example", "TXT", "OK", {"v=x"}),
    ("ns.example", "NS", "OK", {"a.ns.example."}),
    ("_smtp._tcp.ns.example", "SRV", "OK", {"1 2 25 Mx.Example."}),
    ("ns.example", "CAA", "OK", {'0 issue "ca.example; a=b"'}),
    ("ns.example", "TLSA", "OK", {f"3 1 1 {DIGEST}"}),
    ("ns.example", "NAPTR", "OK", {'100 50 s z3950+N2L "" _z._tcp.ns.example.'}),
    ("ns.example", "URI", "no data", set()),
    ("alias.example", "CNAME", "OK", {"two.example."}),
    ("1.2.0.192.in-addr.arpa", "PTR", "OK", {"two.example."}),
    ("nobody.example", "A", "NXDOMAIN", set()),
    ("x.refused.example", "A", "REFUSED", set()),
    ("x.silent.example", "A", "timeout", set()),
    ("long.example", "TXT", "OK", {LONG}),
    ("a..b", "A", "invalid name", set()),
] + [(f"h{i}.example", "A", "OK", {f"192.0.2.{i % 256}"}) for i in range(MANY)]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, process):
    """Until it listens; it says nothing before that."""
    while process.poll() is None:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    sys.exit("unbound did not start")


def start(directory, port):
    strings = " ".join(f'"{LONG[i:i + 200]}"' for i in range(0, len(LONG), 200))
    many = "\n".join(f'  local-data: "h{i}.example. A 192.0.2.{i % 256}"' for i in range(MANY))
    path = pathlib.Path(directory) / "unbound.conf"
    path.write_text(CONFIG.format(d=directory, port=port, long=strings, many=many,
                                  digest=DIGEST))
    process = subprocess.Popen(["unbound", "-d", "-c", path], stderr=subprocess.DEVNULL)
    wait_for(port, process)
    return process


def main():
    if not shutil.which("unbound", path="/usr/sbin:/usr/bin"):
        suites.skip("unbound is not installed")
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        process = start(directory, port)
        try:
            lines = [suites.line("ask", name, rtype) for name, rtype, _, _ in CASES]
            answers = suites.run([sys.argv[1], f"127.0.0.1:{port}"], lines)
        finally:
            process.terminate()
            process.wait()
    wrong = [f"{name} {rtype}: {answer}" for (name, rtype, status, records), answer
             in zip(CASES, answers) if answer[0] != status or set(answer[1:]) != records]
    print("\n".join(wrong + [f"{len(CASES) - len(wrong)}/{len(CASES)}"]))
    return 1 if wrong or len(answers) != len(CASES) else 0


if __name__ == "__main__":
    sys.exit(main())
