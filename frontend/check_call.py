"""Calls: of functions and of builtins."""

from __future__ import annotations

from . import (
    ast,
    builtins,
    check_expr,
    tast,
)
from .check_conversion import conversion
from .check_printf import check_printf
from .convert import (
    assigned,
    error_value,
    failed,
    quoted,
)
from .scope import Context, suggestion
from .source import Span
from .types import (
    ERROR,
)


def call(ctx: Context, e: ast.Call) -> tast.Expr:
    if not isinstance(e.callee, ast.Ident):
        callee = check_expr.operand(ctx, e.callee)
        _arguments(ctx, e)
        if not failed(callee):
            message = f"a value of type {quoted(callee.type)} is called like a function"
            ctx.diags.error("not-a-function", message, e.callee.span)
        return error_value(e.span)
    name = e.callee.name
    match ctx.scope.find(name):
        case tast.Function() as function:
            return _call_function(ctx, e, function)
        case None:
            return _call_builtin(ctx, e, name)
        case tast.Var(type=t) if t is ERROR:
            _arguments(ctx, e)
        case symbol:
            _arguments(ctx, e)
            note = (f"'{name}' is declared here", symbol.span)
            message = f"'{name}' is called, but it is no function"
            ctx.diags.error("not-a-function", message, e.callee.span, notes=(note,))
    return error_value(e.span)


def _arguments(ctx: Context, e: ast.Call) -> list[tast.Expr]:
    return [check_expr.value(ctx, argument) for argument in e.args]


def _call_function(ctx: Context, e: ast.Call, function: tast.Function) -> tast.Expr:
    args = _arguments(ctx, e)
    if ctx.function is None:
        message = f"a call of '{function.name}' outside of a function"
        ctx.diags.error("not-constant", message, e.span)
        return error_value(e.span)
    converted = _passed(ctx, e, function, args, function.span)
    if converted is None:
        return error_value(e.span)
    if not ctx.unevaluated:
        ctx.calls.setdefault(ctx.function.function, []).append((function, e.span))
    return tast.Call(function, converted, type=function.type.result, span=e.span)


def _passed(
    ctx: Context,
    e: ast.Call,
    callee: tast.Function | builtins.Builtin,
    args: list[tast.Expr],
    declared: Span | None = None,
) -> tuple[tast.Expr, ...] | None:
    """The arguments converted to the callee's parameters; None after an error."""
    name = callee.name
    params = callee.type.params if isinstance(callee, tast.Function) else callee.params
    if len(args) != len(params):
        plural = "" if len(params) == 1 else "s"
        message = f"'{name}' takes {len(params)} argument{plural}, not {len(args)}"
        notes = ((f"'{name}' is declared here", declared),) if declared is not None else ()
        ctx.diags.error("argument-count", message, e.span, notes=notes)
        return None
    converted = tuple(
        assigned(ctx, arg, param, f"argument {number} of '{name}'")
        for number, (arg, param) in enumerate(zip(args, params, strict=True), 1)
    )
    return None if failed(*converted) else converted


def _call_builtin(ctx: Context, e: ast.Call, name: str) -> tast.Expr:
    if name == "printf" and ctx.options.version >= 120:
        return check_printf(ctx, e)
    made = conversion(ctx, e, name)
    if made is not None:
        return made
    rows = [r for r in builtins.TABLE.get(name, ()) if r.since <= ctx.options.version]
    args = _arguments(ctx, e)
    if rows:
        fitting = [r for r in rows if len(r.params) == len(args)]
        row = (fitting or rows)[0]
        converted = _passed(ctx, e, row, args)
        if converted is None:
            return error_value(e.span)
        return tast.BuiltinCall(row.key, converted, type=row.result, span=e.span)
    span = e.callee.span
    if name in builtins.TABLE:
        since = min(r.since for r in builtins.TABLE[name])
        message = f"'{name}' needs OpenCL C {since // 100}.{since // 10 % 10}"
        hint = f"compile with -cl-std=CL{since // 100}.{since // 10 % 10}"
        ctx.diags.error("undeclared", message, span, hint=hint)
    elif builtins.is_planned(name):
        ctx.unsupported(f"builtin function '{name}' is", span)
    else:
        known = builtins.available(ctx.options.version) | {
            n for n in ctx.scope.visible() if isinstance(ctx.scope.find(n), tast.Function)
        }
        message = f"function '{name}' is not declared"
        ctx.diags.error("undeclared", message, span, hint=suggestion(name, known | {"printf"}))
        check_expr._silence(ctx, name)
    return error_value(e.span)
