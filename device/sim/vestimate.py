"""Estimates of reciprocals to 7 bits: vfrec7 and vfrsqrt7 (V 1.0, 13.9 and 13.10).

The specification's tables hold, for each interval of the operand that its leading bits tell
apart, what is right in the interval's middle, rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from . import ieee
from .build import Builder
from .ieee import Shape
from .mode import HOST

RECIPROCALS = bytes(round(256 / (1 + (i + 0.5) / 128)) - 128 for i in range(128))
# By the exponent's last bit and 6 bits of the fraction: for [2, 4) first, then for [1, 2).
ROOTS = bytes(
    round(256 / sqrt((2 - i // 64) * (1 + (i % 64 + 0.5) / 64))) - 128 for i in range(128)
)


@dataclass(frozen=True)
class _Ints:
    """Arithmetic on the bits of a shape."""

    b: Builder
    s: Shape

    def op(self, operation: str, x: str, y: str | int) -> str:
        other = self.s.int(y) if isinstance(y, int) else y
        return self.b.op(f"{operation} {self.s.ints} {x}, {other}")

    def less(self, x: int, y: str) -> str:
        """x - y."""
        return self.b.op(f"sub {self.s.ints} {self.s.int(x)}, {y}")

    def test(self, predicate: str, x: str, y: int) -> str:
        return self.b.op(f"icmp {predicate} {self.s.ints} {x}, {self.s.int(y)}")

    def pick(self, cond: str, x: str, y: str) -> str:
        return ieee.select(self.b, self.s, cond, x, y, of=self.s.ints)

    def look_up(self, name: str, table: bytes, index: str) -> str:
        """Elements of a table."""
        b, s = self.b, self.s
        content = "".join(f"\\{byte:02X}" for byte in table)
        b.externals.add(f'@{name} = private constant [{len(table)} x i8] c"{content}"')
        result = s.int(0)
        for lane in range(s.lanes or 0):
            at = b.op(f"extractelement {s.ints} {index}, i32 {lane}")
            place = b.op(f"getelementptr i8, ptr @{name}, i{s.bits} {at}")
            value = b.op(f"zext i8 {b.op(f'load i8, ptr {place}')} to i{s.bits}")
            result = b.op(f"insertelement {s.ints} {result}, i{s.bits} {value}, i32 {lane}")
        return result


def _normalised(i: _Ints, size: str) -> tuple[str, str]:
    """Exponent and fraction of a finite number, as if the exponent had no least value."""
    fraction_bits = i.s.format.precision - 1
    zeros = i.b.call(
        i.s.ints, f"llvm.ctlz.{i.s.suffixed(f'i{i.s.bits}')}", (i.s.ints, size), ("i1", "false")
    )
    shift = i.op("sub", zeros, i.s.format.exponent_bits)
    subnormal = i.test("ult", size, 1 << fraction_bits)
    shift = i.pick(subnormal, shift, i.s.int(0))
    exponent = i.op("lshr", size, fraction_bits)
    exponent = i.pick(subnormal, i.less(1, shift), exponent)
    # Zero is not finite enough for that; what it gives is not used.
    shift = i.op("and", shift, i.s.bits - 1)
    return exponent, i.op("and", i.op("shl", size, shift), (1 << fraction_bits) - 1)


def _signal(b: Builder, s: Shape, operation: str, cond: str, value: str) -> None:
    """Have the host raise what an operation on these values raises, where it is asked for."""
    given = ieee.select(b, s, cond, value, s.number(1.0))
    operands = (s.number(1.0), given) if operation == "fdiv" else (given,)
    ieee.arithmetic(b, s, operation, HOST, operands)


def reciprocal(b: Builder, s: Shape, value: str) -> str:
    """vfrec7."""
    i, f = _Ints(b, s), s.format
    bits = ieee.as_bits(b, s, value)
    size = i.op("and", bits, (1 << s.bits - 1) - 1)
    sign = i.op("xor", bits, size)
    exponent, fraction = _normalised(i, size)
    fraction_bits, bias = f.precision - 1, (1 << f.exponent_bits - 1) - 1
    estimate = i.look_up("reciprocals", RECIPROCALS, i.op("lshr", fraction, fraction_bits - 7))
    estimate = i.op("shl", estimate, fraction_bits - 7)
    # The result may be subnormal itself, by one place or two.
    halved = i.op("or", i.op("lshr", estimate, 1), 1 << fraction_bits - 1)
    quartered = i.op("lshr", halved, 1)
    small = i.pick(i.test("eq", exponent, 2 * bias), quartered, halved)
    is_small = i.test("sge", exponent, 2 * bias - 1)
    estimate = i.pick(is_small, small, estimate)
    raised = i.pick(is_small, s.int(0), i.less(2 * bias - 1, exponent))
    result = i.op("or", i.op("shl", raised, fraction_bits), estimate)
    result = i.pick(i.test("eq", size, f.infinity), s.int(0), result)
    zero = i.test("eq", size, 0)
    result = i.op("or", i.pick(zero, s.int(f.infinity), result), sign)
    # Too large: what the rounding mode makes of an overflow, with its flags.
    huge = b.op(f"and {s.bools} {i.test('slt', exponent, -1)}, {i.test('ne', size, 0)}")
    greatest = i.op("or", sign, f.infinity - 1)
    factors = [
        ieee.select(b, s, huge, ieee.as_value(b, s, v), s.number(1.0))
        for v in (greatest, i.op("and", greatest, (1 << s.bits - 1) - 1))
    ]
    over = ieee.arithmetic(b, s, "fmul", HOST, factors)
    nan = i.test("ugt", size, f.infinity)
    _signal(b, s, "fdiv", b.op(f"or {s.bools} {zero}, {nan}"), value)
    number = ieee.select(b, s, huge, over, ieee.as_value(b, s, result))
    return ieee.select(b, s, nan, s.nan, number)


def reciprocal_root(b: Builder, s: Shape, value: str) -> str:
    """vfrsqrt7."""
    i, f = _Ints(b, s), s.format
    bits = ieee.as_bits(b, s, value)
    size = i.op("and", bits, (1 << s.bits - 1) - 1)
    exponent, fraction = _normalised(i, size)
    fraction_bits, bias = f.precision - 1, (1 << f.exponent_bits - 1) - 1
    odd = i.op("shl", i.op("and", exponent, 1), 6)
    index = i.op("or", odd, i.op("lshr", fraction, fraction_bits - 6))
    estimate = i.op("shl", i.look_up("roots", ROOTS, index), fraction_bits - 7)
    halved = i.op("lshr", i.less(3 * bias - 1, exponent), 1)
    result = i.op("or", i.op("shl", halved, fraction_bits), estimate)
    result = i.pick(i.test("eq", size, f.infinity), s.int(0), result)
    zero = i.test("eq", size, 0)
    infinity = i.op("or", i.op("xor", bits, size), f.infinity)
    result = i.pick(zero, infinity, result)
    nan = i.test("ugt", size, f.infinity)
    positive = b.op(f"or {s.bools} {i.test('sge', bits, 0)}, {zero}")
    _signal(b, s, "fdiv", b.op(f"or {s.bools} {zero}, {nan}"), value)
    negative = b.op(f"xor {s.bools} {positive}, {s.all('i1', 'true')}")
    _signal(b, s, "fsqrt", negative, value)
    invalid = b.op(f"or {s.bools} {nan}, {negative}")
    return ieee.select(b, s, invalid, s.nan, ieee.as_value(b, s, result))
