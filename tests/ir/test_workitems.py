"""Work-item functions, groups, local memory and entries, run on the host."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

QUERIES = (
    "get_global_id", "get_local_id", "get_group_id", "get_global_offset",
    "get_global_size", "get_local_size", "get_num_groups",
)  # fmt: skip


@pytest.mark.parametrize("opt", [0, 3])
@pytest.mark.parametrize(
    ("size", "local", "offset"),
    [
        ((12,), (4,), (0,)),
        ((6,), (6,), (100,)),
        ((4, 6), (2, 3), (5, 7)),
        ((4, 2, 6), (2, 1, 3), (0, 1, 1 << 33)),
    ],
)
def test_every_query_in_every_dimension(build, size, local, offset, opt):
    lines = [f"out[n++] = {query}(d);" for query in QUERIES]
    program = build(
        f"""kernel void k(global ulong *out, global uint *dims) {{
            size_t gx = get_global_id(0) - get_global_offset(0);
            size_t gy = get_global_id(1) - get_global_offset(1);
            size_t gz = get_global_id(2) - get_global_offset(2);
            size_t item = (gz * get_global_size(1) + gy) * get_global_size(0) + gx;
            int n = item * {len(QUERIES)} * 5;
            for (uint d = 0; d < 4; d++) {{ {" ".join(lines)} }}
            {" ".join(lines).replace("(d)", "(-1)")}
            dims[item] = get_work_dim();
        }}""",
        opt,
    )
    full = tuple(tuple(t) + (f,) * (3 - len(t)) for t, f in ((size, 1), (local, 1), (offset, 0)))
    count = int(np.prod(size))
    out = np.full((count, 5, len(QUERIES)), 999, np.uint64)
    dims = np.zeros(count, np.uint32)
    program.run("k", out, dims, size=size, local=local, offset=offset)
    assert set(dims.tolist()) == {len(size)}
    sizes, locals_, offsets = full
    for item, (z, y, x) in enumerate(itertools.product(*(range(n) for n in reversed(sizes)))):
        for d, at in enumerate((x, y, z)):
            lo = locals_[d]
            want = [at + offsets[d], at % lo, at // lo, offsets[d], sizes[d], lo, sizes[d] // lo]
            assert out[item, d].tolist() == want
        for d in (3, 4):
            assert out[item, d].tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_helpers_know_their_work_item(build):
    program = build(
        """int outer(int scale);
        __attribute__((noinline)) static int inner(void) { return get_global_id(0); }
        kernel void k(global int *out) { out[get_global_id(0)] = outer(10); }
        __attribute__((noinline)) int outer(int scale) { return inner() * scale; }""",
        2,
    )
    out = np.zeros(8, np.int32)
    program.run("k", out, size=(8,), local=(4,))
    assert out.tolist() == [0, 10, 20, 30, 40, 50, 60, 70]


@pytest.mark.parametrize("opt", [0, 3])
def test_arguments_of_every_kind_arrive(build, opt):
    program = build(
        """#pragma OPENCL EXTENSION cl_khr_fp64 : enable
        typedef struct { char tag; int values[3]; double weight; } record;
        kernel void k(char c, global double *out, ushort s, float f, record r, ulong u,
                      local int *scratch, uchar last, constant int *table, double d) {
            r.values[1] += get_local_id(0);
            scratch[get_local_id(0)] = r.values[1];
            out += get_global_id(0) * 10;
            out[0] = c; out[1] = s; out[2] = f; out[3] = r.tag; out[4] = r.values[1];
            out[5] = r.weight; out[6] = u; out[7] = last; out[8] = table[1];
            out[9] = d + scratch[get_local_id(0)];
        }""",
        opt,
    )
    record = np.zeros(
        1,
        np.dtype(
            {
                "names": ["tag", "values", "weight"],
                "formats": ["i1", "3i4", "f8"],
                "offsets": [0, 4, 16],
                "itemsize": 24,
            }
        ),
    )
    record[0] = (-3, (10, 20, 30), 0.5)
    out = np.zeros((4, 10))
    args = (np.int8(-7), out, np.uint16(65535), np.float32(1.5), record.tobytes())
    args += (np.uint64(1 << 40), 8, np.uint8(200), np.array([1, 2], np.int32), np.float64(0.25))
    program.run("k", *args, size=(4,), local=(2,))
    for item in range(4):
        v = 20 + item % 2
        want = [-7, 65535, 1.5, -3, v, 0.5, float(1 << 40), 200, 2, 0.25 + v]
        assert out[item].tolist() == want
    kinds = [arg.kind for arg in program.kernels["k"].args]
    assert kinds == ["value", "buffer", "value", "value", "value", "value", "local", "value",
                     "buffer", "value"]  # fmt: skip


@pytest.mark.parametrize("opt", [0, 3])
def test_local_variables_do_not_overlap(build, opt):
    # Without barriers an item may only look at what it wrote itself.
    program = build(
        """kernel void k(global int *out) {
            local int ids[4];
            local char pads[5];
            local long cells[2][4];
            size_t i = get_local_id(0);
            ids[i] = get_global_id(0);
            pads[i] = -1;
            cells[0][i] = 1000;
            cells[1][i] = 7;
            out[get_global_id(0)] = ids[i] + pads[i] * 100 + (int)cells[0][i] * (int)cells[1][i];
        }
        kernel void plain(global int *out) { out[0] = 1; }""",
        opt,
    )
    out = np.zeros(12, np.int32)
    program.run("k", out, size=(12,), local=(4,))
    assert out.tolist() == [i - 100 + 7000 for i in range(12)]
    assert program.kernels["k"].local_size == 16 + 8 + 64
    assert program.kernels["plain"].local_size == 0


def test_kernels_call_kernels(build):
    program = build(
        """kernel void inner(global int *out) {
            local int tile[4];
            tile[get_local_id(0)] = 5;
            out[get_global_id(0)] += tile[get_local_id(0)];
        }
        kernel void outer(global int *out) {
            local int mine[4];
            mine[get_local_id(0)] = 1;
            inner(out);
            out[get_global_id(0)] += mine[get_local_id(0)];
        }"""
    )
    out = np.zeros(8, np.int32)
    program.run("outer", out, size=(8,), local=(4,))
    assert out.tolist() == [6] * 8
    program.run("inner", out, size=(8,), local=(4,))
    assert out.tolist() == [11] * 8


@pytest.mark.parametrize("opt", [0, 1, 2, 3])
def test_private_arrays_belong_to_one_item(build, opt):
    # The loop over items is parallel for LLVM; what an item keeps to itself must not overlap.
    program = build(
        """kernel void k(global const int *in, global int *out) {
            int window[4];
            size_t i = get_global_id(0);
            for (int j = 0; j < 4; j++) window[j] = in[(i + j) % 64];
            window[in[i] & 3] = 1000;
            int sum = 0;
            for (int j = 0; j < 4; j++) sum += window[j] * (j + 1);
            out[i] = sum;
        }""",
        opt,
    )
    data = np.random.default_rng(3).integers(0, 100, 64).astype(np.int32)
    out = np.zeros(64, np.int32)
    program.run("k", data, out, size=(64,), local=(32,))
    for i in range(64):
        window = [int(data[(i + j) % 64]) for j in range(4)]
        window[data[i] & 3] = 1000
        assert out[i] == sum(w * (j + 1) for j, w in enumerate(window))


def test_a_required_size_becomes_a_constant(build):
    program = build(
        """__attribute__((reqd_work_group_size(8, 2, 1)))
        kernel void k(global int *out) {
            out[get_global_id(1) * 8 + get_global_id(0)] = get_local_size(0) * 10
                                                         + get_local_size(1);
        }""",
        3,
    )
    assert program.kernels["k"].reqd_work_group_size == (8, 2, 1)
    out = np.zeros(16, np.int32)
    program.run("k", out, size=(8, 2), local=(8, 2))
    assert out.tolist() == [82] * 16
    assert "82" in program.ir  # get_local_size was folded
    assert "@llvm.trap" in program.ir  # and another size does not run


def test_parallel_loops_vectorise_without_checks(build):
    program = build(
        """kernel void k(global const float *a, global const float *b, global float *c) {
            size_t i = get_global_id(0);
            c[i] = a[i] + b[i];
        }""",
        3,
    )
    assert "<4 x float>" in program.ir
    assert "vector.memcheck" not in program.ir


@pytest.mark.parametrize("word", ["volatile", ""])
def test_volatile_accesses_stay(build, word):
    program = build(
        f"""kernel void k(global {word} int *p) {{ p[0] = 1; p[0] = 2; p[1] = p[0] + p[0]; }}""", 3
    )
    assert program.ir.count("store volatile") == (3 if word else 0)
    assert program.ir.count("load volatile") == (2 if word else 0)
    data = np.zeros(2, np.int32)
    program.run("k", data)
    assert data.tolist() == [2, 4]
