"""The integer functions (OpenCL C 3.0, section 6.15.3), lane by lane in one go."""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from .builtin_use import Emit, Use, like, number
from .emit import I1, VOID, declare, resize
from .lower_type import value_type


def least_or_greatest(use: Use, which: str, a: Any, b: Any) -> Any:
    """`which`: min or max."""
    return use.call(f"{'s' if use.signed else 'u'}{which}", a, b)


def clamp(use: Use) -> Any:
    x, low, high = use.args
    return least_or_greatest(use, "min", least_or_greatest(use, "max", x, low), high)


def _abs(use: Use) -> Any:
    (x,) = use.args
    return use.call("abs", x, I1(0)) if use.signed else x


def _abs_diff(use: Use) -> Any:
    greater, less = (least_or_greatest(use, which, *use.args) for which in ("max", "min"))
    return use.build.sub(greater, less)


def _saturating(use: Use) -> Any:
    operation = use.name.removesuffix("_sat")
    return use.call(f"{'s' if use.signed else 'u'}{operation}.sat", *use.args)


def _hadd(use: Use) -> Any:
    """Half the sum, down: what both have, and half of what one has."""
    build, (x, y) = use.build, use.args
    return build.add(build.and_(x, y), _halved(use, build.xor(x, y)))


def _rhadd(use: Use) -> Any:
    build, (x, y) = use.build, use.args
    return build.sub(build.or_(x, y), _halved(use, build.xor(x, y)))


def _halved(use: Use, v: Any) -> Any:
    one = number(v.type, 1)
    return use.build.ashr(v, one) if use.signed else use.build.lshr(v, one)


def _wide(use: Use, v: Any) -> Any:
    return resize(use.build, v, like(v.type, llir.IntType(2 * use.bits)), use.signed)


def _narrow(use: Use, v: Any) -> Any:
    return use.build.trunc(v, value_type(use.type))


def _mul_hi(use: Use) -> Any:
    build, (x, y) = use.build, use.args
    product = build.mul(_wide(use, x), _wide(use, y))
    return _narrow(use, build.lshr(product, number(product.type, use.bits)))


def _mad_hi(use: Use) -> Any:
    *factors, addend = use.args
    high = _mul_hi(Use(use.frame, use.name, use.type, use.types, tuple(factors)))
    return use.build.add(high, addend)


def _mad_sat(use: Use) -> Any:
    """In twice the width nothing overflows."""
    build, (x, y, z) = use.build, (_wide(use, v) for v in use.args)
    exact = build.add(build.mul(x, y), z)
    if not use.signed:
        greatest = number(exact.type, (1 << use.bits) - 1)
        return _narrow(use, use.call("umin", exact, greatest))
    half = 1 << use.bits - 1
    low, high = number(exact.type, -half), number(exact.type, half - 1)
    return _narrow(use, use.call("smin", use.call("smax", exact, low), high))


def _mul24(use: Use) -> Any:
    """Of arguments within 24 bits; others may give what they like."""
    return use.build.mul(*use.args)


def _mad24(use: Use) -> Any:
    return use.build.add(use.build.mul(*use.args[:2]), use.args[2])


def _rotate(use: Use) -> Any:
    x, count = use.args
    return use.call("fshl", x, x, count)


def _upsample(use: Use) -> Any:
    build, (high, low) = use.build, use.args
    typ = value_type(use.type)
    shifted = build.shl(build.zext(high, typ), number(typ, use.bits))
    return build.or_(shifted, build.zext(low, typ))


def all_ones_if_negative(use: Use, v: Any) -> Any:
    """A bit for each lane: its most significant one."""
    return use.build.icmp_signed("<", v, number(v.type, 0))


def _any_all(use: Use) -> Any:
    """Whether the top bit of any, or of every, lane is set."""
    build, (x,) = use.build, use.args
    bits = all_ones_if_negative(use, x)
    if isinstance(bits.type, llir.VectorType):
        whole = llir.IntType(bits.type.count)
        lanes, wanted = build.bitcast(bits, whole), 0 if use.name == "any" else -1
        bits = build.icmp_unsigned("==" if wanted else "!=", lanes, whole(wanted))
    return build.zext(bits, value_type(use.type))


def count_zeros(name: str) -> Emit:
    return lambda use: use.call(name, *use.args, I1(0))


def _trap(use: Use) -> None:
    use.build.call(declare(use.build.module, "llvm.trap", VOID, ()), ())


def _unreachable(use: Use) -> None:
    use.build.unreachable()
    use.frame.enter(use.frame.block("never"))


INTEGER: dict[str, Emit] = {
    "abs": _abs,
    "abs_diff": _abs_diff,
    "add_sat": _saturating,
    "sub_sat": _saturating,
    "hadd": _hadd,
    "rhadd": _rhadd,
    "clz": count_zeros("ctlz"),
    "ctz": count_zeros("cttz"),
    "popcount": lambda use: use.call("ctpop", *use.args),
    "bswap": lambda use: use.call("bswap", *use.args),  # C's __builtin_bswap32
    "trap": _trap,
    "unreachable": _unreachable,
    "mul_hi": _mul_hi,
    "mad_hi": _mad_hi,
    "mad_sat": _mad_sat,
    "mul24": _mul24,
    "mad24": _mad24,
    "rotate": _rotate,
    "upsample": _upsample,
    "any": _any_all,
    "all": _any_all,
}
