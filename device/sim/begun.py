"""A run that has begun: how harts are told of it, its quick part, its result.

Who begins many runs does the quick parts one after the other: what does not end there goes on
beside others, on another thread.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import state
from .hart import Hart
from .interface import HartStart, Launches, NativeCalls, Reason, RunResult
from .lane import Lane
from .marks import MASK64
from .run import Run


@dataclass(frozen=True)
class Ended:
    """A run that has ended before it began."""

    given: RunResult

    def briefly(self) -> bool:
        return True

    def result(self) -> RunResult:
        return self.given


class Begun:
    """Nothing of it has been done yet. Its machine is free again after result()."""

    def __init__(
        self, run: Run, harts: list[Hart], first: Lane, records: int, over: Callable[[], None]
    ) -> None:
        """first: of its lanes. records: of launches, that follow. over: frees the machine."""
        self._run = run
        self._harts = harts
        self._control = first.control
        self._records = records
        self._over = over
        self._before = [h.retired for h in harts]

    def briefly(self) -> bool:
        """Run as long as that keeps Python's lock, if on one thread; True if that was all."""
        return self._run.go_briefly()

    def result(self) -> RunResult:
        """Run to the end. After anything but FINISHED the harts are reset.

        raises: what an ecall handler, a device, an observer or a watcher raises.
        """
        run, harts, finished = self._run, self._harts, False
        try:
            run.go()
            assert run.reason is not None
            finished = run.reason is Reason.FINISHED
            left = [] if finished else harts
            return RunResult(
                run.reason,
                tuple(h.retired - b for h, b in zip(harts, self._before, strict=True)),
                run.fault,
                run.code,
                pcs=tuple(h.pc for h in harts),
                launches=run.launches + self._records - int(self._control.records),
                barriers=tuple(h.barrier for h in harts),
                awaits=tuple(int(h.state.awaits) for h in left),
                exits=_exits(self._control, len(harts)),
                frames=tuple((h.x(1), h.x(2)) for h in left),
            )
        finally:
            if not finished:  # perhaps by an interrupt in the midst of anything
                for h in harts:
                    h.reset()
                    h.clear_table()
                    h.map_changed = True
            self._over()


def prepare(harts: list[Hart], starts: Sequence[HartStart], return_addr: int) -> None:
    """Give each hart its start values."""
    before = None
    for h, start in zip(harts, starts, strict=True):
        s = h.state
        s.return_addr = return_addr
        s.start_sp = start.sp & MASK64
        s.start_count = len(start.args)
        for i, arg in enumerate(start.args):
            s.start_args[i] = arg & MASK64
        h.forget_other_modes()
        if h.map_changed:
            h.publish_map(before)
        before = h
        s.status = state.IDLE
        s.instance = MASK64  # of no group yet


def enter_calls(c: ctypes.Structure, calls: NativeCalls | None) -> None:
    """Tell generated code of the calls that it sees to; nobody has made one."""
    c.calls = int(calls is not None)
    if calls is not None:
        c.exit_call, c.stop_call = calls.exit, calls.stop
        c.resume_call, c.wait_call = calls.resume, calls.wait
        for field in (c.stopped, c.resumed, c.exited):
            ctypes.memset(ctypes.addressof(field), 0, ctypes.sizeof(field))


def _exits(c: ctypes.Structure, harts: int) -> tuple[int | None, ...]:
    """What harts have ended with, by a call that generated code has seen to."""
    if not c.calls:
        return ()
    exited = bytes(c.exited)
    return tuple(int(c.exits[h]) if exited[h] else None for h in range(harts))


def enter_row(c: ctypes.Structure, launches: Launches | None) -> int:
    """Tell generated code of a row of launches; returns how many may follow the first."""
    if launches is not None:
        c.record = ctypes.addressof(ctypes.c_char.from_buffer(launches.words))
        c.record_size = 8 * launches.size
        c.records = len(launches.words) // launches.size - 1
    return int(c.records)
