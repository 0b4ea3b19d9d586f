"""Log lines that other programs read, and the rows that statistics are made of."""

import re

import pytest

from lab import evidence, samples, smtp

ID = r"[0-9A-F]{5,25}"
SHAPES = [
    rf"{ID}: new mail message-id=\S*$",
    rf"{ID}: SA score=\d+/[\d.]+ time=\d+\.\d{{3}} bayes=(\d\.\d\d|undefined) "
    r"autolearn=(disabled|unavailable|failed|(ham|spam|no) autolearn_force=(no|yes)) hits=\S*$",
    rf"{ID}: virus detected: .+ \(clamav\)$",
    rf"{ID}: accept mail to <[^>]+> \([0-9A-Z]+\) \(rule: .+\)$",
    rf"{ID}: moved mail for <[^>]+> to (spam|virus|attachment) quarantine - {ID} \(rule: .+\)$",
    rf"{ID}: block mail to <[^>]+> \(rule: .+\)$",
    rf"{ID}: removed attachment \d+ \('.*', rule: .+\)$",
    rf"{ID}: modified header '.+' for .+ \(rule: .+\)$",
    rf"{ID}: notify <[^>]+> \(rule: .+, [0-9A-Z]+\)$",
    rf"{ID}: processing time: \d+(\.\d+)? seconds \([^,]+, [^,]+, [^,]+\)$",
]


def send(lab, name):
    """One sample under a new id; returns its trace when the filter is done."""
    send.number += 1
    sample = next(sample for sample in samples.load() if sample.name == name)
    message_id = f"<log.{send.number}@sender.example>"
    node = lab.inet if sample.enters == "inet" else lab.lan
    mail = sample.dated(message_id)
    assert node.send(mail, sample.to, sample.sender, sample.client).code == 250
    lab.gw.wait_queue_empty()
    trace = evidence.Trace(lab.gw.log(), message_id)
    assert trace.milliseconds is not None, trace.lines
    trace.sent = smtp.crlf(mail)
    return trace


send.number = 0


@pytest.mark.parametrize("name", ["ham", "gtube", "eicar", "vbs", "blacklisted", "outgoing-virus"])
def test_every_line_about_a_mail_has_a_known_shape(lab, name):
    trace = send(lab, name)
    assert trace.lines[0].startswith("new mail message-id=<log.")
    assert trace.lines[-1].startswith("processing time: ")
    for line in trace.lines:
        assert any(re.match(shape, f"{trace.id}: {line}") for shape in SHAPES), line


def test_reply_carries_the_log_id(lab):
    trace = send(lab, "ham")
    lab.gw.wait_log(rf"postfix/lmtp\[\d+\]: \w+: to=<bob@inside.test>.*status=sent "
                    rf"\(250 2.5.0 OK \({trace.id}\)\)")
    blocked = send(lab, "blacklisted")
    lab.gw.wait_log(rf"status=sent \(250 2.7.0 BLOCKED \({blocked.id}\)\)")


def test_accept_line_names_the_next_queue_id(lab):
    trace = send(lab, "ham")
    queue_id = trace.first(r"^accept mail to <bob@inside.test> \((\w+)\)").group(1)
    lab.gw.wait_log(rf"postfix/smtp\[\d+\]: {queue_id}: to=<bob@inside.test>.*status=sent")


def statistic(lab):
    """The newest row of CStatistic with its receivers."""
    row = lab.gw.sql("SELECT * FROM cstatistic ORDER BY id DESC LIMIT 1")[0]
    row["receivers"] = [(line["receiver"], line["blocked"]) for line in lab.gw.sql(
        f"SELECT receiver, blocked FROM creceivers WHERE cstatistic_cid = {row['cid']} "
        f"AND cstatistic_rid = {row['rid']} ORDER BY receiver")]
    return row


def test_statistics_of_a_ham(lab):
    trace = send(lab, "ham")
    row = statistic(lab)
    lines = trace.sent.count(b"\n")
    assert row["direction"] == "t" and row["virusinfo"] == ""
    assert row["sender"] == "alice@sender.example"
    assert row["receivers"] == [("bob@inside.test", "f")]
    assert int(row["spamlevel"]) == trace.score
    assert 0 < int(row["ptime"]) <= trace.milliseconds      # the line is written a little later
    received = int(row["bytes"]) - (len(trace.sent) - lines)    # counted with LF
    assert 100 < received < 500, "Postfix has added one Received field"


def test_statistics_of_a_virus(lab):
    send(lab, "eicar")
    row = statistic(lab)
    assert row["virusinfo"].endswith(" (clamav)") and row["receivers"] == [("bob@inside.test", "f")]


def test_statistics_of_a_blocked_mail(lab):
    send(lab, "outgoing-virus")
    rows = lab.gw.sql("SELECT s.direction, r.blocked FROM cstatistic s JOIN creceivers r ON "
                      "r.cstatistic_cid = s.cid AND r.cstatistic_rid = s.rid "
                      "WHERE s.sender = 'bob@inside.test' ORDER BY s.id DESC LIMIT 1")
    assert (rows[0]["direction"], rows[0]["blocked"]) == ("f", "t")


def test_rules_are_counted(lab):
    query = "SELECT count FROM rule WHERE name = 'Blacklist'"
    before = int(lab.gw.sql(query)[0]["count"])
    send(lab, "blacklisted")
    assert int(lab.gw.sql(query)[0]["count"]) == before + 1


def test_pmgdb_update_aggregates(lab):
    send(lab, "ham")
    lab.gw.exec(["pmgdb", "update"])
    total = lab.gw.sql("SELECT sum(countin) AS n FROM dailystat")[0]["n"]
    assert int(total) == int(lab.gw.sql(
        "SELECT count(*) AS n FROM cstatistic WHERE direction")[0]["n"])
