"""convert_type() and as_type(), whose names say what they do (OpenCL C 3.0, 6.4.3 and 6.4.4).

convert_int4_sat_rte(x): each component to int, out of range to the nearest int, ties to even.
as_int4(x): the same bits.
"""

from __future__ import annotations

import re

from . import ast, check_expr, tast
from .convert import (
    arithmetic_type,
    error_value,
    failed,
    half_is_allowed,
    quoted,
    to_arithmetic,
)
from .scope import Context
from .source import Span
from .types import (
    BOOL,
    DOUBLE,
    SCALARS,
    Enum,
    Scalar,
    Type,
    Vector,
    is_arithmetic,
    is_float,
    sizeof,
)

_NAME = re.compile(
    r"(?P<act>convert|as)_(?P<scalar>u?(?:char|short|int|long)|half|float|double)"
    r"(?P<count>2|3|4|8|16)?(?P<sat>_sat)?(?P<rounding>_rt[ezpn])?"
)


_ROUNDING: dict[str, tast.Rounding] = {
    "_rte": "even", "_rtz": "zero", "_rtp": "up", "_rtn": "down",
}  # fmt: skip


def conversion(ctx: Context, e: ast.Call, name: str) -> tast.Expr | None:
    """The call of a conversion function; None if `name` is not that of one."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    scalar, modified = SCALARS[match["scalar"]], bool(match["sat"] or match["rounding"])
    if (match["act"] == "as" and modified) or (match["sat"] and is_float(scalar)):
        return None
    target: Type = Vector(scalar, int(match["count"])) if match["count"] else scalar
    args = [check_expr.value(ctx, argument) for argument in e.args]
    if len(args) != 1:
        message = f"'{name}' takes 1 argument, not {len(args)}"
        ctx.diags.error("argument-count", message, e.span)
        return error_value(e.span)
    (x,) = args
    if failed(x) or not half_is_allowed(ctx, e.span, x.type, target):
        return error_value(e.span)
    if scalar == DOUBLE and not ctx.options.fp64:
        ctx.diags.error("no-double", "'double' requires the extension cl_khr_fp64", e.span)
        return error_value(e.span)
    if match["act"] == "as":
        return _reinterpreted(ctx, x, target, e.span)
    if not _components(x.type) == _components(target) > 0:
        message = f"'{name}' cannot convert a {quoted(x.type)}"
        ctx.diags.error("type-mismatch", message, x.span)
        return error_value(e.span)
    if isinstance(x.type, Enum | Scalar):
        x = to_arithmetic(x, arithmetic_type(x.type))
    rounding = _ROUNDING.get(match["rounding"], "default")
    return tast.ConvertCall(x, bool(match["sat"]), rounding, type=target, span=e.span)


def _components(t: Type) -> int:
    """1 for a scalar, 0 for what has no components."""
    return t.count if isinstance(t, Vector) else int(is_arithmetic(t))


def _reinterpreted(ctx: Context, x: tast.Expr, target: Type, span: Span) -> tast.Expr:
    if not _components(x.type) or x.type == BOOL:
        message = f"the bits of a {quoted(x.type)} cannot be taken as a {quoted(target)}"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    if sizeof(x.type) != sizeof(target):
        message = f"{quoted(x.type)} and {quoted(target)} are not of the same size"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    return tast.Reinterpret(x, type=target, span=span)
