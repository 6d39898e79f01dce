"""Whole programs while watched: breakpoints and steps change nothing of what they write."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from guest import CLANG, PROGRAMS, link, on_machine, on_qemu
from kcc.device.sim.effects import Registers
from kcc.device.sim.machine import Machine
from kcc.device.sim.record import Executed, Filter, Recorder
from kcc.device.sim.watch import Action, Go, Step, Stop, Why
from test_c_programs import COMMON, CPU, ORACLES

ARCH = "rv64gcv_zba_zbb_zbc_zbs_zvl512b"
STOPS = 150  # then it runs to the end


@dataclass
class Random:
    """Breakpoints at random; steps and goes on at random; writes back what it reads."""

    machine: Machine
    addresses: list[int]
    rng: random.Random
    stops: int = 0
    breakpoints: set[int] = field(default_factory=set)

    def stopped(self, stop: Stop) -> Action:
        self.stops += 1
        if self.stops > STOPS:
            self.breakpoints = set()
            return Go()
        if stop.why is Why.BREAK:
            assert self.machine.read_pc(stop.hart) in self.breakpoints
        if self.rng.random() < 0.02:
            self.breakpoints = set(self.rng.sample(self.addresses, 20))
        self._rewrite(self.machine.registers(stop.hart))
        return Step() if self.rng.random() < 0.3 else Go()

    def _rewrite(self, now: Registers) -> None:
        """Had a register been somewhere else meanwhile, its old value would come back."""
        m = self.machine
        for n in range(32):
            m.write_x(0, n, now.x[n])
            m.write_f(0, n, now.f[n])
            m.write_v(0, n, now.vector(n))


class Tail:
    """Keeps what a recorder tells last, and how much it was."""

    count = 0
    last: Executed | None = None

    def executed(self, e: Executed) -> None:
        assert self.last is None or self.last.next_pc == e.pc
        self.last, self.count = e, self.count + 1

    def trapped(self, fault, retired) -> None:
        raise AssertionError((fault, retired))


def built(name: str, level: str, folder: Path) -> Path:
    march = ("-march=rv64gcv_zba_zbb_zbc_zbs", *COMMON)
    return link(CLANG, PROGRAMS / f"{name}.c", folder / f"{name}.elf", *march, level)


def addresses_of(elf: Path) -> list[int]:
    with elf.open("rb") as file:
        text = ELFFile(file).get_section_by_name(".text")
        return list(range(text["sh_addr"], text["sh_addr"] + text["sh_size"], 2))


def judge(name: str, level: str, folder: Path, seed: int) -> None:
    elf = built(name, level, folder)
    addresses = addresses_of(elf)
    seen: list[Random] = []

    def watch(machine: Machine) -> Random:
        rng = random.Random(seed)
        start = set(rng.sample(addresses, len(addresses) // 4))
        seen.append(Random(machine, addresses, rng, breakpoints=start))
        return seen[0]

    output, result = on_machine(elf, ARCH, watch)
    plain, unwatched = on_machine(elf, ARCH)
    assert output == plain == on_qemu(elf, CPU)
    assert (result.reason, result.retired) == (unwatched.reason, unwatched.retired)
    assert seen[0].stops > 20


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("level", ["-O0", "-O3"])
@pytest.mark.parametrize("name", ["floats", "checksums", "conversions", "strings"])
def test_programs_with_breakpoints_and_steps(name: str, level: str, tmp_path: Path) -> None:
    judge(name, level, tmp_path, 7)


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("name", ["sorting", "matrices"])
def test_a_function_recorded_in_the_midst_of_a_program(name: str, tmp_path: Path) -> None:
    elf = built(name, "-O2", tmp_path)
    addresses = addresses_of(elf)
    middle = range(addresses[len(addresses) // 3], addresses[len(addresses) // 2])
    tail = Tail()

    class Loose(Tail):
        def executed(self, e: Executed) -> None:
            assert e.pc in middle
            tail.count += 1

    output, _ = on_machine(elf, ARCH, lambda m: Recorder(m, Loose(), Filter(ranges=(middle,))))
    assert output == on_qemu(elf, CPU)
    assert tail.count > 100
