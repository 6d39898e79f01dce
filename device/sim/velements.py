"""Element-wise instructions: operands checked and read piece by piece, results written.

A semantics function of these says how wide the elements of its operands are, and is given them:

    for e in elements(v, o):                     # vadd: all of SEW bits
        e.write(e.lanes.op("add", e.a, e.b))

Nothing is given where the operands are reserved: the instruction traps then. Pieces come in
ascending order, so that operands that may overlap by the rules (V 1.0, 5.2) are read in time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ...backend.isa import TABLE
from .build import Builder, Operands
from .vector import Chunk, Group, Vector, select

T = TypeVar("T")
MASK = 1  # EEW of a mask


def forms(table: Mapping[str, T]) -> dict[str, T]:
    """From names without their last part to the instructions': vadd -> vadd.vv, vadd.vx, ..."""
    found = {row.name: row.name.rpartition(".")[0] for row in TABLE.values() if row.ext == "V"}
    return {name: table[stem] for name, stem in found.items() if stem in table}


@dataclass(frozen=True)
class Lanes:
    """Host vectors of n integers of so many bits, and what is done with them."""

    b: Builder
    n: int
    bits: int

    @property
    def type(self) -> str:
        return f"<{self.n} x i{self.bits}>"

    def all(self, value: int) -> str:
        """A constant in every lane."""
        return f"splat (i{self.bits} {value})"

    def op(self, operation: str, a: str, b: str) -> str:
        return self.b.op(f"{operation} {self.type} {a}, {b}")

    def intrinsic(self, name: str, a: str, b: str) -> str:
        function = f"llvm.{name}.v{self.n}i{self.bits}"
        return self.b.call(self.type, function, (self.type, a), (self.type, b))

    def compare(self, predicate: str, a: str, b: str) -> str:
        """As <n x i1>."""
        return self.b.op(f"icmp {predicate} {self.type} {a}, {b}")

    def select(self, cond: str, a: str, b: str) -> str:
        return select(self.b, (f"i{self.bits}", self.n), cond, a, b)

    def invert(self, a: str) -> str:
        return self.op("xor", a, self.all(-1))

    def to(self, bits: int) -> Lanes:
        """As many of another width."""
        return Lanes(self.b, self.n, bits)

    def extended(self, bits: int, value: str, *, signed: bool) -> str:
        """`value`, of these lanes, in wider ones."""
        if bits == self.bits:
            return value
        kind = "sext" if signed else "zext"
        return self.b.op(f"{kind} {self.type} {value} to {self.to(bits).type}")

    def truncated(self, bits: int, value: str) -> str:
        """`value`, of these lanes, in narrower ones."""
        return self.b.op(f"trunc {self.type} {value} to {self.to(bits).type}")

    def extended_bools(self, value: str, *, signed: bool = False) -> str:
        """<n x i1> in these lanes: 0 and 1, or -1 if signed."""
        return self.b.op(f"{'sext' if signed else 'zext'} <{self.n} x i1> {value} to {self.type}")


def lanes(v: Vector, chunk: Chunk, bits: int) -> Lanes:
    return Lanes(v.b, chunk.n, bits)


@dataclass(frozen=True)
class Piece:
    """The operands' elements in a chunk, and the place of the results.

    a, b:    of vs2, and of vs1 or a scalar, "" if there is none.
    active:  which of them the instruction is for; None: all.
    """

    v: Vector
    chunk: Chunk
    target: Group
    a: str
    b: str
    active: str | None

    @property
    def lanes(self) -> Lanes:
        """Of SEW bits."""
        return lanes(self.v, self.chunk, self.v.sew)

    @property
    def mask(self) -> str:
        """v0's bits, where v0 is an operand."""
        return self.v.mask_read(0, self.chunk)

    @property
    def old(self) -> str:
        """The target's elements."""
        return self.v.read(self.target, f"i{self.target.eew}", self.chunk)

    def write(self, value: str) -> None:
        """The result: elements, or <n x i1> where the target is a mask."""
        if self.target.eew == MASK:
            self.v.mask_write(self.target.reg, self.chunk, value, self.active)
        else:
            kind = f"i{self.target.eew}"
            self.v.write(self.target, kind, self.chunk, value, self.active)


def elements(
    v: Vector,
    o: Operands,
    *,
    target: int | None = None,
    first: int | None = None,
    second: int | None = None,
    mask_operand: bool = False,
) -> Iterator[Piece]:
    """Pieces of an instruction with operands vd, vs2, and vs1, rs1, simm5 or uimm5, if any.

    target, first, second:  their EEW if it is not SEW; MASK for a target that is a mask.
    mask_operand:  v0 is an operand of its own, as with vadc.
    """
    bits_a, bits_b = first or v.sew, second or v.sew
    into = v.mask_group(o["vd"]) if target == MASK else v.group(o["vd"], target or v.sew)
    group_a = v.group(o["vs2"], bits_a) if "vs2" in o else None
    group_b = v.group(o["vs1"], bits_b) if "vs1" in o else None
    sources = [g for key, g in (("vs2", group_a), ("vs1", group_b)) if key in o]
    if not legal(v, into, sources, 0 if mask_operand else o.get("vm", 1)):
        v.illegal()
        return
    assert into is not None
    scalar = _scalar(v, o, bits_b)
    for chunk in v.chunks(max(into.eew, bits_a, bits_b), narrow=True):
        a = v.read(group_a, f"i{bits_a}", chunk) if group_a else ""
        b = v.read(group_b, f"i{bits_b}", chunk) if group_b else ""
        if scalar:
            b = v.splat(f"i{bits_b}", scalar, chunk.n)
        yield Piece(v, chunk, into, a, b, v.active(chunk, o.get("vm", 1) == 0))


def legal(v: Vector, target: Group | None, sources: list[Group | None], vm: int) -> bool:
    """True if all groups exist and the target may lie as it does over sources and mask."""
    return (
        target is not None
        and v.masked_overlap_ok(target, vm)
        and all(source is not None and v.overlap_ok(target, source) for source in sources)
    )


def _scalar(v: Vector, o: Operands, bits: int) -> str:
    if "rs1" in o:
        return v.x(o["rs1"], f"i{bits}")
    for key in ("simm5", "uimm5"):
        if key in o:
            return str(o[key])
    return ""
