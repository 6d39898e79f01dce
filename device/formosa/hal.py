"""The HAL operations that kcc.Device uses, over the driver of a Formosa device.

As device/hal.py has them: handles and addresses, 0 for none, and bool; why one failed is in
`last_error`, and for a kernel that faulted in `last_fault`.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..args import ArgKind, ArgSpace, HalArg
from ..fault import KernelFault, explain
from ..launch import NDRange, WorkGroup
from ..soc.device import DeviceOptions
from .arguments import Argument, Local
from .device import FormosaDevice
from .driver import Driver
from .errors import ClError, InvalidMemObject, InvalidProgram
from .memory import MemFlags, MemObject
from .profile import Profile
from .programs import KernelHandle, Program
from .records import group_at
from .run import Geometry

T = TypeVar("T")


class FormosaHal:
    """One device and what is loaded on it. End it with close()."""

    def __init__(self, options: DeviceOptions, profile: Profile) -> None:
        self._driver = Driver(options, profile)
        self._driver.init()
        self.device: FormosaDevice = self._driver.device
        self.last_error = ""
        self.last_fault: KernelFault | None = None
        self.retired: tuple[int, ...] = (0,) * profile.all_harts  # by the last launch
        self.max_instructions: int | None = None  # of all harts, per launch
        self.lock = threading.RLock()  # as Hal's
        self._buffers: dict[int, MemObject] = {}
        self._programs: dict[int, Program] = {}
        self._kernels: dict[int, KernelHandle] = {}  # by the address of the trampoline
        self._next_program = 1
        self._counters: dict[tuple[int, int], int] = {}
        self._ndrange: NDRange | None = None
        self._threads = 1  # of a work-group
        self._later: deque[Callable[[], object]] = deque()  # what nobody holds any more

    def close(self) -> None:
        """Stop and close the device. May be called again."""
        self._driver.uninit()

    # -- programs

    def program_load(self, data: bytes) -> int:
        """A handle for an ELF, which is in device memory now; 0 when it cannot be used."""

        def load() -> int:
            program = Program(binary=data)
            self._driver.post_build_program(program)
            self.device.prepare()
            self._driver.load_program(program)
            handle = self._next_program
            self._next_program += 1
            self._programs[handle] = program
            return handle

        return self._do(load, 0)

    def program_find_kernel(self, program: int, name: str) -> int:
        """A kernel's handle; 0 if the program has none of that name."""

        def find() -> int:
            loaded = self._program(program)
            kernel = loaded.kernels.get(name) or self._driver.create_kernel(loaded, name)
            address = kernel.kernel.trampoline + self.program_base(program)
            self._kernels[address] = kernel
            return address

        return self._do(find, 0)

    def program_base(self, program: int) -> int:
        """What is added to a program's addresses on the device."""
        loaded = self._program(program)
        assert loaded.image is not None
        return (loaded.base or 0) - loaded.image.start

    def program_free(self, program: int) -> bool:
        """The memory is given back with the next operation: the garbage collector may call this."""
        loaded = self._programs.pop(program, None)
        if loaded is not None:
            self._later.append(lambda: self._drop(loaded))
        else:
            self.last_error = "no such program"
        return loaded is not None

    def _drop(self, program: Program) -> None:
        kernels = self._kernels.items()
        self._kernels = {at: k for at, k in kernels if k.program is not program}
        self._driver.free_program(program)

    def _program(self, handle: int) -> Program:
        program = self._programs.get(handle)
        if program is None:
            raise InvalidProgram("no such program")
        return program

    # -- memory

    def mem_alloc(self, size: int, alignment: int) -> int:
        """The address of `size` bytes; 0 for no room. alignment: at most that of all buffers."""
        del alignment

        def alloc() -> int:
            mem = self._driver.alloc_mem_obj(MemFlags.READ_WRITE, size)
            self._buffers[mem.address] = mem
            return mem.address

        return self._do(alloc, 0)

    def mem_free(self, addr: int) -> bool:
        def free() -> bool:
            self._drop_buffer(addr)
            return True

        return self._do(free, False)

    def release(self, addr: int) -> None:
        """Free an allocation with the next operation. For the garbage collector."""
        self._later.append(lambda: self._drop_buffer(addr))

    def _drop_buffer(self, addr: int) -> None:
        self._driver.free(self._buffer(addr))
        del self._buffers[addr]

    def mem_read(self, dst: bytearray | memoryview, src: int, size: int | None = None) -> bool:
        """Copy `size` bytes from a buffer into `dst`; by default as many as it has room for."""

        def read() -> bool:
            count = memoryview(dst).nbytes if size is None else size
            self._driver.read(dst, self._buffer(src), 0, count)
            return True

        return self._do(read, False)

    def mem_write(
        self, dst: int, src: bytes | bytearray | memoryview, size: int | None = None
    ) -> bool:
        """Copy the first `size` bytes of `src`, by default all, into a buffer."""

        def write() -> bool:
            count = memoryview(src).nbytes if size is None else size
            self._driver.write(src, self._buffer(dst), 0, count)
            return True

        return self._do(write, False)

    def mem_copy(self, dst: int, src: int, size: int) -> bool:
        def copy() -> bool:
            self._driver.copy(self._buffer(dst), self._buffer(src), 0, 0, size)
            return True

        return self._do(copy, False)

    def _buffer(self, addr: int) -> MemObject:
        mem = self._buffers.get(addr)
        if mem is None:
            raise InvalidMemObject(f"no buffer begins at {addr:#x}")
        return mem

    # -- launches

    def kernel_exec(
        self, program: int, kernel: int, ndrange: NDRange, args: Sequence[HalArg], work_dim: int
    ) -> bool:
        """Run a kernel over a range and wait for it."""

        def run() -> bool:
            self._program(program)
            handle = self._kernels.get(kernel)
            if handle is None:
                raise InvalidProgram("no such kernel")
            geometry = Geometry(
                work_dim,
                ndrange.groups[:work_dim],
                ndrange.local_size[:work_dim],
                ndrange.offset[:work_dim],
            )
            self._ndrange = ndrange
            self._threads = math.prod(ndrange.local_size) if handle.info.by_items else 1
            counting = self.device.options.counters
            try:
                self._driver.run(
                    handle,
                    [self._argument(arg) for arg in args],
                    geometry,
                    max_instructions=self.max_instructions,
                    counting=counting,
                )
            except ClError:
                self._explain(handle)
                raise
            finally:
                outcome = self._driver.runner.last
                self.retired, self._counters = outcome.retired, dict(outcome.counters)
            return True

        with self.lock:
            self.last_fault = None
            done = self._do(run, False)
            if self.last_fault is not None:
                self.last_error = self.last_fault.message
            return done

    def _argument(self, arg: HalArg) -> Argument:
        if arg.kind == ArgKind.VALUE:
            return arg.data
        if arg.space == ArgSpace.LOCAL:
            return Local(arg.size)
        return self._buffer(arg.address) if arg.address else None

    def _explain(self, handle: KernelHandle) -> None:
        outcome = self._driver.runner.last
        if outcome.result is not None:
            driver = self._driver
            self.last_fault = explain(
                handle.info.name,
                outcome,
                outcome.result,
                driver.symbolize,
                lambda addr: self.device.describe(addr, driver.own_memory()),
            )

    def work_group(self, hart: int) -> WorkGroup | None:
        """The group a hart was running when the last launch failed; None if it cannot be told."""
        fault, ndrange = self.last_fault, self._ndrange
        if fault is None or fault.hart != hart or fault.instance < 0 or ndrange is None:
            return None
        group = group_at(fault.instance // self._threads, ndrange.groups)
        return WorkGroup(group, ndrange.local_size, ndrange.offset)

    def counter_read(self, counter: int, index: int = 0) -> int | None:
        """A value, once: by how much the last launch moved a counter of hart `index`."""
        return self._counters.pop((counter, index), None)

    # -- errors

    def _do(self, work: Callable[[], T], refused: T) -> T:
        with self.lock:
            try:
                while self._later:
                    self._later.popleft()()
                return work()
            except ClError as e:
                self.last_error = e.message
            return refused
