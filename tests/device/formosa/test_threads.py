"""A hart for each work-item of a group: programs compiled with -fwork-item-mode=wi."""

from __future__ import annotations

import struct

import numpy as np
import pytest

import kcc
from kcc.device.formosa import profile
from kcc.device.formosa.arguments import Local
from kcc.device.formosa.driver import Driver
from kcc.device.formosa.errors import InvalidWorkGroupSize, KernelFailed
from kcc.device.formosa.profile import Profile
from kcc.device.formosa.programs import Program
from kcc.device.formosa.records import Status
from kcc.device.formosa.run import Geometry
from kcc.device.soc.device import DeviceOptions

FLAGS = ("-mdevice=formosa", "-fwork-item-mode=wi", "-cl-std=CL2.0", "-O1")
SOURCE = """
kernel void ranks(global int *data, local int *tile) {
    local int sum;
    size_t i = get_local_linear_id(), n = get_local_size(0) * get_local_size(1);
    size_t group = get_group_id(1) * get_num_groups(0) + get_group_id(0);
    global int *mine = data + group * n;
    tile[i] = mine[i];
    if (i == 0)
        sum = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    atomic_add(&sum, tile[i]);
    for (int round = 0; round < 3; round++) {
        barrier(CLK_LOCAL_MEM_FENCE);
        int other = tile[n - 1 - i];
        barrier(CLK_LOCAL_MEM_FENCE);
        tile[i] = other;
    }
    mine[i] = tile[i] * 1000 + sum;
}
kernel void part(global int *out) {
    if (get_local_id(0) < 2)
        barrier(CLK_LOCAL_MEM_FENCE);
    else
        barrier(CLK_GLOBAL_MEM_FENCE);
    out[get_global_id(0)] = 1;
}
kernel void fault(global int *out, int bad) {
    if (get_global_id(0) == bad)
        *(volatile global int *)16 = 1;
}
"""
SPACES = """
kernel void spaces(global int *out, local int *tile) {
    int mine = 0;
    int *all[3] = {out, tile, &mine};
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < 3; i++) {
        int at = get_global_id(0) * 3 + i;
        out[at] = (to_global(all[i]) != 0) | (to_local(all[i]) != 0) << 1;
        out[at] |= (to_private(all[i]) != 0) << 2;
    }
}
"""


@pytest.fixture(scope="module")
def driver(translations):
    made = Driver(DeviceOptions(guard=True, cache_dir=translations), Profile(warps=4, threads=8))
    made.init()
    yield made
    made.uninit()


@pytest.fixture(scope="module")
def program(driver):
    made = Program(binary=kcc.compile(SOURCE, FLAGS).elf)
    driver.post_build_program(made)
    return made


def run(driver, program, name, args, *sizes, **options) -> None:
    kernel = driver.create_kernel(program, name)
    driver.run(kernel, args, Geometry(len(sizes[0]), *sizes), **options)
    driver.free_kernel(kernel)


def test_threads_of_a_group_meet_at_barriers_and_share_local_memory(driver, program):
    data = np.arange(6 * 8, dtype=np.int32)
    mem = driver.alloc_mem_obj(1, data.nbytes, data.tobytes())
    run(driver, program, "ranks", [mem, Local(32)], (3, 2), (4, 2))
    found = bytearray(data.nbytes)
    driver.read(found, mem, 0, data.nbytes)
    groups = data.reshape(6, 8)
    want = groups[:, ::-1] * 1000 + groups.sum(axis=1, keepdims=True)
    assert (np.frombuffer(found, np.int32).reshape(6, 8) == want).all()
    retired = driver.runner.last.retired
    assert len(retired) == 8  # a hart for each work-item
    assert min(retired) > 0


@pytest.mark.slow
def test_programs_of_both_kinds_take_turns_on_a_device(driver, program, elf):
    groups = Program(binary=elf)
    driver.post_build_program(groups)
    for _ in range(2):
        for kind, name in ((groups, "reverse"), (program, "ranks")):
            data = np.arange(64, dtype=np.int32)
            mem = driver.alloc_mem_obj(1, 256, data.tobytes())
            run(driver, kind, name, [mem, Local(128)], (2,), (32,))
            found = bytearray(256)
            driver.read(found, mem, 0, 256)
            want = data.reshape(2, 32)[:, ::-1]
            if name == "ranks":
                want = want * 1000 + data.reshape(2, 32).sum(axis=1, keepdims=True)
            assert (np.frombuffer(found, np.int32).reshape(2, 32) == want).all()
            driver.free(mem)


@pytest.mark.slow
def test_what_goes_wrong_among_threads(driver, program):
    out = driver.alloc_mem_obj(1, 4 * 32)
    with pytest.raises(KernelFailed, match="barrier") as caught:
        run(driver, program, "part", [out], (1,), (4,))
    assert caught.value.status.code == Status.STOPPED
    with pytest.raises(KernelFailed) as caught:
        run(driver, program, "fault", [out, 13], (8,), (4,))
    status = caught.value.status
    assert (status.code, status.mtval) == (Status.EXCEPTION, 16)
    assert (status.group_id, status.hart) == ((3, 0, 0), 1)
    with pytest.raises(InvalidWorkGroupSize, match="32 at most"):
        run(driver, program, "fault", [out, 100], (1,), (33,))
    with pytest.raises(InvalidWorkGroupSize, match="local memory"):
        run(driver, program, "ranks", [out, Local(profile.LOCAL_SIZE)], (1,), (4,))
    run(driver, program, "fault", [out, 1000], (8,), (32,))


@pytest.mark.slow
def test_threads_tell_spaces_apart(driver):
    program = Program(binary=kcc.compile(SPACES, FLAGS).elf)
    driver.post_build_program(program)
    out = driver.alloc_mem_obj(1, 12 * 16)
    run(driver, program, "spaces", [out, Local(64)], (2,), (8,))
    found = bytearray(12 * 16)
    driver.read(found, out, 0, len(found))
    assert struct.unpack("<48i", found) == (1, 2, 4) * 16


@pytest.mark.slow
def test_the_largest_group_runs_from_the_command_line(capsys):
    from kcc.cli import run_command

    words = ["run", "kernels/examples/vector_add.cl", "--device", "formosa", "-g", "2048"]
    words += ["-l", "1024", "-fwork-item-mode=wi", "a=range:2048", "b=fill:2048:2", "c=zeros:2048"]
    assert run_command([*words, "--expect", "c == a + b"]) == 0, capsys.readouterr().err
