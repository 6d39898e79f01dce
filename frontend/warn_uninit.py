"""Warnings about variables that are read before they have a value.

On each path into a block a variable has a value, or has none. Where it has none on every path
("uninitialized"), or on all that go through one outcome of a condition
("sometimes-uninitialized"), there is a mistake; on some path that nothing else tells of
("conditional-uninitialized"), there may be one.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import tast
from .diag import Diagnostics
from .flow import Block, Graph
from .source import Span
from .types import Pointer, Scalar

CODES = ("uninitialized", "sometimes-uninitialized", "conditional-uninitialized")


class _State:
    """Bits by number of the variable: has it a value on some path, has it none on some."""

    def __init__(self, some: int = 0, none: int = 0) -> None:
        self.some, self.none = some, none


def check(diags: Diagnostics, graph: Graph) -> None:
    uses, ends = _solve(graph)
    for number, found in uses.items():
        always = [span for _block, span, sure in found if sure]
        if always:
            _always(diags, graph.tracked[number], min(always, key=_place))
        else:
            block, use, _sure = min(found, key=lambda read: _place(read[1]))
            _Sometimes(diags, graph, ends, number, use).report(block)


def _place(span: Span) -> int:
    return span.outermost().start


def _solve(
    graph: Graph,
) -> tuple[dict[int, list[tuple[Block, Span, bool]]], dict[Block, _State]]:
    """(reads of variables that may have no value, with "has none on any path"; states at ends)."""
    starts = {block: _State() for block in graph.blocks}
    ends = {block: _State() for block in graph.blocks}
    uses: dict[int, list[tuple[Block, Span, bool]]] = {}
    reached = {graph.entry}
    todo = [graph.entry]
    while todo:
        block = todo.pop()
        some, none = starts[block].some, starts[block].none
        for kind, number, _span in block.events:
            bit = 1 << number
            if kind == "set":
                some, none = some | bit, none & ~bit
            elif kind == "new":
                some, none = some & ~bit, none | bit
        ends[block] = _State(some, none)
        for other in block.next:
            state = starts[other]
            joined = state.some | some, state.none | none
            if other not in reached or joined != (state.some, state.none):
                reached.add(other)
                state.some, state.none = joined
                todo.append(other)
    for block in graph.blocks:
        if block not in reached:
            continue
        some, none = starts[block].some, starts[block].none
        for kind, number, span in block.events:
            bit = 1 << number
            if kind == "use":
                if none & bit:
                    uses.setdefault(number, []).append((block, span, not some & bit))
            elif kind == "set":
                some, none = some | bit, none & ~bit
            else:
                some, none = some & ~bit, none | bit
    return uses, ends


def _hint(var: tast.Var) -> str:
    return f"give '{var.name}' a value where it is declared"


def _fix(var: tast.Var) -> tuple[tuple[Span, str], ...]:
    span = var.span
    if span.expanded_from is not None or not isinstance(var.type, Scalar | Pointer):
        return ()
    return ((Span(span.file, span.end, span.end), " = 0"),)


def _always(diags: Diagnostics, var: tast.Var, use: Span) -> None:
    note = (f"'{var.name}' is declared here", var.span)
    message = f"variable '{var.name}' is read here and has no value yet"
    diags.warning("uninitialized", message, use, notes=(note,), hint=_hint(var), fixes=_fix(var))


class _Sometimes:
    """One read that some path reaches without a value: which condition leads to it for sure?"""

    def __init__(
        self,
        diags: Diagnostics,
        graph: Graph,
        ends: dict[Block, _State],
        number: int,
        use: Span,
    ) -> None:
        self.diags, self.graph, self.ends, self.use = diags, graph, ends, use
        self.var, self.bit = graph.tracked[number], 1 << number

    def report(self, block: Block) -> None:
        ways, when = self.trace(block)
        used = ("it is read here", self.use)
        code = "sometimes-uninitialized"
        if when is not None:
            self.warn(code, f"is read without a value whenever {when}", self.var.span, used)
            return
        branches = [found for here in self.graph.blocks for found in self.branches(here, ways)]
        for words, at in branches:
            self.warn(code, f"is read without a value whenever {words}", at, used)
        if not branches:
            note = (f"'{self.var.name}' is declared here", self.var.span)
            message = "may have no value when it is read here"
            self.warn("conditional-uninitialized", message, self.use, note)

    def trace(self, block: Block) -> tuple[dict[Block, int], str | None]:
        """(how many of a block's ways out all lead to the read, what else always does)."""
        ways = {block: len(block.next)}
        todo = [block]
        when = None
        while todo:
            here = todo.pop()
            if here is self.graph.entry:
                when = "the function is called"
            for before in here.before:
                end = self.ends[before]
                if not end.none & self.bit:
                    continue
                if end.some & self.bit and self.has_none(here):
                    when = "its declaration is reached"
                    continue
                ways[before] = ways.get(before, 0) + 1
                if ways[before] == len(before.next):
                    todo.append(before)
        return ways, when

    def has_none(self, block: Block) -> bool:
        end = self.ends[block]
        return bool(end.none & self.bit and not end.some & self.bit)

    def branches(self, here: Block, ways: dict[Block, int]) -> Iterator[tuple[str, Span]]:
        if here.branch is None or not 0 < ways.get(here, 0) < len(here.next):
            return
        if not self.has_none(here):
            return
        for index, there in enumerate(here.next):
            if ways.get(there, -1) < len(there.next):
                continue
            words, at = here.branch
            if words != "switch":
                truth = (index == 0) != words.startswith("!")
                yield words.lstrip("!").format(str(truth).lower()), at
            elif there.case is not None:
                what = "the switch's default" if there.is_default else "this switch case"
                yield f"{what} is taken", there.case

    def warn(self, code: str, message: str, at: Span, note: tuple[str, Span | None]) -> None:
        var = self.var
        self.diags.warning(
            code,
            f"variable '{var.name}' {message}",
            at,
            notes=(note,),
            hint=_hint(var),
            fixes=_fix(var),
        )
