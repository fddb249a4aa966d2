# SPDX-License-Identifier: GPL-2.0-or-later
"""The client for tests in Python, with the simulator that VGPIO_SIM names."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import vgpio_sim
from vgpio_sim import (ExpectationFailed, Sim, SimError, duty, edge, edges, fall, falls, frequency,
                       high, low, quiet, rise, rises)

BOARD = 'lines 3\nline 0 name LED\nline 1 name Button\nline 2 name "Red \\"LED\\""\n'


class WithBoard(unittest.TestCase):
    """A folder, and a board in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.board = self.folder / 'board'
        self.board.write_text(BOARD)


class Lines(WithBoard):
    """A simulator for each test."""

    def setUp(self):
        super().setUp()
        self.sim = self.enter(Sim(self.board))

    def enter(self, sim):
        sim.__enter__()
        self.addCleanup(sim.close)
        return sim

    def test_lines_are_driven_and_read(self):
        self.sim['Button'].set(1)
        self.sim['Red "LED"'].toggle()
        self.assertEqual(self.sim.values('LED', 'Button', 2), (0, 1, 1))
        self.sim['Button'].wait(1)
        self.sim.command('set', 'LED', 1)
        self.assertEqual(self.sim.judge('expect', 0, 'rise').seq, 4)
        self.sim['Button'].release()
        self.assertEqual(self.sim[1].value, 0)

    def test_commands_have_replies(self):
        reply = self.sim.command('get')
        self.assertEqual(len(reply.lines), 3)
        self.assertRegex(reply.lines[0], r'^line 0 name "LED" value 0 ')
        self.assertEqual(reply.text, '')
        with self.assertRaisesRegex(SimError, '^unknown command "frob"; try help$'):
            self.sim.command('frob')
        with self.assertRaisesRegex(ValueError, 'line break'):
            self.sim.command('get\n')
        with self.assertRaisesRegex(ValueError, '^a command must have a word; try "help"$'):
            self.sim.command()
        with self.assertRaisesRegex(SimError, '^unknown command ""'):
            self.sim.command('')
        self.assertEqual(self.sim['LED'].value, 0)

    def test_edges_after_a_stimulus_are_met(self):
        self.sim['Button'].pulse('5ms')
        time.sleep(0.02)
        self.assertEqual(self.sim['Button'].expect(rise, within='500ms').seq, 2)
        self.assertEqual(self.sim['Button'].then(fall).seq, 3)
        met = self.sim['Button'].expect(high('5ms..5s'))
        self.assertRegex(met.measured, r'^[5-9]\S*ms$|^[0-9]+\S*m?s$')

    def test_every_condition_is_understood(self):
        self.sim.command('toggle', 'Button', '20', 'pause', '1ms')
        for condition in (edge, edges(20), edges('19..21'), rises(10), falls('10..'),
                          high('..1s'), low('1us..'), frequency('1Hz..1kHz'), duty('1%..99%')):
            with self.subTest(condition):
                self.sim['Button'].expect(condition, within='1s')
        self.sim['LED'].expect(quiet('10ms'))
        self.sim.quiet('10ms')
        self.sim.expect({'LED': 0, 'Button': True, 'Red "LED"': 0})

    def test_guest_that_is_not_ready_is_said(self):
        with self.assertRaisesRegex(SimError, '^timeout: line 1 is not armed$'):
            self.sim['Button'].wait('armed', '10ms')

    def test_window_may_begin_with_a_mark(self):
        seq = self.sim.mark('the "start"')
        self.sim['LED'].set(1)
        self.sim['LED'].set(0)
        self.sim['LED'].expect(rise, since=seq)
        self.sim.expect({'LED': 1}, since=seq)

    def test_simulator_that_accepts_nobody_is_said(self):
        with tempfile.TemporaryDirectory() as folder, \
                socket.socket(socket.AF_UNIX) as listener, \
                socket.socket(socket.AF_UNIX) as first:
            path = os.path.join(folder, 'control')
            listener.bind(path)
            listener.listen(0)
            first.connect(path)
            began = time.monotonic()
            with self.assertRaisesRegex(SimError, 'the simulator accepted nobody for 0.5 s; let '):
                self.enter(Sim(control=path, timeout=0.5))
            self.assertGreater(time.monotonic() - began, 0.4)

    def test_windows_belong_to_a_connection(self):
        other = self.enter(Sim(control=self.sim.control))
        self.sim['LED'].set(1)
        other['Button'].set(1)
        self.sim['LED'].expect(rise)
        self.sim.mark()
        other['Button'].set(0)
        with self.assertRaisesRegex(ExpectationFailed, 'no rise in 1ms since mark'):
            self.sim['LED'].expect(rise, within='1ms')

    def test_failure_has_waveforms(self):
        self.sim['Button'].set(1)
        with self.assertRaises(ExpectationFailed) as caught:
            self.sim['LED'].expect(rise, within='2ms')
        lines = str(caught.exception).split('\n')
        self.assertEqual(lines[0], 'expected LED rise within 2ms: no rise in 2ms since '
                                   'set Button 1; LED is 0')
        self.assertRegex(lines[1], r'^ +\S+us +2ms$')
        self.assertEqual(lines[2:], ['  LED               _____________|',
                                     '  Button            __/~~~~~~~~~~|'])
        self.assertIsInstance(caught.exception, AssertionError)

    def test_wrong_expectation_is_no_failure_of_the_application(self):
        with self.assertRaisesRegex(SimError, '"5ms" will not be met exactly'):
            self.sim['LED'].expect(high('5ms'))
        with self.assertRaisesRegex(SimError, '"then" begins where'):
            self.sim['LED'].then(rise)
        with self.assertRaisesRegex(SimError, 'no line is numbered or named "lamp"'):
            self.sim['lamp'].expect(rise)

    def test_several_clients_share_a_simulator(self):
        other = self.enter(Sim(control=self.sim.control, name='0'))
        waiting = threading.Thread(target=other['LED'].expect, args=(rise, '10s'))
        waiting.start()
        self.sim['LED'].set(1)
        waiting.join(10)
        self.assertFalse(waiting.is_alive())
        with mock.patch.dict(os.environ, VGPIO_CONTROL=self.sim.control):
            self.assertEqual(self.enter(Sim())['LED'].value, 1)

    def test_late_reply_is_not_taken_for_the_next(self):
        hasty = self.enter(Sim(control=self.sim.control, timeout=0.1))
        with self.assertRaisesRegex(SimError, '^no reply within 0.1 s$'):
            hasty.command('wait', 'LED', '1')
        with self.assertRaisesRegex(SimError, '^no reply within 0.1 s$'):
            hasty.command('get', 'LED')

    def test_there_may_be_no_limit(self):
        with Sim(self.board, timeout=None) as sim:
            self.assertEqual(sim['LED'].value, 0)

    def test_limit_of_a_command_is_added(self):
        hasty = self.enter(Sim(control=self.sim.control, timeout=0.1))
        hasty.command('pause', '200ms')
        with self.assertRaisesRegex(SimError, '^timeout: line 0 is still 0$'):
            hasty['LED'].wait('1', '200ms')

    def test_simulator_that_ends_is_said(self):
        self.sim.command('quit')
        with self.assertRaisesRegex(SimError, '^the connection to the simulator is lost: '):
            for _ in range(100):
                self.sim.command('get', 'LED')
                time.sleep(0.01)


class Starting(WithBoard):
    """What a simulator needs to start, and what is left of it."""

    def test_nothing_is_left(self):
        with Sim(self.board, options=['--verbose']) as sim:
            folder, process = pathlib.Path(sim.socket).parent, sim._process
            self.assertTrue(pathlib.Path(sim.socket).is_socket())
        self.assertFalse(folder.exists())
        self.assertEqual(process.returncode, 0)

    def test_board_that_is_wrong(self):
        self.board.write_text('lines 0\n')
        with self.assertRaisesRegex(SimError, 'the simulator does not start'):
            with Sim(self.board):
                self.fail('it started')

    def test_simulator_that_is_not_ready(self):
        program = self.folder / 'program'
        program.write_text('#!/bin/sh\nexec sleep 100\n')
        program.chmod(0o700)
        with self.assertRaisesRegex(SimError, '^the simulator is not ready within 0.1 s$'):
            with Sim(self.board, program=str(program), timeout=0.1):
                self.fail('it started')

    def test_simulator_that_is_stopped(self):
        with self.assertRaisesRegex(SimError, '^the simulator failed: Killed$'):
            with Sim(self.board, timeout=0.2) as sim:
                sim._process.send_signal(signal.SIGSTOP)
                with self.assertRaisesRegex(SimError, '^no reply within 0.2 s$'):
                    with Sim(control=sim.control, timeout=0.2):
                        self.fail('it connected')

    def test_simulator_that_fails_at_the_end(self):
        program = self.folder / 'program'
        program.write_text(f'#!/bin/sh\n{os.environ["VGPIO_SIM"]} "$@" &\n'
                           'trap "kill $!; wait; exit 3" TERM\nwait\n')
        program.chmod(0o700)
        with self.assertRaisesRegex(SimError, '^the simulator failed: status 3$'):
            with Sim(self.board, program=str(program)):
                pass
        with self.assertRaises(ZeroDivisionError):
            with Sim(self.board, program=str(program)):
                raise ZeroDivisionError

    def test_script_that_is_ended(self):
        script = ('import sys, time, vgpio_sim\n'
                  'with vgpio_sim.Sim(sys.argv[1]) as sim:\n'
                  '    print(sim.control, flush=True)\n'
                  '    time.sleep(60)\n')
        with subprocess.Popen([sys.executable, '-c', script, self.board], text=True,
                              stdout=subprocess.PIPE,
                              env={**os.environ, 'PYTHONPATH': str(HERE.parent)}) as process:
            control = pathlib.Path(process.stdout.readline().strip())
            with Sim(control=str(control)) as sim:
                process.terminate()
                with self.assertRaisesRegex(SimError, '^the connection to the simulator is lost'):
                    sim.command('pause', '10s')
        for _ in range(100):
            if not control.exists():
                break
            time.sleep(0.01)
        control.parent.rmdir()

    def test_program_that_is_missing(self):
        with self.assertRaisesRegex(SimError, 'cannot run /none: No such file or directory; '
                                              'install vgpio-sim, or set VGPIO_SIM'):
            with Sim(self.board, program='/none'):
                self.fail('it started')

    def test_simulator_that_is_missing(self):
        with self.assertRaisesRegex(SimError, 'cannot connect to /none: No such file'):
            with Sim(control='/none'):
                self.fail('it connected')
        with mock.patch.dict(os.environ):
            os.environ.pop('VGPIO_CONTROL', None)
            with self.assertRaisesRegex(SimError, 'set VGPIO_CONTROL'):
                Sim()

    def test_board_that_is_not_there(self):
        with Sim(self.board) as sim:
            with self.assertRaisesRegex(SimError, 'no board is numbered or named 7'):
                with Sim(control=sim.control, name='7'):
                    self.fail('it connected')

    def test_client_that_is_refused(self):
        path = str(self.folder / 'full')
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(path)
        server.listen()

        def refuse():
            connection = server.accept()[0]
            connection.sendall(b'error too many clients\n')
            connection.close()

        threading.Thread(target=refuse).start()
        with self.assertRaisesRegex(SimError, 'too many clients'):
            with Sim(control=path):
                self.fail('it connected')


class Fixture(WithBoard):
    """The plugin, in a pytest of its own."""

    def pytest(self, text, *options, **environment):
        (self.folder / 'test_it.py').write_text(text)
        env = {**os.environ, 'PYTHONPATH': str(HERE.parent), **environment}
        if not environment:
            env.pop('VGPIO_CONTROL', None)
        return subprocess.run([sys.executable, '-m', 'pytest', '-q', '-p', 'vgpio_sim', '-p',
                               'no:cacheprovider', *options, 'test_it.py'], env=env, text=True,
                              cwd=self.folder, capture_output=True, check=False)

    TEST = ('from vgpio_sim import rise\n'
            'def test_button(sim):\n'
            '    sim["Button"].set(1)\n'
            '    sim["{}"].expect(rise, within="50ms")\n')

    def test_board_is_started(self):
        done = self.pytest(self.TEST.format('Button'), '--vgpio-board', str(self.board))
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_failure_names_the_line_of_the_test(self):
        done = self.pytest(self.TEST.format('LED'), '--vgpio-board', str(self.board))
        self.assertEqual(done.returncode, 1)
        self.assertIn('>       sim["LED"].expect(rise, within="50ms")', done.stdout)
        self.assertIn('ExpectationFailed: expected LED rise within 50ms: no rise in 50ms since '
                      'set Button 1; LED is 0', done.stdout)
        self.assertRegex(done.stdout, r'E +Button +__/~~~~~~~~~~\|')
        self.assertNotIn('def judge', done.stdout)

    def test_running_simulator_is_used(self):
        with Sim(self.board) as sim:
            done = self.pytest(self.TEST.format('Button'), VGPIO_CONTROL=sim.control)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(sim['Button'].value, 1)

    def test_neither_is_said(self):
        done = self.pytest(self.TEST.format('Button'))
        self.assertEqual(done.returncode, 1)
        self.assertIn('the fixture "sim" needs VGPIO_CONTROL or --vgpio-board FILE', done.stdout)


class Documentation(unittest.TestCase):
    """What the README tells is there."""

    def test_calls_and_conditions(self):
        text = (HERE.parent / 'README.md').read_text()
        for name in re.findall(r'`(?:line|sim)\.(\w+)', text):
            self.assertTrue(hasattr(vgpio_sim.Line, name) or hasattr(Sim, name), name)
        for name in vgpio_sim.__all__:
            if name[0].islower():
                self.assertRegex(text, rf'`{name}\b')


if __name__ == '__main__':
    unittest.main()
