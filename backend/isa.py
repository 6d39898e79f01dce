"""The instruction table: every encoding kcc knows, in the manner of riscv-opcodes.

The assembler, the disassembler, the linker's immediates and the simulator's decoder all read
this table; nothing else knows an encoding. A row gives what is fixed; the mask is computed
from the operand fields, so no row can forget a bit.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """An operand's bits: pieces are (low bit in the word, width, low bit in the value)."""

    pieces: tuple[tuple[int, int, int], ...]
    signed: bool = False
    scale: int = 1  # the value is a multiple of this; low bits not stored
    bias: int = 0  # added to the stored value (compressed registers: 8)
