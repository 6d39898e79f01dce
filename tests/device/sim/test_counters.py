"""Event counters: what each instruction advances, and that none is missed or counted early."""

from __future__ import annotations

from collections import Counter

import pytest

from kcc.backend.encode import encode as e
from kcc.backend.isa import TABLE
from kcc.device.sim.counting import events
from kcc.device.sim.interface import Resume
from kcc.device.sim.machine import Reason
from snippets import RET

BASE, DATA, IO = 0x4000_0000, 0x4004_0000, 0x2000_0000
LI_DATA = e("lui", rd=5, upper20=DATA)
INTEGER, FLOAT, BRANCH, LOADS, STORES = 15, 16, 17, 8, 14


def counts(bench, hart: int = 0) -> dict[int, int]:
    values = {i: bench.machine.read_csr(hart, 0xB00 + i) for i in range(3, 32)}
    return {i: value for i, value in values.items() if value}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lbu", (3, LOADS)), ("lh", (4, LOADS)), ("flh", (4, LOADS)), ("flw", (5, LOADS)),
        ("lwu", (5, LOADS)), ("fld", (6, LOADS)), ("lr.d", (6, LOADS)),
        ("sb", (9, STORES)), ("fsh", (10, STORES)), ("sc.w", (11, STORES)), ("fsd", (12, STORES)),
        ("amomaxu.w", (5, LOADS, INTEGER, 11, STORES)), ("amoswap.d", (6, 8, 15, 12, 14)),
        ("vle16.v", (4, LOADS)), ("vlse32.v", (5, LOADS)), ("vluxei64.v", (6, LOADS)),
        ("vlseg3e8ff.v", (3, LOADS)), ("vl4re32.v", (5, LOADS)), ("vlm.v", (3, LOADS)),
        ("vse64.v", (12, STORES)), ("vsoxseg2ei16.v", (10, STORES)), ("vs8r.v", (9, STORES)),
        ("vadd.vv", (INTEGER,)), ("vfirst.m", (INTEGER,)), ("vmv1r.v", (INTEGER,)),
        ("vslide1up.vx", (INTEGER,)), ("vsll.vi", (INTEGER,)),
        ("vfmacc.vf", (FLOAT,)), ("vmfeq.vv", (FLOAT,)), ("vfslide1down.vf", (FLOAT,)),
        ("fmadd.s", (FLOAT,)), ("fcvt.l.d", (FLOAT,)), ("fmv.x.w", (FLOAT,)),
        ("lui", (INTEGER,)), ("mulhsu", (INTEGER,)), ("sh3add.uw", (INTEGER,)),
        ("jal", (BRANCH,)), ("jalr", (BRANCH,)), ("bgeu", (BRANCH,)),
        ("csrrw", ()), ("fence", ()), ("ecall", ()), ("vsetvli", ()), ("mret", ()),
    ],
)  # fmt: skip
def test_what_an_instruction_counts_as(name, expected):
    assert events(name, TABLE[name].ext) == expected


def test_loads_and_stores_count_by_size_and_together():
    for row in TABLE.values():
        found = set(events(row.name, row.ext))
        assert (LOADS in found) == bool(found & set(range(3, 8)))
        assert (STORES in found) == bool(found & set(range(9, 14)))


def test_a_loop_counts_what_it_retires(make_bench):
    b = make_bench(counters=True)
    result = b.run(
        [
            e("addi", rd=5, rs1=0, imm12=1000),
            e("addi", rd=5, rs1=5, imm12=-1),
            e("bne", rs1=5, rs2=0, branch13=-4),
            RET,
        ]
    )
    assert result.retired == (2002,)
    assert counts(b) == {INTEGER: 1001, BRANCH: 1001}


@pytest.mark.parametrize("quantum", [1, 100, 50_000])
def test_an_unchecked_loop_counts_every_iteration(make_bench, quantum):
    b = make_bench(counters=True, quantum=quantum)
    b.run(
        [
            LI_DATA,
            e("addi", rd=6, rs1=0, imm12=1000),
            e("flw", rd=1, rs1=5, imm12=0),
            e("fadd.s", rd=1, rs1=1, rs2=1, rm=7),
            e("fsw", rs2=1, rs1=5, store12=0),
            e("addi", rd=5, rs1=5, imm12=4),
            e("addi", rd=6, rs1=6, imm12=-1),
            e("bne", rs1=6, rs2=0, branch13=-20),
            RET,
        ]
    )
    assert counts(b) == {
        5: 1000, LOADS: 1000, 11: 1000, STORES: 1000, FLOAT: 1000, INTEGER: 2002, BRANCH: 1001,
    }  # fmt: skip


def test_nothing_is_counted_unasked(bench):
    bench.run([LI_DATA, e("lw", rd=6, rs1=5, imm12=0), RET])
    bench.machine.write_csr(0, 0xB05, 7)
    assert counts(bench) == {}


def test_a_program_reads_and_writes_its_counters(make_bench):
    """Before the reading instruction, which counts as nothing itself; 0xC0f is hpmcounter15."""
    b = make_bench(counters=True)
    result = b.run(
        [
            e("addi", rd=6, rs1=0, imm12=1),
            e("addi", rd=6, rs1=0, imm12=1),
            e("csrrs", rd=7, csr=0xC0F, rs1=0),
            e("addi", rd=6, rs1=0, imm12=100),
            e("csrrw", rd=8, csr=0xB0F, rs1=6),
            e("addi", rd=6, rs1=0, imm12=1),
            e("csrrs", rd=9, csr=0xB0F, rs1=0),
            e("addi", rd=6, rs1=0, imm12=1),
            RET,
        ]
    )
    assert result.ok
    assert [b.machine.read_x(0, r) for r in (7, 8, 9)] == [2, 3, 101]
    assert counts(b) == {INTEGER: 102, BRANCH: 1}


def test_a_trap_does_not_count_what_comes_after(make_bench):
    b = make_bench(counters=True)
    for bad, cause_counts in (
        (e("lw", rd=6, rs1=0, imm12=0), {}),
        (e("lw", rd=6, rs1=5, imm12=1), {}),
        (e("ebreak"), {}),
        (0xFFFF_FFFF, {}),
    ):
        before = Counter(counts(b))
        result = b.run([LI_DATA, e("sd", rs2=5, rs1=5, store12=0), bad, *[LI_DATA] * 5, RET])
        assert result.reason is Reason.FAULT
        expected = {INTEGER: 1, 12: 1, STORES: 1} | cause_counts
        assert Counter(counts(b)) - before == expected


def test_a_device_sees_counters_up_to_its_access(make_bench):
    b = make_bench(counters=True)
    seen = []

    class Device:
        def load(self, _offset, _size, hart):
            seen.append(counts(b, hart))
            return 0

        def store(self, _offset, _size, _value, hart):
            seen.append(counts(b, hart))

    b.machine.map_io(IO, 64, Device())
    b.run(
        [
            e("lui", rd=5, upper20=IO),
            e("ld", rd=6, rs1=5, imm12=0),
            e("addi", rd=6, rs1=6, imm12=1),
            e("sw", rs2=6, rs1=5, store12=8),
            e("addi", rd=6, rs1=6, imm12=1),
            RET,
        ]
    )
    assert seen == [{INTEGER: 1}, {INTEGER: 2, 6: 1, LOADS: 1}]
    assert counts(b) == {INTEGER: 3, 6: 1, LOADS: 1, 11: 1, STORES: 1, BRANCH: 1}


def test_harts_count_for_themselves(make_bench):
    b = make_bench(2, counters=True, threads=2)
    b.run([e("beq", rs1=10, rs2=0, branch13=8), LI_DATA, RET], harts=2, count=2)
    assert counts(b, 0) == {BRANCH: 2}
    assert counts(b, 1) == {INTEGER: 1, BRANCH: 2}


def test_an_ecall_counts_as_nothing(make_bench):
    b = make_bench(counters=True)
    b.run([LI_DATA, e("ecall"), LI_DATA, RET], ecall=lambda _: Resume())
    assert counts(b) == {INTEGER: 2, BRANCH: 1}


def test_vector_code_counts_once_per_instruction(make_bench):
    """Also where a unit has to be left for one that knows vtype, or vl."""
    b = make_bench(counters=True, arch="rv64gcv_zba_zvl256b")
    loop = [
        e("vsetvli", rd=7, rs1=6, zimm11=0b0_11_010_000),  # e32, m1, ta, ma
        e("vle32.v", vd=8, rs1=5, vm=1),
        e("vadd.vi", vd=8, vs2=8, simm5=1, vm=1),
        e("vse32.v", vs3=8, rs1=5, vm=1),
        e("sub", rd=6, rs1=6, rs2=7),
        e("sh2add", rd=5, rs1=7, rs2=5),
        e("bne", rs1=6, rs2=0, branch13=-24),
        RET,
    ]
    result = b.run([LI_DATA, e("addi", rd=6, rs1=0, imm12=83), *loop])
    rounds = -(-83 // 8)
    assert result.ok, result
    assert result.retired == (2 + 7 * rounds + 1,)
    assert counts(b) == {
        5: rounds, LOADS: rounds, 11: rounds, STORES: rounds,
        INTEGER: 2 + 3 * rounds, BRANCH: rounds + 1,
    }  # fmt: skip
    assert b.word(DATA + 4 * 82, 4) == 1
    # Entered where vtype is not known from the code.
    before = Counter(counts(b))
    code = [e("addi", rd=6, rs1=0, imm12=1), e("vadd.vi", vd=8, vs2=8, simm5=1, vm=1), RET]
    b.run(code)
    assert Counter(counts(b)) - before == {INTEGER: 2, BRANCH: 1}
