"""Sequential readers of a DPU as its checks see them: whose each is, and how it goes on.

The library tells of them where it transfers; what stays in a page it does not see.
"""

from __future__ import annotations


class Readers:
    """Of one launch, by their caches."""

    def __init__(self) -> None:
        self._owner: dict[int, int] = {}  # the tasklet that began to read
        self._page: dict[int, tuple[int, int]] = {}  # by tasklet: cache and size of its last page

    def begin(self, tasklet: int, cache: int, size: int) -> str | None:
        """seqread_init()."""
        self._owner[cache] = tasklet
        if size > 0 and cache % size:
            return f"seqread_init() with a cache at {cache:#x}: not a multiple of {size}"
        return None

    def turn(self, tasklet: int, cache: int, size: int) -> str | None:
        """Another page is needed."""
        self._page[tasklet] = cache, size
        owner = self._owner.setdefault(cache, tasklet)
        if owner == tasklet:
            return None
        return f"tasklet {tasklet} uses the sequential reader at {cache:#x} of tasklet {owner}"

    def get(self, tasklet: int, pointer: int, by: int) -> str | None:
        """seqread_get() is why."""
        cache, size = self._page.get(tasklet, (pointer, by + 1))
        if by >= size:
            return f"seqread_get() by {by} bytes: a page has {size}, and it must stay below that"
        if not cache <= pointer < cache + size:
            return (
                f"seqread_get() of {pointer:#x}, which is not in the first page of its cache, "
                f"{size} bytes at {cache:#x}"
            )
        return None
