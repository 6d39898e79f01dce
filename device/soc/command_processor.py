"""The M1's command processor: its registers, and what each command does.

Commands run in order until FINISH, the end of the buffer or the first error, which abandons
the rest of the buffer and is kept as a CommandError for whoever asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..profile import Profile
from ..sim.interface import BusError, HartStart, Launches, RunResult
from .commands import (
    NUM_REGS,
    CommandError,
    Op,
    Reg,
    command_at,
    describe,
    entry_point,
    kub_addr,
    part_offset,
    part_size,
)
from .harts import Harts
from .memory import CMP, Bus, repeat
from .traps import HostCalls, exit_code
from .windows import COUNT as WINDOWS
from .windows import WindowError, Windows


@dataclass(frozen=True)
class BufferStatus:
    """What became of a command buffer.

    error:    why it was abandoned; None when it ran to its end.
    offset:   of the command it stopped at, bytes from the start of the buffer.
    retired:  instructions per hart, over all its commands.
    result:   of the run that failed, if it was one.
    """

    addr: int
    error: str | None
    offset: int
    retired: tuple[int, ...]
    result: RunResult | None = None

    @property
    def message(self) -> str:
        """The error for a log, with its place where it is no run's, which says so itself."""
        if self.error is None or self.result is not None:
            return self.error or ""
        return f"error: command buffer at {self.addr:#x}, offset {self.offset:#x}: {self.error}"

    @property
    def exit_code(self) -> int | None:
        """Of the run that failed, as traps.exit_code() has it; 0 when nothing did."""
        return exit_code(self.result) if self.error is not None else 0


@dataclass
class _Progress:
    """Of the buffer being executed."""

    retired: list[int]
    remaining: int | None  # instructions
    words: memoryview  # the buffer
    at: int = 0  # the command, an index of `words`


class CommandProcessor:
    def __init__(
        self,
        profile: Profile,
        bus: Bus,
        harts: Harts,
        calls: HostCalls,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self.registers = [0] * NUM_REGS
        self.windows = Windows(bus, harts)
        assert profile.stack_area is not None, "an M has one"
        self.hart_area = profile.stack_area
        self._memory_map = profile.memory
        self.cancelled = False  # set from outside: abandon the buffer
        self._bus = bus
        self._harts = harts
        self._calls = calls
        self._trace = trace
        self._progress = _Progress([0] * harts.harts, None, memoryview(b""))

    def execute(self, addr: int, size: int, limit: int | None = None) -> BufferStatus:
        """Run the commands in [addr, addr + size); never raises for what they hold.

        limit: instructions that all harts may retire together.
        """
        started = time.monotonic()
        if self._trace:
            self._trace(f"[CMP] Starting to execute command buffer at {addr:#x}.")
        error: CommandError | None = None
        progress = self._progress = _Progress([0] * self._harts.harts, limit, memoryview(b""))
        try:
            progress.words = self._words(addr, size)
            self._commands(progress)
        except CommandError as e:
            error = e
        except (BusError, WindowError) as e:
            error = CommandError(str(e))
        self.cancelled = False
        if self._trace:
            if error is not None:
                self._trace(f"[CMP] {error.message}")
            seconds = time.monotonic() - started
            self._trace(f"[CMP] Finished executing command buffer in {seconds:.3f} s")
        return BufferStatus(
            addr,
            error.message if error else None,
            8 * progress.at,
            tuple(progress.retired),
            error.result if error else None,
        )

    def _commands(self, progress: _Progress) -> None:
        words = progress.words
        while progress.at < len(words):
            self._check_cancelled()
            op, inline, payload = command_at(words, progress.at)
            if self._trace:
                self._trace(f"[CMP] {describe(op, inline, payload, self._memory_map)}")
            if op == Op.FINISH:
                break
            _ACTIONS[op](self, inline, payload)
            progress.at += 1 + len(payload)

    def _words(self, addr: int, size: int) -> memoryview:
        """The buffer, live: commands may write to later ones. It may be cut by the memory's end."""
        place = self._bus.find(addr)
        size = min(size, place.end - addr) & ~7 if place else 0
        view = self._bus.view(addr, size, CMP)
        if view is None:
            raise CommandError(f"nothing to execute at {addr:#x}")
        return view.cast("Q")

    # -- the commands: each gets its inline value and its payload

    def _nop(self, _inline: int, _payload: Sequence[int]) -> None:
        pass

    def _write_reg(self, reg: int, payload: Sequence[int]) -> None:
        self._check_register(reg)
        value = payload[0]
        if reg >= Reg.WINDOW_BASE0:
            group, index = divmod(reg - Reg.WINDOW_BASE0, WINDOWS)
            self.windows.write(group, index, value)
        self.registers[reg] = value

    def _load_reg(self, reg: int, payload: Sequence[int]) -> None:
        self._check_register(reg)
        self.registers[reg] = self._bus.read64(payload[0], CMP)

    def _store_reg(self, reg: int, payload: Sequence[int]) -> None:
        self._check_register(reg)
        self._bus.write64(payload[0], self.registers[reg], CMP)

    def _store_imm(self, addr: int, payload: Sequence[int]) -> None:
        self._bus.write64(addr, payload[0], CMP)

    def _copy_mem(self, count: int, payload: Sequence[int]) -> None:
        src, dst, unit = payload
        if src % 8:
            raise CommandError(f"COPY_MEM64 from {src:#x}, which is not 8-aligned")
        for addr in (src, dst):
            place = self._bus.find(addr)
            if place is None or addr + 8 * count > place.end:
                raise CommandError(f"COPY_MEM64: {8 * count} bytes at {addr:#x} are not in memory")
        source = self._bus.view(src, 8 * count, unit)
        target = self._bus.view(dst, 8 * count, CMP)
        # Words move one by one, upwards: ahead of itself a copy repeats what it has written.
        ahead = dst - src
        if source is not None and target is not None:
            if not 0 < ahead < 8 * count:
                target[:] = source
                return
            both = self._bus.view(src, ahead + 8 * count, unit)
            if both is not None and ahead >= 8:
                repeat(both, ahead)
                return
        for at in range(0, 8 * count, 8):
            self._check_cancelled()
            self._bus.write64(dst + at, self._bus.read64(src + at, unit), CMP)

    def _sync_cache(self, _flags: int, _payload: Sequence[int]) -> None:
        self._harts.flush_code()

    def _run_instances(self, inline: int, payload: Sequence[int]) -> None:
        count, *args = payload
        harts = self._hart_count(inline)
        start = HartStart(self.registers[Reg.STACK_TOP], tuple(args))
        # Commands that follow and differ in arguments only are run without coming back here,
        # unless someone wants to read of each.
        words = self._progress.words[self._progress.at :]
        row = None if self._trace else Launches(words, 1 + len(payload))
        self._run([start] * harts, count, row)

    def _run_kernel_slice(self, inline: int, payload: Sequence[int]) -> None:
        count, slice_id = payload
        harts = self._hart_count(inline)
        kub = kub_addr(self.registers[Reg.KUB_DESC])
        args = kub + part_offset(self.registers[Reg.KARGS_INFO])
        info = self.registers[Reg.TSD_INFO]
        offset, size = part_offset(info), part_size(info)
        area = self.hart_area.size // harts
        if size > area:
            raise CommandError(f"{size} bytes of thread-specific data, but {area} per hart")
        data = self._bus.read(kub + offset, size, CMP) if size else b""
        starts = []
        for hart in range(harts):
            base = self.hart_area.base + hart * area
            if size:
                self._bus.write(base, data, CMP)
            stack = self.registers[Reg.STACK_TOP] or base + area
            starts.append(HartStart(stack, (slice_id, args, base if size else 0)))
        self._run(starts, count)

    def _run(self, starts: Sequence[HartStart], count: int, row: Launches | None = None) -> None:
        progress = self._progress
        if not count:
            return
        result = self._harts.machine.begin_instances(
            starts[:count],
            entry=entry_point(self.registers[Reg.ENTRY_PT_FN]),
            return_addr=self.registers[Reg.RETURN_ADDR],
            first=0,
            count=count,
            limit=progress.remaining,
            ecall=self._calls,
            launches=row,
        ).result()
        if row is not None:
            progress.at += (result.launches - 1) * row.size
        for hart, retired in enumerate(result.retired):
            progress.retired[hart] += retired
        if progress.remaining is not None:
            progress.remaining = max(0, progress.remaining - sum(result.retired))
        error = self._calls.error_of(result)
        if error is not None:
            raise CommandError(error, result)

    def _hart_count(self, inline: int) -> int:
        harts = inline & 0xFF or self._harts.harts
        if harts > self._harts.harts:
            raise CommandError(f"{harts} harts, but there are {self._harts.harts}")
        return harts

    def _check_cancelled(self) -> None:
        if self.cancelled:
            raise CommandError("the run was stopped")

    def _check_register(self, reg: int) -> None:
        if reg >= NUM_REGS:
            raise CommandError(f"there is no register {reg}")


# Opcode -> action, which gets the inline value and the payload; FINISH ends the loop.
_C = CommandProcessor
# fmt: off
_ACTIONS: dict[int, Callable[[CommandProcessor, int, Sequence[int]], None]] = {
    Op.NOP:              _C._nop,
    Op.WRITE_REG64:      _C._write_reg,
    Op.LOAD_REG64:       _C._load_reg,
    Op.STORE_REG64:      _C._store_reg,
    Op.STORE_IMM64:      _C._store_imm,
    Op.COPY_MEM64:       _C._copy_mem,
    Op.RUN_KERNEL_SLICE: _C._run_kernel_slice,
    Op.RUN_INSTANCES:    _C._run_instances,
    Op.SYNC_CACHE:       _C._sync_cache,
}
# fmt: on
