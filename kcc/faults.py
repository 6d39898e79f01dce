"""What went wrong in a launch, with the place in the source and the work-item where known."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from kcc.device.sim.interface import BusError, Reason
from kcc.device.sim.watch import Go

from .errors import DeviceError, GuestFault

if TYPE_CHECKING:
    from kcc.device.formosa.hal import FormosaHal
    from kcc.device.hal import Hal
    from kcc.device.launch import WorkGroup
    from kcc.device.sim.machine import Machine
    from kcc.device.sim.watch import Action, Stop
    from kcc.linker.source_lines import SourceLines, SourcePlace

    from .program import Program


def launch_error(
    hal: Hal | FormosaHal, program: Program, base: int, watcher: FaultWatcher | None
) -> DeviceError:
    """Why the last launch, of a kernel of `program`, failed; `watcher` has watched it.

    base: what has been added to the program's addresses.
    """
    fault = hal.last_fault
    if fault is None:
        return DeviceError(hal.last_error)
    message = fault.message
    if fault.reason is Reason.LIMIT:
        message = (
            f"{message}: {hal.max_instructions} instructions without an end, "
            f"at {fault.symbol or f'{fault.pc:#x}'}"
        )
    source = program.source_lines.places(fault.pc - base)
    group = item = None
    if source and fault.cause is not None:
        group = hal.work_group(fault.hart)
        local_id = watcher.local_id if watcher is not None else None
        if group is not None and group.local_size == (1, 1, 1):
            local_id = (0, 0, 0)
        if group is not None and group.local_id is not None:
            local_id = group.local_id
        if group is not None and local_id is not None:
            item = group.global_id(local_id)
    return GuestFault(
        "\n".join([message, *_where(source, group, item)]),
        pc=fault.pc,
        address=fault.address,
        symbol=fault.symbol,
        hart=fault.hart,
        cause=fault.cause,
        source=source,
        work_item=item,
        work_group=group.group_id if group is not None else None,
    )


class FaultWatcher:
    """Watches a run for the work-item that faults: to others registers are not exact then."""

    breakpoints: frozenset[int] = frozenset()

    def __init__(self, machine: Machine, lines: SourceLines, base: int) -> None:
        self._machine = machine
        self._base = base  # added to the addresses that `lines` knows
        self._lines = lines
        self.local_id: tuple[int, ...] | None = None  # of the one that the last run ended with

    def stopped(self, stop: Stop) -> Action:
        self.local_id = None
        slot = None
        if stop.fault is not None:
            slot = self._lines.local_id_slot(stop.fault.pc - self._base)
        if slot is not None:
            register, offset = slot
            addr = (self._machine.read_x(stop.hart, register) + offset) % (1 << 64)
            try:
                data = self._machine.read_memory(stop.hart, addr, 24)
                self.local_id = struct.unpack("<3Q", data)
            except BusError:
                pass  # the stack has overflowed
        return Go()


def _where(
    source: tuple[SourcePlace, ...], group: WorkGroup | None, item: tuple[int, int, int] | None
) -> list[str]:
    lines = []
    for depth, place in enumerate(source):
        lines.append(f"  {'at' if depth == 0 else 'inlined at'} {place} in '{place.function}'")
    if item is not None:
        lines.append(f"  in work-item {item}")
    elif group is not None:
        lines.append(f"  in work-group {group.group_id}")
    return lines
