"""The generator of programs, and a device to run them on."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import kcc


@pytest.fixture(scope="session")
def programs() -> ModuleType:
    """programs.py, which lies beside this file."""
    path = Path(__file__).with_name("programs.py")
    spec = importlib.util.spec_from_file_location("fuzz_programs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def device() -> Iterator[kcc.Device]:
    with kcc.Device("m1") as opened:
        yield opened
