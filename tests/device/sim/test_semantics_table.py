"""The instruction table and the semantics name the same things."""

from __future__ import annotations

from kcc.backend.isa import TABLE
from kcc.device.sim.semantics import SEMANTICS


def test_semantics_are_of_known_base_instructions():
    assert {name for name in SEMANTICS if name not in TABLE or TABLE[name].base} == set()


def test_every_base_instruction_has_semantics():
    base = {name for name, insn in TABLE.items() if not insn.base}
    assert base - SEMANTICS.keys() == set()
