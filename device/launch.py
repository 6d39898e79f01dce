"""A launch, whatever the family of the device: its sizes, what harts are told, how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ..ir.abi import EXEC_STATE, EXEC_STATE_MAGIC, EXEC_STATE_SIZE, pack_record
from .profile import Profile
from .sim.interface import RunResult
from .soc.counters import COUNTERS, Counter, Unit, Verbosity
from .soc.device import RefsiDevice
from .soc.memory import HOST, MemoryKind

KEPT_BLOCKS, KEPT_BYTES = 8, 4096  # of OwnMemory, at most; bytes of one
MAX_GROUPS = (1 << 32) - 1  # per dimension: launch stubs handle 32 bits


@dataclass(frozen=True)
class NDRange:
    """Work-items per dimension; unused dimensions have size 1 and offset 0.

    Where local_size does not divide global_size, the last groups have fewer items.
    """

    global_size: tuple[int, int, int]
    local_size: tuple[int, int, int] = (1, 1, 1)
    offset: tuple[int, int, int] = (0, 0, 0)

    @property
    def groups(self) -> tuple[int, int, int]:
        x, y, z = (-(-g // n) for g, n in zip(self.global_size, self.local_size, strict=True))
        return x, y, z

    @property
    def last_size(self) -> tuple[int, int, int]:
        """Of the last group in each dimension, where it is smaller than the others; else 0."""
        x, y, z = (g % n for g, n in zip(self.global_size, self.local_size, strict=True))
        return x, y, z


@dataclass(frozen=True)
class WorkGroup:
    """A work-group; three numbers of each. local_id: of the one item that its hart runs."""

    group_id: tuple[int, ...]
    local_size: tuple[int, ...]
    global_offset: tuple[int, ...]
    local_id: tuple[int, ...] | None = None

    def global_id(self, local_id: tuple[int, ...]) -> tuple[int, int, int] | None:
        """The work-item with this local id; None if the group has none."""
        rows = zip(self.group_id, self.local_size, self.global_offset, local_id, strict=True)
        if any(i >= n for i, n in zip(local_id, self.local_size, strict=True)):
            return None
        x, y, z = (group * size + offset + i for group, size, offset, i in rows)
        return x, y, z


@dataclass(frozen=True)
class CounterDescription:
    """A counter of a device: `contained_values` of them, one for each `sub_value_name`."""

    counter_id: int
    name: str
    description: str
    sub_value_name: str
    contained_values: int
    unit: Unit
    min_verbosity_per_value: Verbosity
    min_verbosity_total: Verbosity


def _described(counter: Counter, harts: int) -> CounterDescription:
    return CounterDescription(
        counter.id,
        counter.name,
        counter.description,
        "hart" if counter.of_harts else "",
        harts if counter.of_harts else 1,
        counter.unit,
        counter.per_value,
        counter.total,
    )


@dataclass(frozen=True)
class HalDeviceInfo:
    """Sizes in bytes, word_size and vlen in bits."""

    name: str
    global_memory_avail: int
    shared_local_memory_size: int
    vlen: int
    supports_doubles: bool
    supports_fp16: bool
    should_vectorize: bool
    max_workgroup_size: int = 1024
    word_size: int = 64
    preferred_vector_width: int = 1
    should_link: bool = True
    is_little_endian: bool = True
    abi: int = 4  # LP64
    counters: tuple[CounterDescription, ...] = ()

    @property
    def num_counters(self) -> int:
        return len(self.counters)


def device_info(profile: Profile, *, events: bool = False) -> HalDeviceInfo:
    """events: its harts count more than time."""
    return HalDeviceInfo(
        name=profile.name,
        global_memory_avail=profile.memory[MemoryKind.DRAM].size - profile.reserved,
        shared_local_memory_size=profile.local_memory,
        vlen=profile.vlen,
        supports_doubles="D" in profile.extensions,
        supports_fp16="Zfh" in profile.extensions,
        should_vectorize="V" in profile.extensions,
        max_workgroup_size=profile.group_items,
        counters=tuple(_described(c, profile.harts) for c in COUNTERS if events or not c.is_event),
    )


class LaunchError(Exception):
    """A launch, or other work, cannot be begun: `str()` says why."""


@dataclass(frozen=True)
class Outcome:
    """How work on a device ended.

    retired:   instructions of each hart.
    error:     why it was abandoned; None when all is well.
    result:    of the run that failed, if it was one.
    counters:  by (counter, hart): how much it moved; empty unless asked for.
    """

    retired: tuple[int, ...] = ()
    error: str | None = None
    result: RunResult | None = None
    counters: dict[tuple[int, int], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Launch:
    """A launch that can be: the range is checked, the program is in device memory.

    block:    the argument block.
    limit:    instructions that all harts may retire together.
    counting: read the harts' counters before and after.
    by_items: a hart runs one work-item of every group, not groups.
    """

    kernel: int
    ndrange: NDRange
    work_dim: int
    block: bytes
    limit: int | None = None
    counting: bool = False
    by_items: bool = False


class Launcher(Protocol):
    """How a family runs kernels; made with what the device needs for that set up."""

    @property
    def item_harts(self) -> int:
        """Harts there are for the work-items of a group; 0 if work-items do not get harts."""

    @property
    def state_addr(self) -> int:
        """Where each hart finds its execution state."""

    def is_of(self, group_id: tuple[int, ...], instance: int) -> bool:
        """Whether an instance that a hart ran may be of this group."""

    def launch(self, launch: Launch) -> Outcome:
        """Run a kernel to its end. raises: LaunchError."""

    def copy(self, dst: int, src: int, size: int) -> Outcome:
        """Copy within the device's memory. raises: LaunchError."""

    def show_program(self, size: int) -> None:
        """Let harts see so much of the memory for programs. raises: LaunchError."""


class OwnMemory:
    """Device memory that launches take for themselves: none of the user's buffers.

    Small blocks of a guarded device are kept for the next launch, which mostly needs the same:
    to show them to harts anew takes longer than to run a small kernel.
    """

    def __init__(self, device: RefsiDevice) -> None:
        self._device = device
        self.addresses: dict[int, tuple[int, int]] = {}  # -> size and alignment asked for
        self._kept: dict[tuple[int, int], int] = {}  # the other way round

    def allocate(self, size: int, alignment: int) -> int:
        """raises: LaunchError when there is no room."""
        addr = self._kept.pop((size, alignment), 0) or self._device.alloc(size, alignment)
        if not addr and self.give_back():
            addr = self._device.alloc(size, alignment)
        if not addr:
            raise LaunchError(f"{size} bytes of device memory cannot be allocated")
        self.addresses[addr] = size, alignment
        return addr

    def write(self, addr: int, data: bytes | memoryview, unit: int = HOST) -> None:
        """raises: LaunchError where that is not all memory."""
        if not self._device.write(addr, data, unit):
            raise LaunchError(f"{len(data)} bytes at {addr:#x} cannot be written")

    def free(self, addr: int) -> None:
        shape = self.addresses[addr]
        keep = self._device.options.guard and shape[0] <= KEPT_BYTES
        if keep and shape not in self._kept and len(self._kept) < KEPT_BLOCKS:
            self._kept[shape] = addr
            return
        del self.addresses[addr]
        self._device.free(addr)

    def give_back(self) -> bool:
        """Free what is kept, for whom it leaves no room; whether that was anything."""
        kept, self._kept = self._kept, {}
        for addr in kept.values():
            del self.addresses[addr]
            self._device.free(addr)
        return bool(kept)


def check_range(ndrange: NDRange, work_dim: int, *, uniform: bool = True) -> str | None:
    """What is wrong with a launch; None when it can be made.

    uniform: the kernel needs all groups to be of one size.
    """
    if not 1 <= work_dim <= 3:
        return f"{work_dim} dimensions"
    if any(n < 1 for n in ndrange.local_size):
        return f"a local size of {ndrange.local_size}"
    if any(n < 0 for n in (*ndrange.global_size, *ndrange.offset)):
        return "a negative size or offset"
    for size, local in zip(ndrange.global_size, ndrange.local_size, strict=True):
        if uniform and size % local:
            return f"global size {size} is not a multiple of local size {local}"
    for dim in range(work_dim, 3):
        if ndrange.global_size[dim] != 1 or ndrange.offset[dim]:
            return f"a size or offset in dimension {dim}, which is not used"
    if any(n > MAX_GROUPS for n in ndrange.groups):
        return f"more than {MAX_GROUPS} work-groups in a dimension"
    if any(n >> 64 for n in (*ndrange.global_size, *ndrange.local_size, *ndrange.offset)):
        return "a size or offset of more than 64 bits"
    return None


def exec_state(launch: Launch, state_addr: int, **more: int) -> bytes:
    """The execution state that harts find at `state_addr`; `more` are further fields."""
    ndrange = launch.ndrange
    return pack_record(
        EXEC_STATE,
        EXEC_STATE_SIZE,
        num_groups=ndrange.groups,
        global_offset=ndrange.offset,
        local_size=ndrange.local_size,
        last_size=ndrange.last_size,
        num_dim=launch.work_dim,
        hal_extra=state_addr,
        kernel_entry=launch.kernel,
        magic=EXEC_STATE_MAGIC,
        state_size=EXEC_STATE_SIZE,
        **more,
    )
