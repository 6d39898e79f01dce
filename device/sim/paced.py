"""A run by a model of time: what harts do to each other happens in the order that it gives.

Each hart runs ahead to the next thing that others may see: a transfer, a lock bit, an ecall, or
the end of its slice. The model says when that is, by the instructions it took; it is done when no
hart has anything to do before. What harts store meanwhile is seen early.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import state
from .interface import Pacer, Told

if TYPE_CHECKING:
    from .hart import Hart
    from .lane import Lane

TRANSFERS = (Told.LDMA, Told.SDMA)
SEEN = frozenset({*TRANSFERS, Told.TAS, Told.CLEAR})  # by others, of what units tell of


class Paced:
    """Whose turn it is. Harts begin with the first of the lane."""

    def __init__(
        self,
        pacer: Pacer,
        lane: Lane,
        tell: Callable[[Hart], None],
        decide: Callable[[Hart], None],
    ) -> None:
        """tell, decide: do what is due: have the observer told, see to an ecall."""
        self._pacer = pacer
        self._lane = lane
        self._tell, self._decide = tell, decide
        self._ahead = deque(lane.harts[1:])  # to run, to where something is to be seen of them
        self._asleep: list[Hart] = []
        self._from = [h.retired for h in lane.harts]  # instructions, as they last were due
        lane.pace(one=False, back=True, most=pacer.slice)

    def arrived(self, hart: Hart, event: int) -> bool:
        """A hart has run ahead to an event; False if no hart is left that can go on."""
        index = self._lane.harts.index(hart)
        self._pacer.arrives(index, event, hart.retired - self._from[index])
        self._from[index] = hart.retired
        while not self._ahead:
            due = self._pacer.next()
            if due is None:
                return False
            self._do(self._lane.harts[due[0]], due[1])
        self._lane.turn_to(self._ahead.popleft())
        return True

    def _do(self, hart: Hart, event: int | None) -> None:
        """What is due: None after a transfer."""
        if event == state.TOLD:
            what = Told(int(hart.state.told[0]))
            self._tell(hart)
            if what in TRANSFERS:
                index = self._lane.harts.index(hart)
                self._pacer.transfers(index, what, int(hart.state.told[3]))
                return
        elif event == state.ECALL:
            self._decide(hart)
        if hart.state.status == state.READY:
            self._begin(hart)
        elif hart.state.status == state.ASLEEP:
            self._asleep.append(hart)
        for sleeper in [h for h in self._asleep if _woken(h)]:
            self._asleep.remove(sleeper)
            sleeper.state.awaits, sleeper.state.status = 0, state.READY
            self._begin(sleeper)

    def _begin(self, hart: Hart) -> None:
        self._ahead.append(hart)
        self._pacer.begins(self._lane.harts.index(hart))


def _woken(hart: Hart) -> bool:
    return ctypes.c_ubyte.from_address(hart.state.awaits).value == 0
