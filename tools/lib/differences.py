# SPDX-License-Identifier: GPL-2.0-or-later
"""Say how the files of another series differ from mainline's, and why.

usage: differences.py RULES MAINLINE OTHER FILE...

MAINLINE and OTHER are folders, with the FILEs below both. RULES has a line for
each kind of difference: a regular expression, tabs, and the reason. A hunk gets
the reason of the first rule of which a line that differs has the expression.
Line numbers are left out, so that one change does not touch all that follows.

Fails, and names the place, for a hunk that no rule explains.
"""
import difflib
import os
import re
import sys


def read_rules(path):
    """The rules of a file as (expression, reason)."""
    rules = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            pattern, tab, reason = line.partition("\t")
            if not tab:
                sys.exit(f"{path}:{number}: has no tab between expression and reason")
            try:
                rules.append((re.compile(pattern), reason.strip()))
            except re.error as error:
                sys.exit(f"{path}:{number}: is no regular expression: {error}")
    return rules


def read_lines(folder, name):
    """The lines of a file; none if it does not exist."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def hunks(old, new):
    """Yield (place in new, lines) for each difference, with what is between two
    that are close to each other."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(2):
        lines = []
        group = [code for n, code in enumerate(group)
                 if code[0] != "equal" or 0 < n < len(group) - 1]
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                lines += [" " + line for line in old[i:i_end]]
            else:
                lines += ["-" + line for line in old[i:i_end]]
                lines += ["+" + line for line in new[j:j_end]]
        yield group[0][3], lines


def place(lines, number):
    """The function that a line is in."""
    for line in reversed(lines[:number + 1]):
        if re.match(r"[A-Za-z_].*\(", line):
            return line
    return "the beginning"


def explain(rules, lines):
    """The reason for a hunk, or None."""
    changes = [line for line in lines if line[0] != " "]
    for pattern, reason in rules:
        if any(pattern.search(line) for line in changes):
            return reason
    return None


def main():
    rules = read_rules(sys.argv[1])
    mainline, other = sys.argv[2:4]
    unexplained = 0
    for name in sys.argv[4:]:
        old, new = read_lines(mainline, name), read_lines(other, name)
        print(f"=== {name}")
        for number, lines in hunks(old, new):
            where = place(new, number)
            reason = explain(rules, lines)
            if reason is None:
                unexplained += 1
                print(f"{name}, at '{where}': a difference that no rule explains:\n"
                      + "\n".join(lines[:8]), file=sys.stderr)
            print(f"\n@@ {where}\n# {reason}")
            print("\n".join(lines))
        print()
    sys.exit(1 if unexplained else 0)


main()
