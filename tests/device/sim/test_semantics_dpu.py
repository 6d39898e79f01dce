"""Xdpu on a bare machine: transfers and where they end, lock bits, the size code."""

from __future__ import annotations

import mmap

import pytest

from kcc.backend.encode import encode as e
from kcc.backend.isa import TABLE
from snippets import RET

ARCH = "rv64gc_xdpu"
NEAR, FAR = 0x4000_0000, 0x0800_0000  # bench's own memory is the near one
NEAR_SIZE, FAR_SIZE = 1 << 20, 1 << 16
DMA_FAULT = 24
EACH = ("dpu.ldma", "dpu.sdma", "dpu.note", "dpu.tas", "dpu.clear")
A0, A1, A2 = 10, 11, 12


@pytest.fixture
def dpu(make_bench):
    b = make_bench(arch=ARCH)
    b.far = mmap.mmap(-1, FAR_SIZE)
    b.machine.join_memories((NEAR, memoryview(b.memory)), (FAR, memoryview(b.far)))
    return b


def transfer(b, name, near, far, size):
    code = [e(name, rs1=A0, rs2=A1, rs3=A2), RET]
    for reg, value in ((A0, near), (A1, far), (A2, size)):
        b.machine.write_x(0, reg + 10, value)
    moves = [e("addi", rd=reg, rs1=reg + 10, imm12=0) for reg in (A0, A1, A2)]
    return b.run([*moves, *code])


def pattern(count):
    return bytes((7 * i + 3) % 251 for i in range(count))


@pytest.mark.parametrize(
    ("size", "moved"),
    [(8, 8), (12, 8), (15, 8), (16, 16), (0, 2048), (7, 2048), (2048, 2048), (2056, 8),
     (4096, 2048), (2**64 - 8, 2040)],
)  # fmt: skip
def test_sizes_are_what_their_code_holds(dpu, size, moved):
    dpu.far[:4096] = pattern(4096)
    at = 0x2000
    assert transfer(dpu, "dpu.ldma", NEAR + at, FAR, size).ok
    assert dpu.memory[at : at + 4096] == pattern(4096)[:moved] + bytes(4096 - moved)
    assert transfer(dpu, "dpu.sdma", NEAR + at, FAR + 0x4000, size).ok
    assert dpu.far[0x4000:0x5000] == pattern(4096)[:moved] + bytes(4096 - moved)


def test_low_bits_of_addresses_do_not_matter(dpu):
    dpu.far[:64] = pattern(64)
    assert transfer(dpu, "dpu.ldma", NEAR + 0x2003, FAR + 13, 16).ok
    assert dpu.memory[0x2000:0x2018] == pattern(64)[8:24] + bytes(8)


@pytest.mark.parametrize(
    ("near", "far", "size", "bad"),
    [
        (NEAR + NEAR_SIZE - 8, FAR, 16, NEAR + NEAR_SIZE - 8),
        (NEAR - 8, FAR, 16, NEAR - 8),
        (0, FAR, 8, 0),
        (NEAR, FAR + FAR_SIZE - 2040, 2048, FAR + FAR_SIZE - 2040),
        (NEAR, FAR + FAR_SIZE, 8, FAR + FAR_SIZE),
        (NEAR, 2**64 - 8, 8, 2**64 - 8),
        (NEAR, NEAR, 8, NEAR),
    ],
)
@pytest.mark.parametrize("name", ["dpu.ldma", "dpu.sdma"])
def test_a_range_that_leaves_its_memory_is_a_fault(dpu, name, near, far, size, bad):
    before = dpu.memory[0x2000:], dpu.far[:]
    fault = transfer(dpu, name, near, far, size).fault
    assert (fault.cause, fault.tval) == (DMA_FAULT, bad)
    assert (dpu.memory[0x2000:], dpu.far[:]) == before


def test_the_last_bytes_of_both_memories_can_be_moved(dpu):
    dpu.far[-2048:] = pattern(2048)
    assert transfer(dpu, "dpu.ldma", NEAR + NEAR_SIZE - 2048, FAR + FAR_SIZE - 2048, 2048).ok
    assert dpu.memory[-2048:] == pattern(2048)


def test_without_a_second_memory_transfers_fault(make_bench):
    b = make_bench(arch=ARCH)
    assert transfer(b, "dpu.ldma", NEAR, FAR, 8).fault.cause == DMA_FAULT


def test_lock_bits_are_shared_and_keep_their_values(make_bench):
    b = make_bench(2, arch=ARCH)
    b.far = mmap.mmap(-1, FAR_SIZE)
    b.machine.join_memories((NEAR, memoryview(b.memory)), (FAR, memoryview(b.far)))
    bit = e("addi", rd=5, rs1=0, imm12=200 + 256)  # the low eight bits count
    take = [bit, e("dpu.tas", rd=20, rs1=5), e("dpu.tas", rd=21, rs1=5), RET]
    assert b.run(take).ok
    assert (b.machine.read_x(0, 20), b.machine.read_x(0, 21)) == (0, 1)
    assert b.run([bit, e("dpu.tas", rd=20, rs1=5), RET], harts=2, count=2).ok
    assert [b.machine.read_x(h, 20) for h in (0, 1)] == [1, 1]
    note = e("dpu.note", rs1=5, rs2=6, rs3=7)
    again = [bit, e("dpu.clear", rs1=5), note, e("dpu.tas", rd=20, rs1=5), RET]
    assert b.run(again).ok
    assert b.machine.read_x(0, 20) == 0


def test_harts_without_the_extension_have_none_of_it(bench):
    for name in EACH:
        operands = {o.key: 5 for o in TABLE[name].operands}
        assert bench.run([e(name, **operands), RET]).fault.cause == 2
