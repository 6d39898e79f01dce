"""Element-wise instructions with floats: operands checked, read piece by piece, written.

An instruction is a Row: which operands it has, how wide they are, which of them are floats, and
a function from their elements to the result's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .build import Builder, Operands
from .ieee import Shape
from .marks import TYPE_OF_VIEW, View
from .mode import INVALID_RM
from .vector import Chunk, Group, Vector, VectorSemantics
from .velements import legal

VIEWS: dict[int, View] = {16: "h", 32: "s", 64: "d"}


@dataclass(frozen=True)
class At:
    """What a function computes with: n elements at once, of SEW bits, rounding by mode."""

    b: Builder
    n: int
    sew: int
    mode: int

    @property
    def floats(self) -> Shape:
        return Shape(VIEWS[self.sew], self.n)

    @property
    def wide(self) -> Shape:
        """Of twice SEW."""
        return Shape(VIEWS[2 * self.sew], self.n)


Compute = Callable[[At, Sequence[str]], str]


@dataclass(frozen=True)
class Operand:
    """times: its elements' width in multiples of SEW; 0: a mask. What: bits are those of floats."""

    key: str  # vd, vs1, vs2, or rs1 for a scalar
    times: int = 1
    what: Literal["floats", "bits", "integers"] = "floats"

    def kind(self, sew: int) -> str:
        """Its elements as an IR type."""
        bits = self.times * sew
        return TYPE_OF_VIEW[VIEWS[bits]] if self.what == "floats" else f"i{bits}"


@dataclass(frozen=True)
class Row:
    """target: where results go. NaNs in it come out canonical if it is of floats."""

    compute: Compute
    target: Operand
    sources: tuple[Operand, ...]


def usable(v: Vector, *widths: int) -> bool:
    """False where a floating-point instruction on floats of so many bits is illegal.

    source: V 1.0, 13: with FS off, and with a rounding mode that does not exist, all are.
    """
    formats = {*VIEWS} if "Zvfh" in v.b.extensions else {32, 64}
    mode = v.b.mode
    return mode.float_on and mode.rounding != INVALID_RM and formats.issuperset(widths)


def scalar(v: Vector, reg: int, *, floats: bool) -> str:
    """A float register's number of SEW bits: for arithmetic, or its bits."""
    view = VIEWS[v.sew]
    return v.b.f_view(reg, view) if floats else v.b.f_narrow_bits(reg, view)


def elementwise(row: Row) -> VectorSemantics:
    """Semantics of an instruction with operands as the row says, and vm."""

    def emit(v: Vector, o: Operands) -> None:
        widths = [p.times * v.sew for p in (row.target, *row.sources) if p.what != "integers"]
        masked = o.get("vm", 1) == 0
        target = (
            v.group(o["vd"], row.target.times * v.sew)
            if row.target.times
            else v.mask_group(o["vd"])
        )
        groups = {p: v.group(o[p.key], p.times * v.sew) for p in row.sources if p.key != "rs1"}
        if not usable(v, *widths) or not legal(v, target, [*groups.values()], not masked):
            v.illegal()
            return
        assert target is not None
        most = max(p.times for p in (row.target, *row.sources))
        sources = [
            (p, groups.get(p) or scalar(v, o["rs1"], floats=p.what == "floats"))
            for p in row.sources
        ]
        for chunk in v.chunks(most * v.sew, narrow=True):
            active = v.active(chunk, masked)
            values = [_read(v, p, source, chunk, active) for p, source in sources]
            result = row.compute(At(v.b, chunk.n, v.sew, v.b.mode.rounding), values)
            if not row.target.times:
                v.mask_write(target.reg, chunk, result, active)
                continue
            write = v.write_floats if row.target.what == "floats" else v.write
            write(target, row.target.kind(v.sew), chunk, result, active)

    return emit


def _read(v: Vector, p: Operand, source: Group | str, chunk: Chunk, active: str | None) -> str:
    """An operand's elements. source: a scalar is a value."""
    kind = p.kind(v.sew)
    if isinstance(source, Group):
        value = v.read(source, kind, chunk, raw=p.what == "floats")
    else:
        value = v.splat(kind, source, chunk.n)
    if active is None or not v.b.mode.track_flags:
        return value
    # What computing with these raises, elements that do not count must not.
    one = Shape(VIEWS[p.times * v.sew]).number(1.0) if p.what == "floats" else "1"
    return v.select(active, kind, chunk.n, value, v.splat(kind, one, chunk.n))
