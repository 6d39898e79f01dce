"""Where an address constant points: in which static object, or behind a null pointer."""

from __future__ import annotations

from . import constant, tast
from .types import Pointer, Struct, sizeof, struct_layout


def distance(left: tast.Expr, right: tast.Expr) -> int | None:
    """left - right in bytes, where both point into one static object."""
    a, b = _location(left), _location(right)
    return a[1] - b[1] if a is not None and b is not None and a[0] is b[0] else None


def static_object(pointer: tast.Expr) -> tast.Var | tast.Function | None:
    """What a pointer points into, if that is seen."""
    if isinstance(pointer, tast.FunctionAddress):
        return pointer.function
    found = _location(pointer)
    return None if found is None else found[0]


def behind_null(pointer: tast.Expr) -> int | None:
    """How many bytes: what offsetof() asks in plain C."""
    at = _location(pointer)
    return at[1] if at is not None and at[0] is None else None


def _location(pointer: tast.Expr) -> tuple[tast.Var | None, int] | None:
    """The static object that a pointer points into, if any, and how many bytes from its start."""
    match pointer:
        case tast.Convert(kind="decay" | "address", operand=place):
            return _location_of(place)
        case tast.Convert(kind="pointer", operand=inner) if not isinstance(inner, tast.OBJECTS):
            return _location(inner)
        case tast.PointerAdd(pointer=base, index=index, negate=negate):
            start, count = _location(base), constant.fold(index)
            if start is None or count is None:
                return None
            assert isinstance(base.type, Pointer)
            step = int(count) * sizeof(base.type.pointee)
            return start[0], start[1] - step if negate else start[1] + step
        case _:
            return (None, 0) if constant.fold(pointer) == 0 else None


def _location_of(place: tast.Expr | tast.LValue) -> tuple[tast.Var | None, int] | None:
    match place:
        case tast.VarRef(var=var):
            return (var, 0) if var.storage == "static" else None
        case tast.MemberRef(base=base, index=index):
            start = _location_of(base)
            assert isinstance(base.type, Struct)
            return start and (start[0], start[1] + struct_layout(base.type)[0][index])
        case tast.Deref(pointer=pointer):
            return _location(pointer)
        case _:
            return None
