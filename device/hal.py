"""The HAL operations over a RefSi device: programs, memory, launches, counters.

Operations return what the C interface does: handles and addresses, 0 for none, and bool. Why
one failed is in `last_error`, and for a kernel that faulted in `last_fault`. All of them may
be called from any thread; they block until done, one at a time.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ..ir.abi import WG_INFO, WG_INFO_SIZE, unpack_record
from ..linker.elf import ElfError
from . import refsi
from .args import ArgumentError, HalArg, pack_hal_args
from .fault import KernelFault, explain
from .launch import (
    Launch,
    Launcher,
    LaunchError,
    NDRange,
    Outcome,
    OwnMemory,
    WorkGroup,
    check_range,
    device_info,
)
from .launch_g1 import G1Launcher
from .launch_m1 import M1Launcher
from .limits import check_room
from .loader import LoadedProgram
from .profile import Profile
from .profiler import Profiler
from .sim.interface import BusError
from .soc.counters import HOST_READ, HOST_WRITE
from .soc.device import DeviceOptions, RefsiDevice
from .soc.g1_device import G1Device
from .soc.m1_device import M1Device
from .soc.memory import HOST
from .soc.traps import Output, write_stdout

API_VERSION = 6
CLOSED = "the device has been closed"

T = TypeVar("T")

_WORDS = range(1 << 64)  # values of a register


class Hal:
    """One device and what is loaded on it. Make it with open(), end it with close()."""

    def __init__(self, options: DeviceOptions, profile: Profile | None = None) -> None:
        """profile: of the device; by default the M1's."""
        self.device = refsi.open_device(options, profile)
        self._own = OwnMemory(self.device)
        self._launcher = _launcher(self.device, self._own)
        self.info = device_info(self.device.profile, events=options.counters)
        self.last_error = ""
        self.last_fault: KernelFault | None = None
        self.retired: tuple[int, ...] = ()  # per hart, by the last launch
        self.max_instructions: int | None = None  # of all harts, per launch
        self.lock = threading.RLock()  # held by each operation, and by who looks at one's results
        self._programs: dict[int, LoadedProgram] = {}
        self._next_program = 1
        self._released: deque[int] = deque()  # allocations that nobody holds any more
        self._resident: LoadedProgram | None = None  # the one in the device's memory
        self._by_items = False  # the last launch
        self._counting = options.counters or options.profiling is not None
        self._counters: dict[tuple[int, int], int] = {}
        self._trace = options.hal_trace
        self._profiler = Profiler(options.profiling) if options.profiling is not None else None
        if self._profiler is not None:  # also when the process ends with the device open
            self._end_profile = weakref.finalize(self, self._profiler.finish)

    @classmethod
    def open(
        cls,
        profile: Profile | None = None,
        *,
        guard: bool = False,
        cache_dir: Path | None = None,
        output: Output = write_stdout,
    ) -> Hal:
        """A HAL on a device of its own; profile: as above, the others as in DeviceOptions."""
        return cls(DeviceOptions(guard=guard, cache_dir=cache_dir, output=output), profile)

    def close(self) -> None:
        """Stop and close the device. May be called again.

        raises: OSError when a profile cannot be written.
        """
        refsi.refsiShutdownDevice(self.device)
        if self._profiler is not None:
            self._end_profile()

    # -- programs

    def program_load(self, data: bytes) -> int:
        """A handle for an ELF image; nothing is uploaded yet. 0 when it cannot be used."""
        with self.lock:
            profile = self.device.profile
            try:
                by_items = self._launcher.item_harts > 0
                program = LoadedProgram(
                    data, profile.program, profile.local, profile.vlen, by_items=by_items
                )
            except ElfError as e:
                return self._fail(str(e), 0)
            self.device.prepare()
            handle = self._next_program
            self._next_program += 1
            self._programs[handle] = program
            self._note("program_load", f"size={len(data)}", handle)
            return handle

    def program_find_kernel(self, program: int, name: str) -> int:
        """A kernel's handle, which is its address; 0 if the program has no such symbol."""
        with self.lock:
            loaded = self._programs.get(program)
            if loaded is None:
                return self._fail("no such program", 0)
            kernel = loaded.find(name)
            self._note("program_find_kernel", f"name='{name}'", kernel)
            return kernel or self._fail(f"the program has no kernel '{name}'", 0)

    def program_base(self, program: int) -> int:
        """What is added to a program's addresses: nothing, it goes where it was linked to."""
        del program
        return 0

    def program_free(self, program: int) -> bool:
        """Takes no lock: the garbage collector may call it in the midst of anything."""
        self._note("program_free", f"program={program}")
        known = self._programs.pop(program, None)
        if known is not None and known is self._resident:
            self._resident = None
        return known is not None or self._fail("no such program", False)

    # -- memory

    def mem_alloc(self, size: int, alignment: int) -> int:
        """The address of `size` bytes, whose contents are whatever was there; 0 for no room."""
        self._free_released()
        addr = refsi.refsiAllocDeviceMemory(self.device, size, alignment, refsi.DRAM)
        if not addr:
            with self.lock:  # a launch that goes on keeps what it uses
                if self._own.give_back():
                    addr = refsi.refsiAllocDeviceMemory(self.device, size, alignment, refsi.DRAM)
        self._note("mem_alloc", f"size={size}, align={alignment}", addr)
        if self.device.closed:
            return self._fail(CLOSED, 0)
        what = f"{size} bytes of device memory, aligned to {alignment},"
        return addr or self._fail(f"{what} cannot be allocated", 0)

    def mem_free(self, addr: int) -> bool:
        self._free_released()
        return self._check(self._free(addr), f"nothing is allocated at {addr:#x}")

    def release(self, addr: int) -> None:
        """Free an allocation, the next time that memory is asked for or given back.

        For the garbage collector, which may come while this very thread allocates.
        """
        self._released.append(addr)

    def _free_released(self) -> None:
        while self._released:
            self._free(self._released.popleft())

    def _free(self, addr: int) -> refsi.refsi_result:
        self._note("mem_free", f"address={addr:#010x}")
        return refsi.refsiFreeDeviceMemory(self.device, addr)

    def mem_read(self, dst: bytearray | memoryview, src: int, size: int | None = None) -> bool:
        """Copy `size` bytes from the device into `dst`; by default as many as it has room for."""
        size = memoryview(dst).nbytes if size is None else size
        self._note("mem_read", f"src={src:#010x}, size={size}")
        result = refsi.refsiReadDeviceMemory(self.device, dst, src, size, HOST)
        self._moved(HOST_READ, size if result == refsi.refsi_success else 0)
        return self._check(result, f"{size} bytes at {src:#x} cannot be read")

    def mem_write(
        self, dst: int, src: bytes | bytearray | memoryview, size: int | None = None
    ) -> bool:
        """Copy the first `size` bytes of `src`, by default all, to the device."""
        size = memoryview(src).nbytes if size is None else size
        self._note("mem_write", f"dst={dst:#010x}, size={size}")
        result = refsi.refsiWriteDeviceMemory(self.device, dst, src, size, HOST)
        self._moved(HOST_WRITE, size if result == refsi.refsi_success else 0)
        return self._check(result, f"{size} bytes at {dst:#x} cannot be written")

    def mem_copy(self, dst: int, src: int, size: int) -> bool:
        """Copy within the device, by its DMA; the ranges must not overlap."""
        self._note("mem_copy", f"dst={dst:#010x}, src={src:#010x}, size={size}")
        with self.lock:
            if any(n not in _WORDS for n in (dst, src, size)):
                return self._fail(f"{size} bytes cannot be copied from {src:#x} to {dst:#x}", False)
            done = self._did(lambda: self._launcher.copy(dst, src, size))
            return done is not None and (done.error is None or self._fail(done.error, False))

    def mem_fill(self, dst: int, pattern: bytes, size: int) -> bool:
        """Repeat `pattern` over `size` bytes; a rest shorter than the pattern is left alone."""
        self._note("mem_fill", f"dst={dst:#010x}, pattern_size={len(pattern)}, size={size}")
        if not pattern:
            return self._fail("an empty pattern", False)
        total = size - size % len(pattern)
        if self.device.closed:
            return self._fail(CLOSED, False)
        filled = size >= 0 and self.device.fill(dst, pattern, total // len(pattern))
        self._moved(HOST_WRITE, total if filled else 0)
        return filled or self._fail(f"{size} bytes at {dst:#x} cannot be filled", False)

    # -- counters

    def counter_set_enabled(self, enabled: bool) -> None:
        """Read the harts' counters before and after each launch."""
        with self.lock:
            self._counting = enabled

    def counter_read(self, counter: int, index: int = 0) -> int | None:
        """A value, once: by how much the last launch moved a counter of hart `index`.

        counter: as in soc.counters.NAMES, of which a device without the option `counters` has
                 cycles and retired instructions; 64 and 65: bytes the host wrote and read.
        """
        with self.lock:
            return self._counters.pop((counter, index), None)

    # -- launches

    def kernel_exec(
        self,
        program: int,
        kernel: int,
        ndrange: NDRange,
        args: Sequence[HalArg] | bytes,
        work_dim: int,
        *,
        by_items: bool = False,
    ) -> bool:
        """Run a kernel over a range and wait for it; the program is uploaded anew each time.

        args:     as the C interface has them, or an argument block that is packed already.
        by_items: a kernel that the program does not describe is for harts that run a work-item
                  of every group; what a program says of its kernels counts more.
        Its variables keep their contents from launch to launch, whatever runs in between.
        An interrupt stops the kernel and is raised; the device stays usable.
        """
        if self._trace is not None:
            sizes = (":".join(map(str, n)) for n in (ndrange.global_size, ndrange.local_size))
            count = f"{len(args)} bytes" if isinstance(args, bytes) else len(args)
            what = "kernel={:#010x}, num_args={}, global=<{}>, local=<{}>"
            self._note("kernel_exec", what.format(kernel, count, *sizes))
        with self.lock:
            self.last_fault = None
            self.retired = ()
            loaded = self._programs.get(program)
            if loaded is None or not kernel or kernel not in _WORDS:
                return self._fail("no such program or kernel", False)
            info = loaded.kernel_at(kernel)
            wrong = check_range(ndrange, work_dim, uniform=info is None or info.uniform)
            if wrong:
                return self._fail(wrong, False)
            by_items = self._by_items = by_items if info is None else info.by_items
            if by_items and not self._launcher.item_harts:
                return self._fail("this device's harts run work-groups", False)
            local = (loaded.local_end, self.device.profile.local.end) if by_items else None
            try:
                block = args if isinstance(args, bytes) else self._pack(args, local)
            except ArgumentError as e:
                return self._fail(str(e), False)
            if info is not None and len(block) < info.block_size:
                takes = f"kernel '{info.name}' takes {info.block_size} bytes of arguments"
                return self._fail(f"{takes}, not {len(block)}", False)
            wrong = check_room(ndrange, info, block, self.device.profile, by_items)
            if wrong:
                return self._fail(wrong, False)
            if self.device.closed:
                return self._fail(CLOSED, False)
            launch = Launch(
                kernel, ndrange, work_dim, block, self.max_instructions, self._counting, by_items
            )
            return self._launch(loaded, launch)

    def _upload(self, loaded: LoadedProgram) -> None:
        """raises: LaunchError."""
        before = self._resident
        self._resident = None
        saved = before is None or before is loaded or before.save(self.device.read_into)
        if self.device.options.guard:  # a small number taken for a pointer is to fault
            self._launcher.show_program(max(loaded.end - self.device.profile.program.base, 1))
        if not saved or not loaded.upload(self.device.write, resident=before is loaded):
            raise LaunchError("the program cannot be written to the device")
        self._resident = loaded

    def describe_address(self, addr: int) -> str:
        """Where an address is, in relation to the nearest of the user's buffers."""
        return self.device.describe(addr, self._own.addresses)

    def work_group(self, hart: int) -> WorkGroup | None:
        """The group a hart was running when the last launch failed; None if it cannot be told."""
        machine = self.device.harts.machine
        try:
            data = machine.read_memory(hart, self._launcher.state_addr, WG_INFO_SIZE)
            state = unpack_record(WG_INFO, data)
        except BusError:
            return None
        group, count = state["group_id"], state["num_groups"]
        fault = self.last_fault
        same = (
            fault is not None and fault.hart == hart and self._launcher.is_of(group, fault.instance)
        )
        if not same or any(i >= n for i, n in zip(group, count, strict=True)):
            return None  # the kernel has overwritten it
        local_id = None
        x, y, _ = state["local_size"]
        if self._by_items and x and y:
            local_id = hart % x, hart // x % y, hart // (x * y)
        return WorkGroup(group, state["local_size"], state["global_offset"], local_id)

    def _launch(self, loaded: LoadedProgram, launch: Launch) -> bool:
        def work() -> Outcome:
            self._upload(loaded)
            return self._launcher.launch(launch)

        outcome = self._did(work)
        if outcome is None:
            return False
        self.retired = outcome.retired
        self._counters |= outcome.counters
        if self._profiler is not None:
            name = loaded.elf.symbolize(launch.kernel) or f"{launch.kernel:#x}"
            self._profiler.launched(name, outcome.counters)
        return outcome.error is None or self._explain(outcome, loaded, launch.kernel)

    def _did(self, work: Callable[[], Outcome]) -> Outcome | None:
        """What became of work on the device; None, with the reason, if it was not begun."""
        try:
            return work()
        except LaunchError as e:
            return self._fail(CLOSED if self.device.closed else str(e), None)

    def _explain(self, outcome: Outcome, loaded: LoadedProgram, kernel: int) -> bool:
        """Say why a launch failed. Always False."""
        error, result = outcome.error or "", outcome.result
        if result is None:
            return self._fail(error, False)
        name = loaded.elf.symbolize(kernel) or f"{kernel:#x}"
        fault = explain(name, outcome, result, loaded.elf.symbolize, self.describe_address)
        self.last_fault = fault
        return self._fail(fault.message, False)

    # -- what is told of operations

    def _note(self, operation: str, operands: str, result: int | None = None) -> None:
        if self._trace is not None:
            given = "" if result is None else f" -> {result:#010x}"
            self._trace(f"refsi_hal_device::{operation}({operands}){given}")

    def _pack(self, args: Sequence[HalArg], local: tuple[int, int] | None) -> bytes:
        return pack_hal_args(args, local, None if self._trace is None else self._packed)

    def _packed(self, offset: int, align: int, data: bytes) -> None:
        value = int.from_bytes(data, "little")
        digits = 2 * len(data)
        self._note("pack_arg", f"offset={offset}, align={align}, value=0x{value:0{digits}x}")

    def _moved(self, counter: int, size: int) -> None:
        """A transfer of so many bytes between host and device is over."""
        with self.lock:
            self._counters[counter, 0] = size
            if self._profiler is not None:
                self._profiler.moved(counter, size)

    # -- errors

    def _fail(self, message: str, result: T) -> T:
        self.last_error = message
        return result

    def _check(self, result: refsi.refsi_result, message: str) -> bool:
        if result == refsi.refsi_device_closed:
            message = CLOSED
        return result == refsi.refsi_success or self._fail(message, False)


def _launcher(device: RefsiDevice, memory: OwnMemory) -> Launcher:
    if isinstance(device, G1Device):
        return G1Launcher(device, memory)
    assert isinstance(device, M1Device)
    return M1Launcher(device, memory)
