"""Calls: of functions and of builtins."""

from __future__ import annotations

from . import (
    ast,
    builtins,
    check_expr,
    tast,
)
from .check_conversion import conversion
from .check_space import SPACE_QUERIES, space_query
from .convert import (
    assigned,
    error_value,
    failed,
    quoted,
)
from .foreign import misspelt
from .overload import fits_badly, rank_of, resolve
from .scope import Context
from .source import Span
from .types import ERROR, Function, Pointer, Type


def call(ctx: Context, e: ast.Call) -> tast.Expr:
    if not isinstance(e.callee, ast.Ident):
        callee = check_expr.operand(ctx, e.callee)
        if _is_callable(callee.type):
            return _call_pointer(ctx, e, check_expr.loaded(ctx, callee))
        _arguments(ctx, e)
        if not failed(callee):
            message = f"a value of type {quoted(callee.type)} is called like a function"
            ctx.diags.error("not-a-function", message, e.callee.span)
        return error_value(e.span)
    name = e.callee.name
    match ctx.scope.find(name):
        case tast.Function() as function if function in ctx.overloads:
            return _call_overloaded(ctx, e, ctx.overloads[function])
        case tast.Function(name="printf", is_c=True):
            return _call_printf(ctx, e)
        case tast.Function() as function:
            return _call_function(ctx, e, function, _arguments(ctx, e))
        case None:
            return _call_builtin(ctx, e, name)
        case tast.Var(type=t) if _is_callable(t):
            return _call_pointer(ctx, e, check_expr.value(ctx, e.callee))
        case tast.Var(type=t) if t is ERROR:
            _arguments(ctx, e)
        case symbol:
            _arguments(ctx, e)
            note = (f"'{name}' is declared here", symbol.span)
            message = f"'{name}' is called, but it is no function"
            ctx.diags.error("not-a-function", message, e.callee.span, notes=(note,))
    return error_value(e.span)


def _call_printf(ctx: Context, e: ast.Call) -> tast.Expr:
    from .check_printf import check_printf  # few programs print

    return check_printf(ctx, e)


def _arguments(ctx: Context, e: ast.Call) -> list[tast.Expr]:
    return [check_expr.value(ctx, argument) for argument in e.args]


def _call_overloaded(ctx: Context, e: ast.Call, overloads: list[tast.Function]) -> tast.Expr:
    args = _arguments(ctx, e)
    if failed(*args):
        return error_value(e.span)
    fitting = resolve(overloads, args)
    if len(fitting) == 1 or len(overloads) == 1:
        return _call_function(ctx, e, (fitting or overloads)[0], args)
    name, given = overloads[0].name, ", ".join(quoted(arg.type) for arg in args)
    shown = fitting or overloads
    notes = tuple((f"candidate: '{f.type}'", f.span) for f in shown[:_SHOWN])
    if fitting:
        message = f"the call of '{name}' with {given} is ambiguous"
        ctx.diags.error("ambiguous-call", message, e.span, notes=notes)
    else:
        message = f"no '{name}' takes {given or 'no argument'}"
        ctx.diags.error("no-matching-function", message, e.span, notes=notes)
    return error_value(e.span)


def _call_function(
    ctx: Context, e: ast.Call, function: tast.Function, args: list[tast.Expr]
) -> tast.Expr:
    if ctx.function is None:
        message = f"a call of '{function.name}' outside of a function"
        ctx.diags.error("not-constant", message, e.span)
        return error_value(e.span)
    converted = _passed(ctx, e, function.name, function.type, args, declared=function.span)
    if converted is None:
        return error_value(e.span)
    if not ctx.unevaluated:
        calls = ctx.program.calls.setdefault(ctx.function.function, [])
        calls.append((function, e.span))
    made = tast.Call(function, converted, type=function.type.result, span=e.span)
    if function.attrs.dma is not None and not ctx.unevaluated:
        from . import check_dma  # few programs transfer

        check_dma.call(ctx, made)
    return made


def _is_callable(t: Type) -> bool:
    return isinstance(t, Pointer) and isinstance(t.pointee, Function)


def _call_pointer(ctx: Context, e: ast.Call, callee: tast.Expr) -> tast.Expr:
    args = _arguments(ctx, e)
    if ctx.function is None:
        ctx.diags.error("not-constant", "a call outside of a function", e.span)
        return error_value(e.span)
    assert isinstance(callee.type, Pointer)
    t = callee.type.pointee
    assert isinstance(t, Function)
    converted = _passed(ctx, e, str(t), t, args, declared=e.callee.span)
    if converted is None:
        return error_value(e.span)
    return tast.CallPointer(callee, converted, type=t.result, span=e.span)


def _passed(
    ctx: Context,
    e: ast.Call,
    name: str,
    t: Function,
    args: list[tast.Expr],
    *,
    declared: Span,
) -> tuple[tast.Expr, ...] | None:
    """The arguments converted to the callee's parameters; None after an error."""
    params = t.params
    if t.variadic:
        ctx.unsupported(f"'{name}': calls of functions with '...', but printf, are", e.span)
        return None
    if t.unspecified and args:
        message = f"'{name}' is declared without its parameters: a call with arguments is"
        ctx.unsupported(message, e.span, hint="declare it with a prototype")
        return None
    if len(args) != len(params):
        plural = "" if len(params) == 1 else "s"
        message = f"'{name}' takes {len(params)} argument{plural}, not {len(args)}"
        notes = ((f"'{name}' is declared here", declared),)
        ctx.diags.error("argument-count", message, e.span, notes=notes)
        return None
    converted = tuple(
        assigned(ctx, arg, param, f"argument {number} of '{name}'")
        for number, (arg, param) in enumerate(zip(args, params, strict=True), 1)
    )
    return None if failed(*converted) else converted


# -- builtins --------------------------------------------------------------------------------------

_SHOWN = 6  # candidates in the notes of one error


def _call_builtin(ctx: Context, e: ast.Call, name: str) -> tast.Expr:
    if ctx.is_c:
        if name.startswith("__builtin_"):
            from . import check_gnu  # few programs of C, and none of OpenCL C, have such calls

            if name in check_gnu.FUNCTIONS:
                return check_gnu.call(ctx, e, name)
        _arguments(ctx, e)
        return _report_undeclared(ctx, e, name, set())
    if name == "printf" and ctx.options.version >= 120:
        return _call_printf(ctx, e)
    made = conversion(ctx, e, name)
    if made is not None:
        return made
    args = _arguments(ctx, e)
    if name in SPACE_QUERIES:
        return space_query(ctx, e, name, args)
    language = _language(ctx)
    candidates = builtins.overloads(name, language)
    if not candidates:
        _report_missing(ctx, e, name, language)
        return error_value(e.span)
    if failed(*args):
        return error_value(e.span)
    spelled = tuple(str(arg.type) for arg in args)
    exact = [c for c in candidates if c.params == spelled]
    fitting = exact or resolve(candidates, args)
    if len(fitting) == 1 or len(candidates) == 1:
        return _call_row(ctx, e, (fitting or candidates)[0], args)
    _report_overloads(ctx, e, candidates, fitting, args)
    return error_value(e.span)


def _language(ctx: Context) -> builtins.Language:
    return builtins.Language(ctx.options.version, ctx.options.fp64)


def _call_row(ctx: Context, e: ast.Call, row: builtins.Builtin, args: list[tast.Expr]) -> tast.Expr:
    if len(args) != len(row.params):
        _report_count(ctx, e, row.name, {len(row.params)}, len(args))
        return error_value(e.span)
    converted = tuple(
        assigned(ctx, arg, builtins.type_of(param), f"argument {number} of '{row.name}'")
        for number, (arg, param) in enumerate(zip(args, row.params, strict=True), 1)
    )
    if failed(*converted):
        return error_value(e.span)
    if row.name in tast.BARRIERS and ctx.function is not None and not ctx.unevaluated:
        ctx.program.waiting.add(ctx.function.function)
    result = builtins.type_of(row.result)
    return tast.BuiltinCall(row.name, converted, type=result, span=e.span)


def _report_count(ctx: Context, e: ast.Call, name: str, wanted: set[int], given: int) -> None:
    counts = " or ".join(str(count) for count in sorted(wanted))
    plural = "" if wanted == {1} else "s"
    message = f"'{name}' takes {counts} argument{plural}, not {given}"
    ctx.diags.error("argument-count", message, e.span)


def _report_overloads(
    ctx: Context,
    e: ast.Call,
    candidates: tuple[builtins.Builtin, ...],
    fitting: list[builtins.Builtin],
    args: list[tast.Expr],
) -> None:
    """Say that no overload fits, or several, and which."""
    name = candidates[0].name
    counts = {len(c.params) for c in candidates}
    if len(args) not in counts:
        _report_count(ctx, e, name, counts, len(args))
        return
    given = ", ".join(quoted(arg.type) for arg in args)
    if fitting and not all(fits_badly(c, args) for c in fitting):
        code, message = "ambiguous-call", f"the call of '{name}' with {given} is ambiguous"
        hint = "cast the arguments to the types that are meant"
        shown = fitting
    else:
        code, message = "no-matching-function", f"no '{name}' takes {given}"
        hint = None
        shown = sorted(
            (c for c in candidates if len(c.params) == len(args)),
            key=lambda c: -_fit_count(c, args),
        )
    notes = [(f"candidate: {c}", None) for c in shown[:_SHOWN]]
    if len(shown) > _SHOWN:
        notes.append((f"and {len(shown) - _SHOWN} more", None))
    ctx.diags.error(code, message, e.span, notes=tuple(notes), hint=hint)


def _fit_count(candidate: builtins.Builtin, args: list[tast.Expr]) -> int:
    pairs = zip(args, candidate.params, strict=True)
    return sum(rank_of(arg, builtins.type_of(param)) is not None for arg, param in pairs)


def _report_missing(ctx: Context, e: ast.Call, name: str, language: builtins.Language) -> None:
    """Say why there is no function of this name."""
    span = e.callee.span
    rows = list(builtins.declared(name, language))
    if rows:
        since = min(row.since for row in rows)
        standard = f"{since // 100}.{since // 10 % 10}"
        message = f"'{name}' needs OpenCL C {standard}"
        ctx.diags.error("undeclared", message, span, hint=f"compile with -cl-std=CL{standard}")
        return
    if (what := builtins.outside(name)) is not None:
        ctx.unsupported(f"'{name}': {what}", span)
        return
    _report_undeclared(ctx, e, name, set(builtins.names()))


def _report_undeclared(ctx: Context, e: ast.Call, name: str, others: set[str]) -> tast.Expr:
    if name in ctx.doubtful:
        return error_value(e.span)
    known = {n for n in ctx.scope.visible() if isinstance(ctx.scope.find(n), tast.Function)}
    message = f"function '{name}' is not declared"
    hint, fixes = misspelt(name, e.callee.span, known | others, ctx.is_c)
    ctx.diags.error("undeclared", message, e.callee.span, hint=hint, fixes=fixes)
    check_expr._silence(ctx, name)
    return error_value(e.span)
