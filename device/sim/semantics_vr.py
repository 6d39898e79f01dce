"""V: integer reductions, chapter 14 of V 1.0, and moves of element 0, 16.1.

Elements that are not active count as what changes nothing, so that whole registers are combined
first, then one register's elements with each other.
"""

from __future__ import annotations

from collections.abc import Callable

from .build import Operands
from .vector import Vector, VectorSemantics
from .velements import Lanes, lanes

# fmt: off
_REDUCTIONS: dict[str, tuple[str, Callable[[int], int]]] = {
    # Operation; what changes nothing, of so many bits.
    "vredsum": ("add", lambda _: 0), "vredxor": ("xor", lambda _: 0),
    "vredand": ("and", lambda _: -1), "vredor": ("or", lambda _: 0),
    "vredminu": ("umin", lambda _: -1), "vredmin": ("smin", lambda bits: (1 << bits - 1) - 1),
    "vredmaxu": ("umax", lambda _: 0), "vredmax": ("smax", lambda bits: -(1 << bits - 1)),
}
# fmt: on


def _combine(on: Lanes, operation: str, a: str, b: str) -> str:
    if operation in ("add", "and", "or", "xor"):
        return on.op(operation, a, b)
    return on.intrinsic(operation, a, b)


def _reduction(
    operation: str, neutral: Callable[[int], int], *, widen: int = 1, signed: bool = False
) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        bits, source = widen * v.sew, v.group(o["vs2"], v.sew)
        if v.vstart or source is None or v.group(o["vd"], bits, emul=0) is None:
            v.illegal()
            return
        total = ""
        for chunk in v.chunks(bits):
            on = lanes(v, chunk, bits)
            nothing = on.all(neutral(bits))
            value = v.read(source, f"i{v.sew}", chunk)
            value = on.to(v.sew).extended(bits, value, signed=signed)
            active = v.active(chunk, o["vm"] == 0)
            if active is not None:
                value = on.select(active, value, nothing)
            if not total:
                start = v.first(o["vs1"], f"i{bits}")
                total = v.b.op(f"insertelement {on.type} {nothing}, i{bits} {start}, i64 0")
            total = _combine(on, operation, total, value)
        if total:
            name = f"llvm.vector.reduce.{operation}.v{on.n}i{bits}"
            v.set_first(o["vd"], f"i{bits}", v.b.call(f"i{bits}", name, (on.type, total)))

    return emit


def _to_x(v: Vector, o: Operands) -> None:
    value = v.first(o["vs2"], f"i{v.sew}")
    v.b.set_x(o["rd"], value if v.sew == 64 else v.b.op(f"sext i{v.sew} {value} to i64"))


def _from_x(v: Vector, o: Operands) -> None:
    v.set_first(o["vd"], f"i{v.sew}", v.x(o["rs1"], f"i{v.sew}"))


VSEMANTICS: dict[str, VectorSemantics] = {
    f"{name}.vs": _reduction(*how) for name, how in _REDUCTIONS.items()
} | {
    "vwredsumu.vs": _reduction(*_REDUCTIONS["vredsum"], widen=2),
    "vwredsum.vs": _reduction(*_REDUCTIONS["vredsum"], widen=2, signed=True),
    "vmv.x.s": _to_x,
    "vmv.s.x": _from_x,
}
