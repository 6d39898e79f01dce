"""`--expect "c == a + b"`: NumPy expressions over a launch's arguments, and how they differ.

Only the syntax and the functions listed here are evaluated; everything else is an error.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from .errors import DeviceError
from .values import Array

SHOWN_DIFFERENCES = 10

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.MatMult: operator.matmul,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
    ast.Not: np.logical_not,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FUNCTIONS = (
    "abs all any arange argmax argmin around bincount ceil clip concatenate cos cosh cross "
    "cumprod cumsum diff dot exp exp2 expm1 fabs flip floor fmax fmin full_like hypot isfinite "
    "isinf isnan log log10 log1p log2 max maximum mean min minimum mod ones_like outer power prod "
    "ravel repeat reshape rint roll round sign sin sinh sort sqrt square sum tan tanh tile trace "
    "transpose trunc unique where zeros_like"
).split()
CONSTANTS = {"nan": np.nan, "inf": np.inf, "pi": np.pi}
TYPES = "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64".split()


class ExpectError(DeviceError):
    """The expression cannot be evaluated: syntax, names or shapes."""


@dataclass(frozen=True)
class Mismatch:
    """What differed: (index, got, expected) of the first few, and how many in all."""

    expression: str
    count: int
    total: int
    first: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        lines = [f"mismatch: {self.expression}: {self.count} of {self.total} differ"]
        lines += [f"  [{i}] got {got}, expected {want}" for i, got, want in self.first]
        if self.count > len(self.first):
            lines.append(f"  ... and {self.count - len(self.first)} more")
        return "\n".join(lines)


def check_expectation(
    expression: str, final: Mapping[str, Any], initial: Mapping[str, Any], ulp: int = 0
) -> Mismatch | None:
    """Evaluate one expression over the arguments; None when it holds everywhere.

    final, initial: parameter name to value, after and before the launch; `NAME` means the
                    former, `initial.NAME` the latter.
    ulp:            how far apart two floats may be and still count as equal in an `==` at
                    the top of the expression, in units in the last place. NaN equals NaN
                    there, +0 equals -0.
    raises:         ExpectError.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        raise ExpectError(f"--expect '{expression}': {e}") from e
    evaluate = _Evaluator(expression, final, initial)
    with np.errstate(all="ignore"):
        try:
            match tree:
                case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                    return _compare(expression, evaluate(left), evaluate(right), ulp)
                case _:
                    return _holds(expression, evaluate(tree))
        except (ValueError, TypeError, IndexError, OverflowError, MemoryError, RecursionError,
                ZeroDivisionError) as e:  # fmt: skip
            raise ExpectError(f"--expect '{expression}': {e}") from e


@dataclass
class _Evaluator:
    expression: str
    final: Mapping[str, Any]
    initial: Mapping[str, Any]

    def __call__(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return value
            case ast.Name(id=name):
                return self.lookup(self.final, name, node)
            case ast.Attribute(value=ast.Name(id="initial"), attr=name):
                return self.lookup(self.initial, name, node)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self.binary(op, self(left), self(right))
            case ast.UnaryOp(op=op, operand=operand):
                return _UNARY[type(op)](self(operand))
            case ast.Compare(left=left, ops=ops, comparators=rest) if {*map(type, ops)} <= {
                *_COMPARE
            }:
                values = [self(e) for e in (left, *rest)]
                links = [
                    _COMPARE[type(op)](a, b)
                    for op, a, b in zip(ops, values[:-1], values[1:], strict=True)
                ]
                return reduce(np.logical_and, links)
            case ast.BoolOp(op=op, values=values):
                combine = np.logical_and if isinstance(op, ast.And) else np.logical_or
                result = self(values[0])
                for value in values[1:]:
                    result = combine(result, self(value))
                return result
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return np.where(self(test), self(body), self(orelse))
            case ast.Subscript(value=value, slice=index):
                return self(value)[self.index(index)]
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                return [self(e) for e in elts]
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                return self.call(name, args, keywords, node)
            case _:
                raise self.error(f"{type(node).__name__} is not allowed here", node)

    def lookup(self, values: Mapping[str, Any], name: str, node: ast.expr) -> Any:
        if name not in values and name in CONSTANTS:
            return CONSTANTS[name]
        if name not in values:
            known = ", ".join(values) or "none"
            raise self.error(f"no argument is called '{name}' (there are: {known})", node)
        return values[name]

    def binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        # Python's own integers have no width: keep a power or a shift from filling memory.
        if isinstance(op, (ast.Pow, ast.LShift)) and isinstance(left, int | float):
            left = np.float64(left) if isinstance(op, ast.Pow) else np.int64(left)
        return _BINARY[type(op)](left, right)

    def index(self, node: ast.expr) -> Any:
        match node:
            case ast.Slice(lower=lower, upper=upper, step=step):
                return slice(
                    *(None if part is None else self(part) for part in (lower, upper, step))
                )
            case ast.Tuple(elts=elts):
                return tuple(self.index(e) for e in elts)
            case _:
                return self(node)

    def call(
        self, name: str, args: list[ast.expr], keywords: list[ast.keyword], node: ast.expr
    ) -> Any:
        if name not in FUNCTIONS and name not in TYPES:
            raise self.error(f"function '{name}' is not available in expressions", node)
        values = [self(a) for a in args]
        if name in TYPES:
            if len(values) != 1 or keywords:
                raise self.error(f"{name}() converts one value", node)
            return np.asarray(values[0]).astype(name)
        named = {}
        for keyword in keywords:
            if keyword.arg not in ("axis", "minlength", "keepdims"):
                raise self.error(f"keyword '{keyword.arg}' is not allowed", node)
            named[keyword.arg] = self(keyword.value)
        return getattr(np, name)(*values, **named)

    def error(self, reason: str, node: ast.expr) -> ExpectError:
        column = getattr(node, "col_offset", 0) + 1
        return ExpectError(f"--expect '{self.expression}', column {column}: {reason}")


def _compare(expression: str, left: Any, right: Any, ulp: int) -> Mismatch | None:
    got, want = np.broadcast_arrays(np.asarray(left), np.asarray(right))
    equal = np.asarray(got == want)
    if got.dtype.kind == "f" or want.dtype.kind == "f":
        kind = got.dtype if got.dtype.kind == "f" else want.dtype
        a, b = got.astype(kind), want.astype(kind)
        equal = equal | (np.isnan(a) & np.isnan(b))
        if ulp > 0:
            equal = equal | (_ulp_distance(a, b) <= ulp)
    return _mismatch(expression, got, want, equal)


def _ulp_distance(a: Array, b: Array) -> Array:
    """How many representable numbers apart, as float64; infinite where either is a NaN."""
    bits = np.dtype(f"i{a.dtype.itemsize}")

    def ordered(x: Array) -> Array:
        n = np.ascontiguousarray(x).view(bits).astype(np.int64)
        # Sign and magnitude to two's complement, so that neighbours differ by one.
        low = np.int64(np.iinfo(bits).min)
        return np.where(n < 0, low - n, n)

    distance = np.abs(ordered(a).astype(np.float64) - ordered(b).astype(np.float64))
    return np.where(np.isnan(a) | np.isnan(b), np.inf, distance)


def _holds(expression: str, value: Any) -> Mismatch | None:
    truth = np.asarray(value)
    if truth.dtype.kind not in "biu":
        raise ExpectError(f"--expect '{expression}': not a comparison")
    return _mismatch(expression, truth, np.ones_like(truth), truth.astype(bool))


def _mismatch(expression: str, got: Array, want: Array, equal: Array) -> Mismatch | None:
    wrong = np.argwhere(~equal)
    if not len(wrong):
        return None
    first = tuple(
        (", ".join(map(str, index)), str(got[tuple(index)]), str(want[tuple(index)]))
        for index in wrong[:SHOWN_DIFFERENCES]
    )
    return Mismatch(expression, len(wrong), int(equal.size), first)
