"""Programs with every kind of mistake: what is said of each names problem, place and remedy.

One run over one file reports all of its independent mistakes, and nothing that only follows
from another. `pytest --bless` rewrites tests/golden/test_wrong_programs.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from kcc.build import compile_inputs
from kcc.frontend.check import check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.diag_formats import report
from kcc.frontend.parse import parse
from kcc.frontend.pp import PPOptions, preprocess
from kcc.frontend.source import SourceFile
from kcc.options import parse_options

FOLDER = Path(__file__).parent / "wrong"


def said(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(FOLDER)
    options = parse_options(["-fsyntax-only", "-Wall", path.name])
    with pytest.raises(CompileError) as caught:
        compile_inputs(options, [(path.name, path.read_bytes())])
    return report(caught.value.diagnostics, "text", False, "")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.cl")), ids=lambda path: path.stem)
def test_messages(path, golden, monkeypatch):
    golden(f"{path.stem}.txt", said(path, monkeypatch))


def test_damaged_programs_end_in_diagnostics():
    """What parses of a program with syntax errors is checked, whatever is left of it."""
    rng = random.Random(4)
    for path in sorted(FOLDER.glob("*.cl")):
        words = re.findall(r"\w+|\s+|[^\w\s]", path.read_text())
        for _ in range(8):
            damaged = list(words)
            for _ in range(2):
                at, other = rng.randrange(len(damaged)), rng.randrange(len(damaged))
                damaged[at] = rng.choice(("", damaged[other], "{", "}", "("))
            diags = Diagnostics(settings=("everything",), max_errors=0)
            try:
                tokens = preprocess(SourceFile(path.name, "".join(damaged)), PPOptions(), diags)
                check(parse(tokens, diags), diags)
            except CompileError:
                pass  # an include that is not found, or nesting past any use
            assert diags.seen
            assert report(diags.seen, "text", False, "").endswith(" generated.\n")
