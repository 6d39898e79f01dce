"""IR text that reaches fields of the shared layouts: how the runtime's own code is written."""

from __future__ import annotations

from .state import CONTROL, ENTRY, HART, REGION

_LAYOUTS = {"hart": HART, "control": CONTROL, "region": REGION, "entry": ENTRY}


def at(kind: str, name: str, base: str, out: str) -> str:
    """IR for the address of a field."""
    return f"%{out} = getelementptr i8, ptr %{base}, i64 {_LAYOUTS[kind].offset(name)}"


def load(kind: str, name: str, base: str, out: str) -> str:
    return f"""{at(kind, name, base, f"{out}.p")}
  %{out} = load i64, ptr %{out}.p"""


def store(kind: str, name: str, base: str, value: str, tag: str) -> str:
    return f"""{at(kind, name, base, f"{tag}.p")}
  store i64 {value}, ptr %{tag}.p"""
