"""Whatever bytes are run as code, a run ends with a result and the host lives on."""

from __future__ import annotations

import random

import pytest

from hostile import VECTOR_ARCH, random_insn
from kcc.backend.encode import encode
from kcc.backend.isa import TABLE
from kcc.device.sim import flow
from kcc.device.sim.machine import Done, Reason

BASE, SIZE = 0x4000_0000, 1 << 20


def run(bench, code: bytes, rng: random.Random) -> None:
    bench.memory[: len(code)] = code
    bench.machine.flush_code()
    for hart in bench.machine._harts:
        for reg in range(1, 32):  # pointers into memory
            hart.set_x(reg, BASE + rng.randrange(SIZE) & ~7)
    harts = bench.machine.harts
    result = bench.run(
        limit=20_000, harts=harts, count=3, args=(BASE + 0x8000,), ecall=lambda _: Done()
    )
    assert result.reason in (Reason.FINISHED, Reason.FAULT, Reason.LIMIT)
    if result.fault is not None:
        assert result.fault.cause in (1, 2, 3, 4, 5, 6, 7)


def sweep(bench, seeds: range) -> None:
    for seed in seeds:
        rng = random.Random(seed)
        arch = bench.machine.arch
        run(bench, b"".join(random_insn(rng, arch) for _ in range(40)), rng)
        run(bench, rng.randbytes(64), rng)


@pytest.mark.parametrize(("arch", "count"), [("rv64gc", 40), (VECTOR_ARCH, 10)])
def test_random_code(make_bench, arch, count):
    sweep(make_bench(2, quantum=10, arch=arch), range(count))


@pytest.mark.slow
@pytest.mark.parametrize(("arch", "count"), [("rv64gc", 1000), (VECTOR_ARCH, 300)])
def test_more_random_code(make_bench, arch, count):
    for start in range(0, count, 100):
        sweep(make_bench(3, quantum=10, arch=arch), range(start, start + 100))


def test_long_straight_code_becomes_several_units(bench):
    count = 5 * flow.UNIT_LIMIT // 2
    code = encode("addi", rd=20, rs1=20, imm12=1).to_bytes(4, "little") * count
    bench.memory[: len(code)] = code
    bench.put([encode("jalr", rd=0, rs1=1, imm12=0)], BASE + len(code))
    assert bench.run().retired == (count + 1,)
    assert bench.machine.read_x(0, 20) == count
    made = bench.machine.translated
    assert made.compiled + made.found == 3


def test_overlapping_instructions(bench):
    # The same bytes as one 4-byte instruction, and from the middle as a 2-byte one.
    inner = encode("c.addi", cd_n0=20, ci6=3) if "c.addi" in TABLE else 0x0A0D
    word = encode("lui", rd=21, upper20=0) & 0xFFFF | inner << 16
    code = [
        word,
        encode("beq", rs1=22, rs2=0, branch13=8),
        encode("jalr", rd=0, rs1=1, imm12=0),
        encode("addi", rd=22, rs1=0, imm12=1),
        encode("jal", rd=0, jump21=-14),
    ]
    assert bench.run(code).retired == (7,)
    assert bench.machine.read_x(0, 20) == 3


def test_a_large_function_is_not_translated_from_everywhere_in_it(bench):
    """A walk through segments that branch to each other: from each one finds all of them."""
    rng = random.Random(1)
    size, count = 12, flow.UNIT_LIMIT // 10
    start, steps = 4, 4000
    leaf = 4 * (start + size * count)
    code = [
        encode("addi", rd=23, rs1=0, imm12=steps // 2),
        encode("lui", rd=25, upper20=0x41C64000),
        encode("addi", rd=25, rs1=25, imm12=0x4ED),
        encode("addi", rd=20, rs1=0, imm12=0),
    ]
    for n in range(count):
        at = 4 * len(code)
        near = [4 * (start + size * m) for m in range(max(n - 70, 0), min(n + 70, count))]
        following = 4 * (start + size * ((n + 1) % count))
        code += [
            encode("jal", rd=5, jump21=leaf - at),
            encode("slli", rd=6, rs1=20, shamt6=rng.randrange(32)),
            encode("blt", rs1=6, rs2=0, branch13=rng.choice(near) - at - 8),
            *[encode("addi", rd=22, rs1=22, imm12=3)] * (size - 4),
            encode("jal", rd=0, jump21=following - at - 4 * size + 4),
        ]
    code += [
        encode("mul", rd=20, rs1=20, rs2=25),
        encode("addi", rd=20, rs1=20, imm12=57),
        encode("addi", rd=23, rs1=23, imm12=-1),
        encode("bne", rs1=23, rs2=0, branch13=8),
        encode("jalr", rd=0, rs1=1, imm12=0),
        encode("jalr", rd=0, rs1=5, imm12=0),
    ]
    assert bench.run(code).ok
    # Of which most are the few instructions after a branch out of a larger unit.
    made = bench.machine.translated
    assert made.compiled + made.found < 60


def test_a_loop_that_starts_with_inner_blocks(make_bench):
    # Rounding to nearest, ties away, is a loop over the elements: its phi names the block before.
    bench = make_bench(1, arch=VECTOR_ARCH)
    result = bench.run(
        [
            encode("addi", rd=5, rs1=0, imm12=5),
            encode("csrrwi", rd=0, csr=2, zimm5=4),
            encode("vsetvli", rd=6, rs1=0, zimm11=0x10),
            encode("vfadd.vv", vd=8, vs2=9, vs1=10),
            encode("addi", rd=5, rs1=5, imm12=-1),
            encode("bne", rs1=5, rs2=0, branch13=-8),
            encode("jalr", rd=0, rs1=1, imm12=0),
        ]
    )
    assert result.ok
    assert result.retired == (3 + 5 * 3 + 1,)
