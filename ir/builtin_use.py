"""A builtin's call as the functions see it that emit builtins, and what many of them need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import llvmlite.ir as llir

from ..frontend.record import record
from ..frontend.types import Type, Vector, sizeof
from .emit import intrinsic
from .frame import Frame
from .lower_type import FLOATS, element, is_floating, is_signed, value_type
from .operate import constant, reinterpret
from .passes.workitem_ids import IS_FIRST, ITEM_TYPES, placeholder


@record
class Use:
    """One call: the function's name, the types of its result and arguments, their values."""

    frame: Frame
    name: str
    type: Type
    types: tuple[Type, ...]
    args: tuple[Any, ...]

    @property
    def build(self) -> Any:
        return self.frame.build

    @property
    def flags(self) -> tuple[str, ...]:
        """The fast-math flags of the program."""
        return self.frame.unit.options.fp_flags

    @property
    def floating(self) -> bool:
        return is_floating(self.types[0])

    @property
    def signed(self) -> bool:
        return is_signed(self.types[0])

    @property
    def bits(self) -> int:
        """Of a lane of the first argument."""
        return 8 * sizeof(element(self.types[0]))

    def call(self, name: str, *args: Any) -> Any:
        """An LLVM intrinsic whose result is of its first argument's type."""
        flags = self.flags if lane_of(args[0].type) in FLOATS.values() else ()
        return intrinsic(self.build, name, args[0].type, args, flags=flags)

    def number(self, value: float, t: Type | None = None) -> Any:
        """A constant of a type, the first argument's if none is given; in every lane."""
        return constant(self.types[0] if t is None else t, value)

    def raw(self, v: Any) -> Any:
        """The bits of floating lanes as integers."""
        return reinterpret(self.build, v, like(v.type, llir.IntType(width(v.type))))

    def truth(self, bit: Any) -> Any:
        """A comparison as OpenCL C gives it: 1 in a scalar, -1 in the lanes of a vector."""
        extend = self.build.sext if isinstance(self.type, Vector) else self.build.zext
        return extend(bit, value_type(self.type))


Emit: TypeAlias = Callable[[Use], Any]


def lane_of(typ: Any) -> Any:
    return typ.element if isinstance(typ, llir.VectorType) else typ


def like(typ: Any, lane: Any) -> Any:
    """`lane` in as many lanes as `typ` has."""
    return llir.VectorType(lane, typ.count) if isinstance(typ, llir.VectorType) else lane


def width(typ: Any) -> int:
    """Bits of a lane."""
    lane = lane_of(typ)
    if isinstance(lane, llir.IntType):
        return int(lane.width)
    return next(8 * size for size, floating in FLOATS.items() if floating == lane)


def number(typ: Any, value: int) -> Any:
    """An integer constant of an LLVM type, in every lane."""
    lane = lane_of(typ)
    half = 1 << (lane.width - 1)
    value = ((value + half) & (2 * half - 1)) - half
    if isinstance(typ, llir.VectorType):
        return llir.Constant(typ, [lane(value)] * typ.count)
    return lane(value)


def once(frame: Frame, body: Callable[[], None], number: Any = None) -> None:
    """One work-item does it: the first of the group, or the one whose `number` is 0."""
    build = frame.build
    inside, end = frame.block("once"), frame.block("once.end")
    if number is None:
        function = placeholder(frame.llfn.module, IS_FIRST)
        is_first = build.call(function, frame.item[-len(ITEM_TYPES) :])
    else:
        is_first = build.icmp_unsigned("==", number, number.type(0))
    build.cbranch(is_first, inside, end)
    frame.enter(inside)
    body()
    frame.go(end)
    frame.enter(end)
