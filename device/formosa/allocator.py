"""Where things go in device memory: the first free block that fits, its low part.

The host decides about all of it; the device never allocates. Free blocks are kept by address
and merged with both neighbours, so what has been freed is found again whole. A block is freed by
its exact address alone: double frees, and addresses inside of blocks, are found out.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable
from typing import NamedTuple

Log = Callable[[str], None]


class Block(NamedTuple):
    addr: int
    size: int  # bytes

    @property
    def end(self) -> int:
        return self.addr + self.size


class Allocator:
    """Addresses only: it neither reads nor writes the memory it hands out."""

    def __init__(self, start: int, size: int, rounding: int = 8, log: Log | None = None) -> None:
        """rounding: bytes that sizes are rounded up to, a power of two.

        log: gets a line of JSON for each operation: what it was, what it gave, and both lists.
        raises: ValueError for a range of nothing, or rounding that is no power of two.
        """
        if size < 1 or rounding < 1 or rounding & (rounding - 1):
            raise ValueError(f"{size} bytes, in steps of {rounding}")
        self._rounding = rounding
        self._log = log
        self._free = [Block(start, size)]  # by address
        self._used: dict[int, Block] = {}  # by address, newest last
        self._note("init", start, size, start)

    @property
    def free_blocks(self) -> tuple[Block, ...]:
        return tuple(self._free)

    @property
    def used_blocks(self) -> tuple[Block, ...]:
        """Newest first."""
        return tuple(reversed(self._used.values()))

    def malloc(self, size: int, align: int = 1) -> int | None:
        """The address of `size` bytes; None when there is no room. 0 bytes take as many as 1.

        align: of the address, a power of two; what is skipped stays free.
        """
        wanted = self._rounded(size)
        addr = None
        for index, block in enumerate(self._free if wanted else ()):
            at = -(-block.addr // align) * align
            if at + wanted <= block.end:
                self._carve(index, Block(at, wanted))
                addr = at
                break
        self._note("malloc", 0, size, addr)
        return addr

    def addr_malloc(self, addr: int, size: int) -> bool:
        """Take exactly these bytes, rounded up; False where some of them are taken already."""
        wanted = Block(addr, self._rounded(size))
        index = bisect.bisect_right(self._free, addr, key=lambda b: b.addr) - 1
        fits = index >= 0 and wanted.size > 0 and wanted.end <= self._free[index].end
        if fits:
            self._carve(index, wanted)
        self._note("addr_malloc", addr, size, addr if fits else None)
        return fits

    def free(self, addr: int) -> bool:
        """Give a block back; False if none that is in use begins at `addr`."""
        block = self._used.pop(addr, None)
        if block is not None:
            self._insert(block)
        self._note("free", addr, 0, None if block is None else addr)
        return block is not None

    def _rounded(self, size: int) -> int:
        """The size of a block; 0 for what is no size."""
        return 0 if size < 0 else -(-max(size, 1) // self._rounding) * self._rounding

    def _carve(self, index: int, wanted: Block) -> None:
        block = self._free[index]
        rest = (
            Block(block.addr, wanted.addr - block.addr),
            Block(wanted.end, block.end - wanted.end),
        )
        self._free[index : index + 1] = [b for b in rest if b.size]
        self._used[wanted.addr] = wanted

    def _insert(self, block: Block) -> None:
        at = bisect.bisect_left(self._free, block.addr, key=lambda b: b.addr)
        first, last = at, at
        if at and self._free[at - 1].end == block.addr:
            first = at - 1
            block = Block(self._free[first].addr, self._free[first].size + block.size)
        if at < len(self._free) and block.end == self._free[at].addr:
            last = at + 1
            block = Block(block.addr, block.size + self._free[at].size)
        self._free[first:last] = [block]

    def _note(self, operation: str, addr: int, size: int, result: int | None) -> None:
        if self._log is not None:
            entry = {
                "operation": operation,
                "address": addr,
                "size": size,
                "result": result,
                "free": [list(b) for b in self._free],
                "used": [list(b) for b in self.used_blocks],
            }
            self._log(json.dumps(entry))
