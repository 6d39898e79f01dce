"""Fixtures and marks shared by every test."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite the golden files")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose oracle is missing; where KCC_NEED_ORACLES is set, fail instead."""
    for mark in item.iter_markers("oracle"):
        missing = [name for name in mark.args if shutil.which(name) is None]
        if missing and os.environ.get("KCC_NEED_ORACLES"):
            pytest.fail(f"oracle missing: {', '.join(missing)}")
        if missing:
            pytest.skip(f"needs {', '.join(missing)}")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """golden("name.ll", text): compare with tests/golden/<test module>/name.ll."""

    def compare(name: str, text: str) -> None:
        path = ROOT / "tests" / "golden" / request.path.stem / name
        if request.config.getoption("--bless"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.is_file(), f"{path} is missing; run pytest --bless and read the difference"
        assert text == path.read_text()

    return compare


@pytest.fixture
def no_collections() -> Iterator[None]:
    """For tests of signals: Hypothesis looks on at garbage collections, and an interrupt that
    comes while it does is printed and forgotten."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
