"""What checks find: told once for each place, in words; in strict runs the first ends the run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

from ...frontend.record import record
from ..sim.interface import HartView
from .fault import DpuFault, is_library, place, users_places
from .memory_map import IRAM, WRAM

if TYPE_CHECKING:
    from .image import Image

RA, SP = 1, 2
DEEPEST = 256  # words of the stack that are looked at for a caller
# Names of the library's functions, for programs without source lines.
_LIBRARY = re.compile(
    r"__|mem(_alloc|_reset|cpy|move|set|cmp)$|(fsb|buddy|mram|seqread|sem|handshake|barrier"
    r"|mutex|mutex_pool|vmutex|perfcounter)_|str|v?s?n?printf$|puts$|putchar$"
)
_CALL = 0x6F, 0x67  # opcodes of jal and jalr; their compressed forms are told by halves


@record
class Site:
    """Where a tasklet does something: the instruction, and the user's code that led there."""

    tasklet: int
    pc: int
    caller: int  # pc itself, if it is the user's

    def text(self, image: Image) -> str:
        return f"tasklet {self.tasklet} {place(image, self.caller)}"


class Findings:
    """Of one launch."""

    def __init__(self, image: Image, strict: bool) -> None:
        self.fault: DpuFault | None = None  # what a strict run ends with
        self._image = image
        self._has_lines = image.has_lines
        self._strict = strict
        self._counts: dict[tuple[str, int], int] = {}
        self._lines: dict[tuple[str, int], str] = {}

    def add(self, rule: str, message: str, site: Site, address: int | None = None) -> None:
        """rule: with the site's caller, what is told once."""
        if self.fault is not None:
            return
        text = f"{message}; {site.text(self._image)}"
        if self._strict:
            pc, source = site.caller, users_places(self._image, site.caller)
            symbol = self._image.symbolize(pc)
            self.fault = DpuFault(
                "check", text, pc, site.tasklet, address=address, symbol=symbol, source=source
            )
            return
        key = rule, site.caller
        self._counts[key] = self._counts.get(key, 0) + 1
        self._lines.setdefault(key, text)

    def lines(self) -> tuple[str, ...]:
        """A line for each rule and place, with how often it was broken there."""
        return tuple(
            line + (f" ({count} times)" if count > 1 else "")
            for (key, line), count in zip(self._lines.items(), self._counts.values(), strict=True)
        )

    def site(self, view: HartView) -> Site:
        """Where a tasklet is, and whose code that is for.

        In functions of the library that is the nearest caller that has source lines, or whose
        name is the user's: as return addresses on the stack tell, which may be old ones.
        """
        pc = view.pc
        if self._is_users(pc):
            return Site(view.hart, pc, pc)
        for back in chain((view.x(RA),), _stack(view, self._image)):
            call = self._call_before(view, back)
            if call is not None and self._is_users(call):
                return Site(view.hart, pc, call)
        return Site(view.hart, pc, pc)

    def _is_users(self, pc: int) -> bool:
        if self._has_lines:
            return any(not is_library(p) for p in self._image.places(pc))
        symbol = self._image.elf.symbol_at(pc)
        return symbol is None or not _LIBRARY.match(symbol.name)

    def _call_before(self, view: HartView, back: int) -> int | None:
        """The call that returns to an address; None where there is none."""
        if back % 2 or not IRAM.holds(back - 4, 4):
            return None
        code = view.read_memory(back - 4, 4)
        word, half = int.from_bytes(code, "little"), int.from_bytes(code[2:], "little")
        if word & 0x7F in _CALL and word >> 7 & 31 == RA:
            return back - 4
        if half & 0xF07F == 0x9002 and half >> 7 & 31:  # c.jalr
            return back - 2
        return None


def _stack(view: HartView, image: Image) -> Iterable[int]:
    """The words of the tasklet's stack, from the newest on."""
    sp = view.x(SP)
    top = image.stacks[view.hart].stop if image.stacks else WRAM.end
    if sp % 8 or not WRAM.base < sp < top:
        return ()
    size = min(top - sp, 8 * DEEPEST) & ~7
    return memoryview(view.read_memory(sp, size)).cast("Q")
