"""The allocators of DPUs: which addresses they hand out, and when they refuse."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from allocator_model import EINVAL, ENOMEM, BuddyModel
from kcc.device.dpu.device import Checks, Dpu
from scripted import HERE, LIMIT, Scripted, built

# The acts of allocators.c.
MEM_ALLOC, MEM_RESET, FSB_ALLOC, FSB_GET, FSB_FREE = range(5)
BUDDY_INIT, BUDDY_ALLOC, BUDDY_FREE, BUDDY_REALLOC, BUDDY_RESET = range(5, 10)
TAKE_BLOCKS = (BUDDY_FREE, BUDDY_REALLOC)
FINE = 5  # what an act of the heap of finer blocks is more
FILL, COUNT_EQUAL, LOAD = range(15, 18)

HEAP_FULL = 1
WRAM_END = 0x10000


# What makes no mistakes is as it is when mistakes are looked for.
checked = pytest.mark.parametrize("checks", ["off", pytest.param("strict", marks=pytest.mark.slow)])


@pytest.fixture
def dpu(allocators: bytes) -> Scripted:
    return Scripted(allocators)


# -- the incremental allocator ---------------------------------------------------------------------


def test_memory_is_handed_out_from_the_start_on(dpu: Scripted) -> None:
    heap = dpu.address("__sys_heap_pointer_reset")
    sizes = (1, 1, 0, 8, 100)
    given = dpu.run(*((MEM_ALLOC, size) for size in sizes))
    assert [at - heap for at in given] == [0, 8, 9, 16, 24]
    assert dpu.run((MEM_RESET,), (MEM_ALLOC, 5)) == [heap, heap]
    assert dpu.run((MEM_ALLOC, 0)) == [heap + 5]  # the launch before counts


def test_a_heap_that_is_full_ends_the_run(dpu: Scripted) -> None:
    heap = dpu.address("__sys_heap_pointer_reset")
    whole = WRAM_END - heap
    assert dpu.run((MEM_ALLOC, whole), (MEM_ALLOC, 0)) == [heap, WRAM_END]
    for size in (1, whole, 2**64 - 1, 2**64 - whole):
        assert dpu.fault((MEM_ALLOC, size)) == HEAP_FULL
    assert dpu.fault((MEM_RESET,), (FSB_ALLOC, 0xFFFFFFF9, 0)) == HEAP_FULL
    assert dpu.fault((FSB_ALLOC, 0xFFFFFFF8, 0xFFFFFFFF)) == HEAP_FULL


# -- blocks of one size ----------------------------------------------------------------------------


@checked
def test_the_block_freed_last_comes_first(allocators: bytes, checks: Checks) -> None:
    dpu = Scripted(allocators, checks)
    heap = dpu.address("__sys_heap_pointer_reset")
    handle, end = dpu.run((FSB_ALLOC, 9, 1000), (MEM_ALLOC, 0))
    assert (handle - heap, end - heap) == (16000, 16008)

    def get(count: int) -> list[int]:
        return [(at - heap) // 16 for at in dpu.run(*[(FSB_GET, handle)] * count)]

    assert get(11) == list(range(11))
    freed = (10, 6, 5, 4, 2, 0, 9, 8, 7, 3, 1)
    dpu.run(*((FSB_FREE, handle, heap + 16 * block) for block in freed))
    assert get(12) == [1, 3, 7, 8, 9, 0, 2, 4, 5, 6, 10, 11]
    left = dpu.run(*[(FSB_GET, handle)] * 989)
    assert left == [*range(heap + 12 * 16, heap + 16000, 16), 0]


def test_blocks_have_at_least_8_bytes_and_there_may_be_none(dpu: Scripted) -> None:
    heap = dpu.address("__sys_heap_pointer_reset")
    small, none = dpu.run((FSB_ALLOC, 0, 2), (FSB_ALLOC, 24, 0))
    assert (small - heap, none - heap) == (16, 24)
    assert dpu.run(*[(FSB_GET, small)] * 3, (FSB_GET, none)) == [heap, heap + 8, 0, 0]
    dpu.run((FSB_FREE, small, heap + 8))
    assert dpu.run((LOAD, small), (LOAD, heap + 8)) == [heap + 8, 0]


# -- the buddy heap --------------------------------------------------------------------------------


class Buddy:
    """A buddy heap, blocks named by their offsets in its arena; an errno is negative."""

    def __init__(self, elf: bytes, size: int, min_block: int = 32, checks: Checks = "off") -> None:
        self.dpu = Scripted(elf, checks)
        self.more = FINE if min_block == 16 else 0
        self.dpu.run((BUDDY_INIT + self.more, size))
        tree = max(8, size // min_block // 4)  # bytes: two bits a block
        self.arena = self.dpu.address("__sys_heap_pointer_reset") + tree
        assert self.dpu.run((MEM_ALLOC, 0)) == [self.arena + size]

    def run(self, *steps: tuple[int, ...]) -> list[int]:
        """Blocks, for calls that make one; else 0."""
        _, answers = self.dpu.launch(
            (act + self.more, self.arena + first if act in TAKE_BLOCKS else first, *rest)
            for act, first, *rest in steps
        )
        return [
            -int(error) if error else int(result) - self.arena if result else 0
            for result, error in answers[:, 3:5]
        ]

    def alloc(self, *sizes: int) -> list[int]:
        return self.run(*((BUDDY_ALLOC, size) for size in sizes))

    def free(self, *blocks: int) -> list[int]:
        return self.run(*((BUDDY_FREE, block) for block in blocks))

    def reset(self) -> None:
        self.run((BUDDY_RESET, 0))


@pytest.fixture(params=(16, 32))
def buddy(request: pytest.FixtureRequest, allocators: bytes) -> Buddy:
    return Buddy(allocators, 4096, request.param)


def test_blocks_come_in_the_order_of_the_tree(buddy: Buddy) -> None:
    sizes = (32, 32, 32, 32, 32, 64, 100, 1000, 2048, 4096)
    assert buddy.alloc(*sizes) == [0, 32, 64, 96, 128, 192, 256, 1024, 2048, -ENOMEM]
    buddy.reset()
    assert buddy.alloc(4097, 0, 4096, 1) == [-EINVAL, -EINVAL, 0, -ENOMEM]
    buddy.reset()
    assert buddy.alloc(*[32] * 12) == list(range(0, 384, 32))
    assert buddy.free(0, 128, 256) == [0, 0, 0]
    assert buddy.alloc(*[32] * 4) == [256, 128, 0, 384]
    buddy.reset()
    assert buddy.alloc(*[1024] * 4) == [0, 1024, 2048, 3072]
    buddy.free(0, 2048)
    assert buddy.alloc(1024, 1024) == [2048, 0]
    buddy.reset()
    assert buddy.alloc(*[32] * 4) == [0, 32, 64, 96]
    assert buddy.free(0, 0) == [0, -EINVAL]
    buddy.reset()
    assert buddy.alloc(4096) == [0]
    assert buddy.free(2048) == [0]  # inside of the block
    assert buddy.alloc(4096) == [0]
    assert buddy.free(4096, 12, -8) == [-EINVAL] * 3


def test_blocks_of_16_bytes_fill_the_heap(allocators: bytes) -> None:
    buddy = Buddy(allocators, 4096, 16)
    assert buddy.alloc(*[16] * 257) == [*range(0, 4096, 16), -ENOMEM]
    assert buddy.free(0, 64, 1024, 2048, 3136) == [0] * 5
    assert buddy.alloc(*[16] * 6) == [3136, 2048, 1024, 64, 0, -ENOMEM]


def test_only_the_first_size_counts(allocators: bytes) -> None:
    heap = Scripted(allocators)
    _, answers = heap.launch([(BUDDY_ALLOC, 8), *((BUDDY_INIT, n) for n in (0, 16, 1000, 2**40))])
    assert list(answers[:, 4]) == [EINVAL] * 5
    buddy = Buddy(allocators, 32768)
    buddy.run((BUDDY_INIT, 4096))
    assert buddy.alloc(4097, *[4096] * 9) == [-EINVAL, *range(0, 32768, 4096), -ENOMEM]


@checked
def test_realloc_keeps_what_a_block_holds(allocators: bytes, checks: Checks) -> None:
    buddy = Buddy(allocators, 4096, checks=checks)
    at = buddy.arena

    def realloc(block: int, size: int) -> int:
        return buddy.run((BUDDY_REALLOC, block, size))[0]

    def equal(block: int, size: int) -> int:
        return buddy.dpu.run((COUNT_EQUAL, at + block, size))[0]

    assert buddy.alloc(64, 32) == [0, 64]
    buddy.dpu.run((FILL, at, 64), (FILL, at + 64, 32))
    assert realloc(0, 40) == 0  # has room
    assert realloc(0, 65) == 128
    assert equal(128, 64) == 64
    assert realloc(128, 20) == 128  # shrinks where it is
    assert realloc(128, 2048) == 2048
    assert equal(2048, 20) == 20
    assert realloc(2048, 4096) == -ENOMEM
    assert equal(2048, 20) == 20
    assert buddy.free(64) == [0]
    assert realloc(2048, 2048) == 2048
    assert [realloc(block, 32) for block in (2080, 0, 12, 4096)] == [-EINVAL] * 4
    assert realloc(2048, 4097) == -EINVAL
    assert buddy.dpu.run((BUDDY_REALLOC, 0, 1024)) == [at]  # of null: a new one
    assert realloc(0, 2048) == 0  # grows where it is
    assert buddy.dpu.run((BUDDY_REALLOC, at, 0)) == [0]  # frees
    assert buddy.free(2048) == [0]
    assert buddy.alloc(4096) == [0]


def _agree(elf: bytes, model: BuddyModel, count: int) -> None:
    """Random calls, in one launch: what was answered is what the model says."""
    size = model.size
    rng = random.Random(size * model.min_block)
    steps, wanted = [], []
    for _ in range(count):
        block = rng.choice([*model.used, rng.randrange(-16, size + 16)])
        want = rng.choice((rng.randrange(64), rng.randrange(300), rng.randrange(size + 2)))
        act = rng.choice((BUDDY_ALLOC, BUDDY_ALLOC, BUDDY_FREE, BUDDY_REALLOC))
        if act == BUDDY_ALLOC:
            steps.append((act, want))
            wanted.append(model.alloc(want))
        elif act == BUDDY_FREE:
            steps.append((act, block))
            wanted.append(model.free(block))
        else:
            steps.append((act, block, want + 1))
            wanted.append(model.realloc(block, want + 1))
    assert Buddy(elf, size, model.min_block).run(*steps) == wanted


def test_a_buddy_heap_is_what_its_blocks_say(allocators: bytes) -> None:
    _agree(allocators, BuddyModel(2048), 100)
    _agree(allocators, BuddyModel(256, 16), 100)


@pytest.mark.slow
@pytest.mark.parametrize("min_block", [16, 32])
@pytest.mark.parametrize("size", [32, 64, 512, 1024, 4096, 8192, 32768])
def test_buddy_heaps_of_any_size(allocators: bytes, min_block: int, size: int) -> None:
    _agree(allocators, BuddyModel(size, min_block, 4096 if min_block == 32 else size), 600)


@pytest.mark.slow
def test_tasklets_share_allocators(tmp_path: Path) -> None:
    flags = ("-DNR_TASKLETS=24", "-DSTACK_SIZE_DEFAULT=512")
    elf = built(tmp_path, HERE / "shared_heap.c", *flags)
    for dpu in (Dpu(turn=1), Dpu(turn=1000), Dpu("strict")):
        dpu.load(elf)
        outcome = dpu.launch(LIMIT)
        assert outcome.fault is None
        assert all(taken and taken > 20 for taken in outcome.status)
        for name in ("overwritten", "refused"):
            symbol = dpu.image.elf.symbol(name)
            assert symbol is not None
            assert dpu.read(symbol.value, symbol.size) == bytes(4), name
