"""The programs in kernels/examples/dpu/prim, by numbers of tasklets and DPUs, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import prim
from prim_hosts import HOSTS


def check(name: str, dpus: int, tasklets: int, size: int, profile: str = "") -> None:
    np.testing.assert_array_equal(*prim.run(name, dpus, tasklets, size, profile))


def test_every_program_has_a_host() -> None:
    assert set(HOSTS) == {path.stem for path in prim.FOLDER.glob("*.c")}
    assert len(HOSTS) == 16


# Handshakes, barriers; a pool of mutexes; sequential readers.
@pytest.mark.parametrize("name", ["select", "histogram_long", "spmv"])
def test_a_program_once(name: str) -> None:
    check(name, dpus=3, tasklets=11, size=700)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tasklets", "dpus", "size", "profile"),
    [(1, 64, 1000, ""), (11, 8, 1000, ""), (16, 1, 600, "check=strict"), (24, 8, 1000, "")],
)
@pytest.mark.parametrize("name", HOSTS)
def test_programs_by_tasklets_and_dpus(
    name: str, tasklets: int, dpus: int, size: int, profile: str
) -> None:
    check(name, dpus, tasklets, size, profile)
