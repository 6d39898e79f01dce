"""Random programs give what clang's code for the host gives, bit for bit."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import kcc

CLANG = ("clang-19", "-x", "c", "-std=gnu11", "-w", "-O1", "-fwrapv", "-fno-strict-aliasing")
QUICK = [(0, 16, "-O3"), (16, 24, "-O0")]
SLOW = [
    (at, at + 20, level) for at, level in zip(range(100, 500, 20), ["-O3", "-O0"] * 10, strict=True)
]


def on_the_host(text: str, folder: Path) -> list[int]:
    source, binary = folder / "host.c", folder / "host"
    source.write_text(text)
    subprocess.run([*CLANG, "-ffp-contract=off", source, "-o", binary], check=True)
    ran = subprocess.run([binary], check=True, capture_output=True, text=True)
    return [int(line, 16) for line in ran.stdout.split()]


def compare(
    programs: ModuleType, device: kcc.Device, seeds: list[int], level: str, folder: Path
) -> None:
    want = on_the_host(programs.c_program(seeds), folder)
    compiled = kcc.compile(programs.cl_program(seeds), (level, "-ffp-contract=off", "-w"))
    kernels = device.load(compiled)
    inputs = np.array(programs.inputs(), np.uint64)
    got = []
    for seed in seeds:
        out = np.zeros(programs.ITEMS * programs.RESULTS, np.uint64)
        kernels[f"k{seed}"](out, inputs, global_size=programs.ITEMS, local_size=programs.GROUP)
        got.append([int(v) for v in out])
    size = programs.ITEMS * programs.RESULTS
    wrong = [s for n, s in enumerate(seeds) if got[n] != want[n * size : (n + 1) * size]]
    assert not wrong, f"generate({wrong[0]}) at {level} differs; so do {wrong[1:]}"


@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize(("first", "last", "level"), QUICK)
def test_programs(
    programs: ModuleType,
    device: kcc.Device,
    tmp_path: Path,
    first: int,
    last: int,
    level: str,
) -> None:
    compare(programs, device, list(range(first, last)), level, tmp_path)


@pytest.mark.slow
@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize(("first", "last", "level"), SLOW)
def test_many_programs(
    programs: ModuleType,
    device: kcc.Device,
    tmp_path: Path,
    first: int,
    last: int,
    level: str,
) -> None:
    compare(programs, device, list(range(first, last)), level, tmp_path)


def test_a_seed_is_one_text(programs: ModuleType) -> None:
    assert programs.generate(5) == programs.generate(5)
    assert programs.generate(5) != programs.generate(6)
