"""F, D and Zfh: floating point, written once for all formats.

What an operation does is ieee.py's business; NaNs' bits and boxes are the builder's. Here is
how instructions get at their operands.
"""

from __future__ import annotations

from collections.abc import Callable

from . import ieee
from .build import Builder, Operands, Semantics
from .ieee import Shape
from .marks import BITS, TYPE_OF_VIEW, View

H, S, D = Shape("h"), Shape("s"), Shape("d")


def _rounding(emit: Callable[[Builder, Operands, int], None]) -> Semantics:
    """An instruction with a rounding mode; `emit` gets it: RNE to RMM, or HOST."""

    def checked(b: Builder, o: Operands) -> None:
        mode = b.rounding(o["rm"])
        if mode is None:
            b.illegal()
        else:
            emit(b, o, mode)

    return checked


def _arithmetic(s: Shape, name: str, registers: tuple[str, ...]) -> Semantics:
    """An operation that rounds once."""

    def emit(b: Builder, o: Operands, mode: int) -> None:
        values = [b.f_view(o[r], s.view) for r in registers]
        b.set_f(o["rd"], s.view, ieee.arithmetic(b, s, name, mode, values))

    return _rounding(emit)


def _to_integer(s: Shape, bits: int, signed: bool) -> Semantics:
    def emit(b: Builder, o: Operands, mode: int) -> None:
        result = ieee.to_integer(b, s, b.f_view(o["rs1"], s.view), (bits, signed), mode)
        (b.set_x if bits == 64 else b.set_x32)(o["rd"], result)

    return _rounding(emit)


def _from_integer(s: Shape, bits: int, signed: bool) -> Semantics:
    def emit(b: Builder, o: Operands, mode: int) -> None:
        value = b.x(o["rs1"]) if bits == 64 else b.x32(o["rs1"])
        b.set_f(o["rd"], s.view, ieee.from_integer(b, s, value, (bits, signed), mode))

    return _rounding(emit)


def _convert(source: Shape, target: Shape) -> Semantics:
    def emit(b: Builder, o: Operands, mode: int) -> None:
        value = b.f_view(o["rs1"], source.view)
        b.set_f(o["rd"], target.view, ieee.convert(b, source, target, mode, value))

    return _rounding(emit)


def _compare(s: Shape, predicate: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        x, y = (b.f_view(o[r], s.view) for r in ("rs1", "rs2"))
        holds = ieee.compare(b, s, predicate, x, y, quiet=predicate == "oeq")
        b.set_x(o["rd"], b.op(f"zext i1 {holds} to i64"))

    return emit


def _extreme(s: Shape, less: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        x, y = (b.f_view(o[r], s.view) for r in ("rs1", "rs2"))
        b.set_f(o["rd"], s.view, ieee.extreme(b, s, less, x, y))

    return emit


def _sign(s: Shape, operation: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        rd, rs1, rs2 = o["rd"], o["rs1"], o["rs2"]
        if operation == "fsgnj" and rs1 == rs2:
            b.copy_f(rd, rs1, s.view)
            return
        x, y = b.f_narrow_bits(rs1, s.view), b.f_narrow_bits(rs2, s.view)
        b.set_f_narrow_bits(rd, s.view, ieee.inject_sign(b, s, operation, x, y))

    return emit


def _classify(s: Shape) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        value = ieee.as_value(b, s, b.f_narrow_bits(o["rs1"], s.view))
        result = ieee.classify(b, s, value)
        b.set_x(o["rd"], b.op(f"zext {s.ints} {result} to i64") if s.bits < 64 else result)

    return emit


def _load(view: View) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        b.set_f(o["rd"], view, b.load(TYPE_OF_VIEW[view], o["rs1"], o["imm12"]), exact=True)

    return emit


def _low(b: Builder, reg: int, view: View) -> str:
    """The low bits of a register as they are, boxed or not."""
    bits = b.f_bits(reg)
    return bits if view == "d" else b.op(f"trunc i64 {bits} to i{BITS[TYPE_OF_VIEW[view]]}")


def _store(view: View) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        bits = _low(b, o["rs2"], view)
        b.store(f"i{BITS[TYPE_OF_VIEW[view]]}", bits, o["rs1"], o["store12"])

    return emit


def _move_to_integer(view: View) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        bits = _low(b, o["rs1"], view)
        if view != "d":
            bits = b.op(f"sext i{BITS[TYPE_OF_VIEW[view]]} {bits} to i64")
        b.set_x(o["rd"], bits)

    return emit


def _move_from_integer(view: View) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        bits = b.x(o["rs1"])
        if view != "d":
            bits = b.op(f"trunc i64 {bits} to i{BITS[TYPE_OF_VIEW[view]]}")
        b.set_f_narrow_bits(o["rd"], view, bits)

    return emit


# -- the table ------------------------------------------------------------------------------------

_COMPARISONS = {"feq": "oeq", "flt": "olt", "fle": "ole"}
_INTEGERS = {"w": (32, True), "wu": (32, False), "l": (64, True), "lu": (64, False)}


def _of_kind(s: Shape) -> dict[str, Semantics]:
    two = ("rs1", "rs2")
    letter = s.view
    rows = {
        f"{name}.{letter}": _arithmetic(s, name, two) for name in ("fadd", "fsub", "fmul", "fdiv")
    }
    rows[f"fsqrt.{letter}"] = _arithmetic(s, "fsqrt", ("rs1",))
    for name in ("fmadd", "fmsub", "fnmsub", "fnmadd"):
        rows[f"{name}.{letter}"] = _arithmetic(s, name, (*two, "rs3"))
    for name, predicate in _COMPARISONS.items():
        rows[f"{name}.{letter}"] = _compare(s, predicate)
    for name, how in _INTEGERS.items():
        rows[f"fcvt.{name}.{letter}"] = _to_integer(s, *how)
        rows[f"fcvt.{letter}.{name}"] = _from_integer(s, *how)
    for name in ("fsgnj", "fsgnjn", "fsgnjx"):
        rows[f"{name}.{letter}"] = _sign(s, name)
    rows[f"fmin.{letter}"] = _extreme(s, "olt")
    rows[f"fmax.{letter}"] = _extreme(s, "ogt")
    rows[f"fclass.{letter}"] = _classify(s)
    # Loads, stores and moves are named by the width in memory.
    width = {"h": "h", "s": "w", "d": "d"}[letter]
    rows[f"fl{width}"] = _load(letter)
    rows[f"fs{width}"] = _store(letter)
    rows[f"fmv.x.{width}"] = _move_to_integer(letter)
    rows[f"fmv.{width}.x"] = _move_from_integer(letter)
    return rows


SEMANTICS: dict[str, Semantics] = {
    **_of_kind(H),
    **_of_kind(S),
    **_of_kind(D),
    **{
        f"fcvt.{target.view}.{source.view}": _convert(source, target)
        for source in (H, S, D)
        for target in (H, S, D)
        if source is not target
    },
}
