"""Programs for a device: the checked ELF, its symbols, and how it gets into device memory."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..ir.abi import KernelInfo
from ..linker.elf import PF_W, SHT_RISCV_ATTRIBUTES, STB_GLOBAL, ElfError, ElfFile, read_elf
from ..linker.notes import read_kernels
from .profile import Range

ZEROS = memoryview(bytes(1 << 20))  # written at once when clearing


class LoadedProgram:
    """An ELF that fits the device's window for programs.

    local:  local memory that harts share, if any; what a program has there is not written.
    by_items: whether kernels may need a hart for each work-item.
    vlen:   bits of the harts' vector registers.
    raises: ElfError for what is not a RISC-V program with symbols, or leaves these places; for
            kernels that need a hart for each work-item and do not get it; for code that counts
            on longer vectors, and would compute something else with these.
    """

    def __init__(
        self,
        data: bytes,
        window: Range,
        local: Range | None = None,
        vlen: int = 0,
        *,
        by_items: bool = False,
    ) -> None:
        self.elf: ElfFile = read_elf(data)
        if not self.elf.symbols:
            raise ElfError("the program has no symbols")
        check_vectors(self.elf, vlen)
        kernels = read_kernels(self.elf)
        for kernel in kernels:
            if kernel.device != "refsi":
                raise ElfError(
                    f"kernel '{kernel.name}' is compiled for another device, {kernel.device}"
                )
        self._kernels = {self.find(kernel.name): kernel for kernel in kernels}
        for kernel in self._kernels.values():
            if kernel.by_items and not by_items:
                raise ElfError(
                    f"kernel '{kernel.name}' is compiled for a hart of each work-item's own "
                    "(-fwork-item-mode=wi), and harts of this device run work-groups"
                )
        self._segments = []
        self.end = window.base
        self.local_end = local.base if local is not None else 0
        for segment in self.elf.loads():
            place = Range(segment.vaddr, segment.memsz)
            if window.holds(place):
                self._segments.append(segment)
                self.end = max(self.end, place.end)
            elif local is not None and local.holds(place) and not segment.filesz:
                self.local_end = max(self.local_end, place.end)
            else:
                also = f", and its local memory, {local.base:#x} to {local.end:#x}" if local else ""
                raise ElfError(
                    f"a segment of {place.size} bytes at {place.base:#x} is outside of "
                    f"the device's program memory, {window.base:#x} to {window.end:#x}{also}"
                )
        self._saved: dict[int, bytearray] = {}  # contents of writable segments, by address

    def find(self, name: str) -> int:
        """The address of a global symbol; 0 if there is none."""
        symbol = self.elf.symbol(name)
        return symbol.value if symbol is not None and symbol.binding == STB_GLOBAL else 0

    def kernel_at(self, address: int) -> KernelInfo | None:
        """What the program says of a kernel; None if it is silent."""
        return self._kernels.get(address)

    def save(self, read: Callable[[memoryview, int], bool]) -> bool:
        """Keep what kernels may have changed, before another program is uploaded."""
        for segment in self._segments:
            if segment.flags & PF_W:
                contents = bytearray(segment.memsz)
                if not read(memoryview(contents), segment.vaddr):
                    return False
                self._saved[segment.vaddr] = contents
        return True

    def upload(self, write: Callable[[int, memoryview], bool], *, resident: bool = False) -> bool:
        """Write every segment, zeros behind what the file holds; False if a write fails.

        resident: no other program was uploaded since. Variables live as long as the program:
                  then they are left alone, else they get the contents that save() found.
        """
        for segment in self._segments:
            if segment.flags & PF_W and resident:
                continue
            if (saved := self._saved.pop(segment.vaddr, None)) is not None:
                if not write(segment.vaddr, memoryview(saved)):
                    return False
                continue
            if not write(segment.vaddr, self.elf.segment_data(segment)):
                return False
            at, end = segment.vaddr + segment.filesz, segment.vaddr + segment.memsz
            while at < end:
                count = min(len(ZEROS), end - at)
                if not write(at, ZEROS[:count]):
                    return False
                at += count
        return True


def check_vectors(elf: ElfFile, vlen: int) -> None:
    """raises: ElfError for code that counts on vectors of more bits; vlen 0 is not known."""
    least = _vector_bits(elf)
    if least > vlen > 0:
        raise ElfError(
            f"the program is compiled for vectors of {least} bits and more (zvl{least}b), and "
            f"this device's have {vlen}"
        )


def _vector_bits(elf: ElfFile) -> int:
    """How long a program says that vector registers must be; 0 if it does not say."""
    told = [
        int(bits)
        for section in elf.sections
        if section.header.type == SHT_RISCV_ATTRIBUTES
        for bits in re.findall(rb"_zvl(\d{1,5})b", elf.contents(section))
    ]
    return max(told, default=0)
