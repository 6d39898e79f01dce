"""Runs kernels `k<seed>(global ulong *out, global const ulong *in)`: QEMU, or our device."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import numpy as np

import kcc

ROOT = Path(__file__).resolve().parents[2]
GCC = (
    *("riscv64-unknown-elf-gcc", "-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany", "-O1"),
    *("-ffreestanding", "-nostdlib", "-static", "-Wl,--no-relax,--no-warn-rwx-segments"),
)
FLAGS = ("-ffp-contract=off", "-w")
Results = list[tuple[int, ...]]  # what each kernel leaves in its buffer


class Items(Protocol):
    """A generator, dpu_programs.py too.

    ITEMS: work-items of a launch, RESULTS: ulongs that each of them writes.
    """

    ITEMS: int
    RESULTS: int


class Kernels(Items, Protocol):
    """A generator of kernels: programs.py, smallkernels.py or barrier_programs.py.

    GROUP: work-items of a group; INPUTS: ulongs read.
    """

    GROUP: int
    INPUTS: int

    def cl_program(self, seeds: list[int]) -> str: ...


def inputs(kernels: Kernels) -> list[int]:
    """What `in` of every kernel holds: 64-bit numbers of every size."""
    return [
        ((i + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> (i * 3) for i in range(kernels.INPUTS)
    ]


def grouped(kernels: Items, printed: str) -> Results:
    """The results of a host program: a hexadecimal number a line."""
    numbers = [int(line, 16) for line in printed.split()]
    size = kernels.ITEMS * kernels.RESULTS
    return [tuple(numbers[at : at + size]) for at in range(0, len(numbers), size)]


def under_qemu(kernels: Kernels, seeds: range, level: str, folder: Path) -> Results:
    source, made, binary = folder / "k.cl", folder / "k.o", folder / "guest"
    source.write_text(kernels.cl_program(list(seeds)))
    # QEMU 7.2 aborts on vfcvt.rtz.*, so vector code is judged on the device alone.
    command = [sys.executable, "-m", "kcc", "-c", level, "-march=rv64gc", *FLAGS]
    command += [str(source), "-o", str(made)]
    subprocess.run(command, check=True, cwd=ROOT)
    sizes = {name: getattr(kernels, name) for name in ("ITEMS", "GROUP", "INPUTS", "RESULTS")}
    words = sizes | {"KERNELS": " ".join(f"X(k{seed})" for seed in seeds)}
    defines = [f"-D{name}={value}" for name, value in words.items()]
    guest = Path(__file__).with_name("guest.c")
    subprocess.run([*GCC, *defines, guest, made, "-o", binary], check=True)
    out = subprocess.run(["qemu-riscv64", binary], check=True, capture_output=True).stdout
    return list(struct.iter_unpack(f"<{kernels.ITEMS * kernels.RESULTS}Q", out))


def on_the_device(kernels: Kernels, seeds: range, *flags: str) -> Results:
    program = kcc.compile(kernels.cl_program(list(seeds)), (*flags, *FLAGS))
    given = np.array(inputs(kernels), np.uint64)
    found = []
    with kcc.Device("m1") as device:
        loaded = device.load(program)
        for seed in seeds:
            out = np.zeros(kernels.ITEMS * kernels.RESULTS, np.uint64)
            kernel = loaded[f"k{seed}"]
            kernel(out, given, global_size=kernels.ITEMS, local_size=kernels.GROUP)
            found.append(tuple(int(v) for v in out))
    return found


def judge(seeds: range, got: Results, want: Results) -> None:
    wrong = [seed for seed, a, b in zip(seeds, got, want, strict=True) if a != b]
    assert not wrong, f"generate(n) differs for n in {wrong}"
