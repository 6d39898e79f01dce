"""The model of a DPU's time: a pipeline that tasklets share, and one engine for transfers.

An instruction of a tasklet is issued 11 cycles after the one before at the earliest, and one of
all tasklets in a cycle: with n of them at work each advances by one instruction in max(11, n)
cycles. A tasklet that transfers does nothing else, and waits for those before it. WRAM, and
instructions that take long on real ones, cost what all others do.
"""

from __future__ import annotations

from ..sim.interface import Told
from .memory_map import DMA_MOST, DMA_UNIT

SPACING = 11  # cycles between instructions of a tasklet
SETUP = {Told.LDMA: 77, Told.SDMA: 61}  # cycles of a transfer, and half a cycle for each byte


def transfer_cycles(what: Told, size: int) -> float:
    """What a transfer takes when no other is under way; of any size, as the engine takes it."""
    moved = (size // DMA_UNIT - 1) % (DMA_MOST // DMA_UNIT) * DMA_UNIT + DMA_UNIT
    return SETUP[what] + moved / 2


class Time:
    """Of one launch; times in cycles since its start."""

    slice = 5000  # instructions, after which a tasklet that spins lets others catch up

    def __init__(self) -> None:
        self.now = 0.0
        self._issued = 0.0  # instructions of a tasklet that has been at work all the time
        self._since: dict[int, float] = {}  # by tasklet: the same when it last went to work
        self._due: dict[int, tuple[float, int]] = {}  # at work: when something is due, and what
        self._transfers: dict[int, float] = {}  # transferring: until when
        self._engine_free = 0.0

    def begins(self, hart: int) -> None:
        self._since[hart] = self._issued

    def arrives(self, hart: int, event: int, instructions: int) -> None:
        self._due[hart] = self._since.get(hart, 0.0) + instructions, event

    def transfers(self, hart: int, what: Told, size: int) -> None:
        start = max(self.now, self._engine_free)
        self._engine_free = self._transfers[hart] = start + transfer_cycles(what, size)

    def next(self) -> tuple[int, int | None] | None:
        pace = max(SPACING, len(self._due))
        found: list[tuple[float, int, int | None]] = []
        if self._transfers:
            first = min(self._transfers, key=lambda h: self._transfers[h])
            found.append((self._transfers[first], first, None))
        if self._due:
            first = min(self._due, key=lambda h: self._due[h][0])
            at, event = self._due[first]
            found.append((self.now + (at - self._issued) * pace, first, event))
        if not found:
            return None
        when, hart, due = min(found, key=lambda f: f[0])  # of those at once, the first to come
        if due is None:
            del self._transfers[hart]
            self._issued += (when - self.now) / pace
        else:
            self._issued = self._due.pop(hart)[0]
        self.now = when
        return hart, due
