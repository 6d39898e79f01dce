"""The HAL operations over a RefSi M1: programs, memory, launches, counters.

Operations return what the C interface does: handles and addresses, 0 for none, and bool. Why
one failed is in `last_error`, and for a kernel that faulted in `last_fault`. All of them may
be called from any thread; they block until done, one at a time.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..backend.encode import encode
from ..ir.abi import (
    EXEC_STATE,
    EXEC_STATE_MAGIC,
    EXEC_STATE_SIZE,
    WG_INFO,
    WG_INFO_SIZE,
    pack_record,
    unpack_record,
)
from ..linker.elf import ElfError
from . import refsi
from .args import ArgumentError, HalArg, pack_hal_args
from .loader import LoadedProgram
from .sim.interface import BusError, Cause, Reason
from .soc import dma, m1
from .soc.command_processor import (
    CACHE_SYNC_DCACHE,
    CACHE_SYNC_ICACHE,
    BufferStatus,
    Op,
    Reg,
    command,
    run_instances,
)
from .soc.counters import PER_HART
from .soc.device import DeviceOptions
from .soc.m1 import RANGES, MemoryKind
from .soc.memory import HOST, hart_unit
from .soc.traps import A0, A7, CAUSES, WITH_ADDRESS, Call, Output, write_stdout
from .soc.windows import PER_HART as MODE_PER_HART
from .soc.windows import SHARED as MODE_SHARED
from .soc.windows import encode_mode, encode_scale

API_VERSION = 6
KUB_ALIGN = 256
SYNC_ALL = CACHE_SYNC_DCACHE | CACHE_SYNC_ICACHE
MAX_GROUPS = (1 << 32) - 1  # per dimension: launch stubs handle 32 bits
SLICES_PER_BUFFER = 1 << 16
CLOSED = "the device has been closed"
HOST_WRITE, HOST_READ = 64, 65  # counters: bytes moved by the last host access

T = TypeVar("T")

A1, A2, A3, T1, T2 = 11, 12, 13, 6, 7
_WORDS = range(1 << 64)  # values of a register
_LETTERS = m1.ISA.removeprefix("RV64").partition("Z")[0]  # extensions of one letter


@dataclass(frozen=True)
class NDRange:
    """Work-items per dimension; unused dimensions have size 1 and offset 0."""

    global_size: tuple[int, int, int]
    local_size: tuple[int, int, int] = (1, 1, 1)
    offset: tuple[int, int, int] = (0, 0, 0)

    @property
    def groups(self) -> tuple[int, int, int]:
        x, y, z = (g // n for g, n in zip(self.global_size, self.local_size, strict=True))
        return x, y, z


@dataclass(frozen=True)
class KernelFault:
    """Why a launch did not finish.

    pc, address: guest byte addresses; address is None where the trap has none.
    symbol:      pc as "function+0x12"; None outside of the program.
    cause:       RISC-V exception cause; None for a run that was ended from outside.
    instance:    of the launch, that the hart ran.
    near:        where the address is, in relation to the nearest buffer.
    """

    message: str
    reason: Reason
    pc: int
    hart: int
    address: int | None = None
    symbol: str | None = None
    cause: int | None = None
    near: str | None = None
    instance: int = -1


@dataclass(frozen=True)
class WorkGroup:
    """A work-group; three numbers of each."""

    group_id: tuple[int, ...]
    local_size: tuple[int, ...]
    global_offset: tuple[int, ...]

    def global_id(self, local_id: tuple[int, ...]) -> tuple[int, int, int] | None:
        """The work-item with this local id; None if the group has none."""
        rows = zip(self.group_id, self.local_size, self.global_offset, local_id, strict=True)
        if any(i >= n for i, n in zip(local_id, self.local_size, strict=True)):
            return None
        x, y, z = (group * size + offset + i for group, size, offset, i in rows)
        return x, y, z


@dataclass(frozen=True)
class HalDeviceInfo:
    """Sizes in bytes, word_size and vlen in bits."""

    name: str = "RefSi M1"
    word_size: int = 64
    global_memory_avail: int = RANGES[MemoryKind.DRAM][1] - (16 << 20)
    shared_local_memory_size: int = 64 << 10
    max_workgroup_size: int = 1024
    preferred_vector_width: int = 1
    supports_doubles: bool = "D" in _LETTERS or "G" in _LETTERS
    supports_fp16: bool = "Zfh" in m1.ISA
    should_vectorize: bool = "V" in _LETTERS
    should_link: bool = True
    is_little_endian: bool = True
    vlen: int = m1.VLEN
    abi: int = 4  # LP64
    num_counters: int = 4


def rom_words() -> tuple[list[int], list[int]]:
    """The code that HAL puts into device memory, and where its parts begin.

    returns: (32-bit words; byte offsets of the launch stubs for 1, 2 and 3 dimensions).
             `kernel_exit` is at 0. A stub gets a0 = instance, a1 = slice, a2 = arguments,
             a3 = execution state; it sets the group id and jumps to the kernel.
    """
    group_id, num_groups = WG_INFO["group_id"].offset, WG_INFO["num_groups"].offset
    words = [
        encode("addi", rd=A0, rs1=0, imm12=0),
        encode("addi", rd=A7, rs1=0, imm12=Call.EXIT),
        encode("ecall"),
    ]
    x = [encode("sw", rs2=A0, rs1=A3, store12=group_id)]
    y = [
        encode("lw", rd=T1, rs1=A3, imm12=num_groups + 8),
        encode("remu", rd=T2, rs1=A1, rs2=T1),
        encode("sw", rs2=T2, rs1=A3, store12=group_id + 8),
    ]
    z = [
        encode("divu", rd=T2, rs1=A1, rs2=T1),
        encode("sw", rs2=T2, rs1=A3, store12=group_id + 16),
    ]
    jump = [
        encode("addi", rd=A0, rs1=A2, imm12=0),
        encode("addi", rd=A1, rs1=A3, imm12=0),
        encode("lw", rd=T1, rs1=A3, imm12=EXEC_STATE["kernel_entry"].offset),
        encode("jalr", rd=0, rs1=T1, imm12=0),
    ]
    offsets = []
    for ids in (x, x + y, x + y + z):
        offsets.append(4 * len(words))
        words += ids + jump
    return words, offsets


class Hal:
    """One device and what is loaded on it. Make it with open(), end it with close()."""

    def __init__(self, options: DeviceOptions) -> None:
        self.device = refsi.open_device(options)
        self.info = HalDeviceInfo()
        self.last_error = ""
        self.last_fault: KernelFault | None = None
        self.retired: tuple[int, ...] = (0,) * m1.HARTS  # per hart, by the last launch
        self.max_instructions: int | None = None  # of all harts, per launch
        self._lock = threading.RLock()
        self._programs: dict[int, LoadedProgram] = {}
        self._next_program = 1
        self._resident: LoadedProgram | None = None  # the one in the device's memory
        self._own: set[int] = set()  # allocations that are not the user's
        self._counting = options.counters
        self._counters: dict[tuple[int, int], int] = {}
        self._window_size = m1.ELF_SIZE
        self._create_windows()
        self._write_rom()

    @classmethod
    def open(
        cls,
        *,
        guard: bool = False,
        cache_dir: Path | None = None,
        output: Output = write_stdout,
    ) -> Hal:
        """A HAL on a device of its own; parameters as in DeviceOptions."""
        return cls(DeviceOptions(guard=guard, cache_dir=cache_dir, output=output))

    def close(self) -> None:
        """Stop and close the device. May be called again."""
        refsi.refsiShutdownDevice(self.device)

    # -- programs

    def program_load(self, data: bytes) -> int:
        """A handle for an ELF image; nothing is uploaded yet. 0 when it cannot be used."""
        with self._lock:
            try:
                program = LoadedProgram(data, m1.ELF_BASE, m1.ELF_SIZE)
            except ElfError as e:
                return self._fail(str(e), 0)
            self.device.prepare()
            handle = self._next_program
            self._next_program += 1
            self._programs[handle] = program
            return handle

    def program_find_kernel(self, program: int, name: str) -> int:
        """A kernel's handle, which is its address; 0 if the program has no such symbol."""
        with self._lock:
            loaded = self._programs.get(program)
            if loaded is None:
                return self._fail("no such program", 0)
            return loaded.find(name) or self._fail(f"the program has no kernel '{name}'", 0)

    def program_free(self, program: int) -> bool:
        with self._lock:
            known = self._programs.pop(program, None)
            if known is self._resident:
                self._resident = None
            return known is not None or self._fail("no such program", False)

    # -- memory

    def mem_alloc(self, size: int, alignment: int) -> int:
        """The address of `size` bytes, whose contents are whatever was there; 0 for no room."""
        addr = refsi.refsiAllocDeviceMemory(self.device, size, alignment, refsi.DRAM)
        if self.device.closed:
            return self._fail(CLOSED, 0)
        return addr or self._fail(f"{size} bytes of device memory cannot be allocated", 0)

    def mem_free(self, addr: int) -> bool:
        result = refsi.refsiFreeDeviceMemory(self.device, addr)
        return self._check(result, f"nothing is allocated at {addr:#x}")

    def mem_read(self, dst: bytearray | memoryview, src: int, size: int | None = None) -> bool:
        """Copy `size` bytes from the device into `dst`; by default as many as it has room for."""
        size = memoryview(dst).nbytes if size is None else size
        result = refsi.refsiReadDeviceMemory(self.device, dst, src, size, HOST)
        with self._lock:
            self._counters[HOST_READ, 0] = size if result == refsi.refsi_success else 0
        return self._check(result, f"{size} bytes at {src:#x} cannot be read")

    def mem_write(
        self, dst: int, src: bytes | bytearray | memoryview, size: int | None = None
    ) -> bool:
        """Copy the first `size` bytes of `src`, by default all, to the device."""
        size = memoryview(src).nbytes if size is None else size
        result = refsi.refsiWriteDeviceMemory(self.device, dst, src, size, HOST)
        with self._lock:
            self._counters[HOST_WRITE, 0] = size if result == refsi.refsi_success else 0
        return self._check(result, f"{size} bytes at {dst:#x} cannot be written")

    def mem_copy(self, dst: int, src: int, size: int) -> bool:
        """Copy within the device, by its DMA; the ranges must not overlap."""
        with self._lock:
            if any(n not in _WORDS for n in (dst, src, size)):
                return self._fail(f"{size} bytes cannot be copied from {src:#x} to {dst:#x}", False)
            words = [
                *_dma(SRC_ADDR=src, DST_ADDR=dst, XFER_SIZE0=size, CTRL=dma.DIM_1D | dma.START),
                *command(Op.FINISH),
            ]
            status = self._run(array("Q", words), None)
            return status is not None and self._done(status)

    def mem_fill(self, dst: int, pattern: bytes, size: int) -> bool:
        """Repeat `pattern` over `size` bytes; a rest shorter than the pattern is left alone."""
        if not pattern:
            return self._fail("an empty pattern", False)
        if size < 0:
            return self._fail(f"{size} bytes cannot be filled", False)
        total = size - size % len(pattern)
        chunk = pattern * min(max(4096 // len(pattern), 1), total // len(pattern))
        at = 0
        while at < total:
            part = memoryview(chunk)[: total - at]
            if not self.mem_write(dst + at, part, len(part)):
                return False
            at += len(part)
        with self._lock:
            self._counters[HOST_WRITE, 0] = total
        return True

    # -- counters

    def counter_set_enabled(self, enabled: bool) -> None:
        """Read the harts' counters before and after each launch."""
        with self._lock:
            self._counting = enabled

    def counter_read(self, counter: int, index: int = 0) -> int | None:
        """A value, once: by how much the last launch moved a counter of hart `index`.

        counter: as in soc.counters.NAMES, of which a device without the option `counters` has
                 cycles and retired instructions; 64 and 65: bytes the host wrote and read.
        """
        with self._lock:
            return self._counters.pop((counter, index), None)

    # -- launches

    def kernel_exec(
        self,
        program: int,
        kernel: int,
        ndrange: NDRange,
        args: Sequence[HalArg] | bytes,
        work_dim: int,
    ) -> bool:
        """Run a kernel over a range and wait for it; the program is uploaded anew each time.

        args: as the C interface has them, or an argument block that is packed already.
        Its variables keep their contents from launch to launch, whatever runs in between.
        An interrupt stops the kernel and is raised; the device stays usable.
        """
        with self._lock:
            self.last_fault = None
            self.retired = (0,) * m1.HARTS
            loaded = self._programs.get(program)
            if loaded is None or not kernel or kernel not in _WORDS:
                return self._fail("no such program or kernel", False)
            wrong = _check_range(ndrange, work_dim)
            if wrong:
                return self._fail(wrong, False)
            try:
                block = args if isinstance(args, bytes) else pack_hal_args(args)
            except ArgumentError as e:
                return self._fail(str(e), False)
            if self.device.closed:
                return self._fail(CLOSED, False)
            if not self._upload(loaded):
                return self._fail("the program cannot be written to the device", False)
            return self._launch(loaded, kernel, ndrange, block, work_dim)

    def _upload(self, loaded: LoadedProgram) -> bool:
        before = self._resident
        if before is not None and before is not loaded and not before.save(self.device.read_into):
            return False
        self._resident = None
        if not self._fit_window(loaded):
            return False
        if not loaded.upload(self.device.write, resident=before is loaded):
            return False
        self._resident = loaded
        return True

    def describe_address(self, addr: int) -> str:
        """Where an address is, in relation to the nearest of the user's buffers."""
        return self.device.describe(addr, self._own)

    def work_group(self, hart: int) -> WorkGroup | None:
        """The group a hart was running when the last launch failed; None if it cannot be told."""
        machine = self.device.harts.machine
        try:
            state = unpack_record(WG_INFO, machine.read_memory(hart, m1.HART_BASE, WG_INFO_SIZE))
        except BusError:
            return None
        group, count = state["group_id"], state["num_groups"]
        fault = self.last_fault
        same = fault is not None and (fault.hart, fault.instance) == (hart, group[0])
        if not same or any(i >= n for i, n in zip(group, count, strict=True)):
            return None  # the kernel has overwritten it
        return WorkGroup(group, state["local_size"], state["global_offset"])

    def _launch(
        self, loaded: LoadedProgram, kernel: int, ndrange: NDRange, block: bytes, work_dim: int
    ) -> bool:
        padded = block.ljust(-(-len(block) // 8) * 8, b"\0")
        uniform = padded + _exec_state(kernel, ndrange, work_dim)
        uniform = uniform.ljust(-(-len(uniform) // KUB_ALIGN) * KUB_ALIGN, b"\0")
        samples = 2 * m1.HARTS * PER_HART * 8 if self._counting else 0
        kub = self._allocate(len(uniform), KUB_ALIGN)
        counters = self._allocate(samples, 8) if samples else 0
        try:
            if not kub or (samples and not counters):
                return False
            self.device.write(kub, uniform)
            status = self._run_slices(ndrange, kub, len(padded), work_dim, counters)
            if counters and status is not None:
                self._collect(counters)
        finally:
            self._free(counters)
            self._free(kub)
        return status is not None and self._done(status, loaded, kernel)

    def _run_slices(
        self, ndrange: NDRange, kub: int, state_offset: int, work_dim: int, counters: int
    ) -> BufferStatus | None:
        """Run the launch's command buffers; usually it is one."""
        nx, ny, nz = ndrange.groups
        slices = (1, ny, ny * nz)[work_dim - 1]
        remaining = self.max_instructions
        total = [0] * m1.HARTS
        status: BufferStatus | None = None
        for first in range(0, max(slices, 1), SLICES_PER_BUFFER):
            count = min(SLICES_PER_BUFFER, slices - first)
            last = first + count == slices
            words = array("Q", self._prologue(kub + state_offset, work_dim))
            if first == 0 and counters:
                words.extend(_copy_counters(counters))
            one = array("Q", run_instances(nx, m1.HARTS, 0, kub, m1.HART_BASE))
            runs = one * count
            runs[2 :: len(one)] = array("Q", range(first, first + count))
            words.extend(runs)
            words.extend(command(Op.SYNC_CACHE, inline=SYNC_ALL))
            if last and counters:
                words.extend(_copy_counters(counters + m1.HARTS * PER_HART * 8))
            words.extend(command(Op.FINISH))
            status = self._run(words, remaining)
            if status is None:
                return None
            total = [a + b for a, b in zip(total, status.retired, strict=True)]
            self.retired = tuple(total)
            if status.error is not None:
                return status
            if remaining is not None:
                remaining -= sum(status.retired)
        return status

    def _prologue(self, state: int, work_dim: int) -> list[int]:
        """Commands that give each hart the execution state, and set up the registers."""
        return [
            *_dma(
                SRC_ADDR=state,
                DST_ADDR=m1.HART_AREA_BASE,
                XFER_SIZE0=EXEC_STATE_SIZE,
                XFER_SIZE1=m1.HARTS,
                XFER_SRC_STRIDE0=0,  # the same bytes for every hart
                XFER_DST_STRIDE0=m1.HART_SIZE,
                CTRL=dma.DIM_2D | dma.STRIDE_BOTH | dma.START,
            ),
            *command(Op.SYNC_CACHE, inline=SYNC_ALL),
            *_write_reg(Reg.ENTRY_PT_FN, self._stubs[work_dim - 1]),
            *_write_reg(Reg.STACK_TOP, m1.HART_BASE + m1.HART_SIZE),
            *_write_reg(Reg.RETURN_ADDR, self._rom),
        ]

    def _run(self, words: array[int], limit: int | None) -> BufferStatus | None:
        """Execute commands from device memory; None, with the reason, if they cannot start."""
        data = words.tobytes()
        addr = self._allocate(len(data), 8)
        if not addr:
            return None
        try:
            self.device.write(addr, data)
            status = self.device.run(addr, len(data), limit)
        finally:
            self._free(addr)
        why = CLOSED if self.device.closed else "the work was cancelled"
        return status or self._fail(why, None)

    def _done(
        self, status: BufferStatus, loaded: LoadedProgram | None = None, kernel: int = 0
    ) -> bool:
        """Whether a buffer ran to its end; if not, say why."""
        if status.error is None:
            return True
        result = status.result
        if result is None or loaded is None:
            return self._fail(status.error, False)
        name = loaded.symbolize(kernel) or f"{kernel:#x}"
        fault = result.fault
        if fault is None:
            pc = result.pcs[0] if result.pcs else 0
            message = f"kernel '{name}': {status.error.removeprefix('error: ')}"
            self.last_fault = KernelFault(
                message, result.reason, pc, 0, symbol=loaded.symbolize(pc)
            )
            return self._fail(message, False)
        symbol = loaded.symbolize(fault.pc)
        place = f"{symbol} (pc {fault.pc:#x})" if symbol else f"pc {fault.pc:#x}"
        what = CAUSES.get(fault.cause, f"exception {fault.cause}").lower()
        message = f"kernel '{name}': {what} in {place}, hart {fault.hart}"
        address = fault.tval if fault.cause in (*WITH_ADDRESS, Cause.FETCH_FAULT.value) else None
        near = None if address is None else self.describe_address(address)
        if address is not None:
            message += f": address {address:#x}, {near}"
        self.last_fault = KernelFault(
            message,
            result.reason,
            fault.pc,
            fault.hart,
            address,
            symbol,
            fault.cause,
            near,
            fault.instance,
        )
        return self._fail(message, False)

    def _collect(self, samples: int) -> None:
        """Differences of the counters, from the copies before and after."""
        data = bytearray(2 * m1.HARTS * PER_HART * 8)
        self.device.read_into(memoryview(data), samples)
        values = memoryview(data).cast("Q")
        half = m1.HARTS * PER_HART
        for i in range(half):
            delta = values[half + i] - values[i]
            self._counters[i % PER_HART, i // PER_HART] = delta & (1 << 64) - 1

    def _fit_window(self, loaded: LoadedProgram) -> bool:
        """On a guarded device harts see no more of the program's window than the program.

        A small number taken for a pointer then faults, as it should.
        """
        size = max(loaded.end - m1.ELF_BASE, 1)
        if not self.device.options.guard or size == self._window_size:
            return True
        mode = _write_reg(Reg.WINDOW_MODE0, encode_mode(size, MODE_SHARED))
        # The first write is a change, which unmaps; the second maps again.
        status = self._run(array("Q", [*mode, *mode, *command(Op.FINISH)]), None)
        self._window_size = size
        return status is not None and self._done(status)

    # -- set-up

    def _create_windows(self) -> None:
        image = self._allocate(m1.ELF_SIZE, 4096)
        self.device.hide(image)  # a wild pointer must not find the program behind the buffers
        words: list[int] = []
        for index, (base, target, mode, size, scale) in enumerate(
            (
                (m1.ELF_BASE, image, MODE_SHARED, m1.ELF_SIZE, 0),
                (m1.HART_BASE, m1.HART_AREA_BASE, MODE_PER_HART, m1.HART_SIZE, m1.HART_SIZE),
            )
        ):
            words += _write_reg(Reg.WINDOW_BASE0 + index, base)
            words += _write_reg(Reg.WINDOW_TARGET0 + index, target)
            words += _write_reg(Reg.WINDOW_SCALE0 + index, encode_scale(scale))
            words += _write_reg(Reg.WINDOW_MODE0 + index, encode_mode(size, mode))
        words += command(Op.FINISH)
        status = self._run(array("Q", words), None)
        assert status is not None
        assert status.error is None, status.error

    def _write_rom(self) -> None:
        words, offsets = rom_words()
        self._rom = self._allocate(4 * len(words), 8)
        self._stubs = [self._rom + offset for offset in offsets]
        self.device.write(self._rom, b"".join(w.to_bytes(4, "little") for w in words))

    def _allocate(self, size: int, alignment: int) -> int:
        addr = self.mem_alloc(size, alignment)
        if addr:
            self._own.add(addr)
        return addr

    def _free(self, addr: int) -> None:
        if addr:
            self._own.discard(addr)
            self.mem_free(addr)

    # -- errors

    def _fail(self, message: str, result: T) -> T:
        self.last_error = message
        return result

    def _check(self, result: refsi.refsi_result, message: str) -> bool:
        if result == refsi.refsi_device_closed:
            message = CLOSED
        return result == refsi.refsi_success or self._fail(message, False)


def _check_range(ndrange: NDRange, work_dim: int) -> str | None:
    """What is wrong with a launch; None when it can be made."""
    if not 1 <= work_dim <= 3:
        return f"{work_dim} dimensions"
    if any(n < 1 for n in ndrange.local_size):
        return f"a local size of {ndrange.local_size}"
    if any(n < 0 for n in (*ndrange.global_size, *ndrange.offset)):
        return "a negative size or offset"
    for size, local in zip(ndrange.global_size, ndrange.local_size, strict=True):
        if size % local:
            return f"global size {size} is not a multiple of local size {local}"
    for dim in range(work_dim, 3):
        if ndrange.global_size[dim] != 1 or ndrange.offset[dim]:
            return f"a size or offset in dimension {dim}, which is not used"
    if any(n > MAX_GROUPS for n in ndrange.groups):
        return f"more than {MAX_GROUPS} work-groups in a dimension"
    if any(n >> 64 for n in (*ndrange.global_size, *ndrange.local_size, *ndrange.offset)):
        return "a size or offset of more than 64 bits"
    return None


def _exec_state(kernel: int, ndrange: NDRange, work_dim: int) -> bytes:
    return pack_record(
        EXEC_STATE,
        EXEC_STATE_SIZE,
        num_groups=ndrange.groups,
        global_offset=ndrange.offset,
        local_size=ndrange.local_size,
        num_dim=work_dim,
        hal_extra=m1.HART_BASE,
        kernel_entry=kernel,
        magic=EXEC_STATE_MAGIC,
        state_size=EXEC_STATE_SIZE,
    )


def _write_reg(reg: int, value: int) -> list[int]:
    return command(Op.WRITE_REG64, value, inline=reg)


def _dma_reg(reg: dma.Reg) -> int:
    return RANGES[MemoryKind.KERNEL_DMA_PRIVATE][0] + 8 * reg


def _dma(**registers: int) -> list[int]:
    """Commands that set DMA registers in this order, and wait for the transfer's end."""
    words: list[int] = []
    for name, value in registers.items():
        words += command(Op.STORE_IMM64, value, inline=_dma_reg(dma.Reg[name]))
    words += command(Op.LOAD_REG64, _dma_reg(dma.Reg.START_SEQ), inline=Reg.SCRATCH)
    return words + command(Op.STORE_REG64, _dma_reg(dma.Reg.DONE_SEQ), inline=Reg.SCRATCH)


def _copy_counters(target: int) -> list[int]:
    """Commands that copy every counter of every hart to `target`."""
    source = RANGES[MemoryKind.PERF_COUNTERS][0]
    words: list[int] = []
    for hart in range(m1.HARTS):
        place = target + hart * PER_HART * 8
        words += command(Op.COPY_MEM64, source, place, hart_unit(hart), inline=PER_HART)
    return words
