"""Math, common, relational and geometric functions that are a few operations.

Source: OpenCL C 3.0, sections 6.15.2, 6.15.4, 6.15.5 and 6.15.6. What takes an algorithm is
OpenCL C in kernels/rt/builtins.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import llvmlite.ir as llir

from ..frontend.types import DOUBLE, FLOAT, HALF, Vector
from . import builtin_int
from .builtin_use import Emit, Use, like, number
from .emit import I32, intrinsic
from .frame import pick_lanes
from .lower_type import FLOATS, element
from .operate import reinterpret, splat

MANTISSA = {16: 10, 32: 23, 64: 52}  # bits of a format -> bits of its fraction
EXPONENT = {16: 5, 32: 8, 64: 11}


def _direct(name: str) -> Emit:
    """One LLVM intrinsic of the same arguments."""
    return lambda use: use.call(name, *use.args)


# -- math ------------------------------------------------------------------------------------------


def _fma(use: Use) -> Any:
    """Rounded once. Of halves, a double holds what decides the rounding, sums of products too."""
    build, typ = use.build, use.args[0].type
    if use.bits != 8 * HALF.size:
        return use.call("fma", *use.args)
    wide = like(typ, FLOATS[DOUBLE.size])
    return build.fptrunc(use.call("fma", *(build.fpext(v, wide) for v in use.args)), typ)


def _fdim(use: Use) -> Any:
    build, (x, y) = use.build, use.args
    positive = build.fsub(x, y, flags=use.flags)  # a NaN as well
    return build.select(build.fcmp_ordered("<=", x, y), use.number(0), positive)


def _magnitude(name: str) -> Emit:
    """maxmag and minmag: by the absolute values, by value where these are equal."""

    def emit(use: Use) -> Any:
        build, (x, y) = use.build, use.args
        a, b = use.call("fabs", x), use.call("fabs", y)
        sign = ">" if name == "maxnum" else "<"
        otherwise = build.select(build.fcmp_ordered(sign, b, a), y, use.call(name, x, y))
        return build.select(build.fcmp_ordered(sign, a, b), x, otherwise)

    return emit


def _quotient(use: Use) -> Any:
    return use.build.fdiv(*use.args, flags=use.flags)


def _reciprocal(use: Use) -> Any:
    return use.build.fdiv(use.number(1), use.args[0], flags=use.flags)


def _rsqrt(use: Use) -> Any:
    """Of halves in float: two roundings to a half would be one too many."""
    build, one, x, typ = use.build, use.number(1), use.args[0], use.args[0].type
    if use.bits == 8 * HALF.size:
        wide = like(typ, FLOATS[FLOAT.size])
        one, x = build.fpext(one, wide), build.fpext(x, wide)
    root = intrinsic(build, "sqrt", x.type, (x,), flags=use.flags)
    value = build.fdiv(one, root, flags=use.flags)
    return value if value.type == typ else build.fptrunc(value, typ)


def _nan(use: Use) -> Any:
    """A quiet NaN that carries what fits of the argument."""
    build, (code,) = use.build, use.args
    mantissa = MANTISSA[use.bits]
    payload = build.and_(code, number(code.type, (1 << mantissa) - 1))
    quiet = ((1 << EXPONENT[use.bits]) - 1) << mantissa | 1 << mantissa - 1
    bits = build.or_(payload, number(code.type, quiet))
    return reinterpret(build, bits, like(bits.type, FLOATS[use.bits // 8]))


# -- common ----------------------------------------------------------------------------------------


def _least_or_greatest(which: str) -> Emit:
    def emit(use: Use) -> Any:
        if not use.floating:
            return builtin_int.least_or_greatest(use, which, *use.args)
        build, (x, y) = use.build, use.args
        first, second = (y, x) if which == "min" else (x, y)
        return build.select(build.fcmp_ordered("<", first, second), y, x)

    return emit


def _clamp(use: Use) -> Any:
    if not use.floating:
        return builtin_int.clamp(use)
    x, low, high = use.args
    return use.call("minnum", use.call("maxnum", x, low), high)


def _scaled(factor: float) -> Emit:
    return lambda use: use.build.fmul(use.args[0], use.number(factor), flags=use.flags)


def _mix(use: Use) -> Any:
    build, (x, y, a) = use.build, use.args
    way = build.fsub(y, x, flags=use.flags)
    return build.fadd(x, build.fmul(way, a, flags=use.flags), flags=use.flags)


def _step(use: Use) -> Any:
    edge, x = use.args
    return use.build.select(use.build.fcmp_ordered("<", x, edge), use.number(0), use.number(1))


def _smoothstep(use: Use) -> Any:
    build, flags, (low, high, x) = use.build, use.flags, use.args
    way = build.fsub(high, low, flags=flags)
    t = build.fdiv(build.fsub(x, low, flags=flags), way, flags=flags)
    t = use.call("minnum", use.call("maxnum", t, use.number(0)), use.number(1))
    slope = build.fsub(use.number(3), build.fmul(use.number(2), t, flags=flags), flags=flags)
    return build.fmul(build.fmul(t, t, flags=flags), slope, flags=flags)


def _sign(use: Use) -> Any:
    """1 or -1; a zero as it is; 0 of a NaN."""
    build, (x,) = use.build, use.args
    zero = use.number(0)
    unit = intrinsic(build, "copysign", x.type, (use.number(1), x))
    kept = build.select(build.fcmp_ordered("==", x, zero), x, unit)
    return build.select(build.fcmp_unordered("uno", x, x), zero, kept)


# -- relational ------------------------------------------------------------------------------------


def _ordered(sign: str) -> Emit:
    return lambda use: use.truth(use.build.fcmp_ordered(sign, *use.args))


def _unordered(sign: str) -> Emit:
    return lambda use: use.truth(use.build.fcmp_unordered(sign, *use.args))


def _classified(test: Callable[[Use, Any, Any], Any]) -> Emit:
    """By the bits without the sign: test(use, bits, those of infinity)."""

    def emit(use: Use) -> Any:
        raw = use.raw(use.args[0])
        bits = use.build.and_(raw, number(raw.type, (1 << use.bits - 1) - 1))
        mantissa, exponent = MANTISSA[use.bits], EXPONENT[use.bits]
        return use.truth(test(use, bits, number(bits.type, ((1 << exponent) - 1) << mantissa)))

    return emit


def _is_normal(use: Use, bits: Any, infinity: Any) -> Any:
    least = number(bits.type, 1 << MANTISSA[use.bits])
    beyond = use.build.sub(infinity, least)
    return use.build.icmp_unsigned("<", use.build.sub(bits, least), beyond)


def _compared(sign: str) -> Callable[[Use, Any, Any], Any]:
    return lambda use, bits, infinity: use.build.icmp_unsigned(sign, bits, infinity)


def _signbit(use: Use) -> Any:
    return use.truth(builtin_int.all_ones_if_negative(use, use.raw(use.args[0])))


# -- geometric -------------------------------------------------------------------------------------


def _dot(use: Use) -> Any:
    build, (x, y) = use.build, use.args
    products = build.fmul(x, y, flags=use.flags)
    if not isinstance(use.types[0], Vector):
        return products
    total = build.extract_element(products, I32(0))
    for i in range(1, products.type.count):
        total = build.fadd(total, build.extract_element(products, I32(i)), flags=use.flags)
    return total


def _cross(use: Use) -> Any:
    """(y z' - z y', z x' - x z', x y' - y x'), and 0 for the fourth component."""
    build, (a, b) = use.build, use.args
    rest = (3,) if a.type.count == 4 else ()
    first, second = (1, 2, 0, *rest), (2, 0, 1, *rest)
    left = build.fmul(pick_lanes(build, a, first), pick_lanes(build, b, second), flags=use.flags)
    right = build.fmul(pick_lanes(build, a, second), pick_lanes(build, b, first), flags=use.flags)
    result = build.fsub(left, right, flags=use.flags)
    if rest:
        zero = use.number(0, element(use.types[0]))
        result = build.insert_element(result, zero, I32(3))
    return result


def _fast_length(use: Use, x: Any) -> Any:
    squared = _dot(Use(use.frame, "dot", FLOAT, use.types, (x, x)))
    return intrinsic(use.build, "sqrt", squared.type, (squared,), flags=use.flags)


def _fast_distance(use: Use) -> Any:
    return _fast_length(use, use.build.fsub(*use.args, flags=use.flags))


def _fast_normalize(use: Use) -> Any:
    """A vector without a length stays as it is."""
    build, (x,) = use.build, use.args
    length = _fast_length(use, x)
    nothing = build.fcmp_ordered("==", length, llir.Constant(length.type, 0.0))
    length = build.select(nothing, llir.Constant(length.type, 1.0), length)
    if isinstance(x.type, llir.VectorType):
        length = splat(build, length, x.type)
    return build.fdiv(x, length, flags=use.flags)


FLOATING: dict[str, Emit] = {
    **{name: _direct(name) for name in ("fabs", "copysign", "sqrt", "floor", "ceil", "trunc")},
    "rint": _direct("rint"),
    "round": _direct("round"),
    "fmax": _direct("maxnum"),
    "fmin": _direct("minnum"),
    "mad": _direct("fmuladd"),
    "fma": _fma,
    "fdim": _fdim,
    "maxmag": _magnitude("maxnum"),
    "minmag": _magnitude("minnum"),
    "rsqrt": _rsqrt,
    "nan": _nan,
    "half_sqrt": _direct("sqrt"),
    "native_sqrt": _direct("sqrt"),
    "half_rsqrt": _rsqrt,
    "native_rsqrt": _rsqrt,
    "half_recip": _reciprocal,
    "native_recip": _reciprocal,
    "half_divide": _quotient,
    "native_divide": _quotient,
    "max": _least_or_greatest("max"),
    "min": _least_or_greatest("min"),
    "clamp": _clamp,
    "degrees": _scaled(180 / math.pi),
    "radians": _scaled(math.pi / 180),
    "mix": _mix,
    "step": _step,
    "smoothstep": _smoothstep,
    "sign": _sign,
    "isequal": _ordered("=="),
    "isnotequal": _unordered("!="),
    "isgreater": _ordered(">"),
    "isgreaterequal": _ordered(">="),
    "isless": _ordered("<"),
    "islessequal": _ordered("<="),
    "islessgreater": _ordered("!="),
    "isordered": _ordered("ord"),
    "isunordered": _unordered("uno"),
    "isfinite": _classified(_compared("<")),
    "isinf": _classified(_compared("==")),
    "isnan": _classified(_compared(">")),
    "isnormal": _classified(_is_normal),
    "signbit": _signbit,
    "dot": _dot,
    "cross": _cross,
    "fast_length": lambda use: _fast_length(use, use.args[0]),
    "fast_distance": _fast_distance,
    "fast_normalize": _fast_normalize,
}
