"""Where allocations go in DRAM: the lowest free block that fits, carved from its high end."""

from __future__ import annotations

import bisect


class Allocator:
    """Addresses only: it neither reads nor writes the memory it hands out.

    Blocks are kept in ascending order and tile the whole range; a block begins where the one
    before it ends. Adjacent free blocks are always merged.
    """

    def __init__(self, base: int, size: int) -> None:
        self._end = base + size
        self._starts = [base]
        self._free = [True]

    def alloc(self, size: int, alignment: int) -> int:
        """The address of `size` bytes (at least one), or 0 when there is no room.

        alignment: a power of two; anything else gives 0.
        """
        if size < 0 or alignment < 1 or alignment & (alignment - 1):
            return 0
        size = max(size, 1)
        for index, free in enumerate(self._free):
            if not free:
                continue
            start = self._end_of(index) - size & -alignment
            if start < self._starts[index]:
                continue
            if start == self._starts[index]:
                self._free[index] = False
            else:
                self._starts.insert(index + 1, start)
                self._free.insert(index + 1, False)
            return start
        return 0

    def free(self, addr: int) -> bool:
        """Give a block back; False if none that is in use begins at `addr`."""
        index = bisect.bisect_left(self._starts, addr)
        if index == len(self._starts) or self._starts[index] != addr or self._free[index]:
            return False
        self._free[index] = True
        for left in (index, index - 1):
            if 0 <= left < len(self._free) - 1 and self._free[left] and self._free[left + 1]:
                del self._starts[left + 1], self._free[left + 1]
        return True

    def blocks(self) -> list[tuple[int, int, bool]]:
        """(address, bytes, free) of every block, ascending; together they are the range."""
        table = zip(self._starts, self._free, strict=True)
        return [(start, self._end_of(i) - start, free) for i, (start, free) in enumerate(table)]

    def _end_of(self, index: int) -> int:
        return self._starts[index + 1] if index + 1 < len(self._starts) else self._end
