"""Copies and fills of a known size, as loads and stores: those have wide forms.

before:  call void @llvm.memcpy.p0.p1.i64(ptr align 4 %d, ptr addrspace(1) align 4 %s, i64 8, ...)
after:   load and store of an i32 each at %s, %d and 4 bytes behind
"""

from __future__ import annotations

import re

from .model import Function, Instr
from .reader import balanced, instruction, note_values, split

_COPIES = ("llvm.memcpy.", "llvm.memmove.")
_FILL = "llvm.memset."
_MOST = 32  # pieces


def expand_copies(function: Function) -> None:
    """Rewrite `function`; a copy that is long, or of a size not known, stays."""
    pieces = _Pieces()
    for block in function.blocks.values():
        block.instrs = [new for instr in block.instrs for new in pieces.of(instr)]
        for instr in block.instrs:
            instr.block = block.name
    note_values(function)


class _Pieces:
    def __init__(self) -> None:
        self._count = 0

    def of(self, instr: Instr) -> list[Instr]:
        if instr.op != "call" or not instr.detail.startswith((*_COPIES, _FILL)):
            return [instr]
        size, volatile = instr.operands[2][1], instr.operands[3][1]
        piece = min(8, *_alignments(instr))
        if not size.isdecimal() or volatile != "false":
            return [instr]
        while int(size) % piece:
            piece //= 2
        if int(size) // piece > _MOST:
            return [instr]
        texts: list[str] = []
        offsets = range(0, int(size), piece)
        if instr.detail.startswith(_FILL):
            value = instr.operands[1][1]
            if not value.lstrip("-").isdecimal():
                return [instr]
            filled = int.from_bytes(bytes([int(value) % 256]) * piece, "little")
            values = [str(filled)] * len(offsets)
        else:
            values = [self._load(instr, offset, piece, texts) for offset in offsets]
        # All is loaded before anything is stored: the two may overlap.
        for offset, value in zip(offsets, values, strict=True):
            place = self._place(instr.operands[0], offset, texts)
            texts.append(f"store i{piece * 8} {value}, {place}, align {piece}")
        made = [instruction(text) for text in texts]
        for new in made:
            new.debug = instr.debug
        return made

    def _load(self, instr: Instr, offset: int, piece: int, texts: list[str]) -> str:
        place = self._place(instr.operands[1], offset, texts)
        name = self._fresh()
        texts.append(f"{name} = load i{piece * 8}, {place}, align {piece}")
        return name

    def _place(self, pointer: tuple[str, str], offset: int, texts: list[str]) -> str:
        space, value = pointer
        if offset:
            name = self._fresh()
            texts.append(f"{name} = getelementptr inbounds i8, {space} {value}, i64 {offset}")
            value = name
        return f"{space} {value}"

    def _fresh(self) -> str:
        self._count += 1
        return f"%kw.piece.{self._count}"


def _alignments(instr: Instr) -> list[int]:
    """Of the places; 1 where nothing is said."""
    opening = instr.text.index("(", instr.text.index("@"))
    args = split(instr.text[opening + 1 : balanced(instr.text, opening)])
    places = args[:1] if instr.detail.startswith(_FILL) else args[:2]
    found = (re.search(r"\balign (\d+)", place) for place in places)
    return [int(match[1]) if match is not None else 1 for match in found]
