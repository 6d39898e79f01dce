"""to_global(), to_local(), to_private() and get_fence(): what a generic pointer points into.

Each takes pointers to any type, which is why they are no rows of the builtin functions (OpenCL
C 3.0, section 6.15.10).
"""

from __future__ import annotations

from . import ast, dialect, tast
from .convert import assigned, error_value, failed, quoted
from .scope import Context
from .types import UINT, VOID, AddrSpace, Pointer, Quals

# What each gives back: a pointer into this space, or flags for a fence.
SPACE_QUERIES = {
    "to_global": AddrSpace.GLOBAL,
    "to_local": AddrSpace.LOCAL,
    "to_private": AddrSpace.PRIVATE,
    "get_fence": None,
}
_ANY = Quals(AddrSpace.GENERIC, const=True, volatile=True)


def space_query(ctx: Context, e: ast.Call, name: str, args: list[tast.Expr]) -> tast.Expr:
    """The call of one of SPACE_QUERIES."""
    if not ctx.options.has(dialect.GENERIC_SPACE):
        hint = "compile with -cl-std=CL2.0"
        ctx.diags.error("undeclared", f"'{name}' needs OpenCL C 2.0", e.callee.span, hint=hint)
        return error_value(e.span)
    if len(args) != 1:
        message = f"'{name}' takes 1 argument, not {len(args)}"
        ctx.diags.error("argument-count", message, e.span)
        return error_value(e.span)
    (x,) = args
    if failed(x):
        return error_value(e.span)
    space = SPACE_QUERIES[name]
    if space is None:
        x = assigned(ctx, x, Pointer(VOID, _ANY), f"argument 1 of '{name}'")
        result = tast.BuiltinCall(name, (x,), type=UINT, span=e.span)
        return error_value(e.span) if failed(x) else result
    if not isinstance(x.type, Pointer) or x.type.quals.space is AddrSpace.CONSTANT:
        message = f"'{name}' takes a pointer to global, local or private memory"
        ctx.diags.error("type-mismatch", f"{message}, not {quoted(x.type)}", x.span)
        return error_value(e.span)
    pointee, quals = x.type.pointee, x.type.quals
    generic = Pointer(pointee, quals.with_(space=AddrSpace.GENERIC))
    x = assigned(ctx, x, generic, f"argument 1 of '{name}'")
    t = Pointer(pointee, quals.with_(space=space))
    return tast.BuiltinCall(name, (x,), type=t, span=e.span)
