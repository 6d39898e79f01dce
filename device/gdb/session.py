"""The commands of a debugger to a run that stands still: one packet in, one answer out.

Threads are harts: hart 0 is thread 1. Source: GDB manual, appendix "GDB Remote Serial
Protocol"; all-stop mode, without the multiprocess extension.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ..sim.interface import BusError
from .files import Files
from .packets import LONGEST, escape
from .pilot import Halt, Pilot, Resume
from .registers import CORE, EXPEDITED, Registers

if TYPE_CHECKING:
    from ..sim.machine import Machine

OK, UNKNOWN = b"OK", b""  # an empty answer: there is no such command
INVALID, NO_MEMORY = b"E16", b"E0e"  # EINVAL, EFAULT
MOST_BYTES = LONGEST // 2 - 1  # of memory in one answer, in hexadecimal
ALL, ANY = -1, 0  # instead of a thread's number

_SUPPORTED = (
    f"PacketSize={LONGEST:x};QStartNoAckMode+;vContSupported+;"
    "qXfer:features:read+;qXfer:exec-file:read+"
).encode()
_NAME = re.compile(r"[A-Za-z]+")
_HEX = re.compile(r"[0-9a-fA-F]+")


class End(Enum):
    """The debugger has done with the run."""

    DETACH = "detach"
    KILL = "kill"


Answer = bytes | Resume | End


class BadPacketError(ValueError):
    """A packet of a known command that says nothing sensible."""


@dataclass(frozen=True)
class _Action:
    """Of a vCont packet. kind: c, s or r. thread: that it is for; None for all others."""

    kind: str
    within: range
    thread: int | None


class Session:
    """What one debugger has been told and has chosen."""

    def __init__(self, machine: Machine, pilot: Pilot) -> None:
        self.halted = Halt(0, 0)  # what it was told last
        self.acknowledges = True
        self.files: Files | None = None  # for a debugger who asks for the program
        self._machine = machine
        self._pilot = pilot
        self._registers = Registers(machine)
        self._description = self._registers.description().encode()
        self._hart = 0  # whose registers and memory it looks at
        self._moving = ALL  # thread chosen by Hc for c and s

    def report(self, halt: Halt) -> bytes:
        """The packet that tells of a halt; its hart is looked at from now on."""
        self.halted, self._hart, self._moving = halt, halt.hart, ALL
        parts = [f"T{halt.signal:02x}thread:{halt.hart + 1:x};"]
        if halt.watched is not None:
            parts.append(f"watch:{halt.watched:x};")
        for number in EXPEDITED:
            value = self._registers.read(halt.hart, number)
            assert value is not None
            parts.append(f"{number:x}:{value.hex()};")
        return "".join(parts).encode()

    def answer(self, packet: bytes) -> Answer:
        """Obey a packet. Any bytes: what makes no sense gets an error for an answer."""
        if packet[:1] == b"X":  # the one with bytes as they are
            head, _, data = packet.partition(b":")
            text = head.decode("latin-1") + ":"
        else:
            text, data = packet.decode("latin-1"), b""
        name = text[:1]
        if name in ("q", "Q", "v"):
            match = _NAME.match(text)
            assert match is not None
            name = match[0]
        command = _COMMANDS.get(name)
        if command is None:
            return UNKNOWN
        try:
            if name == "X":
                return self._write(text[1:-1], data)
            return command(self, text[len(name) :])
        except BadPacketError:
            return INVALID
        except BusError:
            return NO_MEMORY

    # -- registers

    def _read_core(self, _rest: str) -> bytes:
        values = (self._registers.read(self._hart, number) for number in CORE)
        return b"".join(value for value in values if value is not None).hex().encode()

    def _write_core(self, rest: str) -> bytes:
        data = _bytes(rest)
        if len(data) != 8 * len(CORE):
            raise BadPacketError
        for number in CORE[1:]:
            self._write_register(number, data[8 * number : 8 * number + 8])
        return OK

    def _read_one(self, rest: str) -> bytes:
        value = self._registers.read(self._hart, _number(rest))
        return INVALID if value is None else value.hex().encode()

    def _write_one(self, rest: str) -> bytes:
        number, _, value = rest.partition("=")
        self._write_register(_number(number), _bytes(value))
        return OK

    def _write_register(self, number: int, data: bytes) -> None:
        pc = self._machine.read_pc(self._hart)
        if not self._registers.write(self._hart, number, data):
            raise BadPacketError
        if self._machine.read_pc(self._hart) != pc:
            self._pilot.moved(self._hart)

    # -- memory

    def _read_memory(self, rest: str) -> bytes:
        addr, size = _numbers(rest, 2)
        size = min(size, MOST_BYTES)
        try:
            return self._machine.read_memory(self._hart, addr, size).hex().encode()
        except BusError:
            return self._readable(addr, size).hex().encode() or NO_MEMORY

    def _readable(self, addr: int, size: int) -> bytes:
        """The bytes before the first that cannot be read."""
        good, bad, data = 0, size, b""
        while bad - good > 1:
            middle = (good + bad) // 2
            try:
                data = self._machine.read_memory(self._hart, addr, middle)
                good = middle
            except BusError:
                bad = middle
        return data

    def _write_hex(self, rest: str) -> bytes:
        place, _, data = rest.partition(":")
        return self._write(place, _bytes(data))

    def _write(self, place: str, data: bytes) -> bytes:
        addr, size = _numbers(place, 2)
        if size != len(data):
            raise BadPacketError
        if data:
            self._machine.write_memory(self._hart, addr, data)
        return OK

    # -- breakpoints

    def _insert(self, rest: str) -> bytes:
        kind, addr, size = _numbers(rest.partition(";")[0], 3)
        if kind in (0, 1):  # in software, in hardware: all the same to us
            if addr % 2:
                raise BadPacketError
            self._pilot.breakpoints.add(addr)
            return OK
        if kind != 2:  # reads are not watched
            return UNKNOWN
        if not 0 < size <= MOST_BYTES:
            raise BadPacketError
        self._pilot.watch(self._hart, addr, size)
        return OK

    def _remove(self, rest: str) -> bytes:
        kind, addr, size = _numbers(rest, 3)
        if kind in (0, 1):
            self._pilot.breakpoints.discard(addr)
            return OK
        if kind != 2:
            return UNKNOWN
        self._pilot.watchpoints.pop((addr, size), None)
        return OK

    # -- going on; signals are for processes, and harts get none

    def _continue(self, rest: str) -> Answer:
        self._jump(rest)
        return Resume(self._all if self._moving < 1 else frozenset((self._moving - 1,)))

    def _continue_with(self, rest: str) -> Answer:
        signal, _, addr = rest.partition(";")
        _number(signal)
        return self._continue(addr)

    def _step(self, rest: str) -> Answer:
        self._jump(rest)
        if self._moving < 1:
            return Resume(self._all, self._hart)
        return Resume(frozenset((self._moving - 1,)), self._moving - 1)

    def _step_with(self, rest: str) -> Answer:
        signal, _, addr = rest.partition(";")
        _number(signal)
        return self._step(addr)

    def _jump(self, rest: str) -> None:
        if rest:
            addr = _number(rest)
            if addr % 2:
                raise BadPacketError
            self._machine.write_pc(self._hart, addr)
            self._pilot.moved(self._hart)

    def _resume(self, rest: str) -> Answer:
        if rest == "?":
            return b"vCont;c;C;s;S;r"
        actions = [self._action(text) for text in rest.split(";")[1:]]
        if not actions:
            raise BadPacketError
        chosen = {}
        for hart in range(self._machine.harts):
            for action in actions:  # the first that is for a thread counts
                if action.thread in (None, hart + 1):
                    chosen[hart] = action
                    break
        stepped = [hart for hart, action in chosen.items() if action.kind != "c"]
        if not stepped:
            return Resume(frozenset(chosen))
        step = self._hart if self._hart in stepped else stepped[0]
        return Resume(frozenset(chosen), step, chosen[step].within)

    def _action(self, text: str) -> _Action:
        what, colon, thread = text.partition(":")
        number = self._thread(thread) if colon else ALL
        if number == ANY:
            number = self._hart + 1
        kind, rest, within = what[:1].lower(), what[1:], range(0)
        match kind:
            case "c" | "s":
                if rest:
                    _number(rest)
            case "r":
                within = range(*_numbers(rest, 2))
            case _:
                raise BadPacketError
        return _Action(kind, within, None if number == ALL else number)

    # -- threads

    @property
    def _all(self) -> frozenset[int]:
        return frozenset(range(self._machine.harts))

    def _thread(self, text: str) -> int:
        """The number of a thread that there is, ALL or ANY."""
        number = ALL if text == "-1" else _number(text)
        if not ALL <= number <= self._machine.harts:
            raise BadPacketError
        return number

    def _choose(self, rest: str) -> bytes:
        number = self._thread(rest[1:])
        match rest[:1]:
            case "g":
                self._hart = number - 1 if number > ANY else self.halted.hart
            case "c":
                self._moving = number
            case _:
                raise BadPacketError
        return OK

    def _is_alive(self, rest: str) -> bytes:
        self._thread(rest)
        return OK

    def _threads(self, _rest: str) -> bytes:
        return b"m" + ",".join(f"{hart + 1:x}" for hart in range(self._machine.harts)).encode()

    def _describe_thread(self, rest: str) -> bytes:
        number = self._thread(rest.removeprefix(","))
        if number < 1:
            raise BadPacketError
        hart = number - 1
        does = "waiting"
        if self._machine.is_ready(hart):
            does = f"in instance {self._machine.instance(hart)}"
        return f"hart {hart}, {does}".encode().hex().encode()

    # -- what it asks for before all else

    def _transfer(self, rest: str) -> bytes:
        what, _, where = rest.rpartition(":")
        match what.split(":"):
            case ["", "features", "read", "target.xml"]:
                data = self._description
            case ["", "exec-file", "read", _process] if self.files is not None:
                data = self.files.program.path.encode()
            case ["", "features" | "exec-file", "read", _]:
                return b"E00"  # there is no such thing
            case _:
                return UNKNOWN
        offset, size = _numbers(where, 2)
        part = data[offset : offset + min(size, MOST_BYTES)]
        return (b"m" if offset + len(part) < len(data) else b"l") + escape(part)

    def _file(self, rest: str) -> bytes:
        operation, _, arguments = rest[1:].partition(":")
        answer = self.files.answer(operation, arguments) if self.files is not None else None
        return UNKNOWN if answer is None else answer

    def _no_acknowledging(self, _rest: str) -> bytes:
        self.acknowledges = False
        return OK


_Command = Callable[[Session, str], Answer]
_S = Session
# Commands by name: what follows the name goes to the function.
# fmt: off
_COMMANDS: dict[str, _Command] = {
    "?":                lambda s, _: s.report(s.halted),
    "g":                _S._read_core,
    "G":                _S._write_core,
    "p":                _S._read_one,
    "P":                _S._write_one,
    "m":                _S._read_memory,
    "M":                _S._write_hex,
    "X":                _S._write_hex,
    "Z":                _S._insert,
    "z":                _S._remove,
    "c":                _S._continue,
    "C":                _S._continue_with,
    "s":                _S._step,
    "S":                _S._step_with,
    "vCont":            _S._resume,
    "H":                _S._choose,
    "T":                _S._is_alive,
    "qfThreadInfo":     _S._threads,
    "qsThreadInfo":     lambda _s, _: b"l",
    "qThreadExtraInfo": _S._describe_thread,
    "qC":               lambda s, _: f"QC{s.halted.hart + 1:x}".encode(),
    "qAttached":        lambda _s, _: b"0",  # GDB ends the run when it is left
    "qSymbol":          lambda _s, _: OK,  # no symbols are looked for
    "qSupported":       lambda _s, _: _SUPPORTED,
    "qXfer":            _S._transfer,
    "QStartNoAckMode":  _S._no_acknowledging,
    "D":                lambda _s, _: End.DETACH,
    "k":                lambda _s, _: End.KILL,
    "vKill":            lambda _s, _: End.KILL,
    "vFile":            _S._file,
}
# fmt: on


def _number(text: str) -> int:
    """A number in hexadecimal, of 64 bits at most."""
    if not _HEX.fullmatch(text) or len(text) > 16:
        raise BadPacketError
    return int(text, 16)


def _numbers(text: str, count: int) -> list[int]:
    """So many numbers, with commas between."""
    parts = text.split(",")
    if len(parts) != count:
        raise BadPacketError
    return [_number(part) for part in parts]


def _bytes(text: str) -> bytes:
    if len(text) % 2 or not (_HEX.fullmatch(text) or not text):
        raise BadPacketError
    return bytes.fromhex(text)
