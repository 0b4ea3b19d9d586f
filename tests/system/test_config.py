"""pmgconfig on a running gateway: idempotent, and careful with what is wrong."""

import os

import pytest

TARGETS = ["/etc/postfix", "/etc/clamav", "/etc/postgresql", "/etc/pmg", "/etc/mail/spamassassin"]


def snapshot(lab):
    """Path -> (inode, time of change, content) of everything that sync may write."""
    found = {}
    for top in TARGETS:
        for directory, _, names in os.walk(lab.gw.path(top)):
            for name in names:
                path = f"{directory}/{name}"
                state = os.stat(path)
                with open(path, "rb") as file:
                    found[path] = (state.st_ino, state.st_mtime_ns, file.read())
    assert len(found) > 10
    return found


def changed(before, after):
    """Names of files that are not as before."""
    return sorted(path.partition("/root/")[2] for path in before.keys() | after.keys()
                  if before.get(path) != after.get(path))


def test_second_sync_changes_nothing(lab):
    lab.gw.exec(["pmgconfig", "sync", "--restart"])
    before, lines = snapshot(lab), len(lab.gw.log())
    done = lab.gw.exec(["pmgconfig", "sync", "--restart"])
    assert changed(before, snapshot(lab)) == []
    assert done.out == "" and done.err == ""
    assert not [line for line in lab.gw.log()[lines:] if "restarting" in line or "reload" in line]


def test_map_files_exist_and_are_compiled(lab):
    names = lab.gw.exec(["postconf", "-h", "relay_domains", "transport_maps",
                         "smtpd_sender_restrictions", "smtpd_recipient_restrictions"]).out
    maps = {word.strip(",") for word in names.split() if ":/etc/" in word}
    assert maps
    for name in maps:
        kind, _, path = name.partition(":")
        assert lab.gw.exists(path), path
        assert kind != "hash" or lab.gw.exists(f"{path}.db"), f"{path}.db"


def test_postfix_finds_no_fault(lab):
    assert lab.gw.exec(["postfix", "check"]).err == ""
    assert lab.gw.exec(["postconf", "-n"]).err == ""


@pytest.mark.parametrize("name, text, words", [
    ("pmg.conf", "section: mail\n\tno_such_key 1\n", ["pmg.conf:2:", "no_such_key"]),
    ("pmg.conf", "section: mail\n\tmaxsize many\n", ["pmg.conf:2:", "maxsize"]),
    ("pmg.conf", "section: mail\n\text_port 99999\n", ["pmg.conf:2:", "ext_port"]),
    ("pmg.conf", "nonsense\n", ["pmg.conf:1:"]),
    ("pmg.conf", "\0\1\2\xff", ["pmg.conf:1:"]),
    ("mynetworks", "10.9.0.0/24\nnot-a-network\n", ["mynetworks:2:"]),
    ("mynetworks", "10.9.0.1/24\n", ["mynetworks:1:", "bits set beyond its prefix"]),
    ("pmg.conf", "section: mail\n\tint_port 25\n", ["pmg.conf:", "ext_port", "int_port"]),
    ("pmg.conf", "section: mail\n\tint_port 10025\n", ["int_port", "10025", "Postfix"]),
    ("pmg.conf", "section: mail\n\trelay 10.9.0.25\n\trelayport 26\n",
     ["setting relay", "'10.9.0.25' port 26", "a mail loop"]),
    ("pmg.conf", "section: mail\n\tsmarthost gw.inside.test\n", ["smarthost", "a mail loop"]),
    ("transport", "b.test smtp:[198.18.25.25]:25\n", ["transport:1:", "a mail loop"]),
    ("transport", "b.test smtp:[ipv6:::ffff:127.0.0.1]:25\n", ["transport:1:", "a mail loop"]),
    ("transport", "b.test lmtp:inet:localhost:10024\n", ["transport:1:", "a mail loop"]),
    ("transport", "b.test. smtp:[10.9.0.10]:25\n", ["transport:1:", "ends in a dot"]),
    ("pmg.conf", "section: mail\n\tbanner 100 $ a day\n", ["pmg.conf:2:", "banner", "write $$"]),
    ("pmg.conf", "section: mail\n\tdnsbl_sites a.example=127.0.0.256\n",
     ["pmg.conf:2:", "dnsbl_sites", "'a.example=127.0.0.256' is not a DNS list"]),
    ("pmg.conf", "section: mail\n\tdnsbl_sites a.example\n\tdnsbl_threshold 0\n",
     ["dnsbl_threshold", "let nobody in"]),
    ("pmg.conf", "section: mail\n\tmaxsize 2305843009213693951\n",
     ["setting maxsize", "/var/spool/postfix"]),
    ("pmg.conf", "section: mail\n\trelay [10.9.0.10]\n", ["relay", "no brackets here"]),
    ("domains", "inside.test 1\nb\xfccher.example 1\n", ["domains:2:", "xn--"]),
    ("domains", "inside.test 1\n10.9.0.10 1\n", ["domains:2:", "none ends in a number"]),
    ("mynetworks", "::ffff:10.9.0.0/120\n", ["mynetworks:1:", "IPv4"]),
    ("transport", "b.test smtp:ipv6:2001:db8::1:25\n", ["transport:1:", "[ipv6:2001:db8::1]"]),
    ("tls_policy", "b.test encrypt match=a.test\n", ["tls_policy:1:", "match= belongs to"]),
    ("tls_policy", "b.test may chiphers=high\n", ["tls_policy:1:", "'chiphers=high'"]),
    ("pmg.conf", "section: mail\n\text_port 22\n", ["ext_port", "port 22 is used by sshd"]),
    ("pmg.conf", "section: mail\n\trelay mail.inside.test.\n", ["setting relay", "is not"]),
    ("tls_policy", "news.example. encrypt\n", ["tls_policy:1:", "ends in a dot"]),
    ("mynetworks", "2001:db8::1/32\n", ["mynetworks:1:", "bits set beyond its prefix"]),
    ("domains", "inside.test. 1\n", ["domains:1:", "ends in a dot"]),
    ("mynetworks", "10.9.0.0/24\n0.0.0.0/0\n", ["mynetworks:2:", "'0.0.0.0/0'", "open relay"]),
    ("mynetworks", "128.0.0.0/2 #half\n", ["mynetworks:1:", "'128.0.0.0/2'", "open relay"]),
    ("mynetworks", "::/0\n", ["mynetworks:1:", "'::/0'", "open relay"]),
    ("domains", "inside.test 1\nGW.inside.test 1\n", ["domains:2:", "'GW.inside.test'", "itself"]),
    ("domains", "inside.test 1\nlocalhost 1\n", ["domains:2:", "'localhost'", "itself"]),
    ("domains", "", ["/etc/pmg/domains:", "no relay domain is left"]),
    ("templates/main.cf.in", "a = [% IF %]\n", ["/etc/pmg/templates/main.cf.in line 1"]),
    ("templates/main.cf.in", "a = 1\nb = [% USE Something %]\n", ["main.cf.in", "line 2"]),
    ("templates/main.cf.in", "a = 1\nb = [% pmg.mail.relay FILTER odd %]\n",
     ["main.cf.in", "line 2"]),
    ("templates/main.cf.in", "[%# mine %]\n", ["/etc/postfix/main.cf: nothing would be left"]),
    ("templates/main.cf.in", "inet_protocols = ipv6\n",
     ["nothing was changed", "main.cf.in line 1: inet_protocols = ipv6", "127.0.0.1"]),
    ("templates/main.cf.in", "biff = no\nsmtpd_data_restrictions = permit,\n  rejct\n",
     ["/etc/pmg/templates/main.cf.in line 3: Postfix has no restriction 'rejct'"]),
    ("templates/main.cf.in", "biff = no\nnosuch = [% 1 %]\n",
     ["/etc/pmg/templates/main.cf.in line 2: Postfix has no parameter 'nosuch'"]),
])
def test_a_fault_is_named_and_touches_nothing(lab, name, text, words):
    path = f"/etc/pmg/{name}"
    good = lab.gw.read(path)
    lab.gw.write(path, text.encode("latin-1"))
    before = snapshot(lab)
    try:
        done = lab.gw.exec(["pmgconfig", "sync", "--restart"], check=False)
        assert done.code != 0
        assert all(word in done.err for word in words), done.err
        assert changed(before, snapshot(lab)) == []
    finally:
        lab.gw.write(path, good)
    lab.gw.exec(["pmgconfig", "sync", "--restart"])


def test_a_change_reaches_postfix(lab):
    good = lab.gw.read("/etc/pmg/pmg.conf")
    try:
        lab.gw.write("/etc/pmg/pmg.conf", good + b"\n")
        text = good.replace(b"section: mail\n", b"section: mail\n\tbanner ESMTP Postern\n")
        lab.gw.write("/etc/pmg/pmg.conf", text)
        lab.gw.exec(["pmgconfig", "sync", "--restart"])
        with lab.inet.dialogue(lab.inet.gateway, 25, lab.inet.own) as dialogue:
            assert "ESMTP Postern" in dialogue.greeting.text
    finally:
        lab.gw.write("/etc/pmg/pmg.conf", good)
        lab.gw.exec(["pmgconfig", "sync", "--restart"])


def test_dump_shows_settings(lab):
    lines = lab.gw.exec(["pmgconfig", "dump"]).out.splitlines()
    assert lines == sorted(lines)
    assert "pmg.mail.relay = 10.9.0.10" in lines
    assert "dns.fqdn = gw.inside.test" in lines
