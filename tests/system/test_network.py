"""Network tests of the spam engine: block lists, SPF and Razor2, from the network to the score."""

import contextlib
import http.server
import re
import threading

import pytest

from lab import world
from lab.evidence import Trace
from spam.razor_server import Server

CONF = "/etc/pmg/pmg.conf"
RAZOR_LIST = "/var/lib/pmg/spamassassin/razor/servers.catalogue.lst"
RAZOR_PORT = 2703
PROXY_PORT = 3128
LINKS = "/var/lib/pmg/spamassassin/short-urls.mdb"
SERVICE = "fromthisdomain.com"        # shortens links, in one test
SERVICE_RULES = "/etc/mail/spamassassin/zz-service.cf"
NO_SPF = "eve@bulk.spam.example"      # a sender whose domain says nothing


@pytest.fixture(scope="module", name="rbl_checks")
def switch(lab):
    """rbl_checks(on, more lines, sections): everywhere else in the lab they are off."""
    good = lab.gw.read(CONF).decode()
    off, on = "\trbl_checks 0\n", "\trbl_checks 1\n"
    assert off in good

    def put(is_on, more="", sections=""):
        lab.gw.write(CONF, good.replace(off, on + more) + sections if is_on else good)
        lab.gw.exec(["pmgconfig", "sync", "--restart"])
        lab.gw.filter("reload")
    yield put
    put(False)


def hits(lab, mail, sender=None, client=None):
    """Sends to bob; the names of the rules that hit, with their scores."""
    sent = lab.inet.send(mail.text, to="bob@inside.test", sender=sender, client=client)
    assert sent.code == 250, sent
    lab.gw.wait_queue_empty()
    line = Trace(lab.gw.log(), mail.message_id).first(r"^SA score=.* hits=(\S*)$")
    return dict(re.findall(r"(\w+)\((-?[\d.]+)\)", line.group(1)))


def test_what_is_listed_gets_its_score(lab, letter, rbl_checks):
    def linking(to):
        return letter("link", body=f"Look at http://www.{to}/x now.\n".encode())

    rbl_checks(True)
    found = hits(lab, letter("from a listed client"), NO_SPF, world.SPAM_LISTED)
    assert float(found["RCVD_IN_PSBL"]) > 0
    assert "RCVD_IN_PSBL" not in hits(lab, letter("from elsewhere"), NO_SPF)
    assert float(hits(lab, linking(world.LISTED_LINK))["URIBL_BLACK"]) > 0
    assert "URIBL_BLACK" not in hits(lab, linking("innocent.com"))


def test_spf_is_asked(lab, letter, rbl_checks):
    rbl_checks(True)
    assert "SPF_PASS" in hits(lab, letter("from its server"))
    assert "SPF_NONE" in hits(lab, letter("from somewhere"), NO_SPF)


def test_pmgspam_tells_whom_it_asks(lab, letter, rbl_checks):
    rbl_checks(True)
    text = letter("link", body=f"Look at http://www.{world.LISTED_LINK}/x now.\n".encode()).text
    lab.gw.write("/tmp/mail", b"Received: from x.example (x.example [%s]) by mx.inside.test with "
                 b"SMTP; Fri, 27 Nov 2020 10:00:00 +0000\n" % world.SPAM_LISTED.encode() + text)
    told = lab.gw.exec(["pmgspam", "-D", "dns,spf", "json", "/tmp/mail"])
    assert '"RCVD_IN_PSBL"' in told.out and '"URIBL_BLACK"' in told.out
    lines = told.err.splitlines()
    name = f"{world.LISTED_LINK}.multi.uribl.com"
    assert f"dbg: dns: A {name} is asked" in lines
    assert [x for x in lines if x.startswith(f"dbg: dns: A {name}: 127.0.0.")]
    assert [x for x in lines if re.match(r"dbg: spf: HELO x\.example: none", x)]
    assert {x.split(": ")[1] for x in lines if x.startswith("dbg: ")} == {"dns", "spf"}
    quiet = lab.gw.exec(["pmgspam", "-L", "-D", "dns", "json", "/tmp/mail"])
    assert "URIBL_BLACK" not in quiet.out and "dbg: dns" not in quiet.err


def test_nobody_is_asked_where_it_is_off(lab, letter, rbl_checks):
    rbl_checks(False)
    found = hits(lab, letter("from a listed client"), NO_SPF, world.SPAM_LISTED)
    assert not {"RCVD_IN_PSBL", "SPF_NONE"} & set(found)


def test_what_others_have_reported(lab, letter, rbl_checks):
    rules = {"RAZOR2_CHECK", "RAZOR2_CF_RANGE_51_100"}
    with Server((world.DNS, RAZOR_PORT), lab.inet.socket()) as razor:
        rbl_checks(True)
        razor.answers = ["p=1&cf=95"]
        found = hits(lab, letter("reported"), NO_SPF)
        assert all(float(found[rule]) > 0 for rule in rules)
        assert lab.gw.read(RAZOR_LIST).decode() == f"{world.DNS}:{RAZOR_PORT}\n"
        assert not rules & set(hits(lab, letter("not reported"), NO_SPF))
        asked = len(razor.asked)
        assert asked == 2
        rbl_checks(True, "\tuse_razor 0\n")
        assert not rules & set(hits(lab, letter("nobody asks"), NO_SPF))
        assert len(razor.asked) == asked


class Service(http.server.BaseHTTPRequestHandler):
    """Leads everywhere to a domain on a list."""
    asked = []

    def do_HEAD(self):      # pylint: disable=invalid-name
        """One question."""
        Service.asked.append(f"{self.command} {self.headers['Host']}{self.path}")
        self.send_response(301)
        self.send_header("Location", f"http://www.{world.LISTED_LINK}/x")
        self.end_headers()

    def log_message(self, *_):      # pylint: disable=arguments-differ
        """Nothing."""


@contextlib.contextmanager
def service(lab, port=80):
    """The web server of SERVICE, which the rules know to shorten links, or a proxy for it."""
    server = http.server.HTTPServer((world.MX_OUTSIDE, port), Service, bind_and_activate=False)
    server.socket.close()
    server.socket = lab.inet.socket()
    server.server_bind()
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    lab.gw.write(SERVICE_RULES, f"url_shortener {SERVICE}\nbody LAB_LED eval:short_url_redir()\n"
                                "score LAB_LED 0.1\n")
    try:
        yield
    finally:
        lab.gw.exec(["rm", SERVICE_RULES])
        server.shutdown()
        thread.join()
        server.server_close()


def test_where_a_short_link_leads(lab, letter, rbl_checks):
    def mail(subject):
        return letter(subject, body=f"Look at http://{SERVICE}/abc now.\n".encode())

    with service(lab):
        rbl_checks(False)
        assert not {"LAB_LED", "URIBL_BLACK"} & set(hits(lab, mail("nobody is asked"), NO_SPF))
        assert not Service.asked
        rbl_checks(True)
        found = hits(lab, mail("asked"), NO_SPF)
        assert Service.asked == [f"HEAD {SERVICE}/abc"]
        assert float(found["LAB_LED"]) > 0 and float(found["URIBL_BLACK"]) > 0
        found = hits(lab, mail("another worker remembers"), NO_SPF)
        assert float(found["LAB_LED"]) > 0 and float(found["URIBL_BLACK"]) > 0
        assert len(Service.asked) == 1 and lab.gw.exists(LINKS)


def test_the_proxy_is_asked_where_a_short_link_leads(lab, letter, rbl_checks):
    with service(lab, PROXY_PORT):
        rbl_checks(True, sections="\nsection: admin\n"
                                  f"\thttp_proxy http://{world.MX_OUTSIDE}:{PROXY_PORT}\n")
        Service.asked.clear()
        found = hits(lab, letter("proxy", body=f"See http://{SERVICE}/far now.\n".encode()),
                     NO_SPF)
        assert Service.asked == [f"HEAD {SERVICE}http://{SERVICE}/far"]
        assert float(found["LAB_LED"]) > 0
