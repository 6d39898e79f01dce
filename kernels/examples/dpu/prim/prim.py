"""prim: build the programs of this folder, run them on sets of DPUs, compare with NumPy.

python kernels/examples/dpu/prim/prim.py vector_add bfs --dpus 8 --tasklets 16
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from prim_hosts import HOSTS, Answer, Array

try:
    import kcc
except ModuleNotFoundError:  # in a checkout, without an installation
    sys.path.append(str(Path(__file__).resolve().parents[4]))
    import kcc
from kcc.device.dpu import (
    DPU_FOREACH,
    DPU_MRAM_HEAP_POINTER_NAME,
    DPU_XFER_FROM_DPU,
    DPU_XFER_TO_DPU,
    DpuSet,
    dpu_alloc,
    dpu_broadcast_to,
    dpu_free,
    dpu_launch,
    dpu_load_from_memory,
    dpu_prepare_xfer,
    dpu_push_xfer,
)

FOLDER = Path(__file__).resolve().parent


class Set:
    """What hosts need of DPUs, by the calls of dpu.h."""

    def __init__(self, dpus: DpuSet, count: int, tasklets: int) -> None:
        self.dpus, self.count, self.tasklets = dpus, count, tasklets

    def arguments(self, rows: Array) -> None:
        self._transfer(DPU_XFER_TO_DPU, "DPU_INPUT_ARGUMENTS", 0, rows[:, None])

    def push(self, offset: int, rows: Array) -> None:
        if rows.ndim == 1:
            dpu_broadcast_to(self.dpus, DPU_MRAM_HEAP_POINTER_NAME, offset, rows)
        else:
            self._transfer(DPU_XFER_TO_DPU, DPU_MRAM_HEAP_POINTER_NAME, offset, rows)

    def launch(self) -> None:
        dpu_launch(self.dpus)

    def pull(self, offset: int, dtype: Any, count: int) -> Array:
        rows = np.empty((self.count, count), dtype)
        self._transfer(DPU_XFER_FROM_DPU, DPU_MRAM_HEAP_POINTER_NAME, offset, rows)
        return rows

    def results(self, dtype: Any) -> Array:
        rows = np.empty((self.count, self.tasklets), dtype)
        self._transfer(DPU_XFER_FROM_DPU, "DPU_RESULTS", 0, rows)
        return rows

    def _transfer(self, direction: Any, symbol: str, offset: int, rows: Array) -> None:
        rows = np.ascontiguousarray(rows)
        for dpu, row in zip(DPU_FOREACH(self.dpus), rows, strict=True):
            dpu_prepare_xfer(dpu, row)
        dpu_push_xfer(self.dpus, direction, symbol, offset, rows[0].nbytes)


def build(name: str, tasklets: int) -> bytes:
    """The ELF of a program."""
    flags = ("-mdevice=dpu", "-O2", "-g", f"-DNR_TASKLETS={tasklets}")
    return kcc.compile(FOLDER / f"{name}.c", flags).elf


def run(name: str, dpus: int, tasklets: int, size: int, profile: str = "") -> Answer:
    """What a program made of random inputs of about `size` values, and what NumPy did."""
    elf = build(name, tasklets)
    members = dpu_alloc(dpus, profile)
    try:
        dpu_load_from_memory(members, elf)
        rng = np.random.default_rng([dpus, tasklets])
        return HOSTS[name](Set(members, dpus, tasklets), rng, size)
    finally:
        dpu_free(members)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run programs for DPUs, compare with NumPy.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(HOSTS)}; all if there is none")
    parser.add_argument("--dpus", type=int, default=4)
    parser.add_argument("--tasklets", type=int, default=16)
    parser.add_argument("--size", type=int, default=2000, help="how many values, about")
    parser.add_argument("--profile", default="", help='of the DPUs, as in "check=strict"')
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in HOSTS]
    if unknown:
        parser.error(f"no program is called {unknown[0]}")
    failed = 0
    for name in options.names or HOSTS:
        found, expected = run(name, options.dpus, options.tasklets, options.size, options.profile)
        same = np.array_equal(found, expected)
        print(f"{name:<20}{'as NumPy' if same else 'NOT as NumPy'}")
        failed += not same
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
