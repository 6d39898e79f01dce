"""Compile time and guest speed of whole kernels, as ratios against peers of the same run.

    python tests/bench/run.py [--quick]

Peers: for the compiler, which compile.py measures, clang and lld; for the guest, qemu-riscv64
with the same code, and the host's C compiler with the same loops. Figures are medians; a ratio
says how many times ours takes.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "kernels" / "examples"
COMPILE, PEER = (Path(__file__).with_name(name) for name in ("compile.py", "peer.c"))
QEMU = "qemu-riscv64 -cpu rv64,v=true,vext_spec=v1.0,vlen=512".split()


def median_of(runs: int, work: Callable[[], object]) -> float:
    """The median time of `work`, in seconds, after one run that is not counted."""
    work()
    return statistics.median(timed(work) for _ in range(runs))


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def call(*words: str | Path, env: dict[str, str] | None = None, status: int | None = 0) -> int:
    done = subprocess.run(
        [str(w) for w in words],
        env={**os.environ, **(env or {})},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if status is not None and done.returncode != status:
        raise SystemExit(f"{' '.join(map(str, words))}: exit status {done.returncode}")
    return done.returncode


def bench_guest(folder: Path, runs: int, arch: str) -> None:
    import numpy as np

    import kcc

    names = ("matrix_multiply", "hash", "vector_add")
    objects = []
    for name in names:
        objects.append(folder / f"{name}.o")
        call(sys.executable, "-m", "kcc", f"-march={arch}", "-c", EXAMPLES / f"{name}.cl",
             "-o", objects[-1], env={"PYTHONPATH": str(ROOT)})  # fmt: skip
    guest, native = folder / "guest.elf", folder / "native"
    call("riscv64-unknown-elf-gcc", "-O2", "-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany",
         "-nostdlib", "-static", "-ffreestanding", PEER, *objects, "-o", guest)  # fmt: skip
    call(native_compiler(), "-O3", "-march=native", "-DNATIVE", PEER, "-o", native)

    rng = np.random.default_rng(1)
    n = 256
    sgemm = [rng.random(n * n, dtype=np.float32) for _ in range(3)]
    keys = rng.integers(0, 1 << 32, 1 << 18, dtype=np.uint32)
    add = [rng.random(1 << 20, dtype=np.float32) for _ in range(3)]
    launches = {
        "matrix_multiply": (sgemm, (n, n, n), (n, n), (64, 1)),
        "hash": ([keys, keys.copy()], (1 << 18,), (1 << 18,), (64,)),
        "vector_add": (add, (), (1 << 20,), (64,)),
    }
    repeats = {"matrix_multiply": 4, "hash": 4, "vector_add": 20}
    print(f"\n{arch + ', one launch':<18} {'retired':>17}   guest MIPS      kcc     qemu   native  "
          "qemu/kcc  kcc/native")  # fmt: skip
    with kcc.Device("m1") as device:
        for name in names:
            arrays, scalars, global_size, local_size = launches[name]
            program = kcc.compile(EXAMPLES / f"{name}.cl", [f"-march={arch}"])
            kernel = device.load(program)[name]
            buffers = [device.buffer(array) for array in arrays]
            launch = partial(
                kernel, *buffers, *scalars, global_size=global_size, local_size=local_size
            )
            retired = sum(launch().retired)
            ours = median_of(runs, launch)
            count = repeats[name]
            qemu = per_launch([*QEMU, guest, name], count, runs)
            host = per_launch([native, name], count * 20, runs)
            print(
                f"  {name:<16} {retired:>17,} {retired / ours / 1e6:>12,.0f} {ours * 1e3:>5.1f} ms "
                f"{qemu * 1e3:>5.1f} ms {host * 1e3:>5.2f} ms {qemu / ours:>8.1f}x "
                f"{ours / host:>10.2f}x"
            )
            for buffer in buffers:
                buffer.free()


def per_launch(command: list[str | Path], count: int, runs: int) -> float:
    """Seconds a launch takes inside a process: `count` launches less none."""
    many = median_of(runs, lambda: call(*command, str(count), status=None))
    none = median_of(runs, lambda: call(*command, "0", status=None))
    return max(many - none, 1e-9) / count


def native_compiler() -> str:
    return shutil.which("clang-19") or shutil.which("gcc") or "cc"


def main() -> None:
    """Run every benchmark whose peers are installed."""
    runs = 3 if "--quick" in sys.argv else 7
    missing = [t for t in ("qemu-riscv64", "riscv64-unknown-elf-gcc") if not shutil.which(t)]
    if missing:
        raise SystemExit(f"peers not installed: {', '.join(missing)}")
    sys.path.insert(0, str(ROOT))
    subprocess.run([sys.executable, COMPILE, *sys.argv[1:]], check=True)
    print(f"\npython {sys.version.split()[0]}, {os.cpu_count()} processors, medians of {runs} runs")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for arch in ("rv64gcv", "rv64gc"):
            bench_guest(folder, runs, arch)


if __name__ == "__main__":
    main()
