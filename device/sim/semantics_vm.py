"""V: mask instructions, chapter 15 of V 1.0.

Masks are handled as integers of as many bits as there are elements, or a register's bytes if
that is less.
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


def _chunks(v: Vector) -> list[Chunk]:
    return v.chunks(8)


def _logical(operation: str, invert_second: bool, invert: bool) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        for chunk in _chunks(v):
            bools = lanes(v, chunk, 1)
            a, b = v.mask_read(o["vs2"], chunk), v.mask_read(o["vs1"], chunk)
            result = bools.op(operation, a, bools.invert(b) if invert_second else b)
            result = bools.invert(result) if invert else result
            v.mask_write(o["vd"], chunk, result, v.active(chunk, masked=False))

    return emit


def _active_bits(v: Vector, o: Operands, chunk: Chunk) -> str:
    """vs2's bits of active elements, as an integer."""
    bits = v.mask_read(o["vs2"], chunk)
    active = v.active(chunk, o["vm"] == 0)
    if active is not None:
        bits = lanes(v, chunk, 1).op("and", bits, active)
    return v.b.op(f"bitcast <{chunk.n} x i1> {bits} to i{chunk.n}")


def _to_i64(v: Vector, n: int, value: str) -> str:
    """A number below 2**63 in n bits."""
    if n == 64:
        return value
    return v.b.op(f"{'zext' if n < 64 else 'trunc'} i{n} {value} to i64")


def _population(v: Vector, o: Operands) -> None:
    if v.vstart:
        v.illegal()
        return
    total = "0"
    for chunk in _chunks(v):
        bits = _active_bits(v, o, chunk)
        count = v.b.call(f"i{chunk.n}", f"llvm.ctpop.i{chunk.n}", (f"i{chunk.n}", bits))
        total = v.b.op(f"add i64 {total}, {_to_i64(v, chunk.n, count)}")
    v.b.set_x(o["rd"], total)


def _first(v: Vector, o: Operands) -> None:
    if v.vstart:
        v.illegal()
        return
    result = "-1"
    for chunk in reversed(_chunks(v)):
        kind = f"i{max(chunk.n, 16)}"  # which holds the number of its bits
        bits = _active_bits(v, o, chunk)
        some = v.b.op(f"icmp ne i{chunk.n} {bits}, 0")
        if chunk.n < 16:
            bits = v.b.op(f"zext i{chunk.n} {bits} to {kind}")
        place = v.b.call(kind, f"llvm.cttz.{kind}", (kind, bits), ("i1", "false"))
        place = v.b.op(f"add i64 {_to_i64(v, int(kind[1:]), place)}, {chunk.first}")
        result = v.b.select(some, "i64", place, result)
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
        for chunk in _chunks(v):
            n = chunk.n
            bits = _active_bits(v, o, chunk)
            result = compute(v, n, bits, v.b.op(f"sub i{n} {bits}, 1"))
            result = v.b.select(seen, f"i{n}", "0", result)
            some = v.b.op(f"icmp ne i{n} {bits}, 0")
            seen = v.b.op(f"or i1 {seen}, {some}")
            bools = v.b.op(f"bitcast i{n} {result} to <{n} x i1>")
            v.mask_write(target.reg, chunk, bools, v.active(chunk, o["vm"] == 0))

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
        bits = _active_bits(v, o, chunk)
        ones = wide.extended_bools(v.b.op(f"bitcast i{n} {bits} to <{n} x i1>"))
        sums, run = ones, 1
        while run < n:
            earlier = v.shuffle(kind, n, sums, "zeroinitializer", [*[n] * run, *range(n - run)])
            sums = wide.op("add", sums, earlier)
            run *= 2
        result = wide.op("add", wide.op("sub", sums, ones), v.splat(kind, before, n))
        v.write(target, kind, chunk, result, v.active(chunk, o["vm"] == 0))
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
