"""From the quarantine back to the recipient, onto personal lists, or away."""

import base64
import email
import email.policy
import os
import re
import urllib.parse

from lab import rules, samples
from lab.evidence import without_top
from lab.wait import until

GTUBE = next(sample for sample in samples.load() if sample.name == "gtube").text
# A bare CR is not in it: Postfix makes a blank of it before the filter sees the mail.
ODD = (b" \t\n.\n..\nlast line of 1200 bytes " + b"x" * 1200 + b"\nFrom here\n8 bit \xff\xfe\n"
       b"trailing blanks  \t\n")
TOOL = "/root/quarantine"       # not installed: there is no interface for releasing yet


def spam(letter, headers=()):
    """A mail that is spam for sure, with all that a careless rewriter would touch."""
    return letter("spam", body=GTUBE.partition(b"\n\n")[2] + ODD,
                  headers=["Delivered-To: somebody@else.example", "Return-Path: <own@else.example>",
                           "X-Folded: one\n\ttwo  ", "x-CASE:no blank", *headers])


def keep(lab, mail, to="bob@inside.test"):
    """Sends it; returns its entries in the spam quarantine."""
    assert lab.inet.send(mail.text, to=to).code == 250
    lab.gw.wait_queue_empty()
    return lab.gw.quarantine("spam").find(mail.message_id)


def identity(entry):
    """The id of an entry as links have it."""
    return "C{cid}R{rid}T{ticketid}".format(**entry.row)


def act(lab, action, *ids, check=True):
    """One of the actions that the interface offers."""
    if not lab.gw.exists(TOOL):
        with open(os.path.join(lab.build, "tests", "quarantine"), "rb") as tool:
            lab.gw.write(TOOL, tool.read())
        lab.gw.exec(["chmod", "755", TOOL])
    return lab.gw.exec([TOOL, action, *ids], check=check)


def status(lab, entry):
    """The state of an entry as it is now."""
    return lab.gw.sql("SELECT status FROM cmsreceivers WHERE cmailstore_cid = {cid} AND "
                      "cmailstore_rid = {rid} AND ticketid = {ticketid}".format(**entry.row)
                      )[0]["status"]


def test_released_as_it_was_sent_and_not_filtered_again(lab, letter):
    mail = spam(letter)
    # the factory's rules change the subject and add a field; here nothing does
    with rules.Rule(lab.gw, "keep as it is", 99, what=[(rules.SPAM, "3")],
                    action=[(rules.QUARANTINE, None)]):
        entries = keep(lab, mail, ["bob@inside.test", "carol@inside.test"])
    carol = next(entry for entry in entries if entry.receiver == "carol@inside.test")
    filtered = len(lab.gw.log(r"pmg-smtp-filter\[\d+\]: .*new mail"))
    act(lab, "deliver", identity(carol))
    got = lab.lan.wait("carol@inside.test", mail.message_id)
    lab.gw.wait_queue_empty()
    assert without_top(got[0].raw, ["Received", "Received-SPF"]) == \
        mail.text.replace(b"\n", b"\r\n")
    assert got[0].recipients == ["carol@inside.test"]
    assert got[0].sender.split("@")[0] == "postmaster"
    assert len(lab.gw.log(r"pmg-smtp-filter\[\d+\]: .*new mail")) == filtered
    assert got[0].raw.startswith(b"Received: from quarantine (")
    assert lab.lan.mails("bob@inside.test", mail.message_id) == []
    assert [status(lab, entry) for entry in entries] == \
        ["D" if entry is carol else "N" for entry in entries]
    line = f"delivered quarantined mail '{identity(carol)}' " \
           f"(/var/spool/pmg/{carol.row['file']}) to carol@inside.test"
    assert until(lambda: lab.gw.log(re.escape(line), "syslog"), f"no log line {line}")
    act(lab, "deliver", identity(carol))
    lab.gw.wait_queue_empty()
    assert len(lab.lan.mails("carol@inside.test", mail.message_id)) == 1


def test_not_released_while_postfix_is_away(lab, letter):
    mail = spam(letter)
    entry = keep(lab, mail)[0]
    lab.gw.postfix("stop")
    try:
        failed = act(lab, "deliver", identity(entry), check=False)
        assert failed.code == 1 and "10025" in failed.err
        assert status(lab, entry) == "N"
    finally:
        lab.gw.postfix("start")
        lab.gw.wait_port(10025)
    act(lab, "deliver", identity(entry))
    assert len(lab.lan.wait("bob@inside.test", mail.message_id)) == 1


def test_listed_senders(lab, letter):
    white, black = spam(letter), spam(letter)
    try:
        act(lab, "whitelist", identity(keep(lab, white)[0]))
        assert len(lab.lan.wait("bob@inside.test", white.message_id)) == 1
        again = spam(letter)
        assert keep(lab, again) == []
        assert len(lab.lan.mails("bob@inside.test", again.message_id)) == 1
        entry = keep(lab, black, "carol@inside.test")[0]
        act(lab, "blacklist", identity(entry))
        assert status(lab, entry) == "D"
        ham = letter("ham")
        assert len(keep(lab, ham, "carol@inside.test")) == 1
        assert lab.lan.mails("carol@inside.test", ham.message_id) == []
    finally:
        lab.gw.sql("DELETE FROM userprefs")


def test_status_and_purge(lab, letter):
    entry = keep(lab, spam(letter), "erin@inside.test")[0]
    other = keep(lab, spam(letter), "frank@inside.test")[0]
    lab.gw.sql("UPDATE cmailstore SET spamlevel = 7 WHERE rid = " + entry.row["rid"])
    lab.gw.sql("UPDATE cmsreceivers SET pmail = 'frank@outside.example' WHERE cmailstore_rid = "
               + other.row["rid"])
    lines = lab.gw.exec(["pmgqm", "status"]).out.splitlines()
    assert lines[0] == "Count  Spamlevel Mail"
    assert "1           7.00 erin@inside.test" in lines
    level = float(other.row["spamlevel"])
    assert f"1     {level:10.2f} frank@outside.example (external address)" in lines
    assert not any("erin" in line for line in
                   lab.gw.exec(["pmgqm", "status", "--timespan", "yesterday"]).out.splitlines())
    lab.gw.sql("UPDATE cmailstore SET time = time - 8 * 86400 WHERE rid = " + entry.row["rid"])
    stale = "/var/spool/pmg/attachment/5A/1C"
    lab.gw.exec(["install", "-D", "/dev/null", stale])
    lab.gw.exec(["touch", "-d", "8 days ago", stale])
    assert lab.gw.exec(["pmgqm", "purge", "--check"]).out == f"{stale}\n"
    assert lab.gw.exists(stale) and os.path.exists(entry.path)
    assert lab.gw.exec(["pmgqm", "purge"]).out == f"removed: {stale}\n"
    assert not lab.gw.exists(stale) and not os.path.exists(entry.path)
    assert os.path.exists(other.path)
    assert lab.gw.sql("SELECT rid FROM cmailstore WHERE rid = " + entry.row["rid"]) == []
    assert lab.gw.exec(["pmgqm", "purge"]).out == ""


def test_spam_report(lab, letter):
    """Its links lead to the mails; it goes to users of ours with new spam, and to nobody else."""
    mail = spam(letter)
    entry = keep(lab, mail, "grace@inside.test")[0]
    lab.gw.sql("UPDATE cmsreceivers SET status = 'D' WHERE pmail <> 'grace@inside.test'")
    lab.gw.exec(["pmgqm", "send"])
    lab.gw.wait_queue_empty()
    report = next(got for got in lab.lan.wait("grace@inside.test")
                  if got.header("Subject")[0].startswith("Daily Spam Report for "
                                                         "'grace@inside.test' - "))
    assert report.sender == "" and report.recipients == ["grace@inside.test"]
    message = email.message_from_bytes(report.raw, policy=email.policy.default)
    html = message.get_body(["html"]).get_content()
    plain = message.get_body(["plain"]).get_content()
    assert mail.subject in html and mail.subject in plain
    link = re.search(r'href="([^"]*cselect=[^"]*)">View', html)[1].replace("&amp;", "&")
    url = urllib.parse.urlsplit(link)
    query = urllib.parse.parse_qs(url.query)
    assert (url.scheme, url.netloc, url.path) == ("https", "gw.inside.test:8006", "/quarantine")
    assert query["cselect"] == [identity(entry)]
    data, _, signature = query["ticket"][0].partition("::")
    assert data.startswith("PMGQUAR:grace@inside.test:")
    lab.gw.write("/tmp/ticket", data)
    lab.gw.write("/tmp/signature", base64.b64decode(signature))
    lab.gw.exec(["openssl", "dgst", "-sha256", "-verify", "/etc/pmg/pmg-authkey.pub",
                 "-signature", "/tmp/signature", "/tmp/ticket"])


def test_spam_report_of_one_user(lab, letter):
    mail = spam(letter)
    keep(lab, mail, "heidi@inside.test")
    # the hour ends with the second that has just begun
    lab.gw.sql("UPDATE cmailstore SET time = time - 5 FROM cmsreceivers WHERE rid = cmailstore_rid "
               "AND pmail = 'heidi@inside.test'")
    printed = lab.gw.exec(["pmgqm", "send", "--debug", "--receiver", "Heidi@inside.test",
                           "--style", "short", "--timespan", "1h"]).out
    assert "To: heidi@inside.test\n" in printed and "Subject: Spam Report (last 1h)" in printed
    lab.gw.exec(["pmgqm", "send", "--receiver", "heidi@inside.test", "--redirect",
                 "ivan@inside.test"])
    report = lab.lan.wait("ivan@inside.test")[0]
    assert report.header("To") == ["heidi@inside.test"]
    assert report.recipients == ["ivan@inside.test"]
    assert lab.lan.mails("heidi@inside.test") == []
    none = lab.gw.exec(["pmgqm", "send", "--receiver", "nobody@inside.test"])
    assert "nobody@inside.test" in none.err
    assert lab.gw.exec(["pmgqm", "send", "--redirect", "x@inside.test"], check=False).code != 0
    for address in ("nobody", "@inside.test", "a b@inside.test", "a@b@c", "a@b/c"):
        wrong = lab.gw.exec(["pmgqm", "send", "--receiver", address], check=False)
        assert wrong.code != 0 and "--receiver: not a mail address" in wrong.err
