"""V's floating point: rows, grids of special values, and all halves leave what QEMU leaves."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import pytest

from kcc.backend.encode import encode
from kcc.backend.isa import TABLE
from kcc.device.sim import host, semantics_vf, semantics_vfr
from values import FLOATS
from vcases import sweep, with_known_vl
from vcompare import compare
from vharness import SCALARS, Case, Form, Setup

ORACLES = pytest.mark.oracle("qemu-riscv64", "clang-19", "ld.lld-19", "riscv64-unknown-elf-objcopy")
ROWS = [*semantics_vf.VSEMANTICS, *semantics_vfr.VSEMANTICS]
SCALAR_STATE = SCALARS.pack(*range(59))


def form(name: str, sew: int, lmul: int, frm: int, **operands: int) -> Form:
    word = encode(name, **operands)
    return Form((f".4byte {word:#x}",), vtype=(sew.bit_length() - 4) << 3 | lmul, frm=frm)


def registers(*groups: Sequence[int], sew: int, vlen: int) -> bytes:
    """v0 zero, then groups of eight registers from v8 on, filled with the elements given."""
    size = 8 * vlen // 8
    code = {16: "H", 32: "I", 64: "Q"}[sew]
    parts = [struct.pack(f"<{len(g)}{code}", *g).ljust(size, b"\0") for g in groups]
    return bytes(size) + b"".join(parts).ljust(3 * size, b"\0")


def cases_of(
    name: str, sew: int, frm: int, elements: Sequence[tuple[int, ...]], vlen: int = 512
) -> Iterator[Case]:
    """The instruction on the elements of its sources, as many at once as fit LMUL 8."""
    keys = ("vs2", "vs1", "vd")
    places = dict(zip(keys, (8, 16, 24), strict=True))
    given = {o.key: places[o.key] for o in TABLE[name].operands if o.key in places}
    most = 8 * vlen // sew
    for at in range(0, len(elements), most):
        part = elements[at : at + most]
        v = registers(*zip(*part, strict=True), sew=sew, vlen=vlen)
        yield Case(form(name, sew, 3, frm, **given), SCALAR_STATE, v, avl=len(part))


@ORACLES
@pytest.mark.parametrize("flags", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_some_rows(flags: bool):
    names = ROWS[flags::12]
    report = sweep(*names, count=4, each=2, vlen=512 if flags else 128, seed="some", flags=flags)
    assert report.ran > len(names)
    report.check()


@ORACLES
@pytest.mark.slow
@pytest.mark.parametrize(("vlen", "flags"), [(128, True), (512, False)])
def test_every_row_with_a_known_vl(vlen: int, flags: bool):
    names = [name for name in ROWS if ".rtz." not in name]  # on which QEMU aborts
    report = compare(with_known_vl(names, vlen, 4), Setup(vlen, flags))
    assert report.ran > len(names)
    report.check()


@ORACLES
def test_some_rows_where_the_host_has_no_halves(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("KCC_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(host, "has_halves", lambda: False)
    names = ["vfadd.vv", "vfmacc.vf", "vfwmul.vv", "vfncvt.f.f.w"]
    report = sweep(*names, count=8, each=4, vlen=128, seed="halves")
    report.add(sweep("fmadd.h", "fcvt.h.d", count=8, each=4, seed="halves"))
    assert report.ran > 25
    report.check()


@pytest.mark.slow
@ORACLES
def test_every_row_where_the_host_has_no_halves(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("KCC_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(host, "has_halves", lambda: False)
    report = sweep(*ROWS, count=12, each=6, vlen=256, seed="halves")
    halves = [name for name, row in TABLE.items() if row.ext == "Zfh"]
    report.add(sweep(*halves, count=60, each=12, seed="halves"))
    report.check()


@ORACLES
def test_all_are_illegal_with_a_rounding_mode_that_does_not_exist():
    names = [name for name in ROWS if ".rtz." not in name]  # on which QEMU aborts
    cases = []
    for name in names:
        operands = {o.key: 8 for o in TABLE[name].operands if o.file}
        cases.append(Case(form(name, 32, 0, 5, **operands), SCALAR_STATE, bytes(2048), avl=4))
    report = compare(cases, Setup(512))
    assert report.trapped == len(cases)
    report.check()


PAIRS = [n for n in ROWS if n.endswith(".vv") and not n.startswith(("vfw", "vfs"))] + ["vfsub.vv"]
ONES = ["vfsqrt.v", "vfrec7.v", "vfrsqrt7.v", "vfclass.v"]
ONES += [n for n in ROWS if n.startswith("vfcvt.") and "rtz" not in n]


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("sew", [16, 32, 64])
def test_pairs_of_special_values_in_all_rounding_modes(sew: int):
    pool = FLOATS[sew]
    pairs = list(product(pool, pool))
    cases: list[Case] = []
    for name, frm in product(PAIRS, range(5)):
        if frm < 4 or name in ("vfadd.vv", "vfmul.vv", "vfdiv.vv", "vfmadd.vv"):
            thirds = [pool[(7 * n + frm) % len(pool)] for n in range(len(pairs))]
            triples = [(*pair, third) for pair, third in zip(pairs, thirds, strict=True)]
            cases += cases_of(name, sew, frm, triples if frm < 4 else triples[::40])
    report = compare(cases, Setup(512))
    assert report.ran == len(cases) > 400
    report.check()


@pytest.mark.slow
@ORACLES
def test_all_halves():
    halves = [(n,) for n in range(1 << 16)]
    cases: list[Case] = []
    for name in ONES:
        for frm in range(4):
            cases += cases_of(name, 16, frm, halves)
    cases += cases_of("vfrec7.v", 16, 4, halves)
    report = compare(cases, Setup(512))
    assert report.ran == len(cases)
    report.check()
