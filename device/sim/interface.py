"""What the simulator and its surroundings tell each other: launches, devices, traps, results.

Plain data, no code generation: the SoC, the driver and the tests import these without
paying for LLVM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Protocol


class BusError(Exception):
    """A device refuses an access; the hart takes an access fault (cause 5 or 7)."""


class IoDevice(Protocol):
    """Registers behind guest addresses. `offset` is from the base given to map_io."""

    def load(self, offset: int, size: int, hart: int) -> int:
        """The value at `offset`, unsigned, `size` 1, 2, 4 or 8 bytes; raises BusError."""

    def store(self, offset: int, size: int, value: int, hart: int) -> None:
        """Write the low `size` bytes of `value`; raises BusError."""


@dataclass(frozen=True)
class HartStart:
    """What a hart gets before each instance: sp, and a1.. = args; a0 is the instance id."""

    sp: int
    args: tuple[int, ...] = ()


class Cause(Enum):
    """Synchronous exceptions, by their number in mcause (privileged specification, 3.1.15)."""

    FETCH_FAULT = 1
    ILLEGAL = 2
    BREAKPOINT = 3
    LOAD_MISALIGNED = 4
    LOAD_FAULT = 5
    STORE_MISALIGNED = 6
    STORE_FAULT = 7
    ECALL_M = 11
    DMA_FAULT = 24  # of those for custom use: a transfer leaves its memories


@dataclass(frozen=True)
class Fault:
    """A trap nobody resumes. tval: the address for memory and DMA causes, the word for cause 2."""

    cause: int
    pc: int
    tval: int
    hart: int
    instance: int = 0
    word: int = 0  # the instruction at pc; 0 where it cannot be read


@dataclass(frozen=True)
class Launches:
    """A row of launches that differ in arguments only, each a record of 64-bit words.

    words:  writable, format "Q", looked at when a launch's turn comes; the first record is that
            of the run itself.
    size:   of a record, in words; the last of them are the arguments. The row ends before a
            record in which other words differ from the one before.
    """

    words: memoryview
    size: int


# -- what an ecall handler decides -----------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """This hart's instance is finished."""


@dataclass(frozen=True)
class Resume:
    """Continue after the ecall, in the hart's next turn."""


@dataclass(frozen=True)
class Sleep:
    """Sleep until every hart of the group sleeps at a barrier of the same id."""

    barrier: int


@dataclass(frozen=True)
class Await:
    """Sleep until the byte at a host address is 0; not for machines with several threads."""

    addr: int


@dataclass(frozen=True)
class Abort:
    """Stop all harts; the run ends with this exit code."""

    code: int


@dataclass(frozen=True)
class Fatal:
    """The ecall is not known or its argument is bad: the run ends with a fault, cause 11.

    tval: of the fault, where the program itself asked for one.
    """

    tval: int = 0


@dataclass(frozen=True)
class NativeCalls:
    """Ecalls that need no handler, by their numbers in a7: harts end, sleep, and wake others.

    exit:   a0 is the result; this hart's instance is finished.
    stop:   sleep until resumed; at once, if that came first.
    resume: a0 is the hart, by its index, that goes on. One that there is not: for the handler.
    wait:   a0 is a lock bit; sleep until it is clear.
    For machines with one thread and at most 64 harts.
    """

    exit: int
    stop: int
    resume: int
    wait: int


EcallResult = Done | Resume | Sleep | Await | Abort | Fatal


class HartView(Protocol):
    """A stopped hart, as an ecall handler sees it."""

    @property
    def hart(self) -> int: ...

    @property
    def instance(self) -> int: ...

    @property
    def pc(self) -> int:
        """Address of the ecall."""

    def x(self, number: int) -> int:
        """An integer register, unsigned."""

    def set_x(self, number: int, value: int) -> None: ...

    def read_memory(self, addr: int, size: int) -> bytes:
        """RAM as this hart sees it; raises BusError where the range is not all readable RAM."""

    def read_string(self, addr: int, limit: int = 1 << 20) -> bytes:
        """The NUL-terminated string at `addr`, without the NUL; raises BusError."""


class Told(IntEnum):
    """What an observer is told of, before it happens, and the operands."""

    LOAD = 0  # address, bytes: some of them are marked
    STORE = 1
    STACK = 2  # the new stack pointer: it falls below the floor
    LDMA = 3  # as dpu.ldma and dpu.sdma have them
    SDMA = 4
    TAS = 5  # lock bit
    CLEAR = 6
    NOTE = 7  # kind, address, size


class Observer(Protocol):
    """Watches the run of a machine with translations that tell."""

    def told(self, view: HartView, what: Told, operands: tuple[int, int, int]) -> Resume | Abort:
        """Whether the run goes on. Of registers pc, ra and sp are right."""


class Pacer(Protocol):
    """A model of time; see paced.py. Harts are by their place in the lane."""

    @property
    def slice(self) -> int:
        """Instructions that a hart runs ahead at most."""

    def begins(self, hart: int) -> None:
        """A hart goes to work, now; all of them have at time 0."""

    def arrives(self, hart: int, event: int, instructions: int) -> None:
        """Something is to be seen of a hart, so many instructions after it began."""

    def transfers(self, hart: int, what: Told, size: int) -> None:
        """A hart asks for a transfer, now."""

    def next(self) -> tuple[int, int | None] | None:
        """Let time pass to the next event, and whose; None of a transfer that is over. None if
        there is nothing to come."""


EcallHandler = Callable[[HartView], EcallResult]


@dataclass(frozen=True)
class Translated:
    """Units of guest code that a machine has come by: compiled, or found in the cache on disk.

    seconds: what that took, with loading them.
    """

    compiled: int = 0
    found: int = 0
    seconds: float = 0.0

    def since(self, before: Translated) -> Translated:
        return Translated(
            self.compiled - before.compiled,
            self.found - before.found,
            self.seconds - before.seconds,
        )

    def __str__(self) -> str:
        return (
            f"{self.compiled} units translated and {self.found} found in the cache "
            f"in {1e3 * self.seconds:.1f} ms"
        )


class Reason(Enum):
    """Why a run ended."""

    FINISHED = "finished"
    FAULT = "fault"
    ABORT = "abort"  # an ecall handler said so: see code
    LIMIT = "limit"  # more instructions than allowed
    STOPPED = "stopped"  # stop() was called
    BARRIER = "barrier"  # harts sleep that nothing will wake: at different barriers, or awaiting


@dataclass(frozen=True)
class RunResult:
    """How a launch ended, or the last one of a row.

    retired:   instructions of this run, per hart.
    launches:  how many were begun.
    barriers:  those that harts sleep at; None for a hart that sleeps at none.
    exits:     results of harts by the call NativeCalls.exit; None for one that made none.
    awaits:    the host addresses of bytes that they sleep for, as in Await; 0 for none.
    frames:    of each hart ra and sp, of a run that did not finish.
    """

    reason: Reason
    retired: tuple[int, ...]
    fault: Fault | None = None
    code: int = 0
    pcs: tuple[int, ...] = ()  # where each hart was; useful for LIMIT, STOPPED and BARRIER
    launches: int = 1
    barriers: tuple[int | None, ...] = ()
    awaits: tuple[int, ...] = ()
    exits: tuple[int | None, ...] = ()
    frames: tuple[tuple[int, int], ...] = ()

    @property
    def ok(self) -> bool:
        return self.reason is Reason.FINISHED
