"""pmgpolicy, alone and behind the real Postfix (policy.md; manual 4.5, 9.4)."""

import contextlib
import re
import threading

import pytest

from lab.gateway import POLICY_STARTED
from lab.policy import Policy, request
from lab.settings import settings as with_settings
from lab.wait import until
from lab.world import SLOW

TEST_PORT = 10122
DEFER = "defer_if_permit Service is unavailable (try later)"
T = 1700000000
DAY = 86400
GREY = "198.18.25.66"           # may send for every outside domain by SPF
STRANGER = "198.18.25.99"       # may not


def settings(lab, **values):
    """The mail section with these values, as long as the block lasts."""
    return with_settings(lab.gw, **values)


def forget(lab):
    """An empty greylist."""
    lab.gw.sql("TRUNCATE cgreylist")


@contextlib.contextmanager
def entry(lab, otype, value):
    """An object of the SMTP whitelist, which the daemon has loaded."""
    lab.gw.sql(f"INSERT INTO object (objecttype, objectgroup_id, value) SELECT {otype}, id, "
               f"'{value}' FROM objectgroup WHERE class = 'greylist'")
    lab.gw.policy("reload")
    try:
        yield
    finally:
        lab.gw.sql("DELETE FROM object WHERE objectgroup_id IN "
                   "(SELECT id FROM objectgroup WHERE class = 'greylist')")
        lab.gw.policy("reload")


@pytest.fixture(scope="module")
def grey(lab):
    """Greylisting for both families, without SPF."""
    with settings(lab, greylist=1, greylist6=1, spf=0):
        yield lab


@pytest.fixture
def clocked(grey):
    """A second daemon in test mode: its clock is in the requests. A function asks it."""
    forget(grey)
    options = ["pmgpolicy", "--testmode", "--port", str(TEST_PORT), "--pidfile",
               "/run/pmgpolicy/test.pid"]
    grey.gw.exec([*options, "start"])
    grey.gw.wait_port(TEST_PORT)
    with Policy(grey.gw, TEST_PORT) as policy:
        def ask(time, **attributes):
            return policy.ask(testtime=str(time), **attributes)
        yield ask
    grey.gw.exec([*options, "stop"])


# The protocol


def test_pieces_and_several_at_once(grey):
    forget(grey)
    with Policy(grey.gw) as policy:
        data = request()
        for i in range(0, len(data), 7):
            policy.send(data[i:i + 7])
        assert policy.answer() == DEFER
        many = [request(recipient=f"r{n}@inside.test", instance=f"m{n}") for n in range(50)]
        policy.send(b"".join(many))
        assert [policy.answer() for _ in many] == [DEFER] * 50
    rows = grey.gw.sql("SELECT receiver, instance, blocked FROM cgreylist "
                       "WHERE instance LIKE 'm%' ORDER BY substr(instance, 2)::int")
    assert [(row["receiver"], row["instance"]) for row in rows] == \
        [(f"r{n}@inside.test", f"m{n}") for n in range(50)]
    assert {row["blocked"] for row in rows} == {"1"}


def test_answer_after_half_close(grey):
    with Policy(grey.gw) as policy:
        policy.send(request(instance="half"))
        policy.connection.shutdown(1)
        assert policy.answer() == DEFER
        assert policy.file.read() == b""


@pytest.mark.parametrize("missing", [{"instance": ""}, {"recipient": ""}, {"client_address": ""},
                                     {"request": "something_else"}])
def test_incomplete_requests(grey, missing):
    with Policy(grey.gw) as policy:
        assert policy.ask(**missing) == "dunno"


def test_nonsense_is_told_and_survived(grey):
    with Policy(grey.gw) as policy:
        policy.send(b"what is this\n" + request(instance="sense"))
        assert policy.answer() == DEFER
    grey.gw.wait_log(r"greylist policy protocol error - got 'what is this'")
    with Policy(grey.gw) as policy:
        policy.send(b"size=1\n" * 1001)
        assert policy.file.read() == b""
    grey.gw.wait_log(r"greylist policy protocol error - request without end")


# Greylisting; the clock is the requests'


@pytest.mark.parametrize("client", ["203.0.113.7", "2001:db8:1:2::7"])
def test_timeline(clocked, client):
    def ask(time):
        return clocked(time, client_address=client)
    assert [ask(T), ask(T + 177), ask(T + 179)] == [DEFER] * 3
    assert [ask(T + 2 * DAY - 1), ask(T + 38 * DAY - 2)] == ["dunno"] * 2
    assert ask(T + 38 * DAY - 2 + 36 * DAY) == DEFER


def test_timeline_of_a_bounce(clocked):
    def ask(time):
        return clocked(time, sender="", client_address="203.0.113.8")
    assert [ask(T), ask(T + 2 * DAY - 1), ask(T + 2 * DAY + 1)] == [DEFER, "dunno", DEFER]
    assert [ask(T + 2 * DAY + 182), ask(T + 2 * DAY + 183)] == ["dunno", DEFER]


def test_networks_and_mailing_lists(clocked):
    def ask(time, client, sender):
        return clocked(time, client_address=client, sender=sender)
    assert ask(T, "203.0.113.7", "list-bounce-1234+x@d.example") == DEFER
    assert ask(T + 200, "203.0.113.9", "LIST-bounce-77@d.example") == "dunno"
    assert ask(T + 200, "203.0.114.7", "list-bounce-1@d.example") == DEFER


def test_what_strangers_write(clocked):
    for number, sender in enumerate(["\udcff\udcc3'\"\\{}@x", "x" * 4000 + "@y", "jörg@ü.example",
                                     "a@b; DROP TABLE cgreylist"]):
        attributes = {"sender": sender, "recipient": f"r{number}@inside.test"}
        assert clocked(T, **attributes) == DEFER
        assert clocked(T + 200, **attributes) == "dunno"


# Behind Postfix


def age(lab, seconds):
    """Time passes: everything in the greylist happened so much earlier."""
    lab.gw.sql(f"UPDATE cgreylist SET rctime = rctime - {seconds}, extime = extime - {seconds}, "
               f"mtime = mtime - {seconds}")


def test_networks_are_as_wide_as_their_masks(lab):
    """Who sends again from the same network is known; and max_policy says how many work."""
    with settings(lab, greylist=1, greylist6=1, spf=0, greylistmask4=16, greylistmask6=32,
                  max_policy=3):
        forget(lab)
        until(lambda: len(workers(lab)) == 3, lambda: f"workers: {workers(lab)}")
        with Policy(lab.gw) as policy:
            for client in ("203.0.113.7", "2001:db8:1:2::7"):
                assert policy.ask(client_address=client) == DEFER
            age(lab, 181)
            for client in ("203.0.9.9", "2001:db8:ffff::1"):
                assert policy.ask(client_address=client) == "dunno"
            for client in ("203.1.113.7", "2001:db9::7"):
                assert policy.ask(client_address=client) == DEFER


def test_greylisted_and_retried(grey, letter):
    forget(grey)
    mail = letter("grey")
    first = grey.inet.send(mail.text, to="bob@inside.test", client=GREY)
    assert (first.code, first.final.text) == \
        (450, "4.7.1 <bob@inside.test>: Recipient address rejected: "
              "Service is unavailable (try later)")
    assert grey.inet.send(mail.text, to="bob@inside.test", client=GREY).code == 450
    grey.gw.wait_log(r"pmgpolicy\[\d+\]: defer greylisted mail")
    age(grey, 181)
    assert grey.inet.send(mail.text, to="bob@inside.test", client=GREY).code == 250
    grey.lan.wait("bob@inside.test", mail.message_id)


@pytest.mark.parametrize("otype, value", [
    (1001, "alice@sender.example"), (1002, "sender.example"), (1000, "al.*@sender\\\\.example"),
    (1003, GREY), (1004, "198.18.25.64/26"), (1007, "bob@inside.test"), (1008, "inside.test"),
    (1009, "b.b@.*")])
def test_whitelist(grey, letter, otype, value):
    forget(grey)
    with entry(grey, otype, value):
        mail = letter("white")
        assert grey.inet.send(mail.text, to="bob@inside.test", client=GREY).code == 250
    assert grey.gw.sql("SELECT * FROM cgreylist") == []
    grey.gw.wait_log(r"accept mails (from whitelist - 198\.18\.25\.66|"
                     r"to whitelist - <bob@inside\.test>)")


def test_backup_mx(grey):
    with Policy(grey.gw) as policy:
        assert policy.ask(client_address="198.18.25.25", instance="mx") == "dunno"
        assert policy.ask(client_address="198.18.25.26", instance="mx") == DEFER
    grey.gw.wait_log(r"accept mails from backup MX host - 198\.18\.25\.25")


def test_spf(lab, letter):
    with settings(lab, greylist=0, spf=1):
        mail = letter("pass")
        assert lab.inet.send(mail.text, to=["bob@inside.test", "carol@inside.test"],
                             client=GREY).code == 250
        kept = lab.lan.wait("bob@inside.test", mail.message_id)[0]
        assert len(kept.header("Received-SPF")) == 1
        assert kept.header("Received-SPF")[0].startswith("pass ")
        refused = lab.inet.send(letter("fail").text, to="bob@inside.test",
                                sender="alice@inside.test")
        assert refused.code == 250      # inside.test says nothing about who may send for it
        forget(lab)
        with Policy(lab.gw) as policy:
            answer = policy.ask(client_address=STRANGER, instance="fail")
            assert answer == ("reject Rejected by SPF: 198.18.25.99 is not a designated mailserver "
                              "for alice%40sender.example (context mfrom, on gw.inside.test)")
            bounce = policy.ask(client_address=STRANGER, sender="", helo_name="sender.example")
            assert bounce.startswith("reject ") and "(context helo, on" in bounce
            assert policy.ask(client_address=STRANGER, sender="", helo_name="none.example",
                              instance="n") == "dunno"
        rows = lab.gw.sql("SELECT blocked, passed, extime - rctime AS life, instance "
                          "FROM cgreylist WHERE instance = 'fail'")
        assert rows == [{"blocked": "100000", "passed": "0", "life": "10", "instance": "fail"}]


def test_second_recipient_gets_no_second_header(lab):
    with settings(lab, greylist=0, spf=1), Policy(lab.gw) as policy:
        one = policy.ask(sender="x@nospf.example", instance="two", recipient="a@inside.test")
        two = policy.ask(sender="x@nospf.example", instance="two", recipient="b@inside.test")
        other = policy.ask(sender="x@nospf.example", instance="three")
    assert one.startswith("prepend Received-SPF: none ") and two == "dunno" and other == one


# What goes wrong around it


def test_postgresql_goes_and_comes_back(grey):
    forget(grey)
    with Policy(grey.gw) as policy:
        assert policy.ask(instance="before") == DEFER
        grey.gw.postgres("stop")
        try:
            assert policy.ask(instance="away", recipient="x@inside.test") == "dunno"
            grey.gw.wait_log(r"pmgpolicy.*Database connection broken - trying to reconnect")
            grey.gw.wait_log(r"pmgpolicy.*unable to reconnect to database server: ")
        finally:
            grey.gw.postgres("start")
        assert policy.ask(instance="back", recipient="y@inside.test") == DEFER


def test_start_without_postgresql(grey):
    grey.gw.postgres("stop")
    grey.gw.exec(["pmgpolicy", "stop"])
    try:
        grey.gw.exec(["pmgpolicy", "start"])
        with Policy(grey.gw) as policy:
            assert policy.ask(instance="early") == "dunno"
        before = len(grey.gw.log(POLICY_STARTED))
    finally:
        grey.gw.postgres("start")
    grey.gw.wait_log(POLICY_STARTED, before + 1)
    with Policy(grey.gw) as policy:
        assert policy.ask(instance="early", recipient="early@inside.test") == DEFER


def workers(lab):
    """Process numbers of the workers, in the gateway: those that have a parent of a parent."""
    lines = lab.gw.exec("ps -eo pid=,ppid=,comm=").out.splitlines()
    parents = {pid: parent for pid, parent, name in map(str.split, lines) if name == "pmgpolicy"}
    return [pid for pid, parent in parents.items() if parents.get(parent) in parents]


def barrage(lab, connections, each, meanwhile):
    """Asks on many connections while `meanwhile` runs; returns all answers."""
    answers, failed = [], []

    def ask(number):
        try:
            with Policy(lab.gw) as policy:
                for i in range(each):
                    answers.append(policy.ask(instance=f"{number}.{i}",
                                              recipient=f"r{number}.{i}@inside.test"))
        except (AssertionError, OSError) as error:
            failed.append(error)
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    meanwhile(threads)
    for thread in threads:
        thread.join()
    assert failed == []
    return answers


def test_reloads_lose_nothing(grey):
    forget(grey)

    def reload(threads):
        while any(thread.is_alive() for thread in threads):
            grey.gw.policy("reload")
    answers = barrage(grey, 10, 300, reload)
    assert answers == [DEFER] * 3000
    rows = grey.gw.sql("SELECT count(*) AS n, max(blocked) AS most FROM cgreylist")
    assert rows == [{"n": "3000", "most": "1"}]     # each once: not lost, not asked twice
    until(lambda: len(workers(grey)) == 5, lambda: f"old workers stay: {workers(grey)}")


def test_killed_workers_lose_nothing(grey):
    forget(grey)

    def kill(threads):
        for thread in threads:
            if thread.is_alive() and workers(grey):
                grey.gw.exec(["kill", "-KILL", workers(grey)[0]], check=False)
            thread.join(timeout=0.5)
    answers = barrage(grey, 10, 200, kill)
    assert len(answers) == 2000
    assert set(answers) <= {DEFER, "dunno"} and answers.count("dunno") < 20
    until(lambda: len(workers(grey)) == 5, lambda: f"not replaced: {workers(grey)}")
    grey.gw.wait_log(r"pmgpolicy.*ended by signal 9")


def test_slow_name_servers_do_not_stop_greylisting(lab):
    """Mail for domains whose servers never answer, from everywhere; others go on."""
    with settings(lab, greylist=1, spf=1):
        forget(lab)
        slow = [Policy(lab.gw) for _ in range(40)]
        for number, policy in enumerate(slow):
            policy.send(request(client_address=f"203.0.{number}.1", instance=f"s{number}",
                                sender=f"x@d{number}.{SLOW}"))
        with Policy(lab.gw) as policy:
            assert policy.ask(sender="x@nospf.example", instance="quick") == DEFER
        answers = [policy.answer() for policy in slow]
        assert answers == [DEFER] * 40
        for policy in slow:
            policy.close()


def test_control_command(grey):
    status = grey.gw.exec(["pmgpolicy", "status"])
    assert re.match(r"pmgpolicy is running \(process \d+\)", status.out)
    assert grey.gw.exec(["pmgpolicy", "start"], check=False).code != 0
    assert grey.gw.exec(["pmgpolicy", "--port", "0", "start"], check=False).code == 64
