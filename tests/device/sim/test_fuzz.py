"""Hostile code and ELFs in processes of their own: none crashes, hangs or harms the host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
EXAMPLES = ROOT / "kernels" / "examples"
PATIENCE = 900  # seconds for a whole child: a hang ends here, nothing else depends on it


def feed(*words: object) -> None:
    """Run the feeder; a failure names the case that it was about."""
    done = subprocess.run(
        [sys.executable, HERE / "hostile.py", *map(str, words)],
        cwd=ROOT, capture_output=True, encoding="utf-8", errors="replace",
        timeout=PATIENCE, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    seeds = re.findall(r"^case (\d+)$", done.stdout, re.M)
    assert done.returncode == 0, f"case {seeds[-1:]}: status {done.returncode}\n{done.stderr}"
    assert len(seeds) == int(str(words[2]))


def test_some_hostile_code() -> None:
    feed("code", 1_000_000, 30)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_hostile_code(part: int) -> None:
    feed("code", part * 1000, 1000)  # in five states each, which makes 20 000 cases with the rest


@pytest.fixture(scope="module")
def elves(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("elf")
    made = []
    for name in ("vector_add", "histogram", "hello"):
        made.append(folder / f"{name}.elf")
        words = ["-m", "kcc", EXAMPLES / f"{name}.cl", "-g", "-o", made[-1]]
        subprocess.run([sys.executable, *words], cwd=ROOT, check=True)
    return made


def test_some_mutated_elves(elves: list[Path]) -> None:
    feed("elf", 1_000_000, 50, *elves)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_mutated_elves(elves: list[Path], part: int) -> None:
    feed("elf", part * 3000, 3000, *elves)
