"""What clang accepts and rejects of C, kcc does too: the programs of acceptance_c.txt."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import NamedTuple

import llvmlite.binding as llvm
import pytest

import damage
from kcc.frontend import pp
from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile
from kcc.ir.lower import lower

FILE = Path(__file__).with_name("acceptance_c.txt")
STANDARD = "gnu17"


class Program(NamedTuple):
    """accepted: by clang. differs: kcc has a reason not to agree."""

    text: str
    accepted: bool
    differs: bool


def programs() -> list[Program]:
    found, reason = [], ""
    for line in FILE.read_text().splitlines():
        if line.startswith("## "):
            reason = line
        elif line[:2] in ("+ ", "- "):
            found.append(
                Program(line[2:].replace(" | ", "\n") + "\n", line[0] == "+", bool(reason))
            )
    return found


PROGRAMS = programs()


def lowered(text: str, standard: str = STANDARD) -> str | None:
    """A program's LLVM IR; None when it is wrong."""
    diags = Diagnostics()
    try:
        tokens = pp.preprocess(SourceFile("t.c", text), pp.PPOptions(std=standard), diags)
        unit = parse(tokens, diags, std=standard)
        diags.raise_errors()
        program = check(unit, diags, CheckOptions(std=standard))
        diags.raise_errors()
        return str(lower(program, diags=diags).module)
    except CompileError:
        return None


def test_the_programs_are_accepted_and_rejected_as_clang_does() -> None:
    wrong = [p for p in PROGRAMS if (lowered(p.text) is not None) is not (p.accepted ^ p.differs)]
    assert wrong == []
    assert len(PROGRAMS) > 300


def test_each_stands_once() -> None:
    texts = [p.text for p in PROGRAMS]
    assert [text for text in texts if texts.count(text) > 1] == []


def test_strict_standards_leave_the_words_of_gnu_c_to_programs() -> None:
    text = "int asm = 1, typeof = 2; int f(void) { return asm + typeof; }\n"
    assert [lowered(text, std) is not None for std in ("c99", "c11", "gnu11")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("count", [60, pytest.param(800, marks=pytest.mark.slow)])
def test_mutated_programs_end_in_a_module_or_in_a_compile_error(count: int) -> None:
    r, sources = random.Random(count), damage.parts([p.text for p in PROGRAMS])
    found = set()
    for _ in range(count):
        text = damage.mutated(r, sources) + "\n"
        try:
            found.add(lowered(text) is None)
        except Exception as error:
            error.add_note(text)
            raise
    assert found == {True, False}


@pytest.mark.slow
def test_llvm_takes_what_is_accepted() -> None:
    for program in PROGRAMS:
        text = lowered(program.text)
        if text is not None:
            llvm.parse_assembly(text).verify()


@pytest.mark.slow
@pytest.mark.oracle("clang-19")
def test_the_column_is_what_clang_says(tmp_path: Path) -> None:
    wrong = []
    for program in PROGRAMS:
        (tmp_path / "p.c").write_text(program.text)
        command = ["clang-19", "-cc1", "-triple", "riscv64", f"-std={STANDARD}", "-w"]
        command += ["-fsyntax-only", str(tmp_path / "p.c")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), f"clang crashed:\n{done.stderr[-3000:]}"
        if (done.returncode == 0) is not program.accepted:
            wrong.append(program.text)
    assert wrong == []
