"""Instructions that kernels retire per work-item, against C and against scalar code.

    python tests/bench/codegen.py [--only NAME[,NAME...]] [--section NAME[,NAME...]]

Everything runs on the simulator with VLEN 512, and counts of instructions are exact: a second
run prints the same. The peers are loop nests over all work-items in C, by clang-19 -O3 for
rv64gcv_zvl512b, and kcc's own scalar code. Results have to equal NumPy's.
The last section is time: what a kernel of 64 barriers takes to compile against one of 8.
Exit status 1 when results differ, not when a target is missed.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
KERNELS, LOOPS = (Path(__file__).with_suffix(suffix) for suffix in (".cl", ".c"))
TILE, BINS = 16, 256
MACROS = (f"-DTILE={TILE}", f"-DBINS={BINS}")
CLANG = (
    "clang-19 -O3 -fno-math-errno --target=riscv64-unknown-elf -march=rv64gcv_zvl512b -mabi=lp64d "
    "-mcmodel=medany -mno-relax -ffreestanding -c"
).split()
VECTOR, SCALAR = ("-march=rv64gcv",), ("-march=rv64gc",)

AT_MOST_C, AHEAD, AT_MOST_TILED = 1.1, 3, 1.3
AT_LEAST_SCALAR = dict.fromkeys(("sgemm", "nbody", "blur", "mandelbrot"), 8.0)
FEW, MANY, AT_MOST_TIME = 8, 64, 8.0  # barriers


@dataclass(frozen=True)
class Work:
    """A kernel's arguments, the sizes of its launch, and its results by number of the argument.

    shapes: local sizes; the first is the one that counts for targets.
    """

    args: list[Any]
    size: tuple[int, ...]
    shapes: Sequence[tuple[int, ...]]
    results: dict[int, Any]
    tolerance: float = 0.0  # relative, where sums are of rounded numbers


def vector_add(rng: np.random.Generator) -> Work:
    a, b = rng.random((2, 1 << 16), np.float32)
    return Work([a, b, 0 * a], a.shape, ((256,), (64,)), {2: a + b})


def saxpy(rng: np.random.Generator) -> Work:
    x, y = rng.integers(-99, 99, (2, 1 << 16)).astype(np.float32)
    args = [x, y, 3.0, x.size - 1]
    return Work(args, x.shape, ((256,), (64,)), {1: np.append(3 * x[:-1] + y[:-1], y[-1])})


def sgemm(rng: np.random.Generator, shapes: Any = ((64, 4), (16, 16), (256, 1))) -> Work:
    n = 256
    a, b = rng.integers(-9, 9, (2, n, n)).astype(np.float32)  # whole numbers: sums are exact
    return Work([a, b, 0 * a, n], (n, n), shapes, {2: a @ b})


def sgemm_tiled(rng: np.random.Generator) -> Work:
    return sgemm(rng, ((TILE, TILE),))


def nbody(rng: np.random.Generator) -> Work:
    n = 2048
    place, mass = rng.random((3, n)).astype(np.float32), rng.random(n).astype(np.float32)
    force = np.zeros((n, 4))
    for i in range(n):
        d = place.astype(float) - place[:, i : i + 1]
        force[i, :3] = (d * mass * ((d * d).sum(0) + 1e-3) ** -1.5).sum(1)
    args = [*place, mass, np.zeros((n, 4), np.float32), n]
    return Work(args, (n,), ((256,), (64,)), {4: force}, 1e-4)


def blur(rng: np.random.Generator) -> Work:
    n, line = 512, np.array([1, 4, 6, 4, 1], np.float32) / 16
    weights = np.outer(line, line)
    picture = rng.integers(0, 256, (n + 4, n + 4)).astype(np.float32)
    out = np.zeros((n, n), np.float32)
    for j in range(5):
        for i in range(5):
            out += weights[j, i] * picture[j : j + n, i : i + n]
    return Work([picture, 0 * out, weights, n + 4], out.shape, ((64, 4), (16, 16)), {1: out})


def mandelbrot(rng: np.random.Generator) -> Work:
    n, limit, step = 256, 100, np.float32(2.5 / 256)
    at = np.arange(n).astype(np.float32) * step
    cx, cy = np.meshgrid(np.float32(-2.5) + at, np.float32(-1.25) + at)
    x, y, count = np.zeros_like(cx), np.zeros_like(cx), np.zeros(cx.shape, np.uint32)
    for _ in range(limit):
        inside = x * x + y * y <= 4
        following = x * x - y * y + cx, np.float32(2) * x * y + cy
        x, y = np.where(inside, following, (x, y))
        count += inside
    return Work([0 * count, step, limit], (n, n), ((64, 4), (16, 16)), {0: count})


def reduction(rng: np.random.Generator) -> Work:
    data = rng.integers(-9, 9, 1 << 16).astype(np.float32)
    sums = data.reshape(-1, 256).sum(1)
    return Work([data, 0 * sums], data.shape, ((256,),), {1: sums})


def transpose(rng: np.random.Generator) -> Work:
    data = rng.random((256, 512), np.float32)
    return Work([data, 0 * data.T], data.T.shape, ((TILE, TILE),), {1: data.T})


def histogram(rng: np.random.Generator) -> Work:
    per_item = 16
    data = rng.integers(0, BINS, 1 << 18).astype(np.uint8)
    bins = np.bincount(data, minlength=BINS).astype(np.uint32)
    args = [data, 0 * bins, per_item]
    return Work(args, (data.size // per_item,), ((256,), (64,)), {1: bins})


WORKS: dict[str, Callable[[np.random.Generator], Work]] = {
    make.__name__: make
    for make in (vector_add, saxpy, sgemm, sgemm_tiled, nbody, blur, mandelbrot, reduction,
                 transpose, histogram)
}  # fmt: skip


# -- counting -------------------------------------------------------------------------------------


def peers(folder: Path, names: Sequence[str]) -> Path:
    """An ELF of the C loop nests, each called by a kernel of its name with one work-item."""
    text = KERNELS.read_text()
    forms = re.findall(r"^FORM\((\w+), (\w+)\)", LOOPS.read_text(), re.M)
    wrappers = []
    for name, form in forms:
        if name not in names:
            continue
        found = re.search(rf"^kernel void {name}\((.*?)\)", text, re.M | re.S)
        assert found is not None, name
        params = f"{found[1]}, uint nx, uint ny"
        given = ", ".join(re.findall(r"(\w+)(?:,|$)", params))
        function = f"{name}__{form}"
        wrappers.append(f"void loops_{function}({params});")
        wrappers.append(f"kernel void {function}({params}) {{ loops_{function}({given}); }}")
    source, loops, elf = folder / "peers.cl", folder / "loops.o", folder / "peers.elf"
    source.write_text("\n".join(wrappers) + "\n")
    subprocess.run([*CLANG, *MACROS, LOOPS, "-o", loops], check=True)
    subprocess.run(
        [sys.executable, "-m", "kcc", source, loops, "-o", elf],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    return elf


def retired(kernel: Any, work: Work, more: Sequence[int], **sizes: Any) -> float:
    """Instructions for each work-item of the work. Results are compared."""
    args = [a.copy() if isinstance(a, np.ndarray) else a for a in work.args]
    stats = kernel(*args, *more, **sizes)
    for index, want in work.results.items():
        largest = float(np.abs(want).max())
        np.testing.assert_allclose(
            args[index], want, rtol=work.tolerance, atol=work.tolerance * largest,
            err_msg=f"{kernel.name}, {sizes}",
        )  # fmt: skip
    return sum(stats.retired) / math.prod(work.size)


def bench_instructions(folder: Path, names: Sequence[str]) -> None:
    import kcc

    with kcc.Device("m1") as device:
        vector, scalar = (
            device.load(kcc.compile(KERNELS, (*MACROS, *flags))) for flags in (VECTOR, SCALAR)
        )
        loops = device.load(kcc.load(peers(folder, names)))
        print(f"\n{'retired per work-item':<28}{'kcc':>10}{'scalar':>10}{'C':>10}"
              f"{'kcc/C':>10}{'scalar/kcc':>12}")  # fmt: skip
        to_c, to_scalar = {}, {}
        for name in names:
            work = WORKS[name](np.random.default_rng(1))
            size = (*work.size, 1)[:2]
            theirs = min(
                retired(kernel, work, size, global_size=1, local_size=1)
                for form, kernel in loops.items()
                if form.startswith(f"{name}__")
            )
            for shape in work.shapes:
                sizes = {"global_size": work.size, "local_size": shape}
                ours = retired(vector[name], work, (), **sizes)
                slow = retired(scalar[name], work, (), **sizes)
                print(
                    f"  {name + ', ' + 'x'.join(map(str, shape)):<26}{ours:>10.2f}{slow:>10.2f}"
                    f"{theirs:>10.2f}{ours / theirs:>9.2f}x{slow / ours:>11.1f}x"
                )
                if shape == work.shapes[0]:
                    to_c[name], to_scalar[name] = ours / theirs, slow / ours
    mean = math.exp(statistics.fmean(map(math.log, to_c.values())))
    ahead = sum(ratio < 1 for ratio in to_c.values())
    print("\nfirst groups of each")
    print(f"  {'kcc/C, geometric mean':<40}{mean:>6.2f}x{AT_MOST_C:>8.1f}x max")
    print(f"  {'kernels ahead of C':<40}{ahead:>6}{AHEAD:>9} min")
    if "sgemm_tiled" in to_c:
        print(f"  {'tiled sgemm, kcc/C':<40}{to_c['sgemm_tiled']:>6.2f}x{AT_MOST_TILED:>8.1f}x max")
    for name, least in AT_LEAST_SCALAR.items():
        if name in to_scalar:
            print(f"  {name + ', scalar/kcc':<40}{to_scalar[name]:>6.1f}x{least:>8.1f}x min")


# -- compile time ---------------------------------------------------------------------------------


def waiting(barriers: int) -> str:
    """A kernel with so many barriers, each between two exchanges of a value alive across all."""
    steps = "".join(
        f"    tile[me] = sum + {n};\n    barrier(CLK_LOCAL_MEM_FENCE);\n"
        f"    sum += tile[(me + {n % 7 + 1}) % n];\n"
        for n in range(barriers)
    )
    return (
        "kernel void waits(global int *a, local int *tile) {\n"
        "    int me = get_local_id(0), n = get_local_size(0), sum = a[get_global_id(0)];\n"
        f"{steps}    a[get_global_id(0)] = sum;\n}}\n"
    )


def bench_compile_time(folder: Path, names: Sequence[str]) -> None:
    print(f"\n{'compile':<28}{f'{FEW} barriers':>14}{f'{MANY} barriers':>14}{'ratio':>10}")
    times: dict[int, list[float]] = {FEW: [], MANY: []}
    for run in range(6):
        for count, spent in times.items():
            source = folder / f"waits{count}.cl"
            source.write_text(waiting(count))
            command = [sys.executable, "-m", "kcc", f"-DRUN={run}", source, "-o", os.devnull]
            start = time.perf_counter()
            subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
            spent.append(time.perf_counter() - start)
    few, many = (statistics.median(spent[1:]) for spent in times.values())
    print(f"  {'median of 5, whole process':<26}{few * 1e3:>11.0f} ms{many * 1e3:>11.0f} ms"
          f"{many / few:>9.2f}x{AT_MOST_TIME:>8.1f}x max")  # fmt: skip


SECTIONS = {"instructions": bench_instructions, "compile": bench_compile_time}


def main() -> None:
    """Run the sections asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", default=",".join(WORKS), help="kernels, by commas")
    parser.add_argument("--section", default=",".join(SECTIONS), help=", ".join(SECTIONS))
    options = parser.parse_args()
    names, sections = options.only.split(","), options.section.split(",")
    if not set(names) <= set(WORKS):
        parser.error(f"kernels are: {', '.join(WORKS)}")
    if not set(sections) <= set(SECTIONS):
        parser.error(f"sections are: {', '.join(SECTIONS)}")
    if not shutil.which(CLANG[0]):
        raise SystemExit(f"peer not installed: {CLANG[0]}")
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as name:
        for section in sections:
            SECTIONS[section](Path(name), names)


if __name__ == "__main__":
    main()
