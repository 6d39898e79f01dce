"""Floating-point arithmetic in whole numbers: any rounding mode, every flag, one rounding.

Translated code computes with the host's instructions where they give the same bits. Directed
rounding, and what may raise a flag that the guest is going to read, comes here instead.
Source: IEEE 754-2019; RISC-V unprivileged specification, chapters F and D.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isqrt

from ...backend.encode import decode

NX, UF, OF, DZ, NV = 1, 2, 4, 8, 16
RNE, RTZ, RDN, RUP, RMM = range(5)

Result = tuple[int, int]  # bits, flags


@dataclass(frozen=True)
class Format:
    """precision counts the implied bit; emin is the exponent of the least subnormal's unit."""

    bits: int
    precision: int

    @property
    def exponent_bits(self) -> int:
        return self.bits - self.precision

    @property
    def emin(self) -> int:
        return 3 - (1 << self.exponent_bits - 1) - self.precision

    @property
    def infinity(self) -> int:
        return ((1 << self.exponent_bits) - 1) << self.precision - 1

    @property
    def nan(self) -> int:
        return self.infinity | 1 << self.precision - 2

    def sign(self, negative: bool) -> int:
        return int(negative) << self.bits - 1


FORMATS = {"h": Format(16, 11), "s": Format(32, 24), "d": Format(64, 53)}


@dataclass(frozen=True)
class _Number:
    """(-1)**negative * magnitude * 2**exponent, or infinity, or a NaN."""

    negative: bool
    magnitude: int = 0
    exponent: int = 0
    infinite: bool = False
    nan: bool = False
    signaling: bool = False

    @property
    def zero(self) -> bool:
        return not (self.magnitude or self.infinite or self.nan)


def _unpack(bits: int, f: Format) -> _Number:
    negative = bool(bits >> f.bits - 1 & 1)
    field = bits >> f.precision - 1 & (1 << f.exponent_bits) - 1
    fraction = bits & (1 << f.precision - 1) - 1
    if field == (1 << f.exponent_bits) - 1:
        quiet = bool(fraction >> f.precision - 2)
        return _Number(
            negative, infinite=fraction == 0, nan=fraction != 0,
            signaling=fraction != 0 and not quiet,
        )  # fmt: skip
    if field == 0:
        return _Number(negative, fraction, f.emin)
    return _Number(negative, fraction | 1 << f.precision - 1, f.emin + field - 1)


def _away(negative: bool, odd: bool, half: int, rm: int) -> bool:
    """Whether to round away from zero; half: the cut part is 1 below, 2 at, 3 above a half."""
    if rm == RNE:
        return half == 3 or (half == 2 and odd)
    if rm == RMM:
        return half >= 2
    return rm == (RDN if negative else RUP)


def _cut(magnitude: int, sticky: bool, drop: int) -> tuple[int, int]:
    """The magnitude without its low `drop` bits, and how much of a unit was cut: 0 to 3."""
    if drop <= 0:
        return magnitude << -drop, int(sticky)
    kept, rest = magnitude >> drop, magnitude & (1 << drop) - 1
    middle = 1 << drop - 1
    if rest == 0 and not sticky:
        return kept, 0
    if rest == middle:
        return kept, 3 if sticky else 2
    return kept, 1 if rest < middle else 3


def _pack(x: _Number, rm: int, f: Format, sticky: bool = False) -> Result:
    """Round a finite number other than 0; sticky: it is a little larger than it says.

    With sticky, its magnitude must have more bits than the precision, so that what is beyond
    them never decides a half.
    """
    sign = f.sign(x.negative)
    unit = max(x.exponent + x.magnitude.bit_length() - f.precision, f.emin)
    kept, half = _round(x, unit, rm, sticky)
    if kept.bit_length() > f.precision:
        kept >>= 1
        unit += 1
    flags = NX if half else 0
    normal = kept >> f.precision - 1
    field = unit - f.emin + 1
    if normal and field >= (1 << f.exponent_bits) - 1:
        infinite = rm in (RNE, RMM) or rm == (RDN if x.negative else RUP)
        return sign | f.infinity - (not infinite), OF | NX
    if half and _tiny(x, rm, f, sticky):
        flags |= UF
    if normal:
        return sign | field << f.precision - 1 | kept & (1 << f.precision - 1) - 1, flags
    return sign | kept, flags


def _round(x: _Number, unit: int, rm: int, sticky: bool) -> tuple[int, int]:
    """x's magnitude in units of 2**unit, and how much of a unit was cut: 0 to 3."""
    kept, half = _cut(x.magnitude, sticky, unit - x.exponent)
    if half and _away(x.negative, bool(kept & 1), half, rm):
        kept += 1
    return kept, half


def _tiny(x: _Number, rm: int, f: Format, sticky: bool) -> bool:
    """Tininess is detected after rounding, as if the exponent had no bounds."""
    unit = x.exponent + x.magnitude.bit_length() - f.precision
    kept, _ = _round(x, unit, rm, sticky)
    return unit + kept.bit_length() < f.emin + f.precision


def _nan(f: Format, *operands: _Number) -> Result:
    return f.nan, NV if any(n.signaling for n in operands) else 0


def _sum(x: _Number, y: _Number, rm: int, f: Format) -> Result:
    """x + y for operands that are not NaN; exact until the one rounding."""
    if x.infinite or y.infinite:
        if x.infinite and y.infinite and x.negative != y.negative:
            return f.nan, NV
        negative = x.negative if x.infinite else y.negative
        return f.sign(negative) | f.infinity, 0
    if x.zero and y.zero and x.negative == y.negative:
        return f.sign(x.negative), 0
    exponent = min(x.exponent, y.exponent)
    a = (-1 if x.negative else 1) * (x.magnitude << x.exponent - exponent)
    b = (-1 if y.negative else 1) * (y.magnitude << y.exponent - exponent)
    total = a + b
    if total == 0:
        return f.sign(rm == RDN), 0
    return _pack(_Number(total < 0, abs(total), exponent), rm, f)


def _product(x: _Number, y: _Number) -> _Number | None:
    """Exactly x * y; None for infinity times zero. Neither is NaN."""
    negative = x.negative != y.negative
    if x.infinite or y.infinite:
        return None if x.zero or y.zero else _Number(negative, infinite=True)
    return _Number(negative, x.magnitude * y.magnitude, x.exponent + y.exponent)


def add(a: int, b: int, rm: int, f: Format, negate: bool = False) -> Result:
    """a + b, or a - b."""
    x, y = _unpack(a, f), _unpack(b, f)
    if x.nan or y.nan:
        return _nan(f, x, y)
    return _sum(x, _negated(y) if negate else y, rm, f)


def multiply(a: int, b: int, rm: int, f: Format) -> Result:
    x, y = _unpack(a, f), _unpack(b, f)
    if x.nan or y.nan:
        return _nan(f, x, y)
    product = _product(x, y)
    if product is None:
        return f.nan, NV
    if product.infinite:
        return f.sign(product.negative) | f.infinity, 0
    if product.zero:
        return f.sign(product.negative), 0
    return _pack(product, rm, f)


def divide(a: int, b: int, rm: int, f: Format) -> Result:
    x, y = _unpack(a, f), _unpack(b, f)
    if x.nan or y.nan:
        return _nan(f, x, y)
    sign = f.sign(x.negative != y.negative)
    if x.infinite:
        return (f.nan, NV) if y.infinite else (sign | f.infinity, 0)
    if y.zero:
        return (f.nan, NV) if x.zero else (sign | f.infinity, DZ)
    if y.infinite or x.zero:
        return sign, 0
    shift = max(f.precision + 2 + y.magnitude.bit_length() - x.magnitude.bit_length(), 0)
    quotient, rest = divmod(x.magnitude << shift, y.magnitude)
    result = _Number(x.negative != y.negative, quotient, x.exponent - y.exponent - shift)
    return _pack(result, rm, f, sticky=rest != 0)


def square_root(a: int, rm: int, f: Format) -> Result:
    x = _unpack(a, f)
    if x.nan:
        return _nan(f, x)
    if x.zero:
        return a, 0
    if x.negative:
        return f.nan, NV
    if x.infinite:
        return a, 0
    shift = 2 * f.precision + 4
    shift += (x.exponent - shift) % 2
    radicand = x.magnitude << shift
    root = isqrt(radicand)
    result = _Number(False, root, (x.exponent - shift) // 2)
    return _pack(result, rm, f, sticky=root * root != radicand)


def multiply_add(
    operands: tuple[int, int, int], negated: tuple[bool, bool], rm: int, f: Format
) -> Result:
    """a * b + c, rounded once; negated: the product, the addend."""
    x, y, z = (_unpack(bits, f) for bits in operands)
    if x.nan or y.nan:
        return _nan(f, x, y, z)
    product = _product(x, y)
    if product is None:  # invalid even if the addend is a quiet NaN
        return f.nan, NV
    if z.nan:
        return _nan(f, z)
    product = _negated(product) if negated[0] else product
    return _sum(product, _negated(z) if negated[1] else z, rm, f)


def _negated(x: _Number) -> _Number:
    return _Number(not x.negative, x.magnitude, x.exponent, x.infinite, x.nan, x.signaling)


def from_integer(value: int, rm: int, f: Format) -> Result:
    return _pack(_Number(value < 0, abs(value)), rm, f) if value else (0, 0)


def convert(a: int, source: Format, rm: int, f: Format) -> Result:
    """Between formats."""
    x = _unpack(a, source)
    if x.nan:
        return _nan(f, x)
    sign = f.sign(x.negative)
    if x.infinite:
        return sign | f.infinity, 0
    if x.zero:
        return sign, 0
    return _pack(x, rm, f)


# name -> whether the product, the addend is negated
_FUSED = {
    "fmadd": (False, False),
    "fmsub": (False, True),
    "fnmsub": (True, False),
    "fnmadd": (True, True),
}


@lru_cache(maxsize=4096)
def _operation(word: int) -> tuple[str, str, str]:
    """The parts of an instruction's name: fadd.s is (fadd, s, ""), fcvt.s.w (fcvt, s, w)."""
    decoded = decode(word)
    assert decoded is not None
    name, target, source = [*decoded.insn.name.split("."), ""][:3]
    return name, target, source


def compute(word: int, rm: int, operands: tuple[int, int, int]) -> Result:
    """What the instruction `word` gives for the bits of its operands, rounding by `rm`.

    operands:  of the registers it reads, as many as it has, in its format; integers 64 bits.
    returns:   bits in the format of the result, and the flags it raises.
    """
    name, target, source = _operation(word)
    f = FORMATS[target]
    a, b, _ = operands
    match name:
        case "fadd" | "fsub":
            return add(a, b, rm, f, negate=name == "fsub")
        case "fmul":
            return multiply(a, b, rm, f)
        case "fdiv":
            return divide(a, b, rm, f)
        case "fsqrt":
            return square_root(a, rm, f)
        case "fcvt" if source in FORMATS:
            return convert(a, FORMATS[source], rm, f)
        case "fcvt":
            bits = 64 if source[0] == "l" else 32
            value = a & (1 << bits) - 1
            if "u" not in source and value >> bits - 1:
                value -= 1 << bits
            return from_integer(value, rm, f)
        case _:
            return multiply_add(operands, _FUSED[name], rm, f)
