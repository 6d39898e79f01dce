"""Hostile input for the simulator: what makes it, and a program that feeds it.

    python -m hostile code SEED COUNT [CACHE]     random code, registers and CSRs on a machine
    python -m hostile elf SEED COUNT FILE...      mutated ELFs through the driver

It prints each case's seed before it runs it, so that whoever started it can tell which case
took the process down. It ends with status 0 if every case ended as it should.
"""

from __future__ import annotations

import mmap
import random
import sys
from pathlib import Path

from kcc.backend.encode import EncodeError, encode
from kcc.backend.isa import FIELDS, TABLE
from kcc.device.sim.interface import BusError, Done, HartStart, Reason
from kcc.device.sim.machine import Machine
from kcc.device.sim.semantics import SEMANTICS

BASE, SIZE = 0x4000_0000, 1 << 16
IO = 0x5000_0000
PAGE = mmap.PAGESIZE
RUNNABLE = [insn for insn in TABLE.values() if insn.name in SEMANTICS or insn.base]
SCALAR = [insn for insn in RUNNABLE if insn.ext not in ("V", "Zfh", "Zicond", "Xdpu")]
DPU = [insn for insn in RUNNABLE if insn.ext == "Xdpu"]
DPU_ARCH = "rv64gc_zba_zbb_zbc_zbs_xdpu"
FAR = 0x0800_0000
VECTOR = [insn for insn in RUNNABLE if insn.ext == "V"]
VECTOR_ARCH = "rv64gcv_zvl256b_zvfh_zba_zbb_zbc_zbs_zicond"
ENDS = (Reason.FINISHED, Reason.FAULT, Reason.LIMIT, Reason.BARRIER)
CAUSES = (1, 2, 3, 4, 5, 6, 7, 24)  # of faults
STATES = 5  # of registers, for each piece of code: runs cost less than translations
CSRS = {0x001: 31, 0x002: 7, 0x008: 300, 0x009: 1, 0x00A: 3, 0x300: (1 << 64) - 1}


def random_insn(rng: random.Random, arch: str) -> bytes:
    """A valid instruction; branches go nearby so that loops are common."""
    while True:
        insn = rng.choice(SCALAR)
        if arch == VECTOR_ARCH:
            insn = rng.choice(rng.choice((RUNNABLE, VECTOR, [TABLE["vsetvli"]])))
        elif arch == DPU_ARCH:
            insn = rng.choice(rng.choice((SCALAR, DPU)))
        operands = {}
        for o in insn.operands:
            low, high = FIELDS[o.key].bounds
            if o.key in ("branch13", "jump21", "cj", "cb"):
                low, high = -32, 32
            step = FIELDS[o.key].scale
            if o.key in ("vd", "vs1", "vs2", "vs3") and rng.random() < 0.8:
                step = 8  # groups of any LMUL
            if o.key in ("zimm11", "zimm10") and rng.random() < 0.9:
                high = 31  # all of these are SEW and whole LMUL
            if o.key in ("imm12", "store12") and rng.random() < 0.8:
                low, high, step = -64, 64, 8  # aligned, so that more accesses succeed
            operands[o.key] = rng.randrange(low, high + 1, step)
        try:
            return encode(insn, **operands).to_bytes(insn.size, "little")
        except EncodeError:
            continue


def random_code(rng: random.Random, arch: str) -> bytes:
    match rng.randrange(4):
        case 0:
            return rng.randbytes(2 * rng.randrange(1, 40))
        case 1:  # valid instructions with a bit wrong
            code = bytearray(b"".join(random_insn(rng, arch) for _ in range(12)))
            for _ in range(rng.randrange(1, 6)):
                code[rng.randrange(len(code))] ^= 1 << rng.randrange(8)
            return bytes(code)
        case _:
            return b"".join(random_insn(rng, arch) for _ in range(rng.randrange(1, 20)))


class Device:
    """Registers that answer anything, or refuse."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def load(self, _offset: int, _size: int, _hart: int) -> int:
        if self.rng.random() < 0.1:
            raise BusError("no")
        return self.rng.getrandbits(64)

    def store(self, _offset: int, _size: int, _value: int, _hart: int) -> None:
        if self.rng.random() < 0.1:
            raise BusError("no")


class Target:
    """A machine whose RAM lies between pages that nothing may touch."""

    def __init__(self, arch: str, rng: random.Random) -> None:
        self.room = mmap.mmap(-1, SIZE + 2 * PAGE)
        self.guard = bytes(random.Random(7).randbytes(PAGE))
        self.room[:PAGE] = self.room[-PAGE:] = self.guard
        self.machine = Machine(2, arch=arch, quantum=50)
        self.machine.map_ram(BASE, SIZE, memoryview(self.room), PAGE)
        self.machine.map_io(IO, 0x1000, Device(rng))
        self.far = mmap.mmap(-1, SIZE + 2 * PAGE)
        self.far[:PAGE] = self.far[-PAGE:] = self.guard
        if arch == DPU_ARCH:
            near, far = (memoryview(m)[PAGE:-PAGE] for m in (self.room, self.far))
            self.machine.join_memories((BASE, near), (FAR, far))

    def run(self, code: bytes, rng: random.Random) -> None:
        self.room[PAGE : PAGE + len(code)] = code
        self.machine.flush_code()
        for _ in range(STATES):
            self.set_registers(rng)
            result = self.machine.begin_instances(
                [HartStart(BASE + SIZE - 512 * h, (BASE + 0x800,)) for h in range(2)],
                entry=BASE + (rng.randrange(8) if rng.random() < 0.1 else 0),
                return_addr=0x8000,
                first=0,
                count=2,
                limit=3000,
                ecall=lambda _: Done(),
            ).result()
            assert result.reason in ENDS, result
            assert result.fault is None or result.fault.cause in CAUSES, result
            for memory in (self.room, self.far):
                assert memory[:PAGE] == self.guard, "bytes below the memory"
                assert memory[-PAGE:] == self.guard, "bytes above the memory"

    def set_registers(self, rng: random.Random) -> None:
        m = self.machine
        places = (BASE, BASE + SIZE // 2, BASE + SIZE - 64, BASE + SIZE, IO, 0, FAR, FAR + SIZE)
        for hart in range(2):
            for number, most in CSRS.items():
                m.write_csr(hart, number, rng.randrange(most + 1) if rng.random() < 0.2 else 0)
            m.write_csr(hart, 0x300, 0x6600)  # floats and vectors on, but for now and then
            for reg in range(1, 32):
                value = rng.choice(places) + rng.randrange(-64, 64, 8)
                m.write_x(hart, reg, rng.choice((value, rng.getrandbits(rng.choice((8, 64))))))
                m.write_f(hart, reg, rng.getrandbits(64))
            if rng.random() < 0.05:
                m.write_csr(hart, 0x300, 0)


def feed_code(seeds: range) -> None:
    rng = random.Random(seeds.start)
    targets = {arch: Target(arch, rng) for arch in ("rv64gc", VECTOR_ARCH, DPU_ARCH)}
    for seed in seeds:
        print("\ncase", seed, flush=True)  # a guest may print, too
        rng = random.Random(seed)
        arch = rng.choice(list(targets))
        targets[arch].run(random_code(rng, arch), rng)


# -- ELFs -----------------------------------------------------------------------------------------

WORDS = (0, 1, 7, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 40, 1 << 63, (1 << 64) - 1, (1 << 64) - 8)


def mutated(data: bytes, rng: random.Random) -> bytes:
    copy = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        # Headers of file and segments, then anywhere.
        at = rng.randrange(min(rng.choice((64, 400, len(copy))), len(copy)))
        match rng.randrange(4):
            case 0:
                copy[at] ^= 1 << rng.randrange(8)
            case 1:
                copy[at] = rng.randrange(256)
            case 2:
                at &= ~7
                copy[at : at + 8] = rng.choice(WORDS).to_bytes(8, "little")
            case _:
                del copy[rng.randrange(len(copy)) :]
        if not copy:
            break
    return bytes(copy)


def feed_elf(seeds: range, files: list[str]) -> None:
    import numpy as np

    import kcc

    images = [Path(f).read_bytes() for f in files]
    with kcc.Device("m1") as device:
        for seed in seeds:
            print("\ncase", seed, flush=True)  # a guest may print, too
            rng = random.Random(seed)
            image = mutated(rng.choice(images), rng)
            path = Path(files[0]).with_name(f"mutated{seeds.start}.elf")
            path.write_bytes(image)
            try:
                program = kcc.load(path)
                loaded = device.load(program)
                for name, args in program.kernels.items():
                    values = [np.zeros(64, np.float32) if a.kind == "buffer" else 1 for a in args]
                    loaded[name](
                        *values, global_size=(4, 4), local_size=(2, 2), max_instructions=20_000
                    )
            except (kcc.DeviceError, kcc.GuestFault, TypeError, ValueError, OverflowError):
                pass  # refused, or faulted: what a caller can handle


if __name__ == "__main__":
    what, first, count, *rest = sys.argv[1:]
    chosen = range(int(first), int(first) + int(count))
    if what == "code":
        feed_code(chosen)
    else:
        feed_elf(chosen, rest)
