#!/usr/bin/python3
"""Holds our askdns rules to SpamAssassin's, before the same name server.

    compare_askdns.py PMGSPAM

In a network of its own Unbound knows one name with a record of each type. For every type there are
rules that hit only if the record reads exactly as SpamAssassin has it, and one that must not hit.
Without SpamAssassin or Unbound, or where no network can be made: status 77.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from corpora import skip, small_site

NAME = "x.t.example"
# The record as a master file has it, and what rules see of it.
RECORDS = {
    "A": ("127.0.0.2", "127.0.0.2"),
    "AAAA": ("2001:db8::1", "2001:db8::1"),
    "MX": ("10 Mail.other.test.", "10 Mail.other.test."),
    "NS": ("ns.t.example.", "ns.t.example."),
    "PTR": ("Ptr.other.test.", "Ptr.other.test."),
    "SOA": ("ns.t.example. Root.t.example. 7 3600 600 86400 60",
            "ns.t.example. Root.t.example.\n\t\t\t\t7\t\t;serial\n\t\t\t\t3600\t\t;refresh"
            "\n\t\t\t\t600\t\t;retry\n\t\t\t\t86400\t\t;expire\n\t\t\t\t60\t\t;minimum"),
    "TXT": (r'"two " "strings \" q"', 'two strings " q'),
    "SPF": ('"v=spf1 " "-all"', "v=spf1 -all"),
    "SRV": ("1 2 25 Srv.t.example.", "1 2 25 Srv.t.example."),
    "NAPTR": ('100 50 "s" "z3950+N2L" "" _z._tcp.t.example.',
              '100 50 s z3950+N2L "" _z._tcp.t.example.'),
    "CAA": ('0 issue "ca.example; a=b"', '0 issue "ca.example; a=b"'),
    "HINFO": ('"PC" "Linux box"', 'PC "Linux box"'),
    "MINFO": ("a.t.example. b.t.example.", "a.t.example. b.t.example."),
    "RP": ("box.t.example. txt.t.example.", "box.t.example. txt.t.example."),
    "KX": ("5 kx.t.example.", "5 kx.t.example."),
    "SSHFP": ("1 1 123456789abcdef67890123456789abcdef67890",
              "1 1 123456789abcdef67890123456789abcdef67890"),
    "TLSA": ("3 1 1 " + "0123456789abcdef" * 4, "3 1 1 " + "0123456789abcdef" * 4),
    "OPENPGPKEY": ("AQIDBAUG", "AQIDBAUG"),
    "CERT": ("1 2 255 AQIDBAUG", "1 2 255 AQIDBAUG"),
    "DHCID": ("AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
              "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="),
    "GPOS": ('"-32.6882" "116.8652" "10.0"', "-32.6882 116.8652 10.0"),
    "URI": ('10 1 "ftp://ftp1.example.com/public"', "10 1 ftp://ftp1.example.com/public"),
    "CNAME": ("Real.other.test.", "Real.other.test."),
    "DNAME": ("dn.t.example.", "dn.t.example."),
}
OWNERS = {"CNAME": "c.t.example", "DNAME": "d.t.example"}   # which stand alone
UNBOUND = """\
server:
  directory: "{top}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  interface: 127.0.0.1
  module-config: "iterator"
  local-zone: "." static
  local-zone: "t.example." static
  local-zone: "refused.example." always_refuse
{data}
remote-control:
  control-enable: no
"""


def rule_lines():
    """For each type: the record as it is, any, one that is not there."""
    for rtype, (_, text) in RECORDS.items():
        owner = OWNERS.get(rtype, NAME)
        pattern = re.sub(r"\W", lambda m: f"\\x{ord(m[0]):02x}", text)
        yield f"askdns IS_{rtype} {owner} {rtype} /^{pattern}$/"
        yield f"askdns ANY_{rtype} {owner} {rtype}"
        yield f"askdns LOWER_{rtype} {owner} {rtype} /^[^A-Z]*$/"
        yield f"askdns ABSENT_{rtype} none.t.example {rtype}"
        yield f"askdns CODE_{rtype} {owner} {rtype} [NoError]"
        if '"' not in text and "\n" not in text:
            yield f'askdns TEXT_{rtype} {owner} {rtype} "{text}"'


def code_lines():
    """What is not there, or refused."""
    codes = ["0", "3", "5", "NOERROR", "NXDOMAIN", "Refused", "FormErr,ServFail,4,5", "2,NXDomain"]
    for number, code in enumerate(codes):
        yield f"askdns ABSENT_IS_{number} none.t.example A [{code}]"
        yield f"askdns REFUSED_IS_{number} x.refused.example TXT [{code}]"
        yield f"askdns NODATA_IS_{number} {NAME} DNAME [{code}]"


def site(top):
    """The options that name the rule directory and the site directory."""
    text = "\n".join(["dns_available yes", "use_bayes 0", "report_safe 0", "dns_server 127.0.0.1",
                      "add_header all Hits _TESTS(,)_", *rule_lines(), *code_lines()])
    rules, here = small_site(top, ["Check", "AskDNS"], text)
    return ["-C", rules, f"--siteconfigpath={here}"]


def hits(command):
    """The rules that hit, as the marked mail says it."""
    out = subprocess.run(command, input=b"From: a@x.example\nSubject: x\n\nx\n",
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                         timeout=120).stdout.decode()
    header = ("\n" + out).replace("\n\t", "").split("\nX-Spam-Hits: ")[1].split("\n")[0]
    return {name.strip() for name in header.split(",")} - {"", "none"}


def start_unbound(top):
    """Unbound on 127.0.0.1, which the resolver's configuration names."""
    data = "\n".join(f"  local-data: '{OWNERS.get(t, NAME)}. {t} {r}'"
                     for t, (r, _) in RECORDS.items())
    path = os.path.join(top, "unbound.conf")
    with open(path, "w", encoding="ascii") as conf:
        conf.write(UNBOUND.format(top=top, data=data))
    with open(os.path.join(top, "resolv.conf"), "w", encoding="ascii") as conf:
        print("nameserver 127.0.0.1", file=conf)
    for words in (["ip", "link", "set", "lo", "up"],
                  ["mount", "--bind", conf.name, os.path.realpath("/etc/resolv.conf")]):
        subprocess.run(words, check=True)
    process = subprocess.Popen(["unbound", "-d", "-c", path], stderr=subprocess.DEVNULL)
    while process.poll() is None:       # it says nothing before it listens
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", 53)) == 0:
                return process
        time.sleep(0.02)
    sys.exit("unbound did not start")


def compare(program, top):
    """The number of rules that differ, each printed."""
    where = site(top)
    process = start_unbound(top)
    try:
        theirs = hits(["spamassassin", "-x", *where])
        got = hits([program, *where])
    finally:
        process.terminate()
        process.wait()
    for name in sorted(theirs ^ got):
        print(f"{name}: only {'SpamAssassin' if name in theirs else 'ours'}")
    missing = {f"IS_{rtype}" for rtype in RECORDS} - theirs
    if missing:
        print(f"SpamAssassin itself does not hit {sorted(missing)}")
    rules = len([*rule_lines(), *code_lines()])
    print(f"{rules} rules, {len(got)} hit, {len(theirs ^ got)} differ")
    return len(theirs ^ got) + len(missing)


def main():
    """In a network of its own."""
    if "--inside" not in sys.argv:
        alone = ["unshare", "--net", "--mount"]
        if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
            skip("no network of its own can be made")
        for tool in ("spamassassin", "unbound"):
            if not shutil.which(tool, path="/usr/sbin:/usr/bin"):
                skip(f"{tool} is not installed")
        sys.exit(subprocess.run([*alone, sys.executable, *sys.argv, "--inside"],
                                check=False).returncode)
    with tempfile.TemporaryDirectory() as top:
        sys.exit(compare(os.path.abspath(sys.argv[1]), top) > 0)


if __name__ == "__main__":
    main()
