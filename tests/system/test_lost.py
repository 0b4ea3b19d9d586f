"""Nothing is lost: sent = delivered + quarantined + blocked + still queued, whatever dies."""

import re
import threading

import pytest

from lab.processes import namespaces_of
from lab.load import Load, until_taken
from lab.wait import until

FAILPOINT = "/run/pmg-smtp-filter/failpoint"

# Every numbered step of a mail's way, what reaches it, and whether dying there may double a mail:
# only between the first durable effect and the reply.
STEPS = [
    ("received", "ham", False),
    ("opened", "ham", False),
    ("scanned", "ham", False),
    ("matched", "ham", False),
    ("acted", "ham", False),
    ("quarantine-file", "eicar", False),
    ("quarantine-row", "eicar", False),
    ("quarantine-committed", "eicar", True),
    ("after-reinject", "ham", True),
    ("statistics", "ham", True),
    ("before-reply", "ham", True),
    ("after-reply", "ham", False),
]


@pytest.fixture
def failpoint(lab):
    """failpoint("name kill 1") arms a point; it is disarmed at the end."""
    def arm(line):
        lab.gw.write(FAILPOINT, f"{line}\n")
        lab.gw.exec(["chown", "pmg-smtp-filter:pmg", FAILPOINT])
    yield arm
    lab.gw.exec(["rm", "-f", FAILPOINT])


def filter_pids(lab):
    """PIDs inside the lab of all processes of the filter."""
    found = []
    for outer, inner in namespaces_of(lab.state["init"]).items():
        try:
            with open(f"/proc/{outer}/comm", encoding="ascii") as comm:
                if comm.read().strip() == "pmg-smtp-filter":
                    found.append(inner)
        except OSError:
            pass
    return found


@pytest.mark.parametrize("step, kind, may_double", STEPS, ids=[step for step, _, _ in STEPS])
def test_killed_at(lab, failpoint, step, kind, may_double):
    failpoint(f"{step} kill 1")
    load = Load(lab, f"kill-{step}", [kind])
    load.send(1)
    until(lambda: not lab.gw.exists(FAILPOINT), f"the step {step} is never reached")
    load.settle()
    assert len(load.sent) == 1
    load.account(duplicates=1 if may_double else 0)


@pytest.mark.long
@pytest.mark.parametrize("step, kind, may_double",
                         [step for step in STEPS if step[0] in ("acted", "quarantine-row",
                                                                "after-reinject")],
                         ids=["acted", "quarantine-row", "after-reinject"])
def test_killed_under_load(lab, failpoint, step, kind, may_double):
    load = Load(lab, f"load-{step}", ["ham", "eicar", "gtube", "blacklisted"])
    failpoint(f"{step} kill 3")
    load.send(40, connections=6)
    until(lambda: not lab.gw.exists(FAILPOINT), f"the step {step} is reached too seldom")
    load.settle()
    assert len(load.sent) == 40
    # Three deaths, each in one mail.
    count = load.account(duplicates=3 if may_double else 0)
    assert {"inside", "spam", "virus", "blocked"} <= set(count)


def test_poison_mail_ends_in_the_virus_quarantine(lab, failpoint, letter):
    failpoint("opened kill 1000 POSTERN-POISON")
    poison = letter("poison", body=b"POSTERN-POISON\n")
    load = Load(lab, "beside-poison", ["ham"])
    assert lab.inet.send(poison.text, to="bob@inside.test").code == 250
    load.send(20, connections=4)

    def caught():
        lab.gw.flush()
        return lab.gw.quarantine("virus").find(poison.message_id, "bob@inside.test")
    kept = until(caught, "the poison mail is not quarantined", 60, every=0.5)
    assert len(kept) == 1
    assert kept[0].row["info"] == "crashed the filter"
    load.settle()
    assert load.account() == {"inside": 20}
    assert lab.lan.mails("bob@inside.test", poison.message_id) == []
    lab.gw.wait_log(r"pmg-smtp-filter\[\d+\]: .*crashed the filter")


@pytest.mark.long
def test_filter_killed_whole_under_load(lab):
    load = Load(lab, "kill-all", ["ham", "eicar", "gtube"])
    join = load.start(40)
    until(lambda: len(load.sent) >= 10, "no load")
    pids = filter_pids(lab)
    lab.gw.exec(["kill", "-9", *map(str, pids)], check=False)
    until(lambda: not set(pids) & set(filter_pids(lab)), "killed processes are still there")
    lab.gw.filter("start")
    join()
    load.settle()
    # Each worker may have died between the first effect and the reply of one mail.
    load.account(duplicates=len(pids))


@pytest.mark.long
def test_parent_killed(lab):
    """Without their parent the others go, too, and a new start finds its ports free."""
    load = Load(lab, "kill-parent", ["ham", "eicar"])
    join = load.start(40)
    until(lambda: len(load.sent) >= 10, "no load")
    workers = len(filter_pids(lab))
    lab.gw.exec(["kill", "-9", lab.gw.read("/run/pmg-smtp-filter.pid").decode().strip()])
    until(lambda: not filter_pids(lab), "processes of the filter stay behind")
    lab.gw.filter("start")
    join()
    load.settle()
    load.account(duplicates=workers)


@pytest.mark.long
def test_reload_under_load_disturbs_nobody(lab):
    load = Load(lab, "reload", ["ham", "gtube"])
    join = load.start(60)
    for _ in range(5):
        done = len(load.sent)
        lab.gw.filter("reload")
        until(lambda: len(load.sent) > done or len(load.sent) == 60, "the load stands still")
    join()
    load.settle()
    assert load.account() == {"inside": 30, "spam": 30}


@pytest.mark.long
def test_restart_under_load(lab):
    load = Load(lab, "restart", ["ham", "gtube"])
    join = load.start(40)
    until(lambda: len(load.sent) >= 10, "no load")
    lab.gw.filter("restart")
    join()
    load.settle()
    load.account()


@pytest.mark.long
def test_postgresql_away(lab):
    load = Load(lab, "postgres", ["ham", "eicar", "gtube", "outgoing"])
    join = load.start(40)
    until(lambda: len(load.sent) >= 8, "no load")
    lab.gw.postgres("stop")
    try:
        join()
        assert len(load.sent) == 40
    finally:
        lab.gw.postgres("start")
    load.settle()
    assert load.account()["inside"] == 10


def test_outgoing_mail_flows_without_postgresql(lab):
    load = Load(lab, "flows", ["outgoing"])
    until_taken(load)                           # workers have their connection and their rules
    lab.gw.wait_queue_empty()
    lab.gw.postgres("stop")
    try:
        load.send(5)
        until(lambda: not lab.gw.queue(), "outgoing mail waits for PostgreSQL")
    finally:
        lab.gw.postgres("start")
    load.settle()
    load.account()


def test_clamd_away_defers_and_never_passes(lab):
    load = Load(lab, "clamd", ["eicar", "ham"])
    lines = len(lab.gw.log())
    lab.gw.clamd("stop")
    try:
        load.send(6)
        until(lambda: sum("status=deferred" in line and ":10024" in line
                          for line in lab.gw.log()[lines:]) >= 6, "mail is not deferred")
        assert all(places == ["queue"] for places in load.fates().values())
    finally:
        lab.gw.clamd("start")
    load.settle()
    assert load.account() == {"inside": 3, "virus": 3}


@pytest.mark.long
def test_clamd_restarted_under_load(lab):
    load = Load(lab, "clamd-restart", ["eicar", "ham"])
    join = load.start(40)
    until(lambda: len(load.sent) >= 10, "no load")
    lab.gw.clamd("restart")
    join()
    load.settle()
    assert load.account() == {"inside": 20, "virus": 20}


@pytest.mark.long
def test_postfix_stopped_under_load(lab):
    load = Load(lab, "postfix", ["ham", "gtube", "eicar"])
    join = load.start(40)
    until(lambda: len(load.sent) >= 10, "no load")
    lab.gw.postfix("stop")
    lab.gw.postfix("start")
    join()
    until_taken(load)
    load.settle()
    # Postfix may be stopped after 10025 has taken a copy and before it has seen our reply.
    load.account(duplicates=load.refused + 20)


def forget_quarantine(lab):
    """The rows, since their files are below a mount, or have gone with it."""
    lab.gw.sql("DELETE FROM cmsreceivers")
    lab.gw.sql("DELETE FROM cmailstore")


def test_spool_full(lab, letter):
    """A mail that finds no room is refused for now, and delivered when there is room again."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=775", "small", "/var/spool/pmg"]
    lab.gw.filter("stop")
    forget_quarantine(lab)
    lab.gw.exec(mount)
    try:
        lab.gw.exec(["chown", "root:pmg", "/var/spool/pmg"])
        lab.gw.exec(["pmgconfig", "init"])
        lab.gw.filter("start")
        lab.gw.exec(["fallocate", "-l", str(lab_free(lab) - 100000), "/var/spool/pmg/filler"])
        big = letter("big", body=b"x" * 70 + b"\n")
        big.text += (b"y" * 70 + b"\n") * 4000
        lines = len(lab.gw.log())
        assert lab.inet.send(big.text, to="bob@inside.test").code == 250
        until(lambda: any(re.search(r"status=deferred.*451 4\.5\.0 Local delivery failed", line)
                          for line in lab.gw.log()[lines:]), "the full disk is not noticed")
        small = Load(lab, "small-mails", ["ham"])
        small.send(3)
        until(lambda: small.fates() and all("inside" in at for at in small.fates().values()),
              "a small mail does not pass beside it")
        assert lab.gw.exec(["ls", "-A", "/var/spool/pmg/active"]).out == ""
        lab.gw.exec(["rm", "/var/spool/pmg/filler"])
        lab.gw.wait_queue_empty()
        assert len(lab.lan.mails("bob@inside.test", big.message_id)) == 1
    finally:
        lab.gw.filter("stop")
        lab.gw.exec(["umount", "/var/spool/pmg"])
        forget_quarantine(lab)
        lab.gw.filter("start")


def lab_free(lab):
    """Free bytes on the gateway's spool."""
    out = lab.gw.exec(["stat", "-f", "-c", "%a %S", "/var/spool/pmg"]).out.split()
    return int(out[0]) * int(out[1])


def test_quarantine_full(lab):
    """Room for the mail but not for its copy in the quarantine: deferred, not lost, not passed."""
    lab.gw.filter("stop")
    forget_quarantine(lab)
    lab.gw.exec(["mount", "-t", "tmpfs", "-o", "size=64k,mode=775", "small",
                 "/var/spool/pmg/virus"])
    try:
        lab.gw.exec(["chown", "root:pmg", "/var/spool/pmg/virus"])
        lab.gw.filter("start")
        lab.gw.exec(["sh", "-c", "cat /dev/zero >/var/spool/pmg/virus/filler"], check=False)
        load, lines = Load(lab, "quarantine-full", ["eicar"]), len(lab.gw.log())
        load.send(2)
        until(lambda: sum(bool(re.search(r"status=deferred \(host 127.0.0.1.*said: 451 ", line))
                          for line in lab.gw.log()[lines:]) >= 2, "not both are deferred")
        assert all(places == ["queue"] for places in load.fates().values())
        lab.gw.exec(["rm", "/var/spool/pmg/virus/filler"])
        load.settle()
        assert load.account() == {"virus": 2}
    finally:
        lab.gw.filter("stop")
        lab.gw.exec(["umount", "/var/spool/pmg/virus"])
        forget_quarantine(lab)
        lab.gw.filter("start")


def test_sender_that_hangs_up(lab):
    """Half a mail is no mail: nobody gets it and nothing stays behind."""
    def half():
        with lab.inet.dialogue(lab.inet.gateway, 25, lab.inet.own) as dialogue:
            dialogue.say("EHLO mx.sender.example")
            dialogue.say("MAIL FROM:<alice@sender.example>")
            dialogue.say("RCPT TO:<bob@inside.test>")
            dialogue.say("DATA")
            dialogue.send(b"Subject: half\r\nMessage-ID: <half@sender.example>\r\n\r\nhal")
            dialogue.abort()
    threads = [threading.Thread(target=half) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lab.gw.wait_queue_empty()
    assert lab.lan.mails(message_id="<half@sender.example>") == []


def test_spool_is_clean_after_all_this(lab):
    until(lambda: lab.gw.exec(["ls", "-A", "/var/spool/pmg/active"]).out == "",
          "files stay in the active spool")
