"""Programs for a Formosa device: the checked ELF, put anywhere, or where it was linked to.

Nothing of the file is trusted: segments are inside of the image, relocations inside of segments
and of the one kind there should be.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...ir.abi import KernelInfo, entry_name
from ...linker.elf import (
    ET_DYN,
    PF_X,
    RELA,
    SHT_REL,
    SHT_RELA,
    STB_GLOBAL,
    ElfError,
    ElfFile,
    read_elf,
)
from ...linker.notes import read_kernels
from ..loader import check_vectors

R_RISCV_NONE, R_RISCV_RELATIVE = 0, 3
START = "_start"
MAX_IMAGE = 1 << 28  # bytes in device memory
MAX_ALIGN = 1 << 16  # bytes


@dataclass(frozen=True)
class Kernel:
    """A kernel of an image: its number, and its trampoline, an address in the file's terms."""

    number: int
    info: KernelInfo
    trampoline: int


class Image:
    """raises: ElfError for what is no program for this device, with vectors of `vlen` bits."""

    def __init__(self, data: bytes, vlen: int) -> None:
        self.elf: ElfFile = read_elf(data)
        check_vectors(self.elf, vlen)
        self._loads = self.elf.loads()
        if not self._loads:
            raise ElfError("the program has nothing to load")
        self.movable = self.elf.header.type == ET_DYN
        first = min(s.vaddr for s in self._loads)
        self.start = 0 if self.movable else first  # what its addresses count from
        self.size = max(s.vaddr + s.memsz for s in self._loads) - self.start
        if self.size > MAX_IMAGE:
            raise ElfError(f"the program takes {self.size} bytes, {MAX_IMAGE} at most")
        self.align = max(s.align or 1 for s in self._loads)
        if self.align > MAX_ALIGN:
            raise ElfError(f"a segment is aligned to {self.align} bytes, {MAX_ALIGN} at most")
        described = self._described()
        self.entry = self._code(START)
        self._addends = dict(self._relocations())
        self.kernels = {
            info.name: Kernel(number, info, self._code(entry_name(info)))
            for number, info in enumerate(described)
        }

    def contents(self, base: int) -> bytearray:
        """The image as it is to be in device memory, from `base` on; zeros where the file ends."""
        memory = bytearray(self.size)
        for s in self._loads:
            at = s.vaddr - self.start
            memory[at : at + s.filesz] = self.elf.segment_data(s)
        for at, addend in self._addends.items():
            memory[at : at + 8] = (base + addend).to_bytes(8, "little")
        return memory

    def _described(self) -> tuple[KernelInfo, ...]:
        kernels = read_kernels(self.elf)
        for info in kernels:
            if info.device != "formosa":
                raise ElfError(
                    f"kernel '{info.name}' is compiled for another device, {info.device}"
                )
            ends = [info.block_size, *(a.offset + a.size for a in info.args)]
            if max(ends) != info.block_size or any(a.size < 1 for a in info.args):
                raise ElfError(f"kernel '{info.name}' has arguments outside of their block")
        return kernels

    def _code(self, name: str) -> int:
        """The address of a global symbol, which is in code."""
        symbol = self.elf.symbol(name)
        if symbol is None or symbol.binding != STB_GLOBAL:
            raise ElfError(f"the program has no '{name}'")
        if not any(
            s.flags & PF_X and s.vaddr <= symbol.value < s.vaddr + s.filesz for s in self._loads
        ):
            raise ElfError(f"'{name}' is not in the program's code")
        return symbol.value

    def _relocations(self) -> list[tuple[int, int]]:
        """(offset in the image, what it holds for a base of 0) of each word to relocate."""
        found = []
        for section in self.elf.sections:
            h = section.header
            if h.type == SHT_REL:
                raise ElfError(f"'{section.name}' has relocations without addends")
            if h.type != SHT_RELA:
                continue
            if h.size % RELA.size:
                raise ElfError(f"'{section.name}' is a table of odd size")
            for r in RELA.read_all(self.elf.contents(section)):
                if r.info == R_RISCV_NONE:
                    continue
                if r.info != R_RISCV_RELATIVE or not self.movable:
                    raise ElfError(
                        f"'{section.name}' has a relocation of type {r.info & 0xFFFF_FFFF}, "
                        f"which the loader does not do"
                    )
                if not any(s.vaddr <= r.offset <= s.vaddr + s.memsz - 8 for s in self._loads):
                    raise ElfError(f"'{section.name}' has a relocation outside of the program")
                if not 0 <= r.addend <= self.size:
                    raise ElfError(f"'{section.name}' points outside of the program")
                found.append((r.offset, r.addend))
        return found
