"""Settings of the gateway for as long as a `with` block lasts, in effect on both ends."""

import contextlib

from lab import gateway

RELOADED = r"postfix/master\[\d+\]: reload -- version"
FILES = ("/etc/postfix/main.cf", "/etc/postfix/master.cf", "/run/pmg-smtp-filter/settings",
         gateway.POLICY_SETTINGS)


def text(**values):
    """pmg.conf of the lab with these values in the section mail; None leaves a key out."""
    own = dict(line.split(None, 1) for line in gateway.PMG_CONF.splitlines()[1:5])
    lines = [f"\t{name.replace('__', '-')} {value}\n" for name, value in {**own, **values}.items()
             if value is not None]
    return "section: mail\n" + "".join(lines) + "\nsection: spam\n\trbl_checks 0\n"


def apply(gw):
    """pmgconfig sync --restart. When it returns, everybody works with the new settings."""
    before = {name: gw.read(name) for name in FILES}
    generation = gw.filter_generation()
    reloads, starts = len(gw.log(RELOADED)), len(gw.log(gateway.POLICY_STARTED))
    gw.exec(["pmgconfig", "sync", "--restart"])
    changed = {name for name in FILES if gw.read(name) != before[name]}
    if changed & set(FILES[:2]):
        gw.wait_log(RELOADED, reloads + 1)
    if FILES[2] in changed:
        gw.wait_generation(generation)
    if FILES[3] in changed:
        gw.wait_log(gateway.POLICY_STARTED, starts + 1)


@contextlib.contextmanager
def settings(gw, files=None, **values):
    """The mail section with these values, and files below /etc/pmg with other texts."""
    changes = {"pmg.conf": text(**values), **(files or {})}
    before = {name: gw.read(f"/etc/pmg/{name}") for name in changes}
    for name, content in changes.items():
        gw.write(f"/etc/pmg/{name}", content)
    try:
        apply(gw)
        yield
    finally:
        for name, content in before.items():
            gw.write(f"/etc/pmg/{name}", content)
        apply(gw)
