"""Derive the polynomials of kernels/rt/builtins: `python kernels/derive/minimax.py` prints them.

Each is the minimax polynomial in relative error, by Remez's exchange algorithm (E. Remez, 1934)
at 120 digits; then its coefficients are rounded to double or float. What it prints stands in the
.cl files as it is, which a test holds them to. Needs mpmath.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import mpmath
from mpmath import mp, mpf

mp.dps = 120
GRID = 60  # points between two points of the exchange


@dataclass(frozen=True)
class Polynomial:
    """`name`(v) approximates `function`(v), which `meaning` describes, for low <= v <= high."""

    name: str
    variable: str
    meaning: str
    function: Callable[[Any], Any]
    low: Any
    high: Any
    degree: int
    lane: str = "double"


def _value(coefficients: list[Any], x: Any) -> Any:
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def _between(points: list[Any]) -> list[Any]:
    """The points, and a grid between each two of them."""
    grid = [a + (b - a) * k / GRID for a, b in pairwise(points)
            for k in range(GRID)]  # fmt: skip
    return [*grid, points[-1]]


def _peaks(grid: list[Any], errors: list[Any], wanted: int) -> list[Any]:
    """Where the error is greatest between two changes of its sign."""
    best: list[int] = []
    for i, error in enumerate(errors):
        if best and (errors[best[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[best[-1]]):
                best[-1] = i
        else:
            best.append(i)
    while len(best) > wanted:
        best.pop(0 if abs(errors[best[0]]) < abs(errors[best[-1]]) else -1)
    return [grid[i] for i in best]


def minimax(p: Polynomial) -> tuple[list[float], float]:
    """(the coefficients from the constant on, the greatest relative error once rounded)."""
    low, high, count = mpf(p.low), mpf(p.high), p.degree + 2
    middle, reach = (low + high) / 2, (high - low) / 2
    points = [middle - reach * mpmath.cos(mpmath.pi * k / (count - 1)) for k in range(count)]
    exact: dict[Any, Any] = {}
    for _ in range(5):
        rows = mpmath.matrix(count, count)
        for i, x in enumerate(points):
            exact[x] = exact.get(x) or p.function(x)
            for k in range(count - 1):
                rows[i, k] = x**k / exact[x]
            rows[i, count - 1] = (-1) ** i
        solved = mpmath.lu_solve(rows, mpmath.matrix([1] * count))
        coefficients = [solved[k] for k in range(count - 1)]
        grid = _between([low, *points[1:-1], high])
        for x in grid:
            exact[x] = exact.get(x) or p.function(x)
        peaks = _peaks(grid, [_value(coefficients, x) / exact[x] - 1 for x in grid], count)
        if len(peaks) < count:
            break  # below the digits carried
        points = peaks
    rounded = [float(c) if p.lane == "double" else _single(c) for c in coefficients]
    exactly = [mpf(c) for c in rounded]
    return rounded, float(max(abs(_value(exactly, x) / exact[x] - 1) for x in grid))


def _single(c: Any) -> float:
    """The nearest float of 32 bits."""
    return float(struct.unpack("<f", struct.pack("<f", float(c)))[0])


def _literal(c: float, lane: str) -> str:
    if lane == "double":
        return c.hex()
    digits, _, power = c.hex().partition("p")
    return f"{digits[:-7]}p{power}f"  # the last 7 are 0


def as_opencl(p: Polynomial) -> str:
    """The polynomial as a function of OpenCL C, by Horner's rule."""
    coefficients, error = minimax(p)
    v, bits = p.variable, float(mpmath.log(error, 2))
    lines = [f"// {p.meaning}; relative error 2**{bits:.1f}."]
    lines += [f"static {p.lane} {p.name}({p.lane} {v}) {{"]
    *rest, top = coefficients
    lines += [f"    {p.lane} p = {_literal(top, p.lane)};"]
    lines += [f"    p = p * {v} + {_literal(c, p.lane)};" for c in reversed(rest)]
    return "\n".join([*lines, "    return p;", "}"])


def two_over_pi() -> str:
    """2/pi in pieces of 29 bits each: their products with floats are exact in double."""
    bits = int(mpmath.floor(2 / mpmath.pi * mpf(2) ** (29 * 7)))
    pieces = [bits >> 29 * (6 - k) & (1 << 29) - 1 for k in range(7)]
    lines = [f"#define TWO_OVER_PI_{k} 0x{piece:x}p-{29 * (k + 1)}"
             for k, piece in enumerate(pieces)]  # fmt: skip
    return "\n".join(lines)


def half_pi() -> str:
    """pi/2 as a sum; integers below 2**20 times the first three parts are exact."""
    rest, lines = mpmath.pi / 2, []
    for k in range(4):
        unit = mpf(2) ** (32 * (k + 1))
        piece = mpmath.floor(rest * unit) / unit if k < 3 else rest
        lines.append(f"#define HALF_PI_{k} {float(piece).hex()}")
        rest -= piece
    return "\n".join(lines)


def half_pi_near() -> str:
    """pi/2 as a sum of floats, none of them below 0: so the sign of a zero is kept."""
    rest, lines = mpmath.pi / 2, []
    for k in range(3):
        unit = mpf(2) ** (mpmath.frexp(rest)[1] - 24)
        piece = float(mpmath.floor(rest / unit) * unit)
        lines.append(f"#define HALF_PI_{k} {_literal(piece, 'float')}")
        rest -= piece
    return "\n".join(lines)


def two_over_pi_words() -> str:
    """64 zeros and the first 1216 bits of 2/pi."""
    with mpmath.workdps(400):
        bits = int(mpmath.floor(2 / mpmath.pi * mpf(2) ** (64 * 19)))
    words = [f"0x{bits >> 64 * (19 - k) & (1 << 64) - 1:016x}" for k in range(20)]
    rows = [", ".join(words[k : k + 4]) for k in range(0, 20, 4)]
    return "static constant ulong two_over_pi[] = {\n    " + ",\n    ".join(rows) + ",\n};"


def in_two(name: str) -> str:
    """A constant as a sum; integers of a double's exponent times the first part are exact."""
    value = CONSTANTS[name]
    high = mpmath.floor(value * mpf(2) ** 40) / mpf(2) ** 40
    low = float(value - high)
    return f"#define {name}_HIGH {float(high).hex()}\n#define {name}_LOW {low.hex()}"


def _even(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """As a function of the square; by its limit at 0."""
    return lambda s: function(mpmath.sqrt(s if s else mpf(10) ** -40))


def _scaled_erfc(t: Any) -> Any:
    x = ERFC_MIDDLE * (1 + t) / (1 - t)
    return (1 + 2 * x) * mpmath.exp(x * x) * mpmath.erfc(x)


def _stirling(u: Any) -> Any:
    """The logarithm of what Stirling's formula leaves out, of y = 1/u; its limit at 0."""
    y = 1 / (u if u else mpf(10) ** -30)
    return mpmath.loggamma(y) - (y - mpf(1) / 2) * mpmath.log(y) + y


def _log_gamma(w: Any) -> Any:
    """Without its zeros at 1 and 2, which are at -1/2 and 1/2 here."""
    if w * w == 0.25:
        w *= 1 - mpf(10) ** -30
    return mpmath.loggamma(w + 1.5) / (w * w - 0.25)


CONSTANTS = {"LN_2": mpmath.log(2), "LOG10_2": mpmath.log10(2)}
ERFC_MIDDLE, GAMMA_END = 3, 172
ERFC_END, ERFC_DOUBLE_END = mpf(10.5), mpf(27.5)

POLYNOMIALS = (
    Polynomial(
        "exp2_rest", "r", "(2**r - 1) / r, |r| <= 1/2",
        lambda r: mpmath.expm1(r * mpmath.log(2)) / r if r else mpmath.log(2),
        -0.5, 0.5, 7,
    ),
    Polynomial(
        "log_rest", "s", "log((1 + t) / (1 - t)) / t of s = t*t, |t| <= (sqrt(2) - 1)**2",
        _even(lambda t: 2 * mpmath.atanh(t) / t),
        0, (mpmath.sqrt(2) - 1) ** 4, 5,
    ),
    Polynomial(
        "sin_rest", "s", "sin(pi/2 r) / r of s = r*r, |r| <= 1/2",
        _even(lambda r: mpmath.sin(mpmath.pi / 2 * r) / r),
        0, 0.25, 4,
    ),
    Polynomial(
        "cos_rest", "s", "cos(pi/2 r) of s = r*r, |r| <= 1/2",
        _even(lambda r: mpmath.cos(mpmath.pi / 2 * r)),
        0, 0.25, 5,
    ),
    Polynomial(
        "atan_rest", "s", "atan(t) / t of s = t*t, |t| <= 1",
        _even(lambda t: mpmath.atan(t) / t),
        0, 1, 13,
    ),
    Polynomial(
        "erf_rest", "s", "erf(x) / x of s = x*x, |x| <= 1",
        _even(lambda x: mpmath.erf(x) / x),
        0, 1, 8,
    ),
    Polynomial(
        "erfc_rest", "t", "(1 + 2x) exp(x*x) erfc(x) of t = (x - 3) / (x + 3), 0 <= x <= 10.5",
        _scaled_erfc,
        -1, (ERFC_END - ERFC_MIDDLE) / (ERFC_END + ERFC_MIDDLE), 15,
    ),
    Polynomial(
        "gamma_rest", "u", "exp(y) y**(1/2 - y) gamma(y) of u = 1/y, 1 <= y <= 45",
        lambda u: mpmath.exp(_stirling(u)),
        mpf(1) / 45, 1, 11,
    ),
    Polynomial(
        "stirling_rest", "u", "lgamma(y) + y - (y - 1/2) log(y) of u = 1/y, 3 <= y",
        _stirling,
        0, mpf(1) / 3, 7,
    ),
    Polynomial(
        "lgamma_rest", "w", "lgamma(w + 3/2) / (w*w - 1/4), |w| <= 1/2",
        _log_gamma,
        -0.5, 0.5, 14,
    ),
    # Of double's own functions.
    Polynomial(
        "expm1_rest", "r", "(exp(r) - 1 - r) / (r*r), |r| <= log(2)/2",
        lambda r: (mpmath.expm1(r) - r) / r**2 if abs(r) > mpf(10) ** -30 else mpf(1) / 2,
        -mpmath.log(2) / 2, mpmath.log(2) / 2, 10,
    ),
    Polynomial(
        "log_tail", "s", "(log((1 + t) / (1 - t)) / t - 2) / s of s = t*t, |t| <= (sqrt(2) - 1)**2",
        _even(lambda t: (2 * mpmath.atanh(t) / t - 2) / t**2),
        0, (mpmath.sqrt(2) - 1) ** 4, 7,
    ),
    Polynomial(
        "log_end", "s", "(log((1 + t) / (1 - t)) / t - 2 - 2/3 s) / (s*s) of s = t*t, as above",
        _even(lambda t: (2 * mpmath.atanh(t) / t - 2 - 2 * t**2 / 3) / t**4),
        0, (mpmath.sqrt(2) - 1) ** 4, 7,
    ),
    Polynomial(
        "atan_tail", "s", "(atan(t) / t - 1) / s of s = t*t, |t| <= 1",
        _even(lambda t: (mpmath.atan(t) / t - 1) / t**2),
        0, 1, 20,
    ),
    Polynomial(
        "erf_double", "s", "erf(x) / x of s = x*x, |x| <= 1",
        _even(lambda x: mpmath.erf(x) / x),
        0, 1, 13,
    ),
    Polynomial(
        "erfc_double", "t", "(1 + 2x) exp(x*x) erfc(x) of t = (x - 3) / (x + 3), 0 <= x <= 27.5",
        _scaled_erfc,
        -1, (ERFC_DOUBLE_END - ERFC_MIDDLE) / (ERFC_DOUBLE_END + ERFC_MIDDLE), 22,
    ),
    Polynomial(
        "gamma_double", "u", "gamma(y) (e/y)**(y - 1/2) of u = 1/y, 2 <= y <= 172",
        lambda u: mpmath.exp(_stirling(u) - mpf(1) / 2),
        mpf(1) / GAMMA_END, mpf(1) / 2, 14,
    ),
    Polynomial(
        "stirling_double", "u", "lgamma(y) + y - (y - 1/2) log(y) of u = 1/y, 3 <= y",
        _stirling,
        0, mpf(1) / 3, 13,
    ),
    Polynomial(
        "lgamma_double", "w", "lgamma(w + 3/2) / (w*w - 1/4), |w| <= 1/2",
        _log_gamma,
        -0.5, 0.5, 21,
    ),
    Polynomial(
        "sin_tail", "s", "(sin(r) / r - 1) / s of s = r*r, |r| <= pi/4",
        _even(lambda r: (mpmath.sin(r) / r - 1) / r**2),
        0, (mpmath.pi / 4) ** 2, 6,
    ),
    Polynomial(
        "cos_tail", "s", "(cos(r) - 1 + s/2) / (s*s) of s = r*r, |r| <= pi/4",
        _even(lambda r: (mpmath.cos(r) - 1 + r**2 / 2) / r**4),
        0, (mpmath.pi / 4) ** 2, 5,
    ),
    # Of the native_ and half_ forms.
    Polynomial(
        "exp2_near", "r", "(2**r - 1) / r, |r| <= 1/2",
        lambda r: mpmath.expm1(r * mpmath.log(2)) / r if r else mpmath.log(2),
        -0.5, 0.5, 4, "float",
    ),
    Polynomial(
        "log2_near", "f", "log2(1 + f) / f, sqrt(1/2) - 1 <= f <= sqrt(2) - 1",
        lambda f: mpmath.log1p(f) / f / mpmath.log(2) if f else 1 / mpmath.log(2),
        mpmath.sqrt(0.5) - 1, mpmath.sqrt(2) - 1, 7, "float",
    ),
    Polynomial(
        "sin_near", "s", "(sin(r) / r - 1) / s of s = r*r, |r| <= pi/4",
        _even(lambda r: (mpmath.sin(r) / r - 1) / r**2),
        0, (mpmath.pi / 4) ** 2, 2, "float",
    ),
    Polynomial(
        "cos_near", "s", "(cos(r) - 1) / s of s = r*r, |r| <= pi/4",
        _even(lambda r: (mpmath.cos(r) - 1) / r**2),
        0, (mpmath.pi / 4) ** 2, 2, "float",
    ),
)  # fmt: skip


if __name__ == "__main__":
    print(two_over_pi())
    print("\n" + half_pi() + "\n\n" + half_pi_near() + "\n\n" + two_over_pi_words())
    for constant in CONSTANTS:
        print("\n" + in_two(constant))
    for polynomial in POLYNOMIALS:
        print("\n" + as_opencl(polynomial))
