"""What clang accepts and rejects, kcc accepts and rejects: the programs of acceptance/.

A file there holds one small program a line, after a column for each version of the language
(CL1.2, CL2.0, CL3.0): "+" where clang accepts it, "-" where it does not. A line starting with
"|" goes on with the program above; "body:" stands inside of BODY. `pytest -m slow --bless`
writes the columns anew; a new program may be added with "???". Where kcc differs,
differences.txt says why.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from kcc.frontend import pp, tast
from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile
from kcc.ir.lower import lower

FOLDER = Path(__file__).with_name("acceptance")
DIFFERENCES = FOLDER / "differences.txt"
STANDARDS = ("CL1.2", "CL2.0", "CL3.0")
BODY = (
    "kernel void k(global int *a, global float *b, int n, float x, uint u, local int *l, "
    "constant int *c) {{ {}\n}}"
)
CLANG = (
    "clang-19 -cc1 -triple spir64 -fsyntax-only -ferror-limit 0 -fno-caret-diagnostics "
    "-finclude-default-header -fdeclare-opencl-builtins"
).split()


@dataclass(frozen=True)
class Program:
    """key: the text on one line; verdicts: a "+" or "-" for each of STANDARDS."""

    file: str
    line: int
    key: str
    text: str
    verdicts: str


def programs() -> list[Program]:
    found: list[Program] = []
    for path in sorted(FOLDER.glob("*.txt")):
        if path == DIFFERENCES:
            continue
        blocks = re.finditer(r"^([-+?]{3}) (.*(?:\n    \|.*)*)$", path.read_text(), re.M)
        for block in blocks:
            written = block[2].replace("\n    |", "\n")
            head, colon, body = written.partition("body: ")
            text = BODY.format(body) if colon and not head else written
            line = path.read_text()[: block.start()].count("\n") + 1
            key = written.replace("\n", " | ")
            found.append(Program(path.name, line, key, text + "\n", block[1]))
    return found


PROGRAMS = programs()


def checked(program: Program, standard: str) -> tast.Program | None:
    """What the program means; None when it is wrong."""
    diags = Diagnostics()
    try:
        source = SourceFile("t.cl", program.text)
        tokens = pp.preprocess(source, pp.PPOptions(std=standard), diags)
        unit = parse(tokens, diags)
        diags.raise_errors()
        meant = check(unit, diags, CheckOptions(std=standard))
        diags.raise_errors()
    except CompileError:
        return None
    return meant


def accepted(program: Program, standard: str) -> bool:
    return checked(program, standard) is not None


def differences() -> dict[tuple[str, str], str]:
    """(standard, key) of the programs on which kcc and clang do not agree: the reason."""
    found: dict[tuple[str, str], str] = {}
    reason = ""
    for line in DIFFERENCES.read_text().splitlines():
        if line.startswith("## "):
            reason = line.removeprefix("## ")
        elif line and not line.startswith("#"):
            standards, _, key = line.partition("  ")
            assert reason, "a difference without a reason"
            found |= {(standard, key): reason for standard in standards.split(",")}
    return found


def judge(pairs: list[tuple[Program, str]]) -> list[str]:
    """Fail where kcc differs from clang and no reason is given.

    returns: lines of differences.txt that are true no more.
    """
    reasons = differences()
    unknown: dict[str, list[str]] = {}
    stale = []
    for program, standard in pairs:
        agrees = accepted(program, standard) == (program.verdicts[STANDARDS.index(standard)] == "+")
        reason = reasons.get((standard, program.key))
        if agrees and reason:
            stale.append(f"{standard}  {program.key}")
        if not agrees and not reason:
            unknown.setdefault(program.key, []).append(standard)
    lines = [f"{','.join(standards)}  {key}" for key, standards in unknown.items()]
    assert not lines, "kcc and clang differ; as in differences.txt:\n" + "\n".join(lines)
    return stale


def test_every_program_in_one_version() -> None:
    """In all versions where they matter; else in one, a different one for each program."""
    judge(
        [
            (program, standard)
            for number, program in enumerate(PROGRAMS)
            for at, standard in enumerate(STANDARDS)
            if len(set(program.verdicts)) > 1 or at == number % 3
        ]
    )


@pytest.mark.slow
def test_every_program_in_every_version() -> None:
    stale = judge([(program, standard) for program in PROGRAMS for standard in STANDARDS])
    assert not stale, "take these out of differences.txt:\n" + "\n".join(stale)


@pytest.mark.slow
def test_what_is_accepted_becomes_llvm_ir() -> None:
    """But for builtin functions still to come, and for an array that no stack holds."""
    refused = []
    for number, program in enumerate(PROGRAMS):
        meant = checked(program, STANDARDS[number % 3])
        if meant is None:
            continue
        try:
            lowered = lower(meant, diags=Diagnostics(max_errors=0))
        except CompileError as error:
            refused += [(program.key, d.message) for d in error.diagnostics]
            continue
        llvm.parse_assembly(str(lowered.module)).verify()
    why = re.compile("builtin function '.*' is not supported yet|more than 16 MiB")
    assert [(key, message) for key, message in refused if not why.search(message)] == []


def test_programs_are_many_and_each_stands_once() -> None:
    keys = [program.key for program in PROGRAMS]
    assert [key for key in keys if keys.count(key) > 1] == []
    assert {key for _, key in differences()} <= set(keys)
    assert len(keys) > 1000
    for at in range(3):
        assert sum(program.verdicts[at] == "+" for program in PROGRAMS) > 400
        assert sum(program.verdicts[at] == "-" for program in PROGRAMS) > 400


def rejected(names: list[str], standard: str, folder: Path) -> set[str]:
    """Those of the files that clang finds an error in."""
    bad: set[str] = set()
    while names:
        command = [*CLANG, f"-cl-std={standard}", *names]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), f"clang crashed:\n{done.stderr[-3000:]}"
        errors = re.findall(r"^(\w+\.cl):\d+:\d+: (fatal )?error", done.stderr, re.M)
        bad |= {name for name, _ in errors}
        # After a fatal error clang says nothing more, of no file.
        fatal = [name for name, word in errors if word]
        names = names[names.index(fatal[0]) + 1 :] if fatal else []
    return bad


@pytest.mark.slow
@pytest.mark.oracle("clang-19")
def test_columns_are_what_clang_says(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    names = [f"p{number}.cl" for number in range(len(PROGRAMS))]
    for name, program in zip(names, PROGRAMS, strict=True):
        (tmp_path / name).write_text(program.text)
    columns = []
    for standard in STANDARDS:
        bad = rejected(names, standard, tmp_path)
        columns.append(["-" if name in bad else "+" for name in names])
    said = ["".join(verdicts) for verdicts in zip(*columns, strict=True)]
    wrong = [(p, v) for p, v in zip(PROGRAMS, said, strict=True) if p.verdicts != v]
    if request.config.getoption("--bless"):
        for program, verdicts in wrong:
            path = FOLDER / program.file
            lines = path.read_text().split("\n")
            lines[program.line - 1] = verdicts + lines[program.line - 1][3:]
            path.write_text("\n".join(lines))
    else:
        assert wrong == []
