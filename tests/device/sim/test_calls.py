"""Guest calls nest on the host's stack; nothing of that may show."""

from __future__ import annotations

import struct

import pytest

from kcc.backend.encode import encode as e

BASE = 0x4000_0000
RA, SP, SAVED, A0, T0, T1 = 1, 2, 9, 10, 5, 6
RET = e("jalr", rd=0, rs1=RA, imm12=0)
LEAVE = e("jalr", rd=0, rs1=SAVED, imm12=0)  # to the end of the instance
SAVE = e("addi", rd=SAVED, rs1=RA, imm12=0)

# a0 -> the sum of 1 .. a0
SUM = [
    e("beq", rs1=A0, rs2=0, branch13=44),
    e("addi", rd=SP, rs1=SP, imm12=-16),
    e("sd", rs2=RA, rs1=SP, store12=0),
    e("sd", rs2=A0, rs1=SP, store12=8),
    e("addi", rd=A0, rs1=A0, imm12=-1),
    e("jal", rd=RA, jump21=-20),
    e("ld", rd=T0, rs1=SP, imm12=8),
    e("add", rd=A0, rs1=A0, rs2=T0),
    e("ld", rd=RA, rs1=SP, imm12=0),
    e("addi", rd=SP, rs1=SP, imm12=16),
    RET,
    RET,
]


@pytest.mark.parametrize("depth", [0, 1, 50, 50_000])  # the last is deeper than the host's stack
def test_recursion(bench, depth) -> None:
    for _ in range(2):
        result = bench.run(SUM, first=depth)
        assert result.ok
        assert result.retired == (11 * depth + 2,)
        assert bench.machine.read_x(0, A0) == depth * (depth + 1) // 2


@pytest.mark.parametrize("quantum", [1, 7, 100])
def test_turns_end_within_calls(make_bench, quantum) -> None:
    bench = make_bench(harts=2, quantum=quantum)
    result = bench.run(SUM, harts=2, first=30, count=2)
    assert result.ok
    assert result.retired == (332, 343)
    assert [bench.machine.read_x(h, A0) for h in (0, 1)] == [465, 496]


def test_a_limit_is_met_within_calls(bench) -> None:
    result = bench.run(SUM, first=10_000, limit=5_000)
    assert not result.ok
    assert 5_000 <= sum(result.retired) < 5_100
    assert bench.run(SUM, first=3).ok


def test_code_that_a_callee_changes_is_not_run_as_it_was(bench) -> None:
    new = e("addi", rd=20, rs1=0, imm12=2)
    code = [
        SAVE,
        e("jal", rd=RA, jump21=12),
        e("addi", rd=20, rs1=0, imm12=1),  # to be overwritten
        LEAVE,
        e("lui", rd=T0, upper20=new + 0x800 & 0xFFFF_F000),
        e("addi", rd=T0, rs1=T0, imm12=(new & 0xFFF ^ 0x800) - 0x800),
        e("sw", rs2=T0, rs1=RA, store12=0),
        e("fence.i"),
        RET,
    ]
    for _ in range(2):
        assert bench.run(code).ok
        assert bench.machine.read_x(0, 20) == 2


def test_a_callee_may_return_elsewhere(bench) -> None:
    code = [
        SAVE,
        e("addi", rd=20, rs1=0, imm12=0),
        e("jal", rd=RA, jump21=20),
        e("addi", rd=20, rs1=20, imm12=1),  # skipped
        e("addi", rd=20, rs1=20, imm12=2),
        e("jal", rd=RA, jump21=16),
        e("addi", rd=20, rs1=20, imm12=4),  # never reached
        e("jalr", rd=0, rs1=RA, imm12=4),
        RET,
        e("jal", rd=RA, jump21=4),  # two frames deep
        LEAVE,
    ]
    for _ in range(3):
        result = bench.run(code)
        assert result.ok
        assert bench.machine.read_x(0, 20) == 2


def test_a_fault_in_a_callee_is_where_it_is(bench) -> None:
    code = [
        SAVE,
        e("addi", rd=20, rs1=0, imm12=5),
        e("jal", rd=RA, jump21=8),
        LEAVE,
        e("jal", rd=T1, jump21=4),
        e("ld", rd=T0, rs1=0, imm12=0),
    ]
    for _ in range(2):
        result = bench.run(code)
        assert (result.fault.cause, result.fault.pc) == (5, BASE + 20)
        assert bench.run(SUM, first=4).ok
        bench.put(code)


def test_a_rounding_mode_that_a_callee_sets_holds_in_its_caller(bench) -> None:
    code = [
        SAVE,
        e("addi", rd=T0, rs1=0, imm12=1),
        e("addi", rd=T1, rs1=0, imm12=3),
        e("fcvt.d.l", rd=1, rs1=T0, rm=0),
        e("fcvt.d.l", rd=2, rs1=T1, rm=0),
        e("jal", rd=RA, jump21=16),
        e("fdiv.d", rd=3, rs1=1, rs2=2, rm=7),
        e("fmv.x.d", rd=20, rs1=3),
        LEAVE,
        e("csrrwi", rd=0, csr=2, zimm5=3),
        RET,
    ]
    assert bench.run(code).ok
    nearest = struct.unpack("<Q", struct.pack("<d", 1 / 3))[0]
    assert bench.machine.read_x(0, 20) == nearest + 1
