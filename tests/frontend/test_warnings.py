"""Which lines of small programs are warned about, and under which flags: as clang has it.

Each line of warnings/*.cl ends in what is said of it: `// name` by default, `// name@all` from
-Wall -Wextra on, `// name@everything` with -Weverything only. `pytest -m slow --bless` writes
them anew as clang says.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from kcc.frontend import pp, warn
from kcc.frontend.check import check
from kcc.frontend.diag import Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile
from kcc.frontend.warning_table import WARNINGS

FILES = sorted((Path(__file__).parent / "warnings").glob("*.cl"))
LEVELS = {"": (), "@all": ("all", "extra"), "@everything": ("everything",)}
# What one of the two has for its own reasons.
OWN = {
    "shift-count-negative",  # a count is taken modulo the width (OpenCL C 3.0, 6.4.10)
    "shift-count-overflow",
    "pedantic",  # what C23 or GNU C adds is the language here
}

Said = dict[int, dict[str, str]]  # line -> name -> the first level that has it


def sorted_out(found: dict[str, set[tuple[int, str]]]) -> Said:
    said: Said = {}
    for level, names in found.items():
        for line, name in sorted(names):
            if name in WARNINGS and name not in OWN:
                said.setdefault(line, {}).setdefault(name, level)
    for names_of_line in said.values():
        # That a comparison has one outcome rules out no path for kcc.
        if any(name.startswith("tautological") for name in names_of_line):
            names_of_line.pop("unreachable-code", None)
    return {line: names for line, names in said.items() if names}


def by_kcc(text: str) -> Said:
    found = {}
    for level, settings in LEVELS.items():
        diags = Diagnostics(settings=settings, max_errors=0)
        tokens = pp.preprocess(SourceFile("t.cl", text), pp.PPOptions(), diags)
        unit = parse(tokens, diags)
        check(unit, diags)
        diags.raise_errors()
        found[level] = {
            (d.span.outermost().file.position(d.span.outermost().start)[0], d.code)
            for d in diags.seen
            if d.span is not None
        }
    return sorted_out(found)


def by_clang(path: Path) -> Said:
    command = ["clang-19", "-x", "cl", "-cl-std=CL1.2", "--target=spir64", "-fsyntax-only"]
    command += ["-Xclang", "-finclude-default-header", str(path)]
    found = {}
    for level, settings in LEVELS.items():
        flags = [f"-W{name}" for name in settings]
        run = subprocess.run([*command, *flags], capture_output=True, text=True, check=True)
        pattern = rf"^{re.escape(str(path))}:(\d+):\d+: warning: .* \[-W(\S+)\]$"
        found[level] = {
            (int(line), name) for line, name in re.findall(pattern, run.stderr, re.MULTILINE)
        }
    return sorted_out(found)


def recorded(text: str) -> Said:
    said: Said = {}
    for number, line in enumerate(text.split("\n"), 1):
        for word in line.partition("  // ")[2].split():
            name, at, level = word.partition("@")
            said.setdefault(number, {})[name] = at + level
    return said


def recording(text: str, said: Said) -> str:
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        words = " ".join(name + level for name, level in sorted(said.get(number, {}).items()))
        lines.append(line.partition("  // ")[0] + (f"  // {words}" if words else ""))
    return "\n".join(lines)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_kcc_warns_as_recorded(path: Path) -> None:
    text = path.read_text()
    assert by_kcc(text) == recorded(text)


@pytest.mark.slow
@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_clang_warns_as_recorded(path: Path, request: pytest.FixtureRequest) -> None:
    text = path.read_text()
    said = by_clang(path)
    if request.config.getoption("--bless"):
        path.write_text(recording(text, said))
    else:
        assert said == recorded(text)


def test_every_warning_of_a_walk_has_a_line_on_record() -> None:
    names = {
        name for path in FILES for said in recorded(path.read_text()).values() for name in said
    }
    walks = Path(warn.__file__).parent.glob("warn*.py")
    given = {
        name
        for path in walks
        if path.name != "warning_table.py"
        for name in re.findall(r'"([a-z0-9-]+)"', path.read_text())
        if not WARNINGS.get(name, "group").startswith("group")
    }
    assert given - names - OWN == set()
