#!/usr/bin/python3
"""The SPF suite for RFC 7208: results and explanations (rfc7208.py PROGRAM; 77: skipped).

Explanations are compared without regard to case: the suite wants the nibbles of an IPv6 address in
upper case, the RFC writes them in lower case.
"""
import sys

import suites


def value_lines(name, rtype, value):
    if isinstance(value, list):
        value = (f"{value[0]} {value[1]}" if rtype == "MX" and value else "".join(value))
    yield suites.line("zone", name, rtype, "" if value == "NONE" else str(value))


def zone_lines(zone):
    """Records of type SPF stand for TXT records, unless the name says what its TXT are."""
    for name, records in zone.items():
        has_txt = any("TXT" in r for r in records if isinstance(r, dict))
        for record in records:
            if record == "TIMEOUT":
                yield suites.line("zone", name, "TIMEOUT", "")
                continue
            (rtype, value), = record.items()
            if rtype == "SPF" and not has_txt:
                yield from value_lines(name, "TXT", value)
            elif rtype not in ("SPF",) and value != "NONE":
                yield from value_lines(name, rtype, value)


def complaint(test, answer):
    expected = test["result"] if isinstance(test["result"], list) else [test["result"]]
    result, _, explanation, text = answer
    if result not in expected:
        return f"{result} ({text}) instead of {'/'.join(expected)}"
    wanted = test.get("explanation", explanation)
    if (explanation or "DEFAULT").lower() != (wanted or "DEFAULT").lower():
        return f"explains \"{explanation}\" instead of \"{wanted}\""
    return None


def main():
    data = suites.suite_files("spf")["rfc7208-tests.yml"]
    lines, tests = [], []
    for scenario in suites.yaml_documents(data):
        lines.append(suites.line("reset"))
        lines += zone_lines(scenario["zonedata"])
        for name, test in scenario["tests"].items():
            tests.append((name, test))
            lines.append(suites.line("check", test["host"], test["helo"], test["mailfrom"]))
    answers = suites.run(sys.argv[1], lines)
    assert len(answers) == len(tests)
    wrong = [f"{name}: {c}" for (name, test), answer in zip(tests, answers)
             if (c := complaint(test, answer))]
    print("\n".join(wrong + [f"{len(tests) - len(wrong)}/{len(tests)}"]))
    return 1 if wrong or len(tests) < 203 else 0


if __name__ == "__main__":
    sys.exit(main())
