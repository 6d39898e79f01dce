"""Nonsense ends in a program or in diagnostics: from text to LLVM IR, in this process."""

from __future__ import annotations

import random

import llvmlite.binding as llvm
import pytest

import damage
from kcc.frontend import pp
from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile
from kcc.ir.lower import lower

STANDARDS = ("CL1.2", "CL2.0", "CL3.0")


def outcome(text: str, standard: str) -> str:
    """ "ir" or "error"; raises what is neither."""
    diags = Diagnostics()
    try:
        options = pp.PPOptions(std=standard)
        unit = parse(pp.preprocess(SourceFile("t.cl", text), options, diags), diags)
        diags.raise_errors()
        program = check(unit, diags, CheckOptions(std=standard))
        diags.raise_errors()
        lowered = lower(program)
    except CompileError as error:
        return "error" if error.diagnostics else "silence"
    llvm.parse_assembly(str(lowered.module)).verify()
    return "ir"


def outcomes(texts: list[str]) -> set[str]:
    found = set()
    for number, text in enumerate(texts):
        try:
            found.add(outcome(text, STANDARDS[number % 3]))
        except Exception as error:
            error.add_note(f"{STANDARDS[number % 3]}:\n{text[:4000]}")
            raise
    return found


def mutants(r: random.Random, count: int) -> list[str]:
    texts = [path.read_text() for path in damage.EXAMPLES]
    sources = damage.parts(damage.snippets() + [text for text in texts if len(text) < 4000])
    return [damage.mutated(r, sources) for _ in range(count)]


def test_some_nonsense() -> None:
    r = random.Random(0)
    texts = [damage.walk(r) for _ in range(25)] + [damage.stream(r) for _ in range(25)]
    assert outcomes(texts + mutants(r, 40)) == {"ir", "error"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_much_nonsense(seed: int) -> None:
    r = random.Random(seed)
    texts = [damage.walk(r) for _ in range(500)] + [damage.stream(r) for _ in range(250)]
    assert outcomes(texts + mutants(r, 750)) == {"ir", "error"}
