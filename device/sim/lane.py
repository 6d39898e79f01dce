"""A lane: harts that take turns on one host thread, and what generated code knows of them."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

from . import state
from .hart import Hart

# Effort between looks into Python, for signals: a tenth of a second at most, of short turns less.
PATIENCE = 4000 * (50_000 >> state.EFFORT_SHIFT)
# At the start of a run: less than it takes to hand Python's lock to another thread and back.
BRIEFLY = 50_000 >> state.EFFORT_SHIFT


class Lane:
    """Some of a machine's harts, in the order of their turns.

    A run with one lane has all harts in it. With several, the harts of a group are dealt out:
    those at `first`, first + `lanes` and so on.
    """

    def __init__(
        self, harts: list[Hart], first: int, lanes: int, quantum: int, runtime: Mapping[str, int]
    ) -> None:
        """harts: of a group; runtime: addresses of generated functions."""
        self.harts = harts[first::lanes]
        self.quantum = quantum
        self._epoch = -1  # up to which the harts have been refreshed
        self.rests: int | None = None  # the event that it cannot go on by itself after
        self._pointers = (ctypes.c_uint64 * len(self.harts))(*(h.addr for h in self.harts))
        self.control = state.Control(
            harts=ctypes.addressof(self._pointers),
            hart_count=len(self.harts),
            quantum=quantum,
            group_size=len(harts),
            lane_first=first,
            lanes=lanes,
        )
        self._address = ctypes.addressof(self.control)
        self.brief = False  # keep Python's lock, until the run turns out to be no short one
        self._run = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(runtime["kcc_run"])
        self._run_locked = ctypes.PYFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(runtime["kcc_run"])

    def run(self, epoch: int) -> int:
        """Let the harts run; returns what there is to do for Python, see state.EVENTS."""
        if epoch != self._epoch:
            for h in self.harts:
                h.refresh(epoch)
            self._epoch = epoch
        if self.brief:
            self.control.patience = BRIEFLY
            event = int(self._run_locked(self._address))
            self.brief = event != state.PAUSE
            return event
        self.control.patience = PATIENCE
        return int(self._run(self._address))

    @property
    def hart(self) -> Hart:
        """Whose turn it is, or who reported an event."""
        current = self.control.current
        return self.harts[current] if current < len(self.harts) else self.harts[0]

    def after(self, hart: Hart) -> Hart:
        """Whose turn comes after that of `hart`."""
        return self.harts[(self.harts.index(hart) + 1) % len(self.harts)]

    def turn_to(self, hart: Hart) -> None:
        """Begin a turn of this hart, or of the next that is ready."""
        self.control.current = self.harts.index(hart)
        self.control.resume = 0

    def pace(self, one: bool, back: bool, most: int | None = None) -> None:
        """one: turns are of one instruction. back: come back to Python after each turn.

        most: instructions of a turn, if not as many as usual.
        """
        self.control.single = int(back)
        self.control.quantum = 1 if one else most or self.quantum
