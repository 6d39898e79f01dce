"""convert_type(): saturation, and rounding in a direction of one's own, to LLVM.

LLVM rounds to nearest even. Another direction is that result put right: turned back and compared
with the operand it shows on which side of it the result lies, and one step leads to the other.
"""

from __future__ import annotations

import math
from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.types import HALF, Type, Vector, sizeof
from .emit import declare, intrinsic, resize, type_suffix
from .lower_type import constant_int, element, is_floating, is_signed, value_type
from .operate import constant, float_to_int

_TO_INTEGRAL = {"even": "roundeven", "up": "ceil", "down": "floor"}


def convert_call(build: Any, expr: tast.ConvertCall, v: Any) -> Any:
    """`v`, of the operand's type, as a value of the result's type."""
    came, to = expr.operand.type, expr.type
    if is_floating(to):
        return to_float(build, v, came, to, expr.rounding)
    if is_floating(came):
        if expr.rounding in _TO_INTEGRAL:
            v = intrinsic(build, _TO_INTEGRAL[expr.rounding], v.type, (v,))
        return _float_to_int(build, v, to) if expr.saturate else float_to_int(build, v, to)
    if expr.saturate:
        v = _clamped(build, v, came, to)
    return resize(build, v, value_type(to), is_signed(came))


# -- to integers ----------------------------------------------------------------------------------


def _limits(t: Type) -> tuple[int, int]:
    bits = 8 * sizeof(element(t))
    return (-1 << bits - 1, (1 << bits - 1) - 1) if is_signed(t) else (0, (1 << bits) - 1)


def _clamped(build: Any, v: Any, came: Type, to: Type) -> Any:
    """An integer brought into the range of `to`, still of its own type."""
    (least, greatest), (low, high) = _limits(came), _limits(to)
    compare = build.icmp_signed if is_signed(came) else build.icmp_unsigned
    for beyond, limit in (("<", low), (">", high)):
        if least <= limit <= greatest:
            bound = constant_int(came, limit)
            v = build.select(compare(beyond, v, bound), bound, v)
    return v


def _float_to_int(build: Any, v: Any, to: Type) -> Any:
    """Toward zero; what does not fit gives the nearest integer that does, a NaN 0."""
    typ = value_type(to)
    sign = "s" if is_signed(to) else "u"
    name = f"llvm.fpto{sign}i.sat.{type_suffix(typ)}.{type_suffix(v.type)}"
    return build.call(declare(build.module, name, typ, [v.type]), [v])


# -- to floats ------------------------------------------------------------------------------------


def to_float(build: Any, v: Any, came: Type, to: Type, rounding: tast.Rounding) -> Any:
    """`v`, of the arithmetic type `came`, as a floating type."""
    typ = value_type(to)
    widens = is_floating(came) and sizeof(element(to)) >= sizeof(element(came))
    if widens:
        return v if v.type == typ else build.fpext(v, typ)
    if is_floating(came):
        nearest = build.fptrunc(v, typ)
    else:
        nearest = (build.sitofp if is_signed(came) else build.uitofp)(v, typ)
    if rounding in ("default", "even"):
        return nearest
    if is_floating(came):
        back = build.fpext(nearest, v.type)
        above, below = build.fcmp_ordered(">", back, v), build.fcmp_ordered("<", back, v)
        negative = build.fcmp_ordered("<", v, constant(came, 0.0))
    else:
        compare = build.icmp_signed if is_signed(came) else build.icmp_unsigned
        back = _float_to_int(build, nearest, came)
        # Turned back, what no integer reaches is the greatest one: perhaps the operand itself.
        beyond = build.fcmp_ordered(">=", nearest, constant(to, _limits(came)[1] + 1))
        above = build.or_(compare(">", back, v), beyond)
        below = build.and_(compare("<", back, v), build.not_(beyond))
        if sizeof(element(to)) == HALF.size:  # the one whose infinity integers reach
            under = build.fcmp_ordered("==", nearest, constant(to, -math.inf))
            below = build.or_(below, under)
        negative = compare("<", v, constant_int(came, 0))
    match rounding:
        case "up":
            moves = below
        case "down":
            moves = above
        case _:
            moves = build.select(negative, below, above)
    return _stepped(build, nearest, to, rounding, moves)


def _stepped(build: Any, nearest: Any, t: Type, rounding: tast.Rounding, moves: Any) -> Any:
    """The next float in the direction of rounding, where `moves`. Bits count away from 0."""
    bits = llir.IntType(8 * sizeof(element(t)))
    typ = llir.VectorType(bits, t.count) if isinstance(t, Vector) else bits

    def everywhere(number: int) -> Any:
        return llir.Constant(typ, [number] * t.count) if isinstance(t, Vector) else typ(number)

    raw = build.bitcast(nearest, typ)
    step = everywhere(-1)
    if rounding != "zero":
        away = 1 if rounding == "up" else -1  # of a positive number
        is_negative = build.icmp_signed("<", raw, everywhere(0))
        step = build.select(is_negative, everywhere(-away), everywhere(away))
    moved = build.add(raw, build.select(moves, step, everywhere(0)))
    return build.bitcast(moved, nearest.type)
