#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""modules.py OBJECTS-FOLDER

Draws the simulator's modules, each below those that it uses, from the includes and
from the symbols of the objects. Fails if some use each other in a circle.
"""
import pathlib
import re
import subprocess
import sys


def module(path):
    """A header and its source are one module."""
    return str(path.with_suffix(''))


def includes(folder):
    """For each module, those whose headers it includes."""
    uses = {}
    parts = ('', 'vhost/', 'driver/', 'check/')
    for path in sorted(path for part in parts for path in folder.glob(f'{part}*.[ch]')):
        name = module(path.relative_to(folder))
        text = path.read_text()
        found = {module(pathlib.Path(header)) for header in re.findall(r'#include "([^"]+)"', text)}
        uses.setdefault(name, set()).update(found - {name})
    return uses


def symbols(objects, name, kinds):
    out = subprocess.run(['nm', objects / f'{name}.o'], check=True, capture_output=True, text=True)
    return {line.split()[-1] for line in out.stdout.splitlines() if line.split()[-2] in kinds}


def calls(objects, names):
    """For each module, those whose functions or data it uses."""
    names = [name for name in names if (objects / f'{name}.o').exists()]
    owner = {symbol: name for name in names for symbol in symbols(objects, name, 'TDBR')}
    return {name: {owner[symbol] for symbol in symbols(objects, name, 'U') if symbol in owner}
            for name in names}


def layers(uses):
    """The modules, those that use none first; what is left is in a circle, or above one."""
    left, done = dict(uses), []
    while left:
        layer = sorted(name for name, used in left.items() if not used & set(left) - {name})
        if not layer:
            return done, left
        done.append(layer)
        for name in layer:
            del left[name]
    return done, {}


def check(what, uses):
    done, left = layers(uses)
    for name, used in sorted(left.items()):
        print(f'{what} in a circle, or above one: {name} uses {", ".join(sorted(used & set(left)))}',
              file=sys.stderr)
    return done, not left


def main():
    folder, objects = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])
    uses = includes(folder)
    done, good = check('includes', uses)
    _, also_good = check('calls', calls(objects, uses))
    for layer in reversed(done):
        print('  '.join(layer))
    return 0 if good and also_good else 1


if __name__ == '__main__':
    sys.exit(main())
