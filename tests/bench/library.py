"""The device library's mathematical functions against picolibc's: instructions an element takes.

    python tests/bench/library.py [--picolibc FOLDER]

FOLDER is picolibc's source: on Debian what `apt-get source picolibc` unpacks, with deb-src among
the sources of apt; without it, ours are counted alone. A peer is a loop over an array, compiled by
clang-19 -O3 for the same target with the function's source in the same file, so that it may inline
and vectorise it. Both run on the same simulated hart (rv64gcv, VLEN 512), and what is retired is
counted exactly. Last, what the library adds to the time of a link.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "library")]

# The functions; in libm's folder of picolibc, their file, and those with what it uses.
FUNCTIONS = {
    "exp": "common/sf_exp.c common/sf_exp2_data.c",
    "log": "common/sf_log.c common/sf_log_data.c",
    "sin": "common/sinf.c common/sincosf_data.c",
    "pow": "common/sf_pow.c common/sf_pow_log2_data.c common/sf_exp2_data.c",
    "rsqrt": "machine/riscv/sf_sqrt.c",
    "tanh": "math/sf_tanh.c common/sf_expm1.c",
}
SHARED = (
    "common/math_err*f.c machine/riscv/sf_isnan.c machine/riscv/sf_fabs.c"  # what these use, too
)
CLANG = (
    "clang-19 --target=riscv64 -march=rv64gcv_zvl512b -mabi=lp64d -mcmodel=medany -O3 -c -w "
    "-ffreestanding -fno-math-errno -ffunction-sections -fdata-sections "
    "-D__IEEE_LIBM -D__OBSOLETE_MATH_FLOAT=0 -D_DEFAULT_SOURCE"  # without errno, as OpenCL is
).split()
INCLUDES = "libc/include libm libm/common libc/machine/riscv libm/machine/riscv".split()
LOOP = """#include "{source}"
#include <math.h>
{more}
void loop(const float *x, const float *y, float *out, long n) {{
    for (long i = 0; i < n; i++)
        out[i] = {name}f({arguments});
}}
"""
KERNEL = """
void loop(global const float *x, global const float *y, global float *out, long n);
kernel void peer(global const float *x, global const float *y, global float *out, long n) {
    loop(x, y, out, n);
}
"""
INLINED = ("exp", "log", "sin", "tanh")
RUNS = 15


def compiled_peer(source: Path, name: str, folder: Path) -> Path:
    """An ELF of the kernel `peer`, that runs the loop."""
    (folder / "picolibc.h").write_text("")  # its configuration: nothing out of the ordinary
    more = "float rsqrtf(float x) { return 1 / sqrtf(x); }" if name == "rsqrt" else ""
    arguments = "x[i], y[i]" if name == "pow" else "x[i]"
    first, *others = FUNCTIONS[name].split()
    loop, kernel, elf = folder / "loop.c", folder / "peer.cl", folder / f"{name}.elf"
    loop.write_text(LOOP.format(source=first, more=more, name=name, arguments=arguments))
    kernel.write_text(KERNEL)
    libm, objects = source / "newlib" / "libm", []
    shared = [p for g in SHARED.split() for p in libm.glob(g) if "errno" not in p.name]
    for file in [loop, *(libm / other for other in others), *shared]:
        objects.append(folder / f"{file.stem}.o")
        includes = [f"-I{source / 'newlib' / include}" for include in INCLUDES]
        subprocess.run([*CLANG, f"-I{folder}", *includes, file, "-o", objects[-1]], check=True)
    subprocess.run([sys.executable, "-m", "kcc", kernel, *objects, "-o", elf],
                   check=True, cwd=ROOT)  # fmt: skip
    return elf


def peer_retired(device: Any, elf: Path) -> float:
    import numpy as np

    import kcc
    from measure import ELEMENTS, SEED

    x = np.random.default_rng(SEED).uniform(0.1, 0.9, ELEMENTS).astype(np.float32)
    buffers = [device.buffer(a) for a in (x, x[::-1].copy(), np.empty_like(x))]
    stats = device.load(kcc.load(elf))["peer"](*buffers, ELEMENTS, global_size=1, local_size=1)
    return float(sum(stats.retired) / ELEMENTS)


def bench_functions(picolibc: Path | None, folder: Path) -> None:
    import kcc
    from kcc.ir.builtin_rules import NEAR
    from measure import retired

    print("instructions an element   kcc  native_  picolibc  picolibc/kcc")
    with kcc.Device("m1") as device:
        for name in FUNCTIONS:
            ours = retired(device, name, "float")
            near = f"{retired(device, name, 'float', f'native_{name}'):.2f}" if name in NEAR else ""
            line = f"  {name:<20} {ours:>8.2f} {near:>8}"
            if picolibc is not None:
                theirs = peer_retired(device, compiled_peer(picolibc, name, folder))
                line += f" {theirs:>9.2f} {theirs / ours:>12.1f}x"
            print(line)


def milliseconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]) * 1e3


def bench_link() -> None:
    """With the archive that memcpy comes from; and the bitcode of functions, before inlining."""
    import llvmlite.binding as llvm

    from kcc.build import compile_inputs
    from kcc.device_library import builtin_members
    from kcc.ir.pipeline import link_members
    from kcc.options import parse_options

    def built(flags: list[str], name: str, data: bytes) -> bytes:
        return compile_inputs(parse_options([*flags, name]), [(name, data)]).files[0][1]

    print(f"\nlink, medians of {RUNS}")
    copied = "typedef struct { char c[999]; } S; kernel void k(global S *a) { a[1] = a[0]; }"
    plain = "kernel void k(global int *a) { a[1] = a[0]; }"
    for label, text in (("without the library", plain), ("with memcpy of it", copied)):
        data = built(["-c"], "k.cl", text.encode())
        spent = milliseconds(lambda data=data: built(["-o", "k.elf"], "k.o", data))
        print(f"  {label:<34} {spent:5.1f} ms")
    calls = "".join(f"declare float @__kcc_fn_{name}_float(float)\n" for name in INLINED)
    spent = milliseconds(lambda: link_members(llvm.parse_assembly(calls), builtin_members()))
    print(f"  bitcode of {', '.join(INLINED):<23} {spent:5.1f} ms")


def main() -> None:
    """Count ours, and the peers if they are there."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--picolibc", type=Path, help="picolibc's source")
    options = parser.parse_args()
    if options.picolibc is None:
        print("picolibc is not measured: apt-get source picolibc, then --picolibc FOLDER\n")
    elif not shutil.which("clang-19"):
        raise SystemExit("peers not installed: clang-19")
    with tempfile.TemporaryDirectory() as name:
        bench_functions(options.picolibc, Path(name))
    bench_link()


if __name__ == "__main__":
    main()
