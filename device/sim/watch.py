"""Watching a run: breakpoints, single steps, and exact registers whenever it stands still.

A watcher attached to a machine is told when a group of instances has been started, at its
breakpoints, after a step, and at the trap that ends a run; there it may read and write
registers and memory through the machine, and says how to go on. Between these, units run at
nearly full speed. A step executes one instruction, translated by itself.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from . import state
from .flow import UNIT_LIMIT
from .interface import Fault

if TYPE_CHECKING:
    from .hart import Hart
    from .lane import Lane
    from .translations import Translations


class Why(Enum):
    """Why a watched run stands still."""

    START = "start"  # the harts are about to execute the first instruction of their instances
    BREAK = "break"  # the hart is about to execute one at a breakpoint
    STEP = "step"  # the hart has done a step or had a turn
    PAUSE = "pause"  # pause() was called
    FAULT = "fault"  # the hart cannot go on; the run ends


@dataclass(frozen=True)
class Stop:
    """hart: the one that it is about, by its index."""

    why: Why
    hart: int
    fault: Fault | None = None


@dataclass(frozen=True)
class Go:
    """Let all harts take their turns until the next breakpoint."""


@dataclass(frozen=True)
class Step:
    """Execute one instruction.

    hart: of this hart, while the others stand; None: of whose turn it is. A hart that is not
          ready, since it has finished or waits at a barrier, makes room for the next that is.
    """

    hart: int | None = None


@dataclass(frozen=True)
class Turn:
    """Let one hart, which is ready, have a turn while the others stand.

    It ends as any turn does, which is told as a step, or at the next breakpoint.
    """

    hart: int


@dataclass(frozen=True)
class Quit:
    """End the run as stop() does."""


Action = Go | Step | Turn | Quit


class Watcher(Protocol):
    @property
    def breakpoints(self) -> Set[int]:
        """Addresses; looked at when the watcher is attached, and after each stop."""

    def stopped(self, stop: Stop) -> Action:
        """Called in the thread of the run. What it returns for a FAULT does not matter."""


class Watch:
    """Of one run: what the watcher wants, in terms of turns and units. `lane` has all harts."""

    def __init__(self, watcher: Watcher, lane: Lane, translations: Translations) -> None:
        self._watcher = watcher
        self._lane = lane
        self._translations = translations
        self._stepping = False
        self._passing = False  # stepping over a breakpoint, to go on as told after that
        self._back = False  # come back after each turn
        self._last = lane.harts[0]  # whose turn it was
        self._steps = 0  # it has done in this turn
        lane.control.watched = 1
        self._configure()

    def close(self) -> None:
        """The run is over: leave the lane as it was."""
        self._lane.control.watched = 0
        self._lane.pace(one=False, back=False)

    @property
    def unit_limit(self) -> int:
        """Instructions in units to be made now."""
        return 1 if self._stepping else UNIT_LIMIT

    # -- what happens; False ends the run

    def started(self) -> bool:
        """A group of instances has been started."""
        self._steps = 0
        return self._tell(Stop(Why.START, self._lane.harts[0].hart), self._lane.harts[0])

    def paused(self) -> bool:
        return self._tell(Stop(Why.PAUSE, self._last.hart), self._last)

    def at_breakpoint(self, hart: Hart) -> bool:
        """True if the hart must not enter a unit, but be reported."""
        return not self._stepping and hart.pc in self._translations.stops

    def broke(self, hart: Hart) -> bool:
        """The hart is at a breakpoint."""
        return self._tell(Stop(Why.BREAK, hart.hart), hart)

    def stepped(self, hart: Hart) -> bool:
        """The hart has executed an instruction by itself, or had a turn."""
        passed, self._passing = self._passing, False
        if passed and not (self._back and hart.state.status != state.READY):
            self._pace(one=False, back=self._back)
            return True
        self._steps += 1
        return self._tell(Stop(Why.STEP, hart.hart), hart)

    def faulted(self, fault: Fault) -> None:
        self._watcher.stopped(Stop(Why.FAULT, fault.hart, fault))

    # -- what is done about it

    def _tell(self, stop: Stop, hart: Hart) -> bool:
        action = self._watcher.stopped(stop)
        self._configure()
        match action:
            case Step(None):
                turn_over = hart.state.status != state.READY or self._steps >= self._lane.quantum
                self._take_turn(self._lane.after(hart) if turn_over else hart)
                self._pace(one=True, back=True)
            case Step(int(index)):
                self._take_turn(self._hart(index))
                self._pace(one=True, back=True)
            case Turn(index):
                chosen = self._hart(index)
                self._take_turn(chosen)
                self._passing = chosen.pc in self._watcher.breakpoints
                self._pace(one=self._passing, back=True)
            case Go() if hart.state.status != state.READY:  # it will come to where it waits
                self._take_turn(self._lane.after(hart))
                self._pace(one=False, back=False)
            case Go():
                self._take_turn(hart)
                # It has been at this breakpoint, or the step before has led there.
                told = stop.why in (Why.BREAK, Why.STEP)
                self._passing = told and hart.pc in self._watcher.breakpoints
                self._pace(one=self._passing, back=False)
            case Quit():
                return False
        return True

    def _take_turn(self, hart: Hart) -> None:
        if hart is not self._last:
            self._last.state.reserved_addr = state.NOT_RESERVED
            self._last, self._steps = hart, 0
        self._lane.turn_to(hart)

    def _hart(self, index: int) -> Hart:
        return next(h for h in self._lane.harts if h.hart == index)

    def _pace(self, *, one: bool, back: bool) -> None:
        """one: units are of one instruction. back: be told after each turn."""
        if one != self._stepping:
            self._translations.epoch += 1
        self._stepping, self._back = one, back
        self._lane.pace(one, one or back)

    def _configure(self) -> None:
        """Have units left at the breakpoints."""
        stops = frozenset((int(self._lane.control.return_addr), *self._watcher.breakpoints))
        self._translations.configure(stops, True, self._lane.harts)
