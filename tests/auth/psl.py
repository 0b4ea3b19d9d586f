#!/usr/bin/python3
"""Organizational domains against the public suffix list's own tests (psl.py PROGRAM; 77: skipped).

Where those say that nobody can have registered the name ("null"), it is its own organization.
"""
import os
import sys
import tempfile

import suites


def cases(text):
    for line in text.splitlines():
        if line.strip() and not line.startswith("//"):
            domain, expected = line.split()
            domain = domain.lower()
            if domain != "null" and not domain.startswith("."):
                yield domain, domain if expected == "null" else expected


def main():
    files = suites.suite_files("psl")
    with tempfile.NamedTemporaryFile() as newest:
        newest.write(files["public_suffix_list.dat"])
        newest.flush()
        os.utime(newest.name)
        tests = list(cases(files["tests.txt"].decode("utf-8")))
        lines = [suites.line("suffixes", newest.name)]
        lines += [suites.line("organization", domain.encode()) for domain, _ in tests]
        answers = suites.run(sys.argv[1], lines)
    wrong = [f"{domain}: {answer} instead of {expected}"
             for (domain, expected), (answer,) in zip(tests, answers)
             if answer.encode("latin-1") != expected.encode()]
    print("\n".join(wrong + [f"{len(tests) - len(wrong)}/{len(tests)}"]))
    return 1 if wrong or len(tests) < 60 else 0


if __name__ == "__main__":
    sys.exit(main())
