"""How a benchmark says what it found: one line each, and build/bench.json."""

import json
import os
import re

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
FILE = f"{ROOT}/build/bench.json"
LINE = re.compile(r"^(?P<name>\w+): (?P<value>[\d.]+) (?P<unit>\S+)"
                  r"(?: \(ratio (?P<ratio>[\d.]+) to (?P<to>.+)\))?$")


def line(name, value, unit, ratio=None, to=None):
    """The line for one figure. A ratio is larger when we are better."""
    text = f"{name}: {value:.1f} {unit}"
    return text if ratio is None else f"{text} (ratio {ratio:.2f} to {to})"


def parse(text):
    """(name, entry for bench.json) of such a line, or None if it is something else."""
    found = LINE.match(text.strip())
    if not found:
        return None
    ratio = found["ratio"]
    return found["name"], {"value": float(found["value"]), "unit": found["unit"],
                           "ratio": float(ratio) if ratio else None, "to": found["to"]}


def merge(entries):
    """Adds entries to bench.json, replacing those of the same name."""
    try:
        with open(FILE, encoding="utf-8") as file:
            known = json.load(file)
    except FileNotFoundError:
        known = {}
    known.update(entries)
    os.makedirs(os.path.dirname(FILE), exist_ok=True)
    with open(f"{FILE}.new", "w", encoding="utf-8") as out:
        json.dump(known, out, indent=1, sort_keys=True)
        out.write("\n")
    os.rename(f"{FILE}.new", FILE)
