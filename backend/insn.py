"""What a row of the instruction table is: an instruction, its operands, their bits."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import Literal

from ..frontend.record import record

# target: a distance from the instruction, written as a label; flag: not written as an operand;
# mask: bit 25 of a vector instruction, 0 written as `v0.t`; vtype: written as e32,m2,ta,ma.
Kind = Literal["reg", "vreg", "imm", "target", "rm", "csr", "fence", "flag", "mask", "vtype"]


@record
class Field:
    """An operand's bits: pieces are (low bit in the word, width, low bit in the value)."""

    pieces: tuple[tuple[int, int, int], ...]
    signed: bool = False
    scale: int = 1  # the value is a multiple of this; low bits not stored
    bias: int = 0  # added to the stored value (compressed registers: 8)
    kind: Kind = "imm"
    excluded: tuple[int, ...] = ()  # values that make the word another instruction, or reserved
    default: int | None = None  # what encode() takes when the operand is not given

    @cached_property
    def mask(self) -> int:
        """The bits of the word that belong to this field."""
        return sum(((1 << width) - 1) << low for low, width, _ in self.pieces)

    @cached_property
    def top(self) -> int:
        """One past the highest bit of the value."""
        return max(value_low + width for _, width, value_low in self.pieces)

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """Least and greatest value that the bits can hold."""
        step = self.scale
        if self.signed:
            return -(1 << (self.top - 1)), (1 << (self.top - 1)) - step
        return self.bias, self.bias + (1 << self.top) - step

    def extract(self, word: int) -> int:
        """The value this field has in `word`."""
        value = 0
        for low, width, value_low in self.pieces:
            value |= (word >> low & (1 << width) - 1) << value_low
        if self.signed and value >> (self.top - 1):
            value -= 1 << self.top
        return value + self.bias

    def place(self, value: int) -> int:
        """The bits of a word that say `value`; bits that do not fit are dropped."""
        value -= self.bias
        bits = 0
        for low, width, value_low in self.pieces:
            bits |= (value >> value_low & (1 << width) - 1) << low
        return bits

    def fits(self, value: int) -> bool:
        least, greatest = self.bounds
        return least <= value <= greatest and value % self.scale == 0 and value not in self.excluded


def _reg(low: int, width: int = 5, bias: int = 0, excluded: tuple[int, ...] = ()) -> Field:
    return Field(((low, width, 0),), bias=bias, kind="reg", excluded=excluded)


def _vreg(low: int) -> Field:
    return Field(((low, 5, 0),), kind="vreg")


# fmt: off
FIELDS: dict[str, Field] = {
    "rd":       _reg(7),
    "rs1":      _reg(15),
    "rs2":      _reg(20),
    "rs3":      _reg(27),
    "imm12":    Field(((20, 12, 0),), signed=True),
    "store12":  Field(((7, 5, 0), (25, 7, 5)), signed=True),
    "branch13": Field(((8, 4, 1), (25, 6, 5), (7, 1, 11), (31, 1, 12)), signed=True,
                      scale=2, kind="target"),
    "jump21":   Field(((21, 10, 1), (20, 1, 11), (12, 8, 12), (31, 1, 20)), signed=True,
                      scale=2, kind="target"),
    "upper20":  Field(((12, 20, 12),), signed=True, scale=4096),
    "shamt5":   Field(((20, 5, 0),)),
    "shamt6":   Field(((20, 6, 0),)),
    "csr":      Field(((20, 12, 0),), kind="csr"),
    "zimm5":    Field(((15, 5, 0),)),
    "rm":       Field(((12, 3, 0),), kind="rm", excluded=(5, 6), default=7),
    "aq":       Field(((26, 1, 0),), kind="flag", default=0),
    "rl":       Field(((25, 1, 0),), kind="flag", default=0),
    "pred":     Field(((24, 4, 0),), kind="fence", default=15),
    "succ":     Field(((20, 4, 0),), kind="fence", default=15),
    # Bits of the fences that today's hardware is told to ignore.
    "fm":       Field(((28, 4, 0),), kind="flag", default=0),
    "ign_rd":   Field(((7, 5, 0),), kind="flag", default=0),
    "ign_rs1":  Field(((15, 5, 0),), kind="flag", default=0),
    "ign_imm":  Field(((20, 12, 0),), kind="flag", default=0),
    "vd":       _vreg(7),
    "vs1":      _vreg(15),
    "vs2":      _vreg(20),
    "vs3":      _vreg(7),
    "vm":       Field(((25, 1, 0),), kind="mask", default=1),
    "simm5":    Field(((15, 5, 0),), signed=True),
    "uimm5":    Field(((15, 5, 0),)),
    "zimm11":   Field(((20, 11, 0),), kind="vtype"),
    "zimm10":   Field(((20, 10, 0),), kind="vtype"),
    # Compressed instructions; "cp" are the three-bit registers x8..x15, f8..f15.
    "cd":       _reg(7),
    "cd_n0":    _reg(7, excluded=(0,)),
    "cd_n2":    _reg(7, excluded=(2,)),
    "cs2":      _reg(2),
    "cs2_n0":   _reg(2, excluded=(0,)),
    "cp1":      _reg(7, 3, bias=8),
    "cp2":      _reg(2, 3, bias=8),
    "ci6":      Field(((2, 5, 0), (12, 1, 5)), signed=True),
    "cnop6":    Field(((2, 5, 0), (12, 1, 5)), signed=True, kind="flag", default=0),
    "cshamt6":  Field(((2, 5, 0), (12, 1, 5))),
    "clui":     Field(((2, 5, 12), (12, 1, 17)), signed=True, scale=4096, excluded=(0,)),
    "caddi4":   Field(((11, 2, 4), (7, 4, 6), (6, 1, 2), (5, 1, 3)), scale=4, excluded=(0,)),
    "caddi16":  Field(((6, 1, 4), (2, 1, 5), (5, 1, 6), (3, 2, 7), (12, 1, 9)),
                      signed=True, scale=16, excluded=(0,)),
    "clw":      Field(((6, 1, 2), (10, 3, 3), (5, 1, 6)), scale=4),
    "cld":      Field(((10, 3, 3), (5, 2, 6)), scale=8),
    "clwsp":    Field(((4, 3, 2), (12, 1, 5), (2, 2, 6)), scale=4),
    "cldsp":    Field(((5, 2, 3), (12, 1, 5), (2, 3, 6)), scale=8),
    "cswsp":    Field(((9, 4, 2), (7, 2, 6)), scale=4),
    "csdsp":    Field(((10, 3, 3), (7, 3, 6)), scale=8),
    "cj":       Field(((3, 3, 1), (11, 1, 4), (2, 1, 5), (7, 1, 6), (6, 1, 7), (9, 2, 8),
                       (8, 1, 10), (12, 1, 11)), signed=True, scale=2, kind="target"),
    "cb":       Field(((3, 2, 1), (10, 2, 3), (2, 1, 5), (5, 2, 6), (12, 1, 8)),
                      signed=True, scale=2, kind="target"),
}
# fmt: on


@record
class Operand:
    """One operand as a row writes it: its field, and the register file if it is a register."""

    key: str
    file: Literal["x", "f", "v", ""] = ""
    default: int | None = None  # of this row, before the field's


@record
class Insn:
    """A row: name, operands as written, fixed bits, extension, base form of a compressed one.

    syntax:  field names and punctuation in assembly order; `f.` before a name: a floating-point
             register; `name=n`: the row's own default; `sp`, `v0`: that very register. Flags are
             not written in assembly.
    base:    for a compressed instruction, what it abbreviates: a base row's name and, in the
             order of that row's syntax, this row's fields, registers (x2) and numbers.
    """

    name: str
    syntax: str
    match: int
    ext: str
    base: str = ""

    @cached_property
    def operands(self) -> tuple[Operand, ...]:
        return _operands(self.syntax)[0]

    @cached_property
    def fields(self) -> tuple[tuple[str, Field], ...]:
        return _operands(self.syntax)[1]

    @cached_property
    def size(self) -> int:
        """Bytes: 2 or 4."""
        return 4 if self.match & 3 == 3 else 2

    @cached_property
    def mask(self) -> int:
        """The fixed bits: all that no operand uses."""
        return (1 << 8 * self.size) - 1 & ~_operands(self.syntax)[2]


@cache  # seven hundred rows share a hundred ways to write operands
def _operands(syntax: str) -> tuple[tuple[Operand, ...], tuple[tuple[str, Field], ...], int]:
    """Operands, fields by name, and all their bits."""
    found = re.findall(r"(f\.)?\b(?!sp\b|v0\b)([a-z]\w*)(?:=(\d+))?", syntax)
    operands = tuple(
        Operand(key, _file(key, bool(f)), int(default) if default else FIELDS[key].default)
        for f, key, default in found
    )
    fields = tuple((o.key, FIELDS[o.key]) for o in operands)
    return operands, fields, sum(field.mask for _, field in fields)


def _file(key: str, floating: bool) -> Literal["x", "f", "v", ""]:
    match FIELDS[key].kind:
        case "reg":
            return "f" if floating else "x"
        case "vreg":
            return "v"
    return ""
