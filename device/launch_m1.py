"""Launches on a RefSi M1: windows, a ROM of launch stubs, and a command buffer for each."""

from __future__ import annotations

from array import array

from ..backend.encode import encode
from ..ir.abi import EXEC_STATE, EXEC_STATE_SIZE, HAS_DMA, WG_INFO
from .launch import HalDeviceInfo, Launch, LaunchError, Outcome, OwnMemory, exec_state
from .soc import dma, m1
from .soc.command_processor import BufferStatus
from .soc.commands import CACHE_SYNC_DCACHE, CACHE_SYNC_ICACHE, Op, Reg, command, run_instances
from .soc.counters import PER_HART
from .soc.m1 import RANGES
from .soc.m1_device import M1Device
from .soc.memory import MemoryKind, hart_unit
from .soc.traps import A0, A7, Call
from .soc.windows import PER_HART as MODE_PER_HART
from .soc.windows import SHARED as MODE_SHARED
from .soc.windows import encode_mode, encode_scale

KUB_ALIGN = 256
SYNC_ALL = CACHE_SYNC_DCACHE | CACHE_SYNC_ICACHE
SLICES_PER_BUFFER = 1 << 16

A1, A2, A3, T1, T2 = 11, 12, 13, 6, 7
_LETTERS = m1.ISA.removeprefix("RV64").partition("Z")[0]  # extensions of one letter
INFO = HalDeviceInfo(
    name="RefSi M1",
    global_memory_avail=RANGES[MemoryKind.DRAM][1] - (16 << 20),
    shared_local_memory_size=64 << 10,
    vlen=m1.VLEN,
    supports_doubles="D" in _LETTERS or "G" in _LETTERS,
    supports_fp16="Zfh" in m1.ISA,
    should_vectorize="V" in _LETTERS,
)


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


class M1Launcher:
    """Launches kernels on one device; made once, it sets up windows and ROM."""

    info = INFO
    state_addr = m1.HART_BASE

    def __init__(self, device: M1Device, memory: OwnMemory) -> None:
        self._device = device
        self._memory = memory
        self._window_size = m1.ELF_SIZE
        self._create_windows()
        self._write_rom()

    def is_of(self, group_id: tuple[int, ...], instance: int) -> bool:
        return instance == group_id[0]

    def launch(self, launch: Launch) -> Outcome:
        padded = launch.block.ljust(-(-len(launch.block) // 8) * 8, b"\0")
        uniform = padded + exec_state(launch, self.state_addr, flags=HAS_DMA)
        uniform = uniform.ljust(-(-len(uniform) // KUB_ALIGN) * KUB_ALIGN, b"\0")
        memory = self._memory
        kub = memory.allocate(len(uniform), KUB_ALIGN)
        samples = 0
        try:
            if launch.counting:
                samples = memory.allocate(2 * m1.HARTS * PER_HART * 8, 8)
            self._device.write(kub, uniform)
            return self._run_slices(launch, kub, len(padded), samples)
        finally:
            if samples:
                memory.free(samples)
            memory.free(kub)

    def copy(self, dst: int, src: int, size: int) -> Outcome:
        """By DMA; the ranges must not overlap."""
        words = [
            *_dma(SRC_ADDR=src, DST_ADDR=dst, XFER_SIZE0=size, CTRL=dma.DIM_1D | dma.START),
            *command(Op.FINISH),
        ]
        return _outcome(self._run(array("Q", words), None))

    def show_program(self, size: int) -> None:
        if size == self._window_size:
            return
        mode = _write_reg(Reg.WINDOW_MODE0, encode_mode(size, MODE_SHARED))
        # The first write is a change, which unmaps; the second maps again.
        status = self._run(array("Q", [*mode, *mode, *command(Op.FINISH)]), None)
        if status.error is not None:
            raise LaunchError(status.error)
        self._window_size = size

    def _run_slices(self, launch: Launch, kub: int, state_offset: int, samples: int) -> Outcome:
        """Run the launch's command buffers; usually it is one."""
        nx, ny, nz = launch.ndrange.groups
        slices = (1, ny, ny * nz)[launch.work_dim - 1]
        remaining = launch.limit
        total = [0] * m1.HARTS
        for first in range(0, max(slices, 1), SLICES_PER_BUFFER):
            count = min(SLICES_PER_BUFFER, slices - first)
            last = first + count == slices
            words = array("Q", self._prologue(kub + state_offset, launch.work_dim))
            if first == 0 and samples:
                words.extend(_copy_counters(samples))
            one = array("Q", run_instances(nx, m1.HARTS, 0, kub, m1.HART_BASE))
            runs = one * count
            runs[2 :: len(one)] = array("Q", range(first, first + count))
            words.extend(runs)
            words.extend(command(Op.SYNC_CACHE, inline=SYNC_ALL))
            if last and samples:
                words.extend(_copy_counters(samples + m1.HARTS * PER_HART * 8))
            words.extend(command(Op.FINISH))
            status = self._run(words, remaining)
            total = [a + b for a, b in zip(total, status.retired, strict=True)]
            if status.error is not None:
                break
            if remaining is not None:
                remaining -= sum(status.retired)
        counters = self._collect(samples) if samples else {}
        return Outcome(tuple(total), status.error, status.result, counters)

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

    def _run(self, words: array[int], limit: int | None) -> BufferStatus:
        """Execute commands from device memory; raises LaunchError if they cannot start."""
        data = words.tobytes()
        addr = self._memory.allocate(len(data), 8)
        try:
            self._device.write(addr, data)
            status = self._device.run(addr, len(data), limit)
        finally:
            self._memory.free(addr)
        if status is None:
            raise LaunchError("the work was cancelled")
        return status

    def _collect(self, samples: int) -> dict[tuple[int, int], int]:
        """Differences of the counters, from the copies before and after."""
        data = bytearray(2 * m1.HARTS * PER_HART * 8)
        self._device.read_into(memoryview(data), samples)
        values = memoryview(data).cast("Q")
        half = m1.HARTS * PER_HART
        return {
            (i % PER_HART, i // PER_HART): values[half + i] - values[i] & (1 << 64) - 1
            for i in range(half)
        }

    # -- set-up

    def _create_windows(self) -> None:
        image = self._memory.allocate(m1.ELF_SIZE, 4096)
        self._device.hide(image)  # a wild pointer must not find the program behind the buffers
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
        assert status.error is None, status.error

    def _write_rom(self) -> None:
        words, offsets = rom_words()
        self._rom = self._memory.allocate(4 * len(words), 8)
        self._stubs = [self._rom + offset for offset in offsets]
        self._device.write(self._rom, b"".join(w.to_bytes(4, "little") for w in words))


def _outcome(status: BufferStatus) -> Outcome:
    return Outcome(status.retired, status.error, status.result)


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
