"""From what a debugger asks for to single actions of a watched run, one stop at a time.

While one hart is stepped the others stand, as if its turn were a long one; when it has to wait,
or has taken many steps within a range of addresses, they have turns at full speed. While memory
is watched for changes, everything is stepped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..sim.interface import BusError, Cause
from ..sim.watch import Action, Go, Step, Stop, Turn, Why

if TYPE_CHECKING:
    from ..sim.machine import Machine

# By GDB's own numbers, which are the same on all systems.
SIG_NONE, SIG_INT, SIG_ILL, SIG_TRAP, SIG_BUS, SIG_SEGV, SIG_SYS = 0, 2, 4, 5, 10, 11, 12
FAULT_SIGNALS = {
    Cause.FETCH_FAULT: SIG_SEGV,
    Cause.ILLEGAL: SIG_ILL,
    Cause.BREAKPOINT: SIG_TRAP,
    Cause.LOAD_MISALIGNED: SIG_BUS,
    Cause.LOAD_FAULT: SIG_SEGV,
    Cause.STORE_MISALIGNED: SIG_BUS,
    Cause.STORE_FAULT: SIG_SEGV,
    Cause.ECALL_M: SIG_SYS,
    Cause.DMA_FAULT: SIG_SEGV,
}
SLICE = 1000  # steps of one hart in a row while others wait for their turns


@dataclass(frozen=True)
class Resume:
    """What a debugger wants to happen until the next halt.

    moving:  harts that may execute instructions.
    step:    of these, the one to halt after a step; None: only what else there is halts.
    within:  with step: not after one that ends at these addresses.
    """

    moving: frozenset[int]
    step: int | None = None
    within: range = range(0)


@dataclass(frozen=True)
class Halt:
    """The debugger is to be told. watched: the address that it watches, if that was changed."""

    hart: int
    signal: int
    watched: int | None = None


@dataclass
class Watchpoint:
    """Bytes as a hart sees them."""

    hart: int
    value: bytes


@dataclass
class Pilot:
    """breakpoints: those of the debugger. watchpoints: by address and size."""

    machine: Machine
    breakpoints: set[int] = field(default_factory=set)
    watchpoints: dict[tuple[int, int], Watchpoint] = field(default_factory=dict)
    guards: frozenset[int] = frozenset()  # breakpoints where harts that wait are to go on
    _want: Resume = field(default_factory=lambda: Resume(frozenset()))
    _steps: int = 0  # by one hart in a row
    _waits: bool = True  # the hart to be stepped has not been ready since its last step
    # At breakpoints that the debugger has been told of: how many instructions the hart had
    # retired then. It does not want to hear of them before the hart has moved.
    _told: dict[int, int] = field(default_factory=dict)

    def resume(self, want: Resume, hart: int) -> Action | Halt:
        """Begin to do what the debugger wants. hart: that of the stop."""
        self._want, self._steps, self._waits = want, 0, True
        return self._go_on(hart)

    def stopped(self, stop: Stop) -> Action | Halt:
        """The run stands still: go on with what is wanted, or halt."""
        hart, want = stop.hart, self._want
        match stop.why:
            case Why.FAULT:
                assert stop.fault is not None
                return Halt(hart, FAULT_SIGNALS[Cause(stop.fault.cause)])
            case Why.START if want.step is not None and self.machine.is_ready(want.step):
                return Halt(want.step, SIG_TRAP)  # at the start of its next instance
            case Why.BREAK if self._is_news(hart):
                return self.halt(Halt(hart, SIG_TRAP))
            case Why.STEP:
                changed = self._changed()
                if changed is not None:
                    return self.halt(Halt(hart, SIG_TRAP, changed))
                over = hart == want.step and self.machine.read_pc(hart) not in want.within
                if over or (self.machine.is_ready(hart) and self._is_news(hart)):
                    return self.halt(Halt(hart, SIG_TRAP))
        return self._go_on(hart)

    def interrupt(self, hart: int) -> Halt:
        """Halt: tell of this hart, or rather of one that has something to do."""
        harts = (hart, *range(self.machine.harts))
        return self.halt(Halt(next(filter(self.machine.is_ready, harts), hart), SIG_INT))

    def halt(self, halt: Halt) -> Halt:
        """Remember what the debugger sees by being told this."""
        if self.machine.read_pc(halt.hart) in self.breakpoints:
            self._told[halt.hart] = self.machine.retired(halt.hart)
        return halt

    def moved(self, hart: int) -> None:
        """The debugger has written pc: the breakpoint there is news."""
        self._told.pop(hart, None)

    def watch(self, hart: int, addr: int, size: int) -> None:
        """Halt when bytes change, as the hart sees them; raises BusError where it sees none."""
        value = self.machine.read_memory(hart, addr, size)
        self.watchpoints[addr, size] = Watchpoint(hart, value)

    # -- how to go on

    def _go_on(self, hart: int) -> Action | Halt:
        """hart: the one that the stop is about."""
        self.guards = frozenset()
        harts = range(self.machine.harts)
        step = self._want.step
        if step is None and len(self._want.moving) == len(harts) and not self.watchpoints:
            if self.machine.is_ready(hart) and self._is_news(hart):  # it has been sent there
                return self.halt(Halt(hart, SIG_TRAP))
            return Go()
        ready = [h for h in (*harts[hart + 1 :], *harts[: hart + 1]) if self._may_move(h)]
        if ready:
            return self._move(self._whose(hart, ready))
        if any(map(self.machine.is_ready, harts)):
            return Halt(hart, SIG_NONE)  # they wait for harts that must not move
        # A barrier opens now, or other instances start.
        self.guards = frozenset(map(self.machine.read_pc, harts))
        return Go()

    def _move(self, hart: int) -> Action | Halt:
        if hart == self._want.step:
            return Step(hart)
        if self._is_news(hart):
            return self.halt(Halt(hart, SIG_TRAP))
        return Turn(hart) if self._has_turns(hart) else Step(hart)

    def _whose(self, hart: int, ready: list[int]) -> int:
        """Who moves next. ready: in the order of their turns after `hart`."""
        step = self._want.step
        waited, self._waits = self._waits, step not in ready
        if waited and step in ready:
            assert step is not None
            hart, self._steps = step, 0
        elif hart not in ready or self._steps >= SLICE or self._has_turns(hart):
            hart, self._steps = ready[0], 0
        self._steps += 1
        return hart

    def _has_turns(self, hart: int) -> bool:
        """True if the hart does not move by steps."""
        return hart != self._want.step and not self.watchpoints

    def _may_move(self, hart: int) -> bool:
        return hart in self._want.moving and self.machine.is_ready(hart)

    def _is_news(self, hart: int) -> bool:
        """True at a breakpoint that the debugger has not been told of."""
        at_breakpoint = self.machine.read_pc(hart) in self.breakpoints
        return at_breakpoint and self._told.get(hart) != self.machine.retired(hart)

    def _changed(self) -> int | None:
        """The address of watched bytes that have changed; they are looked at from now on."""
        for (addr, size), point in self.watchpoints.items():
            try:
                value = self.machine.read_memory(point.hart, addr, size)
            except BusError:  # freed between two launches
                value = b""
            if value != point.value:
                point.value = value
                return addr
        return None
