"""V without floats and memory: every row, on random states, leaves what QEMU makes it leave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kcc.backend.isa import TABLE
from kcc.device.sim import (
    host,
    semantics_vg,
    semantics_vi,
    semantics_vm,
    semantics_vp,
    semantics_vr,
    semantics_vx,
)
from vcases import draw, sweep, with_known_vl
from vcompare import compare
from vharness import Setup

ORACLES = pytest.mark.oracle("qemu-riscv64", "clang-19", "ld.lld-19", "riscv64-unknown-elf-objcopy")
FILES = {
    "integer": semantics_vi,
    "fixed": semantics_vx,
    "mask": semantics_vm,
    "permute": semantics_vp,
    "gather": semantics_vg,
    "reduce": semantics_vr,
}
ROWS = {name: sorted(file.VSEMANTICS) for name, file in FILES.items()}


@ORACLES
@pytest.mark.parametrize(
    ("vlen", "step"), [pytest.param(128, 10, marks=pytest.mark.slow), (512, 15)]
)
def test_some_rows_of_each_file(vlen: int, step: int):
    names = [name for rows in ROWS.values() for name in rows[::step]]
    report = sweep(*names, count=6, each=3, vlen=vlen, seed="some")
    assert report.ran > 3 * len(names)
    report.check()


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize(("vlen", "count"), [(128, 40), (256, 16), (512, 40), (1024, 16)])
def test_every_row(vlen: int, count: int):
    names = [name for rows in ROWS.values() for name in rows]
    report = sweep(*names, count=count, each=8, vlen=vlen, seed="every")
    assert report.ran > 0.7 * count * len(names)
    assert report.trapped > 0.05 * count * len(names)
    report.check()


@ORACLES
def test_some_rows_with_a_known_vl():
    names = [name for rows in ROWS.values() for name in rows[::12]]
    compare(with_known_vl(names, 128, 2), Setup(128)).check()


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("vlen", [128, 512])
def test_every_row_with_a_known_vl(vlen: int):
    names = [name for rows in ROWS.values() for name in rows]
    report = compare(with_known_vl(names, vlen, 6), Setup(vlen))
    assert report.ran > 4 * len(names)
    report.check()


@ORACLES
@pytest.mark.parametrize("vlen", [128, 512])
def test_bits_chosen_by_bits_and_then_by_a_mask(vlen: int):
    chosen = (
        *("li x5, 0x7fffffff", "vand.vx v8, v16, x5"),
        *("li x6, -0x80000000", "vand.vx v12, v20, x6", "vor.vv v8, v8, v12"),
    )
    cases = []
    for case in draw([TABLE["vadd.vv"]], vlen, "bits", 24, 1):
        for last in (f"v28, {a}, {b}, v0" for r in (16, 20) for a, b in pairs(8, r)):
            body = (*chosen, f"vmerge.vvm {last}", "vmv.v.i v8, 0", "vmv.v.i v12, 0")
            form = replace(case.form, body=body, vtype=2 << 3, dynamic=False, vstart=False)
            cases.append(replace(case, form=form, vstart=0))
    compare(cases, Setup(vlen)).check()


def pairs(a: int, b: int) -> tuple[tuple[str, str], tuple[str, str]]:
    return (f"v{a}", f"v{b}"), (f"v{b}", f"v{a}")


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("vlen", [128, 512])
def test_gathers_without_the_hosts_permutations(vlen: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(host, "permutes_bytes", lambda: False)
    report = sweep(*ROWS["gather"], count=100, each=5, vlen=vlen, seed="loops")
    assert report.ran > 300
    report.check()
