"""V loads and stores: as QEMU makes them, and where the specification has them trap."""

from __future__ import annotations

import re

import pytest

from kcc.backend.isa import TABLE
from vcases import sweep

ORACLES = pytest.mark.oracle("qemu-riscv64", "clang-19", "ld.lld-19", "riscv64-unknown-elf-objcopy")
ROWS = re.compile(r"v[ls](|s|[uo]x)(seg\d)?ei?\d+(ff)?\.v|v[ls][1248]r(e\d+)?\.v|v[ls]m\.v")
NAMES = [name for name in TABLE if ROWS.fullmatch(name)]


@ORACLES
def test_one_row_of_each_kind_agrees():
    names = ("vle32.v", "vse8.v", "vlse64.v", "vluxei16.v", "vlseg3e16.v", "vle8ff.v", "vl2re32.v")
    names += ("vsm.v", "vsoxei32.v", "vssseg2e32.v")
    report = sweep(*names, count=4, each=2, seed="kinds")
    assert report.ran > 20
    report.check()


def test_the_sweeps_are_of_all_rows():
    assert len(NAMES) == 310


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("vlen", [128, 512])
@pytest.mark.parametrize("part", range(8))
def test_every_row_agrees(part, vlen):
    report = sweep(*NAMES[part::8], count=12, vlen=vlen, seed=f"rows {part}")
    assert report.ran > 200
    assert report.trapped > 50
    report.check()
