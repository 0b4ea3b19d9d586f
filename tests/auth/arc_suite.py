#!/usr/bin/python3
"""The validation part of the ARC suite (arc_suite.py PROGRAM; 77: skipped).

Where the suite expects nothing (of a chain that says itself that it failed) a chain must fail.
"""
import sys

import suites


def wrong(test, result):
    expected = (test["cv"] or "").lower() or "fail"
    return None if result == expected else f"{result} instead of {expected}"


def main():
    data = suites.suite_files("arc")["arc-draft-validation-tests.yml"]
    lines, tests = [], []
    for scenario in suites.yaml_documents(data):
        lines.append(suites.line("reset"))
        for name, record in (scenario["txt-records"] or {}).items():
            lines.append(suites.line("zone", name, "TXT", record))
        for name, test in scenario["tests"].items():
            tests.append((name, test))
            lines.append(suites.line("arc", test["message"].encode()))
    answers = suites.run(sys.argv[1], lines)
    assert len(answers) == len(tests)
    complaints = [f"{name}: {c} ({reason})" for (name, test), (result, reason) in
                  zip(tests, answers) if (c := wrong(test, result))]
    print("\n".join(complaints + [f"{len(tests) - len(complaints)}/{len(tests)}"]))
    return 1 if complaints or len(tests) < 171 else 0


if __name__ == "__main__":
    sys.exit(main())
