#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""examples.py PROGRAM FILE...

Runs the examples of manual pages and READMEs. Behind the simulators that they need is an
application: while a line "Button" is there, its rises light "LED" and "Red LED" for a while.
Guests are not booted. Fails, with the example, if one fails.
"""
import contextlib
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / 'python'))

from vgpio_sim import Sim, SimError

BOARD = 'lines 6\nline 0 name LED\nline 1 name Button\nline 2 name "Red LED"\n'
LIT = '200ms'


def light(sim, level):
    """Those lights that the board has."""
    for name in 'LED', 'Red LED':
        with contextlib.suppress(SimError):
            sim[name].set(level)


def application(control, begun):
    """A thread, until the simulator ends, or if it has no button."""
    with contextlib.suppress(SimError), Sim(control=control, timeout=None) as sim:
        edges = sim.command('edges', 'Button').text
        begun.set()
        while True:
            sim.command('wait', 'Button', '1', 'after', edges)
            light(sim, 1)
            sim.command('pause', LIT)
            light(sim, 0)
            edges = sim.command('edges', 'Button').text
    begun.set()


def start_application(args):
    """Returns when it waits for the button."""
    begun = threading.Event()
    if '--control' in args:
        control = args[args.index('--control') + 1]
        threading.Thread(target=application, args=(control, begun), daemon=True).start()
        begun.wait(10)


def run_with_application(program, args):
    """The simulator, and the application; it is ready when both are."""
    ready, own = os.pipe()
    at = args.index('--ready-fd') + 1
    told, args[at] = int(args[at]), str(own)
    process = subprocess.Popen([program, *args], pass_fds=[own])
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    os.close(own)
    with open(ready, 'rb') as pipe:
        if pipe.read(1):
            start_application(args)
            os.write(told, b'\n')
    os.close(told)
    return process.wait()


class Examples:
    """A folder in which examples are run."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.running = []
        (folder / 'boards').write_text('')
        (folder / 'button.board').write_text(BOARD)
        (folder / 'bin').mkdir()
        self.simulator = folder / 'bin' / 'simulator'
        self.write_program(self.simulator, f'{shlex.quote(sys.executable)} '
                           f'{shlex.quote(str(HERE / "examples.py"))} --run-with-application '
                           f'{shlex.quote(program)}')
        self.write_program(folder / 'bin' / 'vgpio-sim', shlex.quote(program))
        self.env = {**os.environ, 'PATH': f'{folder}/bin:{os.environ["PATH"]}',
                    'VGPIO_SIM': str(self.simulator), 'VGPIO_CONTROL': str(folder / 'ctl.sock'),
                    'PYTHONPATH': str(HERE / 'python'), 'PYTHONDONTWRITEBYTECODE': '1'}

    @staticmethod
    def write_program(path, command):
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        path.chmod(0o755)

    def start(self, args):
        """A simulator, until all end."""
        ready, told = os.pipe()
        # What comes after a "--socket" is for its board only.
        self.running.append(subprocess.Popen([self.simulator, '--ready-fd', str(told), *args],
                                             cwd=self.folder, pass_fds=[told],
                                             stdout=subprocess.DEVNULL))
        os.close(told)
        with open(ready, 'rb') as pipe:
            if not pipe.read(1):
                raise RuntimeError('the simulator does not start')

    def start_default(self):
        self.start(['--socket', f'{self.folder}/gpio.sock', '--control', f'{self.folder}/ctl.sock',
                    '--config', 'button.board'])

    def stop_all(self):
        while self.running:
            process = self.running.pop()
            process.terminate()
            process.wait()

    def run(self, command, **options):
        subprocess.run(command, cwd=self.folder, env=self.env, check=True, timeout=60,
                       stdout=subprocess.DEVNULL, **options)

    def shell(self, text):
        """Commands, of which those that start a simulator stay."""
        commands = text.replace('/tmp/', f'{self.folder}/').replace('\\\n', ' ')
        starts = [line for line in commands.split('\n') if '--socket ' in line]
        for line in starts:
            self.start(shlex.split(line)[1:])
        rest = [line for line in commands.split('\n') if line not in starts]
        if not starts:
            self.start_default()
        self.run(['bash', '-euc', '\n'.join(rest)])

    def scenario(self, text):
        (self.folder / 'example.scn').write_text(text)
        self.start_default()
        self.run(['vgpio-sim', 'run', 'example.scn'], executable=self.program)

    def board(self, text):
        (self.folder / 'example.board').write_text(text)
        self.start(['--socket', f'{self.folder}/gpio.sock', '--config', 'example.board'])

    def script(self, text):
        (self.folder / 'example.play').write_text(text)
        self.start_default()
        self.run([self.program, 'ctl', self.env['VGPIO_CONTROL'], 'play',
                  str(self.folder / 'example.play')])

    def faults(self, text):
        self.start_default()
        for line in text.splitlines():
            self.run([self.program, 'ctl', self.env['VGPIO_CONTROL'], *shlex.split(line)])

    def python(self, text):
        (self.folder / 'test_example.py').write_text(f'from vgpio_sim import *\n{text}')
        if 'def test_' in text:
            self.start_default()
            self.run([sys.executable, '-m', 'pytest', '-q', '-p', 'vgpio_sim', '-p',
                      'no:cacheprovider', 'test_example.py'])
        else:
            self.run([sys.executable, 'test_example.py'])

    def c_program(self, text):
        (self.folder / 'example.c').write_text('#include "libvgpio.h"\n\nint main(void)\n{\n'
                                               f'{text}\treturn 0;\n}}\n')
        self.run(['cc', '-Wall', '-Wextra', '-Werror', '-I', HERE, '-o', 'example', 'example.c',
                  HERE / 'libvgpio.c'])
        self.run(['./example'])


# How an example is run, by what it begins with.
KINDS = (('vgpio-sim ctl |vgpio-sim --', Examples.shell), ('test ', Examples.scenario),
         ('lines ', Examples.board), ('repeat ', Examples.script), ('fault ', Examples.faults),
         ('from vgpio_sim |def test_', Examples.python), ('struct vgpio ', Examples.c_program))


def blocks(path):
    """The literal blocks of a manual page, and what is indented in other files."""
    text = path.read_text()
    if path.suffix == '.1':
        for block in re.findall(r'^\.Bd -literal.*?\n(.*?)^\.Ed$', text, re.M | re.S):
            yield block.replace(r'\e', '\\').replace(r'\&', '')
    elif path.suffix == '.h':
        for block in re.findall(r'(?:^ \*\t.*\n|^ \*\n(?= \*\t))+', text, re.M):
            yield re.sub(r'^ \*\t?', '', block, flags=re.M).lstrip('\n')
    else:
        for block in re.findall(r'(?:^    .*\n|^\n(?=    ))+', text, re.M):
            yield re.sub(r'^    ', '', block, flags=re.M).lstrip('\n')


def run_file(program, path):
    """Returns how many examples ran; each has a folder of its own."""
    count = 0
    for block in blocks(path):
        run = next((run for begin, run in KINDS if re.match(begin, block)), None)
        if run is None:
            continue
        with tempfile.TemporaryDirectory(prefix='vgpio-') as folder:
            examples = Examples(program, pathlib.Path(folder))
            try:
                run(examples, block)
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                print(f'{path}: an example fails: {error}\n{block}', file=sys.stderr)
                return -1
            finally:
                examples.stop_all()
        count += 1
    return count


def main():
    if sys.argv[1] == '--run-with-application':
        return run_with_application(sys.argv[2], sys.argv[3:])
    program, good = os.path.abspath(sys.argv[1]), True
    for name in sys.argv[2:]:
        count = run_file(program, pathlib.Path(name))
        if count == 0:
            print(f'{name} has no example that can be run', file=sys.stderr)
        good = good and count > 0
        print(f'{name}: {max(count, 0)} examples')
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
