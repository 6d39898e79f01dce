"""Recording: what each instruction is said to have read and written."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim.effects import Touched
from kcc.device.sim.interface import Fault, Resume
from kcc.device.sim.record import MOST_ADDRESSES, Executed, Filter, Recorder
from snippets import RET

BASE, DATA, RETURN = 0x4000_0000, 0x4004_0000, 0x8000
LI_DATA = e("lui", rd=5, upper20=DATA)


@dataclass
class Kept:
    done: list[Executed] = field(default_factory=list)
    traps: list[tuple[Fault, int]] = field(default_factory=list)

    def executed(self, e: Executed) -> None:
        self.done.append(e)

    def trapped(self, fault: Fault, retired: int) -> None:
        self.traps.append((fault, retired))


@pytest.fixture
def recorded(make_bench):
    """recorded(code, only, harts=1, arch=..., **run options): the bench, and what was kept."""

    def record(code, only=None, harts=1, arch="rv64gcv_zba_zvl256b", **options):
        bench = make_bench(harts, arch=arch)
        kept = Kept()
        bench.machine.watch(Recorder(bench.machine, kept, only or Filter()))
        bench.run(code, harts=harts, **{"count": harts} | options)
        return bench, kept

    return record


def test_registers_and_memory_of_scalar_code(recorded):
    _, kept = recorded(
        [
            LI_DATA,
            e("addi", rd=6, rs1=0, imm12=-2),
            e("sh", rs2=6, rs1=5, store12=6),
            e("lhu", rd=7, rs1=5, imm12=6),
            e("lb", rd=0, rs1=5, imm12=6),
            e("fld", rd=3, rs1=5, imm12=0),
            e("fsw", rs2=3, rs1=5, store12=12),
            e("amoadd.w", rd=8, rs1=5, rs2=6, aq=0, rl=0),
            e("lr.w", rd=9, rs1=5, aq=0, rl=0),
            e("sc.w", rd=10, rs1=5, rs2=6, aq=0, rl=0),
            e("sc.w", rd=10, rs1=5, rs2=6, aq=0, rl=0),
            RET,
        ]
    )
    minus2 = (1 << 64) - 2
    assert [x.registers for x in kept.done] == [
        (("x", 5, DATA),), (("x", 6, minus2),), (), (("x", 7, 0xFFFE),), (),
        (("f", 3, 0xFFFE_0000_0000_0000),), (), (("x", 8, 0),), (("x", 9, 0xFFFF_FFFF_FFFF_FFFE),),
        (("x", 10, 0),), (("x", 10, 1),), (),
    ]  # fmt: skip
    assert [x.memory for x in kept.done[2:11]] == [
        (Touched(True, DATA + 6, 2, value=0xFFFE),),
        (Touched(False, DATA + 6, 2, value=0xFFFE),),
        (Touched(False, DATA + 6, 1),),
        (Touched(False, DATA, 8, value=0xFFFE_0000_0000_0000),),
        (Touched(True, DATA + 12, 4, value=0),),
        (Touched(False, DATA, 4, value=0), Touched(True, DATA, 4)),
        (Touched(False, DATA, 4, value=0xFFFF_FFFE),),
        (Touched(True, DATA, 4, value=0xFFFF_FFFE),),
        (),  # a store that failed
    ]
    assert [x.pc for x in kept.done] == list(range(BASE, BASE + 48, 4))
    assert [x.retired for x in kept.done] == list(range(12))
    assert kept.done[-1].next_pc == RETURN


def test_vector_code(recorded):
    _, kept = recorded(
        [
            LI_DATA,
            e("vsetivli", rd=6, uimm5=3, zimm10=0b0_00_010_000),  # e32, m1
            e("vid.v", vd=1, vm=1),
            e("vse32.v", vs3=1, rs1=5, vm=1),
            e("addi", rd=7, rs1=0, imm12=-4),
            e("vlse32.v", vd=2, rs1=5, rs2=7, vm=1),
            e("vluxei16.v", vd=3, rs1=5, vs2=4, vm=1),
            e("vlseg2e8.v", vd=4, rs1=5, vm=1),
            e("vl2re8.v", vd=8, rs1=5),
            e("vsm.v", vs3=0, rs1=5),
            RET,
        ]
    )
    memory = [x.memory[0] if x.memory else None for x in kept.done]
    assert memory == [
        None, None, None,
        Touched(True, DATA, 4, 3, 4),
        None,
        Touched(False, DATA, 4, 3, -4),
        Touched(False, DATA, 4, 3),
        Touched(False, DATA, 2, 3, 2),
        Touched(False, DATA, 64),
        Touched(True, DATA, 1),
        None,
    ]  # fmt: skip
    assert kept.done[1].vector == (3, 0b10_000)
    ((_, number, value),) = kept.done[2].registers
    assert (number, value) == (1, 2 << 64 | 1 << 32)
    assert {x[:2] for x in kept.done[8].registers} >= {("v", 8)}


def test_fflags_when_they_change(recorded):
    code = [
        e("fcvt.d.l", rd=1, rs1=0, rm=0),
        e("fdiv.d", rd=2, rs1=1, rs2=1, rm=7),
        e("fdiv.d", rd=2, rs1=1, rs2=1, rm=7),
        e("csrrs", rd=5, csr=1, rs1=0),
        RET,
    ]
    _, kept = recorded(code)
    assert [x.fflags for x in kept.done] == [None, 16, None, None, None]


def test_only_some_harts(recorded):
    _, kept = recorded([LI_DATA, RET], Filter(harts=frozenset({1, 3})), harts=4)
    assert [(x.hart, x.instance) for x in kept.done] == [(1, 1), (1, 1), (3, 3), (3, 3)]


def test_only_some_addresses_and_the_rest_at_speed(recorded):
    """A million instructions outside of them; what is inside starts from the right registers."""
    code = [
        e("lui", rd=5, upper20=0x80000),
        e("addi", rd=5, rs1=5, imm12=-1),
        e("bne", rs1=5, rs2=0, branch13=-4),
        e("addi", rd=6, rs1=5, imm12=6),
        e("addi", rd=7, rs1=6, imm12=7),
        RET,
    ]
    only = Filter(ranges=(range(BASE + 12, BASE + 20),))
    bench, kept = recorded(code, only, harts=2)
    assert [(x.hart, x.pc, x.registers) for x in kept.done] == [
        (hart, BASE + at, ((("x", reg, value)),))
        for hart in (0, 1)
        for at, reg, value in ((12, 6, 6), (16, 7, 13))
    ]
    assert kept.done[0].retired == 1 + 2 * 0x80000
    assert bench.machine.retired(1) == 1 + 2 * 0x80000 + 3


def test_ranges_are_bounded():
    with pytest.raises(ValueError, match="more than"):
        Filter(ranges=(range(MOST_ADDRESSES + 1),)).addresses()


def test_a_trap_is_told_last(recorded):
    _, kept = recorded([LI_DATA, e("lw", rd=6, rs1=5, imm12=1), RET])
    ((fault, retired),) = kept.traps
    assert (fault.pc, fault.tval, retired) == (BASE + 4, DATA + 1, 1)
    assert len(kept.done) == 1


def test_calls_and_ecalls(recorded):
    code = [
        e("addi", rd=8, rs1=1, imm12=0),
        e("jal", rd=1, jump21=12),
        e("ecall"),
        e("jalr", rd=0, rs1=8, imm12=0),
        RET,
    ]
    _, kept = recorded(code, ecall=lambda _: Resume())
    assert [x.pc - BASE for x in kept.done] == [0, 4, 16, 8, 12]
    assert kept.done[1].registers == (("x", 1, BASE + 8),)


def test_self_jumps_and_compressed_words(recorded):
    _, kept = recorded([0x0001, RET])  # c.nop
    assert [(x.size, x.word) for x in kept.done] == [(2, 1), (4, RET)]
