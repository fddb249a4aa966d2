# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold the differences between the files of two series against a list of them.

usage: differences.py [--show] LIST MAINLINE OTHER FILE...

MAINLINE and OTHER are folders, with the FILEs below both; those of MAINLINE are
converted already, as far as a script can do that. LIST has reasons, each with a
name, and for each FILE a line for each difference, in order:

    HASH-HASH  -GONE +NEW  REASON  PLACE

The hashes are of the lines of the difference, and of the lines around it: a line
that is changed, added, removed or moved in OTHER gives another list. A reason stays
with its difference while the lines are the same.

Writes the list as it should be. A difference that LIST does not have gets the reason
'?'. Fails for such a one, and shows it. With --show, writes each difference with its
reason instead.
"""
import difflib
import hashlib
import os
import re
import sys

CONTEXT = 2
UNKNOWN = "?"


class Difference:
    """Lines that differ, with their place."""

    def __init__(self, old, new, code, is_text):
        _, i, i_end, j, j_end = code
        self.lines = ["-" + line for line in old[i:i_end]] + ["+" + line for line in new[j:j_end]]
        self.counts = f"-{i_end - i} +{j_end - j}"
        around = new[max(j - CONTEXT, 0):j] + new[j_end:j_end + CONTEXT]
        self.hash = digest(self.lines, 10)
        self.key = f"{self.hash}-{digest(around, 6)}"
        self.place = place(new, j, is_text)


def digest(lines, digits):
    """The beginning of a hash of lines."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:digits]


def place(lines, number, is_text):
    """The title, or the function or structure, that a line is in."""
    for i in range(min(number, len(lines) - 1), -1, -1):
        below = lines[i + 1] if i + 1 < len(lines) else ""
        if re.match(r"[=-]{3,}$", below) if is_text else re.match(r"[A-Za-z_].*[({=,]", lines[i]):
            return lines[i]
    return "the beginning"


def read_lines(folder, name):
    """The lines of a file; none if it does not exist."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def differences(mainline, other, name):
    """Those between two files, in order."""
    old, new = read_lines(mainline, name), read_lines(other, name)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return [Difference(old, new, code, name.endswith(".rst"))
            for code in matcher.get_opcodes() if code[0] != "equal"]


class List:
    """The list as it is: what it says of itself, reasons, and those of differences."""

    def __init__(self, path):
        self.head, self.reasons, self.given = [], {}, {}
        name = None
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file.read().splitlines(), 1):
                fields = line.split()
                if name is None and not line.startswith("==="):
                    self.head.append(line)
                    if line and not line.startswith("#"):
                        key, colon, text = line.partition(": ")
                        if not colon or not re.fullmatch(r"[a-z-]+", key) or not text.strip():
                            sys.exit(f"{path}:{number}: is no reason; one is 'name: why'")
                        self.reasons[key] = text
                elif line.startswith("=== "):
                    name = line[4:]
                elif line:
                    if len(fields) < 4 or not re.fullmatch(r"[0-9a-f]{10}-[0-9a-f]{6}", fields[0]):
                        sys.exit(f"{path}:{number}: is no difference; 'export' writes them")
                    self.give(path, number, (name, fields[0].split("-")[0]), fields[3])

    def give(self, path, number, key, reason):
        """Note the reason of a difference."""
        if reason not in self.reasons and reason != UNKNOWN:
            sys.exit(f"{path}:{number}: has no reason '{reason}'; they are: {' '.join(self.reasons)}")
        self.given.setdefault(key, []).append(reason)

    def reason(self, name, difference):
        """The reason of a difference; the same lines may differ more than once."""
        left = self.given.get((name, difference.hash))
        return left.pop(0) if left else UNKNOWN


def show(name, difference, reason, out):
    """A difference for a person."""
    print(f"\n{name}, at '{difference.place}'\n# {reason}", file=out)
    print("\n".join(difference.lines), file=out)


def main():
    arguments = sys.argv[1:]
    everything = arguments[:1] == ["--show"]
    path, mainline, other, *names = arguments[everything:]
    listed = List(path)
    used, unknown, out = set(), 0, list(listed.head)
    while out and not out[-1]:
        out.pop()
    for name in names:
        found = differences(mainline, other, name)
        if found:
            out += ["", "=== " + name]
        for difference in found:
            reason = listed.reason(name, difference)
            used.add(reason)
            out.append(f"{difference.key}  {difference.counts:9} {reason:10} {difference.place}".rstrip())
            if everything:
                show(name, difference, listed.reasons.get(reason, UNKNOWN), sys.stdout)
            elif reason == UNKNOWN:
                show(name, difference, "a difference that has no reason", sys.stderr)
            unknown += reason == UNKNOWN
    if not everything:
        print("\n".join(out))
    unused = [reason for reason in listed.reasons if reason not in used]
    if unused:
        print(f"{path}: explains nothing: {' '.join(unused)}", file=sys.stderr)
    sys.exit(1 if unknown or unused else 0)


main()
