"""pmgdb, and who may do what in the database (database.md, sections 1 and 4)."""

import pytest

from lab.wait import until

RULES = [   # factory rules of 5.2 by priority: name, priority, direction, active
    ("Blacklist", "98", "in", True),
    ("Block Viruses", "96", "in", True),
    ("Virus Alert", "96", "out", True),
    ("Block Dangerous Files", "93", "in", True),
    ("Modify Header", "90", "in", True),
    ("Whitelist", "85", "in", True),
    ("Quarantine/Mark Spam (Level 3)", "80", "in", True),
    ("Quarantine/Mark Spam (Level 5)", "81", "in", False),
    ("Block Spam (Level 10)", "82", "in", False),
    ("Block outgoing Spam", "70", "out", False),
    ("Add Disclaimer", "60", "out", False),
    ("Block Multimedia Files", "87", "in+out", False),
]


def as_user(lab, user, query, role=None):
    """Runs one statement as another user of the gateway; returns the exec result."""
    words = ["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups", "psql", "-At",
             "-d", "Proxmox_ruledb", "-c", query]
    return lab.gw.exec(words + (["-U", role] if role else []), check=False)


def test_encoding_and_collation(lab):
    row = lab.gw.sql("SELECT pg_encoding_to_char(encoding) AS e, datcollate AS c, datctype AS t "
                     "FROM pg_database WHERE datname = 'Proxmox_ruledb'")[0]
    assert (row["e"], row["c"], row["t"]) == ("SQL_ASCII", "C", "C")


@pytest.mark.parametrize("user, query, works", [
    ("www-data", "SELECT count(*) FROM rule", True),
    ("www-data", "DELETE FROM rule", False),
    ("pmg-smtp-filter", "SELECT count(*) FROM rule", True),
    ("pmg-smtp-filter", "BEGIN; INSERT INTO virusinfo VALUES (0, 'x', 1, 0); ROLLBACK", True),
    ("pmg-smtp-filter", "SELECT nextval('cstatistic_id_seq')", True),
    ("pmg-smtp-filter", "DROP TABLE rule", False),
    ("pmgpolicy", "BEGIN; DELETE FROM cgreylist; ROLLBACK", True),
    ("pmgpolicy", "DROP TABLE cgreylist", False),
    ("nobody", "SELECT 1", False),
])
def test_privileges(lab, user, query, works):
    done = as_user(lab, user, query)
    assert (done.code == 0) == works, done.err


def test_a_role_belongs_to_its_user(lab):
    assert as_user(lab, "www-data", "SELECT 1", role="root").code != 0
    assert as_user(lab, "www-data", "SELECT 1", role="pmg-smtp-filter").code != 0


def heads(text):
    """(name, priority, direction, active) of each rule in a dump."""
    found = []
    for line in text.splitlines():
        if line.startswith("RULE "):
            facts, _, name = line.partition("): ")
            priority, direction, active = facts.partition("(prio: ")[2].split(", ")
            found.append((name, priority, direction, active == "ACTIVE"))
    return found


def test_dump_lists_the_factory_rules(lab):
    found = heads(lab.gw.exec(["pmgdb", "dump"]).out)
    for rule in RULES:
        assert rule in found
    priorities = [int(rule[1]) for rule in found]
    assert priorities == sorted(priorities, reverse=True)


def test_dump_filters(lab):
    every = heads(lab.gw.exec(["pmgdb", "dump"]).out)
    active = heads(lab.gw.exec(["pmgdb", "dump", "--rules", "active"]).out)
    inactive = heads(lab.gw.exec(["pmgdb", "dump", "--rules", "inactive"]).out)
    assert active == [rule for rule in every if rule[3]]
    assert inactive == [rule for rule in every if not rule[3]]


def test_init_again_changes_nothing(lab):
    before = lab.gw.exec(["pmgdb", "dump"]).out
    lab.gw.exec(["pmgdb", "init"])
    assert lab.gw.exec(["pmgdb", "dump"]).out == before


def test_unknown_command(lab):
    done = lab.gw.exec(["pmgdb", "no-such-command"], check=False)
    assert done.code != 0 and done.err


def test_reset_reaches_the_running_filter(lab, letter):
    """The old rules are loaded; the new ones count without anybody reloading by hand."""
    def is_blocked():
        mail = letter("blacklisted")
        assert lab.inet.send(mail.text, to=["bob@inside.test"],
                             sender="nomail@fromthisdomain.com").code == 250
        lab.gw.wait_queue_empty()
        return lab.lan.mails("bob@inside.test", mail.message_id) == []

    lab.gw.sql("UPDATE rule SET active = 0")
    lab.gw.filter("reload")
    until(lambda: not is_blocked(), "the filter has loaded that no rule is active")
    lab.gw.exec(["pmgdb", "reset"])
    until(is_blocked, "the filter has loaded the factory rules")
    assert len(heads(lab.gw.exec(["pmgdb", "dump"]).out)) == 13


def test_init_keeps_what_an_administrator_changed(lab):
    lab.gw.sql("UPDATE rule SET priority = 77 WHERE name = 'Blacklist'")
    before = lab.gw.exec(["pmgdb", "dump"]).out
    assert lab.gw.exec(["pmgdb", "init"]).out == ""
    assert lab.gw.exec(["pmgdb", "dump"]).out == before
    lab.gw.exec(["pmgdb", "reset"])


def test_statistics_can_be_made_again(lab):
    lab.gw.exec(["pmgdb", "update"])
    query = ("SELECT (SELECT sum(countin) FROM dailystat) AS hours, "
             "(SELECT sum(countin) FROM domainstat) AS domains")
    before = lab.gw.sql(query)
    lab.gw.sql("UPDATE dailystat SET countin = 0")
    lab.gw.exec(["pmgdb", "init", "--statistics"])
    assert lab.gw.sql(query) == before
