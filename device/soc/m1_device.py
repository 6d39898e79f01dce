"""The RefSi M1 put together: what the families share, DMA, windows, command processor."""

from __future__ import annotations

from collections import deque
from functools import partial

from ..profile import Profile, named_profile
from .command_processor import BufferStatus, CommandProcessor
from .device import BELOW_STACK, DEFAULT_OPTIONS, KEPT_ERRORS, DeviceOptions, RefsiDevice
from .dma import Dma
from .memory import MemoryKind
from .traps import HostCalls


class M1Device(RefsiDevice):
    """Work is command buffers, done in the background strictly in order."""

    def __init__(
        self, options: DeviceOptions = DEFAULT_OPTIONS, profile: Profile | None = None
    ) -> None:
        """profile: of an M; by default the M1's."""
        super().__init__(options, profile or named_profile("m1"))
        self.errors: deque[BufferStatus] = deque(maxlen=KEPT_ERRORS)
        self.last: BufferStatus | None = None  # of the buffer that ended last
        self._trace = options.trace
        self._begun = False
        self._dma = Dma(self.bus, options.trace)
        self._populate({MemoryKind.KERNEL_DMA_PRIVATE: self._dma})
        self.processor = CommandProcessor(
            self.profile, self.bus, self.harts, HostCalls(options.output), options.trace
        )

    def enqueue(self, addr: int, size: int, limit: int | None = None) -> bool:
        """Queue a command buffer; False when the device has been closed meanwhile."""
        return self._queue.put(partial(self._execute, addr, size, limit))

    def run(self, addr: int, size: int, limit: int | None = None) -> BufferStatus | None:
        """Execute a command buffer and wait for it; an interrupt stops it. None: closed."""
        done: list[BufferStatus] = []
        if not self._call(lambda: done.append(self._execute(addr, size, limit))):
            return None
        return done[0] if done else None

    def close(self) -> bool:
        told = self._trace is not None and self._begun and not self.closed
        if told:
            self._say("Requesting stop.")
        closed = super().close()
        if told:
            self._say("Stopping.")
        return closed

    def _say(self, what: str) -> None:
        if self._trace is not None:
            self._trace(f"[CMP] {what}")

    def _settle(self) -> None:
        self.processor.cancelled = True
        try:
            super()._settle()
        finally:
            self.processor.cancelled = self._queue.is_mine()

    def _execute(self, addr: int, size: int, limit: int | None) -> BufferStatus:
        with self.lock:
            if not self._begun:
                self._begun = True
                self._say("Starting.")
            status = self.processor.execute(addr, size, limit)
            self.last = status
            if status.error is not None:
                self.errors.append(status)
                self.options.log(status.message)
            return status

    def _special(self, addr: int) -> str | None:
        if self.processor.hart_area.end <= addr < self.profile.stack.base:
            return BELOW_STACK
        registers = self.profile.memory[MemoryKind.KERNEL_DMA_PRIVATE]
        return self._dma.failure if addr in registers else None
