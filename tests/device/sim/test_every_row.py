"""Every row of the instruction table: random cases of it leave what QEMU makes them leave."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from kcc.backend.isa import TABLE
from vcases import Generator, Shape, draw, is_float, is_vector, sweep
from vcompare import compare
from vdeparts import excuse
from vharness import PAGE, SANDBOX, Case, Form, Setup

ORACLES = pytest.mark.oracle("qemu-riscv64", "clang-19", "ld.lld-19", "riscv64-unknown-elf-objcopy")

# Forms by hand, where a random word would jump away, or needs another beside it. s and t are
# registers, n is a multiple of 16 (of 1 for CSRs), csr one of those that a program may have.
_BRANCH = "{name} {s}, {t}, 1f; li x7, 1; 1:"
_BRANCH_ZERO = "{name} {c}, 1f; li x7, 1; 1:"
_STACK = f"li x2, {SANDBOX + 256}; {{name}} {{c}}, {{n}}(x2)"
_STACK_F = _STACK.replace("{c}", "f{f}")
_AT = f"li x6, {SANDBOX + 64}; "
WRITTEN = {
    **dict.fromkeys(("beq", "bne", "blt", "bge", "bltu", "bgeu"), _BRANCH),
    **dict.fromkeys(("c.beqz", "c.bnez"), _BRANCH_ZERO),
    "jal": "jal x5, 1f; li x7, 1; 1:",
    "c.j": "c.j 1f; li x7, 1; 1:",
    "jalr": "la x6, 1f; jalr x5, -4(x6); li x7, 1; 1: nop",
    "c.jr": "la x6, 1f; c.jr x6; li x7, 1; 1:",
    "c.jalr": "la x6, 1f; c.jalr x6; li x7, 1; 1: mv x5, x1",
    "auipc": "auipc x5, 0x12345",
    **dict.fromkeys(("csrrw", "csrrs", "csrrc"), "{name} x5, {csr}, {s}; csrr x6, {csr}"),
    **dict.fromkeys(("csrrwi", "csrrsi", "csrrci"), "{name} x5, {csr}, {n}; csrr x6, {csr}"),
    **dict.fromkeys(("c.lwsp", "c.ldsp", "c.swsp", "c.sdsp"), _STACK),
    **dict.fromkeys(("c.fldsp", "c.fsdsp"), _STACK_F),
    "c.addi16sp": "c.addi16sp x2, -64; mv x5, x2",
    "lr.w": _AT + "lr.w x5, (x6); sc.w x7, x8, (x6)",
    "lr.d": _AT + "lr.d.aq x5, (x6); sc.d.rl x7, x8, (x6)",
    "sc.w": _AT + "lr.w x5, (x6); addi x6, x6, 8; sc.w x7, x8, (x6)",
    "sc.d": _AT + "sc.d x7, x8, (x6)",
}
# What QEMU's program cannot show, or QEMU 7.2 does not have, and where it is tested.
ELSEWHERE = {
    **dict.fromkeys(("ecall", "ebreak", "mret", "wfi", "c.ebreak"), "test_machine_traps.py"),
    **dict.fromkeys(("czero.eqz", "czero.nez"), "test_semantics_bits.py"),
    **dict.fromkeys(("dpu.ldma", "dpu.sdma", "dpu.note"), "test_semantics_dpu.py"),
    **dict.fromkeys(("dpu.tas", "dpu.clear"), "test_semantics_dpu.py"),
}
FLOAT_CSRS = ("fflags", "frm", "fcsr")
# QEMU 7.2 keeps bits above the two of vxrm (V 1.0, 3.8), and so in vcsr.
VECTOR_CSRS = ("vxsat", "vstart")
SWEPT = [name for name in TABLE if name not in WRITTEN and name not in ELSEWHERE]
SCALAR = [name for name in SWEPT if not is_vector(TABLE[name])]
VECTOR = [name for name in SWEPT if is_vector(TABLE[name])]


def batches(names: list[str], size: int) -> list[list[str]]:
    return [names[at : at + size] for at in range(0, len(names), size)]


def first(names: list[str]) -> str:
    return names[0]


def test_every_row_is_here_or_elsewhere():
    assert set(SWEPT) | WRITTEN.keys() | ELSEWHERE.keys() == set(TABLE)
    here = Path(__file__).parent
    for name, file in ELSEWHERE.items():
        assert f'"{name}"' in (here / file).read_text(), f"{name} is not in {file}"


def written(name: str, count: int, vlen: int) -> list[Case]:
    """Cases of a form by hand, `count` choices of registers with two states each."""
    generator, rng = Generator(vlen, name), random.Random(name)
    shape = Shape(64, 0, 1)
    row = TABLE["add"]
    csrs = FLOAT_CSRS + (VECTOR_CSRS if vlen else ())
    cases = []
    for n in range(count):
        a, b = rng.randrange(5, 32), rng.choice((0, rng.randrange(5, 32)))
        body = WRITTEN[name].format(
            name=name, s=f"x{a}", t=f"x{rng.choice((a, b))}", c=f"x{8 + a % 8}", f=a,
            n=n % 32 if name.startswith("csr") else 16 * (n % 12), csr=csrs[n % len(csrs)],
        )  # fmt: skip
        form = Form(tuple(body.split("; ")))
        drawn = [generator.case(row, generator.form(row, shape), shape) for _ in range(2)]
        cases += [replace(case, form=form, memory=generator.page()) for case in drawn]
    return cases


@ORACLES
def test_some_scalar_rows():
    cases = [case for name in WRITTEN for case in written(name, 1, 0)]
    chosen = random.Random(1).sample(SCALAR, 30)
    cases += draw([TABLE[name] for name in chosen], 0, 0, 3, 3)
    filled = [replace(case, memory=case.memory or bytes(PAGE)) for case in cases]
    compare(filled, Setup(0, memory=True), excuse).check()


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("vlen", [0, 256])
def test_every_row_by_hand(vlen: int):
    cases = [case for name in WRITTEN for case in written(name, 40, vlen)]
    compare(cases, Setup(vlen, memory=True)).check()


# Translating a form takes as long as running it a hundred times.
@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("names", batches(SCALAR, 40), ids=first)
def test_every_scalar_row(names: list[str]):
    report = sweep(*names, count=1000, each=125)
    assert report.ran > 750 * len(names)
    report.check()


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("names", batches([n for n in SCALAR if is_float(TABLE[n])], 60), ids=first)
def test_every_float_row_when_nobody_reads_flags(names: list[str]):
    sweep(*names, count=120, each=30, flags=False).check()


@ORACLES
def test_some_vector_rows():
    sweep(*random.Random(1).sample(VECTOR, 25), count=3, each=3, vlen=256).check()


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("names", batches(VECTOR, 25), ids=first)
@pytest.mark.parametrize("vlen", [128, 512])
def test_every_vector_row(names: list[str], vlen: int):
    report = sweep(*names, count=1000, each=250, vlen=vlen)
    assert report.ran > 200 * len(names)  # groups of eight registers are the rarest to be legal
    report.check()


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("vlen", [256, 1024])
def test_vector_rows_of_other_lengths(vlen: int):
    sweep(*VECTOR, count=30, each=30, vlen=vlen).check()


@pytest.mark.slow
@ORACLES
def test_float_vectors_when_nobody_reads_flags():
    floats = [name for name in VECTOR if is_float(TABLE[name])]
    sweep(*floats, count=30, each=15, vlen=512, flags=False).check()
