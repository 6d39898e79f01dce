"""The simulator against the same C on the host and under QEMU, all in one run.

    python tests/bench/simulator.py [--quick] [--only NAME[,NAME...]] [--section NAME]

Guest programs are whole C programs by clang-19 -O3: scalar ones for rv64gc, vector ones for
rv64gcv (any VLEN; run with 512), the native peer -O3 -march=native. Figures are medians of the
processor time per repetition, from runs of many repetitions less runs of none, so that what
every process does once does not count. Every guest's output must equal QEMU's, byte for byte.
"""

from __future__ import annotations

import argparse
import math
import mmap
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_suffix(".c")
CHILD = Path(__file__).with_name("simulator_child.py")
EXAMPLE = ROOT / "kernels" / "examples" / "vector_add.cl"

PROGRAMS = ("vector_add", "sgemm", "nbody", "hash", "blur", "histogram", "sgemm_w", "nbody_w")
BASE, RAM = 0x4000_0000, 64 << 20
PARALLEL = ("sgemm", "nbody", "hash", "blur")  # what harts write at once is the same
VLEN = 512
TARGETS = {"rv64gc": (2.0, 10.0), "rv64gcv": (1.5, 25.0)}  # kcc/native at most, qemu/kcc at least
COMMON = "-O3 -fno-math-errno -Wno-invalid-feature-combination".split()
GUEST = (
    "--target=riscv64 -nostdlib -static -fuse-ld=lld-19 -ffreestanding -fno-pic -mcmodel=medany "
    f"-mabi=lp64d -Wl,-Ttext={BASE:#x}"
).split()
QEMU = ("qemu-riscv64", "-cpu", f"rv64,v=true,vext_spec=v1.0,vlen={VLEN}")


@dataclass(frozen=True)
class Timer:
    """run: a program with so many repetitions; returns the seconds it took, and its output."""

    run: Callable[[int], tuple[float, bytes]]

    def count_for(self, seconds: float) -> int:
        """How many repetitions take about so long."""
        none = min(self.run(0)[0] for _ in range(2))
        count = 1
        while True:
            spent = self.run(count)[0] - none
            if spent > max(seconds / 4, none / 2) or count >= 4096:
                return max(1, min(4096, round(count * seconds / max(spent, 1e-6))))
            count *= 4


def per_repetition(timers: Sequence[Timer], runs: int, seconds: float) -> list[float]:
    """Medians of the seconds a repetition takes; the timers take turns, to share the noise."""
    counts = [timer.count_for(seconds) for timer in timers]
    spent: list[list[float]] = [[] for _ in timers]
    for _ in range(runs):
        for timer, count, times in zip(timers, counts, spent, strict=True):
            none = timer.run(0)[0]
            times.append((timer.run(count)[0] - none) / count)
    return [max(statistics.median(times), 1e-9) for times in spent]


# -- where programs run ---------------------------------------------------------------------------


def in_process(command: Sequence[str | Path], repetitions: int) -> tuple[float, bytes]:
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*map(str, command), str(repetitions)], stdout=subprocess.PIPE, check=True
    )
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime, done.stdout


class NotRunning(Exception):
    """The simulator ended a program."""


class Simulated:
    """A guest program on a machine of its own, on each of its harts."""

    def __init__(
        self, elf: Path, arch: str, cache: Path, *, harts: int = 1, threads: int = 1
    ) -> None:
        """raises: ValueError if the simulator does not have the architecture."""
        from elftools.elf.elffile import ELFFile

        from kcc.device.sim.machine import Machine

        self.machine = Machine(harts, arch=arch, threads=threads, cache_dir=cache)
        self._clock = time.thread_time if harts == 1 else time.perf_counter
        self.memory = mmap.mmap(-1, RAM)
        self.machine.map_ram(BASE, RAM, memoryview(self.memory))
        with elf.open("rb") as file:
            image = ELFFile(file)
            self._entry = image["e_entry"]
            self._segments = [
                (s["p_vaddr"] - BASE, s.data(), s["p_memsz"])
                for s in image.iter_segments("PT_LOAD")
                if s["p_vaddr"] >= BASE
            ]
        self.retired = 0

    def run(self, program: str, repetitions: int) -> tuple[float, bytes]:
        """Seconds inside the machine, and what the program wrote. raises: NotRunning."""
        from kcc.device.sim.machine import Done, HartStart, Resume

        for at, data, size in self._segments:
            self.memory[at : at + size] = data + bytes(size - len(data))
        output = []

        def ecall(view):  # type: ignore[no-untyped-def]  # a HartView, imported late
            if view.x(17) == 64:
                output.append(view.read_memory(view.x(11), view.x(12)))
                return Resume()
            return Done()

        starts = [
            HartStart(self._arguments(hart, program, str(repetitions)))
            for hart in range(self.machine.harts)
        ]
        start = self._clock()
        result = self.machine.begin_instances(
            starts, entry=self._entry, return_addr=0, first=0, count=len(starts), limit=None,
            ecall=ecall,
        ).result()  # fmt: skip
        spent = self._clock() - start
        if not result.ok:
            raise NotRunning(f"{program}: {result.reason}, {result.fault}")
        self.retired = sum(result.retired)
        return spent, b"".join(output)

    def _arguments(self, hart: int, *words: str) -> int:
        """Lay out argc and argv as Linux does; returns the stack pointer."""
        at = RAM - 4096 - (hart << 20)
        pointers = []
        text = b""
        for word in ("program", *words):
            pointers.append(BASE + at + 1024 + len(text))
            text += word.encode() + b"\0"
        self.memory[at + 1024 : at + 1024 + len(text)] = text
        stack = [len(pointers), *pointers, 0, 0, 0, 0]
        data = b"".join(word.to_bytes(8, "little") for word in stack)
        self.memory[at : at + len(data)] = data
        return BASE + at


# -- sections -------------------------------------------------------------------------------------


def build(folder: Path) -> None:
    clang = ["clang-19", *COMMON, str(SOURCE)]
    subprocess.run(
        [*clang, "-march=native", "-DNATIVE", "-o", str(folder / "native")],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for arch in TARGETS:
        subprocess.run([*clang, *GUEST, f"-march={arch}", "-o", str(folder / arch)], check=True)


def bench_guests(folder: Path, arch: str, programs: Sequence[str], runs: int) -> None:
    """The table of one architecture."""
    at_most, at_least = TARGETS[arch]
    title = f"{arch}, per repetition"
    if arch == "rv64gcv":
        title = f"{arch}, VLEN {VLEN}, per repetition"
    full = f"{arch}_zvl{VLEN}b" if arch == "rv64gcv" else arch
    try:
        guest = Simulated(folder / arch, full, folder / "translations")
    except ValueError as e:
        print(f"\n{title}: skipped, {e}")
        return
    print(
        f"\n{title:<36}{'guest MIPS':>11}{'kcc':>11}{'qemu':>12}{'native':>11}"
        f"{'kcc/native':>12}{'qemu/kcc':>10}"
    )
    ratios = []
    for name in programs:
        timers = [
            Timer(partial(guest.run, name)),
            Timer(partial(in_process, (*QEMU, folder / arch, name))),
            Timer(partial(in_process, (folder / "native", name))),
        ]
        try:
            output = timers[0].run(1)[1]
        except NotRunning as e:
            print(f"  skipped, {e}")
            continue
        if output != timers[1].run(1)[1]:
            raise SystemExit(f"{name} for {arch}: the output differs from QEMU's")
        once = guest.retired
        timers[0].run(0)
        retired = once - guest.retired
        ours, qemu, native = per_repetition(timers, runs, 0.1 if runs < 5 else 0.2)
        ratios.append((ours / native, qemu / ours))
        print(
            f"  {name:<34}{retired / ours / 1e6:>11,.0f}{ours * 1e3:>8.2f} ms{qemu * 1e3:>9.1f} ms"
            f"{native * 1e3:>8.2f} ms{ours / native:>11.2f}x{qemu / ours:>9.1f}x"
        )
    if not ratios:
        return
    by_native, by_qemu = (list(column) for column in zip(*ratios, strict=True))
    print(f"  {'geometric mean':<79}{mean(by_native):>11.2f}x{mean(by_qemu):>9.1f}x")
    print(f"  {'target':<79}{at_most:>8.1f}x max{at_least:>6.1f}x min; slower on none: "
          f"{min(by_qemu):.1f}x")  # fmt: skip


def mean(ratios: Sequence[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, ratios)))


def child(folder: Path, cache: Path, task: str) -> list[float]:
    """The figures that a fresh process prints for a task of simulator_child.py."""
    env = {**os.environ, "KCC_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(CHILD), task, str(folder / "vector_add.elf")],
        env=env, stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    return [float(word) for word in done.stdout.split()]


def bench_parallel(folder: Path, programs: Sequence[str], runs: int) -> None:
    """The same program on two harts, in turns on one thread and on two threads."""
    print(f"\ntwo harts, elapsed time{'in turns':>27}{'in parallel':>14}{'speed-up':>11}"
          f"{'target':>13}")  # fmt: skip
    for name in PARALLEL:
        if name not in programs:
            continue
        timers = [
            Timer(partial(guest.run, name))
            for threads in (1, 2)
            for guest in [Simulated(folder / "rv64gc", "rv64gc", folder / "translations",
                                    harts=2, threads=threads)]
        ]  # fmt: skip
        for timer in timers:
            timer.run(1)
        turns, parallel = per_repetition(timers, runs, 0.1 if runs < 5 else 0.2)
        print(f"  {name:<34}{turns * 1e3:>10.2f} ms{parallel * 1e3:>11.2f} ms"
              f"{turns / parallel:>10.2f}x{'1.8x min':>13}")  # fmt: skip


def bench_first_launch(folder: Path, runs: int) -> None:
    """Each figure is from processes of their own: a device, a first launch, warm ones."""
    rows = []
    for disk, target in (("empty", 150), ("warm", 20)):
        figures = []
        for index in range(runs + 1):
            cache = folder / (f"launch{index}" if disk == "empty" else "launch")
            opened, first, warm = child(folder, cache, "launch")
            if index:  # the first fills the warm cache, and the host's
                figures.append((opened, first, warm, first - warm))
        rows.append(
            (disk, target, [statistics.median(column) for column in zip(*figures, strict=True)])
        )
    print(f"\nvector_add, fresh process{'device':>20}{'first launch':>15}{'warm launch':>14}"
          f"{'difference':>13}{'target':>11}")  # fmt: skip
    for disk, target, (opened, first, warm, difference) in rows:
        print(f"  {disk + ' cache on disk':<23}{opened:>17.1f} ms{first:>12.1f} ms{warm:>11.2f} ms"
              f"{difference:>10.1f} ms{target:>5} ms max")  # fmt: skip


def bench_memory(folder: Path) -> None:
    """Resident megabytes of a process with a device, at four moments."""
    imports, idle, used, freed = child(folder, folder / "launch", "memory")
    print(f"\nresident memory{'kcc alone':>20}{'idle device':>14}{'64 MB buffer':>15}{'freed':>9}")
    print(f"  {'M1':<13}{imports:>17.0f} MB{idle:>11.0f} MB{used:>12.0f} MB{freed:>6.0f} MB   "
          "target: idle device 150 MB max")  # fmt: skip


SECTIONS = ("rv64gc", "rv64gcv", "parallel", "launch", "memory")


def main() -> None:
    """Run the sections asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="3 short runs of each instead of 9")
    parser.add_argument("--only", default=",".join(PROGRAMS), help="programs, by commas")
    parser.add_argument("--section", default=",".join(SECTIONS), help=", ".join(SECTIONS))
    options = parser.parse_args()
    runs = 3 if options.quick else 9
    programs = [name for name in options.only.split(",") if name in PROGRAMS]
    sections = [name for name in options.section.split(",") if name in SECTIONS]
    if len(programs) != len(options.only.split(",")):
        parser.error(f"programs are: {', '.join(PROGRAMS)}")
    if len(sections) != len(options.section.split(",")):
        parser.error(f"sections are: {', '.join(SECTIONS)}")
    missing = [t for t in ("clang-19", "ld.lld-19", QEMU[0]) if not shutil.which(t)]
    if missing:
        raise SystemExit(f"peers not installed: {', '.join(missing)}")
    # Compiled modules are part of every installation; a shell may have turned them off.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.path.insert(0, str(ROOT))
    import kcc

    print(f"python {sys.version.split()[0]}, {os.cpu_count()} processors, medians of {runs} runs")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        for arch in TARGETS:
            if arch in sections:
                bench_guests(folder, arch, programs, runs)
        if "parallel" in sections:
            bench_parallel(folder, programs, runs)
        (folder / "vector_add.elf").write_bytes(kcc.compile(EXAMPLE).elf)
        if "launch" in sections:
            bench_first_launch(folder, runs)
        if "memory" in sections:
            bench_memory(folder)


if __name__ == "__main__":
    main()
