"""V: permutations, chapter 16 of V 1.0.

Slides by a known distance are shuffles of two registers. By others, and where elements come
from all over a group, it lies in the hart's state meanwhile, where it can be indexed.
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


# -- gathers --------------------------------------------------------------------------------------


def _meet(a: Group, b: Group) -> bool:
    return a.reg < b.end and b.reg < a.end


def _gather_one(v: Vector, o: Operands) -> None:
    """vrgather with one index for all: 0 if there is no such element."""
    target, source = v.group(o["vd"], v.sew), v.group(o["vs2"], v.sew)
    if not legal(v, target, [source], o["vm"]) or target == source:
        v.illegal()
        return
    assert target is not None
    assert source is not None
    kind = f"i{v.sew}"
    if "uimm5" in o:
        at, low = divmod(o["uimm5"], v.vlen // v.sew)
        value = "0"
        if o["uimm5"] < v.vlmax:
            per = v.vlen // v.sew
            register = v.read(source, kind, Chunk(at * per, per))
            value = v.b.op(f"extractelement <{per} x {kind}> {register}, i64 {low}")
    else:
        value = _element(v, v.memory(source), kind, v.b.x(o["rs1"]))
    for chunk in v.chunks(v.sew):
        all_alike = v.splat(kind, value, chunk.n)
        v.write(target, kind, chunk, all_alike, v.active(chunk, o["vm"] == 0))


def _gather(v: Vector, o: Operands, index_bits: int) -> None:
    target, source = v.group(o["vd"], v.sew), v.group(o["vs2"], v.sew)
    indices = v.group(o["vs1"], index_bits)
    if (
        target is None
        or source is None
        or indices is None
        or not legal(v, target, [], o["vm"])
        or _meet(target, source)
        or _meet(target, indices)
    ):
        v.illegal()
        return
    kind = f"i{v.sew}"
    chunks = v.chunks(v.sew)
    found = _gather_in_memory(v, source, indices, target, chunks) if chunks else ""
    for chunk in chunks:
        place = v.b.op(f"getelementptr {kind}, ptr {found}, i64 {chunk.first}")
        value = v.b.op(f"load <{chunk.n} x {kind}>, ptr {place}, align 1")
        v.write(target, kind, chunk, value, v.active(chunk, o["vm"] == 0))


def _gather_in_memory(
    v: Vector, source: Group, indices: Group, target: Group, chunks: list[Chunk]
) -> str:
    """A loop over the chunks' elements; a pointer to the target's place in the state."""
    b = v.b
    kind, index_kind = f"i{source.eew}", f"i{indices.eew}"
    elements, numbers, out = v.memory(source), v.memory(indices), v.place(target)
    first, end = chunks[0].first, chunks[-1].first + chunks[-1].n
    before, loop, done = b.new_label(), b.new_label(), b.new_label()
    b.goto(before)
    b.start(before)
    b.goto(loop)
    b.start(loop)
    at, following = f"%{b.name()}", f"%{b.name()}"
    b.emit(f"{at} = phi i64 [ {first}, %{before} ], [ {following}, %{loop} ]")
    place = b.op(f"getelementptr {index_kind}, ptr {numbers}, i64 {at}")
    index = b.op(f"load {index_kind}, ptr {place}")
    if index_kind != "i64":
        index = b.op(f"zext {index_kind} {index} to i64")
    place = b.op(f"getelementptr {kind}, ptr {out}, i64 {at}")
    b.emit(f"store {kind} {_element(v, elements, kind, index)}, ptr {place}")
    b.emit(f"{following} = add i64 {at}, 1")
    b.branch(b.op(f"icmp ult i64 {following}, {end}"), loop, done)
    b.start(done)
    return out


def _element(v: Vector, elements: str, kind: str, index: str) -> str:
    """An element of a group in memory by an i64; 0 if there is none."""
    within = v.b.op(f"icmp ult i64 {index}, {v.vlmax}")
    safe = v.b.select(within, "i64", index, "0")
    place = v.b.op(f"getelementptr {kind}, ptr {elements}, i64 {safe}")
    return v.b.select(within, kind, v.b.op(f"load {kind}, ptr {place}"), "0")


def _compress(v: Vector, o: Operands) -> None:
    """Pieces are packed each, and put in a row over what is behind the last one's elements."""
    target, source = v.group(o["vd"], v.sew), v.group(o["vs2"], v.sew)
    if (
        v.vstart
        or target is None
        or source is None
        or _meet(target, source)
        or _meet(target, v.mask_group(o["vs1"]))
    ):
        v.illegal()
        return
    kind, total = f"i{v.sew}", "0"
    out, chunks = v.place(target), v.chunks(v.sew)
    per = v.vlen // v.sew
    for chunk in chunks:
        n, whole = chunk.n, lanes(v, Chunk(chunk.first, per), v.sew)
        chosen = v.mask_read(o["vs1"], chunk)
        active = v.active(chunk, masked=False)
        if active is not None:
            chosen = lanes(v, chunk, 1).op("and", chosen, active)
        packed = v.b.call(
            whole.type,
            f"llvm.experimental.vector.compress.v{per}i{v.sew}",
            (whole.type, v.read(source, kind, Chunk(chunk.first, per))),
            (f"<{per} x i1>", _padded(v, chosen, n, per)),
            (whole.type, "zeroinitializer"),
        )
        place = v.b.op(f"getelementptr {kind}, ptr {out}, i64 {total}")
        v.b.emit(f"store {whole.type} {packed}, ptr {place}, align 1")
        bits = v.b.op(f"bitcast <{n} x i1> {chosen} to i{n}")
        count = v.b.call(f"i{n}", f"llvm.ctpop.i{n}", (f"i{n}", bits))
        if n != 64:
            count = v.b.op(f"{'zext' if n < 64 else 'trunc'} i{n} {count} to i64")
        total = v.b.op(f"add i64 {total}, {count}")
    short = v.b.op(f"trunc i64 {total} to i16")
    for chunk in chunks:
        place = v.b.op(f"getelementptr {kind}, ptr {out}, i64 {chunk.first}")
        value = v.b.op(f"load <{chunk.n} x {kind}>, ptr {place}, align 1")
        bound = v.splat("i16", short, chunk.n)
        filled = lanes(v, chunk, 16).compare("ult", v.iota("i16", chunk), bound)
        v.write(target, kind, chunk, value, filled)


def _padded(v: Vector, bools: str, n: int, whole: int) -> str:
    """<n x i1> with as many more as a whole register has: hosts compress no less."""
    if n == whole:
        return bools
    return v.shuffle("i1", n, bools, "zeroinitializer", [min(i, n) for i in range(whole)])


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
    "vrgather.vi": _gather_one,
    "vrgather.vx": _gather_one,
    "vrgather.vv": lambda v, o: _gather(v, o, v.sew),
    "vrgatherei16.vv": lambda v, o: _gather(v, o, 16),
    "vcompress.vm": _compress,
}
VSEMANTICS |= {f"vmv{count}r.v": _move_registers(count) for count in (1, 2, 4, 8)}
