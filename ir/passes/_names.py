"""Symbols that lowering and passes agree on."""

from __future__ import annotations

from typing import Any

ITEM, ROW = "__kcc_item.", "__kcc_row."
SIZE = "row.size"  # parameter of a row: how many items it has


def item_name(kernel: str) -> str:
    """A kernel's body, run once for each work-item."""
    return ITEM + kernel


def group_name(kernel: str) -> str:
    """The loops over the work-items of one group."""
    return f"__kcc_group.{kernel}"


def row_name(kernel: str, resume: int | None) -> str:
    """A loop over the work-items of a row, for the vectoriser; with barriers, from one of them."""
    return ROW + _part(kernel, resume)


def is_row_of(name: str, kernel: str) -> bool:
    return name.startswith(ROW) and name[len(ROW) :].partition(".")[0] == kernel


def part_name(kernel: str, resume: int | None) -> str:
    """What such a loop calls: the body, or the part of it behind a barrier."""
    return item_name(_part(kernel, resume))


def _part(kernel: str, resume: int | None) -> str:
    return kernel if resume is None else f"{kernel}.{resume}"


def item_function(module: Any, kernel: str) -> Any:
    return module.globals[item_name(kernel)]


def group_function(module: Any, kernel: str) -> Any:
    return module.globals[group_name(kernel)]
