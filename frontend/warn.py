"""Warnings about a function that is right: one walk over its typed tree.

What a warning costs is paid for by those who ask for it: a handler is in the tables of a walk
only if one of its warnings is on, and the flow analysis runs only for what it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeAlias

from . import flow, tast, warn_convert, warn_operator, warn_order, warn_uninit, warn_unused
from .diag import Diagnostics
from .scope import Context, FunctionState
from .source import Span
from .types import is_void

Handler: TypeAlias = Callable[[Diagnostics, Any], None]

# How to reach the operands of a node: one, several of known number, or a tuple of them.
_ONE, _SOME, _LIST = 1, 2, 3


def _updated(node: tast.Update) -> tuple[Any, ...]:
    """Without the conversion back to the target's type: `c += 1` loses nothing by itself."""
    value = node.value
    if isinstance(value, tast.Convert) and value.kind == "int":
        return value.operand, node.target
    return value, node.target


_CHANGES = (tast.Assign, tast.Update)
_OPERANDS: dict[type, tuple[int, Callable[[Any], Any]]] = {
    tast.Load: (_ONE, attrgetter("source")),
    tast.Convert: (_ONE, attrgetter("operand")),
    tast.Unary: (_ONE, attrgetter("operand")),
    tast.Binary: (_SOME, attrgetter("right", "left")),
    tast.PointerAdd: (_SOME, attrgetter("index", "pointer")),
    tast.PointerDiff: (_SOME, attrgetter("right", "left")),
    tast.Assign: (_SOME, attrgetter("value", "target")),
    tast.Update: (_LIST, _updated),
    tast.Conditional: (_SOME, attrgetter("other", "then", "cond")),
    tast.VectorSelect: (_SOME, attrgetter("other", "then", "cond")),
    tast.Comma: (_SOME, attrgetter("right", "left")),
    tast.Call: (_LIST, attrgetter("args")),
    tast.CallPointer: (_LIST, lambda node: [node.callee, *node.args]),
    tast.BuiltinCall: (_LIST, attrgetter("args")),
    tast.Printf: (_LIST, attrgetter("args")),
    tast.VectorBuild: (_LIST, attrgetter("parts")),
    tast.Shuffle: (_ONE, attrgetter("operand")),
    tast.ConvertCall: (_ONE, attrgetter("operand")),
    tast.Reinterpret: (_ONE, attrgetter("operand")),
    tast.ValueMember: (_ONE, attrgetter("operand")),
    tast.Deref: (_ONE, attrgetter("pointer")),
    tast.MemberRef: (_ONE, attrgetter("base")),
    tast.LanesRef: (_ONE, attrgetter("base")),
    tast.CompoundRef: (_ONE, attrgetter("init")),
    tast.Aggregate: (_LIST, lambda node: [value for _path, value in node.entries]),
}
_HANDLERS: tuple[tuple[type, Handler, tuple[str, ...]], ...] = (
    (tast.Convert, warn_convert.conversion, warn_convert.CONVERSIONS),
    (tast.Binary, warn_convert.comparison, ("sign-compare",)),
    (tast.Binary, warn_operator.binary, warn_operator.BINARY),
    (tast.Assign, warn_operator.assign, ("self-assign",)),
    (tast.Comma, warn_unused.comma, ("unused-value",)),
)


class Walk:
    """The handlers that the settings of one compilation ask for."""

    def __init__(self, diags: Diagnostics) -> None:
        self.diags = diags
        wanted: dict[type, list[Handler]] = {}
        for node, handler, codes in _HANDLERS:
            if any(map(diags.wants, codes)):
                wanted.setdefault(node, []).append(handler)
        self.table: dict[type, tuple[int, Any, list[Handler] | None]] = {
            node: (shape, operands, wanted.get(node))
            for node, (shape, operands) in _OPERANDS.items()
        }
        self.wants_unused = any(map(diags.wants, ("unused-value", "unused-comparison")))
        self.wants_order = diags.wants("unsequenced")
        self.wants_names = any(map(diags.wants, warn_unused.NAMES))
        self.wants_uninitialised = any(map(diags.wants, warn_uninit.CODES))
        self.read: set[tast.Var] = set()  # variables named otherwise than to be assigned to
        if any(map(diags.wants, warn_convert.QUIET)):
            for kind, operands in warn_convert.OPERANDS.items():
                self.table[kind] = (_LIST, operands, self.table[kind][2])
        if self.wants_names:
            self.table[tast.VarRef] = (_LIST, lambda _node: (), [self.reads])
        self.unset: list[tast.Var] = []  # declared without a value, in the current function
        self.has_switch = False

    def reads(self, _diags: Diagnostics, node: tast.VarRef) -> None:
        self.read.add(node.var)

    def body(self, body: tast.Stmt) -> None:
        diags, expression = self.diags, self.expression
        self.unset, self.has_switch = [], False
        todo: list[tast.Stmt | None] = [body]
        while todo:
            node = todo.pop()
            match node:
                case tast.Block(items=items):
                    todo += items[::-1]
                case tast.ExprStmt(expr=expr):
                    self.effect(expr)
                case tast.VarDecl(var=var, init=init):
                    if init is not None:
                        expression(init)
                    if (init is None or var in self.read) and flow.is_tracked(var):
                        self.unset.append(var)
                case tast.If(cond=cond, then=then, other=other):
                    warn_operator.branch(diags, node)
                    expression(cond)
                    todo += (other, then)
                case tast.Loop(cond=cond, step=step, init=init, body=inner):
                    if cond is not None:
                        warn_operator.condition(diags, cond)
                        expression(cond)
                    if step is not None:
                        self.effect(step)
                    todo += (inner, init)
                case tast.Switch(value=value, body=inner):
                    self.has_switch = True
                    expression(value)
                    todo.append(inner)
                case tast.Case(body=inner) | tast.Label(body=inner):
                    todo.append(inner)
                case tast.Return(value=value):
                    if value is not None:
                        expression(value)
                case _:
                    pass

    def effect(self, e: tast.Expr) -> None:
        """An expression that stands for its effect, as a statement or the step of a loop."""
        if self.wants_unused:
            warn_unused.statement(self.diags, e)
        self.expression(e)

    def expression(self, root: tast.Init) -> None:
        """A full expression: nothing in it is a part of another (C99 6.8)."""
        table, diags = self.table, self.diags
        todo: list[Any] = [root]
        changes = 0
        if self.wants_names and isinstance(root, tast.Convert) and root.kind == "void":
            value = root.operand
            if isinstance(value, _CHANGES) and isinstance(value.target, tast.VarRef):
                # `x = 1;` and `x++;` change x and read it for nothing else.
                for handler in table[type(value)][2] or ():
                    handler(diags, value)
                todo = [value.value if isinstance(value, tast.Assign) else _updated(value)[0]]
                changes = 1
        while todo:
            node = todo.pop()
            kind = type(node)
            row = table.get(kind)
            if row is None:
                continue
            shape, operands, handlers = row
            if handlers is not None:
                for handler in handlers:
                    handler(diags, node)
            if shape == _ONE:
                todo.append(operands(node))
            else:
                todo += operands(node)
            if kind is tast.Update or kind is tast.Assign:
                changes += 1
        if changes and self.wants_order and not isinstance(root, tast.Aggregate | tast.StringRef):
            warn_order.check(diags, root, changes)


def _walk(ctx: Context) -> Walk:
    if ctx.walk is None:
        ctx.walk = Walk(ctx.diags)
    return ctx.walk


def function(ctx: Context, state: FunctionState) -> None:
    """Warn about a function whose body has been checked, if all is right so far."""
    if ctx.diags.error_count():
        return
    assert state.function.body is not None
    walk = _walk(ctx)
    walk.body(state.function.body)
    if walk.wants_names:
        warn_unused.names(ctx, state, walk.read)
    _paths(ctx.diags, state, walk)


def initialiser(ctx: Context, init: tast.Init) -> None:
    """Warn about what initialises an object that lives as long as the program."""
    if not ctx.diags.error_count():
        _walk(ctx).expression(init)


def _paths(diags: Diagnostics, state: FunctionState, walk: Walk) -> None:
    """What only the paths through a function tell."""
    function = state.function
    body = function.body
    assert body is not None
    of_c = function.is_c and function.name == "main"  # whose end is a `return 0;`
    returns = not (is_void(function.type.result) or of_c)
    unset = walk.unset if walk.wants_uninitialised else []
    falls = walk.has_switch and diags.wants("implicit-fallthrough")
    unreachable = diags.wants("unreachable-code")
    if not (returns or unset or falls or unreachable):
        return
    graph = flow.Graph(body, unset, state.fallthroughs)
    reached = graph.reached()
    if unset:
        warn_uninit.check(diags, graph)
    if returns and graph.end in reached:
        end = Span(body.span.file, max(body.span.end - 1, 0), body.span.end)
        message = f"'{function.name}' can end without returning a value"
        diags.warning("return-type", message, end)
    if falls:
        for block, span in graph.falls:
            if block in reached:
                message = "control falls into this label from the statements above it"
                hint = "write '__attribute__((fallthrough));' before it if it is meant, or 'break;'"
                diags.warning("implicit-fallthrough", message, span, hint=hint)
    if unreachable:
        for block in graph.blocks:
            if block.behind_jump and block not in reached and block.first is not None:
                diags.warning("unreachable-code", "this is never reached", block.first)
