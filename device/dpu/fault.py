"""Why a run of a DPU did not end well: what, where, which tasklet."""

from __future__ import annotations

from functools import partial
from typing import Literal

from ...frontend.record import record
from ...linker.source_lines import SourcePlace
from ..sim.interface import Cause, Fault
from .image import Image
from .memory_map import memory_at

Kind = Literal["program", "memory", "dma", "illegal", "deadlock", "limit", "stopped", "check"]
LIBRARY = "/rt/dpu/"  # in the paths of its files
_ACCESSES = {
    Cause.FETCH_FAULT.value: "no code",
    Cause.LOAD_MISALIGNED.value: "misaligned load",
    Cause.LOAD_FAULT.value: "load outside of WRAM",
    Cause.STORE_MISALIGNED.value: "misaligned store",
    Cause.STORE_FAULT.value: "store outside of WRAM",
}


@record
class DpuFault:
    """How a run ended that did not finish.

    kind:    "program": by the program's own request, for the reason `code`; "memory", "dma":
             what hardware refuses; "deadlock": all tasklets that are left sleep; "limit": of
             instructions; "stopped": from outside; "check": a rule that hardware does not check.
    pc, tasklet: of the instruction; of the first that sleeps, in a deadlock.
    address: that the instruction asked for; None where that is not what is wrong.
    symbol:  pc as "function+0x12". source: its place, then those it is inlined into; where it is
             the library's, or no code, of the call that led there.
    """

    kind: Kind
    message: str
    pc: int = 0
    tasklet: int = 0
    code: int | None = None
    address: int | None = None
    symbol: str | None = None
    source: tuple[SourcePlace, ...] = ()

    def __str__(self) -> str:
        return self.message


def located(
    image: Image,
    kind: Kind,
    what: str,
    pc: int,
    tasklet: int,
    *,
    caller: int | None = None,
    **more: int,
) -> DpuFault:
    """A fault of one instruction. caller: the user's call that led there; more: code, address."""
    symbol, user = image.elf.symbolize(pc), pc if caller is None else caller
    where = place(image, user)
    if user != pc:
        where = (f"in {symbol}" if symbol else f"at pc {pc:#x}") + f", called {where}"
    message = f"{what} {where}, tasklet {tasklet}"
    return DpuFault(kind, message, pc, tasklet, symbol=symbol, source=image.places(user), **more)


def place(image: Image, pc: int) -> str:
    """An instruction's address in words: "in main+0x12 (pc 0x80000012), a.c:3"."""
    symbol = image.elf.symbolize(pc)
    known = f"in {symbol} (pc {pc:#x})" if symbol else f"at pc {pc:#x}"
    return ", ".join([known, *(str(p) for p in users_places(image, pc)[:1])])


def is_library(at: SourcePlace) -> bool:
    return LIBRARY in at.file


def users_places(image: Image, pc: int) -> tuple[SourcePlace, ...]:
    """Where an instruction is in the source, without what headers of the library have there."""
    places = image.places(pc)
    first = next((i for i, p in enumerate(places) if not is_library(p)), 0)
    return places[first:]


def of_hardware(image: Image, fault: Fault, caller: int) -> DpuFault:
    """What a trap is called on a DPU. caller: as for located()."""
    pc, tasklet, address = fault.pc, fault.hart, fault.tval
    told = partial(located, image, pc=pc, tasklet=tasklet, caller=caller)
    if fault.cause in _ACCESSES:
        what = f"memory fault: {_ACCESSES[fault.cause]} at {address:#x}{_within(address)}"
        return told(kind="memory", what=what, address=address)
    if fault.cause == Cause.DMA_FAULT.value:
        what = f"DMA fault: the range from {address:#x}{_within(address)} leaves its memory"
        return told(kind="dma", what=what, address=address)
    if fault.cause == Cause.ECALL_M.value:
        return told(kind="illegal", what="a call that a DPU does not know")
    if fault.cause == Cause.BREAKPOINT.value:
        return told(kind="illegal", what="a breakpoint")
    return told(kind="illegal", what=f"illegal instruction {fault.word:#x}")


def _within(address: int) -> str:
    memory = memory_at(address)
    return f" ({memory.name})" if memory is not None else ""
