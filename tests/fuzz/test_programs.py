"""Random programs give what clang's code for the host gives, bit for bit.

Many run under QEMU, which starts quickly; some on our device, the whole way.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kcc
import programs

ROOT = Path(__file__).resolve().parents[2]
# Undefined behaviour traps, so a program that has some is the generator's fault and seen as such.
# The count of a shift is masked; what a signed left shift gives is clear to everyone.
CLANG = (
    *("clang-19", "-x", "c", "-std=gnu11", "-w", "-O1", "-fno-strict-aliasing"),
    *("-ffp-contract=off", "-fsanitize=undefined", "-fsanitize-trap=all"),
    "-fno-sanitize=shift-base,alignment",
)
GCC = (
    *("riscv64-unknown-elf-gcc", "-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany", "-O1"),
    *("-ffreestanding", "-nostdlib", "-static", "-Wl,--no-relax,--no-warn-rwx-segments"),
)
TOOLS = pytest.mark.oracle("clang-19", "qemu-riscv64", "riscv64-unknown-elf-gcc")
FLAGS = ("-ffp-contract=off", "-w")
LEVELS = ("-O0", "-O1", "-O2", "-O3")
BATCHES = [(at, at + 25, LEVELS[at // 25 % 4]) for at in range(1000, 1200, 25)]


def on_the_host(seeds: range, folder: Path) -> list[tuple[int, ...]]:
    """What each program leaves in its buffer."""
    source, binary = folder / "host.c", folder / "host"
    source.write_text(programs.c_program(list(seeds)))
    subprocess.run([*CLANG, source, "-o", binary], check=True)
    ran = subprocess.run([binary], check=True, capture_output=True, text=True)
    numbers = [int(line, 16) for line in ran.stdout.split()]
    size = programs.ITEMS * programs.RESULTS
    return [tuple(numbers[at : at + size]) for at in range(0, len(numbers), size)]


def under_qemu(seeds: range, level: str, folder: Path) -> list[tuple[int, ...]]:
    source, made, binary = folder / "k.cl", folder / "k.o", folder / "guest"
    source.write_text(programs.cl_program(list(seeds)))
    # QEMU 7.2 aborts on vfcvt.rtz.*, so vector code is judged on the device alone.
    command = [sys.executable, "-m", "kcc", "-c", level, "-march=rv64gc", *FLAGS]
    command += [str(source), "-o", str(made)]
    subprocess.run(command, check=True, cwd=ROOT)
    sizes = {name: getattr(programs, name) for name in ("ITEMS", "GROUP", "INPUTS", "RESULTS")}
    words = sizes | {"KERNELS": " ".join(f"X(k{seed})" for seed in seeds)}
    defines = [f"-D{name}={value}" for name, value in words.items()]
    guest = Path(__file__).with_name("guest.c")
    subprocess.run([*GCC, *defines, guest, made, "-o", binary], check=True)
    out = subprocess.run(["qemu-riscv64", binary], check=True, capture_output=True).stdout
    return list(struct.iter_unpack(f"<{programs.ITEMS * programs.RESULTS}Q", out))


def on_the_device(seeds: range, *flags: str) -> list[tuple[int, ...]]:
    program = kcc.compile(programs.cl_program(list(seeds)), (*flags, *FLAGS))
    inputs = np.array(programs.inputs(), np.uint64)
    found = []
    with kcc.Device("m1") as device:
        kernels = device.load(program)
        for seed in seeds:
            out = np.zeros(programs.ITEMS * programs.RESULTS, np.uint64)
            kernel = kernels[f"k{seed}"]
            kernel(out, inputs, global_size=programs.ITEMS, local_size=programs.GROUP)
            found.append(tuple(int(v) for v in out))
    return found


def judge(seeds: range, got: list[tuple[int, ...]], want: list[tuple[int, ...]]) -> None:
    wrong = [seed for seed, a, b in zip(seeds, got, want, strict=True) if a != b]
    assert not wrong, f"programs.generate(n) differs for n in {wrong}"


@TOOLS
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_programs_under_qemu(tmp_path: Path, level: str) -> None:
    seeds = range(8) if level == "-O3" else range(16, 24)
    judge(seeds, under_qemu(seeds, level, tmp_path), on_the_host(seeds, tmp_path))


@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize(
    ("seeds", "flags"),
    [
        (range(33, 36), ("-O3", "-march=rv64gc")),
        (range(90, 91), ("-O0",)),
        (range(4, 5), ("-O3",)),  # it loads again what it has stored
        (range(32, 33), ("-O3",)),
    ],
)
def test_programs_on_the_device(tmp_path: Path, seeds: range, flags: tuple[str, ...]) -> None:
    judge(seeds, on_the_device(seeds, *flags), on_the_host(seeds, tmp_path))


@TOOLS
@pytest.mark.slow
@pytest.mark.parametrize(("first", "last", "level"), BATCHES)
def test_many_programs_under_qemu(tmp_path: Path, first: int, last: int, level: str) -> None:
    seeds = range(first, last)
    judge(seeds, under_qemu(seeds, level, tmp_path), on_the_host(seeds, tmp_path))


@pytest.mark.oracle("clang-19")
@pytest.mark.slow
@pytest.mark.parametrize("arch", ["rv64gc", "rv64gcv"])
@pytest.mark.parametrize("first", range(100, 140, 10))
def test_many_programs_on_the_device(tmp_path: Path, first: int, arch: str) -> None:
    seeds = range(first, first + 10)
    got = on_the_device(seeds, "-O3", f"-march={arch}")
    judge(seeds, got, on_the_host(seeds, tmp_path))


def test_a_seed_is_one_text() -> None:
    assert programs.generate(5) == programs.generate(5)
    assert programs.generate(5) != programs.generate(6)
