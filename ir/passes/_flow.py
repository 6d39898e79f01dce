"""Control flow of a function being made: who follows whom, and which branch decides over whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import llvmlite.ir as llir


def successors(block: Any) -> list[Any]:
    match block.terminator:
        case llir.instructions.SwitchInstr(default=default, cases=cases):
            return [default, *(target for _, target in cases)]
        case end:
            return [op for op in end.operands if isinstance(op, llir.Block)]


class Flow:
    """Blocks in reverse post-order from the first, with their neighbours.

    extra: edges that are not branches, from block to block.
    """

    def __init__(self, first: Any, extra: dict[Any, Any] | None = None) -> None:
        extra = extra or {}
        self.after: dict[Any, list[Any]] = {}
        self.before: dict[Any, list[Any]] = {}

        def neighbours(block: Any) -> list[Any]:
            return [extra[block]] if block in extra else successors(block)

        self.blocks = reverse_post_order(first, neighbours)
        for block in self.blocks:
            self.after[block] = list(dict.fromkeys(neighbours(block)))
            self.before.setdefault(block, [])
        for block in self.blocks:
            for target in self.after[block]:
                self.before[target].append(block)

    def reaches(self, starts: Iterable[Any]) -> set[Any]:
        """`starts` and every block that control can come to from them."""
        found = set(starts)
        work = list(found)
        while work:
            for target in self.after[work.pop()]:
                if target not in found:
                    found.add(target)
                    work.append(target)
        return found

    def deciders(self) -> dict[Any, set[Any]]:
        """For each block, the blocks whose branch decides whether control comes to it.

        source: Ferrante, Ottenstein and Warren, "The program dependence graph", by post-dominators.
        """
        parent = self._post_dominators()
        result: dict[Any, set[Any]] = {block: set() for block in self.blocks}
        for block in self.blocks:
            if len(self.after[block]) < 2:
                continue
            for target in self.after[block]:
                at = target
                while at is not None and at is not parent[block]:
                    result[at].add(block)
                    at = parent[at]
        return result

    def _post_dominators(self) -> dict[Any, Any]:
        """The nearest block that control must still pass; None for the function's end."""
        # A loop without an end counts as one that may end anywhere.
        ends = [block for block in self.blocks if not self.after[block]]
        arriving = _backwards(ends, self.before)
        ends += [block for block in self.blocks if block not in arriving]
        order = reverse_post_order(None, lambda b: ends if b is None else self.before[b])
        place = {block: i for i, block in enumerate(order)}
        ending = set(ends)
        parent: dict[Any, Any] = {None: None}

        def meet(a: Any, b: Any) -> Any:
            while a is not b:
                while place[a] > place[b]:
                    a = parent[a]
                while place[b] > place[a]:
                    b = parent[b]
            return a

        changed = True
        while changed:
            changed = False
            for block in order[1:]:
                nexts = [b for b in self.after[block] if b in parent]
                if block in ending:
                    nexts.append(None)
                new = nexts[0]
                for other in nexts[1:]:
                    new = meet(new, other)
                if block not in parent or parent[block] is not new:
                    parent[block] = new
                    changed = True
        return parent


def _backwards(ends: list[Any], before: dict[Any, list[Any]]) -> set[Any]:
    found, work = set(ends), list(ends)
    while work:
        for block in before[work.pop()]:
            if block not in found:
                found.add(block)
                work.append(block)
    return found


def reverse_post_order(first: Any, neighbours: Callable[[Any], list[Any]]) -> list[Any]:
    seen = {first}
    order: list[Any] = []
    stack = [(first, iter(neighbours(first)))]
    while stack:
        block, rest = stack[-1]
        target = next((t for t in rest if t not in seen), stack)
        if target is stack:
            order.append(block)
            stack.pop()
        else:
            seen.add(target)
            stack.append((target, iter(neighbours(target))))
    return order[::-1]
