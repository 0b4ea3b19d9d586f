"""The gateway: its services in the order an administrator would start them, and its evidence."""

import csv
import io
import json
import os
import re
import socket
import time

from lab import signatures, world
from lab.logfile import LogFile, matching
from lab.node import Node
from lab.processes import children, namespaces_of
from lab.quarantine import Quarantine
from lab.wait import until

RULEDB = "Proxmox_ruledb"
POLICY_STARTED = r"pmgpolicy\[\d+\]: Policy daemon \(re\)started"
POLICY_SETTINGS = "/run/pmgpolicy/settings"    # that its answers depend on
MAIL_INFO = 2 << 3 | 6     # facility and severity, RFC 3164 section 4.1.1
DAEMON_USERS = ("pmg-smtp-filter", "pmgpolicy")

RSYSLOG = """\
module(load="imuxsock")
module(load="omjournal")
$FileCreateMode 0640
mail.*	/var/log/mail.log
*.*	/var/log/syslog
template(name="screened" type="list") {
	constant(outname="SYSLOG_IDENTIFIER" value="postfix/postscreen")
	property(outname="MESSAGE" name="msg" position.from="2")
}
:syslogtag, startswith, "postfix/postscreen" action(type="omjournal" template="screened")
"""

# What the administrator of this gateway has written down. By default there were a worker for each
# 150 MB of memory, far more than the lab's few mails need; a benchmark takes that line out again.
# Greylisting is off but where it is tested: no mail should have to come twice.
WORKERS = 6
PMG_CONF = f"""\
section: mail
	relay {world.MX_INSIDE}
	relaynomx 1
	max_filters {WORKERS}
	greylist 0

section: spam
	rbl_checks 0

"""
DOMAINS = f"{world.DOMAIN} 1\n"
NETWORKS = "10.9.0.0/24\n"

# What the administrator of this gateway appends to the template of main.cf: postscreen lets every
# new client wait for 6 s, where one second proves the same; it asks DNS lists anew each time, not
# after an hour; whether a recipient is verified is looked at each second, as long as by default,
# and errors cost no time; and the last hop does not fold long lines, so that one sees what the
# gateway before it has left of them.
OVERRIDE = """
postscreen_greet_wait = 1s
postscreen_dnsbl_min_ttl = 1s
postscreen_dnsbl_max_ttl = 1s
address_verify_poll_delay = 1s
address_verify_poll_count = 7
smtpd_error_sleep_time = 0
smtp_line_length_limit = 0
"""


class Gateway(Node):
    """The node under test."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.logs = {}

    def path(self, name):
        """A file of the gateway as a path that works out here."""
        return f"/proc/{self.pid}/root{name}"

    def read(self, name):
        """The bytes of a file of the gateway."""
        with open(self.path(name), "rb") as file:
            return file.read()

    def write(self, name, content):
        """Replaces a file of the gateway by this text or these bytes."""
        data = content.encode() if isinstance(content, str) else content
        with open(self.path(name), "wb") as file:
            file.write(data)

    def exists(self, name):
        """Is there such a file on the gateway?"""
        return os.path.exists(self.path(name))

    # Starting

    def boot(self, before_sync=None):
        """From a bare machine to a working gateway. `before_sync(gw)` may write settings."""
        self.make_users()
        self.make_places()
        self.start_syslog()
        self.exec(["pmgconfig", "init"])
        self.exec(["pg_createcluster", "15", "main", "--locale", "C", "--", "--no-sync"])
        self.postgres("start")
        self.exec(["pmgdb", "init"])
        self.settings()
        if before_sync:
            before_sync(self)
        self.exec(["pmgconfig", "sync", "--restart"])
        self.postgres("restart")        # with the configuration that sync has written
        self.clamd("start")
        self.filter("start")
        self.policy("start")
        self.postfix("start")
        self.wait_port(25, world.GATEWAY)
        self.wait_port(10025)

    def make_users(self):
        """The users that the packages would make."""
        self.exec(["groupadd", "--system", "pmg"])
        for user in DAEMON_USERS:
            self.exec(["useradd", "--system", "--gid", "pmg", "--home-dir", "/var/lib/pmg",
                       "--no-create-home", "--shell", "/usr/sbin/nologin", user])
        self.exec(["usermod", "--append", "--groups", "systemd-journal", "pmgpolicy"])

    def make_places(self):
        """The directories that packages and units would make."""
        for path, owner, mode in (("/run/clamav", "clamav:clamav", "755"),
                                  ("/run/postgresql", "postgres:postgres", "2775"),
                                  ("/run/pmg-smtp-filter", "pmg-smtp-filter:pmg", "755"),
                                  ("/run/pmgpolicy", "root:root", "755"),
                                  ("/var/lib/postgresql", "postgres:postgres", "755"),
                                  ("/var/log/postgresql", "root:postgres", "1775"),
                                  ("/var/log/clamav", "clamav:adm", "755"),
                                  ("/var/log/sanitizer", "root:root", "1777"),
                                  ("/var/lib/clamav", "clamav:clamav", "755"),
                                  ("/var/lib/postfix", "postfix:postfix", "755"),
                                  ("/var/spool/postfix", "root:root", "755"),
                                  ("/var/spool/pmg", "root:pmg", "775"),
                                  ("/var/cache/pmg-smtp-filter", "pmg-smtp-filter:pmg", "700"),
                                  ("/var/lib/pmg", "root:root", "755"),
                                  ("/var/lib/pmg/spamassassin", "pmg-smtp-filter:pmg", "750")):
            self.exec(["mkdir", "-p", path])
            self.exec(["chown", owner, path])
            self.exec(["chmod", mode, path])
        signatures.write(self.path("/var/lib/clamav"))

    def start_syslog(self):
        """rsyslogd on the gateway's own /dev/log."""
        self.write("/etc/rsyslog.conf", RSYSLOG)
        self.start(["rsyslogd", "-n"], f"{self.directory}/rsyslogd.log")
        until(lambda: self.exists("/dev/log"), "rsyslogd has no /dev/log")

    def start_journal(self):
        """systemd-journald, for tests that need it: rsyslogd passes it postscreen's lines, as soon
        as it is there. It wants to see its control group."""
        self.exec(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"])
        for directory in ("/run/systemd/journal", "/run/log/journal"):
            self.exec(["mkdir", "-p", directory])
        self.exec(["chgrp", "systemd-journal", "/run/log/journal"])
        self.exec(["chmod", "2755", "/run/log/journal"])
        self.start(["/lib/systemd/systemd-journald"], f"{self.directory}/journald.log")
        until(lambda: self.exists("/run/systemd/journal/socket"), "journald has no socket")

    def settings(self):
        """What an administrator enters on the first day."""
        self.write("/etc/pmg/pmg.conf", PMG_CONF)
        self.write("/etc/pmg/domains", DOMAINS)
        self.write("/etc/pmg/mynetworks", NETWORKS)
        template = self.read("/var/lib/pmg/templates/main.cf.in")
        os.makedirs(self.path("/etc/pmg/templates"), exist_ok=True)
        self.write("/etc/pmg/templates/main.cf.in", template + OVERRIDE.encode())

    # Services: start, stop, restart

    def postgres(self, action):
        """pg_ctlcluster; a stop is a fast one, as the unit does it."""
        how = ["-m", "fast"] if action in ("stop", "restart") else []
        self.exec(["pg_ctlcluster", *how, "15", "main", action])

    def clamd(self, action):
        """clamd knows no control command: TERM ends it, running it starts it."""
        if action in ("stop", "restart"):
            pid = self.read("/run/clamav/lab.pid").decode().strip()
            self.exec(["kill", "-TERM", pid], check=False)
            until(lambda: not self.exists(f"/proc/{pid}/stat"), "clamd does not end")
        if action in ("start", "restart"):
            self.exec(["clamd", "--pid=/run/clamav/lab.pid", "-c", "/etc/clamav/clamd.conf"])
            until(lambda: self.exists("/run/clamav/clamd.ctl"), "clamd has no socket")

    def filter(self, action):
        """The filter's control command. After a reload, waits until the old generation is gone."""
        before = self.filter_generation()
        self.exec(["pmg-smtp-filter", action])
        if action in ("start", "restart"):
            self.wait_port(10024)
        elif action == "reload":
            self.wait_generation(before)

    def wait_generation(self, before):
        """Waits until the filter's workers are all others than `before`."""
        def replaced():
            now = self.filter_generation()
            return now and not now & before
        until(replaced, "the filter does not start a new generation", 40)

    def filter_generation(self):
        """PIDs, as seen from here, of what the filter's parent has started; empty without it."""
        try:
            inner = int(self.read("/run/pmg-smtp-filter.pid"))
        except (OSError, ValueError):
            return set()
        outer = {number: pid for pid, number in namespaces_of(self.pid).items()}.get(inner)
        return children(outer) if outer else set()

    def policy(self, action):
        """pmgpolicy's control command. After a reload, waits until the new generation serves."""
        before = len(self.log(POLICY_STARTED))
        self.exec(["pmgpolicy", action])
        if action in ("start", "restart", "reload"):
            self.wait_log(POLICY_STARTED, before + 1)

    def postfix(self, action):
        """postfix start, stop, reload, abort."""
        self.exec(["postfix", action])

    def flush(self):
        """Asks Postfix to try all deferred mail now."""
        self.exec(["postqueue", "-f"], check=False)

    # Evidence

    def sql(self, query, database=RULEDB):
        """Rows as dictionaries of text; NULL and the empty string look the same."""
        out = self.exec(["psql", "--no-psqlrc", "--csv", "-v", "ON_ERROR_STOP=1", "-d", database,
                         "-f", "-"], stdin=query).out
        return list(csv.DictReader(io.StringIO(out)))

    def log(self, pattern=None, name="mail.log"):
        """Lines of a log; only those in which `pattern` is found, if given. Whatever was said
        before the call is in it; a line that will be said some time is for wait_log."""
        mark = f"lab: mark {time.monotonic_ns()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to_syslog:
            to_syslog.connect(self.path("/dev/log"))
            to_syslog.send(f"<{MAIL_INFO}>{mark}".encode())
        file = self.log_file(name)
        until(lambda: any(line.endswith(mark) for line in reversed(file.lines())),
              f"rsyslogd does not write into {name}", every=0.002)
        return matching(file.lines(), pattern)

    def wait_log(self, pattern, count=1, seconds=20):
        """Waits until `count` lines of mail.log match, and returns them."""
        file = self.log_file("mail.log")
        def enough():
            lines = matching(file.lines(), pattern)
            return lines if len(lines) >= count else None
        return until(enough, f"{count} lines like {pattern} in mail.log", seconds)

    def log_file(self, name):
        """A log, as far as rsyslogd has written it."""
        return self.logs.setdefault(name, LogFile(f"{self.directory}/log/{name}"))

    def queue(self):
        """What Postfix still has, one dictionary per mail."""
        out = self.exec(["postqueue", "-j"]).out
        return [json.loads(line) for line in out.splitlines()]

    def wait_queue_empty(self, seconds=60):
        """Waits until Postfix has nothing left; asks it to retry what it would leave for later.

        That is what is deferred, and what stays in `incoming`: a queue manager that was reloaded
        while the old one's delivery agent still held the lock of a mail passes over the file, and
        looks again after 300 s only. A flush makes it look at both.

        Empty is what is empty twice: postqueue reads one directory after the other, and passes over
        a mail that the filter gives back to `incoming` behind its eyes.
        """
        def empty():
            queue = self.queue()
            if any(mail["queue_name"] in ("deferred", "incoming") for mail in queue):
                self.flush()
            return not queue and not self.queue()
        until(empty, lambda: f"the queue still has {self.queue()}", seconds, every=0.25)

    def quarantine(self, kind):
        """The `spam`, `virus` or `attachment` quarantine."""
        return Quarantine(self, kind)
