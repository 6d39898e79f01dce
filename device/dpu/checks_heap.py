"""The heap of a DPU as its checks see it: pieces that are handed out, and marks of all bytes.

The allocators tell by notes what they do. A byte that belongs to nobody is closed; one of a piece
just handed out has not been written. Marks are in the shadow, where units look at them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from ..sim.state import CLOSED, UNWRITTEN
from .findings import Site
from .image import Image
from .memory_map import WRAM

HEAP_START, HEAP_END = "__sys_heap_pointer_reset", "__sys_wram_end"
_WRITTEN = bytes(mark & ~UNWRITTEN for mark in range(256))  # marks after a store
NULL_BYTES = 8  # from address 0, where no object is


@dataclass(frozen=True)
class Piece:
    """Bytes that were handed out. name: by whom; how: what has become of them since."""

    start: int
    size: int
    name: str
    site: Site  # of the call that handed them out
    how: str = ""  # "freed", "from before mem_reset()": not to be used

    @property
    def end(self) -> int:
        return self.start + self.size

    def told(self, image: Image) -> str:
        gone = f", {self.how}" if self.how else ""
        return (
            f"{self.size} bytes at {self.start:#x} of {self.name}{gone}, handed out to "
            f"{self.site.text(image)}"
        )


@dataclass(frozen=True)
class Blocks:
    """An allocator of blocks of one size."""

    first: int
    handle: int
    size: int

    def number(self, addr: int) -> int | None:
        """Which block begins at an address; -1 for its inside, None outside."""
        if not self.first <= addr < self.handle:
            return None
        return (addr - self.first) // self.size if (addr - self.first) % self.size == 0 else -1


class Heap:
    """Of a loaded program: launches keep it."""

    def __init__(self, image: Image, start: int, end: int) -> None:
        self._image = image
        self.marks = bytearray(WRAM.size + 8)
        self._start, self._end = start, end
        self._pieces: dict[int, Piece] = {}  # by start; the newest that began there
        self._starts: list[int] = []  # of these, sorted
        self._fsb: dict[int, Blocks] = {}  # by handle
        self._area: dict[int, int] = {}  # by tasklet: the first block of an allocator in the making
        self._buddy: range | None = None
        self._stale_buddy = False
        self._mark(0, NULL_BYTES, CLOSED)
        self._mark(start, end - start, CLOSED)

    def _mark(self, start: int, size: int, mark: int) -> None:
        start = max(start, 0)
        end = min(start + size, WRAM.end)
        if start < end:
            self.marks[start:end] = bytes([mark]) * (end - start)

    def _hand_out(self, piece: Piece) -> None:
        self._remember(piece)
        self._mark(piece.start, piece.size, UNWRITTEN)

    def _remember(self, piece: Piece) -> None:
        if piece.start not in self._pieces:
            self._starts.insert(bisect_right(self._starts, piece.start), piece.start)
        self._pieces[piece.start] = piece

    def _take_back(self, piece: Piece, how: str) -> None:
        self._remember(replace(piece, how=how))
        self._mark(piece.start, piece.size, CLOSED)

    # -- what allocators tell; what is wrong with it, if anything

    def reset(self) -> None:
        """mem_reset(): all pieces are gone."""
        for piece in self._pieces.values():
            if not piece.how:
                self._pieces[piece.start] = replace(piece, how="from before mem_reset()")
        self._fsb.clear()
        self._stale_buddy = self._buddy is not None
        self._mark(self._start, self._end - self._start, CLOSED)

    def alloc(self, start: int, size: int, site: Site) -> None:
        self._hand_out(Piece(start, size, "mem_alloc()", site))

    def fsb_new(self, tasklet: int, first: int) -> None:
        self._area[tasklet] = first

    def fsb_size(self, tasklet: int, handle: int, size: int) -> None:
        """Of the allocator whose area the tasklet has just told of: it has blocks of a size."""
        first = self._area.pop(tasklet, handle)
        if size > 0 and first <= handle <= WRAM.end - 8:
            self._fsb[handle] = Blocks(first, handle, size)
            self._mark(first, handle + 8 - first, CLOSED)

    def fsb_get(self, block: int, handle: int, site: Site) -> str | None:
        blocks = self._fsb.get(handle)
        if blocks is None:
            return f"fsb_get() of {handle:#x}, which is no allocator{self._of(handle)}"
        if block:
            self._hand_out(Piece(block, blocks.size, "fsb_get()", site))
        return None

    def fsb_free(self, block: int, handle: int) -> str | None:
        what = f"fsb_free() of {block:#x}"
        blocks = self._fsb.get(handle)
        if blocks is None:
            return f"{what} to {handle:#x}, which is no allocator{self._of(handle)}"
        if block == 0:
            return "fsb_free() of NULL"
        number = blocks.number(block)
        if number is None:
            owner = next((b for b in self._fsb.values() if b.number(block) is not None), None)
            whose = f"of the allocator {owner.handle:#x}" if owner else f"of none{self._of(block)}"
            return f"{what} to the allocator {handle:#x}: it is {whose}"
        if number < 0:
            return f"{what}: that is inside a block of {blocks.size} bytes"
        piece = self._pieces.get(block)
        if piece is None or piece.how or piece.size != blocks.size:
            return f"{what}: block {number} of {blocks.size} bytes is free already"
        self._take_back(piece, "freed")
        return None

    def buddy_init(self, arena: int, size: int) -> str | None:
        if arena == 0:
            if size < 1 or size & size - 1:
                return f"buddy_init({size}): that is no power of two"
            return f"buddy_init({size}): a second call has no effect"
        self._buddy, self._stale_buddy = range(arena, arena + size), False
        piece = self._holding(arena)
        if piece is not None:  # with the tree in front of the arena
            self._mark(piece.start, piece.size, CLOSED)
        return None

    def buddy_alloc(self, block: int, size: int, site: Site) -> str | None:
        self._hand_out(Piece(block, size, "buddy_alloc()", site))
        if self._stale_buddy:
            return (
                f"buddy_alloc() of {size} bytes at {block:#x}: the buddy heap is from before "
                "mem_reset()"
            )
        return None

    def buddy_free(self, block: int) -> str | None:
        what = f"buddy_free() of {block:#x}"
        if self._buddy is None or block not in self._buddy:
            return f"{what}: that is not in the buddy heap{self._of(block)}"
        piece = self._pieces.get(block)
        if piece is not None and piece.name == "buddy_alloc()":
            if piece.how:
                return f"{what}: it is free already"
            self._take_back(piece, "freed")
            return None
        piece = self._holding(block)
        if piece is not None and piece.name == "buddy_alloc()" and not piece.how:
            self._take_back(piece, "freed")
            return f"{what}: that is inside {piece.told(self._image)}"
        return f"{what}: nothing is handed out there"

    def buddy_reset(self) -> None:
        for piece in list(self._pieces.values()):
            if piece.name == "buddy_alloc()" and not piece.how:
                self._take_back(piece, "freed by buddy_reset()")

    def written(self, start: int, size: int) -> None:
        """Bytes were given values in ways that units do not tell of."""
        part = slice(max(start, 0), min(start + size, WRAM.end))
        self.marks[part] = self.marks[part].translate(_WRITTEN)

    # -- accesses to marked bytes

    def access(self, what: str, addr: int, size: int) -> str | None:
        """What is wrong with one; None if nothing is."""
        marks = self.marks[addr : addr + size] if 0 <= addr < WRAM.end else b""
        told = f"{what} of {size} bytes at {addr:#x}"
        if any(mark & CLOSED for mark in marks):
            if addr < NULL_BYTES:
                return f"{told}: a null pointer"
            at = next(i for i, mark in enumerate(marks) if mark & CLOSED)
            return f"{told}: outside of what is allocated{self._of(addr + at)}"
        # Copies of structures read what is between members: so all bytes must be unwritten.
        if what != "store" and marks and all(mark & UNWRITTEN for mark in marks):
            return f"{told}: not written since it was allocated{self._of(addr)}"
        return None

    def transfer(self, what: str, addr: int, size: int) -> str | None:
        """As access(); all the bytes of a transfer are to be of one piece, besides."""
        wrong = self.access(what, addr, size)
        piece = self._holding(addr)
        if wrong is None and piece is not None and not piece.how and addr + size > piece.end:
            past = addr + size - piece.end
            wrong = f"{what} of {size} bytes at {addr:#x}: the last {past} are behind "
            wrong += piece.told(self._image)
        return wrong

    def _holding(self, addr: int) -> Piece | None:
        """The piece that begins nearest at or below an address, if it reaches it."""
        piece = self._before(addr)
        return piece if piece is not None and addr < piece.end else None

    def _before(self, addr: int) -> Piece | None:
        at = bisect_right(self._starts, addr) - 1
        return self._pieces[self._starts[at]] if at >= 0 else None

    def _of(self, addr: int) -> str:
        """What an address is in or behind, in words."""
        handle = next((b for b in self._fsb.values() if b.first <= addr < b.handle + 8), None)
        piece = self._before(addr)
        if handle is not None and (piece is None or addr >= piece.end):
            where = "its list" if addr >= handle.handle else "a free block"
            return f" ({where} of the allocator {handle.handle:#x})"
        if piece is None or not self._start <= addr < self._end:
            return ""
        if addr < piece.end:
            return f" (in {piece.told(self._image)})"
        return f" ({addr - piece.end} bytes behind {piece.told(self._image)})"
