"""A small machine with a megabyte of RAM, and words of code to put there."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from kcc.backend.encode import encode
from kcc.device.sim.machine import Fatal, HartStart, Machine, RunResult

BASE = 0x4000_0000
SIZE = 1 << 20
RETURN = 0x8000
DATA = BASE + 0x4_0000


def insn(name: str, **operands: int) -> int:
    return encode(name, **operands)


@dataclass
class Bench:
    """A machine whose harts all see `memory` at BASE."""

    machine: Machine
    memory: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, SIZE))

    def put(self, words: Sequence[int], at: int = BASE) -> None:
        for word in words:
            size = 4 if word & 3 == 3 else 2
            offset = at - BASE
            self.memory[offset : offset + size] = word.to_bytes(size, "little")
            at += size
        self.machine.flush_code()

    def run(self, words: Sequence[int] = (), **options: object) -> RunResult:
        """Put code at BASE, if given, and run instances of it."""
        if words:
            self.put(words)
        harts = int(options.pop("harts", 1))  # type: ignore[call-overload]
        args = tuple(options.pop("args", ()))  # type: ignore[call-overload]
        setup = {
            "entry": BASE,
            "return_addr": RETURN,
            "first": 0,
            "count": 1,
            "limit": None,
            "ecall": lambda _: Fatal(),
        } | options
        starts = [HartStart(BASE + SIZE - 0x1000 * h, args) for h in range(harts)]
        return self.machine.begin_instances(starts, **setup).result()  # type: ignore[arg-type]

    def word(self, addr: int, size: int = 8) -> int:
        return int.from_bytes(self.memory[addr - BASE : addr - BASE + size], "little")


@pytest.fixture
def make_bench():
    """make_bench(harts=1, **machine options)"""

    def make(harts: int = 1, **options: object) -> Bench:
        bench = Bench(Machine(harts, **options))  # type: ignore[arg-type]
        bench.machine.map_ram(BASE, SIZE, memoryview(bench.memory))
        return bench

    return make


@pytest.fixture
def bench(make_bench) -> Bench:
    return make_bench()
