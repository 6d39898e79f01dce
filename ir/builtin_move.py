"""vload and vstore with their half forms, shuffle, select, bitselect.

Source: OpenCL C 3.0, sections 6.15.7, 6.15.6 and 6.15.13.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.types import HALF, Pointer, Vector, sizeof
from . import builtin_int
from .builtin_use import Emit, Use, number
from .emit import I32, I64, load, store
from .frame import lane_mask
from .lower_convert import to_float
from .lower_type import value_type
from .operate import reinterpret

_NAME = re.compile(r"v(?:load|store)(a?)(_half)?(\d*)(?:_(rt[ezpn]))?")
_ROUNDING: dict[str | None, tast.Rounding] = {
    None: "even", "rte": "even", "rtz": "zero", "rtp": "up", "rtn": "down",
}  # fmt: skip


def _vload(use: Use) -> Any:
    offset, pointer = use.args
    place, typ, align = _place(use, offset, pointer, 1)
    value = load(use.build, place, typ, align)
    typ = value_type(use.type)
    return value if value.type == typ else use.build.fpext(value, typ)


def _vstore(use: Use) -> Any:
    value, offset, pointer = use.args
    place, typ, align = _place(use, offset, pointer, 2)
    if value.type != typ:
        match = _NAME.fullmatch(use.name)
        assert match is not None
        lanes = Vector(HALF, int(match[3])) if match[3] else HALF
        value = to_float(use.build, value, use.types[0], lanes, _ROUNDING[match[4]])
    store(use.build, value, place, align)


def _place(use: Use, offset: Any, pointer: Any, index: int) -> tuple[Any, Any, int]:
    """Where a vector is in memory, its type there, and its alignment: a lane's but for 'a'."""
    match = _NAME.fullmatch(use.name)
    pointee = use.types[index]
    assert match is not None
    assert isinstance(pointee, Pointer)
    lane, size = value_type(pointee.pointee), sizeof(pointee.pointee)
    count = int(match[3] or 1)
    step = 4 if match[1] and count == 3 else count
    at = use.build.mul(offset, I64(step)) if step > 1 else offset
    place = use.build.gep(pointer, [at], inbounds=True, source_etype=lane)
    typ = llir.VectorType(lane, count) if count > 1 else lane
    return place, typ, step * size if match[1] else size


def _shuffle(use: Use) -> Any:
    """Lanes by the low bits of a mask that is not always known."""
    build, (*vectors, mask) = use.build, use.args
    source = vectors[0]
    if len(vectors) == 2:
        source = build.shuffle_vector(*vectors, lane_mask(tuple(range(2 * source.type.count))))
    picks = build.and_(mask, number(mask.type, source.type.count - 1))
    result = llir.Constant(value_type(use.type), llir.Undefined)
    for i in range(result.type.count):
        lane = build.extract_element(source, build.extract_element(picks, I32(i)))
        result = build.insert_element(result, lane, I32(i))
    return result


def _select(use: Use) -> Any:
    """b where c is set: the top bit of each lane of a vector, the whole of a scalar."""
    build, (a, b, c) = use.build, use.args
    if isinstance(use.type, Vector):
        chosen = builtin_int.all_ones_if_negative(use, c)
    else:
        chosen = build.icmp_unsigned("!=", c, number(c.type, 0))
    return build.select(chosen, b, a)


def _bitselect(use: Use) -> Any:
    build, (a, b, c) = use.build, (use.raw(v) for v in use.args)
    mixed = build.xor(a, build.and_(build.xor(a, b), c))
    return reinterpret(build, mixed, value_type(use.type))


def _names() -> Iterator[tuple[str, Emit]]:
    counts = ("2", "3", "4", "8", "16")
    for n in counts:
        yield f"vload{n}", _vload
        yield f"vstore{n}", _vstore
    for n in ("", *counts):
        for a in ("", "a") if n else ("",):
            yield f"vload{a}_half{n}", _vload
            for mode in ("", "_rte", "_rtz", "_rtp", "_rtn"):
                yield f"vstore{a}_half{n}{mode}", _vstore


MOVES: dict[str, Emit] = {
    **dict(_names()),
    "shuffle": _shuffle,
    "shuffle2": _shuffle,
    "select": _select,
    "bitselect": _bitselect,
}
