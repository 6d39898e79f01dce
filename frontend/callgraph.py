"""Who calls whom: which functions come to a barrier or to local memory, and which to themselves."""

from __future__ import annotations

from collections.abc import Iterable

from . import tast
from .diag import Diagnostics
from .source import Span


def close(program: tast.Program) -> None:
    """Let callers have of their callees what is special: `waiting`, `needs_locals`, `blocks`."""
    for function in _with_callers(program, (f for f in program.functions if f.needs_locals)):
        function.needs_locals = True  # who calls a kernel with such variables passes them on
    program.waiting = _with_callers(program, program.waiting)
    called = {callee for calls in program.calls.values() for callee, _span in calls}
    for function in _with_callers(program, (f for f in called if f.attrs.blocking)):
        function.blocks = True


def _with_callers(program: tast.Program, found: Iterable[tast.Function]) -> set[tast.Function]:
    """`found`, and the functions that come to one of them, be it through others."""
    callers: dict[tast.Function, list[tast.Function]] = {}
    for caller, calls in program.calls.items():
        for callee, _span in calls:
            callers.setdefault(callee, []).append(caller)
    result = set(found)
    work = list(result)
    while work:
        for caller in callers.get(work.pop(), ()):
            if caller not in result:
                result.add(caller)
                work.append(caller)
    return result


def forbid_recursion(program: tast.Program, diags: Diagnostics) -> None:
    """Report each cycle of the call graph once, with the calls that make it."""
    state: dict[tast.Function, int] = {}  # 1: on the path, 2: done
    for root in program.functions:
        path: list[tuple[tast.Function, int]] = [(root, 0)] if root not in state else []
        while path:
            function, at = path.pop()
            state[function] = 1
            calls = program.calls.get(function, [])
            if at == len(calls):
                state[function] = 2
                continue
            path.append((function, at + 1))
            callee, _span = calls[at]
            if state.get(callee) == 1:
                _report_cycle(program, diags, path, callee)
            elif callee not in state:
                path.append((callee, 0))


def forbid_blocking(program: tast.Program, diags: Diagnostics) -> None:
    """Report kernels whose work-items may wait for each other, though one hart runs them all."""
    for kernel in program.functions:
        if not (kernel.is_kernel and kernel.blocks):
            continue
        if kernel.attrs.reqd_work_group_size == (1, 1, 1):
            continue
        path = _way_to_block(program, kernel)
        notes = tuple((f"'{f.name}' calls '{callee.name}' here", at) for f, callee, at in path)
        name = path[-1][1].name
        message = (
            f"'{name}' waits for other harts, which kernel '{kernel.name}' must not do: "
            "a hart runs the work-items of a group one after another"
        )
        hint = "__attribute__((reqd_work_group_size(1, 1, 1)))"
        diags.error("blocking", message, kernel.span, notes=notes, hint=hint)


def _way_to_block(
    program: tast.Program, kernel: tast.Function
) -> list[tuple[tast.Function, tast.Function, Span]]:
    """The calls, caller and callee, by which a kernel comes to a function that blocks."""
    came: dict[tast.Function, tuple[tast.Function, Span]] = {}
    for function in (work := [kernel]):
        for callee, span in program.calls.get(function, ()):
            if callee not in came:
                came[callee] = function, span
                work.append(callee)
    at = next(function for function in came if function.attrs.blocking)
    way: list[tuple[tast.Function, tast.Function, Span]] = []
    while at is not kernel:
        caller, span = came[at]
        way.insert(0, (caller, at, span))
        at = caller
    return way


def _report_cycle(
    program: tast.Program,
    diags: Diagnostics,
    path: list[tuple[tast.Function, int]],
    first: tast.Function,
) -> None:
    start = next(i for i, (function, _at) in enumerate(path) if function is first)
    notes: list[tuple[str, Span | None]] = []
    for function, at in path[start:]:
        callee, span = program.calls[function][at - 1]
        notes.append((f"'{function.name}' calls '{callee.name}' here", span))
    message = f"function '{first.name}' is recursive; OpenCL C has no recursion"
    hint = "write a loop, with a stack in an array if need be"
    diags.error("recursion", message, first.span, notes=tuple(notes), hint=hint)
