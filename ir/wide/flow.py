"""Control flow of a function: loops, the order of its blocks, and which branch decides over whom.

The order is topological but for back edges, and a loop's blocks stand together in it: header
first, latch last. The function has been simplified: a loop has a preheader, one latch and exits
of its own, and one block returns.
"""

from __future__ import annotations

from ...frontend.record import field, record
from ..passes._flow import reverse_post_order
from .model import Function, Unvectorisable


@record(frozen=False, eq=False)
class Loop:
    """blocks: with those of the loops inside. exits: edges out, (from, to)."""

    header: str
    latch: str
    blocks: set[str]
    parent: Loop | None = None
    exits: list[tuple[str, str]] = field(default_factory=list)


class Flow:
    """Neighbours, loops, order and control dependence of a function's blocks."""

    def __init__(self, function: Function) -> None:
        self.entry = function.entry.name
        self.after = {b.name: list(dict.fromkeys(b.end.targets)) for b in function.blocks.values()}
        self.before: dict[str, list[str]] = {name: [] for name in self.after}
        for name, targets in self.after.items():
            for target in targets:
                self.before[target].append(name)
        order = reverse_post_order(self.entry, self.after.__getitem__)
        if len(order) < len(self.after):
            raise Unvectorisable("blocks that nothing reaches")
        self._number = {name: i for i, name in enumerate(order)}
        self.dominator = _dominators(self.entry, order, self.before)
        self.loops = self._find_loops()
        self.loop_of: dict[str, Loop | None] = dict.fromkeys(self.after)
        for loop in self.loops:  # outer ones first
            for name in loop.blocks:
                self.loop_of[name] = loop
        self.order: list[str] = []
        self._arrange(self.entry, None)
        self.index = {name: i for i, name in enumerate(self.order)}
        self.deciders = self._deciders(function)

    def is_back(self, source: str, target: str) -> bool:
        """Whether an edge closes a loop."""
        return any(loop.header == target and loop.latch == source for loop in self.loops)

    def dominates(self, above: str, below: str) -> bool:
        while below not in (above, self.entry):
            below = self.dominator[below]
        return below == above

    def within(self, name: str) -> list[Loop]:
        """The loops around a block, from the innermost out."""
        found, loop = [], self.loop_of[name]
        while loop is not None:
            found.append(loop)
            loop = loop.parent
        return found

    def _find_loops(self) -> list[Loop]:
        found = []
        for name, targets in self.after.items():
            for target in targets:
                if self._number[target] <= self._number[name]:
                    if not self.dominates(target, name):
                        raise Unvectorisable("irreducible control flow")
                    found.append(Loop(target, name, self._body(target, name)))
        if len({loop.header for loop in found}) < len(found):
            raise Unvectorisable("loop with several latches")
        found.sort(key=lambda loop: -len(loop.blocks))
        for i, loop in enumerate(found):
            around = [outer for outer in found[:i] if loop.header in outer.blocks]
            loop.parent = around[-1] if around else None
            loop.exits = [(b, t) for b in sorted(loop.blocks, key=self._number.__getitem__)
                          for t in self.after[b] if t not in loop.blocks]  # fmt: skip
            if not loop.exits:
                raise Unvectorisable("loop without an end")
            outside = [b for b in self.before[loop.header] if b != loop.latch]
            if len(outside) != 1 or self.after[outside[0]] != [loop.header]:
                raise Unvectorisable("loop without a preheader")
        return found

    def _body(self, header: str, latch: str) -> set[str]:
        body, work = {header, latch}, [latch]
        while work:
            name = work.pop()
            if name != header:
                new = [b for b in self.before[name] if b not in body]
                body.update(new)
                work += new
        return body

    def _arrange(self, first: str, around: Loop | None) -> None:
        """Append the blocks of a loop, or of all, to the order; loops inside go in as a whole."""
        inside = around.blocks if around is not None else set(self.after)
        nodes: dict[str, list[str]] = {}
        for name in inside:
            inner = self._child(name, around)
            if inner is None:
                targets = self.after[name]
            elif inner.header == name:
                targets = [target for _, target in inner.exits]
            else:
                continue
            nodes[name] = [t for t in dict.fromkeys(targets) if t in inside and t != first]
        for name in reverse_post_order(first, nodes.__getitem__):
            inner = self._child(name, around)
            if inner is None:
                self.order.append(name)
            else:
                self._arrange(name, inner)

    def _child(self, name: str, around: Loop | None) -> Loop | None:
        """The loop right inside `around` that a block is in, if any."""
        loop = self.loop_of[name]
        while loop is not None and loop is not around and loop.parent is not around:
            loop = loop.parent
        return None if loop is around else loop

    def _deciders(self, function: Function) -> dict[str, set[str]]:
        """For each block, the blocks whose branch decides whether control comes to it.

        source: Ferrante, Ottenstein and Warren, "The program dependence graph".
        """
        ends = [b.name for b in function.blocks.values() if b.end.op == "ret"]
        if len(ends) != 1 or any(b.end.op == "unreachable" for b in function.blocks.values()):
            raise Unvectorisable("code that does not return")
        self.end = ends[0]
        order = reverse_post_order(self.end, self.before.__getitem__)
        if len(order) < len(self.after):
            raise Unvectorisable("loop without an end")
        above = _dominators(self.end, order, self.after)
        result: dict[str, set[str]] = {name: set() for name in self.after}
        for name, targets in self.after.items():
            if len(targets) < 2:
                continue
            for target in targets:
                while target != above[name]:
                    result[target].add(name)
                    target = above[target]
        return result


def _dominators(first: str, order: list[str], before: dict[str, list[str]]) -> dict[str, str]:
    """Each block's immediate dominator; the first one's is itself.

    source: Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm".
    """
    number = {name: i for i, name in enumerate(order)}
    parent = {first: first}
    changed = True
    while changed:
        changed = False
        for name in order[1:]:
            new: str | None = None
            for b in before[name]:
                if b not in parent:
                    continue
                if new is None:
                    new = b
                    continue
                while new != b:
                    if number[new] > number[b]:
                        new = parent[new]
                    else:
                        b = parent[b]
            assert new is not None, name
            if parent.get(name) != new:
                parent[name] = new
                changed = True
    return parent
