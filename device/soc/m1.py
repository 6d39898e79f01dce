"""The RefSi M1 in numbers: addresses, sizes, counts. Everything else reads them from here."""

from __future__ import annotations

from .memory import MemoryKind

# What the driver reports, in its order: (kind, first address, bytes).
MEMORY_MAP = (
    (MemoryKind.TCDM, 0x1000_0000, 0x40_0000),
    (MemoryKind.DRAM, 0x4000_0000, 0x8000_0000),
    (MemoryKind.KERNEL_DMA_PRIVATE, 0x2000_2000, 0x100),
    (MemoryKind.PERF_COUNTERS, 0x2010_0000, 0x200),
)
RANGES = {kind: (base, size) for kind, base, size in MEMORY_MAP}

CORES = 1
HARTS = 4
ISA = "RV64GCVZbc"  # as reported; what the simulator executes of it is SIMULATED_ISA
SIMULATED_ISA = "rv64gcv_zba_zbb_zbc_zvl512b"
VLEN, ELEN = 512, 64  # bits

# The upper half of the TCDM belongs to the harts: execution state and stacks.
HART_AREA_BASE = 0x1020_0000
HART_AREA_SIZE = 0x20_0000

# How the HAL programs windows 0 (shared, onto DRAM) and 1 (per hart, onto the hart area).
ELF_BASE, ELF_SIZE = 0x1_0000, 0x7FF_0000
HART_BASE = 0x1400_0000
HART_SIZE = HART_AREA_SIZE // HARTS
