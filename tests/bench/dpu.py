"""DPUs: speed of guest code against RefSi's, sets on several host threads, loading and launching.

    python tests/bench/dpu.py [--quick]

The guest code is the same C for both devices, scalar; times are medians of repetitions. A figure
with a target says how many times the first is the second.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_suffix(".c")
KERNELS = Path(__file__).with_suffix(".cl")
VECTOR_ADD = ROOT / "kernels" / "examples" / "dpu" / "prim" / "vector_add.c"
SCALAR = "-march=rv64gc_zba_zbb"
LOOPS = ("additions", "sums")


def seconds(runs: int, work: Callable[[], object]) -> float:
    """The median time of `work`, after one run that is not counted."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def build(output: Path, *words: str | Path) -> Path:
    command = [sys.executable, "-m", "kcc", "-O2", *map(str, words), "-o", str(output)]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    return output


def refsi_speed(elf: Path, runs: int, repeats: int) -> list[float]:
    """Guest MIPS of each loop, on one hart of an M1."""
    import numpy as np

    import kcc

    speeds = []
    with kcc.Device("m1") as device:
        program = device.load(kcc.load(elf))
        out = device.buffer(np.zeros(1, np.int32))
        for name in LOOPS:
            launch = partial(program[name], out, repeats, global_size=(1,), local_size=(1,))
            retired = sum(launch().retired)
            speeds.append(retired / seconds(runs, launch) / 1e6)
    return speeds


def dpu_speed(elf: Path, runs: int, repeats: int) -> list[float]:
    """Guest MIPS of each loop, on a DPU with one tasklet."""
    from kcc.device import dpu

    speeds = []
    members = dpu.dpu_alloc(1)
    dpu.dpu_load(members, elf)
    for name in LOOPS:
        choose(members, **{name: repeats})
        launch = partial(dpu.dpu_launch, members)
        launch()
        outcome = dpu.dpu_outcome(members)
        assert outcome
        speeds.append(outcome.retired / seconds(runs, launch) / 1e6)
    dpu.dpu_free(members)
    return speeds


def choose(members: object, additions: int = 0, sums: int = 0) -> None:
    """What main() is to do, and how often."""
    import numpy as np

    from kcc.device import dpu

    dpu.dpu_copy_to(members, "repeats", 0, np.array([additions, sums], np.int32))


def set_seconds(elf: Path, runs: int, repeats: int, threads: int) -> float:
    """Of a launch of 8 DPUs, on so many host threads."""
    from kcc.device import dpu

    members = dpu.dpu_alloc(8, f"threads={threads}")
    dpu.dpu_load(members, elf)
    choose(members, sums=repeats)
    try:
        return seconds(runs, lambda: dpu.dpu_launch(members))
    finally:
        dpu.dpu_free(members)


def load_seconds(elf: Path, runs: int, count: int) -> float:
    """To load a program into so many new DPUs and launch it; it has no data to work on."""
    from kcc.device import dpu

    def load_and_launch() -> None:
        members = dpu.dpu_alloc(count)
        try:
            dpu.dpu_load(members, elf)
            dpu.dpu_launch(members)
        finally:
            dpu.dpu_free(members)

    return seconds(runs, load_and_launch)


def main() -> None:
    """Print all figures."""
    quick = "--quick" in sys.argv
    runs, repeats = (3, 200_000) if quick else (9, 1_000_000)
    sys.path.insert(0, str(ROOT))
    print(f"python {sys.version.split()[0]}, {os.cpu_count()} processors, medians of {runs} runs")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["KCC_CACHE_DIR"] = str(folder / "cache")
        refsi = build(folder / "refsi.elf", SCALAR, "-cl-std=CL3.0", KERNELS, SOURCE)
        dpu = build(folder / "dpu.elf", "-mdevice=dpu", SOURCE)
        vector_add = build(folder / "add.elf", "-mdevice=dpu", "-DNR_TASKLETS=16", VECTOR_ADD)

        print(f"\nguest MIPS, one hart{'RefSi':>14}{'DPU':>10}{'DPU/RefSi':>13}{'target':>12}")
        pairs = (refsi_speed(refsi, runs, repeats), dpu_speed(dpu, runs, repeats))
        for loop, theirs, ours in zip(LOOPS, *pairs, strict=True):
            print(
                f"  {loop:<18}{theirs:>14,.0f}{ours:>10,.0f}{ours / theirs:>12.2f}x{'0.5x min':>12}"
            )

        one, two = (set_seconds(dpu, runs, 2 * repeats, threads) for threads in (1, 2))
        print(f"\n8 DPUs{'1 thread':>28}{'2 threads':>14}{'speed-up':>11}{'target':>12}")
        print(f"  {'sums':<18}{one * 1e3:>11.1f} ms{two * 1e3:>11.1f} ms"
              f"{one / two:>10.2f}x{'1.8x min':>12}")  # fmt: skip

        one, many = (load_seconds(vector_add, runs, count) for count in (1, 64))
        print(f"\nload and launch{'1 DPU':>19}{'64 DPUs':>14}{'ratio':>11}{'target':>12}")
        print(f"  {'vector_add':<18}{one * 1e3:>11.2f} ms{many * 1e3:>11.2f} ms"
              f"{many / one:>10.1f}x{'64x max':>12}")  # fmt: skip


if __name__ == "__main__":
    main()
