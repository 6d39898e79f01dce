"""Programs with every kind of mistake: what is said of each names problem, place and remedy.

One run over one file reports all of its independent mistakes, and nothing that only follows
from another. `pytest --bless` rewrites tests/golden/test_wrong_programs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kcc.build import compile_inputs
from kcc.frontend.diag import CompileError
from kcc.frontend.diag_formats import report
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
