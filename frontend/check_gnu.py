"""Functions that GNU C has built in, in programs of C."""

from __future__ import annotations

from . import ast, check_expr, constant, tast
from .convert import assigned, drop, error_value, failed
from .record import record
from .scope import Context
from .types import INT, LONG, UINT, ULONG, USHORT, VOID, Type


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
