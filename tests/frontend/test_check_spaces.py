"""Address spaces and storage, version by version: a corpus, against its notes and against clang."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from kcc.frontend import pp, tast
from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile
from kcc.frontend.types import AddrSpace

CORPUS = Path(__file__).with_name("spaces_corpus.txt")
STANDARDS = ("CL1.2", "CL2.0", "CL3.0")


@dataclass(frozen=True)
class Snippet:
    accepted_in: frozenset[str]
    codes: frozenset[str]  # of the errors that the other versions have
    text: str


def corpus() -> list[Snippet]:
    found = []
    for line in CORPUS.read_text().splitlines():
        if not line.startswith("#"):
            accepted, codes, text = line.split(" | ", 2)
            found.append(Snippet(_set(accepted.split()), _set(codes.split("/")), text))
    assert len(found) > 100
    return found


def _set(words: list[str]) -> frozenset[str]:
    return frozenset(words) - {"-"}


def run(text: str, cl_std: str) -> tuple[tast.Program | None, set[str]]:
    """The program, or None and the codes of its errors."""
    diags = Diagnostics()
    try:
        tokens = pp.preprocess(SourceFile("t.cl", text), pp.PPOptions(std=cl_std), diags)
        unit = parse(tokens, diags)
        diags.raise_errors()
        program = check(unit, diags, CheckOptions(cl_std))
        diags.raise_errors()
        return program, set()
    except CompileError:
        return None, {d.code for d in diags.seen if d.severity == "error"}


@pytest.mark.parametrize("cl_std", STANDARDS)
def test_each_version_takes_what_the_corpus_says(cl_std: str) -> None:
    wrong = []
    for snippet in corpus():
        codes = run(snippet.text, cl_std)[1]
        fine = not codes if cl_std in snippet.accepted_in else codes and codes <= snippet.codes
        if not fine:
            wrong.append((snippet.text, codes))
    assert wrong == []


@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize("cl_std", STANDARDS)
def test_clang_takes_the_same(cl_std: str, tmp_path: Path) -> None:
    snippets = corpus()
    names = [f"s{i}.cl" for i in range(len(snippets))]
    for name, snippet in zip(names, snippets, strict=True):
        (tmp_path / name).write_text(snippet.text)
    command = f"clang-19 -cc1 -triple spir64 -cl-std={cl_std} -fsyntax-only -w -ferror-limit 0"
    command += " -finclude-default-header -fdeclare-opencl-builtins -fno-caret-diagnostics"
    done = subprocess.run(
        command.split() + names, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    rejected = {line.split(":")[0] for line in done.stderr.splitlines() if ": error: " in line}
    wrong = [
        snippet.text
        for name, snippet in zip(names, snippets, strict=True)
        if (name in rejected) == (cl_std in snippet.accepted_in)
    ]
    assert wrong == []


def test_a_variable_without_a_space_lies_in_global_memory_from_2_0_on() -> None:
    text = "int a; static int b; kernel void k(void) { static int c; extern int d; c = d; }"
    for cl_std in STANDARDS[1:]:
        program, _codes = run(text, cl_std)
        assert program is not None
        assert {v.name: v.quals.space for v in program.globals} == dict.fromkeys(
            ("a", "b", "k.c", "d"), AddrSpace.GLOBAL
        )


def test_an_extern_in_a_function_is_the_programs_own() -> None:
    program, _codes = run(
        "void f(void) { extern global int e; e = 1; } global int e = 3;"
        "void g(void) { extern global int e; e = 2; }",
        "CL2.0",
    )
    assert program is not None
    (var,) = program.globals
    assert isinstance(var.init, tast.Const)
    assert not var.is_extern


def test_addresses_of_one_object_have_a_distance_and_are_compared() -> None:
    program, _codes = run(
        "constant struct { int a; int b[4]; } s = {1, {2, 3, 4, 5}};"
        "constant long d = &s.b[3] - &s.a, e = &s.b[1] - (s.b + 3);"
        "constant int same = &s.b[0] == s.b, other = &s.a != &s.b[1], first = *s.b;",
        "CL1.2",
    )
    assert program is not None
    values = {v.name: v.init.value for v in program.globals if isinstance(v.init, tast.Const)}
    assert values == {"d": 4, "e": -2, "same": 1, "other": 1, "first": 2}
