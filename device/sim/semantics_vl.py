"""V: loads and stores (chapter 7 of the specification).

An access is made by host vectors, register by register, where one check finds all of it in the
remembered region. What the check refuses the runtime makes, element by element, and traps where
an element must. So nothing here knows of devices, edges of regions, or traps.

    unit-stride   a host load or store for each register; fields of segments are shuffled
    strided       gathers and scatters, if both ends are in the region
    indexed       gathers and scatters, if every address is
    others        always by the runtime
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from . import runtime_v
from .build import Operands, signed
from .vector import Chunk, Group, Vector, VectorSemantics

_EEWS = (8, 16, 32, 64)
_SHUFFLED = 4  # fields of a segment that are worth it
_GATHERED = (32, 64)  # bits of elements that hosts can gather
_NEAR = 1 << 31  # strides below: no distance of a last element overflows


@dataclass(frozen=True)
class _Form:
    """What a name says. bits: of an element; of an index if it is indexed."""

    stores: bool
    walk: Literal["unit", "strided", "indexed"]
    bits: int
    fields: int = 1
    trims: bool = False  # fault-only-first


@dataclass(frozen=True)
class _Transfer:
    """What an instruction moves: elements below `end` of each field."""

    stores: bool
    bits: int  # of an element
    fields: tuple[Group, ...]
    base: int  # x register
    end: int | str  # an i64 where it is not known
    first: int | str  # 0 nearly always
    masked: bool = False
    trims: bool = False
    index: Group | None = None
    stride: str | None = None  # bytes, an i64; None: a segment's, they follow one another
    counts_vl: bool = True  # `end` is vl
    checked: int = 0  # bits of wider elements that the check may count in

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return self.bits // 8

    @property
    def log2(self) -> int:
        return self.size.bit_length() - 1


# -- what is legal --------------------------------------------------------------------------------


def _transfer(v: Vector, form: _Form, o: Operands) -> _Transfer | None:
    """What to move; None if the encoding is reserved (5.2, 5.3, 7.3 and 7.8)."""
    bits = v.sew if form.walk == "indexed" else form.bits
    first = v.group(o["vs3" if form.stores else "vd"], bits)
    if first is None or form.fields * first.count > 8 or form.fields * first.count + first.reg > 32:
        return None
    fields = tuple(Group(first.reg + n * first.count, bits, first.emul) for n in range(form.fields))
    index = v.group(o["vs2"], form.bits) if form.walk == "indexed" else None
    if form.walk == "indexed" and index is None:
        return None
    if not form.stores:
        if not v.masked_overlap_ok(first, o["vm"]):
            return None
        if index and not all(v.overlap_ok(field, index) for field in fields):
            return None
        if index and form.fields > 1 and any(_meet(field, index) for field in fields):
            return None
    stride = v.b.x(o["rs2"]) if form.walk == "strided" else None
    end = v.vl() if v.state.vl is None else v.state.vl
    masked = o["vm"] == 0
    return _Transfer(
        form.stores, bits, fields, o["rs1"], end, v.vstart, masked, form.trims, index, stride
    )


def _meet(a: Group, b: Group) -> bool:
    return a.reg < b.end and b.reg < a.end


# -- elements, register by register ---------------------------------------------------------------


@dataclass(frozen=True)
class _Piece:
    """Elements of one host vector. active: <n x i1>; None: all of them."""

    chunk: Chunk
    active: str | None

    @property
    def n(self) -> int:
        return self.chunk.n


def _pieces(v: Vector, t: _Transfer) -> list[_Piece]:
    bits = max(t.bits, t.index.eew if t.index else 0)
    if not t.counts_vl:
        most = t.end if isinstance(t.end, int) else v.vlmax + 7 >> 3
        per = v.vlen // bits
        chunks = [Chunk(first, min(per, most - first)) for first in range(0, most, per)]
        return [_Piece(chunk, _below(v, chunk, t.end)) for chunk in chunks]
    chunks = v.chunks(bits)
    if isinstance(t.end, int) and not t.masked:  # what is left of the last one
        chunks = [Chunk(c.first, min(c.n, t.end - c.first)) for c in chunks]
    return [_Piece(chunk, v.active(chunk, t.masked)) for chunk in chunks]


def _below(v: Vector, chunk: Chunk, end: int | str) -> str | None:
    """Which elements of a chunk are below a number; None if all are."""
    if isinstance(end, int):
        return None
    short = v.splat("i16", v.b.op(f"trunc i64 {end} to i16"), chunk.n)
    return v.b.op(f"icmp ult <{chunk.n} x i16> {v.iota('i16', chunk)}, {short}")


# -- the access -----------------------------------------------------------------------------------


def _move(v: Vector, t: _Transfer) -> None:
    lanes = t.bits in _GATHERED and not (t.stores and len(t.fields) > 1)  # which may overlap
    if t.end == 0:
        return
    if t.first == 0 and t.index is not None and lanes:
        _move_indexed(v, t, t.index)
    elif t.first == 0 and t.stride is not None and lanes:
        _move_strided(v, t, t.stride)
    elif not v.vstart and not t.index and not t.stride and len(t.fields) <= _SHUFFLED:
        _move_unit(v, t)
    else:
        with _span(v, t, 1, lambda _: "false", apart=True):
            pass


def _move_unit(v: Vector, t: _Transfer) -> None:
    fields = len(t.fields)

    def inside(tag: str) -> str:
        """The last element is; or there is no vstart, if that is what was not known."""
        if isinstance(t.end, int):
            return v.b.op(f"icmp eq i64 {t.first}, 0")
        last = v.b.op(f"add i64 {v.b.op(f'mul i64 {t.end}, {fields}')}, -1")
        way = v.b.op(f"shl i64 {last}, {t.log2}")
        off = v.b.op(f"add i64 %{tag}.off, {way}")
        return v.b.op(f"icmp ult i64 {v.b.op(f'lshr i64 {off}, {t.log2}')}, %{tag}.limit")

    pieces = _pieces(v, t)
    count = t.end * fields * t.bits // max(t.checked, t.bits) if isinstance(t.end, int) else 1
    known = isinstance(t.end, int) and t.first == 0
    with _span(v, t, count, None if known else inside) as start:
        for piece in pieces:
            offset = piece.chunk.first * fields * t.size
            at = v.b.op(f"getelementptr i8, ptr {start}, i64 {offset}") if offset else start
            if t.stores:
                _store_row(v, t, piece, at)
            else:
                _load_row(v, t, piece, at)


def _load_row(v: Vector, t: _Transfer, piece: _Piece, at: str) -> None:
    """Elements that follow one another in memory, those of fields by turns."""
    kind, n, fields = f"i{t.bits}", piece.n, len(t.fields)
    lanes = f"<{n * fields} x {kind}>"
    if piece.active is None:
        row = v.b.op(f"load {lanes}, ptr {at}, align 1, !tbaa !4")
    else:
        old = v.read(t.fields[0], kind, piece.chunk) if fields == 1 else "poison"
        function = f"llvm.masked.load.v{n * fields}{kind}.p0"
        mask = f"<{n * fields} x i1>", _repeated(v, piece.active, n, fields)
        row = v.b.call(lanes, function, ("ptr align 1", at), mask, (lanes, old))
    if fields == 1:
        v.write(t.fields[0], kind, piece.chunk, row, None)
        return
    for number, field in enumerate(t.fields):
        part = v.shuffle(kind, n * fields, row, None, range(number, n * fields, fields))
        v.write(field, kind, piece.chunk, part, piece.active)


def _store_row(v: Vector, t: _Transfer, piece: _Piece, at: str) -> None:
    kind, n, fields = f"i{t.bits}", piece.n, len(t.fields)
    lanes = f"<{n * fields} x {kind}>"
    row = _interleaved(v, kind, n, [v.read(field, kind, piece.chunk) for field in t.fields])
    if piece.active is None:
        v.b.emit(f"store {lanes} {row}, ptr {at}, align 1, !tbaa !4")
        return
    function = f"llvm.masked.store.v{n * fields}{kind}.p0"
    mask = f"<{n * fields} x i1>", _repeated(v, piece.active, n, fields)
    v.b.call("void", function, (lanes, row), ("ptr align 1", at), mask)


def _repeated(v: Vector, active: str, n: int, times: int) -> str:
    """Each bit so many times."""
    if times == 1:
        return active
    return v.shuffle("i1", n, active, None, [i // times for i in range(n * times)])


def _interleaved(v: Vector, kind: str, n: int, parts: list[str]) -> str:
    """Elements 0 of all vectors, then elements 1, and so on."""
    count, wide = len(parts), n
    if count == 1:
        return parts[0]
    while len(parts) > 1:
        parts += ["poison"] * (len(parts) % 2)
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [v.shuffle(kind, wide, a, b, range(2 * wide)) for a, b in pairs]
        wide *= 2
    return v.shuffle(
        kind, wide, parts[0], None, [i % count * n + i // count for i in range(n * count)]
    )


def _move_strided(v: Vector, t: _Transfer, stride: str) -> None:
    def near(tag: str) -> str:
        """The stride is short and aligned, and the last element inside."""
        moved = v.b.op(f"add i64 {stride}, {_NEAR}")
        short = v.b.op(f"icmp ult i64 {_turned(v, moved, t)}, {2 * _NEAR >> t.log2}")
        steps = v.b.op(f"sub i64 {t.end}, 1")
        off = v.b.op(f"add i64 %{tag}.off, {v.b.op(f'mul i64 {stride}, {steps}')}")
        inside = v.b.op(f"icmp ult i64 {_turned(v, off, t)}, %{tag}.limit")
        return v.b.op(f"and i1 {short}, {inside}")

    pieces = _pieces(v, t)
    ways = []
    for piece in pieces:
        step = v.splat("i64", stride, piece.n)
        ways.append(v.b.op(f"mul <{piece.n} x i64> {v.iota('i64', piece.chunk)}, {step}"))
    with _span(v, t, len(t.fields), near) as at:
        _move_lanes(v, t, pieces, ways, at)


def _turned(v: Vector, off: str, t: _Transfer) -> str:
    """Bytes as elements; a fraction makes it a very large number."""
    return v.b.call("i64", "llvm.fshr.i64", ("i64", off), ("i64", off), ("i64", str(t.log2)))


def _move_indexed(v: Vector, t: _Transfer, index: Group) -> None:
    pieces = _pieces(v, t)
    kind = f"i{index.eew}"
    ways = [v.read(index, kind, piece.chunk) for piece in pieces]
    if index.eew < 64:
        ways = [
            v.b.op(f"zext <{p.n} x {kind}> {way} to <{p.n} x i64>")
            for p, way in zip(pieces, ways, strict=True)
        ]
    base = v.b.x(t.base)

    def all_inside(tag: str) -> str:
        start = v.b.op(f"sub i64 {base}, %{tag}.base")
        total = "true"
        for piece, way in zip(pieces, ways, strict=True):
            lanes = f"<{piece.n} x i64>"
            off = v.b.op(f"add {lanes} {way}, {v.splat('i64', start, piece.n)}")
            turned = v.b.call(
                lanes, f"llvm.fshr.v{piece.n}i64", (lanes, off), (lanes, off),
                (lanes, v.splat("i64", str(t.log2), piece.n)),
            )  # fmt: skip
            limit = v.splat("i64", f"%{tag}.limit", piece.n)
            fits = v.b.op(f"icmp ult {lanes} {turned}, {limit}")
            bits = f"<{piece.n} x i1>"
            if piece.active is not None:
                idle = v.b.op(f"xor {bits} {piece.active}, {v.splat('i1', 'true', piece.n)}")
                fits = v.b.op(f"or {bits} {fits}, {idle}")
            each = v.b.call("i1", f"llvm.vector.reduce.and.v{piece.n}i1", (bits, fits))
            total = v.b.op(f"and i1 {total}, {each}")
        return total

    with _span(v, t, len(t.fields), all_inside, apart=True) as at:
        _move_lanes(v, t, pieces, ways, at)


def _move_lanes(v: Vector, t: _Transfer, pieces: list[_Piece], ways: list[str], at: str) -> None:
    """Elements that are each somewhere else. ways: from `at`, <n x i64>."""
    kind = f"i{t.bits}"
    for number, field in enumerate(t.fields):
        start = v.b.op(f"getelementptr i8, ptr {at}, i64 {number * t.size}")
        for piece, way in zip(pieces, ways, strict=True):
            n = piece.n
            lanes = f"<{n} x {kind}>"
            places = v.b.op(f"getelementptr i8, ptr {start}, <{n} x i64> {way}")
            old = v.read(field, kind, piece.chunk)
            mask = f"<{n} x i1>", piece.active or v.splat("i1", "true", n)
            where = f"<{n} x ptr> align 1", places
            name = f"v{n}{kind}.v{n}p0"
            if t.stores:
                v.b.call("void", f"llvm.masked.scatter.{name}", (lanes, old), where, mask)
            else:
                new = v.b.call(lanes, f"llvm.masked.gather.{name}", where, mask, (lanes, old))
                v.write(field, kind, piece.chunk, new, None)


@contextmanager
def _span(
    v: Vector,
    t: _Transfer,
    count: int,
    check: Callable[[str], str] | None,
    *,
    apart: bool = False,
) -> Iterator[str]:
    """The check of an access, and what the runtime does where it fails; see Builder.span."""
    b = v.b
    base, stride = b.x(t.base), t.stride
    if stride is None:
        stride = "0" if t.index else str(len(t.fields) * t.size)
    vlenb = v.vlen // 8
    shape = runtime_v.shape(
        store=t.stores, masked=t.masked, trims=t.trims, indexed=t.index is not None,
        index_log2=(t.index.eew // 8).bit_length() - 1 if t.index else 0,
        log2=t.log2, fields=len(t.fields), data=t.fields[0].reg * vlenb,
        index=t.index.reg * vlenb if t.index else 0, spacing=t.fields[0].count * vlenb,
    )  # fmt: skip

    def slow(tag: str) -> None:
        read = [
            *t.fields,
            *([t.index] if t.index else []),
            *([v.mask_group(0)] if t.masked else []),
        ]
        for group in read:
            v.memory(group)
        end = b.call_runtime(
            "i64", "vector", ("i64", base), ("i64", stride), ("i64", str(t.first)),
            ("i64", str(t.end)),
            ("i64", signed(b.pc)), ("i64", f"%{tag}.left"), ("i64", f"%{tag}.site"),
            ("i64", str(shape)),
        )  # fmt: skip
        for field in () if t.stores else t.fields:
            v.reload(field)
        if t.trims:
            b.set_vconfig("vl", end)

    span = b.span(
        f"i{max(t.checked, t.bits)}",
        t.base,
        count=count,
        stores=t.stores,
        slow=slow,
        check=check,
        apart=apart,
    )
    with span as at:
        yield at


# -- the table ------------------------------------------------------------------------------------


def _by_vtype(form: _Form) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        t = _transfer(v, form, o)
        if t is None:
            v.illegal()
        else:
            _move(v, t)

    return emit


def _whole(stores: bool, bits: int, registers: int) -> VectorSemantics:
    """Registers as they are, whatever vl and vtype (7.9)."""

    def emit(v: Vector, o: Operands) -> None:
        group = v.group(o["vs3" if stores else "vd"], bits, emul=registers.bit_length() - 1)
        if group is None:
            v.illegal()
            return
        first = v.b.vconfig("vstart") if v.b.vstate is None else v.vstart
        end = registers * v.vlen // bits
        t = _Transfer(stores, bits, (group,), o["rs1"], end, first, counts_vl=False)
        # Stores are of bytes: counted as the elements around them, they share those' checks.
        _move(v, replace(t, checked=v.sew))

    return emit


def _mask(stores: bool) -> VectorSemantics:
    """The bytes of a mask that vl elements need (7.4)."""

    def emit(v: Vector, o: Operands) -> None:
        group = Group(o["vs3" if stores else "vd"], 8, 0)
        end: int | str
        if v.state.vl is None:
            end = v.b.op(f"lshr i64 {v.b.op(f'add i64 {v.vl()}, 7')}, 3")
        else:
            end = v.state.vl + 7 >> 3
        _move(v, _Transfer(stores, 8, (group,), o["rs1"], end, v.vstart, counts_vl=False))

    return emit


VSEMANTICS: dict[str, VectorSemantics] = {"vlm.v": _mask(False), "vsm.v": _mask(True)}
VSEMANTICS |= {f"vs{n}r.v": _whole(True, 8, n) for n in (1, 2, 4, 8)}
VSEMANTICS |= {f"vl{n}re{bits}.v": _whole(False, bits, n) for n in (1, 2, 4, 8) for bits in _EEWS}
for _fields in range(1, 9):
    _seg = f"seg{_fields}" if _fields > 1 else ""
    for _bits in _EEWS:
        VSEMANTICS[f"vl{_seg}e{_bits}ff.v"] = _by_vtype(
            _Form(False, "unit", _bits, _fields, trims=True)
        )
        for _letter, _stores in (("l", False), ("s", True)):
            _forms: dict[str, Literal["unit", "strided", "indexed"]] = {
                f"v{_letter}{_seg}e{_bits}.v": "unit",
                f"v{_letter}s{_seg}e{_bits}.v": "strided",
                f"v{_letter}ux{_seg}ei{_bits}.v": "indexed",
                f"v{_letter}ox{_seg}ei{_bits}.v": "indexed",
            }
            VSEMANTICS |= {
                name: _by_vtype(_Form(_stores, walk, _bits, _fields))
                for name, walk in _forms.items()
            }
