"""Arguments, local memory, records: where everything is, and that kernels find it there."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kcc
from kcc.device.formosa import profile
from kcc.device.formosa.arguments import Local, pack
from kcc.device.formosa.driver import Driver
from kcc.device.formosa.profile import Profile
from kcc.device.formosa.programs import Program
from kcc.device.formosa.records import (
    LaunchInfo,
    Status,
    StatusRecord,
    group_at,
    group_record,
    status_record,
)
from kcc.device.formosa.run import Geometry
from kcc.linker.elf import read_elf
from kcc.linker.notes import read_kernels

FLAGS = ("-mdevice=formosa", "-cl-std=CL2.0", "-O1")


@pytest.fixture(scope="module")
def infos(elf):
    return {info.name: info for info in read_kernels(read_elf(elf))}


# -- argument blocks --------------------------------------------------------------------------


def test_arguments_are_at_their_alignment_behind_the_size_of_local_memory(infos, bench):
    info = infos["mixed"]
    assert [a.offset for a in info.args] == [8, 16, 24, 32, 40, 48]
    assert info.block_size == 56
    a = bench.buffer(np.zeros(5, np.int32))
    values = [a, 7, Local(64), 2.5, -3, (1, 2, 3, 4)]
    block, local = pack(info, bench.driver._opened().memory, values)
    assert (len(block), local) == (56, 64)
    want = struct.pack("<QQi4xQdb7x4h", 64, a.address, 7, 0, 2.5, -3, 1, 2, 3, 4)
    assert block == want
    bench.run("mixed", *values, local=(2,))
    assert bench.contents(a).tolist() == [7, 2, -3, 4, 1]


def test_vectors_are_where_the_kernel_looks_for_them(infos, bench):
    """An offset counts from where arguments begin, not from what may be before them."""
    assert [a.offset for a in infos["vector"].args] == [8, 16]
    assert [a.offset for a in infos["wide"].args] == [8, 64]
    out = bench.buffer(np.zeros(8))
    bench.run("vector", out, (1, 2, 3, 4))
    assert bench.contents(out, np.float32)[:4].tolist() == [1, 2, 3, 4]
    bench.run("wide", out, tuple(range(8)))
    assert bench.contents(out, np.float64).tolist() == list(range(8))


def test_local_memory_is_aligned_for_what_is_in_it(bench, infos):
    assert infos["own"].local_size == 48
    out = bench.buffer(np.zeros(6, np.uint64))
    bench.run("own", out)
    assert bench.contents(out, np.uint64)[0] == 16
    values = [out, Local(3), Local(64), Local(5)]
    _block, total = pack(infos["locals"], bench.driver._opened().memory, values)
    bench.run("locals", *values, local=(3,))
    c, t, p, q, r, ok = (int(n) for n in bench.contents(out, np.uint64))
    assert c == profile.LOCAL_BASE
    assert (t - c, p - c, q - c, r - c, ok) == (16, 48, 64, 128, 3)
    assert total == 128 + 8


SCALARS = {
    "char": np.int8, "uchar": np.uint8, "short": np.int16, "ushort": np.uint16, "int": np.int32,
    "uint": np.uint32, "long": np.int64, "ulong": np.uint64, "float": np.float32,
    "double": np.float64,
}  # fmt: skip
LANES = (1, 2, 3, 4, 8, 16)
kinds = st.tuples(st.sampled_from(sorted(SCALARS)), st.sampled_from(LANES))
parameters = st.one_of(
    kinds.map(lambda kind: ("value", *kind)),
    kinds.map(lambda kind: ("local", *kind)),
    st.just(("buffer", "int", 1)),
)


def echo(name: str, params) -> str:
    """A kernel that writes each of its arguments to `out`, 128 bytes apart."""
    text, body = ["global uchar *out"], []
    for i, (how, scalar, lanes) in enumerate(params):
        typ = scalar + (str(lanes) if lanes > 1 else "")
        place = f"(out + {128 * i})"
        if how == "value":
            text.append(f"{typ} p{i}")
            store = f"vstore{lanes}(p{i}, 0, (global {scalar} *){place});"
            body.append(store if lanes > 1 else f"*(global {scalar} *){place} = p{i};")
        else:
            text.append(f"{'local' if how == 'local' else 'global'} {typ} *p{i}")
            body.append(f"*(global ulong *){place} = (ulong)p{i};")
    return f"kernel void {name}({', '.join(text)}) {{ {' '.join(body)} }}\n"


def check_echo(driver: Driver, handle, params, data) -> None:
    memory = driver._opened().memory
    out = driver.alloc_mem_obj(1, 128 * len(params) + 1)
    values, want = [out], []
    for how, scalar, lanes in params:
        width = np.dtype(SCALARS[scalar]).itemsize
        size = width * (4 if lanes == 3 else lanes)
        if how == "value":
            raw = data.draw(st.binary(min_size=size, max_size=size))
            values.append(raw)
            want.append(raw[: width * lanes])
        elif how == "local":
            values.append(Local(data.draw(st.integers(1, 300))))
            want.append((max(8, size), values[-1].size))
        else:
            buffer = data.draw(st.sampled_from([None, out]))
            values.append(buffer)
            want.append((buffer.address if buffer else 0).to_bytes(8, "little"))
    driver.run(handle, values, Geometry(1, (1,), (1,)))
    found = bytearray(out.size)
    driver.read(found, out, 0, out.size)
    end = profile.LOCAL_BASE
    for i, expected in enumerate(want):
        got = bytes(found[128 * i : 128 * i + 128])
        if isinstance(expected, bytes):
            assert got[: len(expected)] == expected, params[i]
        else:
            (addr,), (align, size) = struct.unpack_from("<Q", got), expected
            assert addr % align == 0
            assert addr >= end
            end = addr + size
    assert end <= profile.LOCAL_BASE + profile.LOCAL_SIZE
    memory.free(out)


def echoing(lists, source: str = "") -> tuple[Driver, Program]:
    source += "".join(echo(f"k{i}", params) for i, params in enumerate(lists))
    driver = Driver()
    driver.init()
    program = Program(binary=kcc.compile(source, FLAGS).elf)
    driver.post_build_program(program)
    return driver, program


FIXED = (
    ("value", "char", 1), ("value", "double", 3), ("local", "char", 1), ("buffer", "int", 1),
    ("local", "float", 4), ("value", "short", 2),
)  # fmt: skip
SPACES = """
kernel void spaces(global int *out, local int *tile) {
    int mine = 0;
    int *all[3] = {out, tile, &mine};
    for (int i = 0; i < 3; i++) {
        out[i] = (to_global(all[i]) != 0) | (to_local(all[i]) != 0) << 1;
        out[i] |= (to_private(all[i]) != 0) << 2;
    }
}
"""


@pytest.fixture(scope="module")
def echoes():
    driver, program = echoing([FIXED], SPACES)
    yield driver, program
    driver.uninit()


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_kernels_read_back_what_the_driver_packs(echoes, data):
    driver, program = echoes
    check_echo(driver, driver.create_kernel(program, "k0"), FIXED, data)


def test_spaces_are_told_apart(echoes):
    """Local memory is no part of the stack here, and begins with the header."""
    driver, program = echoes
    out = driver.alloc_mem_obj(1, 12)
    kernel = driver.create_kernel(program, "spaces")
    driver.run(kernel, [out, Local(64)], Geometry(1, (2,), (1,)))
    found = bytearray(12)
    driver.read(found, out, 0, 12)
    assert struct.unpack("<3i", found) == (1, 2, 4)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(st.lists(st.lists(parameters, max_size=12), min_size=1, max_size=4), st.data())
def test_kernels_of_any_parameters_read_back_what_the_driver_packs(lists, data):
    driver, program = echoing(lists)
    for i, params in enumerate(lists):
        check_echo(driver, driver.create_kernel(program, f"k{i}"), params, data)
    driver.uninit()


# -- records ----------------------------------------------------------------------------------

INFO = LaunchInfo(2, (4, 3, 1), (5, 6, 7), (8, 9, 10), 11, False, 0x1000, 0x2000, 0x3000, 0x4000)


def test_a_groups_record_has_every_field_at_its_place():
    data = group_record(
        INFO, kargs=1 << 40, stack_base=2 << 40, stack_size=77, local_memory_base=3 << 40,
        printf_buffer=4 << 40, printf_position=5 << 40, printf_capacity=88,
    )  # fmt: skip
    want = struct.pack(
        "<14I3QI4xQI4xQQII", 2, 0, 0, 0, 4, 3, 1, 5, 6, 7, 8, 9, 10, 12, 0x3000, 1 << 40,
        2 << 40, 77, 3 << 40, 11, 4 << 40, 5 << 40, 88, 0,
    )  # fmt: skip
    assert len(data) == 0x80
    assert data == want


def test_groups_count_z_first_then_y_then_x():
    order = [group_at(n, (2, 2, 2)) for n in range(8)]
    assert ["".join(map(str, g)) for g in order] == "000 001 010 011 100 101 110 111".split()


def test_a_status_reads_back():
    data = status_record(Status.EXCEPTION, mcause=5, mepc=6, mtval=7, hart=8, group_id=(1, 2, 3))
    assert struct.unpack_from("<4Q", data) == (2, 5, 6, 7)
    assert StatusRecord.read(data) == StatusRecord(2, 5, 6, 7, 8, (1, 2, 3))


@pytest.mark.parametrize(
    "changes",
    [{"dimensions": 0}, {"dimensions": 4}, {"local_size": (0, 1, 1)},
     {"num_groups": (1, 1 << 32, 1)}, {"global_offset": (-1, 0, 0)},
     {"local_mem_size": profile.LOCAL_SIZE + 1}],
)  # fmt: skip
def test_the_dispatcher_refuses_what_has_no_place_in_a_record(bench, changes):
    device = bench.driver.device
    status = device.alloc(64, 8)
    info = LaunchInfo(**{**INFO.__dict__, "kernel_status": status, **changes})
    assert device.launch(info).error == "the dispatcher refuses the launch"
    data = bytearray(64)
    device.read_into(memoryview(data), status)
    assert StatusRecord.read(bytes(data)).code == Status.BAD_DIMENSION
    device.free(status)


# -- the device in numbers --------------------------------------------------------------------


def test_warps_say_how_many_groups_a_core_has_room_for():
    p = Profile()
    found = [p.groups_per_core(n) for n in (0, 1, 32, 33, 1024, 1025)]
    assert found == [0, 32, 32, 16, 1, 0]
    assert p.local_share(33) == profile.LOCAL_SIZE // 16


@pytest.mark.parametrize(
    "numbers",
    [
        {"vlen": 100},
        {"vlen": 2048},
        {"cores": 0},
        {"cores": 17},
        {"harts": 0},
        {"warps": 64},
        {"threads": 0},
        {"harts": 4096},
    ],
)
def test_what_no_device_has_is_refused(numbers):
    with pytest.raises(ValueError):
        Profile(**numbers)


def test_the_parts_of_memory_do_not_meet():
    parts = [
        (getattr(profile, f"{name}_BASE"), getattr(profile, f"{name}_SIZE"))
        for name in ("LOCAL", "TCM", "ONCHIP", "RECORDS", "SHARED", "STACKS", "HEAP")
    ]
    ends = [(base + size) for base, size in parts]
    assert all(end <= base for end, (base, _) in zip(ends, parts[1:], strict=False))
    assert ends[-1] == profile.DDR_BASE + profile.DDR_SIZE
    assert math.prod((profile.RECORDS, 0x80)) == profile.RECORDS_SIZE
