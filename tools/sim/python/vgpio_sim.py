# SPDX-License-Identifier: GPL-2.0-or-later
"""Drive and watch the GPIO lines of a guest from tests.

    from vgpio_sim import Sim, rise

    with Sim("button.board") as sim:
        sim["Button"].pulse("10ms")
        sim["LED"].expect(rise, within="500ms")

The lines live in vgpio-sim, whose manual page says what the commands mean. This file
needs nothing but Python; with pytest it is a plugin that has the fixture "sim".
"""
from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import pathlib
import re
import select
import signal
import socket
import struct
import subprocess
import tempfile
from types import TracebackType
from typing import Iterator, List, Mapping, Optional, Sequence, Tuple, Type, Union

__all__ = ['Condition', 'ExpectationFailed', 'Line', 'Met', 'Reply', 'Sim', 'SimError', 'duty',
           'edge', 'edges', 'fall', 'falls', 'frequency', 'high', 'low', 'quiet', 'rise', 'rises']


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_UNITS = {'us': 1e-6, 'ms': 1e-3, 's': 1}
_MAX_WAIT = 24 * 60 * 60


class SimError(Exception):
    """The simulator cannot be reached, or refused a command."""


class ExpectationFailed(AssertionError):
    """What was expected did not come; the text has the last changes as waveforms."""


@dataclasses.dataclass(frozen=True)
class Condition:
    """What can be expected of a line, as words of the simulator."""

    words: Tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Reply:
    """A reply: the lines before the last one, and the last one without "ok"."""

    lines: Tuple[str, ...]
    text: str


@dataclasses.dataclass(frozen=True)
class Met:
    """An expectation that was met: after which change, and what was measured."""

    seq: int
    measured: str


rise = Condition(('rise',))
fall = Condition(('fall',))
edge = Condition(('edge',))


def high(length: str) -> Condition:
    """A pulse: the line is high for so long, such as "40ms..60ms"."""
    return Condition(('high', length))


def low(length: str) -> Condition:
    """The line is low for so long."""
    return Condition(('low', length))


def edges(count: Union[int, str]) -> Condition:
    """So many edges, such as 10 or "9..11"."""
    return Condition((str(count), 'edges'))


def rises(count: Union[int, str]) -> Condition:
    """So many rising edges."""
    return Condition((str(count), 'rises'))


def falls(count: Union[int, str]) -> Condition:
    """So many falling edges."""
    return Condition((str(count), 'falls'))


def frequency(expected: str) -> Condition:
    """A frequency, such as "50Hz+-2%"."""
    return Condition(('frequency', expected))


def duty(expected: str) -> Condition:
    """A duty cycle, such as "20%..30%"."""
    return Condition(('duty', expected))


def quiet(duration: str) -> Condition:
    """No edge for so long; that is the window, so there is no within."""
    return Condition(('quiet', duration))


def _quote(word: str) -> str:
    if '\n' in word or '\r' in word:
        raise ValueError(f'a command must not contain a line break: {word!r}')
    if word and not re.search(r'[ \t"\\#]', word):
        return word
    return '"' + re.sub(r'(["\\])', r'\\\1', word) + '"'


def _describe_status(status: int) -> str:
    return signal.strsignal(-status) or f'signal {-status}' if status < 0 else f'status {status}'


def _end_with_parent() -> None:
    """In the child: a signal when the thread ends that started it."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _own_wait(command: str) -> float:
    """How long the simulator itself may wait: the durations in the command, in seconds."""
    durations = re.findall(r'(?<!\S)([0-9]{1,11})(us|ms|s)(?!\S)', command)
    return min(sum(int(number) * _UNITS[unit] for number, unit in durations), _MAX_WAIT)


def _window(within: Optional[str], since: Optional[int]) -> List[str]:
    return ([] if within is None else ['within', within]) + \
           ([] if since is None else ['since', str(since)])


class Line:
    """A line of a board, by its name or number."""

    def __init__(self, sim: Sim, name: str) -> None:
        self.name = name
        self._sim = sim

    @property
    def value(self) -> int:
        """What can be measured."""
        return self._sim.values(self.name)[0]

    def set(self, level: int) -> None:
        """Drive the line."""
        self._sim.command('set', self.name, str(int(level)))

    def release(self) -> None:
        """Drive it no longer."""
        self._sim.command('release', self.name)

    def toggle(self) -> None:
        """Invert it."""
        self._sim.command('toggle', self.name)

    def pulse(self, duration: str) -> None:
        """Invert it for a time; returns at once."""
        self._sim.command('pulse', self.name, duration)

    def wait(self, state: Union[str, int], timeout: str = '30s') -> None:
        """Wait until the line is "0" or "1", or the guest has it "armed", "output" or "input"."""
        self._sim.command('wait', self.name, state, 'timeout', timeout)

    def expect(self, condition: Condition, within: Optional[str] = None,
               since: Optional[int] = None) -> Met:
        """Wait until the condition is met, or fail as soon as it cannot be any more."""
        __tracebackhide__ = True
        return self._sim.judge('expect', self.name, *condition.words, *_window(within, since))

    def then(self, condition: Condition, within: Optional[str] = None) -> Met:
        """The same, from where the last expectation was met."""
        __tracebackhide__ = True
        return self._sim.judge('then', self.name, *condition.words, *_window(within, None))


class Sim:
    """A simulator: one that is started for a board, or one that is running.

    With "control" it connects to this socket, without "board" and "control" to that of the
    environment variable VGPIO_CONTROL, and else it starts "program" with the configuration
    file "board" and further options. "name" says which board of several is meant. A reply may
    take "timeout" seconds, and the durations in its command; None is no limit.
    """

    def __init__(self, board: Union[str, os.PathLike[str], None] = None, *,
                 control: Optional[str] = None, name: Optional[str] = None,
                 program: Optional[str] = None, options: Sequence[str] = (),
                 timeout: Optional[float] = 60) -> None:
        if board is None and control is None:
            control = os.environ.get('VGPIO_CONTROL')
            if not control:
                raise SimError('neither a board nor a control socket is named; '
                               'set VGPIO_CONTROL')
        self.control = control
        self.socket: Optional[str] = None
        self._board = board
        self._name = name
        self._program = program or os.environ.get('VGPIO_SIM') or 'vgpio-sim'
        self._options = list(options)
        self._timeout = timeout
        self._folder: Optional[tempfile.TemporaryDirectory[str]] = None
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._connection: Optional[socket.socket] = None
        self._unread = b''
        self._problem = 'there is no connection to the simulator; use "with Sim(...)"'

    def __enter__(self) -> Sim:
        try:
            if self._board is not None:
                self._start()
            self._connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        process = self._process
        self.close()
        if error is None and process is not None and process.returncode:
            raise SimError(f'the simulator failed: {_describe_status(process.returncode)}')

    def __getitem__(self, line: Union[str, int]) -> Line:
        return Line(self, str(line))

    def close(self) -> None:
        """End the connection, and the simulator if it was started here."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._stop(self._process)
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def values(self, *lines: Union[str, int]) -> Tuple[int, ...]:
        """What can be measured on lines at this instant."""
        reply = self.command('get', *(str(line) for line in lines))
        return tuple(int(value) for value in reply.text.split())

    def mark(self, text: str = '') -> int:
        """Begin a window of expectations; returns a number for "since"."""
        return int(self.command('mark', *([text] if text else [])).text)

    def expect(self, values: Mapping[Union[str, int], int], within: Optional[str] = None,
               since: Optional[int] = None) -> Met:
        """Wait for an instant at which all lines have these values."""
        __tracebackhide__ = True
        return self.judge('expect', *(f'{line}={int(level)}' for line, level in values.items()),
                          *_window(within, since))

    def quiet(self, duration: str) -> Met:
        """No line changes for so long, but for the one that a command names to drive it."""
        __tracebackhide__ = True
        return self.judge('expect', 'quiet', duration)

    def judge(self, *words: Union[str, int]) -> Met:
        """Give an expectation as words."""
        __tracebackhide__ = True
        ok, reply = self._ask(words)
        if not ok and reply.text.startswith('expected '):
            raise ExpectationFailed('\n'.join([reply.text, *reply.lines]))
        if not ok:
            raise SimError(reply.text)
        seq, _, measured = reply.text.partition(' ')
        return Met(int(seq), measured)

    def command(self, *words: Union[str, int]) -> Reply:
        """Give any command."""
        ok, reply = self._ask(words)
        if not ok:
            raise SimError(reply.text)
        return reply

    def _start(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix='vgpio-')
        folder = pathlib.Path(self._folder.name)
        self.socket, self.control = str(folder / 'gpio'), str(folder / 'control')
        ready, told = os.pipe()
        try:
            self._process = subprocess.Popen(
                [self._program, '--socket', self.socket, '--control', self.control,
                 '--ready-fd', str(told), '--config', os.fspath(self._board or ''),
                 *self._options],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[told],
                preexec_fn=_end_with_parent)
        except OSError as error:
            os.close(ready)
            raise SimError(f'cannot run {self._program}: {error.strerror}; install vgpio-sim, '
                           'or set VGPIO_SIM') from None
        finally:
            os.close(told)
        with open(ready, 'rb') as pipe:
            poller = select.poll()
            poller.register(pipe, select.POLLIN)
            if not poller.poll(None if self._timeout is None else self._timeout * 1000):
                raise SimError(f'the simulator is not ready within {self._timeout:g} s')
            if not pipe.read(1):
                raise SimError('the simulator does not start')

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _connect(self) -> None:
        assert self.control is not None
        self._connection = socket.socket(socket.AF_UNIX)
        # With a timeout of Python's, connect() would not wait for a simulator that is busy.
        limit = self._timeout or 0
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                                    struct.pack('ll', int(limit), int(limit % 1 * 1e6)))
        try:
            self._connection.connect(self.control)
        except BlockingIOError:
            raise SimError(f'cannot connect to {self.control}: the simulator accepted nobody '
                           f'for {limit} s; let it go on if it is stopped, or end it') from None
        except OSError as error:
            raise SimError(f'cannot connect to {self.control}: {error.strerror or error}') from None
        self._connection.settimeout(self._timeout)
        prefix = '' if self._name is None else f'@{self._name} '
        ok, reply = self._exchange(f'{prefix}mark\n')
        if not ok:
            raise SimError(reply.text)

    def _ask(self, words: Sequence[Union[str, int]]) -> Tuple[bool, Reply]:
        if not words:
            raise ValueError('a command must have a word; try "help"')
        return self._exchange(' '.join(_quote(str(word)) for word in words) + '\n')

    def _exchange(self, text: str) -> Tuple[bool, Reply]:
        if self._connection is None:
            raise SimError(self._problem)
        limit = None if self._timeout is None else self._timeout + _own_wait(text)
        self._connection.settimeout(limit)
        try:
            return self._talk(self._connection, text)
        except socket.timeout:
            self._problem = f'no reply within {limit:g} s'
        except OSError as error:
            self._problem = f'the connection to the simulator is lost: {error.strerror or error}'
        # What is left in it could be taken for the next reply.
        self._connection.close()
        self._connection = None
        raise SimError(self._problem)

    def _talk(self, connection: socket.socket, text: str) -> Tuple[bool, Reply]:
        # One that is refused may read why.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(text.encode())
        lines: List[str] = []
        for line in self._lines(connection):
            word, _, rest = line.partition(' ')
            if word in ('ok', 'error'):
                return word == 'ok', Reply(tuple(lines), rest)
            lines.append(line)
        raise OSError('the simulator closed it')

    def _lines(self, connection: socket.socket) -> Iterator[str]:
        while True:
            line, newline, rest = self._unread.partition(b'\n')
            if newline:
                self._unread = rest
                yield line.decode(errors='replace')
                continue
            data = connection.recv(65536)
            if not data:
                return
            self._unread += data


try:
    import pytest
except ImportError:
    pass
else:
    def pytest_addoption(parser: pytest.Parser) -> None:
        """Called by pytest."""
        parser.addoption('--vgpio-board', metavar='FILE', help='the board of the fixture "sim", '
                         'which is started with it; without, VGPIO_CONTROL names one that runs')

    @pytest.fixture
    def sim(request: pytest.FixtureRequest) -> Iterator[Sim]:
        """A simulator: that of VGPIO_CONTROL, or one with the board of --vgpio-board."""
        board = request.config.getoption('--vgpio-board')
        if board is None and not os.environ.get('VGPIO_CONTROL'):
            pytest.fail('the fixture "sim" needs VGPIO_CONTROL or --vgpio-board FILE',
                        pytrace=False)
        with Sim(board) as simulator:
            yield simulator
