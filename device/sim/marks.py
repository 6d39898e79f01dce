"""Marks: what a block's code has besides lines of IR, until the whole unit is known.

The Builder leaves them (build.py); fast loops and the groups of accesses are found by them, and
finish.py makes IR of each. Also here is how LLVM's types are called.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .flow import Node

if TYPE_CHECKING:
    from .fastloops import Loop

View = Literal["bits", "h", "s", "d"]
TYPE_OF_VIEW: dict[View, str] = {"bits": "i64", "h": "half", "s": "float", "d": "double"}

BITS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "half": 16, "float": 32, "double": 64}
MASK64 = (1 << 64) - 1
# The canonical NaN: its bits, and how LLVM writes it.
NAN_BITS: dict[View, int] = {"h": 0x7E00, "s": 0x7FC0_0000, "d": 0x7FF8_0000_0000_0000}
NAN_VALUE: dict[View, str] = {
    "h": "0xH7E00",
    "s": "0x7FF8000000000000",
    "d": "0x7FF8000000000000",
}


@dataclass(frozen=True)
class UseX:
    reg: int


@dataclass(frozen=True)
class DefX:
    reg: int
    origin: int | None  # a register whose value this one continues: pointer += n
    value: int | None  # where it is a constant


@dataclass(frozen=True)
class Least:
    """From here on a register is known to hold at least this, unsigned."""

    reg: int
    value: int


@dataclass(frozen=True)
class DefF:
    """A float register is written; `given` says in which views. The rest is derived, if read."""

    reg: int
    given: tuple[tuple[View, str], ...]
    exact: bool  # bits of the given view are to be kept; arithmetic results are not
    tag: str


@dataclass(frozen=True)
class DefV:
    """A vector register is written. As DefF: other views of it than its bytes are for arithmetic.

    raw: an element type, and the value as a vector of it before NaNs were made canonical.
    """

    reg: int
    whole: str
    raw: tuple[str, str] | None
    tag: str


@dataclass
class Access:
    """A memory access, expanded when its group is known.

    A span is one of `count` elements that the code after it makes by itself, up to the label
    `tag`.next, with the host address `tag`.at. Its slow path is to make them in another way; it
    finds what it must know of the access in `tag`.site and `tag`.left, instructions left.
    """

    kind: Literal["load", "store", "locate", "span"]
    type: str  # of an element
    addr: str
    base: int  # register the address is made from,
    offset: int  # and what is added to it
    value: str  # of a store; "1" or "0" for locate and span: whether it stores
    tag: str
    pc: int
    undone: int  # instructions of the block not finished here
    uncounted: tuple[tuple[int, int], ...]  # events of these: (counter, how many)
    group: int = -1
    count: int = 1  # elements in a row
    apart: bool = False  # the address is but where others start from: `check` is all there is
    check: tuple[str, ...] = ()  # of a span: IR that ends in
    also: str = ""  # an i1 that must be true too
    slow: tuple[str | DefV, ...] = ()  # of a span: IR, and vector registers that it writes
    # In the copy of a loop that leaves it where a check fails:
    leave: str = ""  # the label to go to
    twin: Access | None = None  # the access in the loop itself, whose group this is in

    @property
    def writes(self) -> bool:
        return self.kind == "store" or (self.kind in ("locate", "span") and self.value == "1")


@dataclass(frozen=True)
class Unchecked:
    """An access of a loop's copy whose check has been made. place: getelementptr operands."""

    place: str


@dataclass(frozen=True)
class Again:
    """An access of a loop's copy to where an earlier one went, the first being 0."""

    first: int


@dataclass(frozen=True)
class Checked:
    """An access of a loop's copy that leaves it where its check fails."""

    twin: Access
    leave: str


@dataclass(frozen=True)
class Spill:
    """Store every register this unit may have written by here."""

    tag: str


@dataclass(frozen=True)
class Call:
    """Run guest code until it returns, see calls.py."""

    tag: str
    target: str
    back: int  # where it returns to


@dataclass(frozen=True)
class Reload:
    """Take every register this unit uses from the state."""

    tag: str


@dataclass(frozen=True)
class FloatOp:
    """Host arithmetic; whether it must keep its place among flags and modes the unit decides.

    name: the operation and the types it is for, as in the intrinsics' names: "fadd.f32".
    """

    out: str
    result: str
    name: str
    args: tuple[tuple[str, str], ...]  # (type, value)
    rounds: bool
    predicate: str  # of a comparison


Item = str | UseX | DefX | Least | DefF | DefV | Access | Spill | Call | Reload | FloatOp

# What a unit keeps of vtype like registers: bits above those of v0..v31 in a block's mask.
VCONFIG = ("vl", "vtype", "vstart")


@dataclass
class BlockCode:
    """The code of one guest block. targets: where it may continue in the unit."""

    node: Node
    loops: bool = False  # its end may lead to its address: then it starts at `start`
    items: list[Item] = field(default_factory=list)
    targets: list[Node] = field(default_factory=list)
    written_x: int = 0  # bit masks
    written_f: int = 0
    written_v: int = 0
    reach_v: dict[int, int] = field(default_factory=dict)  # bytes of a register that may change
    plain: bool = True  # it only computes, and accesses memory
    fast: Loop | None = None  # how to run it with fewer checks, see fastloops.py

    @property
    def label(self) -> str:
        return self.node.label

    @property
    def start(self) -> str:
        """The label that its items follow: a loop's fast form is in front of it."""
        return f"slow.{self.node.label}" if self.loops else self.node.label

    def settled_v(self, size: int) -> dict[int, int]:
        """Vector registers of `size` bytes written in part: up to where."""
        return {reg: upto for reg, upto in self.reach_v.items() if upto < size}


def bits_of(kind: str) -> int:
    """Bits of any integer type, or of a float one."""
    return BITS[kind] if kind in BITS else int(kind[1:])


def signed(value: int) -> str:
    """A 64-bit constant as LLVM writes it."""
    value &= MASK64
    return str(value - (1 << 64) if value >> 63 else value)


def box(view: View) -> str:
    """The bits above a half or a single in a float register, as LLVM writes them."""
    return signed(MASK64 << BITS[TYPE_OF_VIEW[view]])
