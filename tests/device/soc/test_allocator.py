"""The allocator: golden addresses, and a model it cannot leave."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from kcc.device.soc.allocator import Allocator

BASE, SIZE = 0x4000_0000, 0x8000_0000


@pytest.fixture
def allocator() -> Allocator:
    return Allocator(BASE, SIZE)


def test_tutorial_addresses(allocator):
    assert allocator.alloc(0xF0000, 4096) == 0xBFF10000
    assert allocator.alloc(72, 8) == 0xBFF0FFB8


def test_hal_addresses(allocator):
    assert allocator.alloc(0x7FF0000, 4096) == 0xB8010000
    assert allocator.alloc(136, 8) == 0xB800FF78
    assert allocator.free(0xB800FF78)
    assert allocator.alloc(104, 8) == 0xB800FF98
    assert allocator.alloc(4096, 4096) == 0xB800E000


def test_addresses_behind_two_large_blocks(allocator):
    assert allocator.alloc(0x7FF0000, 4096) == 0xB8010000
    assert allocator.alloc(0x20000000, 4096) == 0x98010000
    assert [allocator.alloc(40000, 128) for _ in range(3)] == [0x98006380, 0x97FFC700, 0x97FF2A80]


@pytest.mark.parametrize("alignment", [0, 3, -8, 12])
def test_alignment_must_be_a_power_of_two(allocator, alignment):
    assert allocator.alloc(16, alignment) == 0


def test_no_bytes_take_one(allocator):
    assert allocator.alloc(0, 1) == BASE + SIZE - 1


def test_all_of_it_and_no_more(allocator):
    assert allocator.alloc(SIZE + 1, 1) == 0
    assert allocator.alloc(SIZE, 1) == BASE
    assert allocator.alloc(1, 1) == 0
    assert allocator.free(BASE)
    assert allocator.alloc(SIZE, 1) == BASE


def test_free_of_what_is_not_in_use(allocator):
    addr = allocator.alloc(64, 64)
    assert not allocator.free(addr + 1)
    assert not allocator.free(BASE)  # the free block below
    assert allocator.free(addr)
    assert not allocator.free(addr)


def test_a_freed_block_is_reused_only_when_lower_ones_are_full(allocator):
    first = allocator.alloc(64, 64)
    allocator.alloc(64, 64)
    allocator.free(first)
    assert allocator.alloc(64, 64) != first  # the big untouched block lies lower


class AllocatorModel(RuleBasedStateMachine):
    """Live blocks are apart, aligned and inside; blocks tile the range, free ones merged."""

    live = Bundle("live")

    def __init__(self) -> None:
        super().__init__()
        self.allocator = Allocator(0x1000, 0x1000)
        self.sizes: dict[int, int] = {}

    @rule(target=live, size=st.integers(0, 600), shift=st.integers(0, 9))
    def alloc(self, size, shift):
        fits = any(
            f and (a + n - max(size, 1)) >> shift << shift >= a
            for a, n, f in self.allocator.blocks()
        )
        addr = self.allocator.alloc(size, 1 << shift)
        assert bool(addr) == fits
        if addr:
            assert addr % (1 << shift) == 0
            self.sizes[addr] = max(size, 1)
        return addr

    @rule(addr=consumes(live))
    def free(self, addr):
        known = addr in self.sizes
        assert self.allocator.free(addr) == known
        self.sizes.pop(addr, None)

    @invariant()
    def blocks_tile_the_range(self):
        blocks = self.allocator.blocks()
        at = 0x1000
        for addr, size, _ in blocks:
            assert addr == at
            assert size > 0
            at += size
        assert at == 0x2000
        flags = [free for _, _, free in blocks]
        assert not any(a and b for a, b in pairwise(flags))
        used = {addr: size for addr, size, free in blocks if not free}
        assert used.keys() == self.sizes.keys()
        assert all(used[a] >= n for a, n in self.sizes.items())


TestAllocatorModel = AllocatorModel.TestCase
TestAllocatorModel.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
