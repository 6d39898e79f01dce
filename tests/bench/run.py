"""Compile time and guest speed, each as a ratio against a peer measured in the same run.

    python tests/bench/run.py [--quick]

Peers: clang-19 and ld.lld-19 for compilation, qemu-riscv64 for the same guest code, the host's
C compiler for the same loops. Figures are medians; a ratio says how many times ours takes.
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
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "kernels" / "examples"
PEER = Path(__file__).with_name("peer.c")
CLANG = "clang-19 -x cl -cl-std=CL1.2 -O3 --target=riscv64-unknown-elf".split()
CLANG += "-march=rv64gcv -mno-relax".split()
CLANG += "-Xclang -fdeclare-opencl-builtins -Xclang -finclude-default-header".split()
LLD = "ld.lld-19 -Ttext=0x10000 --unresolved-symbols=ignore-all --entry=0".split()
QEMU = "qemu-riscv64 -cpu rv64,v=true,vext_spec=v1.0,vlen=512".split()
HEAVY = ("llvmlite", "lark", "numpy", "elftools")


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


def long_kernel(folder: Path) -> Path:
    """A program of about 300 lines: the examples with a good part of the language in them."""
    parts = []
    for index in range(4):
        for name in ("blur", "mandelbrot", "hash", "histogram", "prefix_rows"):
            text = (EXAMPLES / f"{name}.cl").read_text()
            for word in (name, "clamped", "mix", "weights"):
                text = text.replace(f" {word}(", f" {word}_{index}(").replace(
                    f" {word}[", f" {word}_{index}["
                )
            text = text.replace("(clamped(", f"(clamped_{index}(").replace("#define BINS 256\n", "")
            parts.append(text)
    path = folder / "long.cl"
    path.write_text("#define BINS 256\n" + "\n".join(parts))
    return path


def clang_and_lld(source: Path, folder: Path) -> None:
    call(*CLANG, "-c", source, "-o", folder / "p.o")
    call(*LLD, folder / "p.o", "-o", folder / "p.elf")


def bench_compile(folder: Path, runs: int) -> None:
    env = {"KCC_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    print(
        "\ncompile and link, whole process        kcc cold   kcc cached  clang+lld     cold  cached"
    )
    for source in (EXAMPLES / "vector_add.cl", long_kernel(folder)):
        ours = partial(call, sys.executable, "-m", "kcc", source, "-o", folder / "k.elf", env=env)
        # A macro nobody looks at makes each cold run another program to the cache; what is in
        # every installation (the parser's tables, compiled modules) stays.
        runs_so_far = count()
        cold = median_of(runs, lambda: ours(f"-DRUN={next(runs_so_far)}"))  # noqa: B023
        hit = median_of(runs, ours)
        theirs = median_of(runs, partial(clang_and_lld, source, folder))
        lines = len(source.read_text().splitlines())
        print(
            f"  {source.name:<15} {lines:>4} lines {cold * 1e3:>14.0f} ms {hit * 1e3:>8.0f} ms "
            f"{theirs * 1e3:>8.0f} ms {cold / theirs:>7.2f}x {hit / theirs:>6.2f}x"
        )


def bench_imports(folder: Path) -> None:
    print("\nimports: which of", ", ".join(HEAVY), "a command pays for")
    elf = folder / "k.elf"
    source = EXAMPLES / "vector_add.cl"
    commands = {
        "--help": ["--help"],
        "-E": ["-E", str(source), "-o", os.devnull],
        "compile, cold": [str(source), "-o", str(elf)],
        "compile, cached": [str(source), "-o", str(elf)],
        "info": ["info", str(elf)],
    }
    env = {**os.environ, "KCC_CACHE_DIR": str(folder / "imports"), "PYTHONPATH": str(ROOT)}
    for name, words in commands.items():
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "kcc", *words],
            env=env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        rows = [
            line.split("|") for line in done.stderr.splitlines() if line.startswith("import time:")
        ]
        loaded = {row[-1].strip() for row in rows[1:]}
        total = sum(int(row[0].split(":")[1]) for row in rows[1:])
        heavy = ", ".join(h for h in HEAVY if h in loaded) or "none"
        print(f"  {name:<16} {len(loaded):>4} modules {total / 1e3:>7.1f} ms   {heavy}")


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
    # Compiled modules are part of every installation; a shell may have turned them off.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    missing = [
        t
        for t in ("clang-19", "ld.lld-19", "qemu-riscv64", "riscv64-unknown-elf-gcc")
        if not shutil.which(t)
    ]
    if missing:
        raise SystemExit(f"peers not installed: {', '.join(missing)}")
    sys.path.insert(0, str(ROOT))
    print(f"python {sys.version.split()[0]}, {os.cpu_count()} processors, medians of {runs} runs")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench_compile(folder, runs)
        bench_imports(folder)
        for arch in ("rv64gcv", "rv64gc"):
            bench_guest(folder, runs, arch)


if __name__ == "__main__":
    main()
