# SPDX-License-Identifier: GPL-2.0-or-later
"""Read kunit.py's --json output; print what the cases came to.

First line: passed, failed, skipped. Then a line for each case that did not
pass. Errors that belong to no case (a crash, a plan that was not met) count
as a failure each.
"""
import json
import sys


def cases(group, path=()):
    """Yield (name, status) of every case below a group."""
    for case in group.get("test_cases", []):
        yield ".".join(path + (case["name"],)), case["status"]
    for sub in group.get("sub_groups", []):
        yield from cases(sub, path + (sub["name"],))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        root = json.load(file)
    found = list(cases(root))
    passed = sum(status == "PASS" for _, status in found)
    skipped = sum(status == "SKIP" for _, status in found)
    bad = [f"failed: {name}" for name, status in found
           if status not in ("PASS", "SKIP")]
    errors = root.get("misc", {}).get("errors", 0)
    if errors and not bad:
        bad = [f"failed: {errors} errors outside of any case"]
    print(passed, len(bad), skipped)
    for line in bad:
        print(line)
    for name, status in found:
        if status == "SKIP":
            print(f"skipped: {name}")


main()
