"""Launches on a RefSi M1: windows, a ROM of launch stubs, and a command buffer for each."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from ..backend.encode import encode
from ..ir.abi import EXEC_STATE, EXEC_STATE_SIZE, HAS_DMA, KERNEL_DMA, WG_INFO
from .cmdbuf import CommandBuffer
from .launch import Launch, LaunchError, Outcome, OwnMemory, exec_state
from .soc import dma
from .soc.command_processor import BufferStatus
from .soc.commands import Reg
from .soc.counters import PER_HART
from .soc.m1_device import M1Device
from .soc.memory import MemoryKind, hart_unit
from .soc.traps import A0, A7, Call
from .soc.windows import SHARED, encode_mode

KUB_ALIGN = 256
SLICES_PER_BUFFER = 1 << 16

A1, A2, A3, T1, T2 = 11, 12, 13, 6, 7


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


class _Slices(NamedTuple):
    """What a command buffer of a launch depends on.

    kub, state:    addresses of the arguments, and of the execution state for all harts.
    before, after: where it copies the counters to at its begin and end; 0 for not.
    """

    work_dim: int
    instances: int  # of each slice
    slices: range
    kub: int
    state: int
    before: int
    after: int


class M1Launcher:
    """Launches kernels on one device; made once, it sets up windows and ROM."""

    item_harts = 0

    def __init__(self, device: M1Device, memory: OwnMemory) -> None:
        self._device = device
        self._memory = memory
        profile = self._profile = device.profile
        self.state_addr = profile.stack.base
        self._dma = profile.memory[MemoryKind.KERNEL_DMA_PRIVATE].base
        self._flags = HAS_DMA if self._dma == KERNEL_DMA else 0  # elsewhere, kernels do without
        self._window_size = profile.program.size
        self._latest: tuple[_Slices, CommandBuffer] | None = None
        self._create_windows()
        self._write_rom()

    def is_of(self, group_id: tuple[int, ...], instance: int) -> bool:
        return instance == group_id[0]

    def launch(self, launch: Launch) -> Outcome:
        padded = launch.block.ljust(-(-len(launch.block) // 8) * 8, b"\0")
        uniform = padded + exec_state(launch, self.state_addr, flags=self._flags)
        uniform = uniform.ljust(-(-len(uniform) // KUB_ALIGN) * KUB_ALIGN, b"\0")
        memory = self._memory
        kub = memory.allocate(len(uniform), KUB_ALIGN)
        samples = 0
        try:
            if launch.counting:
                samples = memory.allocate(2 * self._profile.harts * PER_HART * 8, 8)
            memory.write(kub, uniform)
            return self._run_slices(launch, kub, len(padded), samples)
        finally:
            if samples:
                memory.free(samples)
            memory.free(kub)

    def copy(self, dst: int, src: int, size: int) -> Outcome:
        """By DMA; the ranges must not overlap."""
        buffer = self._buffer()
        buffer.dma(SRC_ADDR=src, DST_ADDR=dst, XFER_SIZE0=size, CTRL=dma.DIM_1D | dma.START)
        buffer.finish()
        return _outcome(self._run(buffer))

    def show_program(self, size: int) -> None:
        if size == self._window_size:
            return
        buffer = self._buffer()
        for _ in range(2):  # the first write is a change, which unmaps; the second maps again
            buffer.write_reg64(Reg.WINDOW_MODE0, encode_mode(size, SHARED))
        buffer.finish()
        status = self._run(buffer)
        if status.error is not None:
            raise LaunchError(status.error)
        self._window_size = size

    def _run_slices(self, launch: Launch, kub: int, state_offset: int, samples: int) -> Outcome:
        """Run the launch's command buffers; usually it is one."""
        nx, ny, nz = launch.ndrange.groups
        slices = (1, ny, ny * nz)[launch.work_dim - 1]
        remaining = launch.limit
        total = [0] * self._profile.harts
        for first in range(0, max(slices, 1), SLICES_PER_BUFFER):
            count = min(SLICES_PER_BUFFER, slices - first)
            last = first + count == slices
            what = _Slices(
                launch.work_dim,
                nx,
                range(first, first + count),
                kub,
                kub + state_offset,
                samples if first == 0 else 0,
                samples + self._profile.harts * PER_HART * 8 if samples and last else 0,
            )
            status = self._run(self._commands(what), remaining)
            total = [a + b for a, b in zip(total, status.retired, strict=True)]
            if status.error is not None:
                break
            if remaining is not None:
                remaining -= sum(status.retired)
        counters = self._collect(samples) if samples else {}
        return Outcome(tuple(total), status.error, status.result, counters)

    def _commands(self, what: _Slices) -> CommandBuffer:
        """A command buffer; a launch like the one before has the same, where memory is kept."""
        if self._latest is None or self._latest[0] != what:
            buffer = self._buffer()
            self._prologue(buffer, what.state, what.work_dim)
            if what.before:
                self._copy_counters(buffer, what.before)
            self._run_rows(buffer, what.instances, what.slices, what.kub)
            buffer.sync_cache()
            if what.after:
                self._copy_counters(buffer, what.after)
            buffer.finish()
            self._latest = what, buffer
        return self._latest[1]

    def _prologue(self, buffer: CommandBuffer, state: int, work_dim: int) -> None:
        """Commands that give each hart the execution state, and set up the registers."""
        buffer.dma(
            SRC_ADDR=state,
            DST_ADDR=self._device.processor.hart_area.base,
            XFER_SIZE0=EXEC_STATE_SIZE,
            XFER_SIZE1=self._profile.harts,
            XFER_SRC_STRIDE0=0,  # the same bytes for every hart
            XFER_DST_STRIDE0=self._profile.stack.size,
            CTRL=dma.DIM_2D | dma.STRIDE_BOTH | dma.START,
        )
        buffer.sync_cache()
        buffer.write_reg64(Reg.ENTRY_PT_FN, self._stubs[work_dim - 1])
        buffer.write_reg64(Reg.STACK_TOP, self._profile.stack.end)
        buffer.write_reg64(Reg.RETURN_ADDR, self._rom)

    def _run_rows(self, buffer: CommandBuffer, instances: int, slices: range, kub: int) -> None:
        """A run for each slice; they differ in its number alone."""
        one = CommandBuffer()
        one.run_instances(instances, 0, kub, self.state_addr, max_harts=self._profile.harts)
        runs = one.words * len(slices)
        runs[2 :: len(one.words)] = array("Q", slices)
        buffer.words.extend(runs)

    def _copy_counters(self, buffer: CommandBuffer, target: int) -> None:
        """Commands that copy every counter of every hart to `target`."""
        source = self._profile.memory[MemoryKind.PERF_COUNTERS].base
        for hart in range(self._profile.harts):
            place = target + hart * PER_HART * 8
            buffer.copy_mem64(source, place, PER_HART, hart_unit(hart))

    def _buffer(self) -> CommandBuffer:
        return CommandBuffer(self._dma)

    def _run(self, buffer: CommandBuffer, limit: int | None = None) -> BufferStatus:
        """Execute commands from device memory; raises LaunchError if they cannot start."""
        addr = self._memory.allocate(buffer.size, 8)
        try:
            self._memory.write(addr, bytes(buffer))
            status = self._device.run(addr, buffer.size, limit)
        finally:
            self._memory.free(addr)
        if status is None:
            raise LaunchError("the work was cancelled")
        return status

    def _collect(self, samples: int) -> dict[tuple[int, int], int]:
        """Differences of the counters, from the copies before and after."""
        data = bytearray(2 * self._profile.harts * PER_HART * 8)
        self._device.read_into(memoryview(data), samples)
        values = memoryview(data).cast("Q")
        half = self._profile.harts * PER_HART
        return {
            (i % PER_HART, i // PER_HART): values[half + i] - values[i] & (1 << 64) - 1
            for i in range(half)
        }

    # -- set-up

    def _create_windows(self) -> None:
        program, stack = self._profile.program, self._profile.stack
        area = self._device.processor.hart_area
        image = self._memory.allocate(program.size, 4096)
        self._device.hide(image)  # a wild pointer must not find the program behind the buffers
        buffer = self._buffer()
        buffer.window(0, program.base, image, program.size)
        buffer.window(1, stack.base, area.base, stack.size, per_hart=stack.size)
        buffer.finish()
        status = self._run(buffer)
        assert status.error is None, status.error

    def _write_rom(self) -> None:
        words, offsets = rom_words()
        self._rom = self._memory.allocate(4 * len(words), 8)
        self._stubs = [self._rom + offset for offset in offsets]
        self._memory.write(self._rom, b"".join(w.to_bytes(4, "little") for w in words))


def _outcome(status: BufferStatus) -> Outcome:
    return Outcome(status.retired, status.error, status.result)
