"""`kcc info` of a program for a DPU: its tasklets, what fills each memory, what a host may name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kcc.device.dpu.image import STACKS, TASKLETS, Image
from kcc.device.dpu.memory_map import IRAM, MRAM, WRAM, memory_at

if TYPE_CHECKING:
    from kcc.linker.elf import ElfFile, ElfSection

HOST_SECTIONS = (".dpu_host", ".mram", ".mram.noinit")
HEAPS = (("heap", "__sys_heap_pointer_reset", WRAM), ("left", "__sys_used_mram_end", MRAM))


def is_dpu_program(elf: ElfFile) -> bool:
    """Whether the default script for DPUs has laid it out, or one that says the same."""
    return elf.symbol(TASKLETS) is not None and elf.symbol(STACKS) is not None


def describe_dpu(elf: ElfFile) -> Iterator[str]:
    """Lines. raises: ElfError for what does not fit a DPU."""
    image = Image(elf.data, None)
    yield f"program for a DPU: {image.tasklets} tasklet{'s' if image.tasklets > 1 else ''}"
    yield f"  stacks: {_stacks(image)}"
    for memory in (IRAM, WRAM, MRAM):
        inside = [s for s in elf.sections if s.alloc and s.size and memory.holds(s.addr, s.size)]
        used = sum(s.size for s in inside)
        parts = ", ".join(f"{s.name} {s.size}" for s in inside)
        room = "".join(_room(elf, what, name) for what, name, home in HEAPS if home is memory)
        shown = f" ({parts})" if parts else ""
        yield f"  {memory.name}: {used} of {memory.size} bytes{shown}{room}"
    named = list(_for_hosts(elf))
    if named:
        yield ""
        yield "variables for the host"
        yield from named


def _stacks(image: Image) -> str:
    sizes = [len(stack) for stack in image.stacks]
    if not sizes:
        return "not described"
    if len(set(sizes)) == 1:
        return f"{sizes[0]} bytes" + (" each" if len(sizes) > 1 else "")
    return ", ".join(map(str, sizes)) + " bytes"


def _room(elf: ElfFile, what: str, name: str) -> str:
    start = elf.symbol(name)
    memory = memory_at(start.value) if start is not None else None
    if start is None or memory is None:
        return ""
    return f"; {what} {memory.end - start.value} from 0x{start.value:08x}"


def _for_hosts(elf: ElfFile) -> Iterator[str]:
    homes: dict[int, ElfSection] = {s.index: s for s in elf.sections if s.name in HOST_SECTIONS}
    symbols = [s for s in elf.symbols if s.shndx in homes and s.size]
    for symbol in sorted(symbols, key=lambda s: (s.value, s.name)):
        memory = memory_at(symbol.value)
        where = memory.name if memory is not None else "?"
        yield f"  {symbol.name:<28} {where} 0x{symbol.value:08x}  {symbol.size:>9} bytes"
