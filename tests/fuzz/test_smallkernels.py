"""Random small kernels over all types give what clang's code for the host gives, bit for bit.

Most run under QEMU, which starts quickly; vector code and some more run on the device.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import onhost
import smallkernels
from running import Results, grouped, judge, on_the_device, under_qemu

# Undefined behaviour traps. Shifts have none: OpenCL C takes the count modulo the width.
CLANG = (
    *("clang-19", "-x", "cl", "-cl-std=CL2.0", "-cl-no-stdinc", "-c", "-O1", "-w"),
    *("-ffp-contract=off", "-fno-strict-aliasing", "-fsanitize=undefined"),
    *("-fsanitize-trap=all", "-fno-sanitize=shift"),
)
TOOLS = pytest.mark.oracle("clang-19", "qemu-riscv64", "riscv64-unknown-elf-gcc")
BATCH = 125


def on_the_host(seeds: range, folder: Path) -> Results:
    names = [folder / name for name in ("host.cl", "main.c", "host.o", "host")]
    source, main, made, binary = names
    source.write_text(onhost.host_kernels(list(seeds)))
    main.write_text(onhost.host_main(list(seeds)))
    subprocess.run([*CLANG, source, "-o", made], check=True)
    subprocess.run(["clang-19", main, made, "-o", binary, "-lm"], check=True)
    ran = subprocess.run([binary], check=True, capture_output=True, text=True)
    return grouped(smallkernels, ran.stdout)


@TOOLS
def test_small_kernels_under_qemu(tmp_path: Path) -> None:
    seeds = range(2)
    want = on_the_host(seeds, tmp_path)
    for level in ("-O0", "-O3"):
        judge(seeds, under_qemu(smallkernels, seeds, level, tmp_path), want)


@TOOLS
@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 3000, BATCH))
def test_many_small_kernels_under_qemu(tmp_path: Path, first: int) -> None:
    seeds = range(first, first + BATCH)
    want = on_the_host(seeds, tmp_path)
    for level in ("-O0", "-O3"):
        judge(seeds, under_qemu(smallkernels, seeds, level, tmp_path), want)


@pytest.mark.oracle("clang-19")
@pytest.mark.slow
@pytest.mark.parametrize("arch", ["rv64gc", "rv64gcv"])
def test_small_kernels_on_the_device(tmp_path: Path, arch: str) -> None:
    seeds = range(100, 120)
    got = on_the_device(smallkernels, seeds, "-O3", f"-march={arch}")
    judge(seeds, got, on_the_host(seeds, tmp_path))


def test_a_seed_is_one_kernel() -> None:
    assert smallkernels.generate(5) == smallkernels.generate(5)
    assert smallkernels.generate(5) != smallkernels.generate(6)
