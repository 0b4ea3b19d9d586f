"""What postscreen refuses becomes statistics, by way of the journal (policy.md 6)."""

import datetime

import pytest

from lab import world
from lab.settings import settings
from lab.wait import until

REJECT = r"postscreen\[\d+\]: NOQUEUE: reject: .* 550 5\.7\.1 Service unavailable"
PREGREET = r"postscreen\[\d+\]: PREGREET \d+ after "
ROUND = "end policy database maintenance"
# Clients that no other test has: postscreen does not make those wait whom it has let in before.
HASTY, ALSO_HASTY = world.CLIENTS[14], world.CLIENTS[15]
DAEMON = ["pmgpolicy", "--port", "10123", "--pidfile", "/run/pmgpolicy/counting.pid",
          "--maintenance", "1"]


@pytest.fixture(scope="module")
def counting(lab):
    """A daemon beside the usual one that looks each second; DNS lists; a journal."""
    lab.gw.start_journal()
    lab.gw.sql("TRUNCATE localstat; DELETE FROM statinfo WHERE name = 'postscreen_place'")
    with settings(lab.gw, spf=0, dnsbl_sites=f"{world.DNS_LIST}=127.0.0.[2..8]",
                  dnsbl_threshold=1):
        lab.gw.exec([*DAEMON, "start"])
        yield lab
        lab.gw.exec([*DAEMON, "stop"])


def listed(lab):
    """A listed client's mail is refused."""
    before = len(lab.gw.log(REJECT))

    def refused():
        sent = lab.inet.send(b"Subject: x\n\nx\n", to="bob@inside.test", client=world.LISTED)
        return sent.refused and sent.refused[0][1].code == 550
    until(refused, "a listed client is let in")     # a list may have been late
    lab.gw.wait_log(REJECT, before + 1)


def hasty(lab, client):
    """A client that speaks before it is greeted."""
    before = len(lab.gw.log(PREGREET))
    with lab.inet.connect(world.GATEWAY, 25, client) as connection:
        connection.sendall(b"EHLO spam.example\r\n")
        lab.gw.wait_log(PREGREET, before + 1)


def sums(lab):
    """What has been counted so far."""
    row = lab.gw.sql("SELECT coalesce(sum(rblcount), 0) AS r, coalesce(sum(pregreetcount), 0) AS p "
                     "FROM localstat")[0]
    return int(row["r"]), int(row["p"])


def is_counted(lab, rbl, pregreet):
    """Waits until these are the sums."""
    until(lambda: sums(lab) == (rbl, pregreet),
          lambda: f"{sums(lab)} are counted, not {(rbl, pregreet)}")


def test_refusals_are_counted_once(counting):
    """Also those while the daemon that counts is away, and none a second time when it comes back.
    The usual daemon counts, too, on its own time."""
    lab = counting
    before = len(lab.gw.log(REJECT)), len(lab.gw.log(PREGREET))
    listed(lab)
    hasty(lab, HASTY)
    lab.gw.exec([*DAEMON, "stop"])
    hasty(lab, ALSO_HASTY)
    refused = len(lab.gw.log(REJECT)) - before[0]
    lab.gw.exec([*DAEMON, "start"])
    is_counted(lab, refused, 2)
    listed(lab)
    refused = len(lab.gw.log(REJECT)) - before[0]
    is_counted(lab, refused, 2)
    assert len(lab.gw.log(PREGREET)) - before[1] == 2


def test_the_last_line_is_not_read_again(counting):
    """Where counting has come to is behind it, round after round."""
    lab = counting
    before = sums(lab)
    lab.gw.exec(["logger", "-t", "postfix/postscreen", "-p", "mail.info",
                 "PREGREET 1 after 0 from [203.0.113.99]:1: X"])
    is_counted(lab, before[0], before[1] + 1)
    lab.gw.wait_log(ROUND, len(lab.gw.log(ROUND)) + 2)
    assert sums(lab) == (before[0], before[1] + 1)


def test_hour_and_node(counting):
    """Rows are those of this node, of the present hour of local time (which is UTC here), or, if it
    has just struck, of the one before."""
    rows = counting.gw.sql("SELECT time, cid FROM localstat")
    now = int(datetime.datetime.now(datetime.timezone.utc).timestamp())
    for row in rows:
        assert int(row["time"]) in (now - now % 3600, now - now % 3600 - 3600)
        assert row["cid"] == "0"
    assert rows
