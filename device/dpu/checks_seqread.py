"""Sequential readers of a DPU as its checks see them: whose each is, and how it goes on.

The library tells of them where it transfers; what stays in a page it does not see. It reads more
than the program does, at both ends, and others may write there: so what a page was read for is
known of those alone that a reader has gone through from end to end.
"""

from __future__ import annotations


class Readers:
    """Of one launch, by their caches."""

    def __init__(self) -> None:
        self._owner: dict[int, int] = {}  # the tasklet that began to read
        self._page: dict[int, tuple[int, int]] = {}  # by tasklet: cache and size of its last page
        self._loading: dict[int, tuple[int, bool]] = {}  # by tasklet: the cache, if by get()
        self._entered: dict[int, int] = {}  # by cache: its page in MRAM, if get() has gone there

    def begin(self, tasklet: int, cache: int, size: int) -> str | None:
        """seqread_init()."""
        self._owner[cache] = tasklet
        self._loading[tasklet] = cache, False
        if size > 0 and cache % size:
            return f"seqread_init() with a cache at {cache:#x}: not a multiple of {size}"
        return None

    def turn(self, tasklet: int, cache: int, size: int) -> str | None:
        """Another page is needed."""
        self._page[tasklet] = cache, size
        self._loading[tasklet] = cache, False
        owner = self._owner.setdefault(cache, tasklet)
        if owner == tasklet:
            return None
        return f"tasklet {tasklet} uses the sequential reader at {cache:#x} of tasklet {owner}"

    def get(self, tasklet: int, pointer: int, by: int) -> str | None:
        """seqread_get() is why."""
        cache, size = self._page.get(tasklet, (pointer, by + 1))
        self._loading[tasklet] = cache, True
        if by >= size:
            return f"seqread_get() by {by} bytes: a page has {size}, and it must stay below that"
        if not cache <= pointer < cache + size:
            return (
                f"seqread_get() of {pointer:#x}, which is not in the first page of its cache, "
                f"{size} bytes at {cache:#x}"
            )
        return None

    def whole_page(self, tasklet: int) -> tuple[int, int] | None:
        """The page that get() leaves, which it came to as well: its address in MRAM, and size."""
        if tasklet not in self._page:
            return None
        cache, size = self._page[tasklet]
        page = self._entered.get(cache)
        return (page, size) if page is not None else None

    def loads(self, tasklet: int, cache: int, page: int) -> bool:
        """Whether a transfer to WRAM is that of a reader."""
        where, by_get = self._loading.pop(tasklet, (None, False))
        if where != cache:
            return False
        self._entered.pop(cache, None)
        if by_get:
            self._entered[cache] = page
        return True
