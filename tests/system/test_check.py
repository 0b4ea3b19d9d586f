"""pmgconfig check: what it says about the lab's gateway, and that following its advice helps."""

import contextlib
import json
import re

import pytest

from lab.gateway import NETWORKS, PMG_CONF
from lab.wait import until
from lab.world import DOMAIN, GATEWAY_NAME

UNBOUND = "/etc/unbound/unbound.conf"
LEVELS = ["ok", "warning", "error"]


def check(lab):
    """The report, whose worst level is the exit status."""
    done = lab.gw.exec(["pmgconfig", "check", "--output-format", "json"], check=False)
    report = json.loads(done.out)
    assert done.code == LEVELS.index(report["status"])
    assert report["status"] == max(report["checks"].values(), key=LEVELS.index)
    return report


def findings(report, name):
    """What one of the checks has found."""
    return [found for found in report["findings"] if found["check"] == name]


def reload_dns(lab, text):
    """Another configuration for the name server of everything."""
    lab.inet.exec(["tee", UNBOUND], stdin=text)
    pid = lab.inet.exec(["pgrep", "-n", "-f", f"^unbound -d -c {UNBOUND}"]).out.strip()
    lab.inet.exec(["kill", "-HUP", pid])


@contextlib.contextmanager
def records(lab, *lines, zone=DOMAIN):
    """More records in DNS, as long as the block lasts."""
    before = lab.inet.exec(["cat", UNBOUND]).out
    more = f'server:\n  local-zone: "{zone}." static\n'
    more += "".join(f"  local-data: '{line}'\n" for line in lines)
    reload_dns(lab, before + more)
    try:
        yield
    finally:
        reload_dns(lab, before)


@contextlib.contextmanager
def file(lab, path, text):
    """A file of the gateway with this text, as long as the block lasts."""
    before = lab.gw.read(path)
    lab.gw.write(path, text)
    try:
        yield
    finally:
        lab.gw.write(path, before)


def one_line(record):
    """A record of a zone file without its parentheses, line ends and comment."""
    record = re.sub(r";[^\"]*$", "", record)
    return re.sub(r"\s+", " ", record.replace("( ", "").replace(" )", "")).strip()


def test_the_lab_as_it_is(lab):
    report = check(lab)
    assert report["status"] == "warning"
    for name in ("settings", "hostname", "relay", "dns-lists", "mx", "certificates"):
        assert report["checks"][name] == "ok", report
    assert findings(report, "spf")[0]["record"] == \
        f'{DOMAIN}. IN TXT "v=spf1 mx a:{GATEWAY_NAME} -all"'
    assert findings(report, "dmarc")[0]["record"].startswith(f"_dmarc.{DOMAIN}. IN TXT ")
    assert "not signed" in findings(report, "dkim")[0]["text"]
    assert "no backup" in findings(report, "backup")[0]["text"]


def test_text_says_the_same(lab):
    done = lab.gw.exec(["pmgconfig", "check"], check=False)
    assert done.code == 1
    assert re.search(r"^ok       hostname$", done.out, re.M)
    assert re.search(rf"^warning  spf: {re.escape(DOMAIN)} has no SPF record", done.out, re.M)


def test_records_that_are_pasted_help(lab):
    lab.gw.exec(["pmgconfig", "dkim", DOMAIN, "--create", "rsa", "--selector", "c1"])
    try:
        with file(lab, "/etc/pmg/pmg.conf", PMG_CONF + "section: admin\n\tdkim_sign 1\n\n"):
            report = check(lab)
            assert report["checks"]["dkim"] == "error" and report["status"] == "error"
            lines = [one_line(findings(report, name)[0]["record"])
                     for name in ("spf", "dkim", "dmarc")]
            with records(lab, *lines):
                def helped():
                    after = check(lab)["checks"]
                    return {after[name] for name in ("mx", "spf", "dkim", "dmarc")} == {"ok"}
                until(helped, lambda: f"no help: {lines}, {check(lab)}")
    finally:
        lab.gw.exec(["rm", "-r", f"/etc/pmg/dkim/{DOMAIN}"])


def test_an_open_relay(lab):
    with file(lab, "/etc/pmg/mynetworks", NETWORKS + "0.0.0.0/0\n"):
        report = check(lab)
    assert report["status"] == "error"
    assert "0.0.0.0/0" in findings(report, "settings")[0]["text"]
    assert "open relay" in findings(report, "settings")[0]["text"]


@pytest.mark.parametrize("answer, level, words", [
    ("127.0.0.2", "ok", None),
    ("127.255.255.254", "error", "refuses this resolver"),
    (None, "warning", "does not know its test address"),
])
def test_a_dns_list(lab, answer, level, words):
    lines = [f"2.0.0.127.bl.example. A {answer}"] if answer else []
    conf = PMG_CONF.replace("section: mail\n", "section: mail\n\tdnsbl_sites bl.example*2\n")
    with file(lab, "/etc/pmg/pmg.conf", conf), records(lab, *lines, zone="bl.example"):
        until(lambda: check(lab)["checks"]["dns-lists"] == level, lambda: f"{check(lab)}")
        found = findings(check(lab), "dns-lists")
    assert not words or words in found[0]["text"]
