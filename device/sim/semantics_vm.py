"""V: mask instructions, chapter 15 of V 1.0.

Logic is done with masks as vectors of bits, which the host has in registers of their own; counts
and searches are done with words of bits.
"""

from __future__ import annotations

from collections.abc import Callable

from .build import Operands
from .vector import Chunk, Vector, VectorSemantics
from .velements import elements, lanes, legal

_LOGICAL = {  # operation; whether vs1 and the result are inverted
    "vmand": ("and", False, False), "vmnand": ("and", False, True),
    "vmandn": ("and", True, False), "vmxor": ("xor", False, False),
    "vmor": ("or", False, False), "vmnor": ("or", False, True),
    "vmorn": ("or", True, False), "vmxnor": ("xor", False, True),
}  # fmt: skip


def _logical(operation: str, invert_second: bool, invert: bool) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        for chunk in v.chunks(8):
            bools = lanes(v, chunk, 1)
            a, b = v.mask_read(o["vs2"], chunk), v.mask_read(o["vs1"], chunk)
            result = bools.op(operation, a, bools.invert(b) if invert_second else b)
            result = bools.invert(result) if invert else result
            v.mask_write(o["vd"], chunk, result, v.active(chunk, masked=False))

    return emit


# -- masks as integers ----------------------------------------------------------------------------


def _words(v: Vector) -> list[Chunk]:
    """The body in pieces of 64 bits, or one of all there are; vstart is 0."""
    n, end = min(64, v.vlmax), v.vlmax if v.state.vl is None else v.state.vl
    return [Chunk(first, n) for first in range(0, end, n)]


def _as_word(v: Vector, chunk: Chunk, bools: str) -> str:
    return v.b.op(f"bitcast <{chunk.n} x i1> {bools} to i{chunk.n}")


def _active_word(v: Vector, o: Operands, chunk: Chunk) -> str:
    """Which elements are active, as bits."""
    n, known = chunk.n, v.state.vl
    if known is not None:
        word = str((1 << min(max(known - chunk.first, 0), n)) - 1)
    else:
        left, first = v.vl(), str(chunk.first)
        if chunk.first:
            left = v.b.call("i64", "llvm.usub.sat.i64", ("i64", left), ("i64", first))
        shift = v.b.op(f"and i64 {left}, 63")
        word = v.b.op(f"xor i64 {v.b.op(f'shl i64 -1, {shift}')}, -1")
        word = v.b.select(v.b.op(f"icmp ugt i64 {left}, 63"), "i64", "-1", word)
        if n < 64:
            word = v.b.op(f"trunc i64 {word} to i{n}")
    if o["vm"] == 0:
        word = v.b.op(f"and i{n} {word}, {_as_word(v, chunk, v.mask_read(0, chunk))}")
    return word


def _bits(v: Vector, chunk: Chunk, source: int, active: str) -> str:
    """A mask register's bits of active elements."""
    word = _as_word(v, chunk, v.mask_read(source, chunk))
    return v.b.op(f"and i{chunk.n} {word}, {active}")


def _widened(v: Vector, chunk: Chunk, word: str) -> str:
    return word if chunk.n == 64 else v.b.op(f"zext i{chunk.n} {word} to i64")


def _population(v: Vector, o: Operands) -> None:
    if v.vstart:
        v.illegal()
        return
    total = "0"
    for chunk in _words(v):
        bits = _bits(v, chunk, o["vs2"], _active_word(v, o, chunk))
        count = v.b.call("i64", "llvm.ctpop.i64", ("i64", _widened(v, chunk, bits)))
        total = v.b.op(f"add i64 {total}, {count}")
    v.b.set_x(o["rd"], total)


def _first(v: Vector, o: Operands) -> None:
    if v.vstart:
        v.illegal()
        return
    result = "-1"
    for chunk in reversed(_words(v)):
        bits = _widened(v, chunk, _bits(v, chunk, o["vs2"], _active_word(v, o, chunk)))
        place = v.b.call("i64", "llvm.cttz.i64", ("i64", bits), ("i1", "false"))
        some = v.b.op(f"icmp ne i64 {bits}, 0")
        result = v.b.select(some, "i64", v.b.op(f"add i64 {place}, {chunk.first}"), result)
    v.b.set_x(o["rd"], result)


def _before_first(v: Vector, n: int, x: str, less: str) -> str:
    return v.b.op(f"and i{n} {v.b.op(f'xor i{n} {x}, -1')}, {less}")


def _up_to_first(v: Vector, n: int, x: str, less: str) -> str:
    return v.b.op(f"xor i{n} {x}, {less}")


def _only_first(v: Vector, n: int, x: str, less: str) -> str:
    return v.b.op(f"and i{n} {x}, {v.b.op(f'xor i{n} {less}, -1')}")


def _set_by_first(compute: Callable[[Vector, int, str, str], str]) -> VectorSemantics:
    """compute: from n bits and the number that is one less; of a word without a bit as well."""

    def emit(v: Vector, o: Operands) -> None:
        target = v.mask_group(o["vd"])
        if v.vstart or o["vd"] == o["vs2"] or (o["vm"] == 0 and target.reg == 0):
            v.illegal()
            return
        seen = "false"
        for chunk in _words(v):
            n, active = chunk.n, _active_word(v, o, chunk)
            bits = _bits(v, chunk, o["vs2"], active)
            result = compute(v, n, bits, v.b.op(f"sub i{n} {bits}, 1"))
            result = v.b.select(seen, f"i{n}", "0", result)
            seen = v.b.op(f"or i1 {seen}, {v.b.op(f'icmp ne i{n} {bits}, 0')}")
            old = _as_word(v, chunk, v.mask_read(target.reg, chunk))
            kept = v.b.op(f"and i{n} {old}, {v.b.op(f'xor i{n} {active}, -1')}")
            result = v.b.op(f"or i{n} {kept}, {v.b.op(f'and i{n} {result}, {active}')}")
            bools = v.b.op(f"bitcast i{n} {result} to <{n} x i1>")
            v.mask_write(target.reg, chunk, bools, None)

    return emit


def _iota(v: Vector, o: Operands) -> None:
    """Of each element, how many bits of vs2 are set before: sums over ever longer runs."""
    target = v.group(o["vd"], v.sew)
    source = v.mask_group(o["vs2"])
    if v.vstart or target is None or target.meets(source) or not legal(v, target, [], o["vm"]):
        v.illegal()
        return
    kind, before = f"i{v.sew}", "0"
    for chunk in v.chunks(v.sew):
        n, wide = chunk.n, lanes(v, chunk, v.sew)
        active = v.active(chunk, o["vm"] == 0)
        bools = v.mask_read(o["vs2"], chunk)
        if active is not None:
            bools = wide.to(1).op("and", bools, active)
        ones = wide.extended_bools(bools)
        sums, run = ones, 1
        while run < n:
            earlier = v.shuffle(kind, n, sums, "zeroinitializer", [*[n] * run, *range(n - run)])
            sums = wide.op("add", sums, earlier)
            run *= 2
        result = wide.op("add", wide.op("sub", sums, ones), v.splat(kind, before, n))
        v.write(target, kind, chunk, result, active)
        last = v.b.op(f"extractelement {wide.type} {sums}, i64 {n - 1}")
        before = v.b.op(f"add {kind} {before}, {last}")


def _index(v: Vector, o: Operands) -> None:
    for e in elements(v, o):
        e.write(v.iota(f"i{v.sew}", e.chunk))


VSEMANTICS: dict[str, VectorSemantics] = {
    f"{name}.mm": _logical(*how) for name, how in _LOGICAL.items()
} | {
    "vcpop.m": _population,
    "vfirst.m": _first,
    "vmsbf.m": _set_by_first(_before_first),
    "vmsif.m": _set_by_first(_up_to_first),
    "vmsof.m": _set_by_first(_only_first),
    "viota.m": _iota,
    "vid.v": _index,
}
