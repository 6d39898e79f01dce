"""A DPU's three memories: where they are, and in what units a host reads and writes them."""

from __future__ import annotations

from ...frontend.record import record


@record
class Memory:
    """One address space of a DPU, by the addresses that its programs' ELF files have.

    base, size: bytes; align: of addresses and sizes that a host transfers.
    """

    name: str
    base: int
    size: int
    align: int

    @property
    def end(self) -> int:
        return self.base + self.size

    def holds(self, addr: int, size: int) -> bool:
        return self.base <= addr and addr + size <= self.end


# fmt: off
WRAM = Memory("WRAM", 0x0000_0000, 64 << 10, 4)  # what tasklets load and store
MRAM = Memory("MRAM", 0x0800_0000, 64 << 20, 8)  # only transfers reach it
IRAM = Memory("IRAM", 0x8000_0000, 32 << 10, 8)  # only instruction fetch reaches it
# fmt: on
MEMORIES = (WRAM, MRAM, IRAM)
MAX_TASKLETS = 24
LOCK_BITS = 256
DMA_UNIT, DMA_MOST = 8, 2048  # bytes of a transfer: a multiple, up to so many


def memory_at(addr: int) -> Memory | None:
    """The memory that the byte at an address lies in."""
    return next((memory for memory in MEMORIES if memory.holds(addr, 1)), None)
