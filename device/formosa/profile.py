"""A Formosa device in numbers: addresses, sizes, counts. Everything else reads them from here.

Harts see the memory of the device, and at low addresses the local memory of their own core. Of
that window the first page is left out: null pointers fault.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...ir.abi import FORMOSA_INFO_SIZE, MAX_GROUP_ITEMS, KernelInfo
from ..sim.isa_string import VLEN_MIN, extensions_of
from ..sim.state import VLEN_MAX

ARCH = "rv64gcv_zba_zbb_zbc"
CACHE_LINE = 64  # bytes, to which sizes of allocations are rounded

# A core's own memory, at the same addresses for each core.
LOCAL_BASE, LOCAL_SIZE = 0x1000, 0xC000
LOCAL_ALIGN = 256  # bytes, of a group's part of it

# The command processor's memory, of which harts see the dispatcher's code.
TCM_BASE, TCM_SIZE = 0x1_0000, 0x4_0000
ONCHIP_BASE, ONCHIP_SIZE = 0x10_0000, 0x8_0000
DDR_BASE, DDR_SIZE = 0x8000_0000, 0x8000_0000
# The parts of DDR: information of work-groups, a heap for words that harts share with the host,
# stacks, and all the rest for programs, arguments and buffers.
RECORDS_BASE, RECORDS_SIZE = DDR_BASE, 0x10_0000
SHARED_BASE, SHARED_SIZE = 0x8010_0000, 0xEC_0000
STACKS_BASE, STACKS_SIZE = 0x8100_0000, 0x100_0000
HEAP_BASE, HEAP_SIZE = 0x8200_0000, 0x7E00_0000

MAX_CORES = 16
RECORDS = RECORDS_SIZE // FORMOSA_INFO_SIZE


@dataclass(frozen=True)
class Profile:
    """How much of everything there is.

    cores:   each with local memory of its own.
    harts:   of a core: so many work-groups run on it at a time, each on a hart, if their local
             memory has room.
    warps, threads: of a core, and of a warp: what a work-group may have work-items.
    vlen:    bits of a vector register.
    """

    cores: int = 4
    harts: int = 1
    warps: int = 32
    threads: int = 32
    vlen: int = 512

    name = "Formosa"
    arch = ARCH
    buffer_bytes = HEAP_SIZE

    def __post_init__(self) -> None:
        """raises: ValueError for what no device has."""
        if not 1 <= self.cores <= MAX_CORES:
            raise ValueError(f"{self.cores} cores; there are 1 to {MAX_CORES}")
        if min(self.harts, self.warps, self.threads) < 1:
            raise ValueError("a core has at least one hart, and one warp of one thread")
        if not VLEN_MIN <= self.vlen <= VLEN_MAX or self.vlen & self.vlen - 1:
            raise ValueError(
                f"vector registers have a power of two bits from {VLEN_MIN} to {VLEN_MAX}, "
                f"not {self.vlen}"
            )
        if self.all_harts > RECORDS:
            raise ValueError(f"{self.all_harts} harts; there is room for {RECORDS}")
        if self.group_items > MAX_GROUP_ITEMS:
            raise ValueError(f"work-groups of {self.group_items}; at most {MAX_GROUP_ITEMS}")

    def group_room(self, _info: KernelInfo) -> int:
        """Work-items of a work-group."""
        return self.group_items

    def local_room(self, _info: KernelInfo) -> int:
        """Bytes of local memory of a work-group."""
        return LOCAL_SIZE

    @property
    def executes(self) -> str:
        """What harts execute, all told."""
        return f"{self.arch}_zvl{self.vlen}b"

    @property
    def extensions(self) -> frozenset[str]:
        return extensions_of(self.arch)

    @property
    def all_harts(self) -> int:
        return self.cores * self.harts

    @property
    def most_harts(self) -> int:
        """There are, for groups or for the threads of one group."""
        return max(self.all_harts, self.group_items)

    @property
    def group_items(self) -> int:
        """Of the largest work-group."""
        return self.warps * self.threads

    def groups_per_core(self, items: int) -> int:
        """How many groups of so many work-items a core's warps have room for; 0: not one."""
        if not 1 <= items <= self.group_items:
            return 0
        return self.warps // -(-items // self.threads)

    def local_share(self, items: int) -> int:
        """Bytes of local memory a group may take for as many as possible to run at once."""
        groups = self.groups_per_core(items)
        return LOCAL_SIZE // groups if groups else 0
