"""The harness sees what differs, and says it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kcc.backend.isa import TABLE
from vcases import draw
from vcompare import Report, compare, difference, same
from vharness import SCALARS, Case, Form, Outcome, Setup

ORACLES = pytest.mark.oracle("qemu-riscv64", "clang-19", "ld.lld-19", "riscv64-unknown-elf-objcopy")


@ORACLES
def test_what_differs_is_found():
    """QEMU is given another word for some cases."""
    cases = draw([TABLE["add"], TABLE["sub"]], 0, 1, 8, 4)
    other = {case.form: "xor x5, x6, x7" for case in cases[:2]}
    forms = [
        replace(case.form, on_qemu=(other.get(case.form, case.form.body[0]),)) for case in cases
    ]
    changed = [replace(case, form=form) for case, form in zip(cases, forms, strict=True)]
    report = compare(changed, Setup(0))
    assert report.ran == 16
    assert len(report.wrong) == 4
    assert all("x5: got" in text for text in report.wrong)


def test_a_difference_is_told_by_register():
    case = Case(Form(("add x5, x6, x7",)), SCALARS.pack(*range(59)))
    mine, other = bytes(512), b"\1" + bytes(511)
    text = difference(case, Outcome("", mine), Outcome("", other), Setup(0))
    assert "x5: got 0x0, expected 0x1, was 0x0" in text
    assert not same(Outcome("", mine), Outcome("", other))


def test_elements_are_told_in_the_width_of_the_form():
    vtype = 2 << 3
    case = Case(Form((".4byte 0 // vadd.vv v1,v2,v3",), vtype), bytes(SCALARS.size), bytes(512))
    mine = bytes(512) + bytes(512)
    other = bytes(512) + bytes(20) + b"\x2a" + bytes(491)
    text = difference(case, Outcome("", mine), Outcome("", other), Setup(128))
    assert "[e32,m1]" in text
    assert "v1: expected 00000000 0000002a 00000000 00000000" in text
    assert "v2: was      00000000" in text


def test_a_trap_on_one_side_is_a_difference():
    trap = Outcome("illegal")
    assert same(trap, trap)
    assert not same(trap, Outcome(""))
    with pytest.raises(AssertionError, match="1 cases differ"):
        Report(wrong=["add"]).check()
