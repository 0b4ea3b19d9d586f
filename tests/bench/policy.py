"""Policy servers under load: policy_rate and policy_spf_rate.

    python3 tests/bench/policy.py NAME...

policy_rate      100,000 triples that the greylist knows, SPF off, 200 connections; in turn with
                 postgrey on the same requests, after it has learned the same triples; and the
                 99th percentile of the time to an answer when 8,000 requests come in a second
policy_spf_rate  mails that SPF passes, all answers cached; in turn with postfix-policyd-spf-perl,
                 which is a process for each connection and so gets fewer of them, as do we
"""

import os
import statistics
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/bench"]

import cpu                                  # noqa: E402 (the path must be set first)
import figures                              # noqa: E402
from lab.gateway import PMG_CONF            # noqa: E402
from lab.lab import Lab                     # noqa: E402
from lab.processes import namespaces_of     # noqa: E402

BUILD = os.environ.get("PMG_LAB_BUILD", "build/release")
TRIPLES = int(os.environ.get("BENCH_TRIPLES", "100000"))
CONNECTIONS, SPF_CONNECTIONS = 200, 20
SPF_SENDERS, SPF_REQUESTS, SPF_OTHER_REQUESTS = 1000, 50000, 3000
ROUNDS = 3
P99_LIMIT = 10.0        # ms
RATE_LIMIT = 8000
TOOL = "/root/policy_load"
OURS, POSTGREY, SPF_PERL = 10022, 10023 + 100, 10023 + 101

# Every triple as greylisting leaves it after its first accepted mail.
KNOWN = """
INSERT INTO cgreylist
SELECT format('10.%s.%s.0/24', t >> 8 & 255, t & 255), format('s.%sx@d%s.example', t, t % 1000),
       format('user.%sx@inside.test', t % 50), 'old', now - 86400, now + 3000000, 300, 1, 1, 0,
       now - 86000
FROM generate_series(0, {triples} - 1) AS t, (SELECT extract(epoch FROM now())::int) AS n(now);
ANALYZE cgreylist;
"""


def settings(greylist, spf):
    """A function that sets what is asked about on the gateway."""
    text = PMG_CONF.replace("\tgreylist 0\n", f"\tgreylist {greylist}\n\tspf {spf}\n")
    return lambda gateway: gateway.write("/etc/pmg/pmg.conf", text)


class Bench:
    """A lab with the load generator on its gateway."""

    def __init__(self, greylist, spf):
        self.lab = Lab.up("bench", os.path.join(ROOT, BUILD), gateway=settings(greylist, spf))
        self.gw = self.lab.gw
        with open(f"{ROOT}/{BUILD}/tests/bench/policy_load", "rb") as tool:
            self.gw.write(TOOL, tool.read())
        self.gw.exec(["chmod", "755", TOOL])

    def load(self, port, connections, requests, triples, kind, rate=0):
        """One run of the generator: name -> figure. `rate`: requests per second; 0: all it can."""
        out = self.gw.exec([TOOL, "127.0.0.1", str(port), str(connections), str(requests),
                            str(triples), kind, str(rate)], seconds=1200).out
        return {name: float(value) for name, value in map(str.split, out.splitlines())}

    def ticks(self):
        """CPU so far, by group."""
        return cpu.ticks(namespaces_of(self.lab.state["init"]))

    def start(self, command, port):
        """Starts the other side and waits for its port."""
        self.gw.start(command, f"{self.gw.directory}/{command[0].rpartition('/')[2]}.log")
        self.gw.wait_port(port)


def text(who, seen, used=None, requests=1):
    """A run in words."""
    words = (f"  {who}: {seen['rate']:8.1f} requests/s, p50 {seen['p50']:.2f} ms, "
             f"p99 {seen['p99']:.2f} ms, the generator took {100 * seen['cpu_share']:.0f} % of a "
             f"processor; dunno {seen['dunno']:.0f}, defer {seen['defer']:.0f}, prepend "
             f"{seen['prepend']:.0f}")
    if used:
        words += "; CPU us per request: " + ", ".join(
            f"{name} {1000 * used[name] / requests:.0f}" for name in ("policy", "postgres")
            if used.get(name))
    return words


def median(runs, name):
    """The median of one figure of several runs."""
    return statistics.median(run[name] for run in runs)


def policy_rate():
    """See above."""
    bench = Bench(greylist=1, spf=0)
    bench.gw.sql(KNOWN.format(triples=TRIPLES))
    bench.gw.exec("mkdir -p /var/lib/postgrey")
    bench.gw.exec("chown postgrey:postgrey /var/lib/postgrey")
    # Its shortest delay, so that it learns the triples within this run: afterwards it knows them.
    bench.start(["/usr/sbin/postgrey", f"--inet=127.0.0.1:{POSTGREY}", "--delay=1",
                 "--dbdir=/var/lib/postgrey"], POSTGREY)
    for _ in range(2):
        seen = bench.load(POSTGREY, CONNECTIONS, TRIPLES, TRIPLES, "greylist")
    print(text("postgrey, learning", seen), flush=True)
    bench.load(OURS, CONNECTIONS, 20000, TRIPLES, "greylist")
    ours, other, paced = [], [], []
    for _ in range(ROUNDS):
        other.append(bench.load(POSTGREY, CONNECTIONS, TRIPLES // 2, TRIPLES, "greylist"))
        before = bench.ticks()
        ours.append(bench.load(OURS, CONNECTIONS, TRIPLES, TRIPLES, "greylist"))
        used = cpu.spent(before, bench.ticks())
        print(text("pmgpolicy", ours[-1], used, TRIPLES), flush=True)
        print(text("postgrey ", other[-1]), flush=True)
        paced.append(bench.load(OURS, CONNECTIONS, TRIPLES, TRIPLES, "greylist", RATE_LIMIT))
        print(text("  at a pace", paced[-1]), flush=True)
        assert ours[-1]["dunno"] == TRIPLES, "a triple that should be known is not"
    bench.lab.down()
    rate, p99 = median(ours, "rate"), median(paced, "p99")
    return [figures.line("policy_rate", rate, "requests/s", rate / median(other, "rate"),
                         "postgrey"),
            figures.line("policy_rate_goal", rate, "requests/s", rate / RATE_LIMIT,
                         "the goal of 8000"),
            figures.line("policy_p99", p99, "ms", P99_LIMIT / p99, "the limit of 10 ms")]


def policy_spf_rate():
    """See above."""
    bench = Bench(greylist=0, spf=1)
    bench.gw.exec(["postconf", "-M", f"127.0.0.1:{SPF_PERL}/inet=127.0.0.1:{SPF_PERL} inet n n n "
                   "- 0 spawn user=nobody argv=/usr/sbin/postfix-policyd-spf-perl"])
    bench.gw.postfix("reload")
    bench.gw.wait_port(SPF_PERL)

    def run(port, requests):
        return bench.load(port, SPF_CONNECTIONS, requests, SPF_SENDERS, "spf")
    run(OURS, 2 * SPF_SENDERS)
    run(SPF_PERL, SPF_SENDERS)
    ours, other = [], []
    for _ in range(ROUNDS):
        other.append(run(SPF_PERL, SPF_OTHER_REQUESTS))
        ours.append(run(OURS, SPF_REQUESTS))
        print(text("pmgpolicy    ", ours[-1]), flush=True)
        print(text("policyd-spf  ", other[-1]), flush=True)
        assert ours[-1]["prepend"] == SPF_REQUESTS, "a mail that SPF should pass did not"
        assert other[-1]["prepend"] == SPF_OTHER_REQUESTS, "the other side passes other mails"
    bench.lab.down()
    rate = median(ours, "rate")
    return [figures.line("policy_spf_rate", rate, "requests/s", rate / median(other, "rate"),
                         "postfix-policyd-spf-perl")]


BENCHES = {"policy_rate": policy_rate, "policy_spf_rate": policy_spf_rate}


def main(names):
    """Runs the named benchmarks, or all."""
    for name in names or BENCHES:
        for figure in BENCHES[name]():
            print(figure, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
