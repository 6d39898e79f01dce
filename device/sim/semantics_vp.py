"""V: slides, and moves of whole registers, 16.3 and 16.6 of V 1.0.

A slide by a known distance is a shuffle of two registers. By another, the group lies in the
hart's state meanwhile, and is read from there at another place.
"""

from __future__ import annotations

from .build import Operands
from .vector import Chunk, Group, Vector, VectorSemantics
from .velements import lanes, legal

# -- slides ---------------------------------------------------------------------------------------


def _slide_groups(v: Vector, o: Operands, *, up: bool) -> tuple[Group, Group] | None:
    """Target and source; None after a trap, as where a slide up would overwrite its source."""
    target, source = v.group(o["vd"], v.sew), v.group(o["vs2"], v.sew)
    if not legal(v, target, [source], o["vm"]) or (up and target == source):
        v.illegal()
        return None
    assert target is not None
    assert source is not None
    return target, source


def _shifted(v: Vector, source: Group, kind: str, chunk: Chunk, distance: int) -> str:
    """Elements [first + distance, first + n + distance) of a group, 0 where it has none."""
    n = chunk.n
    at, low = divmod(chunk.first + distance, n)
    parts = [
        v.read(source, kind, Chunk(k * n, n)) if 0 <= k * n < v.vlmax else "zeroinitializer"
        for k in (at, at + 1)
    ]
    if low == 0:
        return parts[0]
    return v.shuffle(kind, n, parts[0], parts[1], range(low, low + n))


def _both(v: Vector, chunk: Chunk, active: str | None, bools: str) -> str:
    return bools if active is None else lanes(v, chunk, 1).op("and", active, bools)


def _from_element(v: Vector, chunk: Chunk, active: str | None, first: str) -> str:
    """Those of the active elements that are number `first`, an i16, or later."""
    bound = v.splat("i16", first, chunk.n)
    later = lanes(v, chunk, 16).compare("uge", v.iota("i16", chunk), bound)
    return _both(v, chunk, active, later)


def _slide_known(up: bool) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        groups = _slide_groups(v, o, up=up)
        if groups is None:
            return
        target, source = groups
        kind, distance = f"i{v.sew}", o["uimm5"]
        # Down goes from low to high and up only between groups: what is written is not read again.
        for chunk in v.chunks(v.sew):
            active = v.active(chunk, o["vm"] == 0)
            if up and chunk.first < distance:
                active = _from_element(v, chunk, active, str(distance))
            value = _shifted(v, source, kind, chunk, -distance if up else distance)
            v.write(target, kind, chunk, value, active)

    return emit


def _slide(up: bool) -> VectorSemantics:
    """By a register: the group is read from memory at another place."""

    def emit(v: Vector, o: Operands) -> None:
        groups = _slide_groups(v, o, up=up)
        if groups is None:
            return
        target, source = groups
        kind, most = f"i{v.sew}", str(v.vlmax)
        distance = v.b.call("i64", "llvm.umin.i64", ("i64", v.b.x(o["rs1"])), ("i64", most))
        short = v.b.op(f"trunc i64 {distance} to i16")
        rest = v.b.op(f"sub i16 {most}, {short}")
        moved = v.b.op(f"sub i64 0, {distance}") if up else distance
        at = v.b.op(f"getelementptr {kind}, ptr {v.memory(source)}, i64 {moved}")
        for chunk in v.chunks(v.sew):
            on = lanes(v, chunk, v.sew)
            place = v.b.op(f"getelementptr {kind}, ptr {at}, i64 {chunk.first}")
            value = v.b.op(f"load {on.type}, ptr {place}, align 1")
            active = v.active(chunk, o["vm"] == 0)
            if up:
                active = _from_element(v, chunk, active, short)
            else:
                within = on.to(16).compare(
                    "ult", v.iota("i16", chunk), v.splat("i16", rest, chunk.n)
                )
                value = on.select(within, value, on.all(0))
            v.write(target, kind, chunk, value, active)

    return emit


def slide_one_up(v: Vector, o: Operands, kind: str, scalar: str) -> None:
    """vslide1up and its float form: element 0 is the scalar, of type `kind`."""
    groups = _slide_groups(v, o, up=True)
    if groups is None:
        return
    target, source = groups
    for chunk in v.chunks(v.sew):
        value = _shifted(v, source, kind, chunk, -1)
        if chunk.first == 0:
            value = v.b.op(f"insertelement <{chunk.n} x {kind}> {value}, {kind} {scalar}, i64 0")
        v.write(target, kind, chunk, value, v.active(chunk, o["vm"] == 0))


def slide_one_down(v: Vector, o: Operands, kind: str, scalar: str) -> None:
    """vslide1down and its float form: the last element of the body is the scalar."""
    groups = _slide_groups(v, o, up=False)
    if groups is None:
        return
    target, source = groups
    last = v.b.op(f"add i16 {v.b.op(f'trunc i64 {v.vl()} to i16')}, -1")
    for chunk in v.chunks(v.sew):
        value = _shifted(v, source, kind, chunk, 1)
        here = lanes(v, chunk, 16).compare(
            "eq", v.iota("i16", chunk), v.splat("i16", last, chunk.n)
        )
        value = v.select(here, kind, chunk.n, v.splat(kind, scalar, chunk.n), value)
        v.write(target, kind, chunk, value, v.active(chunk, o["vm"] == 0))


def _slide_one_up(v: Vector, o: Operands) -> None:
    slide_one_up(v, o, f"i{v.sew}", v.x(o["rs1"], f"i{v.sew}"))


def _slide_one_down(v: Vector, o: Operands) -> None:
    slide_one_down(v, o, f"i{v.sew}", v.x(o["rs1"], f"i{v.sew}"))


# -- whole registers ------------------------------------------------------------------------------


def _move_registers(count: int) -> VectorSemantics:
    """The same whatever vtype is, but vstart counts elements of SEW bits."""

    def emit(v: Vector, o: Operands) -> None:
        if o["vd"] % count or o["vs2"] % count:
            v.illegal()
            return
        for k in range(count):
            n = v.vlen // 8
            start = min(max(v.vstart * v.sew // 8 - k * n, 0), n)
            value = v.b.v(o["vs2"] + k)
            if start:
                old = v.b.v(o["vd"] + k)
                value = v.shuffle("i8", n, old, value, [i + n * (i >= start) for i in range(n)])
            v.b.set_v(o["vd"] + k, value)

    return emit


VSEMANTICS: dict[str, VectorSemantics] = {
    "vslideup.vi": _slide_known(up=True),
    "vslidedown.vi": _slide_known(up=False),
    "vslideup.vx": _slide(up=True),
    "vslidedown.vx": _slide(up=False),
    "vslide1up.vx": _slide_one_up,
    "vslide1down.vx": _slide_one_down,
}
VSEMANTICS |= {f"vmv{count}r.v": _move_registers(count) for count in (1, 2, 4, 8)}
