"""Work-items in vector lanes do what they do one by one."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import kcc
import lane_programs

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """
kernel void all(global uint *out, global const uint *in, uint u, int n) {
    uint l = get_local_id(0), place = get_global_id(1) * get_global_size(0) + get_global_id(0);
    if (place >= (uint)n) return;
    float4 sums = 0; uint last[4] = {0, 1, 2, 3};
    for (uint i = 0; i < u; i++) {
        if (in[i * 3 + l] % 5 == 0) continue;
        if ((l ^ i) == 6) { out[4 * place + 3] = i; break; }
        sums += (float4)(i, l, (char)in[l], 1.5f) * convert_float4(vload4(l, in) & 7u);
        last[in[l + i] & 3] += place / (l + 1);
        int j = l;
        do { last[1] ^= j << i; j -= 3; } while (j > (int)i);
    }
    out[4 * place] += as_uint(sums.x + sums.y);
    out[4 * place + 1] = as_uint(sums.z * sums.w) + last[l & 3];
    out[4 * place + 2] = last[1];
}

kernel void wraps(global uint *out, global const uint *in, uint u, int n) {
    uint at = get_local_id(0) + 4294967290u, sum = 0;  // past 2**32, for some items
    for (int i = 0; i < n; i++) sum += in[at + 6u + i] + in[(uchar)(at + i)];
    out[4 * (get_global_id(1) * get_global_size(0) + get_global_id(0))] = sum;
}

kernel void counts(global int *a) { while (atomic_inc(a) < 9); }
"""
SHAPES = (((100,), (100,)), ((14, 3), (7, 3)))


def results(program: kcc.Program, kernel: str, device: kcc.Device) -> list[bytes]:
    loaded = device.load(program)[kernel]
    given = np.random.default_rng(7).integers(0, 1 << 32, 2048, dtype=np.uint32)
    made = []
    for size, local in SHAPES:
        out = device.buffer(np.zeros(4 * int(np.prod(size)), np.uint32))
        args = (out, device.buffer(given), np.uint32(9), np.int32(60))
        loaded(*args, global_size=size, local_size=local)
        made.append(out.numpy().tobytes())
    return made


def build(source: str, *flags: str) -> kcc.Program:
    return kcc.compile(source, ["-w", "-ffp-contract=off", *flags])


def test_lanes_differ_in_ways_and_widths() -> None:
    remarks = ("-Rpass=workitem", "-Rpass-missed=.", "-Rpass-analysis=item")
    wide, scalar = build(SOURCE, *remarks), build(SOURCE, "-fno-vectorize", "-Rpass=item")
    with kcc.Device() as device:
        for kernel in ("all", "wraps"):
            expected = results(scalar, kernel, device)
            assert any(expected[0])
            assert results(wide, kernel, device) == expected
    assert "remark" not in scalar.log
    said = [line.partition("remark: ")[2] for line in wide.log.splitlines() if "remark:" in line]
    assert len(said) == 5
    how = r"\(vscale x \d lanes, LMUL .*; accesses: .*unit-stride.*\) \[-Rpass=workitem-vectorize\]"
    assert re.fullmatch(f"kernel 'all' vectorized across work-items {how}", said[0])
    assert "-Rpass-analysis=" in said[1]
    assert "kernel 'wraps'" in said[2]
    assert said[4] == (
        "kernel 'counts' not vectorized across work-items: 'atomicrmw' is for one work-item "
        "[-Rpass-missed=workitem-vectorize]"
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_random_kernels_on_vectors_of_any_length(seed: int, tmp_path: Path) -> None:
    device_file = tmp_path / "device.toml"
    described = (ROOT / "device" / "profiles" / "m1.toml").read_text()
    assert "vlen = 512" in described
    device_file.write_text(described.replace("vlen = 512", f"vlen = {128 << seed % 4}"))
    source = lane_programs.kernel(seed)
    with kcc.Device(device_file) as device:
        wide, scalar = (results(build(source, f), f"k{seed}", device) for f in ("-O3", "-O1"))
    assert wide == scalar
