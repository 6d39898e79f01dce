"""printf: each argument held to its conversion.

Source: OpenCL C 3.0, section 6.15.14. What C leaves undefined, an argument of another type than
its conversion prints, is a warning, and the argument is converted.
"""

from __future__ import annotations

from . import ast, check_expr, tast
from .convert import arithmetic_type, error_value, failed, promote, promoted, quoted, to_arithmetic
from .printf_format import FLOATS, INTEGERS, parse_format
from .record import replace
from .scope import Context
from .source import Span
from .types import (
    CHAR,
    DOUBLE,
    FLOAT,
    HALF,
    INT,
    LONG,
    SCALARS,
    ULONG,
    AddrSpace,
    Pointer,
    Quals,
    Scalar,
    Type,
    Vector,
    is_arithmetic,
    is_float,
    is_integer,
    sizeof,
)

_INTEGERS = {"hh": "char", "h": "short", "": "int", "hl": "int", "l": "long"}  # by length
_VECTOR_FLOATS = {"h": HALF, "": DOUBLE, "hl": FLOAT, "l": DOUBLE}


def check_printf(ctx: Context, e: ast.Call) -> tast.Expr:
    if not e.args:
        message = "'printf' takes a format, which must be a string literal"
        ctx.diags.error("argument-count", message, e.span)
        return error_value(e.span)
    format_ = check_expr.operand(ctx, e.args[0])
    args = [check_expr.value(ctx, argument) for argument in e.args[1:]]
    if failed(format_, *args):
        return error_value(e.span)
    return _print(ctx, format_, args, e)


def _print(
    ctx: Context, format_: tast.Expr | tast.LValue, args: list[tast.Expr], e: ast.Call
) -> tast.Expr:
    """The call for one format, or for those that a condition chooses from."""
    if isinstance(format_, tast.Conditional):
        both = [_print(ctx, arm, args, e) for arm in (format_.then, format_.other)]
        if failed(*both):
            return error_value(e.span)
        return replace(format_, then=both[0], other=both[1], type=INT, span=e.span)
    text = _literal(format_)
    span = e.args[0].span
    if text is None:
        message = "the format of 'printf' must be known when it is compiled: a string literal"
        ctx.diags.error("format", message, span)
        return error_value(e.span)
    if b"\0" in text[:-1]:
        message = "the format of 'printf' holds a zero byte; what follows is not printed"
        ctx.diags.warning("format", message, span)
    pieces, problems = parse_format(text[: text.index(b"\0")])
    for group, message in problems:
        ctx.diags.warning(group, message, span)
    passed = _passed(ctx, [p for p in pieces if isinstance(p, tast.Conversion)], args, e.span)
    if passed is None:
        return error_value(e.span)
    return tast.Printf(pieces, passed, type=INT, span=e.span)


def _literal(x: tast.Expr | tast.LValue) -> bytes | None:
    """The text of a literal, or of a constant that is one, with its final NUL; else None."""
    while True:
        match x:
            case tast.StringRef(value=text):
                return text
            case tast.Convert(kind="decay" | "pointer", operand=inner):
                x = inner
            case tast.Load(source=tast.VarRef() as inner):
                x = inner
            case tast.VarRef(var=tast.Var(storage="static", quals=quals, init=init)) if (
                init is not None and not isinstance(init, tast.Aggregate) and _is_constant(quals)
            ):
                x = init
            case _:
                return None


def _is_constant(quals: Quals) -> bool:
    return quals.const or quals.space is AddrSpace.CONSTANT


def _passed(
    ctx: Context, wanted: list[tast.Conversion], args: list[tast.Expr], span: Span
) -> tuple[tast.Expr, ...] | None:
    """The arguments as the conversions take them; None after an error."""
    left = iter(args)
    passed: list[tast.Expr] = []
    need = sum(conversion.stars + 1 for conversion in wanted)
    if need > len(args):
        message = f"the format wants {need} arguments, {len(args)} given; a missing one is 0"
        ctx.diags.warning("format-insufficient-args", message, span)
    for conversion in wanted:
        for _ in range(conversion.stars):
            passed.append(_width(ctx, next(left, None), conversion, span))
        passed.append(_argument(ctx, next(left, None), conversion, span))
    for number, extra in enumerate(left):
        if number == 0:
            message = f"the format uses only {need} of {len(args)} arguments"
            ctx.diags.warning("format-extra-args", message, extra.span)
        passed.append(promote(extra) if is_integer(extra.type) else extra)
    return None if failed(*passed) else tuple(passed)


def _width(
    ctx: Context, arg: tast.Expr | None, conversion: tast.Conversion, span: Span
) -> tast.Expr:
    if arg is None:
        return tast.Const(0, type=INT, span=span)
    if not is_arithmetic(arg.type):
        message = f"'*' of '{conversion}' takes an int; the argument has type {quoted(arg.type)}"
        ctx.diags.error("format", message, arg.span)
        return error_value(arg.span)
    if promoted(arg.type).size != INT.size or not is_integer(arg.type):
        message = f"'*' of '{conversion}' takes an int; the argument has type {quoted(arg.type)}"
        ctx.diags.warning("format", message, arg.span)
    return to_arithmetic(arg, INT)


def _argument(
    ctx: Context, arg: tast.Expr | None, conversion: tast.Conversion, span: Span
) -> tast.Expr:
    letter = conversion.letter
    if arg is None:
        arg = tast.Const(0, type=CHAR, span=span)
    elif not (is_arithmetic(arg.type) or isinstance(arg.type, Vector | Pointer)):
        message = f"'{conversion}' cannot print a value of type {quoted(arg.type)}"
        ctx.diags.error("format", message, arg.span)
        return error_value(arg.span)
    elif letter == "s" and isinstance(arg.type, Pointer) and arg.type.quals.space is AddrSpace.MRAM:
        message = f"'{conversion}' reads a string from WRAM; the argument has type "
        hint = "bring it there by mram_read()"
        ctx.diags.error("address-space", message + quoted(arg.type), arg.span, hint=hint)
        return error_value(arg.span)
    elif letter and not _fits(conversion, arg.type):
        message = f"'{conversion}' prints {_wanted(conversion)}; the argument has type "
        cast = "write a cast" if is_arithmetic(arg.type) else None
        ctx.diags.warning("format", message + quoted(arg.type), arg.span, hint=cast)
    if letter and letter in "sp" and isinstance(arg.type, Pointer):
        return arg
    return _number(arg, is_float_wanted=bool(letter) and letter in FLOATS)


def _fits(conversion: tast.Conversion, t: Type) -> bool:
    """Whether the type is one that clang, too, takes without a word."""
    letter, length = conversion.letter, conversion.length
    if isinstance(t, Pointer):
        is_text = isinstance(t.pointee, Scalar) and t.pointee.kind == "int" and t.pointee.size == 1
        return letter == "p" or (letter == "s" and is_text)
    if isinstance(t, Vector):
        if letter in FLOATS:
            lane = _VECTOR_FLOATS[length]
        else:
            unsigned = "u" if letter in "ouxX" else ""
            lane = SCALARS[unsigned + _INTEGERS[length]]
        return conversion.lanes == t.count and t.element == lane
    if conversion.lanes or letter in "sp":
        return False
    if letter in FLOATS:
        return is_float(t)
    # Promoted, a narrower argument is an int; one of the other sign prints as C says.
    sizes = {"l": (8,), "hh": (1, 4)}.get(length, (1, 2, 4))
    return is_integer(t) and sizeof(t) in sizes


def _wanted(conversion: tast.Conversion) -> str:
    letter, length = conversion.letter, conversion.length
    if letter in "sp":
        return "a string" if letter == "s" else "a pointer"
    if letter in FLOATS:
        lane = str(_VECTOR_FLOATS[length])
    else:
        unsigned = "u" if letter in INTEGERS and letter not in "di" else ""
        lane = unsigned + _INTEGERS[length]
    return f"'{lane}{conversion.lanes or ''}'"


def _number(arg: tast.Expr, *, is_float_wanted: bool) -> tast.Expr:
    """An integer or a float, or a vector of them, as is wanted."""
    if isinstance(arg.type, Pointer):
        arg = tast.Convert("pointer-to-int", arg, False, type=ULONG, span=arg.span)
    lane = arg.type.element if isinstance(arg.type, Vector) else arithmetic_type(arg.type)
    if (lane.kind == "float") == is_float_wanted:
        keep = is_float_wanted or isinstance(arg.type, Vector)
        return arg if keep else promote(arg)
    target = DOUBLE if is_float_wanted else LONG
    t = Vector(target, arg.type.count) if isinstance(arg.type, Vector) else target
    kind: tast.ConvertKind = "int-to-float" if is_float_wanted else "float-to-int"
    # As if the program said so: it has been warned of already.
    return tast.Convert(kind, arg, False, type=t, span=arg.span)
