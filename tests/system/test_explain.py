"""pmgdb explain and lint: the same verdicts as the filter, and nothing but words."""

import pytest

from lab import samples
from lab.run import add_rules

MAILS = samples.load()
FATES = {"accept": "deliver", "quarantine": "quarantine", "block": "block"}


@pytest.fixture(scope="module")
def explain(lab):
    """explain(bytes, words) -> the result of the command for that mail."""
    add_rules(lab)

    def run(mail, *words, check=True):
        lab.gw.write("/root/explained.eml", mail)
        return lab.gw.exec(["pmgdb", "explain", "/root/explained.eml", *words], check=check)
    return run


def state(lab):
    """What a mail would leave behind."""
    tables = ("cmailstore", "cmsreceivers", "cstatistic", "creceivers")
    counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in tables)
    return (lab.gw.sql(f"SELECT {counts}, (SELECT sum(count) FROM rule) AS hits"),
            lab.gw.exec(["find", "/var/spool/pmg", "/tmp", "-type", "f"]).out, lab.gw.queue())


@pytest.mark.parametrize("sample", MAILS, ids=lambda sample: sample.name)
def test_fates_are_those_of_the_filter(explain, sample):
    words = ["--from", sample.sender] + [word for to in sample.to for word in ("--to", to)]
    words += ["--client", sample.client or "198.18.25.10"]
    words += ["--out"] if sample.enters == "lan" else []
    text = explain(sample.dated(), *words).out
    for fate in sample.fates:
        assert f"FATE <{fate.to}> {FATES[fate.verdict]} (rule: {fate.rule})\n" in text


def test_nothing_happens(lab, explain):
    before = state(lab)
    explain((MAILS[0].dated()), "--to", "bob@inside.test")
    assert state(lab) == before


def test_personal_lists(lab, explain, letter):
    mail = letter("offer", body=next(s for s in MAILS if s.name == "spam").text)
    lab.gw.sql("INSERT INTO userprefs VALUES ('carol@inside.test', 'WL', '*@spam.example', 0)")
    text = explain(mail.text + b"\n" + mail.text, "--from", "a@spam.example", "--to",
                   "bob@inside.test", "--to", "Carol@inside.test").out
    lab.gw.sql("DELETE FROM userprefs")
    assert "WHAT for <Carol@inside.test>, with the sender in the whitelist: no\n" in text


def test_a_mail_of_the_quarantine_brings_its_envelope(explain, letter):
    top = b"Delivered-To: bob@inside.test,carol@inside.test\nReturn-Path: s@sender.example\n"
    text = explain(top + letter().text).out
    assert "\nMAIL from <s@sender.example>\n  to <bob@inside.test>\n  to <carol@" in text


def test_a_scanner_that_is_away(lab, explain, letter):
    lab.gw.clamd("stop")
    text = explain(letter().text).out
    lab.gw.clamd("start")
    assert text.count("VIRUS SCAN FAILED: ClamAV: ") == 1
    assert "FATE <bob@inside.test> deliver (rule: default-accept)\n" in text


def test_lint(lab):
    clean = lab.gw.exec(["pmgdb", "lint"], check=False)
    lab.gw.sql("INSERT INTO rule (name, priority, active, direction) VALUES ('Idle', 1, 1, 2)")
    idle = lab.gw.exec(["pmgdb", "lint"], check=False)
    lab.gw.sql("INSERT INTO object (objecttype, objectgroup_id, value) SELECT 1000, id, 'a(b' "
               "FROM objectgroup WHERE name = 'Blacklist'")
    broken = lab.gw.exec(["pmgdb", "lint"], check=False)
    lab.gw.sql("DELETE FROM object WHERE value = 'a(b'")
    lab.gw.sql("DELETE FROM rule WHERE name = 'Idle'")
    assert (clean.code, clean.out.splitlines()[-1]) == (0, "0 findings")
    assert (idle.code, idle.out.splitlines()[-1]) == (1, "1 finding")
    assert " 'Idle' is active and has no actions; " in idle.out
    assert (broken.code, broken.out.count("\n")) == (1, 2)
    assert broken.out.startswith("rule 'Blacklist', group 'Blacklist', object ")


@pytest.mark.parametrize("words", [["--at", "25:00"], ["--client", "nowhere"], ["--nothing"]])
def test_wrong_words(explain, letter, words):
    done = explain(letter().text, *words, check=False)
    assert done.code != 0 and done.err and not done.out
