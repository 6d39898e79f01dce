"""Races on MRAM: transfers of several tasklets that meet in a word, with nothing between them.

Each tasklet has a clock, and knows how far the others' had come when it last heard of them: by a
lock bit that one has cleared and the other then set, or by a resume. What one does to a word of
8 bytes, which is what a transfer moves at least, is to be known to whoever uses the word next,
unless both only read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .findings import Site

WORD = 8  # bytes
Clock = list[int]


@dataclass
class _Word:
    """Who was there: the last to write, and all who have read since; with their clocks."""

    writer: tuple[Site, int] | None = None
    readers: dict[int, tuple[Site, int]] = field(default_factory=dict)


class Races:
    """Of one launch."""

    def __init__(self, tasklets: int) -> None:
        self._clocks: list[Clock] = [[0] * tasklets for _ in range(tasklets)]
        for tasklet, clock in enumerate(self._clocks):
            clock[tasklet] = 1
        self._locks: dict[int, Clock] = {}  # by bit: what is known to those who set it next
        self._resumed: dict[int, Clock] = {}  # by tasklet: to that one, when it goes on
        self._words: dict[int, _Word] = {}

    def set_lock(self, tasklet: int, bit: int) -> None:
        _join(self._clocks[tasklet], self._locks.get(bit))

    def clear_lock(self, tasklet: int, bit: int) -> None:
        known = self._locks.setdefault(bit, [0] * len(self._clocks))
        self._publish(tasklet, known)

    def resume(self, tasklet: int, other: int) -> None:
        known = self._resumed.setdefault(other, [0] * len(self._clocks))
        self._publish(tasklet, known)

    def goes_on(self, tasklet: int) -> None:
        """After it has been resumed."""
        _join(self._clocks[tasklet], self._resumed.pop(tasklet, None))

    def access(self, site: Site, addr: int, size: int, *, writes: bool) -> tuple[int, Site] | None:
        """Note a transfer; the first word, by address, that it races for, and with whom."""
        me, clock = site.tasklet, self._clocks[site.tasklet]
        mine = site, clock[me]
        found = None
        for at in range(addr & -WORD, addr + size, WORD):
            word = self._words.get(at)
            if word is None:
                word = self._words[at] = _Word()
            if found is None:
                other = _unknown(word, me, clock, writes)
                found = (at, other) if other is not None else None
            if writes:
                word.writer = mine
                word.readers.clear()
            else:
                word.readers[me] = mine
        return found

    def _publish(self, tasklet: int, known: Clock) -> None:
        _join(known, self._clocks[tasklet])
        self._clocks[tasklet][tasklet] += 1


def _unknown(word: _Word, me: int, clock: Clock, writes: bool) -> Site | None:
    """Whose use of a word the tasklet does not know of, and should."""
    others = [word.writer] if word.writer is not None else []
    others += word.readers.values() if writes else ()
    for site, when in others:
        if site.tasklet != me and when > clock[site.tasklet]:
            return site
    return None


def _join(clock: Clock, other: Clock | None) -> None:
    if other is not None:
        clock[:] = map(max, clock, other)
