"""Functions that GNU C has built in, in programs of C."""

from __future__ import annotations

from . import ast, check_decl, check_expr, check_place, constant, tast
from .convert import assigned, drop, error_value, failed, quoted
from .record import record
from .scope import Context
from .types import (
    ERROR,
    INT,
    LONG,
    SIZE_T,
    UINT,
    ULONG,
    USHORT,
    VOID,
    Array,
    Struct,
    Type,
    sizeof,
    struct_layout,
)


@record
class Function:
    """params, result: of a call. key: of the builtin that does it, if one does."""

    params: tuple[Type, ...]
    result: Type
    key: str = ""


# fmt: off
FUNCTIONS = {
    **{
        f"__builtin_{key}{suffix}": Function((t,), INT, key)
        for key in ("clz", "ctz", "popcount")
        for suffix, t in (("", UINT), ("l", ULONG), ("ll", ULONG))
    },
    "__builtin_bswap16":     Function((USHORT,), USHORT, "bswap"),
    "__builtin_bswap32":     Function((UINT,), UINT, "bswap"),
    "__builtin_bswap64":     Function((ULONG,), ULONG, "bswap"),
    "__builtin_trap":        Function((), VOID, "trap"),
    "__builtin_unreachable": Function((), VOID, "unreachable"),
    "__builtin_expect":      Function((LONG, LONG), LONG),
    "__builtin_constant_p":  Function((INT,), INT),
}
# fmt: on


def offset_of(ctx: Context, e: ast.OffsetOf) -> tast.Expr:
    """Bytes from the start of an object of a type to a part of it."""
    t = check_decl.type_name(ctx, e.target).type
    offset = 0
    for step in e.path:
        if t is ERROR:
            return error_value(e.span)
        if isinstance(step, ast.FieldDesignator):
            path = check_place.find_field(t, step.name) if isinstance(t, Struct) else None
            if path is None:
                message = f"{quoted(t)} has no field '{step.name}'"
                ctx.diags.error("no-such-field", message, step.span)
                return error_value(e.span)
            for number in path:
                assert isinstance(t, Struct)
                assert t.fields is not None
                offset += struct_layout(t)[0][number]
                t = t.fields[number].type
        elif isinstance(t, Array):
            at = check_expr.int_constant(ctx, step.index, "an index in 'offsetof'")
            offset, t = offset + (at or 0) * sizeof(t.element), t.element
        else:
            ctx.diags.error("type-mismatch", f"{quoted(t)} is no array", step.span)
            return error_value(e.span)
    return tast.Const(offset, type=SIZE_T, span=e.span)


def call(ctx: Context, e: ast.Call, name: str) -> tast.Expr:
    """A call of one of FUNCTIONS."""
    row = FUNCTIONS[name]
    if len(e.args) != len(row.params):
        plural = "" if len(row.params) == 1 else "s"
        message = f"'{name}' takes {len(row.params)} argument{plural}, not {len(e.args)}"
        ctx.diags.error("argument-count", message, e.span)
        return error_value(e.span)
    if name == "__builtin_constant_p":
        x = check_expr.unevaluated(ctx, e.args[0])
        known = not isinstance(x, tast.OBJECTS) and constant.fold(x) is not None
        return tast.Const(int(known), type=INT, span=e.span)
    args = tuple(
        assigned(ctx, check_expr.value(ctx, argument), t, f"argument {number} of '{name}'")
        for number, (argument, t) in enumerate(zip(e.args, row.params, strict=True), 1)
    )
    if failed(*args):
        return error_value(e.span)
    if name == "__builtin_expect":  # the second argument is for the optimiser
        if constant.fold(args[1]) is not None:
            return args[0]
        return tast.Comma(drop(args[1]), args[0], type=LONG, span=e.span)
    made = tast.BuiltinCall(row.key, args, type=args[0].type if args else VOID, span=e.span)
    if not args or row.result == made.type:
        return made
    return tast.Convert("int", made, type=row.result, span=e.span)
