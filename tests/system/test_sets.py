"""The daemon compiles the sets of the spam rules aside, and a new generation uses them."""

import pytest

SETS = "/var/cache/pmg-smtp-filter"
COMPILED = r"spam rules: sets compiled in \d+ ms"
LOADED, MISSING = r"spam rules: .*, sets loaded", r"spam rules: .*, sets not there yet"


def files(gw):
    """What is kept."""
    return [f"{SETS}/{name}" for name in gw.exec(["ls", SETS]).out.split()]


@pytest.mark.long
def test_sets_are_compiled_aside_and_then_used(lab):
    gw = lab.gw
    gw.wait_log(f"{LOADED}|{MISSING}")      # of the start
    for path in files(gw):
        gw.write(path, "cut off")
    done, loaded, missing = (len(gw.log(p)) for p in (COMPILED, LOADED, MISSING))
    gw.filter("reload")
    gw.wait_log(MISSING, missing + 1)
    gw.wait_log(COMPILED, done + 1, 900)
    gw.wait_log(LOADED, loaded + 1)
    assert any(len(gw.read(path)) > 1 << 20 for path in files(gw))
    gw.filter("reload")
    gw.wait_log(LOADED, loaded + 2)
    assert len(gw.log(MISSING)) == missing + 1
