"""Webs: which accesses share a remembered region, by the guest's own data flow.

Those do whose address comes from the same pointer, however it is moved on from access to access.
"""

from __future__ import annotations

from collections.abc import Iterator

from .access import Groups, size_of
from .build import Builder
from .flow import Node
from .marks import Access, BlockCode, DefX, UseX


def numbers(mask: int) -> Iterator[int]:
    """The numbers of the bits set, ascending."""
    reg = 0
    while mask:
        if mask & 1:
            yield reg
        mask >>= 1
        reg += 1


class _Union:
    """Disjoint sets of small integers."""

    def __init__(self) -> None:
        self._parent: list[int] = []

    def new(self) -> int:
        self._parent.append(len(self._parent))
        return len(self._parent) - 1

    def find(self, a: int) -> int:
        parent = self._parent
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        return a

    def join(self, a: int, b: int) -> None:
        self._parent[self.find(a)] = self.find(b)


def groups(b: Builder) -> Groups:
    """Number the accesses' groups: one for each web of definitions that a pointer flows through.

    A web joins a register's definitions that reach a common use, and a definition with the
    register it was stepped from. Only registers alive at a block's start carry webs into it.
    """
    live = _live(b.blocks)
    union = _Union()
    entering = {
        block.node: {reg: union.new() for reg in numbers(live[block.node])} for block in b.blocks
    }
    roots: list[tuple[Access, int, bool]] = []
    loops = _loops(b.blocks)
    for block in b.blocks:
        webs = dict(entering[block.node])
        for item in block.items:
            if isinstance(item, DefX):
                origin = webs.get(item.origin) if item.origin is not None else None
                webs[item.reg] = union.new() if origin is None else origin
            elif isinstance(item, Access):
                web = webs.setdefault(item.base, union.new()) if item.base else -1
                roots.append((item, web, block.node in loops))
        for target in block.targets:
            for reg, web in entering[target].items():
                if reg in webs:
                    union.join(webs[reg], web)
    numbered: dict[int, int] = {}
    for access, web, _ in roots:
        access.group = numbered.setdefault(union.find(web) if web >= 0 else -1, len(numbered))
    found = Groups(len(numbered), seed=b.blocks[0].node.pc >> 1)
    for access, _, looping in roots:
        found.writable[access.group] |= access.writes
        found.held[access.group] |= looping
        found.sizes[access.group].add(size_of(access))
    for walk in (w for block in b.blocks if block.fast for w in block.fast.walks):
        found.sizes[walk.access.group].add((walk.log2, walk.count))
    return found


def _live(blocks: list[BlockCode]) -> dict[Node, int]:
    """Masks of the x registers that each block or a later one reads before writing."""
    uses: dict[Node, int] = {}
    defs: dict[Node, int] = {}
    for block in blocks:
        use = define = 0
        for item in block.items:
            if isinstance(item, UseX):
                use |= 1 << item.reg & ~define
            elif isinstance(item, DefX):
                define |= 1 << item.reg
        uses[block.node], defs[block.node] = use, define
    live = dict(uses)
    changed = True
    while changed:
        changed = False
        for block in reversed(blocks):
            out = 0
            for target in block.targets:
                out |= live[target]
            new = uses[block.node] | (out & ~defs[block.node])
            if new != live[block.node]:
                live[block.node] = new
                changed = True
    return live


def _loops(blocks: list[BlockCode]) -> set[Node]:
    """Blocks that a backward branch jumps over: near enough to "in a loop"."""
    spans = [
        (t.pc, block.node.pc) for block in blocks for t in block.targets if t.pc <= block.node.pc
    ]
    return {block.node for block in blocks for low, high in spans if low <= block.node.pc <= high}
