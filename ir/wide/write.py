"""The wide function: blocks in their new order, masks and phis as variables.

    before:  if (c) x = a; else x = b;     ; c differs between lanes
    after:   mask.then = mask & c; mask.else = mask & ~c
             x = select(mask.then, a, x)   ; where control came from `then`
             x = select(mask.else, b, x)

A block's mask and each phi are a variable that the ways to the block write: where lanes may come
by several of them, each way for its own lanes.
"""

from __future__ import annotations

from typing import TypeAlias

from .flow import Flow, Loop
from .linear import Linear
from .memory import Memory
from .model import Block, Function, Instr
from .operate import Operate
from .shapes import Shapes
from .text import TRUE, Text
from .values import Form, Values

LENGTH = "%kw.vl"
_EVL = "%kw.evl"
_Store: TypeAlias = tuple[str, str, str]  # type, value, slot


class Writer:
    """Writes the body of `function`, as the lines of `text`."""

    def __init__(self, function: Function, flow: Flow, shapes: Shapes, text: Text) -> None:
        self._function, self._flow, self._shapes = function, flow, shapes
        self._linear = Linear(function, flow, shapes)
        self.text = text
        self._values = Values(function, shapes, self.text)
        self.memory = Memory(self._values, self.text, _EVL)
        self._operate = Operate(self._values, self.memory, self.text, _EVL)
        masked = [name for name in flow.order if name in shapes.masked]
        self._masks = {name: self.text.slot(self.text.mask) for name in masked}
        self._labels = {name: f"%kb.{i}" for i, name in enumerate(flow.order)}
        for name in flow.order:
            self._block(function.blocks[name])

    def body(self) -> str:
        start = ["entry:", *self.text.slots, f"  {_EVL} = trunc i64 {LENGTH} to i32",
                 f"  br label {self._labels[self._flow.entry]}"]  # fmt: skip
        return "\n".join([*start, *self.text.lines])

    # -- a block ----------------------------------------------------------------------------------

    def _block(self, block: Block) -> None:
        name, values, text = block.name, self._values, self.text
        step, loop = self._linear.steps[name], self._flow.loop_of[name]
        is_header = loop is not None and loop.header == name
        values.at_entry = name == self._flow.entry
        values.known.clear()
        text.debug = ""
        text.start(self._labels[name])
        mask = self._mask(name)
        if step.passed_by:
            inside = f"{self._labels[name]}.run"
            assert mask is not None
            text.put(f"br i1 {self._any(mask)}, label {inside}, "
                     f"label {self._labels[step.passed_by]}")  # fmt: skip
            text.start(inside)
        elif is_header:
            inside = f"{self._labels[name]}.run"
            text.put(f"br label {inside}")
            text.start(inside)
        if is_header:
            # Later rounds start here: no lane has come to anything inside yet.
            values.known.clear()
            mask = self._mask(name)
        if is_header or values.at_entry:
            self._reset(loop if is_header else None)
        for phi in block.phis:
            for form in values.forms(phi.name):
                values.get(phi.name, form, phi.type)
        self._operate.mask = mask
        for instr in block.instrs:
            self._operate.write(instr)
        text.debug = block.end.debug
        self._end(block, mask)

    def _mask(self, name: str) -> str | None:
        if name not in self._masks:
            return None
        return self.text.let(f"load {self.text.mask}, ptr {self._masks[name]}")

    def _any(self, mask: str) -> str:
        text = self.text
        args = [("i1", "false"), (text.mask, mask), (text.mask, TRUE), ("i32", _EVL)]
        return text.call("i1", f"llvm.vp.reduce.or.{text.mangled('i1')}", args)

    def _reset(self, loop: Loop | None) -> None:
        """No lane has come to any block of a round, nor to any phi."""
        text = self.text
        for name in self._flow.order:
            if self._flow.loop_of[name] is not loop:
                continue
            if name in self._masks and (loop is None or name != loop.header):
                text.put(f"store {text.mask} zeroinitializer, ptr {self._masks[name]}")
            if name in self._shapes.joins:
                for phi in self._function.blocks[name].phis:
                    self._values.keep(phi.name, "many", "poison")

    # -- ways on ----------------------------------------------------------------------------------

    def _end(self, block: Block, mask: str | None) -> None:
        name, end, text = block.name, block.end, self.text
        step = self._linear.steps[name]
        if end.op == "ret":
            self._return(end)
        elif len(step.next) == 1 and not step.rest:
            (target,) = step.next
            self._store(self._stores(name, target, mask, None))
            text.put(f"br label {self._label(name, step.next[target])}")
        elif step.rest:
            self._part(block, mask)
        else:
            self._branch(block, mask)

    def _label(self, source: str, target: str) -> str:
        """Rounds of a loop after the first do not ask whether any lane comes to it."""
        suffix = ".run" if self._flow.is_back(source, target) else ""
        return self._labels[target] + suffix

    def _return(self, end: Instr) -> None:
        if not end.operands:
            self.text.put("ret void")
            return
        ((typ, value),) = end.operands
        if self._values.shape(value).is_uniform:
            self.text.put(f"ret {typ} {self._values.one(value, typ)}")
        else:
            last = self.memory.last(self._values.many(value, typ), typ)
            self.text.put(f"ret {typ} {last}")

    def _part(self, block: Block, mask: str | None) -> None:
        """Lanes go different ways: go on to the first of what is due."""
        text, step = self.text, self._linear.steps[block.name]
        on = self._values.many(block.end.operands[0][1], "i1")
        yes, no = block.end.targets
        stores: list[_Store] = []
        ways: dict[str, str] = {}
        for target, taken in ((yes, True), (no, False)):
            ways[target] = self._edge_mask(mask, on, taken)
        for target, way in ways.items():
            stores += self._stores(block.name, target, way, None)
        self._store(stores)
        back = next((target for target, following in step.next.items() if following), None)
        if back is None:
            text.put(f"br label {self._labels[step.rest]}")
        else:
            again = self._any(ways[back])
            text.put(f"br i1 {again}, label {self._label(block.name, back)}, "
                     f"label {self._labels[step.rest]}")  # fmt: skip

    def _edge_mask(self, mask: str | None, on: str, taken: bool) -> str:
        text = self.text
        if not taken:
            on = text.let(f"xor {text.mask} {on}, {TRUE}")
        if mask is None:
            return on
        # In lanes that are off the condition may be poison, which "and" would pass on.
        off = "zeroinitializer"
        return text.let(f"select {text.mask} {mask}, {text.mask} {on}, {text.mask} {off}")

    def _branch(self, block: Block, mask: str | None) -> None:
        """All lanes go the same way, even if what comes next is the same for both."""
        text, step = self.text, self._linear.steps[block.name]
        on = self._values.one(block.end.operands[0][1], "i1")
        yes, no = block.end.targets
        if step.next[yes] == step.next[no]:
            stores = self._stores(block.name, yes, mask, on)
            off = text.let(f"xor i1 {on}, true")
            stores += self._stores(block.name, no, mask, off)
            self._store(stores)
            text.put(f"br label {self._labels[step.next[yes]]}")
            return
        edges = [f"{self._labels[block.name]}.{i}" for i in range(2)]
        text.put(f"br i1 {on}, label {edges[0]}, label {edges[1]}")
        known = dict(self._values.known)
        at_entry, self._values.at_entry = self._values.at_entry, False
        for edge, target in zip(edges, (yes, no), strict=True):
            text.start(edge)
            self._values.known = dict(known)
            self._store(self._stores(block.name, target, mask, None))
            text.put(f"br label {self._label(block.name, step.next[target])}")
        self._values.at_entry = at_entry

    def _stores(self, source: str, target: str, way: str | None, on: str | None) -> list[_Store]:
        """What an edge writes, for the lanes of `way`, and only if `on` where that is given."""
        text = self.text
        found: list[_Store] = []
        if target in self._masks:
            slot, new = self._masks[target], way or TRUE
            if on is not None:
                new = text.let(f"select i1 {on}, {text.mask} {new}, {text.mask} zeroinitializer")
            if not self._is_header(target):
                old = text.let(f"load {text.mask}, ptr {slot}")
                new = text.let(f"or {text.mask} {old}, {new}")
            found.append((text.mask, new, slot))
        for phi in self._function.blocks[target].phis:
            for form in self._values.forms(phi.name):
                found.append(self._phi_store(phi, phi.incoming[source], form, way, on))
        return found

    def _is_header(self, name: str) -> bool:
        loop = self._flow.loop_of[name]
        return loop is not None and loop.header == name

    def _phi_store(
        self, phi: Instr, value: str, form: Form, way: str | None, on: str | None
    ) -> _Store:
        text, values = self.text, self._values
        new = values.get(value, form, phi.type)
        typ, slot = values.form_type(phi.name, form), values.slot(phi.name, form)
        conditions = [("i1", on)] if on is not None else []
        if phi.block in self._shapes.joins and way is not None:
            conditions.append((text.mask, way))
        for condition, which in conditions:
            old = text.let(f"load {typ}, ptr {slot}")
            new = text.let(f"select {condition} {which}, {typ} {new}, {typ} {old}")
        return typ, new, slot

    def _store(self, stores: list[_Store]) -> None:
        for typ, value, slot in stores:
            self.text.put(f"store {typ} {value}, ptr {slot}")
