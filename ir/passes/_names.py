"""Symbols that lowering and passes agree on."""

from __future__ import annotations

from typing import Any


def item_name(kernel: str) -> str:
    """A kernel's body, run once for each work-item."""
    return f"__kcc_item.{kernel}"


def group_name(kernel: str) -> str:
    """The loops over the work-items of one group."""
    return f"__kcc_group.{kernel}"


def item_function(module: Any, kernel: str) -> Any:
    return module.globals[item_name(kernel)]


def group_function(module: Any, kernel: str) -> Any:
    return module.globals[group_name(kernel)]
