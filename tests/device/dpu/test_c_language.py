"""C programs on a DPU end as they do natively, compiled by clang: the programs of c/."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kcc.device.dpu.device import Dpu
from scripted import LIMIT, built

FOLDER = Path(__file__).with_name("c")
# What main returns, as clang has it.
RESULTS = {
    "control": 6,
    "conversions": 116,
    "digest": 146,
    "lists": 36,
    "objects": 94,
    "sort": 154,
    "strings": 45,
    "structs": 162,
}


def result(name: str, level: str, folder: Path) -> int:
    dpu = Dpu()
    dpu.load(built(folder, FOLDER / f"{name}.c", "-DSTACK_SIZE_DEFAULT=4096", level, "-w"))
    outcome = dpu.launch(LIMIT)
    assert outcome.fault is None
    return outcome.status[0]


@pytest.mark.parametrize("name", ["objects"])
def test_a_program_ends_as_it_does_natively(name: str, tmp_path: Path) -> None:
    assert result(name, "-O1", tmp_path) == RESULTS[name]


@pytest.mark.slow
@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.parametrize("name", RESULTS)
def test_every_program_does(name: str, level: str, tmp_path: Path) -> None:
    assert result(name, level, tmp_path) == RESULTS[name]


@pytest.mark.slow
@pytest.mark.oracle("clang-19")
def test_the_results_are_clangs(tmp_path: Path) -> None:
    assert {path.stem for path in FOLDER.glob("*.c")} == set(RESULTS)
    found = {}
    for name in RESULTS:
        native, source = tmp_path / name, FOLDER / f"{name}.c"
        flags = ["-std=gnu17", "-fsigned-char", "-w", "-O1"]
        subprocess.run(["clang-19", *flags, str(source), "-o", str(native)], check=True)
        found[name] = subprocess.run([str(native)], check=False).returncode
    assert found == RESULTS
