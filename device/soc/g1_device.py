"""The RefSi G1 put together: what the families share, two windows, and harts that boot a ROM."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..profile import Profile, named_profile
from ..sim.interface import HartStart, RunResult
from .device import BELOW_STACK, DEFAULT_OPTIONS, KEPT_ERRORS, DeviceOptions, RefsiDevice
from .memory import MemoryKind
from .traps import HostCalls, exit_code
from .windows import BASE, MODE, PER_HART, SCALE, SHARED, TARGET, Windows, encode_mode, encode_scale

PAGE = 4096
NOWHERE = (1 << 64) - 3  # where no code is: harts end by calling the host
PROGRAM, STACK = range(2)  # windows


@dataclass(frozen=True)
class KernelStatus:
    """What became of a run of all harts.

    error:    why it failed; None when every hart has exited.
    retired:  instructions per hart, those of the ROM among them.
    """

    error: str | None
    retired: tuple[int, ...]
    result: RunResult

    @property
    def exit_code(self) -> int | None:
        """As traps.exit_code() has it."""
        return exit_code(self.result)


class G1Device(RefsiDevice):
    """Work is runs of the ROM, by as many harts as a run asks for, done while the caller waits."""

    def __init__(
        self, options: DeviceOptions = DEFAULT_OPTIONS, profile: Profile | None = None
    ) -> None:
        profile = profile or named_profile("g1")
        super().__init__(options, profile)
        self.errors: deque[KernelStatus] = deque(maxlen=KEPT_ERRORS)
        self._populate({})
        self._calls = HostCalls(options.output)
        self._windows = Windows(self.bus, self.harts)
        stack = profile.stack
        for index, base, size, mode, scale, memory in (
            (PROGRAM, profile.program.base, profile.program.size, SHARED, 0, profile.program.size),
            (STACK, stack.base, stack.size, PER_HART, stack.size, stack.size * profile.harts),
        ):
            target = self.alloc(memory, PAGE)
            self._reserved.add(target)
            self.hide(target)  # a wild pointer must not find it behind the buffers
            for group, value in (
                (BASE, base),
                (TARGET, target),
                (SCALE, encode_scale(scale)),
                (MODE, encode_mode(size, mode)),
            ):
                self._windows.write(group, index, value)

    def execute(self, harts: int, limit: int | None = None) -> KernelStatus | None:
        """Reset so many harts and let them run from the ROM until all exit; None: closed.

        limit: instructions that they may retire together. An interrupt stops them.
        """
        done: list[KernelStatus] = []
        self._call(lambda: done.append(self._run(harts, limit)))
        return done[0] if done else None

    def show_program(self, size: int) -> None:
        """Let harts see so many bytes of the memory for programs."""
        with self.lock:
            mode = encode_mode(size, SHARED)
            self._windows.write(MODE, PROGRAM, mode)  # a change, which unmaps
            self._windows.write(MODE, PROGRAM, mode)

    def _run(self, harts: int, limit: int | None) -> KernelStatus:
        with self.lock:
            machine = self.harts.made(harts)
            self.harts.powered = harts
            machine.power_on(harts)
            result = machine.begin_instances(
                [HartStart(0)] * harts,
                entry=self.profile.memory[MemoryKind.TCIM].base,
                return_addr=NOWHERE,
                first=0,
                count=harts,
                limit=limit,
                ecall=self._calls,
            ).result()
            status = KernelStatus(self._calls.error_of(result), result.retired, result)
            if status.error is not None:
                self.errors.append(status)
                self.options.log(status.error)
            return status

    def _special(self, addr: int) -> str | None:
        stack, places = self.profile.stack, (*self.profile.memory.values(), self.profile.program)
        free_from = max((place.end for place in places if place.base < stack.base), default=0)
        return BELOW_STACK if free_from <= addr < stack.base else None
