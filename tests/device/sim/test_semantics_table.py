"""The instruction table and the semantics name the same things."""

from __future__ import annotations

from kcc.backend.isa import TABLE
from kcc.device.sim.semantics import SEMANTICS


def test_semantics_are_of_known_base_instructions():
    assert {name for name in SEMANTICS if name not in TABLE or TABLE[name].base} == set()


# The rows of these extensions get their semantics file by file; until then they are illegal.
PENDING = {"V", "Zfh"}


def test_every_base_instruction_has_semantics():
    missing = [insn for name, insn in TABLE.items() if not insn.base and name not in SEMANTICS]
    assert [insn.name for insn in missing if insn.ext not in PENDING] == []
