#!/usr/bin/python3
"""Whether the real Postfix and clamd accept what pmgconfig writes, for many kinds of settings.

    postfix.py PMGCONFIG TEMPLATES [--all]

First the settings listed here, then as many more as are needed for each two values of the keys of
the section mail to meet: two values of each key, or with --all every one named below.

Runs as root in a mount namespace of its own: /etc, /run, /root and the directories below /var that
are written to are private. Exit status 77: skipped, because something that is needed is missing.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pairwise

VARIANTS = {
    "defaults": "",
    "relay by address": "section: mail\n\trelay 192.0.2.1\n\trelayport 26\n",
    "relay without MX": "section: mail\n\trelay mail.example.com\n\trelaynomx 1\n",
    "relay over LMTP":
        "section: mail\n\trelay mail.example.com\n\trelayprotocol lmtp\n\trelayport 24\n",
    "IPv6": "section: mail\n\trelay 2001:db8::1\n\tsmarthost 2001:db8::2\n",
    "everything on": """section: mail
	before_queue_filtering 1
	smarthost out.example.com
	smarthostport 587
	helotests 1
	rejectunknown 1
	rejectunknownsender 1
	verifyreceivers 450
	tls 1
	tlslog 1
	tlsheader 1
	hide_received 1
	smtputf8 0
	queue-lifetime 3
	dwarning 0
	dnsbl_sites zen.example.org=127.0.0.[2..11]*3, list.example.net*-2
	dnsbl_threshold 3
	conn_count_limit 4
	banner ESMTP $mail_name ready

section: clamav
	archiveblockencrypted 1
	maxcccount 3
	archivemaxfiles 0

section: admin
	http_proxy http://joe:secret@192.0.2.3:3128/
""",
    "the largest numbers": """section: mail
	conn_count_limit 2147483647
	conn_rate_limit 2147483647
	message_rate_limit 2147483647
	dnsbl_sites list.example.net
	dnsbl_threshold 2147483647
	dwarning 500000
	maxsize 100000000
	filter-timeout 86400
	queue-lifetime 100
	max_filters 40
	max_smtpd_in 100
	max_smtpd_out 100

section: clamav
	archivemaxrec 2147483647
	archivemaxfiles 2147483647
	archivemaxsize 9223372036854775807
	maxscansize 9223372036854775807
	maxcccount 2147483647
""",
    "demo": "section: admin\n\tdemo 1\n\nsection: mail\n\ttls 1\n",
}
# For every key of the section mail: values that are as different as can be. None: not in the file.
ON, OFF = (1, None), (None, 1)
MAIL = {
    "accept-broken-mime": (0, None),
    "banner": (None, "ESMTP $mail_name, no spam; please", "x" * 1024),
    "before_queue_filtering": OFF,
    "conn_count_limit": (None, 0, 4, 2147483647),
    "conn_rate_limit": (None, 1, 2147483647),
    "dnsbl_sites": (None, "zen.example.org=127.0.0.[2..11]*3, list.example.net*-2",
                    "list.example.net"),
    "dnsbl_threshold": (None, 1, 2147483647),
    "dwarning": (0, None, 500000),
    "ext_port": (None, 2525, 65535),
    "filter-timeout": (2, 86400, None),
    "greylist": (0, 1),
    "greylist6": OFF,
    "greylistmask4": (None, 0, 32),
    "greylistmask6": (None, 0, 128),
    "helotests": OFF,
    "hide_received": OFF,
    "int_port": (None, 587, 1),
    "log-headers": OFF,
    "max_filters": (3, None, 40),
    "max_policy": (2, None, 10),
    "max_smtpd_in": (3, None, 100),
    "max_smtpd_out": (3, None, 100),
    "maxsize": (1024, None, 100000000),
    "message_rate_limit": (None, 1, 2147483647),
    "ndr_on_block": OFF,
    "queue-lifetime": (None, 1, 100),
    "rejectunknown": OFF,
    "rejectunknownsender": OFF,
    "relay": (None, "mail.example.com", "198.51.100.1", "2001:db8::1"),
    "relaynomx": OFF,
    "relayport": (None, 24, 65535),
    "relayprotocol": ("lmtp", None),
    "smarthost": ("out.example.com", None, "198.51.100.2", "2001:db8::2"),
    "smarthostport": (None, 587, 65535),
    "smtputf8": (0, None),
    "spf": (0, None),
    "tls": ON,
    "tlsheader": ON,
    "tlslog": ON,
    "verifyreceivers": (450, None, 550),
}
TABLES = {
    "domains": "#head office\nexample.com 1\n.example.com 1\n",
    "mynetworks": "10.9.0.0/24 #office\n2001:db8::/32 #*\n",
    "transport": "example.com smtp:[192.0.2.1]:25\njoe@example.com lmtp:inet:mail.example.com:24\n"
                 "v6.example.com smtp:[ipv6:2001:db8::7]:25\n",
    "tls_policy": "example.com encrypt\n[192.0.2.1]:25 may\nexample.net dane-only\n",
    "tls_inbound_domains": "example.com reject_plaintext_session\n",
}

# Overrides of a template that Postfix would take, or half take, and then not do what they say: what
# is added at its end, and the line of it and words that pmgconfig names.
FAULTS = [
    ("main", "no_such_parameter = 1", 1, "Postfix has no parameter 'no_such_parameter'"),
    ("main", "biff = yes\nrelayhost = $no_such_thing", 2, "'no_such_thing'"),
    ("main", "virtual_alias_maps = hash:/etc/aliases\n\tnosuch:/etc/x", 2, "type 'nosuch'"),
    ("main", "virtual_alias_maps = proxy:nosuch:/etc/x", 1, "type 'nosuch'"),
    ("main", "header_checks = /etc/postfix/header_checks", 1, "its type is missing"),
    ("main", "smtpd_data_restrictions = permit_mynetworks,\n  # rejct_all\n  rejct_all", 3,
     "Postfix has no restriction 'rejct_all'"),
    ("main", "smtpd_end_of_data_restrictions = check_client_access", 1,
     "nothing follows 'check_client_access'"),
    ("main", "smtpd_end_of_data_restrictions = check_client_access nosuch:/etc/x", 1,
     "type 'nosuch'"),
    ("main", "smtpd_end_of_data_restrictions = $mine\nmine = permit_mynetworks, reject_al", 2,
     "'reject_al'"),
    ("main", "smtpd_restriction_classes = mine\nmine = permitt", 2, "'permitt'"),
    ("main", "biff = no\nsmtpd_banner = a ${b", 2, "truncated macro reference"),
    ("main", "biff = no\nsmtpd_banner = 100 $ a day", 2, "empty macro name"),
    ("master", "27 inet n - n - - smtpd\n  -o { smtpd_banner = a", 2, "missing '}'"),
    ("main", "smtpd_etrn_restrictions =\n  check_policy_service { inet:127.0.0.1:9, timeout=9s", 1,
     "a '}' is missing in smtpd_etrn_restrictions"),
    ("main", "biff = no\nno equals sign", 2, ": missing '='"),
    ("main", "message_size_limit = many", 1, "many"),
    ("main", "mynetworks = $mynetworks", 1, "nesting"),
    ("master", "27 inet n - n - - smtpdd", 1, "there is no program /usr/lib/postfix/sbin/smtpdd"),
    ("master", "27 foo n - n - - smtpd", 1, "invalid type field"),
    ("master", "27 inet n - n - many smtpd", 1, "invalid process_limit field"),
    ("master", "#\n27 inet n - n -", 2, ": bad field count"),
    ("master", "27 inet n - n - - smtpd\n  -o nosuch=1", 2, "'nosuch'"),
    ("master", "27 inet n - n - - smtpd\n  -o smtpd_sender_restrictions=permitt", 2, "'permitt'"),
    ("master", "27 inet n - n - - smtpd\n  -o { smtpd_helo_restrictions = permit, permitt }", 2,
     "'permitt'"),
    ("master", "27 inet n - n - - smtpd\n  -o alias_maps=nosuch:x", 2, "type 'nosuch'"),
]
# And those that are right.
SOUND = [
    ("main", "biff = yes\nsmtpd_banner = { $mail_name"),
    ("main", "smtpd_restriction_classes = mine\nmine = PERMIT_MYNETWORKS, sleep 1, reject\n"
             "other = mine, check_ccert_access { hash:/etc/aliases, "
             "{ search_order = cert_fingerprint } }\nsmtpd_data_restrictions = $other,\n"
             "  check_policy_service { inet:127.0.0.1:9, timeout=9s, default_action=DUNNO }\n"
             "  reject_rbl_client a.example=127.0.0.[1..9] hash:/etc/aliases defer"),
    ("main", "header_checks = regexp:/etc/postfix/header_checks\nvirtual_mailbox_maps = "
             "unionmap:{static:a, inline:{x=y}}, proxy:unix:passwd.byname"),
    ("main", "mynetworks_style = ${{$compatibility_level} <level {2} ? {host} : {subnet}}"),
    ("master", "mine unix - n n - 0 spawn user=nobody argv=/bin/true\n"
               "27 inet n - n - - smtpd\n  -o { smtpd_banner = two words }\n"
               "  -o smtpd_client_restrictions=$mua_client_restrictions\n"
               "  -o mua_client_restrictions=permit_sasl_authenticated,reject"),
]


def skip(reason):
    """Says why nothing was tested."""
    print(f"skipped: {reason}")
    sys.exit(77)


def run(*command):
    """Runs a command; its output and status."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode(errors="replace"), done.returncode


def mount(*arguments):
    """mount(8), which must work."""
    output, status = run("mount", *arguments)
    if status:
        skip(f"mount {' '.join(arguments)}: {output.strip()}")


def make_private(templates, scratch):
    """The directories that are written to become ours alone."""
    mount("-t", "tmpfs", "tmpfs", scratch)
    for name in ("upper", "work", "spool"):
        os.mkdir(f"{scratch}/{name}")
    mount("-t", "overlay", "overlay", "-o",
          f"lowerdir=/etc,upperdir={scratch}/upper,workdir={scratch}/work", "/etc")
    run("cp", "-a", "/var/spool/postfix/.", f"{scratch}/spool")
    mount("--bind", f"{scratch}/spool", "/var/spool/postfix")
    for path in ("/var/lib/pmg", "/var/spool/pmg"):
        # A name that is missing on this machine must not stay behind on it.
        if not os.path.isdir(path):
            mount("-t", "overlay", "overlay", "-o", overlay_of(scratch, os.path.dirname(path)),
                  os.path.dirname(path))
            os.makedirs(path)
    for path in ("/var/lib/pmg", "/var/spool/pmg", "/var/lib/postfix", "/run", "/root"):
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", path)
    shutil.chown("/var/lib/postfix", "postfix")
    os.makedirs("/run/lock")
    os.makedirs("/run/pmg-smtp-filter")
    shutil.rmtree("/etc/pmg", ignore_errors=True)
    shutil.copytree(templates, "/var/lib/pmg/templates")


def overlay_of(scratch, lower):
    """Mount options for a private view of a directory."""
    name = lower.replace("/", "_")
    for kind in ("upper", "work"):
        os.makedirs(f"{scratch}/{kind}{name}", exist_ok=True)
    return f"lowerdir={lower},upperdir={scratch}/upper{name},workdir={scratch}/work{name}"


def postfix_complaints(pmgconfig):
    """What Postfix has to say about the files."""
    output, status = run(pmgconfig, "sync")
    if output or status:
        yield f"pmgconfig sync: {status} {output}"
        return
    # Postfix waits for files that somebody may still be writing until they are two seconds old.
    for path in ("/etc/postfix/main.cf", "/etc/postfix/master.cf"):
        os.utime(path, (1, 1))
    for command in (["postfix", "check"], ["postconf", "-n"], ["postconf", "-M"],
                    ["postconf", "-P"]):
        output, status = run(*command)
        lines = {line for line in output.splitlines() if "warning:" in line or "fatal:" in line}
        if lines or status:
            yield f"{' '.join(command)}: {status} {sorted(lines)}"


def complaints(pmgconfig):
    """What any of the programs has to say about the files."""
    yield from postfix_complaints(pmgconfig)
    output, status = run("clamconf", "-c", "/etc/clamav")
    for line in output.splitlines():
        if line.startswith(("ERROR", "WARNING")) and "clamav-milter" not in line:
            yield f"clamconf: {line}"
    for table in ("domains", "transport", "tls_policy", "tls_inbound_domains"):
        if not os.path.exists(f"/etc/pmg/{table}.db"):
            yield f"/etc/pmg/{table} is not compiled"
    before = files()
    output, status = run(pmgconfig, "sync")
    if output or status or files() != before:
        yield f"a second sync: {status} {output} {set(files().items()) ^ set(before.items())}"


def settings_of(row):
    """The text of pmg.conf for a row of pairwise values."""
    lines = [f"\t{key} {value}\n" for key, value in row.items() if value is not None]
    return "section: mail\n" + "".join(lines)


def keys_without_values():
    """Keys of the section mail that have no values above."""
    with open(os.path.join(os.path.dirname(__file__), "pmg.conf.keys"), encoding="utf-8") as file:
        known = {line.split("\t")[1] for line in file if line.startswith("mail\t")}
    return known ^ MAIL.keys()


def judge_pairs(pmgconfig, values):
    """Pairwise settings of the section mail; returns the number of rows and of complaints."""
    rows, failed = pairwise.rows(values), 0
    for row in rows:
        pathlib.Path("/etc/pmg/pmg.conf").write_text(settings_of(row))
        for complaint in postfix_complaints(pmgconfig):
            print(f"{complaint}\n  with {settings_of(row)!r}")
            failed += 1
    return len(rows), failed


def override(pmgconfig, kind, text):
    """What a sync says with this at the end of a template: output, status, the line before it."""
    shipped = pathlib.Path(f"/var/lib/pmg/templates/{kind}.cf.in").read_text()
    path = pathlib.Path(f"/etc/pmg/templates/{kind}.cf.in")
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{shipped}{text}\n")
    output, status = run(pmgconfig, "sync")
    path.unlink()
    return output, status, shipped.count("\n")


def restrictions_of_postfix():
    """Names in smtpd(8) that are called like restrictions and that postconf(5) documents."""
    program = pathlib.Path("/usr/lib/postfix/sbin/smtpd").read_bytes()
    manual = run("zcat", "-f", "/usr/share/man/man5/postconf.5.gz")[0]
    names = re.findall(rb"(?<=\0)(?:check|reject|permit|defer)(?:_[a-z]+)*(?=\0)", program)
    return [name for name in sorted({name.decode() for name in names} - {"check_address_map"})
            if re.search(rf'^\.IP "\\fB{name}\b', manual, re.MULTILINE)]


def judge_overrides(pmgconfig):
    """Faults that are not found, or not where they are, and faults found in what is right."""
    run(pmgconfig, "sync")
    before = files()
    for kind, text, line, words in FAULTS:
        output, status, above = override(pmgconfig, kind, text)
        where = f"/etc/pmg/templates/{kind}.cf.in line {above + line}: "
        if status == 0 or where not in output or words not in output:
            yield f"{kind}.cf with {text!r}: {status} {output!r} instead of {where}... {words}"
        if files() != before:
            yield f"{kind}.cf with {text!r}: files have changed"
    names = restrictions_of_postfix()
    if len(names) < 40:
        yield f"only {len(names)} restrictions are known to smtpd(8)"
    every = [f"{name} {argument_of(name)}" for name in names]
    for kind, text in SOUND + [("main", f"smtpd_etrn_restrictions = {', '.join(every)}")]:
        output, status, _ = override(pmgconfig, kind, text)
        if status:
            yield f"{kind}.cf with {text!r}: {status} {output!r}"


def argument_of(name):
    """What has to stand behind the name of a restriction."""
    if name.endswith("_access"):
        return "hash:/etc/aliases"
    return "a.example" if "rbl" in name or "dnswl" in name or "rhswl" in name else \
        "inet:127.0.0.1:9" if name == "check_policy_service" else ""


def files():
    """When each file was written, by its name."""
    return {path: path.stat().st_mtime_ns for top in ("/etc", "/root", "/run")
            for path in pathlib.Path(top).rglob("*") if path.is_file()}


def main():
    """Tries all variants."""
    pmgconfig, templates = sys.argv[1:3]
    if os.geteuid() != 0:
        skip("needs root, for a mount namespace")
    for program in ("postfix", "clamconf", "unshare"):
        if not shutil.which(program):
            skip(f"{program} is not installed")
    if "--inside" not in sys.argv:
        with tempfile.TemporaryDirectory(prefix="pmg-contract.") as scratch:
            inner = ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv,
                     "--inside", scratch]
            sys.exit(subprocess.run(inner, check=False).returncode)
    make_private(templates, sys.argv[-1])
    run(pmgconfig, "init")
    for table, text in TABLES.items():
        pathlib.Path(f"/etc/pmg/{table}").write_text(text)
    failed = 0
    for name, settings in VARIANTS.items():
        pathlib.Path("/etc/pmg/pmg.conf").write_text(settings)
        for complaint in complaints(pmgconfig):
            print(f"{name}: {complaint}")
            failed += 1
    print(f"{len(VARIANTS)} variants, {failed} complaints")
    pathlib.Path("/etc/pmg/pmg.conf").write_text("")
    for complaint in judge_overrides(pmgconfig):
        print(complaint)
        failed += 1
    print(f"{len(FAULTS)} wrong overrides, {len(SOUND) + 1} sound ones")
    start = time.monotonic()
    values = MAIL if "--all" in sys.argv else {key: every[:2] for key, every in MAIL.items()}
    number, bad = judge_pairs(pmgconfig, values)
    print(f"{number} pairwise settings, {bad} complaints, {time.monotonic() - start:.0f} s")
    missing = keys_without_values()
    if missing:
        print(f"keys of the section mail without values here, or unknown: {sorted(missing)}")
    sys.exit(1 if failed or bad or missing else 0)


main()
