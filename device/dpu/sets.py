"""Sets of DPUs: what was allocated together, the ranks of 64 in it, single DPUs of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from threading import RLock

from .device import Dpu, Outcome
from .errors import DpuAlreadyRunning, InvalidDpuSet
from .program import Program

RANK = 64  # DPUs


class Member:
    """One DPU and what the host knows of it."""

    def __init__(self, index: int, device: Dpu) -> None:
        self.index = index  # in its allocation
        self.device = device
        self.program: Program | None = None
        self.buffer: memoryview | None = None  # prepared for the next transfer, not yet checked
        self.run: Future[Outcome] | None = None  # of the last launch since the program was loaded
        self.told = True  # what checks have found in that

    @property
    def running(self) -> bool:
        return self.run is not None and not self.run.done()


class Allocation:
    """The DPUs of one dpu_alloc, and the host's threads that run them.

    limit: of instructions, for a launch of a DPU.
    lock:  held while what the host knows of members is looked at or changed.
    """

    def __init__(self, devices: list[Dpu], threads: int, limit: int | None) -> None:
        self.members = tuple(Member(index, device) for index, device in enumerate(devices))
        self.limit = limit
        self._threads = threads
        self.lock = RLock()
        self._pool: ThreadPoolExecutor | None = None
        self.freed = False

    @property
    def pool(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(min(self._threads, len(self.members)), "dpu")
        return self._pool

    def free(self) -> None:
        """Let go of the DPUs' memories, whoever still holds a set of them; none is running."""
        self.freed = True
        for member in self.members:
            del member.device
        if self._pool is not None:
            self._pool.shutdown()


@dataclass(frozen=True)
class DpuSet:
    """DPUs of one allocation: all of them, or those that DPU_FOREACH and its kin gave."""

    allocation: Allocation
    members: tuple[Member, ...]  # by index
    whole: bool  # as dpu_alloc gave it

    def __repr__(self) -> str:
        # As in messages: the numbers are those of the allocation.
        first, last = self.members[0].index, self.members[-1].index
        return f"<DPU {first}>" if first == last else f"<DPUs {first} to {last}>"


def live(dpu_set: DpuSet) -> DpuSet:
    """The set itself. raises: InvalidDpuSet if its DPUs were given back; TypeError if it is none.

    To be called with the allocation's lock held, if what follows counts on it.
    """
    if not isinstance(dpu_set, DpuSet):
        raise TypeError(f"a set of DPUs is needed, not {type(dpu_set).__name__}")
    if dpu_set.allocation.freed:
        raise InvalidDpuSet("these DPUs were freed")
    return dpu_set


def single(dpu_set: DpuSet, operation: str) -> Member:
    """The one DPU of a set. raises: InvalidDpuSet if it has more."""
    members = live(dpu_set).members
    if len(members) != 1:
        raise InvalidDpuSet(f"{operation} takes one DPU, not a set of {len(members)}")
    return members[0]


def check_idle(members: tuple[Member, ...], operation: str) -> None:
    """raises: DpuAlreadyRunning."""
    for member in members:
        if member.running:
            raise DpuAlreadyRunning(f"{operation}: DPU {member.index} is running")


def dpu_get_nr_dpus(dpu_set: DpuSet) -> int:
    return len(live(dpu_set).members)


def dpu_get_nr_ranks(dpu_set: DpuSet) -> int:
    return len({member.index // RANK for member in live(dpu_set).members})


def DPU_FOREACH(dpu_set: DpuSet) -> Iterator[DpuSet]:
    """Each DPU of a set, as a set of one; `enumerate` gives the index that C's macro can."""
    for member in live(dpu_set).members:
        yield DpuSet(dpu_set.allocation, (member,), whole=False)


def DPU_RANK_FOREACH(dpu_set: DpuSet) -> Iterator[DpuSet]:
    """The DPUs of a set by rank, as sets."""
    for _, part in groupby(live(dpu_set).members, lambda member: member.index // RANK):
        yield DpuSet(dpu_set.allocation, tuple(part), whole=False)
