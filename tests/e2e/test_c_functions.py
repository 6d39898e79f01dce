"""Kernels call functions of C: of another input, with aggregates, many arguments, recursion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kcc
from kcc.cli import run_command

pytestmark = pytest.mark.slow
FUNCTIONS = """\
typedef struct { int a; long b[3]; } big;
static int calls;
int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static int twice(int x) { return 2 * x; }
static int (*const ops[])(int) = {twice, fib};
int apply(int which, int x) { calls++; return ops[which & 1](x); }
big make(int x) { big r = {x, {x, x + 1, x + 2}}; return r; }
long sum(const big *b, unsigned char c, float f) { return b->a + b->b[0] + b->b[2] + c + (long)f; }
long many(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) {
    return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10;
}
"""
KERNEL = """\
typedef struct { int a; long b[3]; } big;
int apply(int which, int x);
big make(int x);
long sum(const big *b, uchar c, float f);
long many(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j);
kernel void k(global long *out) {
    int i = get_global_id(0);
    big b = make(i);
    out[i] = apply(i, i) * 1000 + sum(&b, (uchar)i, i * 1.5f) + many(1, 2, 3, 4, 5, 6, 7, 8, 9, i);
}
"""


@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_a_kernel_calls_functions_of_c(level: str, tmp_path: Path) -> None:
    (tmp_path / "k.cl").write_text(KERNEL)
    (tmp_path / "f.c").write_text(FUNCTIONS)
    elf = str(tmp_path / "k.elf")
    inputs = [str(tmp_path / "k.cl"), str(tmp_path / "f.c")]
    assert run_command([*inputs, level, "-o", elf]) == 0
    with kcc.Device() as device:
        kernels = device.load(kcc.load(elf))
        out = device.buffer(np.zeros(16, np.int64))
        kernels["k"](out, global_size=16)
        # As clang's program of the same functions prints.
        assert out.numpy().tolist() == [
            287, 1302, 4318, 2333, 8349, 5364, 12380, 13395, 16411, 34426, 20442, 89457,
            24473, 233488, 28504, 610519,
        ]  # fmt: skip


def test_c_calls_no_function_of_opencl_c(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "k.cl").write_text("int item(void) { return get_global_id(0); }")
    (tmp_path / "f.c").write_text("int item(void); int f(void) { return item(); }")
    assert run_command([str(tmp_path / "k.cl"), str(tmp_path / "f.c"), "-o", "x.elf"]) == 1
    assert "'item' is OpenCL C, which C cannot call" in capsys.readouterr().err
