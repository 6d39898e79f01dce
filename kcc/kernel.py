"""Kernels on a device, and what a launch of one did."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kcc.device.sim.interface import Translated
from kcc.ir.abi import MAX_GROUP_ITEMS

from . import config
from .arguments import Arguments
from .errors import DeviceError
from .faults import launch_error
from .ndrange import Size, make_ndrange

if TYPE_CHECKING:
    from kcc.device.formosa.hal import FormosaHal
    from kcc.device.hal import Hal
    from kcc.ir.abi import KernelInfo

    from .devices import Device
    from .program import Program


@dataclass(frozen=True)
class LaunchStats:
    """What a launch did: instructions retired by each hart, and work-groups run.

    counters:   what was counted, by name, for each hart; empty unless the device counts.
    translated: units of code that it had to come by.
    """

    retired: tuple[int, ...]
    groups: int
    translated: Translated = field(compare=False)  # depends on what ran before
    counters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __str__(self) -> str:
        by_hart = " ".join(map(str, self.retired))
        total = sum(self.retired)
        return (
            f"{self.groups} work-groups, {total} instructions (by hart: {by_hart}); "
            f"{self.translated}"
        )


@dataclass(frozen=True)
class Loaded:
    device: Device
    program: Program
    handle: int


class Kernel:
    """A kernel on a device: call it with its arguments to launch it and wait for the end."""

    def __init__(self, loaded: Loaded, info: KernelInfo) -> None:
        self._loaded = loaded
        self.info = info
        self.name = info.name

    def __call__(
        self,
        *args: Any,
        global_size: Size,
        local_size: Size | None = None,
        global_offset: Size | None = None,
        max_instructions: int | None = None,
    ) -> LaunchStats:
        """Run the kernel over a range of work-items.

        args:        one for each parameter. A global or constant pointer takes a Buffer, or an
                     array, which is copied in and, unless the pointee is const, back out; None
                     is a null pointer. A local pointer takes kcc.local(nbytes). A scalar takes a
                     number, a vector a sequence of its lanes, a struct its bytes or a NumPy
                     record.
        global_size: work-items in one to three dimensions; a multiple of local_size, unless the
                     last groups may be smaller (OpenCL C 2.0 and later).
        local_size:  of a work-group; None chooses one.
        returns:     what the launch did.
        raises:      DeviceError for sizes and arguments that do not suit the kernel;
                     GuestFault when the kernel does what it must not, or runs for more than
                     max_instructions on all harts together.
        """
        loaded = self._loaded
        hal = loaded.device.opened()
        profile = loaded.device.profile
        most = min(profile.group_room(self.info), MAX_GROUP_ITEMS)
        ndrange, dims = make_ndrange(self.info, global_size, local_size, global_offset, most)
        entry = hal.program_find_kernel(loaded.handle, self.name)
        if not entry:
            raise DeviceError(f"'{loaded.program.name}': {hal.last_error}")
        most_instructions = _limit(max_instructions)
        with hal.lock:  # what the HAL tells of the last launch is to be of this one
            hal.max_instructions = most_instructions
            loaded.device.show_gdb(loaded.program)
            base = hal.program_base(loaded.handle)
            loaded.device.watch(loaded.program, base)
            before = hal.device.harts.translated
            with Arguments(loaded.device, self.info, args) as arguments:
                if not hal.kernel_exec(loaded.handle, entry, ndrange, arguments.values, dims):
                    raise loaded.device.ended_by_gdb() or launch_error(
                        hal, loaded.program, base, loaded.device.fault_watcher
                    )
                arguments.copy_back()
            translated = hal.device.harts.translated.since(before)
            groups = math.prod(ndrange.groups)
            stats = LaunchStats(hal.retired, groups, translated, _counted(hal))
        if config.number("KCC_DEBUG") >= 2:
            print(f"kcc: {self.name}: {stats}", file=sys.stderr)
        return stats


def _counted(hal: Hal | FormosaHal) -> dict[str, tuple[int, ...]]:
    """What the device has counted for the last launch, if it counts."""
    from kcc.device.soc.counters import NAMES

    if not hal.device.options.counters:
        return {}
    harts = range(len(hal.retired))
    return {
        name: tuple(hal.counter_read(number, hart) or 0 for hart in harts)
        for number, name in NAMES.items()
    }


def _limit(count: int | None) -> int | None:
    try:
        limit = None if count is None else operator.index(count)
    except TypeError:
        limit = -1
    if limit is not None and limit < 0:
        raise DeviceError(f"max_instructions is a count, not {count!r}")
    return limit
