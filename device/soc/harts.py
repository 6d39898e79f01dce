"""The harts behind the simulator: their memory map as the system on chip changes it.

The machine is made when code is about to run: a program that only moves memory does not pay
for the translator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..sim.interface import Translated
from .memory import BusDevice, HartPort, Ram, Rom

if TYPE_CHECKING:
    from ..sim.machine import Machine


@dataclass(frozen=True)
class Mapping:
    """Bytes [offset, offset + size) of a device, seen at `base`; by one hart or by all.

    writable: by harts, for memory; registers decide for themselves.
    """

    base: int
    size: int
    device: BusDevice
    offset: int = 0
    hart: int | None = None
    writable: bool = True


class Harts:
    def __init__(
        self,
        count: int,
        arch: str,
        cache_dir: Path | None,
        attach: Callable[[Machine], None] | None = None,
        *,
        at_first: int | None = None,
        counters: bool = False,
        threads: int = 1,
    ) -> None:
        """attach: see attach(). counters, threads: as the machine's.

        at_first: so many are made to begin with, the others when a run needs them.
        """
        self.harts = count
        self.powered = count  # so many have registers to be read from outside
        self._at_first = count if at_first is None else at_first
        self._arch = arch
        self._cache_dir = cache_dir
        self._attach = attach
        self._counters = counters
        self._threads = threads
        self._mappings: list[Mapping] = []
        self._machine: Machine | None = None

    @property
    def machine(self) -> Machine:
        if self._machine is None:
            from ..sim.machine import Machine

            made = Machine(
                self._at_first,
                arch=self._arch,
                threads=self._threads,
                counters=self._counters,
                cache_dir=self._cache_dir,
            )
            for hart in range(made.harts):
                self._show_all(made, hart)
            if self._attach is not None:
                self._attach(made)
            self._machine = made
        return self._machine

    def made(self, count: int) -> Machine:
        """The machine, with at least so many harts."""
        machine = self.machine
        while machine.harts < min(count, self.harts):
            machine.add_hart()
            self._show_all(machine, machine.harts - 1)
        return machine

    def _show_all(self, machine: Machine, hart: int) -> None:
        """Give a new hart its memory map."""
        for mapping in self._mappings:
            if mapping.hart in (None, hart):
                _map(machine, replace(mapping, hart=hart))

    def prepare(self) -> None:
        """Make the machine now, so that the first launch need not wait for it."""
        _ = self.machine

    @property
    def translated(self) -> Translated:
        """What it took so far to come by host code."""
        return self._machine.translated if self._machine is not None else Translated()

    def map(self, mapping: Mapping) -> None:
        """Show memory or registers to harts; the range must be free."""
        self._mappings.append(mapping)
        if self._machine is not None and (mapping.hart or 0) < self._machine.harts:
            _map(self._machine, mapping)

    def unmap(self, base: int) -> None:
        """Take back what any hart sees at `base`."""
        gone = [m for m in self._mappings if m.base == base]
        machine = self._machine
        if machine is not None and any((m.hart or 0) < machine.harts for m in gone):
            machine.unmap(base)
        self._mappings = [m for m in self._mappings if m.base != base]

    def attach(self, act: Callable[[Machine], None]) -> None:
        """Give the machine to `act`, to watch its runs: now, or before anything runs on it."""
        self._attach = act
        if self._machine is not None:
            act(self._machine)

    def flush_code(self) -> None:
        if self._machine is not None:
            self._machine.flush_code()

    def stop(self) -> None:
        if self._machine is not None:
            self._machine.stop()

    def read_csr(self, hart: int, number: int) -> int:
        machine = self._machine
        there = machine is not None and hart < min(machine.harts, self.powered)
        return machine.read_csr(hart, number) if machine and there else 0

    def write_csr(self, hart: int, number: int, value: int) -> None:
        if hart < self.powered:
            self.made(hart + 1).write_csr(hart, number, value)


def _map(machine: Machine, m: Mapping) -> None:
    if isinstance(m.device, Ram | Rom):
        machine.map_ram(m.base, m.size, m.device.memory, m.offset, hart=m.hart, writable=m.writable)
    else:
        machine.map_io(m.base, m.size, HartPort(m.device, m.offset), hart=m.hart)
