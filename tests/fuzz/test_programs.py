"""Random programs give what clang's code for the host gives, bit for bit.

Many run under QEMU, which starts quickly; some on our device, the whole way.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import programs
from running import Results, grouped, judge, on_the_device, under_qemu

# Undefined behaviour traps, so a program that has some is the generator's fault and seen as such.
# The count of a shift is masked; what a signed left shift gives is clear to everyone.
CLANG = (
    *("clang-19", "-x", "c", "-std=gnu11", "-w", "-O1", "-fno-strict-aliasing"),
    *("-ffp-contract=off", "-fsanitize=undefined", "-fsanitize-trap=all"),
    "-fno-sanitize=shift-base,alignment",
)
TOOLS = pytest.mark.oracle("clang-19", "qemu-riscv64", "riscv64-unknown-elf-gcc")
LEVELS = ("-O0", "-O1", "-O2", "-O3")
BATCHES = [(at, at + 25, LEVELS[at // 25 % 4]) for at in range(1000, 1200, 25)]


def on_the_host(seeds: range, folder: Path) -> Results:
    """What each program leaves in its buffer."""
    source, binary = folder / "host.c", folder / "host"
    source.write_text(programs.c_program(list(seeds)))
    subprocess.run([*CLANG, source, "-o", binary], check=True)
    ran = subprocess.run([binary], check=True, capture_output=True, text=True)
    return grouped(programs, ran.stdout)


@TOOLS
@pytest.mark.parametrize("level", [pytest.param("-O0", marks=pytest.mark.slow), "-O3"])
def test_programs_under_qemu(tmp_path: Path, level: str) -> None:
    seeds = range(4) if level == "-O3" else range(16, 24)
    judge(seeds, under_qemu(programs, seeds, level, tmp_path), on_the_host(seeds, tmp_path))


@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize(
    ("seeds", "flags"),
    [
        pytest.param(range(33, 34), ("-O3", "-march=rv64gc"), marks=pytest.mark.slow),
        pytest.param(range(90, 91), ("-O0",), marks=pytest.mark.slow),
        # It loads again what it has stored.
        pytest.param(range(4, 5), ("-O3",), marks=pytest.mark.slow),
        pytest.param(range(32, 36), ("-O3",), marks=pytest.mark.slow),
    ],
)
def test_programs_on_the_device(tmp_path: Path, seeds: range, flags: tuple[str, ...]) -> None:
    judge(seeds, on_the_device(programs, seeds, *flags), on_the_host(seeds, tmp_path))


@TOOLS
@pytest.mark.slow
@pytest.mark.parametrize(("first", "last", "level"), BATCHES)
def test_many_programs_under_qemu(tmp_path: Path, first: int, last: int, level: str) -> None:
    seeds = range(first, last)
    judge(seeds, under_qemu(programs, seeds, level, tmp_path), on_the_host(seeds, tmp_path))


@pytest.mark.oracle("clang-19")
@pytest.mark.slow
@pytest.mark.parametrize("arch", ["rv64gc", "rv64gcv"])
@pytest.mark.parametrize("first", range(100, 120, 10))
def test_many_programs_on_the_device(tmp_path: Path, first: int, arch: str) -> None:
    seeds = range(first, first + 10)
    got = on_the_device(programs, seeds, "-O3", f"-march={arch}")
    judge(seeds, got, on_the_host(seeds, tmp_path))


def test_a_seed_is_one_text() -> None:
    assert programs.generate(5) == programs.generate(5)
    assert programs.generate(5) != programs.generate(6)
