"""What the passes say to each other of a kernel's body that returns at barriers."""

from __future__ import annotations

from ...frontend.record import field, record

FIRST_KEPT = 4  # arguments that stand before those for `kept`
SHARED = "shared"  # the name of the one for what is kept once


@record
class Kept:
    """An array that the group makes: a variable of every work-item. Sizes in bytes."""

    name: str
    size: int
    align: int


@record(frozen=False)
class Resumable:
    """The arguments that a body with barriers has behind the others, in order:

    i32 %resume, i64 %index, ptr %shared, ptr %shared.next, and a pointer for each of `kept`.

    places:      of its barriers in the source; %resume is 0 to start, k to go on behind the kth.
    stops:       for each %resume, the numbers of the barriers it may come to; 0 is the end.
    once:        each %resume behind which the first work-item may do more than the others.
    within:      the numbers of those at which a sub-group waits for its own work-items only.
    shared_size: bytes of %shared, what is kept once, and of %shared.next, its next contents.
    """

    places: tuple[str, ...]
    stops: tuple[tuple[int, ...], ...]
    once: frozenset[int] = frozenset()
    within: frozenset[int] = frozenset()
    shared_size: int = 0
    kept: list[Kept] = field(default_factory=list)
