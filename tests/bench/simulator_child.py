"""What simulator.py measures in processes of their own; prints figures separated by blanks.

simulator_child.py launch|memory ELF
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np

import kcc

N = 1 << 20


def launch(elf: Path) -> list[float]:
    """Milliseconds: to open a device and load the program, of the first launch, of a warm one."""
    program = kcc.load(elf)
    start = time.perf_counter()
    with kcc.Device("m1") as device:
        kernel = device.load(program)["vector_add"]
        opened = time.perf_counter() - start
        ones = np.ones(N, np.float32)
        buffers = [device.buffer(ones) for _ in range(3)]
        times = []
        for _ in range(8):
            start = time.perf_counter()
            kernel(*buffers, global_size=(N,), local_size=(64,))
            times.append(time.perf_counter() - start)
        assert (buffers[2].numpy() == 2).all()
    return [1e3 * t for t in (opened, times[0], statistics.median(times[1:]))]


def memory(elf: Path) -> list[float]:
    """Resident megabytes: before a device, with an idle one, with a full buffer, without it."""
    figures = [resident()]
    with kcc.Device("m1") as device:
        device.load(kcc.load(elf))  # the translator comes with it
        figures.append(resident())
        buffer = device.buffer(np.ones(16 << 20, np.float32))
        figures.append(resident())
        buffer.free()
        figures.append(resident())
    return figures


def resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    task = {"launch": launch, "memory": memory}[sys.argv[1]]
    print(*(f"{figure:.3f}" for figure in task(Path(sys.argv[2]))))
