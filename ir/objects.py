"""Parts of objects: where they lie, how they are aligned, what an initialiser sets of them."""

from __future__ import annotations

from ..frontend import tast
from ..frontend.diag import InternalError
from ..frontend.types import (
    Array,
    Struct,
    Type,
    Vector,
    alignof,
    field_align,
    sizeof,
    struct_layout,
)
from .emit import offset_ptr
from .frame import Frame, Place

TABLE_ENTRIES = 32  # so many constants are stored as one


def aligned(align: int, offset: int) -> int:
    """Alignment known at `offset` bytes from an address aligned to `align`."""
    return min(align, offset & -offset) if offset else align


def pointer_align(pointer: tast.Expr, t: Type) -> int:
    """Natural, but less for what is seen to lie inside something packed or less aligned."""
    least = alignof(t)
    node: tast.Expr | tast.LValue = pointer
    while True:
        match node:
            case tast.PointerAdd(pointer=inner):
                pass
            case tast.Convert(kind="decay" | "address", operand=inner):
                pass
            case tast.MemberRef(base=inner, index=index):
                assert isinstance(inner.type, Struct)
                assert inner.type.fields is not None
                least = min(least, field_align(inner.type, inner.type.fields[index]))
            case tast.Deref(pointer=inner, quals=quals):
                least = min(least, quals.align or least)
            case _:
                return least
        node = inner


def is_table(t: Type, entries: tuple[tuple[tuple[int, ...], tast.Expr], ...]) -> bool:
    """Whether an initialiser is better copied from a constant than stored entry by entry."""
    many = len(entries) >= TABLE_ENTRIES and sizeof(t) <= 16 * len(entries)
    return many and all(isinstance(entry, tast.Const) for _path, entry in entries)


def inner_place(frame: Frame, where: Place, path: tuple[int, ...]) -> Place:
    """The part of an object that an initialiser's path leads to."""
    offset, t, lane = locate(where.type, path)
    ptr = offset_ptr(frame.build, where.ptr, offset)
    lanes = None if lane is None else (lane,)
    return Place(ptr, t, aligned(where.align, offset), where.volatile, lanes)


def locate(t: Type, path: tuple[int, ...]) -> tuple[int, Type, int | None]:
    """(byte offset, type, lane number if the path ends inside a vector) of a part of a `t`."""
    offset = 0
    for index in path:
        match t:
            case Struct():
                assert t.fields is not None
                offset += struct_layout(t)[0][index]
                t = t.fields[index].type
            case Array(inner):
                offset += sizeof(inner) * index
                t = inner
            case Vector():
                return offset, t, index
            case _:
                raise InternalError(f"initialiser path {path} in {t}")
    return offset, t, None


def covers(t: Type, entries: tuple[tuple[tuple[int, ...], tast.Expr], ...]) -> bool:
    """Whether the entries set every byte that can be read, so that no zeroing is needed."""
    return (
        isinstance(t, Array)
        and len({path for path, _ in entries}) == t.count
        and all(len(path) == 1 for path, _ in entries)
    )
