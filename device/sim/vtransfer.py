"""Transfers: how V loads and stores are made, whatever their shape.

By host vectors, register by register, where one check finds all of it in the remembered region.
What the check refuses the runtime makes, element by element, and traps where an element must. So
nothing here knows of devices, edges of regions, or traps.

    unit-stride   a host load or store for each register; fields of segments are shuffled
    strided       gathers and scatters, if both ends are in the region
    indexed       gathers and scatters, if every address is
    others        always by the runtime
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import runtime_v
from .marks import signed
from .vector import Chunk, Group, Vector

_WIDE = 32  # bits that hosts gather at least
_FEW = 64  # narrow elements that are stored one by one
_MANY = 256  # lanes of an instruction; more would take longer to compile than they save
_NEAR = 1 << 20  # strides below: no distance of an element overflows 32 bits


@dataclass(frozen=True)
class Transfer:
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

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return self.bits // 8

    @property
    def log2(self) -> int:
        return self.size.bit_length() - 1


# -- elements, register by register ---------------------------------------------------------------


@dataclass(frozen=True)
class _Piece:
    """Elements of one host vector. active: <n x i1>; None: all of them."""

    chunk: Chunk
    active: str | None

    @property
    def n(self) -> int:
        return self.chunk.n


def _pieces(v: Vector, t: Transfer) -> list[_Piece]:
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


def _most(v: Vector, t: Transfer) -> int:
    return t.end if isinstance(t.end, int) else v.vlmax


def _below(v: Vector, chunk: Chunk, end: int | str) -> str | None:
    """Which elements of a chunk are below a number; None if all are."""
    if isinstance(end, int):
        return None
    short = v.splat("i16", v.b.op(f"trunc i64 {end} to i16"), chunk.n)
    return v.b.op(f"icmp ult <{chunk.n} x i16> {v.iota('i16', chunk)}, {short}")


# -- the access -----------------------------------------------------------------------------------


def move(v: Vector, t: Transfer) -> None:
    """Emit the transfer; vector registers, and vl if it trims, are as it leaves them."""
    narrow = t.bits < _WIDE and (t.masked or not isinstance(t.end, int) or t.end > _FEW)
    lanes = t.first == 0 and not (t.stores and narrow) and _most(v, t) * len(t.fields) <= _MANY
    if t.end == 0:
        return
    if t.index is None and t.stride is None and not v.vstart:
        _move_unit(v, t)
    elif t.stride is not None and lanes:
        _move_strided(v, t, t.stride)
    elif t.index is not None and lanes and not (t.stores and len(t.fields) > 1):
        _move_indexed(v, t, t.index)
    else:
        with _span(v, t, 1, lambda _: "false", apart=True):
            pass


def _move_unit(v: Vector, t: Transfer) -> None:
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
    count = t.end * fields if isinstance(t.end, int) else 1
    known = isinstance(t.end, int) and t.first == 0
    with _span(v, t, count, None if known else inside) as start:
        for piece in pieces:
            offset = piece.chunk.first * fields * t.size
            at = v.b.op(f"getelementptr i8, ptr {start}, i64 {offset}") if offset else start
            if t.stores:
                _store_row(v, t, piece, at)
            else:
                _load_row(v, t, piece, at)


def _load_row(v: Vector, t: Transfer, piece: _Piece, at: str) -> None:
    """Elements that follow one another in memory, those of fields by turns."""
    kind, n, fields = f"i{t.bits}", piece.n, len(t.fields)
    total = _row_size(t, piece)
    lanes = f"<{total} x {kind}>"
    if piece.active is None:
        row = v.b.op(f"load {lanes}, ptr {at}, align 1, !tbaa !4")
    else:
        old = v.read(t.fields[0], kind, piece.chunk) if fields == 1 else "poison"
        function = f"llvm.masked.load.v{total}{kind}.p0"
        mask = f"<{total} x i1>", _repeated(v, piece.active, n, fields, total)
        row = v.b.call(lanes, function, ("ptr align 1", at), mask, (lanes, old))
    if fields == 1:
        v.write(t.fields[0], kind, piece.chunk, row, None)
        return
    for number, field in enumerate(t.fields):
        part = v.shuffle(kind, total, row, None, range(number, n * fields, fields))
        v.write(field, kind, piece.chunk, part, piece.active)


def _store_row(v: Vector, t: Transfer, piece: _Piece, at: str) -> None:
    kind, n, fields = f"i{t.bits}", piece.n, len(t.fields)
    total = _row_size(t, piece)
    lanes = f"<{total} x {kind}>"
    parts = [v.read(field, kind, piece.chunk) for field in t.fields]
    row = _interleaved(v, kind, n, parts, total)
    if piece.active is None:
        v.b.emit(f"store {lanes} {row}, ptr {at}, align 1, !tbaa !4")
        return
    function = f"llvm.masked.store.v{total}{kind}.p0"
    mask = f"<{total} x i1>", _repeated(v, piece.active, n, fields, total)
    v.b.call("void", function, (lanes, row), ("ptr align 1", at), mask)


def _row_size(t: Transfer, piece: _Piece) -> int:
    """Lanes of a host vector for all fields; masks are good in powers of two only."""
    size = piece.n * len(t.fields)
    return size if piece.active is None else 1 << (size - 1).bit_length()


def _repeated(v: Vector, active: str, n: int, times: int, total: int) -> str:
    """Each bit so many times, then zeros."""
    if times == 1:
        return active
    lanes = [i // times if i < n * times else n for i in range(total)]
    return v.shuffle("i1", n, active, "zeroinitializer", lanes)


def _interleaved(v: Vector, kind: str, n: int, parts: list[str], total: int) -> str:
    """Elements 0 of all vectors, then elements 1, and so on; nothing in lanes after them."""
    count, wide = len(parts), n
    if count == 1:
        return parts[0]
    while len(parts) > 1:
        parts += ["poison"] * (len(parts) % 2)
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [v.shuffle(kind, wide, a, b, range(2 * wide)) for a, b in pairs]
        wide *= 2
    lanes = [i % count * n + i // count if i < n * count else 0 for i in range(total)]
    return v.shuffle(kind, wide, parts[0], None, lanes)


def _move_strided(v: Vector, t: Transfer, stride: str) -> None:
    def near(tag: str) -> str:
        """The stride is short and aligned, the last element inside; stored ones do not overlap."""
        moved = v.b.op(f"add i64 {stride}, {_NEAR}")
        short = v.b.op(f"icmp ult i64 {_turned(v, moved, t)}, {2 * _NEAR >> t.log2}")
        if t.stores and len(t.fields) > 1:
            segment = len(t.fields) * t.size
            moved = v.b.op(f"add i64 {stride}, {segment - 1}")
            apart = v.b.op(f"icmp ugt i64 {moved}, {2 * segment - 2}")
            short = v.b.op(f"and i1 {short}, {apart}")
        steps = v.b.op(f"sub i64 {t.end}, 1")
        off = v.b.op(f"add i64 %{tag}.off, {v.b.op(f'mul i64 {stride}, {steps}')}")
        inside = v.b.op(f"icmp ult i64 {_turned(v, off, t)}, %{tag}.limit")
        return v.b.op(f"and i1 {short}, {inside}")

    pieces = _pieces(v, t)
    ways = []
    short = stride if stride == "0" else v.b.op(f"trunc i64 {stride} to i32")
    for piece in pieces:
        step = v.splat("i32", short, piece.n)
        lanes, numbers = f"<{piece.n} x i32>", v.iota("i32", piece.chunk)
        ways.append(f"{lanes} {v.b.op(f'mul {lanes} {numbers}, {step}')}")
    with _span(v, t, _reach(t), near) as at:
        _move_lanes(v, t, pieces, ways, at)


def _reach(t: Transfer) -> int:
    """Elements of a row that lanes touch: those of a segment, and what is loaded after them."""
    return len(t.fields) + (0 if t.stores else max(_WIDE // t.bits - 1, 0))


def _turned(v: Vector, off: str, t: Transfer) -> str:
    """Bytes as elements; a fraction makes it a very large number."""
    return v.b.call("i64", "llvm.fshr.i64", ("i64", off), ("i64", off), ("i64", str(t.log2)))


def _move_indexed(v: Vector, t: Transfer, index: Group) -> None:
    pieces = _pieces(v, t)
    kind = f"i{index.eew}"
    wide = "i32" if index.eew < 32 else "i64"  # indices are unsigned, lanes' are not
    ways = [v.read(index, kind, piece.chunk) for piece in pieces]
    if index.eew < 64:
        ways = [_extended(v, way, piece.n, kind, wide) for piece, way in _pairs(pieces, ways)]
    base = v.b.x(t.base)

    def all_inside(tag: str) -> str:
        start = v.b.op(f"sub i64 {base}, %{tag}.base")
        total = "true"
        for piece, way in _pairs(pieces, ways):
            lanes = f"<{piece.n} x i64>"
            far = way if wide == "i64" else _extended(v, way, piece.n, wide, "i64")
            off = v.b.op(f"add {lanes} {far}, {v.splat('i64', start, piece.n)}")
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

    with _span(v, t, _reach(t), all_inside, apart=True) as at:
        typed = [f"<{piece.n} x {wide}> {way}" for piece, way in _pairs(pieces, ways)]
        _move_lanes(v, t, pieces, typed, at)


def _extended(v: Vector, value: str, n: int, kind: str, wide: str) -> str:
    return v.b.op(f"zext <{n} x {kind}> {value} to <{n} x {wide}>")


def _pairs(pieces: list[_Piece], values: list[str]) -> Iterator[tuple[_Piece, str]]:
    return zip(pieces, values, strict=True)


def _move_lanes(v: Vector, t: Transfer, pieces: list[_Piece], ways: list[str], at: str) -> None:
    """Elements that are each somewhere else. ways: from `at`, signed, types and values."""
    for number, field in enumerate(t.fields):
        start = v.b.op(f"getelementptr i8, ptr {at}, i64 {number * t.size}")
        for piece, way in _pairs(pieces, ways):
            places = v.b.op(f"getelementptr i8, ptr {start}, {way}")
            if t.stores:
                _scatter(v, field, piece, places)
            else:
                _gather(v, field, piece, places)


def _scatter(v: Vector, field: Group, piece: _Piece, places: str) -> None:
    n, kind = piece.n, f"i{field.eew}"
    value = f"<{n} x {kind}>", v.read(field, kind, piece.chunk)
    mask = f"<{n} x i1>", piece.active or v.splat("i1", "true", n)
    where = f"<{n} x ptr> align 1", places
    v.b.call("void", f"llvm.masked.scatter.v{n}{kind}.v{n}p0", value, where, mask)


def _gather(v: Vector, field: Group, piece: _Piece, places: str) -> None:
    """Narrow elements come with the bytes after them: the check has been for these as well."""
    n, kind = piece.n, f"i{max(field.eew, _WIDE)}"
    lanes, narrow = f"<{n} x {kind}>", f"i{field.eew}"
    mask = f"<{n} x i1>", piece.active or v.splat("i1", "true", n)
    where = f"<{n} x ptr> align 1", places
    function = f"llvm.masked.gather.v{n}{kind}.v{n}p0"
    value = v.b.call(lanes, function, where, mask, (lanes, "poison"))
    if kind != narrow:
        value = v.b.op(f"trunc {lanes} {value} to <{n} x {narrow}>")
    v.write(field, narrow, piece.chunk, value, piece.active)


@contextmanager
def _span(
    v: Vector,
    t: Transfer,
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
        fields=len(t.fields), data=t.fields[0].reg * vlenb,
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
        f"i{t.bits}",
        t.base,
        count=count,
        stores=t.stores,
        slow=slow,
        check=check,
        apart=apart,
    )
    with span as at:
        yield at
