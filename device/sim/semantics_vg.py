"""V: elements from anywhere in a group: vrgather and vcompress, 16.4 and 16.5 of V 1.0.

Where the host has permutations of whatever elements, by numbers in a register, and the group is
not too large for them, they gather. Else it lies in the hart's state meanwhile, and a loop does.
"""

from __future__ import annotations

from . import host
from .build import Operands
from .vector import Chunk, Group, Vector, VectorSemantics
from .velements import Lanes, lanes, legal

_WIDE = 512  # bits that the host's permutations take; of two registers
_PAGES = 4  # most of them that are searched
_LETTERS = {8: "qi", 16: "hi", 32: "d", 64: "q"}  # in the names of intrinsics
_ONE = {8: "qi", 16: "hi", 32: "si", 64: "di"}


def _pieces(v: Vector, eew: int) -> list[Chunk]:
    """As Vector.chunks, but none wider than the host's vectors.

    LLVM 22 splits wider ones that are packed into stores to places that are not aligned.
    """
    bits = min(v.vlen, _WIDE if host.permutes_bytes() else 128)
    chunks, n = v.chunks(eew), min(bits // eew, v.vlmax)
    return [Chunk(first, n) for c in chunks for first in range(c.first, c.first + c.n, n)]


def _padded(v: Vector, kind: str, n: int, value: str, whole: int) -> str:
    """<n x kind> made longer by what does not matter."""
    return v.shuffle(kind, n, value, None, [i % n for i in range(whole)]) if n < whole else value


# -- vrgather -------------------------------------------------------------------------------------


def _gather_one(v: Vector, o: Operands) -> None:
    """One index for all: 0 if there is no such element."""
    target, source = v.group(o["vd"], v.sew), v.group(o["vs2"], v.sew)
    if target is None or source is None or target == source or not legal(v, target, [], o["vm"]):
        v.illegal()
        return
    kind, per = f"i{v.sew}", v.vlen // v.sew
    if "rs1" in o:
        value = _element(v, v.memory(source), kind, v.b.x(o["rs1"]))
    elif o["uimm5"] < v.vlmax:
        at, low = divmod(o["uimm5"], per)
        register = v.read(source, kind, Chunk(at * per, per))
        value = v.b.op(f"extractelement <{per} x {kind}> {register}, i64 {low}")
    else:
        value = "0"
    for chunk in v.chunks(v.sew):
        active = v.active(chunk, o["vm"] == 0)
        v.write(target, kind, chunk, v.splat(kind, value, chunk.n), active)


def _gather(v: Vector, o: Operands, index_bits: int) -> None:
    target, source = v.group(o["vd"], v.sew), v.group(o["vs2"], v.sew)
    indices = v.group(o["vs1"], index_bits)
    if (
        target is None
        or source is None
        or indices is None
        or not legal(v, target, [], o["vm"])
        or target.meets(source)
        or target.meets(indices)
    ):
        v.illegal()
    elif host.permutes_bytes() and v.vlmax * v.sew <= _PAGES * _WIDE:
        _gather_by_permuting(v, target, source, indices, o["vm"] == 0)
    else:
        _gather_in_memory(v, target, source, indices, o["vm"] == 0)


def _gather_by_permuting(
    v: Vector, target: Group, source: Group, indices: Group, masked: bool
) -> None:
    kind, index_kind = f"i{v.sew}", f"i{indices.eew}"
    wide = Lanes(v.b, _WIDE // v.sew, v.sew)
    per = min(wide.n, v.vlmax)
    pages = [
        _padded(v, kind, per, v.read(source, kind, Chunk(first, per)), wide.n)
        for first in range(0, v.vlmax, per)
    ]
    for piece in _pieces(v, max(v.sew, indices.eew)):
        index = v.read(indices, index_kind, piece)
        on = lanes(v, piece, indices.eew)
        within = on.compare("ult", index, on.all(v.vlmax)) if v.vlmax >> indices.eew == 0 else ""
        if indices.eew > v.sew:
            index = on.truncated(v.sew, index)
        else:
            index = on.extended(v.sew, index, signed=False)
        found = _search(wide, pages, _padded(v, kind, piece.n, index, wide.n))
        if piece.n < wide.n:
            found = v.shuffle(kind, wide.n, found, None, range(piece.n))
        if within:
            found = on.to(v.sew).select(within, found, on.to(v.sew).all(0))
        v.write(target, kind, piece, found, v.active(piece, masked))


def _search(on: Lanes, pages: list[str], index: str) -> str:
    """Elements of 1, 2 or 4 pages in a row."""
    kind = on.type
    if len(pages) == 1:
        name = f"llvm.x86.avx512.permvar.{_ONE[on.bits]}.512"
        return on.b.call(kind, name, (kind, pages[0]), (kind, index))
    if len(pages) == 2:
        name = f"llvm.x86.avx512.vpermi2var.{_LETTERS[on.bits]}.512"
        return on.b.call(kind, name, (kind, pages[0]), (kind, index), (kind, pages[1]))
    low, high = _search(on, pages[:2], index), _search(on, pages[2:], index)
    top = on.op("and", index, on.all(2 * on.n))
    return on.select(on.compare("ne", top, on.all(0)), high, low)


def _gather_in_memory(
    v: Vector, target: Group, source: Group, indices: Group, masked: bool
) -> None:
    """A loop over the elements, put together in the target's place in the state."""
    b, chunks = v.b, v.chunks(v.sew)
    if not chunks:
        return
    kind, index_kind = f"i{v.sew}", f"i{indices.eew}"
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
    for chunk in chunks:
        value = _row(v, kind, out, str(chunk.first), chunk.n)
        v.write(target, kind, chunk, value, v.active(chunk, masked))


def _element(v: Vector, elements: str, kind: str, index: str) -> str:
    """An element of a group in memory by an i64; 0 if there is none."""
    within = v.b.op(f"icmp ult i64 {index}, {v.vlmax}")
    safe = v.b.select(within, "i64", index, "0")
    place = v.b.op(f"getelementptr {kind}, ptr {elements}, i64 {safe}")
    return v.b.select(within, kind, v.b.op(f"load {kind}, ptr {place}"), "0")


def _row(v: Vector, kind: str, elements: str, first: str, n: int) -> str:
    """Elements of a group in memory from one on."""
    place = v.b.op(f"getelementptr {kind}, ptr {elements}, i64 {first}")
    return v.b.op(f"load <{n} x {kind}>, ptr {place}, align 1")


# -- vcompress ------------------------------------------------------------------------------------


def _compress(v: Vector, o: Operands) -> None:
    """Pieces are packed each, and put in a row over what is behind the last one's elements."""
    target, source = v.group(o["vd"], v.sew), v.group(o["vs2"], v.sew)
    if (
        v.vstart
        or target is None
        or source is None
        or target.meets(source)
        or target.meets(v.mask_group(o["vs1"]))
    ):
        v.illegal()
        return
    kind, total, out = f"i{v.sew}", "0", v.place(target)
    pieces = _pieces(v, v.sew)
    for piece in pieces:
        n = piece.n
        chosen = v.mask_read(o["vs1"], piece)
        active = v.active(piece, masked=False)
        if active is not None:
            chosen = lanes(v, piece, 1).op("and", chosen, active)
        packed = _packed(v, kind, n, v.read(source, kind, piece), chosen)
        place = v.b.op(f"getelementptr {kind}, ptr {out}, i64 {total}")
        v.b.emit(f"store <{n} x {kind}> {packed}, ptr {place}, align 1")
        bits = v.b.op(f"bitcast <{n} x i1> {chosen} to i{n}")
        count = v.b.call(f"i{n}", f"llvm.ctpop.i{n}", (f"i{n}", bits))
        if n < 64:
            count = v.b.op(f"zext i{n} {count} to i64")
        total = v.b.op(f"add i64 {total}, {count}")
    short = v.b.op(f"trunc i64 {total} to i16")
    for piece in pieces:
        bound = v.splat("i16", short, piece.n)
        filled = lanes(v, piece, 16).compare("ult", v.iota("i16", piece), bound)
        v.write(target, kind, piece, _row(v, kind, out, str(piece.first), piece.n), filled)


def _packed(v: Vector, kind: str, n: int, value: str, chosen: str) -> str:
    """The chosen elements in a row, from the first on. LLVM 22 aborts below 128 bits."""
    whole = max(n, 128 // v.sew)
    if n < whole:
        chosen = v.shuffle("i1", n, chosen, "zeroinitializer", [min(i, n) for i in range(whole)])
    packed = v.b.call(
        f"<{whole} x {kind}>",
        f"llvm.experimental.vector.compress.v{whole}{kind}",
        (f"<{whole} x {kind}>", _padded(v, kind, n, value, whole)),
        (f"<{whole} x i1>", chosen),
        (f"<{whole} x {kind}>", "zeroinitializer"),
    )
    return v.shuffle(kind, whole, packed, None, range(n)) if n < whole else packed


VSEMANTICS: dict[str, VectorSemantics] = {
    "vrgather.vi": _gather_one,
    "vrgather.vx": _gather_one,
    "vrgather.vv": lambda v, o: _gather(v, o, v.sew),
    "vrgatherei16.vv": lambda v, o: _gather(v, o, 16),
    "vcompress.vm": _compress,
}
