"""Mail through the whole gateway: flow_after_queue and filter_pss.

    python3 tests/bench/flow.py NAME...

flow_after_queue   smtp-source (20 at a time, a connection per mail) -> Postfix -> filter -> Postfix
                   -> smtp-sink, in turn with the same Postfix whose content filter is its
                   own port 10025 (an empty hop, no filter)
flow_before_queue  the same with the filter before the queue, as a proxy of smtpd, in turn with the
                   empty hop behind the queue and with Postfix that relays without any filter
filter_pss         proportional set size of the filter with 15 workers after 10,000 mails
"""

import os
import re
import statistics
import sys
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/bench"]

import cpu                                  # noqa: E402 (the path must be set first)
import figures                              # noqa: E402
from lab import samples, smtp, world        # noqa: E402
from lab.gateway import PMG_CONF, WORKERS as LAB_WORKERS     # noqa: E402
from lab.lab import Lab                     # noqa: E402
from lab.processes import namespaces_of     # noqa: E402
from lab.wait import until                  # noqa: E402

BUILD = os.environ.get("PMG_LAB_BUILD", "build/release")
CONNECTIONS = 20
MAILS = int(os.environ.get("BENCH_MAILS", "3000"))
ROUNDS = 3
WORKERS = 15
PSS_LIMIT = 150e6
PSS_MAILS = int(os.environ.get("BENCH_PSS_MAILS", "10000"))
SENDER = "alice@nospf.example"     # smtp-source cannot choose its address for a domain with SPF
OUTSIDE_SERVICE = "smtpd/pass"      # in master.cf: behind postscreen
ORDER = ("postfix", "filter", "clamd", "postgres", "syslog", "dns", "load")


def settings(workers=None, before_queue=False):
    """A function that sets `max_filters` on the gateway; None leaves the default."""
    line = f"\tmax_filters {workers}\n" if workers else ""
    line += "\tbefore_queue_filtering 1\n" if before_queue else ""
    text = PMG_CONF.replace(f"\tmax_filters {LAB_WORKERS}\n", line)
    return lambda gateway: gateway.write("/etc/pmg/pmg.conf", text)


class Flow:
    """A lab with smtp-sink inside and the ham sample to send."""

    def __init__(self, workers=None, before_queue=False):
        self.lab = Lab.up("bench", os.path.join(ROOT, BUILD),
                          gateway=settings(workers, before_queue))
        self.lab.lan.behave(up=False)
        self.lab.lan.start(["smtp-sink", "-u", "postfix", f"{world.MX_INSIDE}:25", "1000"],
                           f"{self.lab.directory}/lan/smtp-sink.log")
        self.lab.lan.wait_port(25, world.MX_INSIDE)
        ham = next(sample for sample in samples.load() if sample.name == "ham")
        self.mail = f"{self.lab.directory}/inet/ham"
        with open(self.mail, "wb") as out:
            out.write(smtp.crlf(ham.dated()).replace(b"\r\n", b"\n"))

    def pids(self):
        """All processes in the lab, as seen from here."""
        return namespaces_of(self.lab.state["init"])

    def queue_is_empty(self):
        """Has Postfix handed on everything? Looks at the queue's directories only."""
        spool = self.lab.gw.path("/var/spool/postfix")
        return not any(files for queue in ("maildrop", "incoming", "active", "deferred")
                       for _, _, files in os.walk(f"{spool}/{queue}"))

    def delivered(self):
        """How many mails smtp-sink has accepted, by Postfix's log."""
        return sum(f"relay={world.MX_INSIDE}" in line and "status=sent" in line
                   for line in self.lab.gw.log())

    def send(self, count):
        """Sends `count` mails and waits for the last to be delivered.

        Returns mails per second and CPU milliseconds per mail by group.
        """
        known, before = self.delivered(), cpu.ticks(self.pids())
        start = time.monotonic()
        self.lab.inet.exec(["smtp-source", "-s", str(CONNECTIONS), "-m", str(count),
                            "-F", self.mail, "-f", SENDER,
                            "-t", f"bob@{world.DOMAIN}", f"{world.GATEWAY}:25"], seconds=600)
        after = self.drained(before)
        seconds = time.monotonic() - start
        until(lambda: self.delivered() - known >= count, "not every mail was delivered", 30)
        used = {name: value / count for name, value in cpu.spent(before, after).items()}
        return count / seconds, used

    def drained(self, before):
        """Waits for the empty queue, retrying what was deferred; returns the CPU at its end."""
        until(self.queue_is_empty, "the queue does not drain", 600, every=0.05)
        return cpu.ticks(self.pids()) or before

    def make_hop(self):
        """A transport to Postfix's own port 10025; returns its address as a content filter."""
        gateway = self.lab.gw
        gateway.exec(["postconf", "-M", "hop/unix=hop unix - - n - - smtp"])
        for option in ("smtp_send_xforward_command=yes", "smtp_dns_support_level=disabled",
                       "smtp_connection_cache_on_demand=no"):
            gateway.exec(["postconf", "-P", f"hop/unix/{option}"])
        return "hop:[127.0.0.1]:10025"

    def filters(self):
        """Where the service that takes mail from outside sends it: (before, after the queue)."""
        asked = self.lab.gw.exec(["postconf", "-P"]).out
        found = dict(re.findall(rf"^{OUTSIDE_SERVICE}/(\w+_filter) = *(.*)$", asked, re.M))
        return found.get("smtpd_proxy_filter", ""), found.get("content_filter", "")

    def filtered(self, before, after):
        """Points that service at these filters."""
        for option, value in (("smtpd_proxy_filter", before), ("content_filter", after)):
            self.lab.gw.exec(["postconf", "-P", f"{OUTSIDE_SERVICE}/{option}={value}"])
        self.lab.gw.postfix("reload")

    def in_turn(self, ways):
        """Sends MAILS by each of the named ways, ROUNDS times; returns name -> mean()."""
        rounds = {name: [] for name in ways}
        self.send(200)                          # caches, postscreen's list, connections
        for _ in range(ROUNDS):
            for name, way in ways.items():
                self.filtered(*way)
                rounds[name].append(self.send(MAILS))
        self.lab.down()
        means = {name: mean(values) for name, values in rounds.items()}
        for name, (rate, used) in means.items():
            print(f"  {name + ':':34} {rate:6.1f} mails/s, {per_mail(used)}")
        return means


def per_mail(used):
    """CPU milliseconds per mail of each group, in words."""
    parts = [f"{name} {used[name]:.2f}" for name in ORDER if used.get(name)]
    ours = sum(used.get(name, 0) for name in ORDER if name != "load")
    return f"CPU ms per mail: {ours:.2f} ({', '.join(parts)})"


def mean(rounds):
    """Rates and CPU of several rounds as one: median rate, mean milliseconds."""
    rate = statistics.median(rate for rate, _ in rounds)
    names = {name for _, used in rounds for name in used}
    return rate, {name: statistics.mean(used.get(name, 0) for _, used in rounds) for name in names}


def flow_after_queue():
    """See above."""
    flow = Flow()
    means = flow.in_turn({"without any filter": ("", flow.make_hop()),
                          "with the filter": flow.filters()})
    rate, base = (means[name][0] for name in ("with the filter", "without any filter"))
    return figures.line("flow_after_queue", rate, "mails/s", rate / base,
                        "the same Postfix without a filter")


def flow_before_queue():
    """See above."""
    flow = Flow(before_queue=True)
    means = flow.in_turn({"an empty hop behind the queue": ("", flow.make_hop()),
                          "relayed without any hop": ("", ""),
                          "with the filter before the queue": flow.filters()})
    hop, bare, rate = (rate for rate, _ in means.values())
    print(f"  ratio {rate / bare:.2f} to Postfix that only relays")
    return figures.line("flow_before_queue", rate, "mails/s", rate / hop,
                        "an empty hop behind the queue")


def filter_pss():
    """See above."""
    flow = Flow(WORKERS)
    flow.send(PSS_MAILS)
    size, count = cpu.pss(flow.pids(), "pmg-smtp-filter")
    flow.lab.down()
    print(f"  {count} processes of the filter, {WORKERS} of them workers")
    return figures.line("filter_pss", size / 1e6, "MB", PSS_LIMIT / size, "the limit of 150 MB")


BENCHES = {"flow_after_queue": flow_after_queue, "flow_before_queue": flow_before_queue,
           "filter_pss": filter_pss}


def main(names):
    """Runs the named benchmarks, or all."""
    for name in names or BENCHES:
        print(BENCHES[name](), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
