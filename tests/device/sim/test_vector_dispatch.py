"""Vector code that has to be told vtype when it runs: the dispatcher finds a unit for it."""

from __future__ import annotations

import ctypes
import random
from itertools import pairwise

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim.interface import Reason
from snippets import RET
from vcompare import compare
from vharness import SCALARS, Case, Form, Setup, vtype_of

BASE = 0x4000_0000
ORACLES = pytest.mark.oracle("qemu-riscv64", "clang-19", "ld.lld-19", "riscv64-unknown-elf-objcopy")

# x6 is small, x7 an AVL, x8 a vtype.
PIECES = (
    ("vadd.vv v8, v16, v24",),
    ("csrw vstart, x6", "vadd.vv v8, v16, v24", "csrr x9, vstart", "vxor.vv v16, v16, v8"),
    ("csrwi vstart, 1", "beqz x6, 1f", "vadd.vv v8, v16, v24", "1:", "vsub.vv v24, v16, v8"),
    ("vsetvl x9, x7, x8", "vadd.vv v8, v16, v24, v0.t", "vsetvl x9, x6, x8", "vxor.vv v16, v8, v8"),
    ("vsetvl x9, x7, x8", "vsetvli x0, x0, e16, m1, ta, ma", "vadd.vv v8, v16, v24"),
    ("jal x9, 1f", "vadd.vv v8, v8, v16", "j 2f", "1: vsub.vv v8, v24, v16", "jr x9", "2:"),
    ("li x9, 20", "1: vadd.vv v8, v8, v16", "addi x9, x9, -1", "bnez x9, 1b"),
    # A loop that changes vtype each time around, so that it meets itself with another.
    ("li x9, 6", "1: vadd.vv v8, v8, v16", "add x8, x8, 8", "vsetvl x10, x7, x8", "addi x9, x9, -1",
     "bnez x9, 1b"),
    ("li x9, 6", "1: vadd.vv v8, v8, v16", "vsetvli x10, x9, e32, m1, tu, mu", "addi x9, x9, -1",
     "bnez x9, 1b", "vsub.vv v16, v16, v8"),
)  # fmt: skip


def cases(vlen: int, count: int) -> list[Case]:
    rng = random.Random(vlen)
    images = [rng.randbytes(4 * vlen) for _ in range(4)]
    made = []
    for body in PIECES:
        for _ in range(count):
            sew, lmul = 8 << rng.randrange(4), rng.choice((-1, 0, 1, 2))
            avl = rng.choice((0, 1, 3, 8, 1000))
            if "vstart" in body[0]:  # QEMU leaves a vstart of vl or more as it is (3.7: to be 0)
                lmul, avl = max(lmul, 1), max(avl, 3)
            form = Form(body, vtype_of(sew, lmul, rng.randrange(2)), dynamic=rng.random() < 0.6)
            x = [rng.getrandbits(64) for _ in range(59)]
            x[1], x[2], x[3] = rng.randrange(3), rng.choice((0, 2, 9, 1000)), vtype_of(sew, 0)
            made.append(Case(form, SCALARS.pack(*x), rng.choice(images), avl=avl))
    return made


@ORACLES
@pytest.mark.parametrize("vlen", [128, pytest.param(512, marks=pytest.mark.slow)])
def test_pieces_of_code_that_know_nothing(vlen):
    report = compare(cases(vlen, 5), Setup(vlen))
    report.check()
    assert report.ran > 30


@ORACLES
@pytest.mark.slow
@pytest.mark.parametrize("vlen", [128, 1024])
def test_many_pieces_of_code_that_know_nothing(vlen):
    compare(cases(vlen, 100), Setup(vlen)).check()


def vsetvl(vtype: int, avl: int) -> list[int]:
    return [
        e("addi", rd=6, rs1=0, imm12=avl),
        e("addi", rd=7, rs1=0, imm12=vtype),
        e("vsetvl", rd=5, rs1=6, rs2=7),
    ]


ADD = e("vadd.vv", vd=8, vs2=8, vs1=9)


def test_a_unit_is_made_for_each_vtype_and_found_again(make_bench):
    bench = make_bench(arch="rv64gcv")
    machine = bench.machine
    code = [e("vsetvl", rd=5, rs1=11, rs2=12), ADD, RET]
    counts = []
    for avl, vtype in ((9, 16), (9, 16), (2, 16), (2, 16), (1, 16), (9, 24), (9, 16), (1, 16)):
        assert bench.run(code if not counts else (), args=(avl, vtype)).ok
        counts.append(len(machine._harts[0].functions))
    # vl alone makes no difference but for whether it is VLMAX.
    assert [b - a for a, b in pairwise(counts)] == [0, 1, 0, 0, 1, 0, 0]


def test_traps_and_limits_tell_the_address_alone(make_bench):
    bench = make_bench(arch="rv64gcv")
    result = bench.run([*vsetvl(0x7F, 4), ADD, RET])
    assert result.fault is not None
    assert (result.fault.cause, result.fault.pc, result.fault.tval) == (2, BASE + 12, ADD)
    assert result.fault.word == ADD
    loop = [*vsetvl(16, 4), ADD, e("jal", rd=1, jump21=4), e("jal", rd=0, jump21=-8)]
    result = bench.run(loop, limit=50)
    assert result.reason is Reason.LIMIT
    assert result.pcs[0] % 4 == 0
    assert result.retired == (50,) or result.retired[0] in range(50, 60)


def test_vtype_is_reserved_after_reset(make_bench):
    bench = make_bench(arch="rv64gcv")
    result = bench.run([ADD, RET])
    assert result.fault is not None
    assert (result.fault.cause, result.fault.tval) == (2, ADD)
    assert bench.machine.read_csr(0, 0xC21) == 1 << 63


def test_registers_can_be_read_and_written(make_bench):
    bench = make_bench(2, arch="rv64gcv_zvl256b")
    value = bytes(range(32))
    bench.machine.write_v(1, 31, value)
    assert bench.machine.read_v(1, 31) == value
    assert bench.machine.read_v(0, 31) == bytes(32)
    with pytest.raises(ValueError, match="32"):
        bench.machine.write_v(0, 0, bytes(16))
    bench.machine.reset()
    assert bench.machine.read_v(1, 31) == bytes(32)


def test_vector_registers_are_where_host_vectors_load_best(make_bench):
    for hart in make_bench(3, arch="rv64gcv_zvl1024b").machine._harts:
        assert ctypes.addressof(hart.state.v) % 64 == 0
