"""Which programs are right and which are wrong: the corpus, against its notes and against clang."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from kcc.frontend import pp
from kcc.frontend.check import check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile

CORPUS = Path(__file__).with_name("check_corpus.txt")
KERNEL = (
    "kernel void k(global int *a, global float *b, int n, float x, uint u, local int *l, "
    "constant int *c) {{ {} }}"
)


@dataclass(frozen=True)
class Snippet:
    line: int
    text: str
    code: str  # of the one error it has; "" for none
    clang_agrees: bool


def corpus() -> list[Snippet]:
    found = []
    for number, line in enumerate(CORPUS.read_text().splitlines(), 1):
        match = re.fullmatch(r"(~?)([+-]) (body: )?(.*?)(?: // ([\w-]+))?", line)
        if match is None:
            assert line.startswith("#"), line
            continue
        text = KERNEL.format(match[4]) if match[3] else match[4]
        assert (match[2] == "-") == bool(match[5]), f"line {number} has a code and is accepted"
        found.append(Snippet(number, text, match[5] or "", not match[1]))
    return found


SNIPPETS = corpus()


def errors(text: str) -> list[str]:
    diags = Diagnostics()
    tokens = pp.preprocess(SourceFile("t.cl", text), pp.PPOptions(), diags)
    try:
        unit = parse(tokens, diags)
        diags.raise_errors()
        check(unit, diags)
    except CompileError:
        pass
    return [d.code for d in diags.seen if d.severity == "error"]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda s: f"line{s.line}")
def test_snippet_has_the_error_it_notes_and_no_other(snippet: Snippet) -> None:
    assert errors(snippet.text) == ([snippet.code] if snippet.code else []), snippet.text


def test_corpus_is_large_on_both_sides() -> None:
    assert sum(not s.code for s in SNIPPETS) > 150
    assert sum(bool(s.code) for s in SNIPPETS) > 150


@pytest.mark.oracle("clang-19")
def test_clang_agrees(tmp_path: Path) -> None:
    """One run of clang over all snippets: each with names and a line number of its own."""
    lines = []
    for number, snippet in enumerate(SNIPPETS, 1):
        for name in "a k f g t s x y z n p S U E T A B C".split():
            lines += [f"#undef {name}", f"#define {name} {name}_{number}"]
        lines += [f"#line {number}", snippet.text]
    source = tmp_path / "all.cl"
    source.write_text("\n".join(lines) + "\n")
    command = ["clang-19", "-x", "cl", "-cl-std=CL1.2", "--target=spir64", "-fsyntax-only"]
    command += ["-Xclang", "-cl-ext=-cl_khr_fp16", "-ferror-limit=0", "-fno-caret-diagnostics"]
    done = subprocess.run([*command, source], capture_output=True, text=True, check=False)
    rejected = {int(n) for n in re.findall(r"all\.cl:(\d+):\d+: (?:fatal )?error", done.stderr)}
    for number, snippet in enumerate(SNIPPETS, 1):
        wrong = bool(snippet.code) == snippet.clang_agrees
        said = [line for line in done.stderr.splitlines() if f"all.cl:{number}:" in line]
        assert (number in rejected) == wrong, (snippet, said)
