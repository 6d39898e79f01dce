"""Pass managers of LLVM, given back when they have run.

llvmlite (0.50) never does by itself: its way to dispose of one is hidden by a base class's, which
does nothing. Each would keep some hundred kilobytes until the process ends.
"""

from __future__ import annotations

from typing import Any

from llvmlite.binding.newpassmanagers import NewPassManager


def release(manager: Any) -> None:
    """Free a manager, which is not to be used again; llvmlite will not do so a second time."""
    NewPassManager._dispose(manager)
    manager.detach()
