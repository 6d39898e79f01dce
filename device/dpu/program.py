"""A program for DPUs, and what its symbols say of places in a DPU's memories."""

from __future__ import annotations

from ...frontend.record import record
from ...linker.elf import ElfFile
from .errors import UnknownSymbol
from .memory_map import MRAM, Memory, memory_at

DPU_MRAM_HEAP_POINTER_NAME = "__sys_used_mram_end"


@record
class Symbol:
    """A place in a DPU's memories: the address its ELF has it at, and its size in bytes."""

    address: int
    size: int

    @property
    def memory(self) -> Memory | None:
        return memory_at(self.address)


@record(eq=False)
class Program:
    """A checked ELF file, as DPUs have loaded it."""

    elf: ElfFile

    def symbol(self, name: str) -> Symbol:
        """Where a variable or function is.

        The one behind all variables in MRAM, DPU_MRAM_HEAP_POINTER_NAME, is as large as the MRAM
        left over. raises: UnknownSymbol.
        """
        found = self.elf.symbol(name)
        if found is None:
            raise UnknownSymbol(f"the program has no symbol '{name}'")
        if name == DPU_MRAM_HEAP_POINTER_NAME:
            return Symbol(found.value, max(MRAM.end - found.value, 0))
        return Symbol(found.value, found.size)
