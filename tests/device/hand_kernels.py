"""Kernels by hand, as words: a0 = arguments, a1 = work-group info; and what tests do with them."""

from __future__ import annotations

import struct
from typing import Any

from kcc.device.args import buffer_arg
from kcc.device.hal import Hal
from kcc.device.launch import NDRange
from kcc.device.soc.commands import Op, command
from kcc.ir.abi import EXEC_STATE, EXEC_STATE_SIZE, WG_INFO, unpack_record

RET = 0x8067
A0, A1, T0, T1, T2 = 10, 11, 5, 6, 7


def run_instances(count: int, max_harts: int, *args: int) -> list[int]:
    return command(Op.RUN_INSTANCES, count, *args, inline=len(args) << 8 | max_harts)


def group_linear(e) -> list[int]:
    """t0 = linear group id, x fastest; uses t1."""
    groups, counts = WG_INFO["group_id"].offset, WG_INFO["num_groups"].offset
    return [
        e("ld", rd=T0, rs1=A1, imm12=groups + 16),
        e("ld", rd=T1, rs1=A1, imm12=counts + 8),
        e("mul", rd=T0, rs1=T0, rs2=T1),
        e("ld", rd=T1, rs1=A1, imm12=groups + 8),
        e("add", rd=T0, rs1=T0, rs2=T1),
        e("ld", rd=T1, rs1=A1, imm12=counts),
        e("mul", rd=T0, rs1=T0, rs2=T1),
        e("ld", rd=T1, rs1=A1, imm12=groups),
        e("add", rd=T0, rs1=T0, rs2=T1),
    ]


def increment(e) -> list[int]:
    """kernel(global int *p): p[group] += 1"""
    return [
        *group_linear(e),
        e("ld", rd=T1, rs1=A0, imm12=0),
        e("slli", rd=T0, rs1=T0, shamt6=2),
        e("add", rd=T0, rs1=T0, rs2=T1),
        e("lw", rd=T2, rs1=T0, imm12=0),
        e("addi", rd=T2, rs1=T2, imm12=1),
        e("sw", rs2=T2, rs1=T0, store12=0),
        RET,
    ]


def spin(e) -> list[int]:
    return [e("jal", rd=0, jump21=0)]


def read(hal: Hal, addr: int, count: int) -> list[int]:
    data = bytearray(4 * count)
    assert hal.mem_read(data, addr, len(data))
    return list(struct.unpack(f"<{count}I", data))


def zeros(hal: Hal, size: int) -> int:
    """A buffer of zeros: memory comes with whatever was there."""
    addr = hal.mem_alloc(size, 64)
    assert hal.mem_fill(addr, b"\0", size)
    return addr


def line(n: int, local: int = 1) -> NDRange:
    return NDRange((n, 1, 1), (local, 1, 1))


def found_state(hal: Hal, load, e, ndrange: NDRange, harts: int) -> tuple[dict[str, Any], int]:
    """EXEC_STATE as the last group of a kernel finds it, all of it copied out; the kernel."""
    copy = [e("ld", rd=T0, rs1=A0, imm12=0)]
    for at in range(0, EXEC_STATE_SIZE, 8):
        copy += [e("ld", rd=T1, rs1=A1, imm12=at), e("sd", rs2=T1, rs1=T0, store12=at)]
    program, kernel = load(hal, [*copy, RET])
    out = hal.mem_alloc(EXEC_STATE_SIZE, 8)
    assert hal.kernel_exec(program, kernel, ndrange, [buffer_arg(out)], harts)
    data = bytearray(EXEC_STATE_SIZE)
    assert hal.mem_read(data, out)
    return unpack_record(EXEC_STATE, bytes(data)), kernel


def copies_within(hal: Hal) -> None:
    """Copies of the device's memory are right, or refused."""
    src, dst = hal.mem_alloc(1000, 8), hal.mem_alloc(1000, 8)
    hal.mem_write(src, bytes(range(250)) * 4)
    assert hal.mem_copy(dst, src, 999)
    got = bytearray(1000)
    hal.mem_read(got, dst)
    assert got == (bytes(range(250)) * 4)[:999] + b"\0"
    assert hal.mem_copy(dst, src, 0)
    for bad in ((dst, 0x3000_0000), (0x3000_0000, src)):
        assert not hal.mem_copy(*bad, 8)
        assert "0x30000000" in hal.last_error
    assert not hal.mem_copy(dst, src, 1 << 40)
    assert "0x" in hal.last_error
