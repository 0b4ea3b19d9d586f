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


@pytest.mark.long
def test_compiled_by_hand(lab):
    """pmgspam compile leaves to the filter nothing to do, whoever calls it."""
    gw = lab.gw
    answer = gw.exec(["pmgspam", "compile"], seconds=900).out
    assert answer in ("the rules are compiled; the filter uses them after a reload\n",
                      "the rules are compiled already\n")
    missing, loaded = len(gw.log(MISSING)), len(gw.log(LOADED))
    gw.filter("reload")
    gw.wait_log(LOADED, loaded + 1)
    assert len(gw.log(MISSING)) == missing
    assert gw.exec(["pmgspam", "compile"]).out == "the rules are compiled already\n"
    assert gw.exec(["pmgspam", "compile", "now"], check=False).code == 2
