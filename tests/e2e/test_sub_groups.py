"""Sub-groups: who is in which, what they compute together, each going at its own pace."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import kcc

TYPES = {"int": "i4", "ulong": "u8", "float": "f4", "half": "f2"}
OPERATIONS = {"add": np.add, "min": np.minimum, "max": np.maximum}
COLLECTIVES = "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n" + "".join(
    f"kernel void collect_{t}(global const {t} *in, global {t} *out) {{\n"
    "    size_t g = get_global_id(0), n = get_global_size(0);\n"
    + "".join(
        f"    out[{3 * i} * n + g] = sub_group_reduce_{op}(in[g]);\n"
        f"    out[{3 * i + 1} * n + g] = sub_group_scan_inclusive_{op}(in[g]);\n"
        f"    out[{3 * i + 2} * n + g] = sub_group_scan_exclusive_{op}(in[g]);\n"
        for i, op in enumerate(OPERATIONS)
    )
    + "    out[9 * n + g] = sub_group_broadcast(in[g], get_sub_group_size() - 1);\n}\n"
    for t in TYPES
)
SOURCE = """
#pragma OPENCL EXTENSION cl_khr_subgroups : enable
kernel void who(global uint *out) {
    size_t at = get_global_linear_id();
    global uint *o = out + 6 * at;
    o[0] = get_sub_group_id();
    o[1] = get_sub_group_local_id();
    o[2] = get_sub_group_size();
    o[3] = get_max_sub_group_size();
    o[4] = get_num_sub_groups();
    o[5] = get_enqueued_num_sub_groups();
}

// Only the first sub-group comes to the second reduction.
kernel void in_two_steps(global const int *in, global int *out) {
    local int parts[1024];
    int sum = sub_group_reduce_add(in[get_global_id(0)]);
    if (get_sub_group_local_id() == 0) parts[get_sub_group_id()] = sum;
    work_group_barrier(CLK_LOCAL_MEM_FENCE);
    if (get_sub_group_id() == 0) {
        int own = 0;
        for (uint i = get_sub_group_local_id(); i < get_num_sub_groups(); i += get_sub_group_size())
            own += parts[i];
        sum = sub_group_reduce_add(own);
        if (get_sub_group_local_id() == 0) out[get_group_id(0)] = sum;
    }
}

kernel void scans(global const int *in, global int *out) {
    size_t g = get_global_id(0), n = get_global_size(0);
    out[g] = sub_group_scan_inclusive_max(in[g]);
    out[n + g] = sub_group_scan_exclusive_add(in[g]);
    out[2 * n + g] = sub_group_all(in[g] < 6);
}

// Each sub-group passes values round a ring, more often the later it comes, between barriers of
// the group; the rings of all are alive at once.
kernel void rings(global int *out, local int *ring) {
    uint l = get_local_linear_id(), lane = get_sub_group_local_id(), n = get_sub_group_size();
    int mine[2] = {(int)l, 0};
    for (int round = 0; round < 3; round++) {
        int before = round * 100;
        for (uint i = 0; i <= get_sub_group_id() + round; i++) {
            ring[l] = mine[0] + before;
            sub_group_barrier(CLK_LOCAL_MEM_FENCE);
            mine[0] = ring[l - lane + (lane + 1) % n];
            sub_group_barrier(CLK_LOCAL_MEM_FENCE, memory_scope_sub_group);
            mine[1] += n;
        }
        work_group_barrier(CLK_LOCAL_MEM_FENCE);
    }
    out[2 * l] = mine[0];
    out[2 * l + 1] = mine[1];
}
"""
LEVELS = ["-O1", *(pytest.param(level, marks=pytest.mark.slow) for level in ("-O0", "-O3"))]


@cache
def compiled(level: str, size: int, source: str = SOURCE) -> kcc.Program:
    return kcc.compile(source, ("-cl-std=CL3.0", level, f"-fsub-group-size={size}"))


@pytest.fixture(scope="module", params=LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def teams(items: int, size: int) -> list[slice]:
    """The sub-groups of one group."""
    return [slice(at, min(at + size, items)) for at in range(0, items, size)]


SHAPES = [(4, (1,)), (4, (7, 3)), (4, (2, 3, 5)), pytest.param(32, (9, 8), marks=pytest.mark.slow)]


@pytest.mark.parametrize(("size", "shape"), SHAPES)
def test_who_is_where(level: str, size: int, shape: tuple[int, ...]) -> None:
    groups, items = 2, int(np.prod(shape))
    out = np.zeros((groups * items, 6), np.uint32)
    whole = (*shape[:-1], shape[-1] * groups)  # groups follow one another in linear order
    with kcc.Device("m1") as device:
        device.load(compiled(level, size))["who"](out, global_size=whole, local_size=shape)
    linear = np.arange(items)
    count = -(-items // size)
    sizes = np.minimum(size, items - linear // size * size)
    rest = [np.full(items, n) for n in (min(size, items), count, count)]
    want = np.stack([linear // size, linear % size, sizes, *rest], axis=1)
    np.testing.assert_array_equal(out.reshape(groups, items, 6), [want] * groups)


@pytest.mark.slow
@pytest.mark.parametrize("name", TYPES)
def test_reductions_and_scans(name: str) -> None:
    size, items, groups = 4, 10, 3
    dtype = np.dtype(TYPES[name])
    given = np.random.default_rng(7).integers(0, 50, groups * items).astype(dtype)
    out = np.zeros(10 * groups * items, dtype)
    with kcc.Device("m1") as device:
        kernel = device.load(compiled("-O3", size, COLLECTIVES))[f"collect_{name}"]
        kernel(given, out, global_size=groups * items, local_size=items)
    info = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    ends = (np.inf, -np.inf) if dtype.kind == "f" else (info.max, info.min)
    got = out.reshape(10, groups, items)
    for group in range(groups):
        for part in teams(items, size):
            mine = given.reshape(groups, items)[group, part]
            for i, (op, function) in enumerate(OPERATIONS.items()):
                scan = function.accumulate(mine)
                first = {"add": 0, "min": ends[0], "max": ends[1]}[op]
                assert (got[3 * i, group, part] == scan[-1]).all()
                np.testing.assert_array_equal(got[3 * i + 1, group, part], scan)
                exclusive = np.array([first, *scan[:-1]], dtype)
                np.testing.assert_array_equal(got[3 * i + 2, group, part], exclusive)
            assert (got[9, group, part] == mine[-1]).all()


@pytest.mark.slow
def test_scans(level: str) -> None:
    given = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], np.int32)
    out = np.zeros((3, 10), np.int32)
    with kcc.Device("m1") as device:
        device.load(compiled(level, 4))["scans"](given, out, global_size=10, local_size=10)
    for part in teams(10, 4):
        assert (out[0, part] == np.maximum.accumulate(given[part])).all()
        assert (out[1, part] == np.cumsum(given[part]) - given[part]).all()
        assert (out[2, part] == (given[part] < 6).all()).all()


@pytest.mark.parametrize("items", [1, 13, 64])
def test_some_sub_groups_only(level: str, items: int) -> None:
    given = np.arange(5 * items, dtype=np.int32)
    out = np.zeros(5, np.int32)
    with kcc.Device("m1") as device:
        kernel = device.load(compiled(level, 4))["in_two_steps"]
        kernel(given, out, global_size=5 * items, local_size=items)
    np.testing.assert_array_equal(out, given.reshape(5, items).sum(axis=1))


def rings(items: int, size: int) -> np.ndarray:
    first, second = np.arange(items), np.zeros(items, int)
    parts = teams(items, size)
    for turn in range(3):
        for number, part in enumerate(parts):
            for _ in range(number + turn + 1):
                first[part] = np.roll(first[part] + turn * 100, -1)
                second[part] += len(first[part])
    return np.stack([first, second], axis=1)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(11,), (5, 3), (1,)])
def test_each_goes_at_its_own_pace(level: str, shape: tuple[int, ...]) -> None:
    items = int(np.prod(shape))
    out = np.zeros((items, 2), np.int32)
    with kcc.Device("m1") as device:
        kernel = device.load(compiled(level, 4))["rings"]
        kernel(out, kcc.local(4 * items), global_size=shape, local_size=shape)
    want = rings(items, 4)
    np.testing.assert_array_equal(out, want)


@pytest.mark.slow
def test_checked_barriers_know_of_sub_groups(capfd: pytest.CaptureFixture[str]) -> None:
    source = """
    kernel void within(global int *out) {
        if (get_local_id(0) != 5) sub_group_barrier(CLK_LOCAL_MEM_FENCE);
        out[0] = 1;
    }
    kernel void between(global int *out) {
        if (get_sub_group_id() == 1) sub_group_barrier(CLK_LOCAL_MEM_FENCE);
        if (get_sub_group_id() == 1) barrier(CLK_LOCAL_MEM_FENCE);
        out[0] = 1;
    }
    kernel void right(global int *out) {
        if (get_sub_group_id() == 1) sub_group_barrier(CLK_LOCAL_MEM_FENCE);
        barrier(CLK_LOCAL_MEM_FENCE);
        out[0] = 1;
    }"""
    flags = ("-cl-std=CL2.0", "-fcheck=barriers", "-fsub-group-size=4", "-O1")
    program = kcc.compile(source, flags)
    with kcc.Device("m1") as device:
        kernels = device.load(program)
        kernels["right"](np.zeros(1, np.int32), global_size=8, local_size=8)
        for name in ("within", "between"):
            with pytest.raises(kcc.GuestFault):
                kernels[name](np.zeros(1, np.int32), global_size=8, local_size=8)
    assert capfd.readouterr().out.splitlines() == [
        "kernel 'within': work-item (5,0,0) is at the kernel's end, "
        "the first of its sub-group at <source>:3:35",
        "kernel 'between': work-item (4,0,0) is at <source>:8:38, "
        "work-item (0,0,0) at the kernel's end",
    ]


def test_sizes_and_versions() -> None:
    with pytest.raises(kcc.UsageError, match="a power of two"):
        kcc.compile(SOURCE, ("-cl-std=CL2.0", "-fsub-group-size=12"))
    with pytest.raises(kcc.CompileError, match="get_sub_group_id"):
        kcc.compile("kernel void k(global uint *o) { *o = get_sub_group_id(); }")
    text = "__attribute__((intel_reqd_sub_group_size(8))) kernel void k(global uint *o) { *o = 1; }"
    with pytest.raises(kcc.CompileError, match="-fsub-group-size=N"):
        kcc.compile(text, ("-cl-std=CL3.0",))
    kernel = "kernel void k() {}\n"
    for version, feature in (("CL2.0", 0), ("CL3.0", 1)):
        test = f"#if !defined(cl_khr_subgroups) || defined(__opencl_c_subgroups) != {feature}\n"
        kcc.compile(f"{test}#error macros\n#endif\n{kernel}", (f"-cl-std={version}",))
