"""Warnings about implicit conversions: what loses value, precision or sign, and where.

What an expression can hold is estimated as a number of bits, and whether it can be negative:
`(uchar)(x & 0xff)` loses nothing, whatever the type of x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from . import constant, tast
from .convert import arithmetic_type, quoted
from .diag import Diagnostics
from .types import BOOL, Array, Scalar, Type, is_float, is_integer

QUIET = (  # off by default
    "implicit-int-conversion",
    "shorten-64-to-32",
    "sign-conversion",
    "float-conversion",
    "float-overflow-conversion",
    "float-zero-conversion",
    "implicit-float-conversion",
    "implicit-int-float-conversion",
    "double-promotion",
)
CONVERSIONS = (
    "constant-conversion",
    "literal-conversion",
    "implicit-const-int-float-conversion",
    "pointer-bool-conversion",
    *QUIET,
)
_PRECISION = {2: 11, 4: 24, 8: 53}  # bits of a float's significand, by its size
_COMPARISONS = frozenset({"eq", "ne", "lt", "gt", "le", "ge"})
_DEEP = 40  # operators looked into for a range; deeper ones count by their type

# What a compound assignment holds is converted to and fro without a word.
_UNSEEN = frozenset({*tast.OBJECTS, tast.Current})

# (bits needed, is it never negative); the sign counts as a bit where it is one
Range: TypeAlias = tuple[int, bool]


def _type_range(t: Type) -> Range:
    scalar = arithmetic_type(t)
    return (1, True) if scalar == BOOL else (8 * scalar.size, not scalar.signed)


def _value_range(value: int) -> Range:
    return (value.bit_length(), True) if value >= 0 else ((~value).bit_length() + 1, False)


def _join(a: Range, b: Range) -> Range:
    return max(a[0], b[0]), a[1] and b[1]


def value_range(e: tast.Expr, depth: int = 0) -> Range:
    """What an integer expression can hold, sums and products as wide as their operands."""
    whole = _type_range(e.type)
    if isinstance(e, tast.Const):
        return _value_range(int(e.value))
    if depth > _DEEP:
        return whole
    match e:
        case tast.Convert(kind="int", implicit=True, operand=operand):
            assert not isinstance(operand, tast.OBJECTS)
            inner = value_range(operand, depth + 1)
            return whole if inner[0] >= whole[0] else (inner[0], inner[1] or whole[1])
        case tast.Conditional(cond=cond, then=then, other=other):
            known = constant.fold(cond)
            if known is not None:
                return value_range(then if known else other, depth + 1)
            return _join(value_range(then, depth + 1), value_range(other, depth + 1))
        case tast.Assign(value=value) | tast.Comma(right=value):
            return value_range(value, depth + 1)
        case tast.Unary(op="lnot"):
            return 1, True
        case tast.Unary(operand=operand):
            folded = constant.fold(e)
            return value_range(operand, depth + 1) if folded is None else _value_range(int(folded))
        case tast.Binary():
            return _binary_range(e, whole, depth + 1)
        case _:
            return whole


def _binary_range(e: tast.Binary, whole: Range, depth: int) -> Range:
    if e.op in _COMPARISONS or e.op in ("land", "lor"):
        return 1, True
    right_value = constant.fold(e.right)
    if right_value is not None and (value := constant.fold(e)) is not None:
        return _value_range(int(value))
    if e.op == "shl":
        one = isinstance(e.left, tast.Const) and e.left.value == 1
        return whole[0], whole[1] or one
    left = value_range(e.left, depth)
    match e.op:
        case "and":
            right = value_range(e.right, depth)
            widths = [r[0] for r in (left, right) if r[1]]
            return (min(widths), True) if widths else (max(left[0], right[0]), False)
        case "shr":
            if right_value is None:
                return left
            count = int(right_value) % whole[0]
            least = 0 if left[1] else 1
            return max(left[0] - count, least), left[1]
        case "div":
            if right_value is not None and right_value > 0:
                least = 0 if left[1] else 1
                return max(left[0] - int(right_value).bit_length() + 1, least), left[1]
            return left[0], left[1] and value_range(e.right, depth)[1]
        case "rem":
            right = value_range(e.right, depth)
            return min(left[0], right[0]), left[1] or whole[1]
        case _:
            joined = _join(left, value_range(e.right, depth))
            return min(joined[0], whole[0]), joined[1] or whole[1]


# -- one conversion -------------------------------------------------------------------------------


def conversion(diags: Diagnostics, node: tast.Convert) -> None:
    check = _BY_KIND.get(node.kind)
    if check is not None and node.implicit and type(node.operand) not in _UNSEEN:
        check(diags, node.operand, node.type)


def _arms(e: tast.Expr) -> tuple[list[tast.Expr], list[tast.Expr]]:
    """(arms, conditions) of a conditional; what joins its arms is no step that can be seen.

    `uchar c = x ? u : 1L` converts u and 1L to uchar, not u to long first.
    """
    arms: list[tast.Expr] = []
    conditions: list[tast.Expr] = []
    todo = [e]
    while todo:
        e = todo.pop()
        while isinstance(e, tast.Convert) and e.implicit:
            inner = e.operand
            if isinstance(inner, (*tast.OBJECTS, tast.Current)):
                break
            e = inner
        if isinstance(e, tast.Conditional):
            conditions.append(e.cond)
            todo += (e.other, e.then)
        else:
            arms.append(e)
    return arms, conditions


def operands(node: tast.Convert) -> Sequence[tast.Init | tast.LValue]:
    """What is left to look at below a conversion."""
    if not node.implicit or not isinstance(node.operand, tast.Conditional):
        return (node.operand,)
    arms, conditions = _arms(node.operand)
    return arms + conditions


def _leaf(e: tast.Expr, target: Type) -> list[tast.Expr]:
    """What is converted to another type, of a conditional its arms."""
    if not isinstance(e, tast.Conditional):
        return [e]
    return [arm for arm in _arms(e)[0] if arm.type != target]


def _between(diags: Diagnostics, e: tast.Expr, t: Type) -> None:
    to, of = arithmetic_type(t), arithmetic_type(e.type)
    if to.size >= of.size:
        harmless = to.signed == of.signed or of == BOOL or (to.signed and to.size > of.size)
        if harmless or not diags.wants("sign-conversion"):
            return
    for leaf in _leaf(e, t):
        if is_integer(leaf.type):
            _one_between(diags, leaf, to)


def _one_between(diags: Diagnostics, e: tast.Expr, to: Scalar) -> None:
    of = arithmetic_type(e.type)
    value = constant.fold(e)
    width, positive = value_range(e) if value is None else _value_range(int(value))
    room = 8 * to.size
    if width > room:
        if value is not None:
            _changed(diags, e, int(value), to)
        elif to.size == 4:
            _lossy(diags, "shorten-64-to-32", "integer precision", e, to)
        else:
            _lossy(diags, "implicit-int-conversion", "integer precision", e, to)
    elif width == room and to.signed and positive and of.signed and value is not None:
        _changed(diags, e, int(value), to)
    elif (not to.signed and not positive) or (
        to.signed and not of.signed and positive and width == room
    ):
        message = f"conversion from {quoted(e.type)} to {quoted(to)} changes the sign"
        diags.warning("sign-conversion", message, e.span, hint=f"write ({to}) if it is meant")


def _changed(diags: Diagnostics, e: tast.Expr, value: int, to: Scalar) -> None:
    changed = constant.wrap(value, to)
    message = f"conversion to {quoted(to)} changes the constant from {value} to {changed}"
    diags.warning("constant-conversion", message, e.span)


def _lossy(diags: Diagnostics, code: str, what: str, e: tast.Expr, to: Scalar) -> None:
    message = f"conversion from {quoted(e.type)} to {quoted(to)} loses {what}"
    diags.warning(code, message, e.span, hint=f"write ({to}) if it is meant")


def _is_literal(e: tast.Expr) -> bool:
    while isinstance(e, tast.Unary) and e.op == "neg":
        e = e.operand
    return isinstance(e, tast.Const)


def _to_int(diags: Diagnostics, whole: tast.Expr, t: Type) -> None:
    to = arithmetic_type(t)
    for e in _leaf(whole, t):
        if not is_float(e.type):
            _one_between(diags, e, to)
            continue
        value = constant.fold(e)
        literal = _is_literal(e)
        code = "literal-conversion" if literal else "float-conversion"
        if value is None:
            message = f"conversion from {quoted(e.type)} to {quoted(to)} drops the fraction"
            diags.warning("float-conversion", message, e.span, hint=f"write ({to}) if it is meant")
            continue
        if not math.isfinite(value) or not constant.fits(math.trunc(value), to):
            message = f"{value:g} does not fit {quoted(to)}: what it becomes is undefined"
            diags.warning(code if literal else "float-overflow-conversion", message, e.span)
        elif value != math.trunc(value):
            message = f"conversion to {quoted(to)} changes the constant from {value:g}"
            lost = not literal and math.trunc(value) == 0
            code = "float-zero-conversion" if lost else code
            diags.warning(code, f"{message} to {math.trunc(value)}", e.span)
        elif not literal:
            message = f"conversion from {quoted(e.type)} to {quoted(to)}"
            diags.warning(code, message, e.span)


def _to_float(diags: Diagnostics, whole: tast.Expr, t: Type) -> None:
    to = arithmetic_type(t)
    precision = _PRECISION[to.size]
    if 8 * arithmetic_type(whole.type).size <= precision:
        return
    for e in _leaf(whole, t):
        if not is_integer(e.type):
            _float(diags, e, t)
            continue
        if value_range(e)[0] <= precision:
            continue
        value = constant.fold(e)
        if value is None:
            message = f"conversion from {quoted(e.type)} to {quoted(to)} may lose precision"
            diags.warning("implicit-int-float-conversion", message, e.span)
        elif (held := constant.int_to_float(int(value), to)) != value:
            message = f"conversion to {quoted(to)} changes the constant from {value} to {held:.0f}"
            diags.warning("implicit-const-int-float-conversion", message, e.span)


def _float(diags: Diagnostics, whole: tast.Expr, t: Type) -> None:
    to = arithmetic_type(t)
    for e in _leaf(whole, t):
        if not is_float(e.type):
            continue
        of = arithmetic_type(e.type)
        if to.size > of.size:
            message = f"{quoted(of)} becomes {quoted(to)}: the operation is done in {to.name}"
            diags.warning("double-promotion", message, e.span)
        elif to.size < of.size:
            value = constant.fold(e)
            if value is None or not (math.isnan(value) or constant.round_to(value, to) == value):
                _lossy(diags, "implicit-float-conversion", "precision", e, to)


def _to_bool(diags: Diagnostics, e: tast.Expr, _target: Type) -> None:
    if not isinstance(e, tast.Convert) or e.kind not in ("decay", "address"):
        return
    if isinstance(e.operand, tast.VarRef):
        what = "array" if isinstance(e.operand.type, Array) else "variable"
        message = f"the address of {what} '{e.operand.var.name}' is always true"
        diags.warning("pointer-bool-conversion", message, e.span)


_BY_KIND: dict[str, Callable[[Diagnostics, Any, Type], None]] = {
    "int": _between,
    "float-to-int": _to_int,
    "int-to-float": _to_float,
    "float": _float,
    "to-bool": _to_bool,
}


# -- operands of different signs ------------------------------------------------------------------


def operands_written(node: tast.Binary) -> tuple[tast.Expr, tast.Expr]:
    """Operands of a binary operator; those of a comparison convert under its own warnings."""
    if node.op in _COMPARISONS:
        return _written(node.right), _written(node.left)
    return node.right, node.left


def _written(e: tast.Expr) -> tast.Expr:
    """An operand as it was before the usual conversions."""
    while (
        isinstance(e, tast.Convert)
        and e.implicit
        and e.kind == "int"
        and not isinstance(e.operand, tast.OBJECTS)
    ):
        e = e.operand
    return e


def comparison(diags: Diagnostics, node: tast.Binary) -> None:
    if node.op not in _COMPARISONS:
        return
    t = node.left.type
    if not isinstance(t, Scalar) or t.kind != "int" or t.signed:
        return
    left, right = _written(node.left), _written(node.right)
    of, to = arithmetic_type(left.type), arithmetic_type(right.type)
    if of.signed == to.signed:
        return
    signed, unsigned = (left, right) if of.signed else (right, left)
    if value_range(signed)[1]:
        return
    if node.op in ("eq", "ne") and value_range(unsigned)[0] < 8 * t.size:
        return
    message = f"comparison of a signed and an unsigned integer: {quoted(of)} and {quoted(to)}"
    hint = f"a negative value counts as a large {quoted(t)}"
    diags.warning("sign-compare", message, node.span, hint=hint)


# How to go on below these when a conversion that hides nothing is told of, too.
OPERANDS: dict[type, Callable[[Any], Sequence[tast.Init | tast.LValue]]] = {
    tast.Convert: operands,
    tast.Binary: operands_written,
}
