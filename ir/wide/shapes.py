"""How a value differs between the work-items of a strip, and where their ways part.

uniform:  the same in all lanes
affine:   so much more in each lane than in the one before
varying:  anything

A value may differ since its operands do, since lanes come to a phi by different ways (a join),
or since they leave a loop in different iterations. The analysis is optimistic: it starts from
"uniform" around a loop, and goes on until nothing changes.

source: Karrenberg and Hack, "Whole-function vectorization", for the idea of shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ...frontend.record import record, replace
from .flow import Flow, Loop
from .intrinsics import is_silent, wide_name
from .model import Function, Instr, bits, is_integer, is_pointer, size_of
from .reader import CASTS


@record
class Symbol:
    """`count` times a uniform value, which is narrower than 64 bits: extended so first."""

    count: int
    value: str
    type: str
    signed: bool


Stride: TypeAlias = int | Symbol  # from one lane to the next; bytes, of a pointer


@record
class Shape:
    """stride: 0 of a uniform value, None of a varying one.

    signed, unsigned: read as such a number, the value does not wrap anywhere in the strip, so
    it is affine in more bits, too.
    """

    stride: Stride | None
    signed: bool = False
    unsigned: bool = False

    @property
    def is_uniform(self) -> bool:
        return self.stride == 0

    @property
    def is_varying(self) -> bool:
        return self.stride is None


UNIFORM = Shape(0, True, True)
VARYING = Shape(None)
_LINEAR = frozenset("add sub mul shl or".split())
_SAME = frozenset("bitcast freeze ptrtoint inttoptr addrspacecast".split())


class Shapes:
    """The shape of every value of `function`.

    lanes:  shapes of parameters that are not uniform.
    known:  whether a value is known before the strip starts (strip.py); an id cut to 32 bits
            is taken not to wrap then, since the strip ends before it would.
    joins:  blocks that lanes come to by different ways. masked: blocks that some lanes may miss.
    parting: blocks whose branch lanes take differently. divergent: loops that lanes leave in
            different iterations.
    """

    def __init__(
        self, function: Function, flow: Flow, lanes: dict[str, Shape], known: Callable[[str], bool]
    ) -> None:
        self._function, self._flow, self._known = function, flow, known
        self._shapes: dict[str, Shape] = {name: UNIFORM for _, name in function.params} | lanes
        self._plain_ids = set(lanes)
        self.seeds: dict[str, Instr] = {}
        self.joins: set[str] = set()
        self.masked: set[str] = set()
        self.parting: set[str] = set()
        self.divergent: set[str] = set()
        while self._values() and self._ways():
            pass

    def of(self, value: str) -> Shape:
        return self._shapes.get(value, UNIFORM) if value.startswith("%") else UNIFORM

    def is_divergent(self, loop: Loop) -> bool:
        return loop.header in self.divergent

    # -- values -----------------------------------------------------------------------------------

    def _values(self) -> bool:
        """Go over the instructions until nothing changes; whether any branch may have."""
        changed = again = True
        while again:
            again = False
            for name in self._flow.order:
                for instr in self._function.blocks[name].all:
                    if not instr.name:
                        continue
                    shape = self._shape(instr)
                    if shape is not None and shape != self._shapes.get(instr.name):
                        self._shapes[instr.name] = shape
                        again = True
        return changed

    def _shape(self, instr: Instr) -> Shape | None:
        if instr.op == "phi":
            return self._phi(instr)
        if instr.op == "alloca":
            size = size_of(instr.detail)
            return Shape(-(-size // instr.align) * instr.align) if size else VARYING
        if instr.op == "getelementptr":
            return self._pointer(instr)
        shapes = [self._shapes.get(v, UNIFORM) for v in instr.values]
        if any(v not in self._shapes for v in instr.values):
            return None  # from a block that comes later
        if all(shape.is_uniform for shape in shapes) and self._is_pure(instr):
            return UNIFORM
        if any(shape.is_varying for shape in shapes):
            return VARYING
        if instr.op in _LINEAR and is_integer(instr.type):
            return self._linear(instr)
        if instr.op in CASTS:
            return self._cast(instr)
        if instr.op == "freeze":
            return shapes[0]
        if instr.op == "select" and self.of(instr.operands[0][1]).is_uniform:
            return _meet([self.of(value) for _, value in instr.operands[1:]])
        return VARYING

    @staticmethod
    def _is_pure(instr: Instr) -> bool:
        if instr.op == "call":
            return bool(wide_name(instr.detail)) or is_silent(instr.detail)
        if instr.op == "load":
            return not instr.volatile
        return instr.op not in ("atomicrmw", "cmpxchg", "atomic load")

    def _phi(self, instr: Instr) -> Shape | None:
        values = instr.incoming.values()
        known = [self.of(v) for v in values if not v.startswith("%") or v in self._shapes]
        if not known:
            return None
        if instr.block in self.joins:
            return VARYING
        return _meet(known)

    def _linear(self, instr: Instr) -> Shape:
        (typ, a), (_, b) = instr.operands
        one, two = self.of(a), self.of(b)
        flags = ["nsw", "nuw"] if "disjoint" in instr.flags else instr.flags
        signed = "nsw" in flags and one.signed and two.signed
        unsigned = "nuw" in flags and one.unsigned and two.unsigned
        match instr.op:
            case "add":
                stride = _plus(one.stride, two.stride)
            case "or":
                stride = _plus(one.stride, two.stride) if "disjoint" in flags else None
            case "sub":
                stride = _plus(one.stride, _times(two.stride, -1))
            case "shl":
                by = int(b) if b.isdecimal() else -1
                stride = _times(one.stride, 1 << by) if 0 <= by < bits(typ) else None
            case _:
                if one.is_uniform:
                    one, a, b = two, b, a
                stride = self._product(one.stride, b, typ, signed, unsigned)
        if isinstance(stride, Symbol) and bits(typ) < 64:
            signed, unsigned = signed and stride.signed, unsigned and not stride.signed
        return VARYING if stride is None else Shape(stride, signed, unsigned)

    def _product(
        self, stride: Stride | None, by: str, typ: str, signed: bool, unsigned: bool
    ) -> Stride | None:
        if not self.of(by).is_uniform:
            return None
        if by.lstrip("-").isdecimal():
            return _times(stride, int(by))
        if not isinstance(stride, int) or not (bits(typ) == 64 or signed or unsigned):
            return None
        return Symbol(stride, by, typ, signed or bits(typ) == 64)

    def _cast(self, instr: Instr) -> Shape:
        (source, value), target = instr.operands[0], instr.type
        shape = self.of(value)
        if instr.op in _SAME and bits(source) == bits(target) == 64:
            return shape
        if isinstance(shape.stride, Symbol) and instr.op == "trunc":
            return VARYING
        if instr.op == "trunc" and source == "i64" and target == "i32":
            if value in self._plain_ids:
                return Shape(shape.stride, True, True)
            if isinstance(shape.stride, int) and 0 < shape.stride < 1 << 16 and self._known(value):
                self.seeds[value] = instr
                return Shape(shape.stride, True, True)
        if instr.op == "trunc":
            return Shape(shape.stride, "nsw" in instr.flags, "nuw" in instr.flags)
        if instr.op == "sext" and shape.signed:
            return shape
        if instr.op == "zext" and (shape.unsigned or ("nneg" in instr.flags and shape.signed)):
            return shape
        return VARYING

    def _pointer(self, instr: Instr) -> Shape | None:
        if any(v.startswith("%") and v not in self._shapes for _, v in instr.operands):
            return None
        stride = self.of(instr.operands[0][1]).stride
        typ = instr.detail
        for position, (index_type, value) in enumerate(instr.operands[1:]):
            if position > 0:
                # Into an array; a structure's fields are chosen by constants.
                typ = typ[typ.index(" x ") + 3 : -1] if typ.startswith(("[", "<")) else ""
            shape = self.of(value)
            if shape.is_uniform:
                continue
            if not size_of(typ) or not (index_type == "i64" or shape.signed):
                return VARYING
            stride = _plus(stride, _times(shape.stride, size_of(typ)))
        return VARYING if stride is None else UNIFORM if stride == 0 else Shape(stride)

    # -- ways -------------------------------------------------------------------------------------

    def _ways(self) -> bool:
        """Find where lanes part and meet; whether that is news."""
        flow, old = self._flow, (len(self.joins), len(self.masked), len(self.divergent))
        for name, block in self._function.blocks.items():
            if len(flow.after[name]) > 1 and not self.of(block.end.operands[0][1]).is_uniform:
                self.parting.add(name)
        changed = True
        while changed:
            changed = False
            for name in flow.order:
                inside = {loop.header for loop in flow.within(name)} & self.divergent
                parted = flow.deciders[name] & (self.parting | self.masked)
                parted -= {name} if name not in self.parting else set()
                if name not in self.masked and (inside or parted):
                    self.masked.add(name)
                    changed = True
            for loop in flow.loops:
                leaves = any(self._parts_inside(source, loop) for source, _ in loop.exits)
                if leaves and loop.header not in self.divergent:
                    self.divergent.add(loop.header)
                    changed = True
        for name in self.parting:
            self.joins |= self._joins(name)
        for loop in flow.loops:
            if loop.header in self.divergent:
                self.joins.update(target for _, target in loop.exits)
        return old != (len(self.joins), len(self.masked), len(self.divergent))

    def _parts_inside(self, name: str, loop: Loop) -> bool:
        """Whether lanes part at `name`, or in the loop before it, so that some may not leave."""
        work, seen = [name], {name}
        while work:
            decider = work.pop()
            if decider in self.parting:
                return True
            inner = self._flow.loop_of[decider]
            while inner is not None and inner is not loop:
                if inner.header in self.divergent and any(s == decider for s, _ in inner.exits):
                    return True
                inner = inner.parent
            new = (self._flow.deciders[decider] & loop.blocks) - seen
            seen |= new
            work += new
        return False

    def _joins(self, parting: str) -> set[str]:
        """Where ways from a branch meet again: each block is labelled by the way to it."""
        flow = self._flow
        label = {target: target for target in flow.after[parting]
                 if not flow.is_back(parting, target)}  # fmt: skip
        found: set[str] = set()
        for name in flow.order[flow.index[parting] + 1 :]:
            if name not in label:
                continue
            for target in flow.after[name]:
                if flow.is_back(name, target):
                    continue
                if label.setdefault(target, label[name]) != label[name]:
                    found.add(target)
                    label[target] = target
        return found


def _meet(shapes: list[Shape]) -> Shape:
    first = shapes[0]
    if any(shape.stride != first.stride for shape in shapes):
        return VARYING
    signed, unsigned = (all(getattr(s, flag) for s in shapes) for flag in ("signed", "unsigned"))
    if first.is_uniform or first.is_varying:
        return first
    return replace(first, signed=signed, unsigned=unsigned)


def _plus(a: Stride | None, b: Stride | None) -> Stride | None:
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    if a == 0:
        return b
    return a if b == 0 else None


def _times(a: Stride | None, by: int) -> Stride | None:
    if isinstance(a, Symbol):
        return replace(a, count=a.count * by) if by else 0
    return None if a is None else a * by


__all__ = ["UNIFORM", "VARYING", "Shape", "Shapes", "Stride", "Symbol", "is_pointer"]
