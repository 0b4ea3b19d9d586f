#!/usr/bin/python3
"""Our DMARC against Mail::DMARC, and against what authentication milters wrote into real mails.

dmarc_peers.py PROGRAM; 77: skipped, when Mail::DMARC is not installed. The examples of
../shared/data are looked at where they are.
"""
import itertools
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys

import suites

DOMAINS = ["example.org", "mail.example.org", "a.b.example.org", "example.co.uk", "x.example.co.uk",
           "other.example", "co.uk"]

RECORDS = [
    "v=DMARC1; p=none", "v=DMARC1; p=reject", "v=DMARC1; p=quarantine; sp=reject",
    "v=DMARC1; p=reject; sp=none", "v=DMARC1; p=reject; aspf=s", "v=DMARC1; p=reject; adkim=s",
    "v=DMARC1; p=quarantine; aspf=s; adkim=s; pct=100",
    "v=DMARC1;p=reject;rua=mailto:a@example.org",
    "v=DMARC1; p=quarantine; adkim=r; aspf=r; fo=1; rf=afrf; ri=3600", "v=spf1 -all", "nonsense",
]

PEER = r"""
use Mail::DMARC::PurePerl; use Net::DNS;
my %zone;
{ package Answer; sub answer { @{$_[0]} }
  package Fake; sub new { bless {}, shift } sub errorstring { 'NXDOMAIN' }
  sub query { my ($s, $name, $type) = @_;
      return bless [Net::DNS::RR->new("$name 60 IN A 192.0.2.1")], 'Answer'
          if $type =~ /^(A|MX|NS)$/;
      my @texts = $type eq 'TXT' ? @{$zone{lc $name} || []} : ();
      return @texts ? bless([map { Net::DNS::RR->new(name => $name, type => 'TXT', txtdata => $_) }
                             @texts], 'Answer') : undef; }
  *send = \&query; *search = \&query; }
while (my $line = <STDIN>) {
    chomp $line;
    my ($what, @f) = map { $_ eq '-' ? '' : $_ } split / /, $line;
    @f = map { pack 'H*', $_ } @f;
    if ($what eq 'reset') { %zone = (); next }
    if ($what eq 'zone') { push @{$zone{lc $f[0]}}, $f[2]; next }
    my ($from, $spf, @dkim) = @f;
    my $d = Mail::DMARC::PurePerl->new; $d->set_resolver(Fake->new);
    $d->header_from($from); $d->source_ip('192.0.2.1');
    $d->spf([{ domain => $spf || 'none.example', scope => 'mfrom',
               result => $spf ? 'pass' : 'fail' }]);
    $d->dkim([map { { domain => $_, selector => 's', result => 'pass' } } grep { length } @dkim]);
    my $r = $d->validate;
    print join(' ', map { unpack 'H*', $_ } $r->result, $r->dkim || 'fail', $r->spf || 'fail',
               $r->disposition), "\n";
}
"""


def random_cases(count):
    """Zones and mails; always the same ones."""
    rng = random.Random(7489)
    for _ in range(count):
        lines = [suites.line("reset")]
        for domain in rng.sample(DOMAINS, 3):
            lines.append(suites.line("zone", f"_dmarc.{domain}", "TXT", rng.choice(RECORDS)))
        lines.append(suites.line("check", rng.choice(DOMAINS[:5]), rng.choice(DOMAINS + [""]),
                                 rng.choice(DOMAINS + [""])))
        yield lines


def peer(lines):
    done = subprocess.run(["perl", "-e", PEER], input="".join(lines), stdout=subprocess.PIPE,
                          text=True, check=True)
    return [[bytes.fromhex(f).decode() for f in a.split(" ")] for a in done.stdout.splitlines()]


def same(ours, theirs):
    """What does not apply is not compared: nothing aligns where there is no record."""
    if ours[0] == "none" or theirs[0] == "none":
        return ours[0] == theirs[0] or theirs[3] == "none"
    return ours == theirs


def check_peer(program, count):
    cases = list(random_cases(count))
    lines = list(itertools.chain.from_iterable(cases))
    for case, ours, theirs in zip(cases, suites.run(program, lines), peer(lines)):
        if not same(ours, theirs):
            words = [w for line in case for w in line.split()[1:] if w != "-"]
            yield f"{[bytes.fromhex(w).decode() for w in words]}: {ours}, Mail::DMARC {theirs}"


def field(results, pattern):
    found = re.search(pattern, results)
    return found[1] if found else ""


def example_cases(files):
    """From, policy and what SPF and DKIM found, as the milter noted them; its result."""
    for name, mail in sorted(files.items()):
        text = mail.decode("latin-1")
        head = text.split("\n\n")[0] if "\r\n\r\n" not in text else text.split("\r\n\r\n")[0]
        results = " ".join(re.findall(r"(?m)^Authentication-Results:.*(?:\n[ \t].*)*", head))
        policy = field(results, r"dmarc=\w+ policy\.published-domain-policy=(\w+)")
        origin = field(results, r"header\.from=([\w.-]+)")
        if not policy or not origin:
            continue
        spf = field(results, r"\bspf=pass smtp\.mailfrom=\S*?@?([\w.-]+)(?: |;|$)")
        dkim = re.findall(r"(?<!-)\bdkim=pass \([^)]*\) header\.d=([\w.-]+)", results)
        lines = [suites.line("reset"),
                 suites.line("zone", f"_dmarc.{origin}", "TXT", f"v=DMARC1; p={policy}"),
                 suites.line("check", origin, spf, *(dkim or [""]))]
        yield (name, field(results, r"dmarc=(\w+)"),
               field(results, r"policy\.evaluated-disposition=(\w+)"), lines)


def check_examples(program):
    """Results and dispositions of the examples; those without a record of their own say "none"."""
    root = pathlib.Path(os.environ.get("PMG_SOURCE_ROOT", "."))
    shared = pathlib.Path(os.environ.get("PMG_SHARED", root / ".." / "shared"))
    if not (shared / "data" / "protocol-suites.tar.zst").exists():
        print("the examples of ../shared/data are not there")
        return []
    cases = [c for c in example_cases(suites.suite_files("auth-milter-examples"))
             if c[1] in ("pass", "fail")]
    answers = suites.run(program, itertools.chain.from_iterable(c[3] for c in cases))
    print(f"{len(cases)} examples")
    return [f"{name}: {answer} instead of {result} {disposition}"
            for (name, result, disposition, _), answer in zip(cases, answers)
            if (answer[0], answer[3]) != (result, disposition)]


def main():
    if not shutil.which("perl") or subprocess.run(["perl", "-MMail::DMARC", "-e1"],
                                                  stderr=subprocess.DEVNULL).returncode:
        suites.skip("Mail::DMARC is not installed")
    count = 2000
    wrong = list(check_peer(sys.argv[1], count)) + check_examples(sys.argv[1])
    print("\n".join(wrong[:20] + [f"{count} cases, {len(wrong)} differences"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
