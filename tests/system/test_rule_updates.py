"""What sa-update fetches: taken over when it is sound, else the rules of before stay."""

import contextlib

import pytest

STATE = "/var/lib/spamassassin/4.000001"
STOCK = "/usr/share/spamassassin"


def put_channel(gw, name, rules):
    """A channel as sa-update leaves it."""
    gw.exec(["mkdir", "-p", f"{STATE}/{name}"])
    gw.write(f"{STATE}/{name}.cf", f"# UPDATE version 7\ninclude {name}/rules.cf\n")
    gw.write(f"{STATE}/{name}/rules.cf", rules)


@contextlib.contextmanager
def reloaded_with(gw, name, rules):
    """The filter after a reload with this channel; gone again after the block."""
    put_channel(gw, name, rules)
    gw.filter("reload")
    try:
        yield
    finally:
        gw.exec(["rm", "-rf", f"{STATE}/{name}.cf", f"{STATE}/{name}"])
        gw.filter("reload")


@pytest.fixture
def official(lab):
    """The official channel with the rules of the package; without it they would be off."""
    gw = lab.gw
    gw.exec(["mkdir", "-p", STATE])
    gw.exec(["cp", "-r", STOCK, f"{STATE}/updates_spamassassin_org"])
    gw.exec(["rm", "-f", f"{STATE}/updates_spamassassin_org/sa-update-pubkey.txt"])
    names = gw.exec(["ls", f"{STATE}/updates_spamassassin_org"]).out.split()
    gw.write(f"{STATE}/updates_spamassassin_org.cf",
             "".join(f"include updates_spamassassin_org/{name}\n"
                     for name in sorted(names) if name.endswith(".cf")))
    yield gw
    gw.exec(["rm", "-rf", STATE])
    gw.filter("reload")


def hits(lab, mail):
    """The field that lists what has hit, of a mail that was delivered."""
    assert lab.inet.send(mail.text, to="bob@inside.test").code == 250
    return lab.lan.wait("bob@inside.test", mail.message_id)[0].header("X-SPAM-LEVEL")[0]


def test_a_sound_channel_is_used(lab, official, letter):
    with reloaded_with(official, "kam", "body LAB_UPDATE /quite new/\nscore LAB_UPDATE 0.1\n"):
        found = hits(lab, letter(body=b"Something quite new.\n"))
        assert "LAB_UPDATE" in found
    assert "LAB_UPDATE" not in hits(lab, letter(body=b"Something quite new.\n"))


def test_a_wrong_channel_keeps_its_rules(lab, official, letter):
    with reloaded_with(official, "kam", "body LAB_UPDATE /quite new/\nscore LAB_UPDATE 0.1\n"):
        since = len(official.log())
        put_channel(official, "kam", "body LAB_WORSE /quite new/\nbody LAB_BROKEN /(/\n")
        official.filter("reload")
        found = hits(lab, letter(body=b"Something quite new.\n"))
        assert "LAB_UPDATE" in found and "LAB_WORSE" not in found
        complaint = [line for line in official.log()[since:] if "channel kam is wrong" in line]
        assert complaint and f"{STATE}/kam/rules.cf:2: pattern of LAB_BROKEN" in complaint[0]
        assert "its rules of before stay" in complaint[0]
