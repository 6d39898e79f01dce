"""printf: each argument held to its conversion.

Source: OpenCL C 3.0, section 6.15.14. What C leaves undefined for a mismatched argument is an
error when it mixes integers, floats and pointers, and a warning with a conversion when only the
size differs: what runs then prints what the format says.
"""

from __future__ import annotations

from . import ast, check_expr, check_literal, tast
from .convert import error_value, failed, promote, quoted, to_arithmetic
from .printf_format import FormatError, parse_format
from .scope import Context
from .types import (
    CHAR,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    UINT,
    ULONG,
    AddrSpace,
    Pointer,
    Scalar,
    is_arithmetic,
    is_float,
    is_integer,
    sizeof,
)


def check_printf(ctx: Context, e: ast.Call) -> tast.Expr:
    if not e.args:
        message = "'printf' takes a format, which must be a string literal"
        ctx.diags.error("argument-count", message, e.span)
        return error_value(e.span)
    literal = e.args[0]
    args = [check_expr.value(ctx, argument) for argument in e.args[1:]]
    if not isinstance(literal, ast.String):
        check_expr.value(ctx, literal)
        message = "the format of 'printf' must be a string literal"
        ctx.diags.error("format", message, literal.span)
        return error_value(e.span)
    data = check_literal.string_bytes(ctx, literal)
    if data is None or failed(*args):
        return error_value(e.span)
    text = data[:-1]
    if b"\0" in text:
        message = "the format of 'printf' holds a zero byte; what follows is not printed"
        ctx.diags.warning("format", message, literal.span)
        text = text[: text.index(b"\0")]
    try:
        pieces = parse_format(text)
    except FormatError as error:
        ctx.diags.error("format", str(error), literal.span)
        return error_value(e.span)
    wanted = [piece for piece in pieces if isinstance(piece, tast.Conversion)]
    if any(conversion.lanes for conversion in wanted):
        ctx.unsupported("vector conversions in 'printf' are", literal.span)
        return error_value(e.span)
    if len(wanted) > len(args):
        message = f"the format wants {len(wanted)} arguments, {len(args)} given"
        ctx.diags.error("format", message, e.span)
        return error_value(e.span)
    if len(wanted) < len(args):
        message = f"the format uses only {len(wanted)} of {len(args)} arguments"
        ctx.diags.warning("format-extra-args", message, args[len(wanted)].span)
    passed = [_passed(ctx, arg, want) for arg, want in zip(args, wanted, strict=False)]
    if failed(*passed):
        return error_value(e.span)
    for extra in args[len(wanted) :]:
        passed.append(promote(extra) if is_integer(extra.type) else extra)
    return tast.Printf(pieces, tuple(passed), type=INT, span=e.span)


def _passed(ctx: Context, arg: tast.Expr, conversion: tast.Conversion) -> tast.Expr:
    directive, letter = f"'{conversion}'", conversion.letter
    if letter in "diouxXc":
        if not is_integer(arg.type):
            return _wrong(ctx, arg, directive, "an integer")
        long, unsigned = conversion.length == "l", letter in "ouxX"
        target: Scalar = (ULONG if unsigned else LONG) if long else (UINT if unsigned else INT)
        promoted = promote(arg)
        if sizeof(promoted.type) != sizeof(target):
            message = f"{directive} prints {quoted(target)}; the argument is {quoted(arg.type)}"
            ctx.diags.warning("format", message, arg.span)
        return to_arithmetic(promoted, target)
    if letter in "fFeEgGaA":
        if not is_float(arg.type):
            return _wrong(ctx, arg, directive, "a floating-point number")
        return to_arithmetic(arg, DOUBLE if ctx.options.fp64 else FLOAT)
    if not isinstance(arg.type, Pointer):
        return _wrong(ctx, arg, directive, "a pointer" if letter == "p" else "a string")
    if letter == "s":
        pointee = arg.type.pointee
        if not (isinstance(pointee, Scalar) and sizeof(pointee) == sizeof(CHAR)):
            return _wrong(ctx, arg, directive, "a string")
        if arg.type.quals.space is not AddrSpace.CONSTANT:
            message = f"{directive} wants a string literal: a pointer to constant char"
            ctx.diags.error("format", message, arg.span)
            return error_value(arg.span)
    return arg


def _wrong(ctx: Context, arg: tast.Expr, directive: str, wanted: str) -> tast.Expr:
    message = f"{directive} prints {wanted}; the argument has type {quoted(arg.type)}"
    cast = "write a cast" if is_arithmetic(arg.type) else None
    ctx.diags.error("format", message, arg.span, hint=cast)
    return error_value(arg.span)
