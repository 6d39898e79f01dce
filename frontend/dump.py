"""Either tree as indented text: one node a line, its plain fields beside it.

    Binary '*' : int
      left: Load : int
        source: VarRef x : int

Types are written after a colon. A variable or function is shown whole where it comes to life
and by name elsewhere; a second variable of a name is `x.2`. Works without recursion, so a tree
of any depth can be shown.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from . import tast, types
from .record import fields, is_record
from .source import Span

MAX_INDENT = 60  # levels; deeper ones are numbered instead
# Places, and what bodies tell.
SKIPPED = {"span", "name_span", "calls", "addressed", "waiting", "definition"}
# Fields that own the variables and functions in them.
OWNERS = {
    (tast.Program, "functions"),
    (tast.Program, "externs"),
    (tast.Program, "globals"),
    (tast.Function, "params"),
    (tast.VarDecl, "var"),
    (tast.CompoundRef, "var"),
}
TYPES = (
    types.Scalar,
    types.Vector,
    types.Pointer,
    types.Array,
    types.Struct,
    types.Enum,
    types.Function,
    types.Opaque,
)


def dump(node: object) -> str:
    """The text of a node of ast.py or tast.py, with all below it; ends with a newline."""
    names = _Names()
    lines: list[str] = []
    work: list[tuple[int, str, object]] = [(0, "", node)]
    while work:
        depth, label, value = work.pop()
        if isinstance(value, tuple | list):
            lines.append(_line(depth, f"{label}:"))
            work += [(depth + 1, "", item) for item in reversed(value)]
        elif isinstance(value, types.Struct):
            lines.append(_line(depth, _struct_line(value)))
        elif is_record(value):
            head, below = _describe(value, names)
            lines.append(_line(depth, f"{label}: {head}" if label else head))
            work += [(depth + 1, name, item) for name, item in reversed(below)]
        else:
            lines.append(_line(depth, f"{label}: {_plain(value)}" if label else _plain(value)))
    return "\n".join(lines) + "\n"


class _Names:
    """Names of variables and functions, told apart where they coincide."""

    def __init__(self) -> None:
        self.of: dict[int, str] = {}
        self.count: dict[str, int] = {}

    def __getitem__(self, owner: tast.Var | tast.Function) -> str:
        if id(owner) not in self.of:
            count = self.count[owner.name] = self.count.get(owner.name, 0) + 1
            self.of[id(owner)] = owner.name if count == 1 else f"{owner.name}.{count}"
        return self.of[id(owner)]


def _describe(node: Any, names: _Names) -> tuple[str, list[tuple[str, object]]]:
    """(a node's line, the children that get lines of their own)."""
    words = [type(node).__name__]
    below: list[tuple[str, object]] = []
    type_text = ""
    for field in fields(node):
        name, value = field.name, getattr(node, field.name)
        if name in SKIPPED or isinstance(value, Span):
            continue
        if name == "type" and isinstance(value, TYPES):
            type_text = f" : {value}"
        elif isinstance(value, tast.Var | tast.Function):
            if (type(node), name) in OWNERS:
                below.append((name, value))
            else:
                words.append(names[value])
        elif name == "name" and isinstance(node, tast.Var | tast.Function):
            words.append(names[node])
        elif isinstance(value, TYPES):
            words.append(f"{name}={value}")
        elif isinstance(value, types.Quals):
            words += [f"[{value}]"] if str(value) else []
        elif value == field.default or value is None or value in ((), []):
            continue  # absent, as most optional parts are
        elif value is False:
            words += [f"not {name}"] if field.default is True else []
        elif value is True:
            words.append(name)
        elif is_record(value) or (isinstance(value, tuple | list) and not _is_plain(value)):
            below.append((name, value))
        elif name in ("op", "text", "name", "kind", "value", "key"):
            words.append(_plain(value))
        else:
            words.append(f"{name}={_plain(value)}")
    return " ".join(words) + type_text, below


def _is_plain(values: tuple[object, ...] | list[object]) -> bool:
    return all(isinstance(v, str | int | float | bytes) for v in values)


def _plain(value: object) -> str:
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, tuple | list):
        return "(" + " ".join(str(v) for v in value) + ")"
    return repr(value)


def _struct_line(struct: types.Struct) -> str:
    members = "; ".join(f"{f.type} {f.name}" for f in struct.fields or ())
    packed = " packed" if struct.packed else ""
    return f"{struct}{packed} {{ {members} }}" if struct.fields is not None else str(struct)


def _line(depth: int, text: str) -> str:
    if depth <= MAX_INDENT:
        return "  " * depth + text
    return "  " * MAX_INDENT + f"[{depth}] {text}"
