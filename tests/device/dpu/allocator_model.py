"""What the allocators of a DPU hand out, told by blocks and not by bits and lists."""

from __future__ import annotations

from dataclasses import dataclass, field

EINVAL, ENOMEM = 22, 12


@dataclass
class BuddyModel:
    """A buddy heap; addresses are offsets from its arena."""

    size: int
    min_block: int = 32
    max_block: int = 4096
    used: dict[int, int] = field(default_factory=dict)  # offset: bytes

    def alloc(self, size: int) -> int:
        """The block's offset, or -EINVAL, -ENOMEM."""
        if not 0 < size <= min(self.size, self.max_block):
            return -EINVAL
        block = wanted = self._round(size)
        while block <= self.size:
            if free := [at for at in range(0, self.size, block) if self._is_free(at, block)]:
                self.used[free[-1]] = wanted
                return free[-1]
            block *= 2
        return -ENOMEM

    def free(self, offset: int) -> int:
        """0, or -EINVAL."""
        if offset % 8 or not 0 <= offset < self.size:
            return -EINVAL
        start = self._start(offset)
        if start is None:
            return -EINVAL if self.used else 0
        del self.used[start]
        return 0

    def realloc(self, offset: int, size: int) -> int:
        """The new offset: the old one where it can be kept; or -EINVAL, -ENOMEM."""
        if offset not in self.used or not 0 < size <= min(self.size, self.max_block):
            return -EINVAL
        old, new = self.used.pop(offset), self._round(size)
        rest = range(offset + old, offset + new, self.min_block)
        if new <= old or (offset % new == 0 and all(self._start(at) is None for at in rest)):
            self.used[offset] = new
            return offset
        self.used[offset] = old
        moved = self.alloc(size)
        if moved >= 0:
            del self.used[offset]
        return moved

    def _round(self, size: int) -> int:
        return max(self.min_block, 1 << (size - 1).bit_length())

    def _start(self, offset: int) -> int | None:
        return next((at for at, n in self.used.items() if at <= offset < at + n), None)

    def _is_free(self, offset: int, block: int) -> bool:
        """Whether this is a free block of this very size: its buddy is in use, at least in part."""

        def untouched(at: int) -> bool:
            return all(end <= at or start >= at + block for start, end in spans)

        spans = [(start, start + n) for start, n in self.used.items()]
        return untouched(offset) and (block == self.size or not untouched(offset ^ block))
