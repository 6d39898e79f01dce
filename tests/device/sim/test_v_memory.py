"""V loads and stores: as QEMU makes them, by themselves and in loops."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from kcc.backend.isa import TABLE
from vcases import sweep
from vcompare import compare
from vharness import PAGE, SANDBOX, SCALARS, Case, Form, Setup, vtype_of

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
@pytest.mark.parametrize("part", range(8))
def test_many_forms_of_every_row_agree(part):
    report = sweep(*NAMES[part::8], count=12, each=2, vlen=512, seed=f"forms {part}")
    assert report.ran > 200
    assert report.trapped > 50
    report.check()


# Loops from x10 to x11, x12 times, x13 bytes a step: they run without checks of their own where
# vl is VLMAX, both ways overlapping or not.
LOOPS = {
    "unit": ("vle{e}.v v8, (x10)", "vse{e}.v v8, (x11)"),
    "two": ("vle{e}.v v8, (x10)", "vle{e}.v v16, (x11)", "vse{e}.v v8, (x11)",
            "vse{e}.v v16, (x10)"),
    "masked": ("vle{e}.v v8, (x10), v0.t", "vse{e}.v v8, (x11), v0.t"),
    "segments": ("vlseg2e{e}.v v8, (x10)", "vsseg2e{e}.v v8, (x11)"),
    "whole": ("vl1re{e}.v v8, (x10)", "vs1r.v v8, (x11)", "vadd.vv v8, v8, v8"),
    "wider": ("vle{e}.v v8, (x10)", "vse8.v v8, (x11)", "vse8.v v8, (x11), v0.t"),
    "strided": ("vlse{e}.v v8, (x10), x14", "vse{e}.v v8, (x11)"),
    # Tails that no iteration changes, and some that one does.
    "part": ("vsetivli x15, 3, e{e}, m1, ta, ma", "1:", "vle{e}.v v8, (x10)",
             "vadd.vv v9, v8, v9", "vxor.vv v9, v9, v8, v0.t", "vse{e}.v v9, (x11)"),
    "parts": ("vsetivli x15, 5, e{e}, m1, tu, mu", "1:", "vle{e}.v v8, (x10)",
              "vmv1r.v v12, v10", "vadd.vv v10, v8, v12", "vmv.s.x v9, x12",
              "vredsum.vs v11, v10, v9", "vse{e}.v v11, (x11)", "vslideup.vi v11, v8, 2"),
    "shorter": ("1:", "vsetivli x15, 2, e{e}, m1, ta, ma", "vle{e}.v v8, (x10)",
                "vsetivli x15, 1, e{e}, m1, ta, ma", "vadd.vv v8, v8, v8",
                "vsetivli x15, 2, e{e}, m1, ta, ma", "vse{e}.v v8, (x11)"),
}  # fmt: skip


def loops(kind: str, rng: random.Random, vlen: int, count: int) -> Iterator[Case]:
    sew = rng.choice((8, 16, 32, 64))
    lmul = rng.randrange(-1 if sew < 64 else 0, 3 if kind == "segments" else 4)
    body = tuple(line.format(e=sew) for line in LOOPS[kind])
    end = ("add x10, x10, x13", "add x11, x11, x13", "addi x12, x12, -1", "bnez x12, 1b")
    body = (*(() if "1:" in body else ("1:",)), *body, *end)
    form = Form(body, vtype_of(sew, lmul))
    size, most = sew // 8, (vlen << lmul + 3) // 8 // sew
    taken = max(most * size * (2 if kind == "segments" else 1), vlen // 8)
    for n in range(count):
        step = rng.choice((taken, size, -size, -taken))
        times = min(rng.randrange(1, 40), (PAGE // 2 - taken) // abs(step) + 1)
        start = PAGE // 2 + (0 if step > 0 else -taken)
        apart = rng.choice((0, size, -size, taken, -taken, 3 * size))
        room = (PAGE // 2 - taken - (times - 1) * abs(step)) // size
        apart = max(min(apart, room * size), -room * size)
        values = [rng.getrandbits(64) for _ in range(59)]
        values[5:10] = SANDBOX + start, SANDBOX + start + apart, times, step, size
        values = [value & (1 << 64) - 1 for value in values]
        v, memory = rng.randbytes(4 * vlen), rng.randbytes(PAGE)
        yield Case(form, SCALARS.pack(*values), v, memory, avl=rng.choice((most, most, n + 1)))


def compare_loops(kinds: list[str], vlen: int, forms: int, seed: object) -> None:
    rng = random.Random(f"{seed} {vlen}")
    cases = [c for kind in kinds for _ in range(forms) for c in loops(kind, rng, vlen, 8)]
    report = compare(cases, Setup(vlen, flags=False, memory=True))
    assert report.ran == len(cases)
    report.check()


@ORACLES
def test_loops_agree():
    compare_loops(list(LOOPS), 512, 1, "quick")


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("vlen", [128, 512])
@pytest.mark.parametrize("kind", LOOPS)
def test_many_loops_agree(kind, vlen):
    compare_loops([kind], vlen, 12, kind)
