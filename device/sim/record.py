"""Recording a run: every instruction that passes a filter, with what it read and wrote.

A recorder is a watcher that has the harts step. Where it is interested in some addresses only,
the code outside of them runs at nearly full speed. A step costs some 20 microseconds and, for
the first of an instruction, a few milliseconds to translate it.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ...backend.encode import Decoded
from .effects import FileName, Registers, Touched, touched, written
from .interface import Fault
from .watch import Action, Go, Step, Stop, Why

if TYPE_CHECKING:
    from .machine import Machine

MOST_ADDRESSES = 1 << 20  # bytes of code a filter may name


@dataclass(frozen=True)
class Filter:
    """harts: by index, None: all. ranges: of addresses, without their ends; None: everywhere."""

    harts: frozenset[int] | None = None
    ranges: tuple[range, ...] | None = None

    def addresses(self) -> Set[int]:
        """Those where instructions may be. raises: ValueError if the ranges are too large."""
        if self.ranges is None:
            return frozenset()
        if sum(map(len, self.ranges)) > MOST_ADDRESSES:
            raise ValueError(f"the ranges hold more than {MOST_ADDRESSES} bytes")
        return frozenset(at for r in self.ranges for at in range(r.start + r.start % 2, r.stop, 2))

    def takes(self, hart: int, pc: int) -> bool:
        return (self.harts is None or hart in self.harts) and (
            self.ranges is None or any(pc in r for r in self.ranges)
        )


@dataclass(frozen=True)
class Executed:
    """One instruction that was executed.

    retired:  instructions of the hart before this one, since the machine was made.
    next_pc:  where the hart was afterwards.
    """

    hart: int
    instance: int
    retired: int
    pc: int
    word: int
    size: int
    decoded: Decoded | None
    next_pc: int
    registers: tuple[tuple[FileName, int, int], ...]  # file, number, value
    memory: tuple[Touched, ...]
    vector: tuple[int, int] | None = None  # vl and vtype, where they have changed
    fflags: int | None = None  # where they have changed


class Sink(Protocol):
    """What a record is written to."""

    def executed(self, e: Executed) -> None: ...

    def trapped(self, fault: Fault, retired: int) -> None: ...


class Recorder:
    """A watcher that tells a sink. raises: ValueError for a filter of too many addresses."""

    def __init__(self, machine: Machine, sink: Sink, only: Filter) -> None:
        self._machine = machine
        self._sink = sink
        self._only = only
        self._addresses = only.addresses()
        self._before: dict[int, tuple[Registers, int]] = {}  # by hart: and instructions retired

    @property
    def breakpoints(self) -> Set[int]:
        return self._addresses

    def stopped(self, stop: Stop) -> Action:
        match stop.why:
            case Why.FAULT if stop.fault is not None:
                if self._only.takes(stop.hart, stop.fault.pc):
                    self._sink.trapped(stop.fault, self._machine.retired(stop.hart))
                return Go()
            case Why.STEP:
                self._stepped(stop.hart)
            case _:
                self._before.clear()
        if self._only.ranges is not None and not self._is_near(stop.hart):
            self._before.clear()
            return Go()
        if not self._before:
            for hart in range(self._machine.harts):
                self._look(hart)
        return Step()

    def _is_near(self, hart: int) -> bool:
        ready = self._machine.is_ready(hart)
        return ready and self._machine.read_pc(hart) in self._addresses

    def _look(self, hart: int) -> Registers:
        now = self._machine.registers(hart)
        self._before[hart] = now, self._machine.retired(hart)
        return now

    def _stepped(self, hart: int) -> None:
        before, retired = self._before[hart]
        after = self._look(hart)
        if not self._only.takes(hart, before.pc):
            return
        code = self._machine.instruction(hart, before.pc)
        values = {"x": after.x.__getitem__, "f": after.f.__getitem__}
        registers = tuple(
            (
                file,
                number,
                int.from_bytes(after.vector(number), "little")
                if file == "v"
                else values[file](number),
            )
            for file, number in written(code.decoded, before, after)
        )
        vector = (after.vl, after.vtype)
        self._sink.executed(
            Executed(
                hart,
                self._machine.instance(hart),
                retired,
                before.pc,
                code.word,
                code.size,
                code.decoded,
                after.pc,
                registers,
                tuple(touched(code.decoded, before, after)),
                vector if vector != (before.vl, before.vtype) else None,
                after.fflags if after.fflags != before.fflags else None,
            )
        )
