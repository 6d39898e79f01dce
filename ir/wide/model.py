"""What the vectoriser knows of a function: blocks of instructions, by LLVM's own names.

Types and values are LLVM's text. Only what a wide form depends on is taken apart; an instruction
that stays scalar is written again from its text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from ...frontend.record import field, record

LOCAL = re.compile(r'%(?:"[^"]*"|[\w.$-]+)')
_POINTER = re.compile(r"ptr(?: addrspace\(\d+\))?")
_SCALAR_BITS = {"half": 16, "bfloat": 16, "float": 32, "double": 64}


class Unvectorisable(Exception):
    """Why a function stays scalar, and the instruction that it is about."""

    def __init__(self, reason: str, at: Instr | None = None) -> None:
        super().__init__(reason)
        self.at = at


@record(frozen=False, eq=False)
class Instr:
    """One instruction.

    name:     of its result; "" when it has none. type: of its result; "void" when none.
    flags:    "nuw", "inbounds", "fast" and the like, as written.
    operands: (type, value) of each; a branch has its condition only.
    detail:   predicate, source type of a getelementptr, or called function.
    incoming: of a phi, by the block that it comes from.
    text:     as LLVM writes it, without what stands behind ", !".
    debug:    ", !dbg !7" or nothing; notes: the rest of its metadata.
    values:   the locals that it reads.
    """

    name: str
    op: str
    type: str
    operands: list[tuple[str, str]]
    text: str
    flags: list[str] = field(default_factory=list)
    detail: str = ""
    align: int = 0
    volatile: bool = False
    incoming: dict[str, str] = field(default_factory=dict)
    targets: list[str] = field(default_factory=list)
    debug: str = ""
    notes: str = ""
    block: str = ""
    values: list[str] = field(default_factory=list)


@record(frozen=False, eq=False)
class Block:
    """instrs: without its phis and its terminator."""

    name: str
    phis: list[Instr] = field(default_factory=list)
    instrs: list[Instr] = field(default_factory=list)
    end: Instr = field(default_factory=lambda: Instr("", "unreachable", "void", [], ""))

    @property
    def all(self) -> list[Instr]:
        return [*self.phis, *self.instrs, self.end]


@record(frozen=False, eq=False)
class Function:
    """head: the text before the parameters' names; params: (type with attributes, name)."""

    name: str
    result: str
    params: list[tuple[str, str]]
    attributes: str
    blocks: dict[str, Block]

    @property
    def entry(self) -> Block:
        return next(iter(self.blocks.values()))

    def definitions(self) -> dict[str, Instr]:
        return {i.name: i for b in self.blocks.values() for i in b.all if i.name}


def rename(text: str, names: Mapping[str, str]) -> str:
    """`text` with locals called otherwise; types and labels that `names` lacks stay."""
    return LOCAL.sub(lambda m: names.get(m[0], m[0]), text)


@lru_cache(maxsize=256)
def bits(typ: str) -> int:
    """Width of a scalar that can be a vector's element; 0 of any other type."""
    if typ in _SCALAR_BITS:
        return _SCALAR_BITS[typ]
    if _POINTER.fullmatch(typ):
        return 64
    if typ[:1] == "i" and typ[1:].isdecimal() and int(typ[1:]) in (1, 8, 16, 32, 64):
        return int(typ[1:])
    return 0


def is_pointer(typ: str) -> bool:
    return typ.startswith("ptr")


def is_integer(typ: str) -> bool:
    return typ[:1] == "i" and typ[1:].isdecimal()


@lru_cache(maxsize=256)
def size_of(typ: str) -> int:
    """Bytes from one element of an array of such values to the next; 0 where it is not known."""
    if bits(typ):
        return max(bits(typ) // 8, 1)
    if match := re.fullmatch(r"\[(\d+) x (.+)\]", typ):
        return int(match[1]) * size_of(match[2])
    if (match := re.fullmatch(r"<(\d+) x (\w+)>", typ)) and bits(match[2]) >= 8:
        size = int(match[1]) * bits(match[2]) // 8
        return 1 << (size - 1).bit_length()
    return 0
