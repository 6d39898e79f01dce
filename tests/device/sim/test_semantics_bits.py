"""Bit manipulation beside QEMU 7.2: what it has wrong or lacks, and products bit by bit."""

from __future__ import annotations

import random

import pytest

from kcc.backend.encode import encode

M64 = (1 << 64) - 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 32), (1, 0), (1 << 31, 31), (1 << 32, 32), (1 << 63, 32), (M64, 0), (M64 << 5 & M64, 5)],
)
def test_ctzw_looks_at_the_low_word_only(make_bench, value: int, expected: int) -> None:
    bench = make_bench(arch="rv64gc_zbb")
    bench.put([encode("ctzw", rd=12, rs1=11), encode("jalr", rd=0, rs1=1, imm12=0)])
    assert bench.run(args=(value,)).ok
    assert bench.machine.read_x(0, 12) == expected


@pytest.mark.parametrize(("name", "low_bit"), [("clmul", 0), ("clmulh", 64), ("clmulr", 63)])
def test_carryless_products(make_bench, name: str, low_bit: int) -> None:
    bench = make_bench(arch="rv64gc_zbc")
    rng = random.Random(name)
    bench.put([encode(name, rd=13, rs1=11, rs2=12), encode("jalr", rd=0, rs1=1, imm12=0)])
    pairs = [(M64, M64), (M64, 1), (1 << 63, 1 << 63), (0, M64), (0x1111 * 0x1_0001_0001_0001, M64)]
    pairs += [(rng.getrandbits(64), rng.getrandbits(64)) for _ in range(20)]
    for x, y in pairs:
        product = 0
        for bit in range(64):
            product ^= x << bit if y >> bit & 1 else 0
        assert bench.run(args=(x, y)).ok
        assert bench.machine.read_x(0, 13) == product >> low_bit & M64


def test_conditional_zeros(make_bench) -> None:
    bench = make_bench(arch="rv64gc_zicond")
    back = encode("jalr", rd=0, rs1=1, imm12=0)
    zero_if = {"czero.eqz": lambda y: y == 0, "czero.nez": lambda y: y != 0}
    for name, condition in zero_if.items():
        bench.put([encode(name, rd=13, rs1=11, rs2=12), encode(name, rd=14, rs1=12, rs2=12), back])
        for x, y in [(5, 0), (5, 1), (M64, 1 << 63), (0, 0), (1 << 32, 1 << 32), (7, 1 << 32)]:
            assert bench.run(args=(x, y)).ok
            assert bench.machine.read_x(0, 13) == (0 if condition(y) else x)
            assert bench.machine.read_x(0, 14) == (0 if condition(y) else y)


def test_extensions_that_a_hart_lacks_are_illegal(bench) -> None:
    for name in ("andn", "clmul", "sh1add", "bset", "czero.eqz"):
        bench.put([encode(name, rd=5, rs1=6, rs2=7)])
        result = bench.run()
        assert result.fault is not None
        assert result.fault.cause == 2
