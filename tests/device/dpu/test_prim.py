"""The programs in kernels/examples/dpu/prim, by numbers of tasklets and DPUs, against NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prim_hosts import HOSTS, Array

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

PROGRAMS = Path(__file__).resolve().parents[3] / "kernels" / "examples" / "dpu" / "prim"


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


def built(name: str, tasklets: int) -> bytes:
    flags = ("-mdevice=dpu", "-O2", f"-DNR_TASKLETS={tasklets}")
    return kcc.compile(PROGRAMS / f"{name}.c", flags).elf


def check(name: str, elf: bytes, dpus: int, tasklets: int, size: int, profile: str = "") -> None:
    host = HOSTS[name]
    members = dpu_alloc(dpus, profile)
    try:
        dpu_load_from_memory(members, elf)
        rng = np.random.default_rng([dpus, tasklets])
        found, expected = host(Set(members, dpus, tasklets), rng, size)
    finally:
        dpu_free(members)
    np.testing.assert_array_equal(found, expected)


def test_every_program_has_a_host() -> None:
    assert set(HOSTS) == {path.stem for path in PROGRAMS.glob("*.c")}
    assert len(HOSTS) == 16


# Handshakes, barriers; a pool of mutexes; sequential readers.
@pytest.mark.parametrize("name", ["select", "histogram_long", "spmv"])
def test_a_program_once(name: str) -> None:
    check(name, built(name, 11), dpus=3, tasklets=11, size=700)


@pytest.mark.slow
@pytest.mark.parametrize(("tasklets", "dpus"), [(1, 64), (11, 8), (16, 1), (24, 8)])
@pytest.mark.parametrize("name", HOSTS)
def test_programs_by_tasklets_and_dpus(name: str, tasklets: int, dpus: int) -> None:
    check(name, built(name, tasklets), dpus, tasklets, size=1000)
