"""Launches on a RefSi G1: the boot ROM, and an execution state for each hart that is to run."""

from __future__ import annotations

import math
import struct
from functools import cache
from importlib import resources

from ..ir.abi import EXEC_STATE, MAX_ARG_ALIGN, WG_MODE
from .launch import Launch, LaunchError, Outcome, OwnMemory, exec_state
from .soc.counters import PER_HART
from .soc.g1_device import G1Device
from .soc.memory import MemoryKind, hart_unit

THREAD_ID = struct.Struct("<" + EXEC_STATE["thread_id"].format)
HART_MEMORY = struct.Struct("<QQ")  # last in the ROM: where a hart's own begins and ends


@cache
def rom_image(state_addr: int, stack_top: int) -> bytes:
    """The ROM's contents (linker/start/rom/g1.S, linked) for harts with memory there."""
    text = resources.files(__package__).joinpath("g1_rom.hex").read_text("ascii")
    code = bytes.fromhex(text)[: -HART_MEMORY.size]
    return code + HART_MEMORY.pack(state_addr, stack_top)


class G1Launcher:
    """Launches kernels on one device; made once, it writes the ROM."""

    def __init__(self, device: G1Device, memory: OwnMemory) -> None:
        profile = self._profile = device.profile
        self._device = device
        self._memory = memory
        self._window_size = profile.program.size
        self.state_addr = profile.stack.base
        self.item_harts = profile.harts
        rom = rom_image(profile.stack.base, profile.stack.end)
        fits = device.write(profile.memory[MemoryKind.TCIM].base, rom)
        assert fits  # a profile's memory is a page at least

    def is_of(self, _group_id: tuple[int, ...], _instance: int) -> bool:
        return True

    def launch(self, launch: Launch) -> Outcome:
        if math.prod(launch.ndrange.groups) >> 64:
            raise LaunchError("2 to the power of 64 work-groups, or more")
        harts = self._profile.group_harts
        if launch.by_items:
            harts = math.prod(launch.ndrange.local_size)
        args = self._memory.allocate(len(launch.block), MAX_ARG_ALIGN)
        try:
            self._memory.write(args, launch.block)
            state = bytearray(
                exec_state(
                    launch,
                    self.state_addr,
                    packed_args=args,
                    flags=0 if launch.by_items else WG_MODE,
                    num_threads=harts,
                )
            )
            for hart in range(harts):
                THREAD_ID.pack_into(state, EXEC_STATE["thread_id"].offset, hart)
                self._memory.write(self.state_addr, memoryview(state), hart_unit(hart))
            status = self._device.execute(harts, launch.limit)
        finally:
            self._memory.free(args)
        if status is None:
            raise LaunchError("the work was cancelled")
        counters = self._counters(harts) if launch.counting else {}
        return Outcome(status.retired, status.error, status.result, counters)

    def copy(self, dst: int, src: int, size: int) -> Outcome:
        """By the host; the ranges must not overlap."""
        source = self._device.view(src, size)
        if source is None:
            raise LaunchError(f"{size} bytes at {src:#x} cannot be read")
        self._memory.write(dst, source)
        return Outcome()

    def show_program(self, size: int) -> None:
        if size != self._window_size:
            self._device.show_program(size)
            self._window_size = size

    def _counters(self, harts: int) -> dict[tuple[int, int], int]:
        """All of them begin with 0 when a hart is reset."""
        base = self._profile.memory[MemoryKind.PERF_COUNTERS].base
        data = bytearray(8 * PER_HART)
        found: dict[tuple[int, int], int] = {}
        for hart in range(harts):
            self._device.read_into(memoryview(data), base, hart_unit(hart))
            values = memoryview(data).cast("Q")
            found |= {(number, hart): value for number, value in enumerate(values)}
        return found
