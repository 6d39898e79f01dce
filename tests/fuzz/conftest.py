"""What every test here needs."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is judged is made anew, and leaves nothing behind."""
    monkeypatch.setenv("KCC_CACHE", "0")
