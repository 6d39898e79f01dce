"""Whose doing it is that a tasklet is in the library: the call in the user's code."""

from __future__ import annotations

import re

from ...backend.encode import decode
from ...linker.call_frames import RA, Read
from ..sim.interface import BusError
from .fault import is_library, place
from .image import Image
from .memory_map import IRAM

# Names of the library's functions, for programs without source lines.
_LIBRARY = re.compile(
    r"_start$|__|mem(_alloc|_reset|cpy|move|set|cmp)$|(fsb|buddy|mram|seqread|sem|handshake|barrier"
    r"|mutex|mutex_pool|vmutex|perfcounter)_|str(n?len|n?cmp|n?cpy|n?cat|r?chr|str|pbrk|c?spn|tok(_r)?"
    r"|to(u?ll?))$|memchr$|ato(i|ll?)$|abort$|s?rand$|puts$|putchar$"
)

_CALL = 0x6F, 0x67  # opcodes of jal and jalr; c.jalr is told by its half


class Callers:
    """Of one program."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._has_lines = image.has_lines
        self._users: dict[int, bool] = {}

    def users_call(self, pc: int, ra: int, sp: int, read: Read) -> int:
        """The nearest instruction that is the user's: pc itself, or a call that came to it.

        That is a caller with source lines, or one whose name is the user's; the library says of
        all its functions how to get to theirs. Where there is none, the nearest call.
        """
        if self._is_users(pc):
            return pc
        nearest = None
        try:
            for back in self._image.callers(pc, ra, sp, read):
                call = _call_before(back, read)
                if call is not None and self._is_users(call):
                    return call
                nearest = call if nearest is None else nearest
        except BusError:
            pass  # the stack is none any more
        return pc if nearest is None else nearest

    def place(self, pc: int, read: Read) -> str:
        """An instruction in words: "in barrier_wait, called in main+0x12 (pc 0x80000012)"."""
        function = self._callee(pc, read)
        return (f"in {function}, called " if function else "") + place(self._image, pc)

    def _is_users(self, pc: int) -> bool:
        known = self._users.get(pc)
        if known is None:
            known = self._users[pc] = self._looked_up(pc)
        return known

    def _looked_up(self, pc: int) -> bool:
        if not any(s.vaddr <= pc < s.vaddr + s.memsz for s in self._image.segments):
            return False  # a jump to nowhere
        if self._has_lines:
            return any(not is_library(p) for p in self._image.places(pc))
        symbol = self._image.elf.symbol_at(pc)
        return symbol is None or not _LIBRARY.match(symbol.name)

    def _callee(self, pc: int, read: Read) -> str | None:
        """The function that is called at pc; None for no call, or one by a pointer."""
        decoded = decode(int.from_bytes(read(pc, 4), "little")) if IRAM.holds(pc - 4, 8) else None
        if decoded is None or decoded.operands.get("rd") != RA:
            return None
        target = None
        if decoded.insn.name == "jal":
            target = pc + decoded.operands["jump21"]
        elif decoded.insn.name == "jalr":  # the second of the two instructions of a far call
            upper = decode(int.from_bytes(read(pc - 4, 4), "little"))
            if upper is not None and upper.insn.name == "auipc":
                target = pc - 4 + upper.operands["upper20"] + decoded.operands["imm12"]
        symbol = self._image.elf.symbol_at(target) if target is not None else None
        return symbol.name if symbol is not None else None


def _call_before(back: int, read: Read) -> int | None:
    """The call that returns to an address; None where there is none."""
    if back % 2 or not IRAM.holds(back - 4, 4):
        return None
    code = read(back - 4, 4)
    word, half = int.from_bytes(code, "little"), int.from_bytes(code[2:], "little")
    if word & 0x7F in _CALL and word >> 7 & 31 == RA:
        return back - 4
    if half & 0xF07F == 0x9002 and half >> 7 & 31:  # c.jalr
        return back - 2
    return None
