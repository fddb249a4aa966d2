# SPDX-License-Identifier: GPL-2.0-or-later
"""Judge what lcov has recorded: coverage-report.py INFO LIST LINES BRANCHES FILE...

FILEs are named as in the kernel tree. Prints the share of lines and branches of
each that ran. The first one must reach LINES and BRANCHES, in percent. A line
that did not run must be in LIST with a reason, and what is in LIST must exist.

LIST has stanzas: a file and a function, lines of it as they stand there, and the
reason on lines that begin with "=".
"""
import sys
from collections import Counter


class File:
    """What lcov knows of a source file."""

    def __init__(self, path):
        self.path = path
        self.functions = []
        self.lines = {}
        self.branches = []
        with open(path, encoding="utf-8") as file:
            self.source = [" ".join(line.split()) for line in file]

    def add(self, key, value):
        fields = value.split(",")
        if key == "FN":
            self.functions.append((int(fields[0]), fields[1]))
        elif key == "DA":
            self.lines[int(fields[0])] = int(fields[1])
        elif key == "BRDA":
            self.branches.append(fields[3] not in ("-", "0"))

    def function(self, number):
        """The function that a line is in; what macros make may be in none."""
        return max(((start, name) for start, name in self.functions
                    if start <= number), default=(0, "none"))[1]

    def text(self, number):
        return self.source[number - 1]

    def missed(self):
        """(function, text, line number) of each line that did not run."""
        return [(self.function(number), self.text(number), number)
                for number, count in sorted(self.lines.items()) if not count]

    def shares(self):
        return (share(count > 0 for count in self.lines.values()),
                share(self.branches))


def share(hits):
    """(hits, all, percent)"""
    hits = list(hits)
    return sum(hits), len(hits), 100 * sum(hits) / max(len(hits), 1)


def read_info(path, names):
    """File by name, of those that are asked for."""
    found, current = {}, None
    with open(path, encoding="utf-8") as info:
        for line in info:
            key, _, value = line.strip().partition(":")
            if key == "SF":
                name = next((n for n in names if value.endswith("/" + n)), None)
                current = found.setdefault(name, File(value)) if name else None
            elif current:
                current.add(key, value)
    return found


def read_list(path):
    """Counter of (file, function, text) in LIST; complains of lines without
    a reason."""
    listed, stanza, problems = Counter(), [], []
    place, reason = None, True
    with open(path, encoding="utf-8") as file:
        for line in list(file) + ["end of list\n"]:
            text = " ".join(line.split())
            if not text or text.startswith("#"):
                continue
            if not line[0].isspace():
                if not reason:
                    problems.append(f"{path}: no reason for {' '.join(place)}")
                listed.update(stanza)
                place, stanza, reason = text.split(), [], False
            elif text.startswith("="):
                reason = True
            else:
                stanza.append((*place, text))
    return listed, problems


def judge_lines(name, file, listed):
    """What is wrong with the lines of a file that did not run."""
    open_entries = Counter(listed)
    for function, text, number in file.missed():
        if open_entries[name, function, text]:
            open_entries[name, function, text] -= 1
        else:
            yield f"{name}:{number}: {function}() did not run: {text}"


def judge_list(files, listed):
    """What is in the list and not in the source."""
    for name, function, text in listed:
        numbers = [n for n in files[name].lines if files[name].text(n) == text
                   and files[name].function(n) == function] if name in files else []
        if len(numbers) < listed[name, function, text]:
            yield f"the list has a line that {function}() of {name} has not: {text}"


def judge_shares(name, file, least):
    for (hits, total, percent), what, need in zip(
            file.shares(), ("lines", "branches"), least):
        if percent < need:
            yield f"{name}: {hits} of {total} {what} ran, {percent:.1f} %, and {need} % must"


def print_shares(name, file):
    lines, branches = file.shares()
    print("{:<40} lines {}/{} {:.1f} %   branches {}/{} {:.1f} %".format(
        name, *lines, *branches))


def main():
    info, allowed, lines, branches, *names = sys.argv[1:]
    files = read_info(info, names)
    listed, problems = read_list(allowed)
    problems += [f"{name}: nothing was recorded" for name in names
                 if name not in files]
    for name in (n for n in names if n in files):
        print_shares(name, files[name])
        problems += judge_lines(name, files[name], listed)
    if names[0] in files:
        problems += judge_shares(names[0], files[names[0]],
                                 (int(lines), int(branches)))
    problems += judge_list(files, listed)
    for problem in problems:
        print(f"failed: {problem}")
    return bool(problems)


sys.exit(main())
