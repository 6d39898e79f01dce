"""V: fixed-point arithmetic, chapter 12 of V 1.0.

Results that lose bits are rounded by vxrm, which is read when the instruction runs: of what is
lost and of half a unit, one comparison tells all four modes, see _Rounding. Results that
saturate set vxsat, which stays set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .build import Operands
from .semantics_vi import amount
from .vector import Vector, VectorSemantics
from .velements import Lanes, Piece, elements, forms

# fmt: off
_SATURATING = {  # the intrinsic, and what wraps instead
    "vsaddu": ("uadd.sat", "add"), "vsadd": ("sadd.sat", "add"),
    "vssubu": ("usub.sat", "sub"), "vssub": ("ssub.sat", "sub"),
}
_AVERAGING = {  # whether it subtracts, whether it is signed
    "vaaddu": (False, False), "vaadd": (False, True),
    "vasubu": (True, False), "vasub": (True, True),
}
# fmt: on


@dataclass(frozen=True)
class _Rounding:
    """vxrm as the parts of a bound: lost bits above it round up.

        bound = (half & half_counts) - ((floor & parity_counts) | strictly)

    with unsigned wrap, where half is half a unit of the result, and floor the result so far:

        0  to nearest, ties up       half - 1             2  down         the greatest number
        1  to nearest, ties to even  half - (floor & 1)   3  to odd       -(floor & 1)
    """

    v: Vector
    half_counts: str  # i64: -1 or 0
    parity_counts: str  # i64: 1 or 0
    strictly: str  # i64: 1 or 0

    @classmethod
    def of(cls, v: Vector) -> _Rounding:
        b = v.b
        mode = b.state("vxrm")
        nearest = b.op(f"icmp ult i64 {mode}, 2")
        parity = b.op(f"and i64 {mode}, 1")
        return cls(v, b.op(f"sext i1 {nearest} to i64"), parity, b.op(f"xor i64 {parity}, 1"))

    def _all(self, lanes: Lanes, value: str) -> str:
        kind = f"i{lanes.bits}"
        if lanes.bits != 64:
            cast = "trunc" if lanes.bits < 64 else "sext"
            value = self.v.b.op(f"{cast} i64 {value} to {kind}")
        return self.v.splat(kind, value, lanes.n)

    def round(self, lanes: Lanes, floor: str, lost: str, half: str) -> str:
        """floor, or one more if `lost` says so."""
        base = lanes.op("and", half, self._all(lanes, self.half_counts))
        parity = lanes.op("and", floor, self._all(lanes, self.parity_counts))
        less = lanes.op("or", parity, self._all(lanes, self.strictly))
        up = lanes.compare("ugt", lost, lanes.op("sub", base, less))
        return lanes.op("sub", floor, lanes.extended_bools(up, signed=True))

    def shift(self, lanes: Lanes, value: str, by: str, *, signed: bool) -> str:
        """value >> by, rounded."""
        unit = lanes.op("shl", lanes.all(1), by)
        half = lanes.op("lshr", unit, lanes.all(1))
        lost = lanes.op("and", value, lanes.op("sub", unit, lanes.all(1)))
        floor = lanes.op("ashr" if signed else "lshr", value, by)
        return self.round(lanes, floor, lost, half)


@dataclass
class _Saturation:
    """Gathers which elements were saturated; at the end vxsat is set if any were."""

    v: Vector
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, e: Piece, bools: str) -> None:
        n = e.chunk.n
        if e.active is not None:
            bools = e.lanes.to(1).op("and", bools, e.active)
        if self.found:
            bools = e.lanes.to(1).op("or", bools, self.found[-1][1])
        self.found = [(n, bools)]

    def finish(self) -> None:
        b = self.v.b
        for n, bools in self.found:
            bits = b.op(f"bitcast <{n} x i1> {bools} to i{n}")
            some = b.op(f"zext i1 {b.op(f'icmp ne i{n} {bits}, 0')} to i64")
            b.set_state("vxsat", b.op(f"or i64 {b.state('vxsat')}, {some}"))


Saturating = Callable[[Piece], tuple[str, str]]  # the result, and where it is not the true one


def _saturating(compute: Callable[[Vector], Saturating], first: int = 1) -> VectorSemantics:
    """first: how much wider vs2 is."""

    def emit(v: Vector, o: Operands) -> None:
        results: Saturating | None = None
        saturation = _Saturation(v)
        for e in elements(v, o, first=first * v.sew):
            results = results or compute(v)
            value, saturated = results(e)
            e.write(value)
            saturation.add(e, saturated)
        saturation.finish()

    return emit


def _add(intrinsic: str, operation: str) -> VectorSemantics:
    def results(e: Piece) -> tuple[str, str]:
        value = e.lanes.intrinsic(intrinsic, e.a, e.b)
        return value, e.lanes.compare("ne", value, e.lanes.op(operation, e.a, e.b))

    return _saturating(lambda _: results)


def _average(subtract: bool, signed: bool) -> VectorSemantics:
    """The sum without carries between halves: a + b = 2(a & b) + (a ^ b), a - b alike."""

    def emit(v: Vector, o: Operands) -> None:
        rounding: _Rounding | None = None
        for e in elements(v, o):
            rounding = rounding or _Rounding.of(v)
            lanes = e.lanes
            differ = lanes.op("xor", e.a, e.b)
            floor = lanes.op("ashr" if signed else "lshr", differ, lanes.all(1))
            if subtract:
                floor = lanes.op("sub", floor, lanes.op("and", lanes.invert(e.a), e.b))
            else:
                floor = lanes.op("add", floor, lanes.op("and", e.a, e.b))
            lost = lanes.op("and", differ, lanes.all(1))
            e.write(rounding.round(lanes, floor, lost, lanes.all(1)))

    return emit


def _scaling_shift(signed: bool) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        rounding: _Rounding | None = None
        for e in elements(v, o):
            rounding = rounding or _Rounding.of(v)
            e.write(rounding.shift(e.lanes, e.a, amount(e.lanes, e.b), signed=signed))

    return emit


def _clip(signed: bool) -> VectorSemantics:
    """A double-width value shifted, rounded, then held within what the result can be."""

    def compute(v: Vector) -> Saturating:
        rounding = _Rounding.of(v)
        wide = 2 * v.sew

        def results(e: Piece) -> tuple[str, str]:
            lanes = e.lanes.to(wide)
            by = amount(lanes, e.lanes.extended(wide, e.b, signed=False))
            value = rounding.shift(lanes, e.a, by, signed=signed)
            if signed:
                held = lanes.intrinsic("smin", value, lanes.all((1 << v.sew - 1) - 1))
                held = lanes.intrinsic("smax", held, lanes.all(-(1 << v.sew - 1)))
            else:
                held = lanes.intrinsic("umin", value, lanes.all((1 << v.sew) - 1))
            return lanes.truncated(v.sew, held), lanes.compare("ne", held, value)

        return results

    return _saturating(compute, first=2)


def _fractional_multiply(v: Vector) -> Saturating:
    """Only the least number squared is too great."""
    rounding = _Rounding.of(v)

    def results(e: Piece) -> tuple[str, str]:
        lanes, wide = e.lanes, e.lanes.to(2 * v.sew)
        a, b = (lanes.extended(wide.bits, value, signed=True) for value in (e.a, e.b))
        product = rounding.shift(wide, wide.op("mul", a, b), wide.all(v.sew - 1), signed=True)
        least = lanes.all(-(1 << v.sew - 1))
        both = (lanes.compare("eq", e.a, least), lanes.compare("eq", e.b, least))
        saturated = lanes.to(1).op("and", *both)
        most = lanes.all((1 << v.sew - 1) - 1)
        return lanes.select(saturated, most, wide.truncated(v.sew, product)), saturated

    return results


VSEMANTICS: dict[str, VectorSemantics] = forms(
    {name: _add(*how) for name, how in _SATURATING.items()}
    | {name: _average(*how) for name, how in _AVERAGING.items()}
    | {
        "vssrl": _scaling_shift(signed=False),
        "vssra": _scaling_shift(signed=True),
        "vnclipu": _clip(signed=False),
        "vnclip": _clip(signed=True),
        "vsmul": _saturating(_fractional_multiply),
    }
)
