"""Sets of DPUs with a program that needs no compiler."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import scripted
from host_program import program
from kcc.device import dpu as d


@pytest.fixture
def alloc() -> Iterator[Callable[..., d.DpuSet]]:
    """alloc(count, profile=None, loaded=True); freed after the test."""
    made = []

    def make(count: int, profile: str | None = None, *, loaded: bool = True) -> d.DpuSet:
        made.append(d.dpu_alloc(count, profile))
        if loaded:
            d.dpu_load_from_memory(made[-1], program())
        return made[-1]

    yield make
    for dpus in made:
        if not dpus.allocation.freed:
            d.dpu_free(dpus)


@pytest.fixture(scope="session")
def allocators(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The program that calls allocators, and a sequential reader with pages of 256 bytes."""
    return scripted.built(tmp_path_factory.mktemp("dpu"), scripted.HERE / "allocators.c")
