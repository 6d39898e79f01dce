"""Random C programs give on a DPU what clang's code for the host gives, bit for bit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

import dpu_programs
from kcc.device.dpu.device import Dpu
from running import FLAGS, Results, grouped, judge
from scripted import built
from test_programs import CLANG

# Of a tasklet, by how many run; unoptimised functions need more than 24 of them can have.
STACKS = {1: 24576, 4: 8192, 11: 3072, 24: 1536}


def on_the_host(folder: Path) -> Results:
    flags = [flag for flag in CLANG if flag not in ("-x", "c")]
    files = folder / "main.c", folder / "more.c", "-o", folder / "host"
    subprocess.run([*flags, *files], check=True)
    ran = subprocess.run([folder / "host"], check=True, capture_output=True, text=True)
    return grouped(dpu_programs, ran.stdout)


def on_a_dpu(folder: Path, count: int, level: str, tasklets: int) -> Results:
    flags = (level, *FLAGS, f"-DNR_TASKLETS={tasklets}")
    flags += (f"-DSTACK_SIZE_DEFAULT={STACKS[tasklets]}",)
    dpu = Dpu()
    dpu.load(built(folder, folder / "main.c", folder / "more.c", *flags))
    outcome = dpu.launch(limit=100_000_000)
    assert outcome.fault is None
    results = dpu.image.elf.symbol("results")
    assert results is not None
    size = dpu_programs.ITEMS * dpu_programs.RESULTS
    words = np.frombuffer(dpu.read(results.value, 8 * count * size), np.uint64)
    return [tuple(int(word) for word in row) for row in words.reshape(count, size)]


@pytest.mark.oracle("clang-19")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("seeds", "level", "tasklets"),
    [
        (range(128, 129), "-O0", 4),
        (range(114, 115), "-O1", 11),
        (range(118, 119), "-O2", 24),
        (range(119, 120), "-O3", 4),
    ],
)
def test_programs_on_a_dpu(tmp_path: Path, seeds: range, level: str, tasklets: int) -> None:
    for name, text in dpu_programs.sources(list(seeds)).items():
        (tmp_path / name).write_text(text)
    judge(seeds, on_a_dpu(tmp_path, len(seeds), level, tasklets), on_the_host(tmp_path))


def test_seeds_are_one_text() -> None:
    assert dpu_programs.sources([5]) == dpu_programs.sources([5])
    assert dpu_programs.sources([5]) != dpu_programs.sources([6])
