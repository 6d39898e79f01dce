"""Random programs of all extensions leave what QEMU makes them leave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kcc.backend.isa import TABLE
from vcases import Generator, Shape
from vcompare import compare
from vharness import Form, Setup, vtype_of
from vprograms import Programs, judge

ORACLES = pytest.mark.oracle("qemu-riscv64", "clang-19", "ld.lld-19", "riscv64-unknown-elf-objcopy")


@ORACLES
def test_scalar_programs():
    judge(Programs(0, "quick", each=1), count=3, length=40)


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("seed", range(2))
def test_many_scalar_programs(seed: int):
    judge(Programs(0, seed), count=40, length=80)


@ORACLES
def test_halves_used_as_a_mask():
    """LLVM has no way from a half to sixteen bits of a mask; a random program asked for one."""
    generator, row, shape = Generator(512, 1), TABLE["vfadd.vv"], Shape(16, -1, 16)
    form = Form(("vfmul.vv v0, v2, v4", "vadd.vv v6, v8, v10, v0.t"), vtype_of(16, -1))
    case = replace(generator.case(row, generator.form(row, shape), shape), form=form, avl=9)
    compare([case], Setup(512)).check()


@ORACLES
def test_vector_programs():
    judge(Programs(512, "quick", each=1, shapes=2), count=1, length=40)


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize(
    ("vlen", "seed", "count"),
    # Of seed 202, one puts a mask of sixteen bits where a half is read.
    [(128, 128, 40), (128, 202, 40), (256, 256, 20), (512, 512, 40), (1024, 1024, 20)],
)
def test_many_vector_programs(vlen: int, seed: int, count: int):
    judge(Programs(vlen, seed), count=count, length=60)
