"""printf: its format read at compile time, each argument held to its conversion.

Source: OpenCL C 3.0, section 6.15.14. What C leaves undefined for a mismatched argument is an
error when it mixes integers, floats and pointers, and a warning with a conversion when only the
size differs: what runs then prints what the format says.
"""

from __future__ import annotations

import re

from . import ast, check_expr, check_literal, tast
from .convert import error_value, failed, promote, quoted, to_arithmetic
from .scope import Context
from .source import Span
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

_DIRECTIVE = re.compile(
    rb"%(?:(?P<percent>%)|(?P<flags>[-+ #0]*)(?P<width>\d+|\*)?(?P<precision>\.(?:\d+|\*)?)?"
    rb"(?P<vector>v\d+)?(?P<length>hh|hl|h|ll|l|L|j|z|t)?(?P<conversion>[A-Za-z])?)"
)
MAX_WIDTH = 4095  # C99 7.19.6.1, 15: no conversion need make more characters
_LENGTHS = frozenset({"", "hh", "h", "l"})


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
    wanted = _conversions(ctx, text, literal.span)
    if wanted is None:
        return error_value(e.span)
    if len(wanted) > len(args):
        message = f"the format wants {len(wanted)} arguments, {len(args)} given"
        ctx.diags.error("format", message, e.span)
        return error_value(e.span)
    if len(wanted) < len(args):
        message = f"the format uses only {len(wanted)} of {len(args)} arguments"
        ctx.diags.warning("format-extra-args", message, args[len(wanted)].span)
    passed = [_passed(ctx, arg, *want) for arg, want in zip(args, wanted, strict=False)]
    if failed(*passed):
        return error_value(e.span)
    for extra in args[len(wanted) :]:
        passed.append(promote(extra) if is_integer(extra.type) else extra)
    return tast.Printf(text, tuple(passed), type=INT, span=e.span)


def _conversions(ctx: Context, text: bytes, span: Span) -> list[tuple[str, str]] | None:
    """(length, conversion letter) of each directive that takes an argument."""
    found: list[tuple[str, str]] = []
    for match in _DIRECTIVE.finditer(text):
        if match["percent"]:
            continue
        written = match.group().decode()
        length, letter = (match["length"] or b"").decode(), (match["conversion"] or b"").decode()
        if match["vector"]:
            ctx.unsupported(f"vector conversions ('{written}') in 'printf' are", span)
            return None
        if match["width"] == b"*" or match["precision"] == b".*":
            message = f"'*' in '{written}': OpenCL C's printf takes no width from an argument"
            ctx.diags.error("format", message, span)
            return None
        if any(len(n) > 4 or int(n) > MAX_WIDTH for n in re.findall(r"[1-9]\d*", written)):
            message = f"'{written}': a width or precision is at most {MAX_WIDTH}"
            ctx.diags.error("format", message, span)
            return None
        if not letter or letter not in "diouxXfFeEgGaAcsp":
            ctx.diags.error("format", f"'{written}' is no conversion of 'printf'", span)
            return None
        if length not in _LENGTHS or (length and letter not in "diouxX"):
            ctx.diags.error("format", f"'{length}' does not go with '%{letter}'", span)
            return None
        found.append((length, letter))
    return found


def _passed(ctx: Context, arg: tast.Expr, length: str, letter: str) -> tast.Expr:
    directive = f"'%{length}{letter}'"
    if letter in "diouxXc":
        if not is_integer(arg.type):
            return _wrong(ctx, arg, directive, "an integer")
        long, unsigned = length == "l", letter in "ouxX"
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
