"""Whatever LLVM calls of its own is in the device library: programs of all such operations link."""

from __future__ import annotations

import pytest

import kcc

COPIES = "S none = {{0}}; s[1] = s[0]; s[2] = none;"
HALVES = """
h[0] = (half)f[0]; f[1] = (float)h[1]; d[0] = (double)h[2]; h[3] = (half)d[1];
h[4] = h[5] + h[6] * h[7] - h[8] / h[9]; h[10] = fma(h[5], h[6], h[7]); h[11] = sqrt(h[12]);
h[13] = (half)u[0]; u[1] = (ulong)h[14]; l[0] = (long)h[15]; h[16] = (half)l[1];
h[17] = rint(h[0]) + round(h[1]) + trunc(h[2]) + floor(h[3]) + ceil(h[4]) + copysign(h[5], h[6]);
h[18] = fmax(h[0], h[1]) + fmin(h[2], h[3]) + fmod(h[4], h[5]) + convert_half_rtz(d[2]);
vstore8(convert_half8(vload8(0, f)), 1, h); vstore8(convert_float8(vload8(0, h)), 1, f);
vstore8(vload8(2, h) * vload8(3, h), 4, h); h[19] = isnan(h[1]) ? h[2] : nan((ushort)1);
"""
INTEGERS = """
u[2] = mul_hi(u[3], u[4]); l[2] = mul_hi(l[3], l[4]); u[5] = mad_sat(u[6], u[7], u[8]);
l[5] = mad_sat(l[6], l[7], l[8]); u[9] = u[10] / u[11]; l[9] = l[10] % l[11];
u[12] = popcount(u[13]) + clz(u[14]) + ctz(u[15]); l[12] = rotate(l[13], l[14]);
l[15] = mad_hi(l[16], l[17], l[18]); u[16] = hadd(u[17], u[18]) + rhadd(u[19], u[20]);
vstore4(vload4(0, u) / vload4(1, u) + mul_hi(vload4(2, u), vload4(3, u)), 4, u);
"""
FLOATS = """
f[2] = (float)u[21]; u[22] = (ulong)f[3]; d[2] = (double)u[23]; u[24] = (ulong)d[3];
u[25] = convert_ulong_sat(d[4]); l[19] = convert_long_sat_rte(f[4]);
d[6] = fmod(d[7], d[8]); f[5] = remainder(f[6], f[7]); d[5] = fma(d[6], d[7], sqrt(d[8]));
d[9] = rint(d[10]) + round(d[11]) + trunc(d[12]) + floor(d[13]) + ceil(d[14]);
f[8] = rint(f[10]) + round(f[11]) + trunc(f[12]) + floor(f[13]) + ceil(f[14]);
d[10] = fmax(d[15], d[16]) + copysign(d[17], d[18]);
f[9] = fmin(f[1], f[2]) + mad(f[3], f[4], f[5]);
"""
PROGRAM = f"""
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
_Static_assert(HALF_MAX == 65504.0f && HALF_MIN == 0x1p-14f && HALF_EPSILON == 0x1p-10f, "");
_Static_assert(HALF_MANT_DIG == 11 && HALF_MIN_EXP == -13 && HALF_MAX_10_EXP == 4, "");
_Static_assert(M_PI_H == 3.140625f && sizeof(M_SQRT1_2_H) == 2, "");
typedef struct {{ char c[1000]; }} S;
kernel void k(global S *s, global half *h, global float *f, global double *d, global ulong *u,
              global long *l) {{{COPIES}{HALVES}{INTEGERS}{FLOATS}}}
"""


@pytest.mark.parametrize(
    ("arch", "level"),
    [("rv64gc", "-O0")]
    + [
        pytest.param(arch, level, marks=pytest.mark.slow)
        for arch in ("rv64gc", "rv64gcv", "rv64gc_zfh", "rv64gcv_zfh_zvfh", "rv64gc_zba_zbb")
        for level in ("-O0", "-O1", "-O3")
        if (arch, level) != ("rv64gc", "-O0")
    ],
)
def test_programs_link(arch: str, level: str) -> None:
    assert kcc.compile(PROGRAM, [f"-march={arch}", level, "-cl-std=CL2.0"])
