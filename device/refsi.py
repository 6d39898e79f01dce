"""The RefSi driver interface, name for name.

What C returns through pointers comes back beside the result: `refsiQueryDeviceInfo(device)`
gives `(refsi_result, info or None)`. Buffers stay parameters: `refsiReadDeviceMemory` fills a
writable one. A null pointer is None; a device that has been shut down gives
refsi_device_closed.

Beyond the driver: `open_device` for devices outside the two slots, and `last_error`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from ..ir.abi import KERNEL_DMA as DMA_ADDRESS
from .environment import profile_with_environment, with_environment
from .profile import ELEN, Profile, ProfileError, named_profile
from .soc import dma, windows
from .soc.command_processor import BufferStatus
from .soc.commands import (
    CACHE_SYNC_DCACHE,
    CACHE_SYNC_ICACHE,
    NUM_REGS,
    Op,
    Reg,
    decode_command,
    encode_command,
    entry_point,
    kub_addr,
    kub_size,
    part_offset,
    part_size,
)
from .soc.counters import GLOBAL, PER_HART
from .soc.device import DeviceOptions, RefsiDevice, log_stderr
from .soc.g1_device import G1Device, KernelStatus
from .soc.m1_device import M1Device
from .soc.memory import MemoryKind, UnitKind, unit_id, unit_index, unit_kind
from .soc.traps import Call

Bytes: TypeAlias = bytes | bytearray | memoryview
refsi_addr_t: TypeAlias = int
refsi_device_t: TypeAlias = RefsiDevice | None
refsi_nullptr = 0
CORES = 1


class refsi_result(IntEnum):
    refsi_success = 0
    refsi_failure = 1
    refsi_invalid_device = 2
    refsi_device_closed = 3
    refsi_not_supported = 4


(
    refsi_success,
    refsi_failure,
    refsi_invalid_device,
    refsi_device_closed,
    refsi_not_supported,
) = refsi_result


class refsi_device_family(IntEnum):
    REFSI_DEFAULT = 0
    REFSI_M = 1
    REFSI_G = 2


REFSI_DEFAULT, REFSI_M, REFSI_G = refsi_device_family

refsi_memory_map_kind: TypeAlias = MemoryKind
(
    UNKNOWN,
    DRAM,
    TCIM,
    TCDM,
    TCDM_PRIVATE,
    KERNEL_DMA,
    KERNEL_DMA_PRIVATE,
    PERF_COUNTERS,
) = MemoryKind

refsi_cmp_command_id: TypeAlias = Op
(
    CMP_NOP,
    CMP_FINISH,
    CMP_WRITE_REG64,
    CMP_LOAD_REG64,
    CMP_STORE_REG64,
    CMP_STORE_IMM64,
    CMP_COPY_MEM64,
    CMP_RUN_KERNEL_SLICE,
    CMP_RUN_INSTANCES,
    CMP_SYNC_CACHE,
) = Op

refsi_cmp_register_id: TypeAlias = Reg
(
    CMP_REG_SCRATCH,
    CMP_REG_ENTRY_PT_FN,
    CMP_REG_KUB_DESC,
    CMP_REG_KARGS_INFO,
    CMP_REG_TSD_INFO,
    CMP_REG_STACK_TOP,
    CMP_REG_RETURN_ADDR,
    CMP_REG_WINDOW_BASE0,
    CMP_REG_WINDOW_TARGET0,
    CMP_REG_WINDOW_MODE0,
    CMP_REG_WINDOW_SCALE0,
) = Reg
CMP_NUM_REGS = NUM_REGS
CMP_NUM_WINDOWS = windows.COUNT
CMP_REG_WINDOW_BASEn = CMP_REG_WINDOW_BASE0 + CMP_NUM_WINDOWS - 1
CMP_REG_WINDOW_TARGETn = CMP_REG_WINDOW_TARGET0 + CMP_NUM_WINDOWS - 1
CMP_REG_WINDOW_MODEn = CMP_REG_WINDOW_MODE0 + CMP_NUM_WINDOWS - 1
CMP_REG_WINDOW_SCALEn = CMP_REG_WINDOW_SCALE0 + CMP_NUM_WINDOWS - 1
CMP_GET_ENTRY_POINT_ADDR = entry_point
CMP_GET_KUB_ADDR, CMP_GET_KUB_SIZE = kub_addr, kub_size
CMP_GET_KARGS_OFFSET, CMP_GET_KARGS_SIZE = part_offset, part_size
CMP_GET_TSD_OFFSET, CMP_GET_TSD_SIZE = part_offset, part_size
CMP_GET_WINDOW_ACTIVE, CMP_GET_WINDOW_MODE = windows.is_active, windows.mode_of
CMP_GET_WINDOW_SIZE = windows.size_of
CMP_GET_WINDOW_SCALE_A, CMP_GET_WINDOW_SCALE_B = windows.scale_a, windows.scale_b
CMP_WINDOW_ACTIVE = windows.ACTIVE
CMP_WINDOW_MODE_SHARED = windows.SHARED
CMP_WINDOW_MODE_PERT_HART = windows.PER_HART
CMP_CACHE_SYNC_ACC_DCACHE = CACHE_SYNC_DCACHE
CMP_CACHE_SYNC_ACC_ICACHE = CACHE_SYNC_ICACHE

refsi_unit_kind: TypeAlias = UnitKind
(
    REFSI_UNIT_KIND_ANY,
    REFSI_UNIT_KIND_EXTERNAL,
    REFSI_UNIT_KIND_CMP,
    REFSI_UNIT_KIND_ACC_HART,
    REFSI_UNIT_KIND_ACC_CORE,
) = UnitKind
REFSI_UNIT_ID = unit_id
REFSI_GET_UNIT_KIND = unit_kind
REFSI_GET_UNIT_INDEX = unit_index

REFSI_NUM_PER_HART_PERF_COUNTERS = PER_HART
REFSI_NUM_GLOBAL_PERF_COUNTERS = GLOBAL
REFSI_NUM_PERF_COUNTERS = PER_HART + GLOBAL


class refsi_perf_counter_id(IntEnum):
    REFSI_PERF_CNTR_CYCLE = 0
    REFSI_PERF_CNTR_RETIRED_INSN = 2
    REFSI_PERF_CNTR_READ_BYTE_INSN = 3
    REFSI_PERF_CNTR_READ_SHORT_INSN = 4
    REFSI_PERF_CNTR_READ_WORD_INSN = 5
    REFSI_PERF_CNTR_READ_DOUBLE_INSN = 6
    REFSI_PERF_CNTR_READ_QUAD_INSN = 7
    REFSI_PERF_CNTR_READ_INSN = 8
    REFSI_PERF_CNTR_WRITE_BYTE_INSN = 9
    REFSI_PERF_CNTR_WRITE_SHORT_INSN = 10
    REFSI_PERF_CNTR_WRITE_WORD_INSN = 11
    REFSI_PERF_CNTR_WRITE_DOUBLE_INSN = 12
    REFSI_PERF_CNTR_WRITE_QUAD_INSN = 13
    REFSI_PERF_CNTR_WRITE_INSN = 14
    REFSI_PERF_CNTR_INT_INSN = 15
    REFSI_PERF_CNTR_FLOAT_INSN = 16
    REFSI_PERF_CNTR_BRANCH_INSN = 17


REFSI_REG_DMACTRL = dma.Reg.CTRL
REFSI_REG_DMASTARTSEQ = dma.Reg.START_SEQ
REFSI_REG_DMADONESEQ = dma.Reg.DONE_SEQ
REFSI_REG_DMASRCADDR = dma.Reg.SRC_ADDR
REFSI_REG_DMADSTADDR = dma.Reg.DST_ADDR
REFSI_REG_DMAXFERSIZE0 = dma.Reg.XFER_SIZE0
REFSI_REG_DMAXFERSRCSTRIDE0 = dma.Reg.XFER_SRC_STRIDE0
REFSI_REG_DMAXFERDSTSTRIDE0 = dma.Reg.XFER_DST_STRIDE0
REFSI_DMA_NUM_REGS = dma.NUM_REGS
REFSI_DMA_START = dma.START
REFSI_DMA_1D, REFSI_DMA_2D, REFSI_DMA_3D = dma.DIM_1D, dma.DIM_2D, dma.DIM_3D
REFSI_DMA_DIM_MASK = dma.DIM_MASK
REFSI_DMA_STRIDE_NONE = 0
REFSI_DMA_STRIDE_DST, REFSI_DMA_STRIDE_SRC = dma.STRIDE_DST, dma.STRIDE_SRC
REFSI_DMA_STRIDE_BOTH = REFSI_DMA_STRIDE_MODE_MASK = dma.STRIDE_BOTH
REFSI_DMA_IO_ADDRESS = DMA_ADDRESS  # of the M1; others say in their memory map
REFSI_DMA_IO_END_ADDRESS = DMA_ADDRESS + (dma.NUM_REGS << 3)

HOST_IO_CMD_EXIT, HOST_IO_CMD_PUTSTRING, HOST_IO_CMD_BARRIER, _ = Call


def REFSI_DMA_REG_ADDR(base: int, reg: int) -> int:
    return base + (reg << 3)


def REFSI_DMA_GET_REG(base: int, addr: int) -> int:
    return addr - base >> 3


@dataclass(frozen=True)
class refsi_device_info_t:
    """vlen and elen in bits."""

    family: refsi_device_family
    num_cores: int
    num_harts_per_core: int
    num_memory_map_entries: int
    core_isa: str
    core_vlen: int
    core_elen: int


@dataclass(frozen=True)
class refsi_memory_map_entry:
    """size in bytes."""

    kind: MemoryKind
    start_addr: int
    size: int


# -- start-up, devices ---------------------------------------------------------------------------


class _Driver:
    """The open devices of this process, one per family."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.open: dict[refsi_device_family, RefsiDevice] = {}


_driver = _Driver()


def refsiInitialize() -> refsi_result:
    return refsi_success


def refsiTerminate() -> refsi_result:
    """Shut down whatever is open."""
    with _driver.lock:
        devices = list(_driver.open.values())
        _driver.open.clear()
    for device in devices:
        device.close()
    return refsi_success


def refsiOpenDevice(family: int) -> refsi_device_t:
    """The device of a family, opened if it is not.

    None for a family there is none of, and where a variable asks for what cannot be.
    """
    if family not in list(refsi_device_family):
        return None
    known = REFSI_G if family == REFSI_G else REFSI_M
    with _driver.lock:
        device = _driver.open.get(known)
        if device is None or device.closed:
            options = with_environment(DeviceOptions(log=log_stderr))
            try:
                profile = named_profile("g1" if known == REFSI_G else "m1")
                profile = profile_with_environment(profile)
            except ProfileError as e:
                options.log(f"error: {e}")
                return None
            device = _driver.open[known] = open_device(options, profile)
        return device


def open_device(options: DeviceOptions, profile: Profile | None = None) -> RefsiDevice:
    """A device of its own, which refsiOpenDevice does not know; shut it down like any other.

    profile: of what; by default the M1's.
    """
    profile = profile or named_profile("m1")
    return (G1Device if profile.family == "G" else M1Device)(options, profile)


def refsiShutdownDevice(device: refsi_device_t) -> refsi_result:
    """Mapped views stay valid, but lose their contents; no later device shares their bytes."""
    if device is None:
        return refsi_failure
    with _driver.lock:
        _driver.open = {f: d for f, d in _driver.open.items() if d is not device}
    return refsi_success if device.close() else refsi_failure


def _unusable(device: refsi_device_t) -> refsi_result | None:
    """Why nothing can be done with a handle; None when it is fine."""
    if device is None:
        return refsi_invalid_device
    return refsi_device_closed if device.closed else None


# -- queries ---------------------------------------------------------------------------------------


def refsiQueryDeviceInfo(device: refsi_device_t) -> tuple[refsi_result, refsi_device_info_t | None]:
    bad = _unusable(device)
    if bad or device is None:
        return bad or refsi_invalid_device, None
    profile = device.profile
    return refsi_success, refsi_device_info_t(
        REFSI_M if profile.family == "M" else REFSI_G,
        CORES,
        profile.harts,
        len(profile.memory),
        profile.isa,
        profile.vlen,
        ELEN if profile.vlen else 0,
    )


def refsiQueryDeviceMemoryMap(
    device: refsi_device_t, index: int
) -> tuple[refsi_result, refsi_memory_map_entry | None]:
    bad = _unusable(device)
    if bad or device is None:
        return bad or refsi_invalid_device, None
    entries = list(device.profile.memory.items())
    if not 0 <= index < len(entries):
        return refsi_failure, None
    kind, place = entries[index]
    return refsi_success, refsi_memory_map_entry(kind, place.base, place.size)


# -- memory ----------------------------------------------------------------------------------------


def refsiAllocDeviceMemory(device: refsi_device_t, size: int, alignment: int, kind: int) -> int:
    """The address of `size` bytes, or refsi_nullptr. Only DRAM can be allocated.

    alignment: a power of two.
    """
    if device is None or device.closed or kind != DRAM:
        return refsi_nullptr
    return device.alloc(size, alignment)


def refsiFreeDeviceMemory(device: refsi_device_t, phys_addr: int) -> refsi_result:
    """refsi_failure for what is not allocated; refsi_nullptr is fine."""
    if device is None or device.closed:
        return _unusable(device) or refsi_failure
    return refsi_success if not phys_addr or device.free(phys_addr) else refsi_failure


def refsiGetMappedAddress(device: refsi_device_t, phys_addr: int, size: int) -> memoryview | None:
    """The device's own bytes, writable; None for registers and for what is not all memory."""
    if device is None or device.closed:
        return None
    return device.view(phys_addr, size)


def refsiFlushDeviceMemory(device: refsi_device_t, _phys_addr: int, _size: int) -> refsi_result:
    """Nothing to do: mapped views and harts share bytes."""
    return _unusable(device) or refsi_success


def refsiInvalidateDeviceMemory(
    device: refsi_device_t, _phys_addr: int, _size: int
) -> refsi_result:
    return _unusable(device) or refsi_success


def refsiReadDeviceMemory(
    device: refsi_device_t,
    dest: bytearray | memoryview | None,
    phys_addr: int,
    size: int,
    unit_id: int,
) -> refsi_result:
    """Fill the first `size` bytes of `dest`; refsi_failure leaves it as it was."""
    if device is None or device.closed:
        return _unusable(device) or refsi_failure
    room = _bytes_of(dest, size)
    if room is None or room.readonly:
        return refsi_failure
    return refsi_success if device.read_into(room, phys_addr, unit_id) else refsi_failure


def refsiWriteDeviceMemory(
    device: refsi_device_t, phys_addr: int, source: Bytes | None, size: int, unit_id: int
) -> refsi_result:
    if device is None or device.closed:
        return _unusable(device) or refsi_failure
    data = _bytes_of(source, size)
    if data is None:
        return refsi_failure
    return refsi_success if device.write(phys_addr, data, unit_id) else refsi_failure


def _bytes_of(buffer: Bytes | None, size: int) -> memoryview | None:
    """The first `size` bytes of a buffer; None if it has not so many, one after the other."""
    if buffer is None or size < 0:
        return None
    view = memoryview(buffer)
    if view.nbytes < size or not view.c_contiguous:
        return None
    # An array without elements cannot be cast, and has nothing to give.
    return view.cast("B")[:size] if view.nbytes else memoryview(bytearray())


# -- execution -------------------------------------------------------------------------------------


def refsiExecuteCommandBuffer(device: refsi_device_t, cb_addr: int, size: int) -> refsi_result:
    """Queue a command buffer of `size` bytes; its errors come out of last_error.

    Waits while as many wait as the device's profile says, 16 by default.
    """
    if device is None or device.closed:
        return _unusable(device) or refsi_failure
    if not isinstance(device, M1Device):
        return refsi_not_supported
    return refsi_success if device.enqueue(cb_addr, size) else refsi_device_closed


def refsiWaitForDeviceIdle(device: refsi_device_t) -> None:
    """Until all command buffers are done; a G has none."""
    if isinstance(device, M1Device):
        device.wait_idle()


def refsiExecuteKernel(device: refsi_device_t, _entry_fn_addr: int, num_harts: int) -> refsi_result:
    """Have harts 0 .. num_harts - 1 of a G run what is in its ROM, from reset to their exits.

    The entry's address has no effect: what harts run, their ROM and execution states say. All is
    done on return; why it failed comes out of last_error.
    """
    if device is None:
        return refsi_failure
    if device.closed:
        return refsi_device_closed
    if not isinstance(device, G1Device):
        return refsi_not_supported
    if not 1 <= num_harts <= device.profile.harts:
        return refsi_failure
    status = device.execute(num_harts)
    if status is None:
        return _unusable(device) or refsi_failure
    return refsi_failure if status.error is not None else refsi_success


def last_error(device: refsi_device_t) -> BufferStatus | KernelStatus | None:
    """What failed most recently on this device, a command buffer or a kernel; None if nothing."""
    if not isinstance(device, M1Device | G1Device) or not device.errors:
        return None
    return device.errors[-1]


def refsiEncodeCMPCommand(opcode: int, chunk_count: int, inline_chunk: int) -> int:
    """Arguments that do not fit their fields spill into others: nothing is checked, as in C."""
    return encode_command(opcode, chunk_count, inline_chunk) & 0xFFFF_FFFF_FFFF_FFFF


def refsiDecodeCMPCommand(header: int) -> tuple[refsi_result, tuple[int, int, int] | None]:
    """(result, (opcode, chunk count, inline chunk)); the opcode may be one nobody executes."""
    decoded = decode_command(header)
    return (refsi_success, decoded) if decoded else (refsi_failure, None)
