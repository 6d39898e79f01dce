"""Collective functions: what the work-items of a group make of all their values.

Built of barriers, so right wherever a barrier is. Source: OpenCL C 3.0, section 6.15.16.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.ir as llir

from ..frontend.types import AddrSpace, Type, sizeof
from .abi import MAX_GROUP_ITEMS
from .builtin_use import Emit, Use, once
from .emit import I8, I32, I64, GlobalVar, floating, integer
from .frame import Frame, Place, read, write
from .lower_type import is_floating, is_signed, value_type
from .passes.barriers import wait
from .passes.workitem_ids import ITEM_TYPES, placeholder

SLOT = 8  # bytes that a work-item has to hand its value to the others


def _ask(frame: Frame, key: str, *args: Any) -> Any:
    function = placeholder(frame.llfn.module, key)
    return frame.build.call(function, [*args, *frame.item[-len(ITEM_TYPES) :]])


def _count(frame: Frame, limit: Any, body: Callable[[Any], None]) -> None:
    """body(i) for i = 0 ... limit - 1"""
    build, before = frame.build, frame.build.block
    test, inside, end = (frame.block(f"count.{name}") for name in ("test", "body", "end"))
    build.branch(test)
    frame.enter(test)
    i = build.phi(I64)
    i.add_incoming(I64(0), before)
    build.cbranch(build.icmp_unsigned("<", i, limit), inside, end)
    frame.enter(inside)
    body(i)
    i.add_incoming(build.add(i, I64(1), flags=("nuw",)), build.block)
    build.branch(test)
    frame.enter(end)


# -- collectives -----------------------------------------------------------------------------------


def _slots(frame: Frame) -> Any:
    """Local memory with a slot for each work-item, the same for all collectives of a kernel."""
    module, name = frame.llfn.module, f"{frame.llfn.name}.collective"
    known = module.globals.get(name)
    if known is None:
        room = llir.ArrayType(I8, SLOT * MAX_GROUP_ITEMS)
        known = GlobalVar(module, room, name, int(AddrSpace.LOCAL))
        known.linkage, known.align = "internal", SLOT
    return known


def _slot(frame: Frame, t: Type, index: Any) -> Place:
    at = frame.build.mul(index, I64(SLOT))
    ptr = frame.build.gep(_slots(frame), [at], inbounds=True, source_etype=I8)
    return Place(ptr, t, SLOT)


def _index(frame: Frame) -> Any:
    return _ask(frame, "get_local_linear_id")


def _items(frame: Frame) -> Any:
    build = frame.build
    x, y, z = (_ask(frame, "get_local_size", I32(dim)) for dim in range(3))
    return build.mul(build.mul(x, y), z)


def _hand_over(frame: Frame, t: Type, value: Any) -> None:
    """Everybody's value into its slot."""
    write(frame, _slot(frame, t, _index(frame)), value)
    wait(frame)


def _collected(frame: Frame, t: Type, index: Any) -> Any:
    """The value in a slot, which may be written to again behind it."""
    value = read(frame, _slot(frame, t, index))
    wait(frame)
    return value


def _broadcast(use: Use) -> Any:
    frame, build = use.frame, use.build
    value, *where = use.args
    index = I64(0)
    for dim, coordinate in reversed(list(enumerate(where))):
        size = _ask(frame, "get_local_size", I32(dim))
        index = build.add(build.mul(index, size), coordinate)
    _hand_over(frame, use.type, value)
    return _collected(frame, use.type, index)


def _all(use: Use) -> Any:
    return _logical(use, "min")


def _any(use: Use) -> Any:
    return _logical(use, "max")


def _logical(use: Use, operation: str) -> Any:
    build = use.build
    truth = build.zext(build.icmp_unsigned("!=", use.args[0], I32(0)), I32)
    return _reduced(use.frame, use.type, truth, operation)


def _reduce(use: Use) -> Any:
    return _reduced(use.frame, use.type, use.args[0], use.name.rpartition("_")[2])


def _reduced(frame: Frame, t: Type, value: Any, operation: str) -> Any:
    _hand_over(frame, t, value)
    _sweep(frame, t, operation)
    return _collected(frame, t, _last(frame))


def _last(frame: Frame) -> Any:
    return frame.build.sub(_items(frame), I64(1))


def _scan(use: Use) -> Any:
    frame, build, t = use.frame, use.build, use.type
    _, _, kind, operation = use.name.rsplit("_", 3)
    _hand_over(frame, t, use.args[0])
    _sweep(frame, t, operation)
    if kind == "inclusive":
        return _collected(frame, t, _index(frame))
    index = _index(frame)
    first = build.icmp_unsigned("==", index, I64(0))
    before = build.select(first, index, build.sub(index, I64(1)))
    return build.select(first, _identity(t, operation), _collected(frame, t, before))


def _sweep(frame: Frame, t: Type, operation: str) -> None:
    """Every slot gets what `operation` makes of it and those before it; by one work-item."""

    def step(i: Any) -> None:
        build = frame.build
        here = _slot(frame, t, build.add(i, I64(1)))
        write(frame, here, _combine(frame, t, operation, read(frame, _slot(frame, t, i)),
                                    read(frame, here)))  # fmt: skip

    once(frame, lambda: _count(frame, _last(frame), step))
    wait(frame)


def _combine(frame: Frame, t: Type, operation: str, a: Any, b: Any) -> Any:
    build = frame.build
    if operation == "add":
        return build.fadd(a, b) if is_floating(t) else build.add(a, b)
    if is_floating(t):
        kept = build.fcmp_ordered("<" if operation == "min" else ">", a, b)
    else:
        compare = build.icmp_signed if is_signed(t) else build.icmp_unsigned
        kept = compare("<" if operation == "min" else ">", a, b)
    return build.select(kept, a, b)


def _identity(t: Type, operation: str) -> Any:
    """What an exclusive scan gives the first work-item (OpenCL C 3.0, table 37)."""
    typ = value_type(t)
    if is_floating(t):
        return floating(typ, {"add": 0.0, "min": float("inf"), "max": float("-inf")}[operation])
    bits = 8 * sizeof(t)
    if operation == "add":
        return typ(0)
    if not is_signed(t):
        return integer(typ, (1 << bits) - 1 if operation == "min" else 0)
    return integer(typ, (1 << (bits - 1)) - 1 if operation == "min" else -(1 << (bits - 1)))


GROUP: dict[str, Emit] = {
    "work_group_all": _all,
    "work_group_any": _any,
    "work_group_broadcast": _broadcast,
    **dict.fromkeys((f"work_group_reduce_{op}" for op in ("add", "min", "max")), _reduce),
    **dict.fromkeys(
        (
            f"work_group_scan_{kind}_{op}"
            for kind in ("inclusive", "exclusive")
            for op in ("add", "min", "max")
        ),
        _scan,
    ),
}
