"""V: reductions of floats, and moves between float registers and vectors (14.3, 14.4, 16.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from . import ieee
from .build import Builder, Operands
from .ieee import Shape
from .semantics_vp import slide_one_down, slide_one_up
from .vector import Chunk, Group, Vector, VectorSemantics
from .velements import legal
from .vfloats import VIEWS, scalar, usable

Step = Callable[[Builder, Shape, str, str], str]
UNROLLED = 16  # elements that are added without a loop: chains of several sums then overlap


def _sum(b: Builder, s: Shape, x: str, y: str) -> str:
    return ieee.arithmetic(b, s, "fadd", b.mode.rounding, (x, y))


def _extreme(less: str) -> Step:
    return lambda b, s, x, y: ieee.extreme(b, s, less, x, y)


def _reduction(step: Step, *, widens: bool = False) -> VectorSemantics:
    """vd[0] = vs1[0] and each active element in turn.

    In order even where any would do: so sums are those of other machines that do the same.
    """

    def emit(v: Vector, o: Operands) -> None:
        bits = v.sew * (1 + widens)
        source = v.group(o["vs2"], v.sew)
        if not usable(v, v.sew, bits) or source is None or v.vstart:
            v.illegal()
            return
        s, b = Shape(VIEWS[bits]), v.b
        register = replace(s, lanes=v.vlen // bits)
        whole = Chunk(0, v.vlen // bits)
        start, old = (
            b.op(f"extractelement {register.floats} {v.read(o[key], s.floats, whole)}, i32 0")
            for key in ("vs1", "vd")
        )
        masked = o["vm"] == 0
        if masked or v.state.vl is None or v.state.vl > UNROLLED:
            total, some = _fold(v, source, s, step, start, masked=masked)
        else:
            total, some = _unrolled(v, source, s, step, start), str(v.state.vl > 0).lower()
        # Without an active element vs1[0] is moved as it is; without any at all nothing is.
        result = ieee.select(b, s, some, ieee.canonical(b, s, total), total)
        result = ieee.select(b, s, b.op(f"icmp eq i64 {v.vl()}, 0"), old, result)
        target = v.read(o["vd"], s.floats, whole)
        result = b.op(f"insertelement {register.floats} {target}, {s.floats} {result}, i32 0")
        v.write(o["vd"], s.floats, whole, result, None)

    return emit


def _unrolled(v: Vector, source: Group, s: Shape, step: Step, total: str) -> str:
    """The start and the first vl elements, a known number."""
    b, narrow = v.b, Shape(VIEWS[source.eew])
    per = v.vlen // source.eew
    assert v.state.vl is not None
    for first in range(0, v.state.vl, per):
        lanes = v.read(source, narrow.floats, Chunk(first, per))
        for lane in range(min(per, v.state.vl - first)):
            element = b.op(f"extractelement <{per} x {narrow.floats}> {lanes}, i32 {lane}")
            if narrow != s:
                element = ieee.convert(b, narrow, s, b.mode.rounding, element)
            total = step(b, s, total, element)
    return total


def _fold(
    v: Vector, source: Group, s: Shape, step: Step, start: str, *, masked: bool
) -> tuple[str, str]:
    """The start and all active elements, extended to the shape, and whether there were any."""
    b = v.b
    elements, mask = v.memory(source), v.memory(v.mask_group(0)) if masked else ""
    narrow, vl = Shape(VIEWS[source.eew]), v.vl()
    before, loop, body, work, latch, done = b.label, *(b.new_label() for _ in range(5))
    index, total, some, index_next, total_next, some_next = (f"%{b.name()}" for _ in range(6))
    b.goto(loop)
    b.start(loop)
    b.emit(f"{index} = phi i64 [ 0, %{before} ], [ {index_next}, %{latch} ]")
    b.emit(f"{total} = phi {s.floats} [ {start}, %{before} ], [ {total_next}, %{latch} ]")
    b.emit(f"{some} = phi i1 [ false, %{before} ], [ {some_next}, %{latch} ]")
    b.branch(b.op(f"icmp ult i64 {index}, {vl}"), body, done)
    b.start(body)
    if masked:
        at = b.op(f"getelementptr i8, ptr {mask}, i64 {b.op(f'lshr i64 {index}, 3')}")
        place = b.op(f"trunc i64 {b.op(f'and i64 {index}, 7')} to i8")
        bit = b.op(f"lshr i8 {b.op(f'load i8, ptr {at}')}, {place}")
        b.branch(b.op(f"trunc i8 {bit} to i1"), work, latch)
    else:
        b.goto(work)
    b.start(work)
    at = b.op(f"getelementptr {narrow.floats}, ptr {elements}, i64 {index}")
    element = b.op(f"load {narrow.floats}, ptr {at}")
    if narrow != s:
        element = ieee.convert(b, narrow, s, b.mode.rounding, element)
    new, end = step(b, s, total, element), b.label
    b.goto(latch)
    b.start(latch)
    skipped = f", [ {{}}, %{body} ]" if masked else ""
    b.emit(f"{total_next} = phi {s.floats} [ {new}, %{end} ]{skipped.format(total)}")
    b.emit(f"{some_next} = phi i1 [ true, %{end} ]{skipped.format(some)}")
    b.emit(f"{index_next} = add i64 {index}, 1")
    b.goto(loop)
    b.start(done)
    return total, some


# -- moves ----------------------------------------------------------------------------------------


def _to_scalar(v: Vector, o: Operands) -> None:
    """vfmv.f.s: whatever vl and LMUL are."""
    if not usable(v, v.sew):
        v.illegal()
        return
    n = v.vlen // v.sew
    bits = v.read(o["vs2"], f"i{v.sew}", Chunk(0, n))
    element = v.b.op(f"extractelement <{n} x i{v.sew}> {bits}, i32 0")
    v.b.set_f_narrow_bits(o["rd"], VIEWS[v.sew], element)


def _from_scalar(v: Vector, o: Operands) -> None:
    """vfmv.s.f: the first element, if there is any in the body."""
    if not usable(v, v.sew):
        v.illegal()
        return
    n, kind = v.vlen // v.sew, f"i{v.sew}"
    old = v.read(o["vd"], kind, Chunk(0, n))
    new = scalar(v, o["rs1"], floats=False)
    if not v.full:
        first = v.b.op(f"extractelement <{n} x {kind}> {old}, i32 0")
        new = v.b.select(v.b.op(f"icmp ult i64 {v.vstart}, {v.vl()}"), kind, new, first)
    result = v.b.op(f"insertelement <{n} x {kind}> {old}, {kind} {new}, i32 0")
    v.write(o["vd"], kind, Chunk(0, n), result, None)


def _fill(v: Vector, o: Operands, *, merge: bool) -> None:
    """vfmv.v.f, and vfmerge.vfm: where v0 is set, else elements of vs2."""
    target = v.group(o["vd"], v.sew)
    sources = [v.group(o["vs2"], v.sew)] if merge else []
    if not usable(v, v.sew) or not legal(v, target, sources, 1 - merge):
        v.illegal()
        return
    assert target is not None
    kind = f"i{v.sew}"
    for chunk in v.chunks(v.sew):
        value = v.splat(kind, scalar(v, o["rs1"], floats=False), chunk.n)
        if merge:
            other = v.read(o["vs2"], kind, chunk)
            value = v.select(v.mask_read(0, chunk), kind, chunk.n, value, other)
        v.write(target, kind, chunk, value, v.active(chunk, masked=False))


def _slide_one(v: Vector, o: Operands, *, up: bool) -> None:
    """vfslide1up, vfslide1down."""
    if not usable(v, v.sew):
        v.illegal()
        return
    slide = slide_one_up if up else slide_one_down
    slide(v, o, f"i{v.sew}", scalar(v, o["rs1"], floats=False))


VSEMANTICS: dict[str, VectorSemantics] = {
    "vfredusum.vs": _reduction(_sum),
    "vfredosum.vs": _reduction(_sum),
    "vfwredusum.vs": _reduction(_sum, widens=True),
    "vfwredosum.vs": _reduction(_sum, widens=True),
    "vfredmin.vs": _reduction(_extreme("olt")),
    "vfredmax.vs": _reduction(_extreme("ogt")),
    "vfmv.f.s": _to_scalar,
    "vfmv.s.f": _from_scalar,
    "vfmv.v.f": partial(_fill, merge=False),
    "vfslide1up.vf": partial(_slide_one, up=True),
    "vfslide1down.vf": partial(_slide_one, up=False),
    "vfmerge.vfm": partial(_fill, merge=True),
}
