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
@pytest.mark.parametrize("tasklets", [1, 11, 16, 24])
@pytest.mark.parametrize("name", HOSTS)
def test_programs_by_tasklets_and_dpus(name: str, tasklets: int) -> None:
    for dpus in (1, 8, 64):
        check(name, dpus, tasklets, size=1000)


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTS)
def test_programs_are_clean(name: str) -> None:
    check(name, dpus=1, tasklets=16, size=600, profile="check=strict")
