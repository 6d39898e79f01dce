"""Warnings about what is there and has no use: values, variables, parameters, labels, functions."""

from __future__ import annotations

from . import tast
from .diag import Diagnostics
from .scope import Context, FunctionState
from .source import Span
from .types import ERROR

NAMES = (
    "unused-variable",
    "unused-parameter",
    "unused-label",
    "unused-but-set-variable",
    "unused-but-set-parameter",
)
_COMPARISONS = frozenset({"eq", "ne", "lt", "gt", "le", "ge"})


# -- values ---------------------------------------------------------------------------------------


def statement(diags: Diagnostics, expr: tast.Expr) -> None:
    """An expression that stands for its effect, as a statement or the step of a loop."""
    if not isinstance(expr, tast.Convert) or expr.kind != "void" or not expr.implicit:
        return
    value = expr.operand
    assert not isinstance(value, tast.OBJECTS)
    code = _idle(value)
    if code == "unused-comparison":
        equality = isinstance(value, tast.Binary) and value.op == "eq"
        hint = "did you mean '='?" if equality else None
        diags.warning(code, "the result of this comparison is not used", value.span, hint=hint)
    elif code is not None:
        diags.warning(code, "the value of this expression is not used", value.span)


def comma(diags: Diagnostics, node: tast.Comma) -> None:
    left = node.left
    if isinstance(left, tast.Convert) and left.kind == "void" and left.implicit:
        assert not isinstance(left.operand, tast.OBJECTS)
        if _idle(left.operand) is not None:
            message = "the left operand of ',' has no effect"
            diags.warning("unused-value", message, left.span)


def _idle(e: tast.Expr) -> str | None:
    """The warning for a value that nobody takes and whose making does nothing."""
    if e.span.expanded_from is not None:
        return None
    match e:
        case tast.Load(source=source):
            return None if source.quals.volatile else "unused-value"
        case tast.Binary(op="land" | "lor", left=left, right=right):
            return "unused-value" if _idle(left) and _idle(right) else None
        case tast.Binary(op=op):
            return "unused-comparison" if op in _COMPARISONS else "unused-value"
        case tast.Convert(kind="void"):
            return None
        case tast.Convert(implicit=True, operand=operand):
            return "unused-value" if isinstance(operand, tast.OBJECTS) else _idle(operand)
        case tast.Conditional(then=then, other=other):
            return "unused-value" if _idle(then) and _idle(other) else None
        case tast.Comma(right=right):
            return _idle(right)
        case tast.Shuffle(operand=operand):
            return _idle(operand)
        case (
            tast.Const()
            | tast.Unary()
            | tast.Convert()
            | tast.PointerAdd()
            | tast.PointerDiff()
            | tast.VectorSelect()
            | tast.VectorBuild()
            | tast.ConvertCall()
            | tast.Reinterpret()
        ):
            return "unused-value"
        case _:
            return None


# -- names ----------------------------------------------------------------------------------------


def names(ctx: Context, state: FunctionState, read: set[tast.Var]) -> None:
    """Variables, parameters and labels of a function.

    read: the variables that more is done with than to assign to them.
    """
    for var in state.locals:
        _variable(ctx, var, read, "variable")
    for var in state.function.params:
        _variable(ctx, var, read, "parameter")
    if state.labels:
        aims = {goto.label for goto in state.gotos}
        for label, span in state.labels.items():
            if label not in aims:
                message = f"label '{label}' is not used"
                ctx.diags.warning("unused-label", message, Span(span.file, span.start, span.end))


def _variable(ctx: Context, var: tast.Var, read: set[tast.Var], what: str) -> None:
    if var.type is ERROR or var.may_be_unused or var in ctx.measured or not var.name:
        return
    if var not in ctx.used:
        ctx.diags.warning(f"unused-{what}", f"{what} '{var.name}' is not used", var.span)
    elif var not in read and var.storage != "static":
        message = f"{what} '{var.name}' is set but not used"
        ctx.diags.warning(f"unused-but-set-{what}", message, var.span)


def functions(ctx: Context) -> None:
    """Static functions that nothing calls."""
    called = {callee for calls in ctx.program.calls.values() for callee, _span in calls}
    called.update(function for function, _span in ctx.program.addressed)
    for function in ctx.program_scope.names.values():
        if not isinstance(function, tast.Function):
            continue
        if not function.is_static or function.is_kernel or function in called:
            continue
        if function.is_inline and function.span.outermost().file.included_from is not None:
            continue
        if not function.attrs.may_be_unused:
            message = f"static function '{function.name}' is not used"
            ctx.diags.warning("unused-function", message, function.span)
