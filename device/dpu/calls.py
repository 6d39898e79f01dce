"""What the environment does for tasklets in one launch: their ecalls, as far as Python sees them.

Runs that nobody watches have most of them seen to by the scheduler, alike; see NativeCalls.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from ...ir.abi import DpuCall, DpuCounter
from ..sim.interface import (
    Abort,
    Await,
    Done,
    EcallResult,
    Fatal,
    HartView,
    NativeCalls,
    Resume,
)
from .memory_map import LOCK_BITS, MAX_TASKLETS

if TYPE_CHECKING:
    from ..sim.machine import Machine
    from .checks import Checker
    from .image import Image
    from .timing import Time

A0, A7 = 10, 17
NATIVE = NativeCalls(DpuCall.EXIT, DpuCall.STOP, DpuCall.RESUME, DpuCall.WAIT)


class Calls:
    """What the environment does for tasklets, in one launch."""

    def __init__(
        self, tasklets: int, machine: Machine, checks: Checker | None, time: Time | None
    ) -> None:
        self.checks = checks
        self._time = time
        self.status: list[int | None] = [None] * tasklets
        self.fault: tuple[int, int, int] | None = None  # code, pc, tasklet
        self._machine = machine
        self._before = [machine.retired(t) for t in range(tasklets)]
        self._stopped = (ctypes.c_ubyte * MAX_TASKLETS)()  # 1: sleeps until resumed
        self._resumed = [False] * tasklets  # before it has stopped
        self._stops_at = ctypes.addressof(self._stopped)
        self._locks = machine.locks
        self._locks_at = ctypes.addressof(self._locks)

    def decide(self, view: HartView) -> EcallResult:
        me, argument = view.hart, view.x(A0)
        match view.x(A7):
            case DpuCall.EXIT:
                self.status[me] = signed(argument)
                if self.checks is not None:
                    self.checks.ends(view)
                    if self.checks.findings.fault is not None:
                        return Abort(0)
                return Done()
            case DpuCall.FAULT:
                self.fault = argument, view.pc, me
                return Abort(argument & 0xFF)
            case DpuCall.STOP:
                if self._resumed[me]:
                    self._resumed[me] = False
                    if self.checks is not None:
                        self.checks.goes_on(me)
                    return Resume()
                self._stopped[me] = 1
                return Await(self._stops_at + me)
            case DpuCall.RESUME if argument < len(self.status):
                if self.checks is not None:
                    self.checks.resumes(me, argument)
                    if self._stopped[argument]:
                        self.checks.goes_on(argument)
                self._resumed[argument] = not self._stopped[argument]
                self._stopped[argument] = 0
                return Resume()
            case DpuCall.WAIT:
                bit = argument % LOCK_BITS
                if not self._locks[bit]:
                    return Resume()
                return Await(self._locks_at + bit)
            case DpuCall.COUNTER if argument in (DpuCounter.CYCLES, DpuCounter.INSTRUCTIONS):
                cycles = self.cycles if argument == DpuCounter.CYCLES else None
                view.set_x(A0, self._retired() if cycles is None else cycles)
                return Resume()
        return Fatal()

    def waited(self, image: Image, addr: int) -> str:
        """What a tasklet sleeps for whose byte is at a host address; of none that is awake."""
        if addr == 0:
            return ""
        bit = addr - self._locks_at
        what = f"for {image.lock(bit)}" if 0 <= bit < LOCK_BITS else "to be resumed"
        return f"waits {what} "

    @property
    def cycles(self) -> int | None:
        """Since the launch began, by the model of time; None without."""
        return round(self._time.now) if self._time is not None else None

    def _retired(self) -> int:
        return sum(self._machine.retired(t) - n for t, n in enumerate(self._before))


def signed(value: int) -> int:
    """An int in a register."""
    value &= 0xFFFF_FFFF
    return value - (1 << 32) if value >> 31 else value
