"""Collective functions: what the work-items of a group, or of a sub-group, make of their values.

Built of barriers, so right wherever a barrier is. Source: OpenCL C 3.0, sections 6.15.16 and
6.15.19.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.ir as llir

from ..frontend.record import record
from ..frontend.types import AddrSpace, Type, sizeof
from .abi import MAX_GROUP_ITEMS
from .builtin_use import Emit, Use, once
from .emit import I8, I32, I64, GlobalVar, floating, integer
from .frame import Frame, Place, read, write
from .lower_type import is_floating, is_signed, value_type
from .passes.barriers import BARRIER, SUB_GROUP_BARRIER, wait
from .passes.workitem_ids import ITEM_TYPES, placeholder

SLOT = 8  # bytes that a work-item has to hand its value to the others


def _ask(frame: Frame, key: str, *args: Any) -> Any:
    function = placeholder(frame.llfn.module, key)
    return frame.build.call(function, [*args, *frame.item[-len(ITEM_TYPES) :]])


@record
class Group:
    """Who takes part in a function of the work-group; values are computed where they are asked.

    first:   the linear local id of the first one. count: how many they are.
    ordinal: of the work-item itself, from 0 on.
    """

    frame: Frame
    barrier = BARRIER

    def first(self) -> Any:
        return I64(0)

    def count(self) -> Any:
        build = self.frame.build
        x, y, z = (_ask(self.frame, "get_local_size", I32(dim)) for dim in range(3))
        return build.mul(build.mul(x, y), z)

    def ordinal(self) -> Any:
        return _ask(self.frame, "get_local_linear_id")

    def wait(self) -> None:
        wait(self.frame, self.barrier)

    def once(self, body: Callable[[], None]) -> None:
        once(self.frame, body)


class SubGroup(Group):
    """The same for one of the sub-group."""

    barrier = SUB_GROUP_BARRIER

    def first(self) -> Any:
        own = _ask(self.frame, "get_local_linear_id")
        return self.frame.build.sub(own, self.ordinal())

    def count(self) -> Any:
        return self.frame.build.zext(_ask(self.frame, "get_sub_group_size"), I64)

    def ordinal(self) -> Any:
        return self.frame.build.zext(_ask(self.frame, "get_sub_group_local_id"), I64)

    def once(self, body: Callable[[], None]) -> None:
        once(self.frame, body, self.ordinal())


def _team(use: Use) -> Group:
    return (SubGroup if use.name.startswith("sub_group") else Group)(use.frame)


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


def _slots(frame: Frame) -> Any:
    """Local memory with a slot for each work-item, the same for all collectives of a kernel."""
    module, name = frame.llfn.module, f"{frame.llfn.name}.collective"
    known = module.globals.get(name)
    if known is None:
        room = llir.ArrayType(I8, SLOT * MAX_GROUP_ITEMS)
        known = GlobalVar(module, room, name, int(AddrSpace.LOCAL))
        known.linkage, known.align = "internal", SLOT
    return known


def _slot(team: Group, t: Type, ordinal: Any) -> Place:
    """Where one of the team hands over its value."""
    frame, build = team.frame, team.frame.build
    at = build.mul(build.add(team.first(), ordinal), I64(SLOT))
    return Place(build.gep(_slots(frame), [at], inbounds=True, source_etype=I8), t, SLOT)


def _hand_over(team: Group, t: Type, value: Any) -> None:
    """Everybody's value into its slot."""
    write(team.frame, _slot(team, t, team.ordinal()), value)
    team.wait()


def _collected(team: Group, t: Type, ordinal: Any) -> Any:
    """The value in a slot, which may be written to again behind it."""
    value = read(team.frame, _slot(team, t, ordinal))
    team.wait()
    return value


def _broadcast(use: Use) -> Any:
    team, build = _team(use), use.build
    value, *where = use.args
    ordinal = I64(0)
    for dim, coordinate in reversed(list(enumerate(where))):
        if coordinate.type != I64:
            coordinate = build.zext(coordinate, I64)  # a sub-group has one dimension only
        size = _ask(use.frame, "get_local_size", I32(dim))
        ordinal = build.add(build.mul(ordinal, size), coordinate)
    _hand_over(team, use.type, value)
    return _collected(team, use.type, ordinal)


def _all(use: Use) -> Any:
    return _logical(use, "min")


def _any(use: Use) -> Any:
    return _logical(use, "max")


def _logical(use: Use, operation: str) -> Any:
    build = use.build
    truth = build.zext(build.icmp_unsigned("!=", use.args[0], I32(0)), I32)
    return _reduced(_team(use), use.type, truth, operation)


def _reduce(use: Use) -> Any:
    return _reduced(_team(use), use.type, use.args[0], use.name.rpartition("_")[2])


def _reduced(team: Group, t: Type, value: Any, operation: str) -> Any:
    """What `operation` makes of all values, in their order; by one work-item."""
    frame = team.frame
    _hand_over(team, t, value)
    total = frame.alloca(t)

    def step(i: Any) -> None:
        following = read(frame, _slot(team, t, frame.build.add(i, I64(1))))
        write(frame, total, _combine(frame, t, operation, read(frame, total), following))

    def reduce() -> None:
        write(frame, total, read(frame, _slot(team, t, I64(0))))
        _count(frame, _last(team), step)
        write(frame, _slot(team, t, I64(0)), read(frame, total))

    team.once(reduce)
    team.wait()
    return _collected(team, t, I64(0))


def _last(team: Group) -> Any:
    return team.frame.build.sub(team.count(), I64(1))


def _scan(use: Use) -> Any:
    team, build, t = _team(use), use.build, use.type
    _, _, kind, operation = use.name.rsplit("_", 3)
    _hand_over(team, t, use.args[0])
    _sweep(team, t, operation)
    ordinal = team.ordinal()
    if kind == "inclusive":
        return _collected(team, t, ordinal)
    first = build.icmp_unsigned("==", ordinal, I64(0))
    before = build.select(first, ordinal, build.sub(ordinal, I64(1)))
    return build.select(first, _identity(t, operation), _collected(team, t, before))


def _sweep(team: Group, t: Type, operation: str) -> None:
    """Every slot gets what `operation` makes of it and those before it; by one work-item."""
    frame = team.frame

    def step(i: Any) -> None:
        here = _slot(team, t, frame.build.add(i, I64(1)))
        so_far = read(frame, _slot(team, t, i))
        write(frame, here, _combine(frame, t, operation, so_far, read(frame, here)))

    team.once(lambda: _count(frame, _last(team), step))
    team.wait()


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
    f"{team}_{what}": emit
    for team in ("work_group", "sub_group")
    for what, emit in {
        "all": _all,
        "any": _any,
        "broadcast": _broadcast,
        **{f"reduce_{op}": _reduce for op in ("add", "min", "max")},
        **{
            f"scan_{kind}_{op}": _scan
            for kind in ("inclusive", "exclusive")
            for op in ("add", "min", "max")
        },
    }.items()
}
