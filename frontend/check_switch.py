"""Switches: the values of their cases, each covered once."""

from __future__ import annotations

from . import ast, check_expr, check_stmt, constant, tast
from .convert import failed, promote, quoted
from .scope import Context, SwitchState
from .source import Span
from .types import ERROR, Enum, Type, is_integer, sizeof


def switch(ctx: Context, e: ast.Switch) -> tast.Stmt:
    state = check_stmt.function_state(ctx)
    x = check_expr.value(ctx, e.value)
    of = x.type
    if not failed(x):
        if is_integer(x.type):
            x = promote(x)
        else:
            message = f"a switch needs an integer, not {quoted(x.type)}"
            ctx.diags.error("type-mismatch", message, e.value.span)
    state.switches.append(SwitchState(x.type if is_integer(x.type) else ERROR, of))
    state.breakable += 1
    try:
        body = check_stmt.governed(ctx, e.body)
    finally:
        state.breakable -= 1
        seen = state.switches.pop()
    _warn_of_cases(ctx, e, of, seen)
    return tast.Switch(x, body, span=e.span)


def _warn_of_cases(ctx: Context, e: ast.Switch, t: Type, switch: SwitchState) -> None:
    if switch.default is None:
        ctx.diags.warning("switch-default", "this switch has no default", e.span)
    if not isinstance(t, Enum):
        return
    missing = [
        name
        for name, value in t.members.items()
        if not any(low <= value <= high for low, high, _span in switch.cases)
    ]
    if missing:
        shown = ", ".join(f"'{name}'" for name in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        code = "switch" if switch.default is None else "switch-enum"
        message = f"this switch has no case for {shown}{more} of '{t}'"
        ctx.diags.warning(code, message, e.value.span)
    elif switch.default is not None:
        message = f"this default is never taken: every value of '{t}' has a case"
        ctx.diags.warning("covered-switch-default", message, switch.default)
    values = set(t.members.values())
    for low, high, span in switch.cases:
        if low == high and low not in values:
            ctx.diags.warning("switch", f"case {low} is no value of '{t}'", span)


def case(ctx: Context, e: ast.Case) -> tast.Stmt:
    # `case 1: case 2: ...` leans to the right.
    chain: list[tuple[ast.Case, int, int]] = []
    last: ast.Stmt = e
    while isinstance(last, ast.Case):
        chain.append((last, *_case_range(ctx, last)))
        last = last.body
    body = check_stmt.statement(ctx, last)
    for node, low, high in reversed(chain):
        body = tast.Case(low, high, body, span=node.span)
    return body


def _case_range(ctx: Context, e: ast.Case) -> tuple[int, int]:
    state = check_stmt.function_state(ctx)
    if not state.switches:
        ctx.diags.error("misplaced-statement", "'case' outside of a switch", e.span)
    low = check_expr.int_constant(ctx, e.value, "a case label")
    high = low if e.last is None else check_expr.int_constant(ctx, e.last, "a case label")
    if low is None or high is None or not state.switches:
        return 0, 0
    switch = state.switches[-1]
    if switch.type is ERROR:
        return 0, 0
    for value in dict.fromkeys((low, high)):
        _warn_of_case(ctx, value, switch, e.value.span)
    low, high = constant.wrap(low, switch.type), constant.wrap(high, switch.type)
    if high < low:
        ctx.diags.warning("empty-case-range", f"an empty range {low} ... {high}", e.value.span)
        return low, high
    for first, last, span in switch.cases:
        if low <= last and first <= high:
            text = f"case {max(low, first)}"
            note = ("it is covered here", span)
            message = f"{text} is covered twice in this switch"
            ctx.diags.error("duplicate-case", message, e.value.span, notes=(note,))
            break
    switch.cases.append((low, high, e.value.span))
    return low, high


def _warn_of_case(ctx: Context, value: int, switch: SwitchState, span: Span) -> None:
    """A case that the value of the switch, before its promotion, cannot be."""
    t = switch.written
    bits = 8 * sizeof(t)
    # In 32 bits and more a change of sign alone is common: `case 0x80000000:`.
    held = constant.fits(value, t) if bits < 32 else -(1 << bits - 1) <= value < 1 << bits
    if not held:
        taken = constant.wrap(value, t)
        message = f"case {value} does not fit {quoted(t)}; it is taken as {taken}"
        ctx.diags.warning("switch", message, span)


def default(ctx: Context, e: ast.Default) -> tast.Stmt:
    state = check_stmt.function_state(ctx)
    if not state.switches:
        ctx.diags.error("misplaced-statement", "'default' outside of a switch", e.span)
    elif state.switches[-1].default is not None:
        note = ("the other one is here", state.switches[-1].default)
        ctx.diags.error("duplicate-case", "two defaults in one switch", e.span, notes=(note,))
    else:
        state.switches[-1].default = e.span
    return tast.Case(None, None, check_stmt.statement(ctx, e.body), span=e.span)
