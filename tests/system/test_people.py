"""Who is who: recipients and rules against the copy of what LDAP servers say."""

import os

import pytest

from lab import rules

TOOL = "/root/people"           # not installed: there is no synchronisation yet
STAFF = "CN=Staff,OU=People, Inside,DC=inside,DC=test"
PEOPLE = f"bob bob@inside.test,b.builder@inside.test {STAFF}\ncarol carol@inside.test\n"


@pytest.fixture(autouse=True)
def people(lab):
    """The profile `hq` with two users, gone afterwards."""
    with open(os.path.join(lab.build, "tests", "people"), "rb") as tool:
        lab.gw.write(TOOL, tool.read())
    lab.gw.exec(["chmod", "755", TOOL])

    def write(text):
        lab.gw.exec([TOOL, "hq"], stdin=text)
    write(PEOPLE)
    yield write
    lab.gw.exec(["rm", "-f", "/var/lib/pmg/ldap/hq.mdb"])


def deliver(lab, mail, *to):
    """Sends it and waits for the queue; returns the number of copies that each recipient got."""
    assert lab.inet.send(mail.text, to=list(to)).code == 250
    lab.gw.wait_queue_empty()
    return [len(lab.lan.mails(name, mail.message_id)) for name in to]


def test_a_quarantined_mail_belongs_to_the_primary_address(lab, letter):
    mail = letter("primary")
    with rules.Rule(lab.gw, "keep", 99, action=[(rules.QUARANTINE, None)]):
        deliver(lab, mail, "B.Builder@inside.test", "carol@inside.test")
    entries = lab.gw.quarantine("spam").find(mail.message_id)
    assert sorted((entry.row["pmail"], entry.row["receiver"]) for entry in entries) == [
        ("bob@inside.test", "B.Builder@inside.test"), ("carol@inside.test", "carol@inside.test")]


def test_unknown_recipients_are_blocked(lab, letter):
    with rules.Rule(lab.gw, "unknown", 99, to=[(rules.LDAP_GROUP, "hq:-")],
                    action=[(rules.BLOCK, None)]):
        got = deliver(lab, letter("unknown"), "b.builder@inside.test", "dave@inside.test")
    assert got == [1, 0]


def test_a_new_copy_counts_for_the_next_mail(lab, letter, people):
    with rules.Rule(lab.gw, "staff", 99, to=[(rules.LDAP_GROUP, f"hq:{STAFF}")],
                    action=[(rules.BLOCK, None)]):
        assert deliver(lab, letter("before"), "bob@inside.test", "carol@inside.test") == [0, 1]
        people(f"bob bob@inside.test\ncarol carol@inside.test {STAFF}\n")
        assert deliver(lab, letter("after"), "bob@inside.test", "carol@inside.test") == [1, 0]


def test_a_torn_copy_loses_no_mail(lab, letter):
    path = "/var/lib/pmg/ldap/hq.mdb"
    with rules.Rules([rules.Rule(lab.gw, "unknown", 99, to=[(rules.LDAP_GROUP, "hq:-")],
                                 action=[(rules.BLOCK, None)]),
                      rules.Rule(lab.gw, "bob", 98, to=[(rules.LDAP_USER, "hq:bob")],
                                 action=[(rules.BLOCK, None)])]):
        lab.gw.exec(["truncate", "--size=-5000", path])
        assert deliver(lab, letter("torn"), "bob@inside.test", "dave@inside.test") == [1, 1]
        lab.gw.wait_log(r"LDAP profile 'hq': .*hq\.mdb: not complete, or something else")


def test_a_profile_that_is_not_there(lab, letter):
    with rules.Rule(lab.gw, "lost", 99, to=[(rules.LDAP_GROUP, "lost:-")],
                    action=[(rules.BLOCK, None)]):
        assert deliver(lab, letter("lost"), "dave@inside.test") == [1]
    lab.gw.wait_log("trying to query non-existent ldap profile 'lost'")


def test_explained(lab, letter):
    lab.gw.write("/root/explained.eml", letter("explained").text)
    with rules.Rule(lab.gw, "staff", 99, to=[(rules.LDAP_GROUP, f"hq:{STAFF}")],
                    action=[(rules.BLOCK, None)]):
        text = lab.gw.exec(["pmgdb", "explain", "/root/explained.eml", "--from", "a@sender.example",
                            "--to", "b.builder@inside.test"]).out
    assert "  to <b.builder@inside.test>, an address of <bob@inside.test>\n" in text
    assert f"LDAP Group 'LDAP group '{STAFF}', profile 'hq'': yes\n" in text
    assert "FATE <b.builder@inside.test> block (rule: staff)\n" in text
