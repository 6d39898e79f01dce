"""Programs for Linux's write and exit: linked, run under QEMU and on our machine."""

from __future__ import annotations

import mmap
import subprocess
from collections.abc import Callable
from pathlib import Path

from elftools.elf.elffile import ELFFile

from kcc.device.sim.machine import Done, HartStart, Machine, Resume, RunResult
from kcc.device.sim.watch import Watcher

BASE, SIZE = 0x4000_0000, 16 << 20
CPU = "rv64,zba=true,zbb=true,zbc=true,zbs=true"
ARCH = "rv64gc_zba_zbb_zbc_zbs"
PROGRAMS = Path(__file__).parent / "programs"
CLANG = (
    *("clang-19", "--target=riscv64", "-nostdlib", "-static", "-fuse-ld=lld-19"),
    *("-Wno-unused-command-line-argument", f"-Wl,-Ttext={BASE:#x}", "-mcmodel=medany"),
    *("-ffreestanding", "-fno-pic"),
)
GCC = (
    *("riscv64-unknown-elf-gcc", "-nostdlib", "-static", f"-Wl,-Ttext={BASE:#x}"),
    *("-mcmodel=medany", "-ffreestanding", "-Wl,--no-warn-rwx-segments,--no-relax"),
)


def link(compiler: tuple[str, ...], source: Path, out: Path, *flags: str) -> Path:
    """The program `out`, made by CLANG or GCC for BASE."""
    subprocess.run([*compiler, *flags, str(source), "-o", str(out)], check=True)
    return out


def on_qemu(elf: Path, cpu: str = CPU) -> bytes:
    run = subprocess.run(
        ["qemu-riscv64", "-cpu", cpu, str(elf)], stdout=subprocess.PIPE, check=True
    )
    return run.stdout


def on_machine(
    elf: Path, arch: str = ARCH, watch: Callable[[Machine], Watcher] | None = None
) -> tuple[bytes, RunResult]:
    """Linux's write and exit are all that the programs call."""
    memory = mmap.mmap(-1, SIZE)
    with elf.open("rb") as file:
        image = ELFFile(file)
        entry = image["e_entry"]
        for segment in image.iter_segments("PT_LOAD"):
            data = segment.data()[max(BASE - segment["p_vaddr"], 0) :]  # without the headers
            at = max(segment["p_vaddr"] - BASE, 0)
            memory[at : at + len(data)] = data
    machine = Machine(1, arch=arch)
    machine.map_ram(BASE, SIZE, memoryview(memory))
    if watch is not None:
        machine.watch(watch(machine))
    output = []

    def ecall(view):
        if view.x(17) == 64:
            output.append(view.read_memory(view.x(11), view.x(12)))
            view.set_x(10, view.x(12))
            return Resume()
        assert view.x(17) == 93
        return Done()

    result = machine.begin_instances(
        [HartStart(BASE + SIZE - 64)],
        entry=entry,
        return_addr=0,
        first=0,
        count=1,
        limit=500_000_000,
        ecall=ecall,
    ).result()
    return b"".join(output), result


def compare(elf: Path, cpu: str = CPU, arch: str = ARCH, *, least: int = 200) -> None:
    """The program writes the same on both, and `least` bytes."""
    output, result = on_machine(elf, arch)
    assert result.ok, result
    assert len(output) >= least
    assert output == on_qemu(elf, cpu)
