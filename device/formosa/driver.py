"""The driver's operations: what an OpenCL runtime asks of a device, name for name.

An operation that is refused or fails raises the exception of its error code (errors.py); the
device stays usable. All of them may be called from any thread.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...ir.abi import MAX_GROUP_ITEMS
from ..soc.device import DEFAULT_OPTIONS, DeviceOptions
from . import profile as p
from .allocator import Log
from .arguments import Argument
from .device import DEFAULT_PROFILE, FormosaDevice
from .errors import DeviceNotAvailable, InvalidContext
from .memory import HostBytes, MappedRegion, MemObject, Memory, Rect
from .profile import Profile
from .programs import Compiler, KernelHandle, Program, Programs
from .queue import Command, Event, Queue, Scheduler
from .run import PRINTF_CAPACITY, Geometry, Runner, Settings

TIGHT = Rect()


@dataclass(frozen=True)
class DeviceInfo:
    """What init finds out: the attributes of cl_device_id; sizes in bytes."""

    type: str = "GPU"
    vendor: str = "kcc"
    short_name: str = "formosa"
    long_name: str = "Formosa RISC-V accelerator, simulated"
    address_bits: int = 64
    has_64bit_long: bool = True
    spmd: bool = False
    autolocals_to_args: bool = False
    device_side_printf: bool = True
    image_support: bool = False
    mem_base_addr_align: int = 128
    max_compute_units: int = 1
    max_work_group_size: int = MAX_GROUP_ITEMS
    max_work_item_sizes: tuple[int, int, int] = (MAX_GROUP_ITEMS,) * 3
    local_mem_size: int = p.LOCAL_SIZE
    global_mem_size: int = p.HEAP_SIZE
    max_mem_alloc_size: int = p.HEAP_SIZE
    global_mem_cacheline_size: int = p.CACHE_LINE
    printf_buffer_size: int = PRINTF_CAPACITY


def _warn(line: str) -> None:
    print(f"kcc: warning: {line}", file=sys.stderr)


class Driver:
    """One device. init() before anything else; uninit(), or the last context freed, ends it."""

    device_name = "formosa"

    def __init__(
        self,
        options: DeviceOptions = DEFAULT_OPTIONS,
        profile: Profile = DEFAULT_PROFILE,
        *,
        compiler: Compiler | None = None,
        allocator_log: Log | None = None,
        printf_capacity: int = PRINTF_CAPACITY,
        warn: Callable[[str], None] = _warn,
    ) -> None:
        """compiler: for programs from source. allocator_log: a line of JSON for each operation.

        printf_capacity: bytes that kernels of one launch may print. warn: gets what users are
        to know.
        """
        self.profile = profile
        self._options = options
        self._compiler = compiler
        self._allocator_log = allocator_log
        self._lock = threading.RLock()
        self._contexts = 0
        self._open: _Open | None = None
        self.settings = Settings(options.output, warn, printf_capacity)

    # -- the device

    def probe(self) -> int:
        """How many devices there are: one, made when it is asked for."""
        return 1

    def build_hash(self) -> str:
        """What a cache of built programs must know of the target."""
        return f"kcc-formosa-{self.profile.executes}"

    def init_build(self) -> tuple[str, ...]:
        """Options that a compiler of programs is given besides the user's."""
        return ("-mdevice=formosa",)

    def init(self) -> DeviceInfo:
        """Make the device. May be called again: the device is the same then."""
        with self._lock:
            if self._open is None:
                self._open = _Open(self._options, self.profile, self._compiler, self._allocator_log)
            sizes = (self.profile.group_items,) * 3
            return DeviceInfo(
                max_compute_units=self.profile.cores,
                max_work_group_size=self.profile.group_items,
                max_work_item_sizes=sizes,
                printf_buffer_size=self.settings.printf_capacity,
            )

    def uninit(self) -> None:
        """End it: what runs is stopped, and its memory given back. May be called again."""
        with self._lock:
            opened, self._open = self._open, None
        if opened is not None:
            opened.device.close()

    def init_context(self) -> None:
        with self._lock:
            self._opened()
            self._contexts += 1

    def free_context(self) -> None:
        """The last one ends the device. raises: InvalidContext when there is none."""
        with self._lock:
            if not self._contexts:
                raise InvalidContext("there is no context")
            self._contexts -= 1
            if self._contexts:
                return
        self.uninit()

    @property
    def device(self) -> FormosaDevice:
        return self._opened().device

    @property
    def runner(self) -> Runner:
        """What launches, with what the last launch did."""
        return self._opened().runner

    def symbolize(self, addr: int) -> str | None:
        """A device address as "function+0x12"; None outside of all programs."""
        return self._opened().programs.symbolize(addr)

    def own_memory(self) -> set[int]:
        """Addresses of allocations that are not the user's buffers."""
        opened = self._opened()
        return opened.programs.addresses() | opened.runner.own

    # -- memory

    def alloc_mem_obj(self, flags: int, size: int, host: HostBytes | None = None) -> MemObject:
        """A buffer of `size` bytes; `host`, if given, is copied in."""
        return self._opened().memory.allocate(flags, size, host)

    def free(self, mem: MemObject) -> None:
        self._opened().memory.free(mem)

    def alloc_subbuffer(
        self, parent: MemObject, origin: int, size: int, flags: int = 0
    ) -> MemObject:
        return self._opened().memory.sub_buffer(parent, flags, origin, size)

    def free_subbuffer(self, mem: MemObject) -> None:
        self._opened().memory.free_sub_buffer(mem)

    def read(
        self, host: bytearray | memoryview | None, mem: MemObject, offset: int, size: int
    ) -> None:
        self._opened().memory.read(host, mem, offset, size)

    def write(self, host: HostBytes | None, mem: MemObject, offset: int, size: int) -> None:
        self._opened().memory.write(host, mem, offset, size)

    def copy(
        self, to: MemObject, source: MemObject, to_offset: int, source_offset: int, size: int
    ) -> None:
        self._opened().memory.copy(to, source, to_offset, source_offset, size)

    def memfill(self, mem: MemObject, size: int, offset: int, pattern: HostBytes) -> None:
        self._opened().memory.fill(mem, offset, size, pattern)

    def read_rect(
        self,
        host: bytearray | memoryview | None,
        mem: MemObject,
        region: Sequence[int],
        at: Rect = TIGHT,
        at_host: Rect = TIGHT,
    ) -> None:
        """region: bytes of a row, rows, slices. at, at_host: where they lie, there and here."""
        self._opened().memory.read_rect(host, mem, region, at, at_host)

    def write_rect(
        self,
        host: HostBytes | None,
        mem: MemObject,
        region: Sequence[int],
        at: Rect = TIGHT,
        at_host: Rect = TIGHT,
    ) -> None:
        self._opened().memory.write_rect(host, mem, region, at, at_host)

    def copy_rect(
        self,
        to: MemObject,
        source: MemObject,
        region: Sequence[int],
        at: Rect = TIGHT,
        at_source: Rect = TIGHT,
    ) -> None:
        self._opened().memory.copy_rect(to, source, region, at, at_source)

    def map_mem(self, mem: MemObject, offset: int, size: int, flags: int) -> MappedRegion:
        return self._opened().memory.map(mem, offset, size, flags)

    def unmap_mem(self, region: MappedRegion) -> None:
        self._opened().memory.unmap(region)

    # -- programs

    def post_build_program(self, program: Program, options: Sequence[str] = ()) -> None:
        """Compile a program from source, and check what it has come to, or was given as."""
        self._opened().programs.build(program, (*self.init_build(), *options))

    def load_program(self, program: Program) -> None:
        """Put a program into device memory now, rather than when a kernel of it is run first."""
        self._opened().programs.load(program)

    def free_program(self, program: Program) -> None:
        self._opened().programs.free(program)

    def create_kernel(self, program: Program, name: str) -> KernelHandle:
        return self._opened().programs.create_kernel(program, name)

    def free_kernel(self, kernel: KernelHandle) -> None:
        self._opened().programs.free_kernel(kernel)

    # -- launches

    def run(
        self,
        kernel: KernelHandle,
        args: Sequence[Argument],
        geometry: Geometry,
        *,
        max_instructions: int | None = None,
        counting: bool = False,
    ) -> None:
        """Run a kernel and wait for its end. raises: as Runner.run()."""
        settings = replace(self.settings, max_instructions=max_instructions, counting=counting)
        self._opened().runner.run(kernel, args, geometry, settings)

    # -- commands

    def submit(
        self, queue: Queue, work: Callable[[], object], wait_list: Sequence[Event] = ()
    ) -> Command:
        """A command that does `work`, an operation of this driver, once all events are complete."""
        command = Command(queue, work, wait_list)
        self._opened().scheduler.submit(command)
        return command

    def flush(self, queue: Queue) -> None:
        """Have all that is ready done."""
        del queue
        self._opened().scheduler.flush()

    def join(self, queue: Queue) -> None:
        """Return when all commands of a queue are finished."""
        self._opened().scheduler.join(queue)

    def notify(self, command: Command, finished: Event) -> None:
        """Tell a command that something it waits for is finished."""
        self._opened().scheduler.notify(command, finished)

    def set_user_event(self, event: Event, status: int = 0) -> None:
        self._opened().scheduler.set_user_event(event, status)

    def _opened(self) -> _Open:
        opened = self._open
        if opened is None or opened.device.closed:
            raise DeviceNotAvailable("the device is not open")
        return opened


class _Open:
    """What there is while the device is open."""

    def __init__(
        self,
        options: DeviceOptions,
        profile: Profile,
        compiler: Compiler | None,
        allocator_log: Log | None,
    ) -> None:
        self.device = FormosaDevice(options, profile, allocator_log)
        self.memory = Memory(self.device)
        self.programs = Programs(self.device, compiler)
        self.runner = Runner(self.device, self.memory, self.programs)
        self.scheduler = Scheduler()
