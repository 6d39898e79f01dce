"""What checks find: told once for each place, in words; in strict runs the first ends the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...frontend.record import record
from ...linker.call_frames import RA, SP
from ..sim.interface import HartView
from .callers import Callers
from .fault import DpuFault, place, users_places

if TYPE_CHECKING:
    from .image import Image


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
        self._callers = Callers(image)
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
            symbol = self._image.elf.symbolize(pc)
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
        """Where a tasklet is, and whose code that is for."""
        pc = view.pc
        registers = view.x(RA), view.x(SP)
        caller = self._callers.users_call(pc, *registers, view.read_memory)
        return Site(view.hart, pc, caller)
