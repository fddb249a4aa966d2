# SPDX-License-Identifier: GPL-2.0-or-later
"""Small faults for a C file, from a list of them.

mutants.py LIST SOURCE list          NAME, sentence and, if no test can notice
                                     the fault, why, between tabs, for each
mutants.py LIST SOURCE check NAME... all of these can be applied
mutants.py LIST SOURCE apply NAME    print SOURCE with the fault

A fault is a name and a sentence, and below that, indented: "in", the function;
lines of it that begin with "-", which go; "+", what stands there instead; and,
where it has no effect that a test could see, "equivalent" with the reason. The
lines to go follow one upon the other and occur once in the function. Blanks at
their ends do not count.
"""
import re
import sys


class Bad(Exception):
    """What is wrong, for the person."""


class Mutant:
    def __init__(self, name, sentence):
        self.name = name
        self.sentence = sentence
        self.function = None
        self.old = []
        self.new = []
        self.equivalent = []

    def take(self, line):
        word, _, rest = line.strip().partition(" ")
        if word == "in":
            self.function = rest.strip()
        elif word == "-":
            self.old.append(rest.strip())
        elif word == "+":
            self.new.append("\t" + rest.strip() + "\n")
        elif word == "equivalent":
            self.equivalent.append(rest.strip())
        else:
            raise Bad(f"{self.name}: does not know '{word}'")

    def apply(self, lines):
        """The lines with the fault."""
        start, end = find_function(self, lines)
        body = [line.strip() for line in lines[start:end]]
        size = len(self.old)
        places = [i for i in range(len(body) - size + 1)
                  if body[i:i + size] == self.old]
        if not size or len(places) != 1:
            raise Bad(f"{self.name}: {len(places)} places in {self.function}() "
                      f"have what it changes, not one: {' '.join(self.old)}")
        place = start + places[0]
        return lines[:place] + self.new + lines[place + size:]


def find_function(mutant, lines):
    """Where it begins and ends. Only definitions are not indented."""
    word = re.compile(rf"^[^\s#/*].*\b{re.escape(mutant.function or ' ')}\b|"
                      rf"^{re.escape(mutant.function or ' ')}\b")
    starts = [i for i, line in enumerate(lines)
              if word.match(line) and not line.rstrip().endswith(";")]
    if len(starts) != 1:
        raise Bad(f"{mutant.name}: the source has no {mutant.function}()")
    end = next(i for i in range(starts[0] + 1, len(lines))
               if re.match(r"^}[^_a-z]*$", lines[i]))
    return starts[0], end


def read_list(path):
    """Mutant by name, in the order of the list."""
    mutants = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.strip() or line.startswith("#"):
                continue
            if line[0].isspace():
                mutant.take(line)
                continue
            name, _, sentence = line.strip().partition(": ")
            if name in mutants or not sentence:
                raise Bad(f"'{name}' is there twice or has no sentence")
            mutant = mutants[name] = Mutant(name, sentence)
    return mutants


def main():
    path, source, command, *names = sys.argv[1:]
    mutants = read_list(path)
    if command == "list":
        for mutant in mutants.values():
            print(mutant.name, mutant.sentence, " ".join(mutant.equivalent),
                  sep="\t")
        return
    with open(source, encoding="utf-8") as file:
        lines = file.readlines()
    for name in names:
        mutated = mutants[name].apply(lines)
    if command == "apply":
        sys.stdout.writelines(mutated)


try:
    main()
except Bad as bad:
    sys.exit(str(bad))
