"""What the spam engine learns from mails on their way, and what it then says of others."""

import re
import time

import pytest

from lab.evidence import Trace
from lab.wait import until
from test_lost import failpoint      # noqa: F401 (a fixture)

STORE = "/var/lib/pmg/spamassassin/"
EXPIRED = "30000 of 150000 tokens have expired"
RULES = "/etc/mail/spamassassin/zz-learning.cf"


@pytest.fixture(scope="module", autouse=True)
def rule(lab):
    """A rule whose score is learnt."""
    lab.gw.write(RULES, "header LAB_TWO X-Lab =~ /two/\nscore LAB_TWO 2\n")
    lab.gw.filter("reload")
    yield
    lab.gw.exec(["rm", RULES])
    lab.gw.filter("reload")


def entry(lab, address):
    """How many mails of a sender the auto-whitelist has counted."""
    if not lab.gw.exists(f"{STORE}auto-whitelist.mdb"):
        return 0
    listed = lab.gw.exec(["pmgspam", "learn", "--awl-backup"]).out
    found = re.search(rf"/(\d+)\)  --  {re.escape(address)}\|", listed)
    return int(found[1]) if found else 0


def send(lab, mail, address):
    """Sends to bob; the rules that hit, with their scores."""
    text = mail.text.replace(b"alice@sender.example", address.encode())
    assert lab.inet.send(text, to="bob@inside.test").code == 250
    lab.gw.wait_queue_empty()
    line = Trace(lab.gw.log(), mail.message_id).first(r"^SA score=.* hits=(\S*)$")
    return dict(re.findall(r"(\w+)\((-?[\d.]+)\)", line.group(1)))


def test_a_sender_is_pulled_to_what_his_mails_scored(lab, letter):
    who = "awl@sender.example"
    assert "AWL" not in send(lab, letter("first", headers=["X-Lab: two"]), who)
    until(lambda: entry(lab, who) == 1, "the first mail is not counted")
    # The mean of one mail is 2 above the second; half of the way is 1.
    assert send(lab, letter("second"), who)["AWL"] == "1"
    until(lambda: entry(lab, who) == 2, "the second mail is not counted")
    owner = lab.gw.exec(["stat", "-c", "%U", f"{STORE}auto-whitelist.mdb"]).out.strip()
    assert owner == "pmg-smtp-filter"


def test_a_mail_that_comes_again_counts_once(lab, letter, failpoint):   # noqa: F811
    who = "again@sender.example"
    failpoint("before-reply kill 1")
    mail = letter("comes again")
    text = mail.text.replace(b"alice@sender.example", who.encode())
    assert lab.inet.send(text, to="bob@inside.test").code == 250

    def arrived():
        lab.gw.flush()
        return lab.lan.mails("bob@inside.test", mail.message_id)
    until(arrived, "the mail does not arrive", 60, every=0.5)
    lab.gw.wait_queue_empty()
    until(lambda: entry(lab, who) > 0, "the mail is not counted")
    assert entry(lab, who) == 1


def sync(gw, settings):
    """These settings, in effect."""
    generation = gw.filter_generation()
    gw.write("/etc/pmg/pmg.conf", settings)
    gw.exec(["pmgconfig", "sync", "--restart"])
    gw.wait_generation(generation)


def test_what_is_switched_off_is_forgotten(lab, letter):
    gw = lab.gw
    send(lab, letter("learnt"), "off@sender.example")
    until(lambda: entry(lab, "off@sender.example") == 1, "nothing is learnt")
    before = gw.read("/etc/pmg/pmg.conf")
    try:
        sync(gw, before.replace(b"section: spam\n", b"section: spam\n\tuse_awl 0\n"))
        assert not gw.exists(f"{STORE}auto-whitelist.mdb")
    finally:
        sync(gw, before)
    assert "AWL" not in send(lab, letter("again", headers=["X-Lab: two"]), "off@sender.example")
    until(lambda: entry(lab, "off@sender.example") == 1, "it is not learnt anew")


def backup_of_old_tokens():
    """Learning as sa-learn --backup writes it: most tokens are of now, 30000 of a month ago."""
    now = int(time.time())
    yield "v\t3\tdb_version # this must be the first line!!!\nv\t5\tnum_spam\nv\t6\tnum_nonspam\n"
    for number in range(150000):
        age = 30 * 86400 if number < 30000 else 0
        yield f"t\t1\t0\t{now - age}\t{number:010x}\n"


def test_old_tokens_expire_by_themselves(lab):
    gw = lab.gw
    gw.filter("stop")
    gw.write("/tmp/backup", "".join(backup_of_old_tokens()))
    gw.exec(["pmgspam", "learn", "--restore", "/tmp/backup"])
    before = len(gw.log(EXPIRED))
    gw.exec(["pmg-smtp-filter", "--maintenance", "1", "start"])
    try:
        gw.wait_log(EXPIRED, before + 1)
        kept = gw.exec(["pmgspam", "learn", "--dump", "magic"]).out
        assert re.search(r" 120000 +0  non-token data: ntokens", kept), kept
    finally:
        gw.exec(["pmgspam", "learn", "--clear"])
        gw.filter("restart")
