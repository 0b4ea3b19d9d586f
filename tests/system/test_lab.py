"""The lab keeps its promise: the machine around it stays as it was."""

import os
import pwd

import pytest


def test_users_exist_inside_only(lab):
    assert lab.gw.exec(["id", "-u", "pmg-smtp-filter"]).out.strip().isdigit()
    names = {entry.pw_name for entry in pwd.getpwall()}
    installed = os.path.exists("/usr/bin/pmg-smtp-filter")
    assert installed or not names & {"pmg-smtp-filter", "pmgpolicy"}


@pytest.mark.parametrize("path", ["/etc", "/usr", "/var", "/run", "/root", "/dev", "/var/log"])
def test_what_the_gateway_writes_stays_inside(lab, path):
    name = f"{path}/written-in-the-lab"
    lab.gw.exec(["touch", name])
    assert lab.gw.exists(name) and not os.path.exists(name)
    lab.gw.exec(["rm", name])


def test_the_rest_is_read_only(lab):
    done = lab.gw.exec(["touch", "/written-in-the-lab"], check=False)
    assert done.code != 0 and "Read-only file system" in done.err


def test_the_network_ends_at_the_lab(lab):
    routes = lab.gw.exec(["ip", "route"]).out.splitlines()
    assert all(" dev outside " in route or " dev inside " in route for route in routes)
    assert len(routes) == 3


def test_dns_knows_nothing_else(lab):
    assert lab.gw.exec(["getent", "hosts", "mx.sender.example"]).out.split()[0] == "198.18.25.10"
    assert lab.gw.exec(["getent", "ahosts", "deb.debian.org"], check=False).code != 0
