"""The generator of programs, for every test here."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


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


@pytest.fixture(autouse=True)
def _no_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is judged is made anew, and leaves nothing behind."""
    monkeypatch.setenv("KCC_CACHE", "0")
