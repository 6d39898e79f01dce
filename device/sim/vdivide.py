"""Integer division of vectors, which hosts do not have: through floats with room for the numbers.

    before:  udiv <16 x i32> %a, %b                       16 divisions, one after another
    after:   two of <8 x double>, and conversions from and to integers

A quotient of n-bit integers that is not one of them is 2**-n of itself or more away from the
next, so that a float with more than n bits, rounded towards zero, lies on the right side. The
guest's flags are gathered by the host (runtime_float.py): only host instructions that raise none,
and round in a way of their own, will do.
"""

from __future__ import annotations

from . import host
from .build import Builder
from .vector import shuffle
from .velements import Lanes

_QUIET, _TO_ZERO = 8, 3  # what x86 calls SAE and RZ in an instruction
# By bits of an integer: a float type, how many are a host vector, and what x86 calls them.
_VIA = {8: ("float", 16, "ps"), 16: ("float", 16, "ps"), 32: ("double", 8, "pd")}


def quotient(on: Lanes, a: str, b: str, *, signed: bool) -> str:
    """a / b towards zero; b is not 0, and a / b no overflow."""
    if on.bits not in _VIA or not host.rounds_by_instruction():
        return on.op("sdiv" if signed else "udiv", a, b)
    n = _VIA[on.bits][1]
    parts = [
        _divide(on.b, on.bits, _part(on, a, at, n), _part(on, b, at, n), signed=signed)
        for at in range(0, on.n, n)
    ]
    while len(parts) > 1:
        pairs, kind = zip(parts[::2], parts[1::2], strict=True), f"<{n} x i{on.bits}>"
        n *= 2
        parts = [shuffle(on.b, kind, *pair, range(n)) for pair in pairs]
    return _part(Lanes(on.b, n, on.bits), parts[0], 0, on.n)


def _divide(b: Builder, bits: int, x: str, y: str, *, signed: bool) -> str:
    """One host vector of floats."""
    kind, n, suffix = _VIA[bits]
    floats, sign = f"<{n} x {kind}>", "" if signed else "u"
    x, y = (
        b.op(f"{'si' if signed else 'ui'}tofp <{n} x i{bits}> {value} to {floats}")
        for value in (x, y)
    )
    divided = b.call(
        floats, f"llvm.x86.avx512.div.{suffix}.512", (floats, x), (floats, y),
        ("i32", f"{_QUIET | _TO_ZERO}"),
    )  # fmt: skip
    whole = b.call(
        f"<{n} x i32>", f"llvm.x86.avx512.mask.cvtt{suffix}2{sign}dq.512", (floats, divided),
        (f"<{n} x i32>", "zeroinitializer"), (f"i{n}", "-1"), ("i32", f"{_QUIET}"),
    )  # fmt: skip
    return whole if bits == 32 else Lanes(b, n, 32).truncated(bits, whole)


def _part(on: Lanes, value: str, first: int, n: int) -> str:
    """n elements from one on; where there are fewer they come again."""
    if n == on.n:
        return value
    return shuffle(on.b, on.type, value, None, [(first + i) % on.n for i in range(n)])
