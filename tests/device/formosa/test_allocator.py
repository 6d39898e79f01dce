"""The device allocator: known sequences, and random ones against a map of bytes."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcc.device.formosa.allocator import Allocator, Block


def test_first_fit_takes_the_low_part_and_finds_freed_blocks_again():
    a = Allocator(0x1000, 0x1000)
    assert [a.malloc(n) for n in (10, 1, 0x100)] == [0x1000, 0x1010, 0x1018]
    assert a.free(0x1010)
    assert a.malloc(8) == 0x1010
    assert [a.free(0x1010), a.free(0x1010), a.free(0x1004)] == [True, False, False]
    assert a.free(0x1000)
    assert a.free(0x1018)
    assert a.free_blocks == (Block(0x1000, 0x1000),)  # merged both ways
    assert a.malloc(0x1000) == 0x1000
    assert a.malloc(1) is None


def test_nothing_takes_room_too():
    a = Allocator(0x1000, 0x1000)
    assert [a.malloc(0), a.malloc(8), a.malloc(0)] == [0x1000, 0x1008, 0x1010]
    assert a.malloc(-1) is None
    assert a.malloc(0x1000) is None


def test_fixed_areas_are_carved_out_of_free_blocks():
    a = Allocator(0x1000, 0x1000, 64)
    assert a.addr_malloc(0x1400, 100)
    assert a.free_blocks == (Block(0x1000, 0x400), Block(0x1480, 0xB80))
    for addr, size in ((0x1400, 1), (0x13C0, 65), (0x1FC0, 65), (0xFC0, 64), (0x1800, -1)):
        assert not a.addr_malloc(addr, size), hex(addr)
    assert a.malloc(0x401) == 0x1480
    assert a.used_blocks[-1] == Block(0x1400, 0x80)  # newest first


def test_alignment_leaves_what_it_skips_free():
    a = Allocator(0x1008, 0x1000)
    assert a.malloc(8, 256) == 0x1100
    assert a.malloc(8) == 0x1008


@pytest.mark.parametrize(("size", "rounding"), [(0, 8), (64, 0), (64, 24)])
def test_what_is_no_heap_is_refused(size, rounding):
    with pytest.raises(ValueError):
        Allocator(0, size, rounding)


def test_the_log_tells_each_operation_with_both_lists():
    lines: list[str] = []
    a = Allocator(0x1000, 0x1000, log=lines.append)
    a.malloc(16)
    a.free(0x1234)
    entries = [json.loads(line) for line in lines]
    assert [(e["operation"], e["result"]) for e in entries] == [
        ("init", 0x1000), ("malloc", 0x1000), ("free", None),
    ]  # fmt: skip
    assert entries[-1]["used"] == [[0x1000, 16]]
    assert entries[-1]["free"] == [[0x1010, 0xFF0]]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 400)), max_size=40))
def test_blocks_never_overlap_and_all_of_it_comes_back(steps):
    a = Allocator(0x1000, 0x1000, 16)
    live: dict[int, int] = {}
    for allocate, number in steps:
        if allocate:
            addr = a.malloc(number)
            if addr is None:
                largest = max((b.size for b in a.free_blocks), default=0)
                assert largest < max(number, 1)
            else:
                live[addr] = max(number, 1)
        elif live:
            addr = list(live)[number % len(live)]
            del live[addr]
            assert a.free(addr)
            assert not a.free(addr)
        blocks = sorted([*a.free_blocks, *a.used_blocks])
        assert blocks[0].addr == 0x1000
        assert all(x.end == y.addr for x, y in pairwise(blocks))
        assert blocks[-1].end == 0x2000
        assert {b.addr: b.size for b in a.used_blocks} == {
            at: -(-size // 16) * 16 for at, size in live.items()
        }
        free = [b.addr for b in a.free_blocks]
        ends = {b.end for b in a.free_blocks}
        assert free == sorted(free)
        assert not ends & set(free)  # neighbours are one
