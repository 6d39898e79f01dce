"""Literals: numbers, characters and strings to typed constants."""

from __future__ import annotations

from . import (
    ast,
    constant,
    tast,
)
from .convert import (
    Operand,
    error_value,
    half_is_allowed,
)
from .literals import LiteralError, Warnings, parse_char, parse_number, parse_string
from .scope import Context
from .source import Span
from .types import (
    CHAR,
    DOUBLE,
    FLOAT,
    HALF,
    INT,
    NO_QUALS,
    AddrSpace,
    Array,
    Quals,
    is_float,
)


def _literal_error(ctx: Context, error: LiteralError, span: Span) -> tast.Expr:
    ctx.diags.error(error.code, error.message, _inside(span, error.offset))
    return error_value(span)


def _inside(span: Span, offset: int) -> Span:
    if 0 < offset < span.end - span.start:
        return Span(span.file, span.start + offset, span.end, span.expanded_from)
    return span


def number(ctx: Context, e: ast.Number) -> tast.Expr:
    try:
        literal = parse_number(e.text, ctx.options.single_precision_constant)
    except LiteralError as error:
        return _literal_error(ctx, error, e.span)
    for code, message, offset in literal.warnings:
        if not (ctx.is_c and code == "long-long"):
            ctx.diags.warning(code, message, _inside(e.span, offset))
    if ctx.is_c and is_float(literal.type) and e.text[-1] in "hHlL":
        ctx.diags.error("bad-suffix", f"the suffix '{e.text[-1]}' is not supported", e.span)
        return error_value(e.span)
    if literal.type == DOUBLE and not (ctx.fp64 or e.text[-1] in "lL"):
        message = "a constant of type double requires cl_khr_fp64; it is taken as a float"
        ctx.diags.warning("double-constant", message, e.span, hint="write the suffix 'f'")
        return tast.Const(constant.round_to(literal.value, FLOAT), type=FLOAT, span=e.span)
    if literal.type == HALF and not half_is_allowed(ctx, e.span, HALF):
        return error_value(e.span)
    return tast.Const(literal.value, type=literal.type, span=e.span)


def character(ctx: Context, e: ast.CharConst) -> tast.Expr:
    try:
        literal = parse_char(e.text)
    except LiteralError as error:
        return _literal_error(ctx, error, e.span)
    for code, message, offset in literal.warnings:
        ctx.diags.warning(code, message, _inside(e.span, offset))
    return tast.Const(literal.value, type=INT, span=e.span)


def string_bytes(ctx: Context, e: ast.String) -> bytes | None:
    """A string's bytes with its final NUL; None, with an error, for a malformed one."""
    warnings: Warnings = []
    try:
        data = b"".join(parse_string(part, warnings) for part in e.parts) + b"\0"
    except LiteralError as error:
        _literal_error(ctx, error, e.span)
        return None
    for code, message, offset in warnings:
        ctx.diags.warning(code, message, _inside(e.span, offset if len(e.parts) == 1 else 0))
    return data


def string(ctx: Context, e: ast.String) -> Operand:
    data = string_bytes(ctx, e)
    if data is None:
        return error_value(e.span)
    quals = NO_QUALS if ctx.is_c else Quals(AddrSpace.CONSTANT)
    return tast.StringRef(data, type=Array(CHAR, len(data)), quals=quals, span=e.span)
