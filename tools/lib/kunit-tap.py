# SPDX-License-Identifier: GPL-2.0-or-later
"""Read what KUnit of Linux 5.10 has printed; print it as kunit.py --json does later.

usage: kunit-tap.py LOG

kunit.py of that tree does not know skipped cases and parameters. A parameter counts
as a case. A plan that was not met, or a suite without a result, is an error that
belongs to no case.
"""
import json
import re
import sys

PLAN = re.compile(r"^( *)1\.\.(\d+)$")
SUITE = re.compile(r"^    # Subtest: (\S+)$")
PARAM = re.compile(r"^    # (\w+): (ok|not ok) \d+ - (.*)$")
RESULT = re.compile(r"^( *)(ok|not ok) \d+ - (\S+)(.*)$")


def status(word, rest):
    """PASS, FAIL or SKIP."""
    if word != "ok":
        return "FAIL"
    return "SKIP" if "# SKIP" in rest else "PASS"


class Report:
    """The suites so far, and what is left to come."""

    def __init__(self):
        self.suites = []
        self.errors = 0
        self.planned = None
        self.params = []

    def take(self, line):
        """A line of the log."""
        plan, suite, param, result = (form.match(line) for form in (PLAN, SUITE, PARAM, RESULT))
        if plan and not plan[1]:
            self.planned = int(plan[2])
        elif suite:
            self.suites.append({"name": suite[1], "planned": 0, "over": False,
                                "test_cases": [], "sub_groups": []})
        elif plan and self.suites:
            self.suites[-1]["planned"] = int(plan[2])
        elif param:
            self.params.append({"name": param[3].split(" # SKIP")[0], "status": status(param[2], param[3])})
        elif result and result[1] and self.suites:
            self.end_case(result[3], status(result[2], result[4]))
        elif result and not result[1] and self.suites:
            self.suites[-1]["over"] = True

    def end_case(self, name, result):
        """A case, or one with parameters, is over."""
        if self.params:
            self.suites[-1]["sub_groups"].append({"name": name, "test_cases": self.params})
        else:
            self.suites[-1]["test_cases"].append({"name": name, "status": result})
        self.params = []

    def close(self):
        """The report, once all lines were read."""
        for suite in self.suites:
            cases = len(suite["test_cases"]) + len(suite["sub_groups"])
            self.errors += not suite.pop("over") or suite.pop("planned") != cases
        self.errors += self.planned != len(self.suites)
        return {"test_cases": [], "sub_groups": self.suites, "misc": {"errors": self.errors}}


def main():
    report = Report()
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        for line in file:
            report.take(line.rstrip("\r\n"))
    json.dump(report.close(), sys.stdout)


main()
