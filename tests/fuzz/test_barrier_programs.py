"""Random kernels with barriers everywhere do what lock step says, at every size of a group."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import barrier_programs
import kcc
from running import inputs, under_qemu

GROUPS = 3
SIZES = ((1,), (2,), (7,), (8,), (16,), (5, 3), (2, 3, 2), (64,))


def wrong_on_the_device(seeds: range, *flags: str, threads: int = 1) -> list[str]:
    made = [barrier_programs.generate(seed) for seed in seeds]
    program = kcc.compile("".join(p.text for p in made), ("-w", *flags))
    given = np.array(inputs(barrier_programs.Launch(1, 1)), np.uint64)
    wrong = []
    with kcc.Device("m1", threads=threads) as device:
        kernels = device.load(program)
        for p in made:
            size = SIZES[p.seed % len(SIZES)]
            items = math.prod(size)
            out = np.zeros(items * GROUPS, np.uint64)
            whole = (size[0] * GROUPS, *size[1:])
            kernels[f"k{p.seed}"](out, given, global_size=whole, local_size=size)
            if not np.array_equal(out, p.run(items, GROUPS)):
                wrong.append(f"generate({p.seed}) at {size}")
    return wrong


def wrong_under_qemu(seeds: range, size: int, level: str, folder: Path) -> list[str]:
    found = under_qemu(barrier_programs.Launch(size, size * GROUPS), seeds, level, folder)
    return [
        f"generate({seed}) at {size}"
        for seed, out in zip(seeds, found, strict=True)
        if list(out) != barrier_programs.generate(seed).run(size, GROUPS).tolist()
    ]


@pytest.mark.parametrize(
    ("seeds", "flags"),
    [(range(1), ("-O3",)), pytest.param(range(6, 7), ("-O0",), marks=pytest.mark.slow)],
)
def test_some_on_the_device(seeds: range, flags: tuple[str, ...]) -> None:
    assert wrong_on_the_device(seeds, *flags) == []


def wrong_in_sub_groups(seeds: range, size: int, *flags: str) -> list[str]:
    """The same programs where each sub-group is on its own."""
    made = [barrier_programs.generate_for_sub_groups(seed) for seed in seeds]
    options = ("-w", "-cl-std=CL2.0", f"-fsub-group-size={size}", *flags)
    program = kcc.compile("".join(p.text for p in made), options)
    given = np.array(inputs(barrier_programs.Launch(1, 1)), np.uint64)
    wrong = []
    with kcc.Device("m1") as device:
        kernels = device.load(program)
        for p in made:
            group = SIZES[p.seed % len(SIZES)]
            items = math.prod(group)
            out = np.zeros(items * GROUPS, np.uint64)
            whole = (group[0] * GROUPS, *group[1:])
            kernels[f"k{p.seed}"](out, given, global_size=whole, local_size=group)
            if not np.array_equal(out, p.run_sub_groups(size, items, GROUPS)):
                wrong.append(f"generate_for_sub_groups({p.seed}) at {group}")
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seeds", "size", "level"),
    [
        (range(1100, 1106), 4, "-O1"),
        (range(1106, 1108), 8, "-O3"),
        (range(1108, 1110), 2, "-O0"),
    ],
)
def test_barrier_programs_in_sub_groups(seeds: range, size: int, level: str) -> None:
    assert wrong_in_sub_groups(seeds, size, level) == []


@pytest.mark.oracle("qemu-riscv64", "riscv64-unknown-elf-gcc")
def test_some_under_qemu(tmp_path: Path) -> None:
    assert wrong_under_qemu(range(10, 15), 7, "-O3", tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 200, 20))
def test_many_barrier_programs_on_the_device(first: int) -> None:
    level = ("-O3", "-O0", "-O2")[first // 20 % 3]
    arch, threads = ("rv64gcv", "rv64gc")[first // 40 % 2], 1 + first // 20 % 2
    flags = (level, f"-march={arch}")
    assert wrong_on_the_device(range(first, first + 8), *flags, threads=threads) == []


@pytest.mark.oracle("qemu-riscv64", "riscv64-unknown-elf-gcc")
@pytest.mark.slow
@pytest.mark.parametrize("first", range(200, 1200, 50))
def test_many_barrier_programs_under_qemu(first: int, tmp_path: Path) -> None:
    level = ("-O3", "-O0", "-O3", "-O2", "-O1")[first // 50 % 5]
    size = (1, 2, 3, 7, 8, 16, 31, 64, 256)[first // 50 % 9]
    assert wrong_under_qemu(range(first, first + 50), size, level, tmp_path) == []
